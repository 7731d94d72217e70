#!/usr/bin/python3
"""Answers that break on the way: cut at any byte, reset, slow, stalled, without
an end, or compressed by a liar.  Nothing wrong is committed, the fault is
told, what came through is not asked for again, and the next pass is whole."""
import re
import resource
import socket
import sys
import time
import zlib

from faulty import Case, chosen, figure, option, size
from harness import StandIn, Tap, until
from wire import Wire, made, split

QUICK = "  max_tries: 1\n  stall_timeout: 1s\n"
LISTS = "/api/v3/work_packages?"
MEMORY = 300 << 10  # KiB that a pass may take


class Bad:
    """A daemon behind a wire, and what its store should be."""

    def __init__(self, tap, server, wire):
        self.tap = tap
        self.wire = wire
        self.sync = Case(wire.url, server=QUICK)
        self.sync.keep()
        done = self.sync.once()
        if done.code != 0:
            raise RuntimeError("the first pass: %r" % done)
        self.wanted = self.sync.tree()
        self.shape = self.sync.shape()
        self.paths = list(wire.paths)
        self.server = server

    def close(self):
        self.sync.__exit__(None)

    def spoiled(self, spoil):
        """A first pass with one answer spoiled, then one that is not; what is
        wrong."""
        wrong = []
        self.sync.put_back()
        self.wire.reset(spoil)
        done = self.sync.once()
        had = self.sync.tree() if self.sync.head() else {}
        wrong += ["wrong: " + path for path, text in had.items()
                  if self.wanted.get(path) != text]
        if done.code not in (0, 3, 69):
            wrong.append("the pass: %r" % done)
        if done.code and not re.search(r"error: .*GET /api|error: work pack",
                                       done.err):
            wrong.append("it does not say what is wrong: %r" % done)
        self.wire.reset()
        done = self.sync.once()
        if done.code != 0 or self.sync.tree() != self.wanted:
            wrong.append("afterwards: %r" % done)
        again = [p for p in self.wire.paths if p.endswith("/content")]
        files = [p for p in had if not p.endswith(".md")]
        if len(again) > 3 - len(files):
            wrong.append("%d contents again, %d were there" % (
                len(again), len(files)))
        return wrong


def at(place, steps):
    """Spoil the answer at this place: steps(raw) instead."""
    return lambda number, _, raw: steps(raw) if number == place else raw


# --- Cuts -------------------------------------------------------------------


def offsets(raw):
    """Behind each line of the head, each kilobyte, and the last but one."""
    head, body = split(raw)
    ends = [m.end() for m in re.finditer(b"\r\n", head)]
    return [0] + ends + [len(head) + n for n in range(
        1, len(body), 1024)] + [len(raw) - 1]


def cuts(bad, name, n_check, n_soak, how):
    wrong = []
    cases = [(place, offset) for place, path in enumerate(bad.paths, 1)
             for offset in offsets(bad.wire.kept[path])]
    cases = chosen(cases, size(n_check, n_soak))
    for place, offset in cases:
        found = bad.spoiled(at(place, lambda raw, n=offset: [raw[:n]] + how))
        if found:
            wrong += ["answer %d (%s) at %d:" % (
                place, bad.paths[place - 1], offset)] + found
    bad.tap.ok(not wrong, "%d answers %s" % (len(cases), name),
               "\n".join(wrong[:100]))
    return len(cases)


def every_byte(bad):
    """The smallest list, at each of its bytes."""
    place = bad.paths.index(min(
        (p for p in bad.paths if p.startswith(LISTS)),
        key=lambda p: len(bad.wire.kept[p]))) + 1
    raw = bad.wire.kept[bad.paths[place - 1]]
    cases = chosen(range(len(raw)), size(8, len(raw)))
    wrong = []
    for offset in cases:
        wrong += bad.spoiled(at(place, lambda raw, n=offset: [raw[:n]]))
    bad.tap.ok(not wrong, "a small list cut at %d of its bytes" % len(cases),
               "\n".join(wrong[:100]))
    return len(cases)


# --- Forms ------------------------------------------------------------------


def chunked(body):
    parts = [body[i:i + 5000] for i in range(0, len(body), 5000)] + [b""]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts)


FORMS = {
    "of a length": lambda body: (b"Content-Length: %d\r\n" % len(body), body),
    "in chunks": lambda body: (b"Transfer-Encoding: chunked\r\n",
                               chunked(body)),
    "until it is closed": lambda body: (b"", body),
}


def formed(raw, form, zipped):
    """The same answer in another form."""
    head, _ = split(raw)
    kept = [line + b"\r\n" for line in head.split(b"\r\n") if line and not
            line.lower().startswith((b"content-length", b"content-encoding",
                                     b"transfer-", b"connection"))]
    body = decoded(raw)
    more, body = FORMS[form](gzip(body) if zipped else body)
    coding = b"Content-Encoding: gzip\r\n" if zipped else b""
    return b"".join(kept) + more + coding + b"Connection: close\r\n\r\n", body


