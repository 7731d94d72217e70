"""A wire between the daemon and its server, on which answers go wrong: cut at
a byte, reset, slow, stalled, mutated, or quite other bytes."""
import http.client
import socket
import ssl
import struct
import threading
import urllib.parse

GZIP = b"Accept-Encoding"


class Port:
    """A port of its own, whose peers are given to welcome() one after the
    other, until close()."""

    def __init__(self, welcome):
        self.welcome = welcome
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.number = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.listen, name="listen",
                                       daemon=True)
        self.thread.start()

    def listen(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            self.welcome(peer)

    def close(self):
        """Wakes the thread, too: of a socket that is only closed it may come
        to wait for the next one of that number, and answer its peers."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()


class Listener:
    """Speaks TLS with a certificate and its key (pem); keeps what it hears
    behind the handshake."""

    def __init__(self, pem, context):
        self.pem = pem
        self.context = context
        self.context.load_cert_chain(pem + ".crt", pem)
        self.heard = b""
        self.contacts = 0
        self.port = Port(self.serve)

    def serve(self, peer):
        self.contacts += 1
        peer.settimeout(5)
        try:
            with self.context.wrap_socket(peer, server_side=True) as tls:
                self.heard += tls.recv(65536)
        except (OSError, ssl.SSLError):
            pass


class Wire:
    """Listens on a port of its own; a context manager.

    Answers come whole from the server and are kept by their path until
    forget().  spoil(number, path, raw), where number counts the requests
    since reset(), gives what is to be sent instead: bytes, or a list of
    steps: bytes to send, a number of seconds to wait, "reset", "hang", or
    "half" to close the half of the connection that is sent on.
    """

    def __init__(self, url, plain=False):
        self.server = urllib.parse.urlsplit(url)
        self.plain = plain  # without compression
        self.kept = {}
        self.spoil = None
        self.number = 0
        self.paths = []
        self.stopped = threading.Event()
        self.port = Port(self.welcome)
        self.url = "http://127.0.0.1:%d" % self.port.number

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.port.close()

    def reset(self, spoil=None):
        self.number = 0
        self.paths = []
        self.spoil = spoil

    def forget(self):
        self.kept = {}

    def welcome(self, peer):
        threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

    def talk(self, peer):
        try:
            with peer:
                peer.settimeout(60)
                while self.answer(peer):
                    pass
        except OSError:
            pass

    def answer(self, peer):
        """One request of a connection; false at its end."""
        head = b""
        while b"\r\n\r\n" not in head:
            more = peer.recv(65536)
            if not more:
                return False
            head += more
        path = head.split(b" ", 2)[1].decode()
        self.number += 1
        number = self.number
        self.paths.append(path)
        raw = self.fetch(head, path)
        steps = self.spoil(number, path, raw) if self.spoil else raw
        if isinstance(steps, bytes):
            peer.sendall(steps)
            return steps == raw
        for step in steps:
            if isinstance(step, bytes):
                peer.sendall(step)
            elif step == "reset":
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
            elif step == "half":
                peer.shutdown(socket.SHUT_WR)
            elif step == "hang":
                self.stopped.wait(60)
            else:
                self.stopped.wait(step)
        return False

    def fetch(self, head, path):
        """The server's answer, byte for byte."""
        if path in self.kept:
            return self.kept[path]
        if self.plain:
            head = b"\r\n".join(line for line in head.split(b"\r\n")
                                if not line.startswith(GZIP))
        with socket.create_connection(
                (self.server.hostname, self.server.port)) as up:
            up.sendall(head)
            raw = read_answer(up)
        self.kept[path] = raw
        return raw


class Tee:
    """A socket's file that keeps what was read of it."""

    def __init__(self, f):
        self.f = f
        self.raw = b""

    def makefile(self, *_):
        return self

    def keep(self, got):
        self.raw += got
        return got

    def readline(self, limit=-1):
        return self.keep(self.f.readline(limit))

    def read(self, n=-1):
        return self.keep(self.f.read(n))

    def read1(self, n=-1):
        return self.keep(self.f.read1(n))

    def readinto(self, b):
        n = self.f.readinto(b)
        self.raw += bytes(b[:n])
        return n

    def flush(self):
        pass

    def close(self):
        pass


def read_answer(up):
    """All bytes of one answer, whichever way its end is told."""
    tee = Tee(up.makefile("rb"))
    response = http.client.HTTPResponse(tee, method="GET")
    response.begin()
    response.read()
    return tee.raw


def split(raw):
    """The head with its empty line, and the body as it was sent."""
    end = raw.index(b"\r\n\r\n") + 4
    return raw[:end], raw[end:]


def made(body, status="200 OK", kind="application/hal+json", headers=()):
    """An answer of our own."""
    head = ["HTTP/1.1 " + status, "Content-Type: " + kind,
            "Content-Length: %d" % len(body), "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