def forms(bad):
    """Each way in which the end of an answer is told, whole and cut: who has
    nothing but the end of the connection finds it cut short all the same."""
    n = 0
    for form, zipped in ((f, z) for f in FORMS for z in (False, True)):
        name = form + (", compressed" if zipped else "")
        # who asks for a content asks for it as it is
        shaped = {path: formed(raw, form, zipped and "/content" not in path)
                  for path, raw in bad.wire.kept.items()}
        bad.sync.put_back()
        bad.wire.reset(lambda _, path, raw, s=shaped: [b"".join(s[path])])
        done = bad.sync.once()
        wrong = [] if done.code == 0 and bad.sync.tree() == bad.wanted else [
            "whole: %r" % done]
        cases = [(place, offset) for place, path in enumerate(bad.paths, 1)
                 for offset in offsets(b"".join(shaped[path]))
                 if offset >= len(shaped[path][0])]
        for place, offset in chosen(cases, size(4, 400)):
            n += 1
            path = bad.paths[place - 1]
            found = bad.spoiled(at(place, lambda _, n=offset, path=path: [
                b"".join(shaped[path])[:n]]))
            if found:
                wrong += ["answer %d (%s) at %d:" % (
                    place, path, offset)] + found
        bad.tap.ok(not wrong, "answers %s, whole and cut" % name,
                   "\n".join(wrong[:60]))
    return n


# --- Slow ones --------------------------------------------------------------


def drop_by_drop(raw):
    """A byte now and then, slower than is allowed."""
    return [step for i in range(60) for step in (raw[i:i + 1], 1.5)]


STALLS = (
    ("silence", lambda raw: ["hang"]),
    ("half a head, then silence", lambda raw: [raw[:200], "hang"]),
    ("a head, then silence", lambda raw: [split(raw)[0], "hang"]),
    ("a byte less, then silence", lambda raw: [raw[:-1], "hang"]),
    ("byte by byte", drop_by_drop),
)


def stalls(bad, place, what):
    for name, steps in chosen(STALLS, size(3, len(STALLS))):
        begin = time.monotonic()
        wrong = bad.spoiled(at(place, steps))
        seconds = time.monotonic() - begin
        bad.tap.ok(not wrong and 0.9 < seconds < 15, "%s: %s" % (what, name),
                   "%s\n%.1f s" % ("\n".join(wrong), seconds))


def unwelcome(tap):
    """Who is connected to, and says nothing; and who never connects."""
    quick = QUICK + "  connect_timeout: 1s\n"
    with socket.create_server(("127.0.0.1", 0)) as silent, \
            socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        for name, url, at in (
                ("no TLS begins", "https://localhost:%d", silent),
                ("no answer comes", "http://127.0.0.1:%d", silent),
                ("no connection is made", "http://127.0.0.1:%d", full)):
            with Case(url % at.getsockname()[1], server=quick) as sync:
                begin = time.monotonic()
                done = sync.once()
                tap.ok(done.code == 69 and "GET /api/v3/users/me" in done.err
                       and time.monotonic() - begin < 15,
                       name + ": given up", done)
        for one in waiting:
            one.close()


def responsive(tap, server):
    """While it waits for a silent server it answers its own people."""
    with Wire(server.url) as wire, Case(
            wire.url, server="  stall_timeout: 30s\n") as sync:
        wire.spoil = at(6, lambda raw: [raw[:3000], "hang"])
        sync.start(wait=False)
        until(lambda: wire.number >= 6)
        slowest = 0
        for _ in range(20):
            begin = time.monotonic()
            code = sync.opsync("status").code
            slowest = max(slowest, time.monotonic() - begin)
            if code not in (0, 3):
                break
        tap.ok(code in (0, 3) and slowest < 2, "status answers meanwhile",
               "exit %d, %.2f s" % (code, slowest))
        begin = time.monotonic()
        tap.same(sync.stop(), 0, "it ends when told to")
        tap.ok(time.monotonic() - begin < 5, "within 5 seconds")


# --- Sizes and compression --------------------------------------------------


def gzip(body):
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    return z.compress(body) + z.flush()


def bomb(n_mebibytes):
    """That many of zeros in a list that never ends."""
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    out = [z.compress(b'{"total":1,"_embedded":{"elements":[{"subject":"')]
    out += [z.compress(bytes(1 << 20)) for _ in range(n_mebibytes)]
    return b"".join(out) + z.flush()


GIBIBYTE = bomb(1024)


def coded(body, coding="gzip"):
    return made(body, headers=("Content-Encoding: " + coding,))


def decoded(raw):
    """The body that an answer means."""
    head, body = split(raw)
    if b"chunked" in head:
        out = b""
        while body:
            n, body = body.split(b"\r\n", 1)
            out, body = out + body[:int(n, 16)], body[int(n, 16) + 2:]
        body = out
    return zlib.decompress(body, 31) if b"gzip" in head else body


def endless(piece):
    return [b"HTTP/1.1 200 OK\r\nContent-Type: application/hal+json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"] + [
                b"%x\r\n%s\r\n" % (len(piece), piece)] * 3000


def liars():
    """What is said of an answer's coding or size, and is not so."""
    zeros = bytes(1 << 20)
    yield "plain text called gzip", lambda raw: coded(decoded(raw))
    yield "half a gzip", lambda raw: coded(gzip(decoded(raw))[:-600])
    yield "a wrong check sum", lambda raw: coded(
        gzip(decoded(raw))[:-8] + b"12345678")
    yield "gzip called br", lambda raw: coded(gzip(decoded(raw)), "br")
    yield "gzip called twice", lambda raw: coded(
        gzip(decoded(raw)), "gzip, gzip")
    yield "gzip in gzip in gzip in gzip in gzip in gzip", lambda raw: coded(
        gzip(gzip(gzip(gzip(gzip(gzip(decoded(raw))))))),
        ", ".join(["gzip"] * 6))
    yield "a bomb of a gibibyte", lambda raw: coded(GIBIBYTE)
    yield "a bomb in a bomb", lambda raw: coded(
        gzip(GIBIBYTE), "gzip, gzip")
    yield "3 GB without an end", lambda raw: endless(zeros)
    yield "a length beyond all", lambda raw: made(b"{}").replace(
        b"Length: 2", b"Length: 9223372036854775807") + b"hang"
    yield "a length that is none", lambda raw: made(b"{}").replace(
        b"Length: 2", b"Length: -1")
    yield "two lengths", lambda raw: made(b"{}", headers=(
        "Content-Length: 1",))
    yield "a head without an end", lambda raw: [b"HTTP/1.1 200 OK\r\n"] + [
        b"X-More: " + b"x" * 1000 + b"\r\n"] * 20000
    yield "a line of a head without an end", lambda raw: [
        b"HTTP/1.1 200 OK\r\nX-More: "] + [b"x" * 65536] * 1000
    yield "bytes that are no HTTP", lambda raw: [bytes(range(256)) * 64]
    yield "an empty answer", lambda raw: made(b"")
    yield "204", lambda raw: made(b"", "204 No Content")
    yield "206, a part", lambda raw: made(
        decoded(raw)[:50], "206 Partial Content")
    yield "hundreds of 100", lambda raw: [
        b"HTTP/1.1 100 Continue\r\n\r\n" * 500, raw]


def lies(bad):
    n = 0
    for what, place in (("a list", bad.paths.index(next(
            p for p in bad.paths if p.startswith(LISTS))) + 1), (
                "a content", bad.paths.index(next(
                    p for p in bad.paths if p.endswith("/content"))) + 1)):
        for name, steps in liars():
            wrong = bad.spoiled(at(place, steps))
            bad.tap.ok(not wrong, "%s: %s" % (what, name), "\n".join(wrong))
            n += 1
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    bad.tap.ok(most < MEMORY, "all that in little memory",
               "%d KiB" % most)
    return n


def closed_behind(tap, server):
    """Every answer is whole, and its connection is closed behind it: that is
    seen before the connection is used again, or just then."""
    with Wire(server.url) as wire:
        bad = Bad(tap, server, wire)
        wrong = []
        for _ in range(size(20, 400)):
            bad.sync.put_back()
            wire.reset(lambda number, path, raw: [raw])
            done = bad.sync.once()
            if done.code != 0 or bad.sync.tree() != bad.wanted:
                wrong.append("%r" % done)
        tap.ok(not wrong, "a connection may be closed behind each answer",
               "\n".join(wrong[:3]))
        bad.close()


def main():
    tap = Tap()
    n = 0
    with StandIn() as server:
        for plain in (False, True):
            with Wire(server.url, plain) as wire:
                bad = Bad(tap, server, wire)
                what = "without compression " if plain else ""
                n += cuts(bad, what + "cut", 24, 10000, [])
                n += cuts(bad, what + "cut by a reset", 6, 500, ["reset"])
                n += cuts(bad, what + "cut, and half closed", 6, 500,
                          ["half", "hang"])
                n += every_byte(bad)
                if not plain:
                    n += forms(bad)
                    n += lies(bad)
                    stalls(bad, 6, "a list")
                    stalls(bad, 13, "a content")
                bad.close()
        unwelcome(tap)
        closed_behind(tap, server)
        responsive(tap, server)
    figure(n, "answers broken on the way")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
