#!/usr/bin/python3
"""Servers that refuse, lie, break or are not there: one clear line, no wrong
commit, nothing deleted, the key kept to ourselves; and the sync goes on when
the server is well again."""
import os
import socket
import ssl
import subprocess
import sys
import time

from harness import StandIn, Sync, Tap, read, until
from wire import Listener

POLL = "/api/v3/work_packages?filters="
LOGIN = "<!DOCTYPE html><html><body><form>Sign in</form></body></html>"


def lines(done):
    """What was said, without the greeting and the time."""
    said = [line[20:] if line[13:14] == ":" else line
            for line in done.err.splitlines()]
    return [line for line in said if not line.startswith("syncing ")]


def told(tap, sync, name, code, words, args=()):
    """A pass fails with this code and one line with these words."""
    done = sync.once(*args)
    said = lines(done)
    tap.ok(done.code == code and len(said) == 1 and
           all(word in said[0] for word in words), name,
           "wanted exit %d, one line with %r\n%r" % (code, words, done))
    tap.ok(sync.key not in done.err + done.out, name + ": without the key")


# --- What a person must mend ------------------------------------------------


def configuration(tap, server):
    with Sync(server.url, key="n0-such-key-4711") as sync:
        told(tap, sync, "a wrong key", 77,
             ["GET", "/api/v3/users/me", "401"])
        tap.same(sync.head(), None, "nothing is committed")
        tap.same(sync.leaks(), [], "the key is nowhere")
    with Sync(server.url, projects="[ccn]") as sync:
        told(tap, sync, "an unknown project", 78,
             ["%s:4:12: " % sync.config, "'ccn'", "did you mean 'ccm'?"])
    with Sync(server.url, projects="[CCM]") as sync:
        told(tap, sync, "a project in capitals", 78,
             ["'CCM'", "did you mean 'ccm'?"])
    with Sync(server.url, key="syncbotkey", projects="[ccm, prof-dev]") as sync:
        told(tap, sync, "a project that the key must not see", 78,
             ["%s:4:17: " % sync.config, "'prof-dev'",
              "or the key's user may not see it"])
    for was, wanted, words in (
            ("type: [Curated Content], where: \"${ cf",
             "type: [Curated Contents], where: \"${ cf",
             ["type", "'Curated Contents'",
              "did you mean 'Curated Content'?"]),
            ("type: [Curated Content], where: \"${ cf",
             "type: [Article], where: \"${ cf",
             ["type", "'Article' (it has 'Task', 'Milestone', ",
              "'Curated Content')"]),
            ("type: [Curated Content], where: \"${ cf",
             "status: [Nowhere], where: \"${ cf",
             ["status", "'Nowhere' (it has 'New', ", "', …)"]),
            ("cf.medigyTopics | json", "cf.medigyTopic | json",
             ["custom field", "'medigyTopic'", "did you mean 'medigyTopics'?"
              ])):
        mapping = read("tests/fixtures/mapping/seeds.yaml").decode()
        with Sync(server.url, mapping=mapping.replace(was, wanted, 1)
                  ) as sync:
            with open(sync.config) as f:
                at = [n for n, line in enumerate(f, 1)
                      if wanted.split(",")[0] in line][0]
            told(tap, sync, "the server has no " + words[0], 78,
                 ["%s:%d:" % (sync.config, at)] + words)
            tap.same(sync.head(), None, "nothing is committed")


# --- Nobody there -----------------------------------------------------------


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def absent(tap):
    quick = "  max_tries: 1\n"
    with Sync("http://127.0.0.1:%d" % free_port(), server=quick) as sync:
        told(tap, sync, "nobody listens", 69,
             ["GET", "/api/v3/users/me", "127.0.0.1"])
    with Sync("http://nowhere.invalid", server=quick) as sync:
        told(tap, sync, "a name that does not resolve", 69,
             ["GET", "nowhere.invalid"])


def listener(folder):
    """With a certificate of its own."""
    pem = os.path.join(folder, "tls.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", pem, "-out", pem + ".crt"],
        check=True, stderr=subprocess.DEVNULL)
    return Listener(pem, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))


def strangers(tap):
    """Who cannot prove to be the server gets no key."""
    quick = "  max_tries: 1\n"
    with Sync("https://localhost", server=quick) as sync:
        other = listener(sync.folder)
        sync.configure(url="https://localhost:%d" % other.port.number)
        told(tap, sync, "a certificate that nobody vouches for", 69,
             ["GET", "/api/v3/users/me", "certificate"])
        tap.ok(other.contacts > 0 and other.heard == b"",
               "no key goes there", "%d %r" % (other.contacts, other.heard))
        sync.configure(server=quick + "  ca_file: %s.crt\n" % other.pem)
        sync.once()
        tap.ok(b"Authorization: Basic" in other.heard,
               "ca_file: says whom to trust", other.heard)
        other.port.close()


# --- Broken answers ---------------------------------------------------------


BROKEN = (
    ("a login page", dict(status=200, content_type="text/html", body=LOGIN),
     69, ["200", "a page of HTML"]),
    ("garbage", dict(garbage=True), 69, ["200"]),
    ("a cut answer", dict(cut_after=700), 69, []),
    ("a closed connection", dict(drop=True), 69, []),
    ("500", dict(status=500, body="oops", content_type="text/plain"), 69,
     ["500"]),
    ("503", dict(status=503, body="", headers={"Retry-After": "0"}), 69,
     ["503"]),
    ("403", dict(status=403, content_type="application/hal+json",
                 body='{"_type":"Error","errorIdentifier":"urn:openproject-'
                 'org:api:v3:errors:MissingPermission","message":"no"}'), 77,
     ["403", "MissingPermission"]),
    ("no list", dict(status=200, content_type="application/hal+json",
                     body='{"_type":"Root"}'), 69, ["200"]),
    ("a redirect elsewhere", dict(redirect="http://127.0.0.2:9/login"), 69,
     ["302"]),
)


def parts(tap, server, sync):
    """Lists that are not paged: what they leave out is not gone."""
    sync.once()
    for name in ("types", "statuses", "projects"):
        got = server.get("/api/v3/" + name).json()
        server.side("fault", {
            "match": "/api/v3/" + name, "times": -1,
            "replace": '"total":%d' % got["total"],
            "with": '"total":%d' % (got["total"] + 1)})
        told(tap, sync, "a part of the " + name, 69,
             ["GET /api/v3/" + name, "%d of %d only" % (
                 got["total"], got["total"] + 1)], ["--full"])
        server.side("faults/clear")


def broken(tap, server, sync):
    sync.once()
    head = sync.head()
    for name, fault, code, words in BROKEN:
        server.side("fault", dict(fault, match=POLL, times=-1))
        for args in ((), ("--full",)):
            told(tap, sync, " ".join((name,) + args), code,
                 ["GET /api/v3/work_packages"] + words, args)
        server.side("faults/clear")
        tap.same((sync.head(), len(sync.tree())), (head, 8),
                 name + ": nothing is committed")
    done = sync.once()
    tap.same((done.code, lines(done), sync.head()), (0, [], head),
             "afterwards all is well")


def passing(tap, server, sync):
    """A fault that goes away within a pass is tried over."""
    server.side("edit", {"id": 26, "set": {"description": "patience"}})
    for name, fault in (
            ("503", dict(status=503, headers={"Retry-After": "1"})),
            ("429", dict(status=429, headers={"Retry-After": "1"})),
            ("a closed connection", dict(drop=True)),
            ("a cut answer", dict(cut_after=700))):
        server.side("fault", dict(fault, match=POLL))
        begin = time.monotonic()
        done = sync.once()
        tap.ok(done.code == 0, name + ", once: tried again", done)
        if "headers" in fault:
            tap.ok(time.monotonic() - begin > 0.9,
                   name + ": not before Retry-After")
    tap.tree(sync.tree(), sync.scratch(), "and nothing is missed")


def asked_once(tap, server, sync):
    """What failed before is tried again, and not once more with the list."""
    of = "/api/v3/work_packages/26/attachments"

    def lists(*args):
        server.side("requests/reset")
        done = sync.once(*args)
        asked = [r["path"] for r in server.requests()]
        return done.code, sum(path.startswith(of) for path in asked)

    for status in 404, 200:
        server.side("fault", {
            "match": "/api/v3/attachments/700/content", "times": -1,
            "status": status, "body": "{}",
            "content_type": "application/hal+json"})
        sync.once("--full")
        for kind in [["--full"], []]:
            tap.same(lists(*kind), (3, 1), "%d: tried once in a pass %s"
                     % (status, kind))
        server.side("edit", {"id": 26, "set": {"description": "newer"}})
        tap.same(lists(), (3, 2), "%d: and a newer one, too" % status)
        server.side("faults/clear")


def contents(tap, server, sync):
    """Contents that are not what the server says of them."""
    head = sync.head()
    server.side("attach", {"work_package": 26, "id": 700,
                           "file_name": "paper.pdf", "content": "as said"})
    path = "/api/v3/attachments/700/content"
    for name, fault in (
            ("other bytes", dict(status=200, body="as made",
                                 content_type="application/pdf")),
            ("a cut content", dict(cut_after=3)),
            ("a login page", dict(status=200, body=LOGIN,
                                  content_type="text/html")),
            ("no content", dict(status=404)), ("a refusal", dict(status=403)),
            ("an error", dict(status=500))):
        server.side("fault", dict(fault, match=path, times=-1))
        done = sync.once("--full")
        tap.ok(done.code == 3 and
               "work package 26: paper.pdf: " in done.err, name, done)
        tap.same(sync.head(), head, name + ": the document stays as it was")
        server.side("faults/clear")
    asked_once(tap, server, sync)
    sync.once("--full")
    tap.tree(sync.tree(), sync.scratch(), "the right bytes heal it")
    tap.same(sync.leaks(), [], "the key is nowhere")


def elsewhere(tap, server, sync):
    """Contents on a storage host: no key goes there."""
    with StandIn() as storage:
        where = storage.url.replace("127.0.0.1", "localhost")
        server.side("attach", {"work_package": 26, "id": 701,
                               "file_name": "other.pdf", "content": "there"})
        server.side("fault", {
            "match": "/api/v3/attachments/701/content", "times": -1,
            "redirect": where + "/stored"})
        storage.side("fault", {"match": "/stored", "times": -1, "status": 200,
                               "body": "there",
                               "content_type": "application/pdf"})
        done = sync.once("--full")
        tap.ok(done.code == 3 and "localhost" in done.err,
               "a host that nobody named is not asked", done)
        tap.same(storage.requests(), [], "at all")
        sync.configure(server="  storage_hosts: [ 'localhost' ]\n")
        done = sync.once("--full")
        tap.same(done.code, 0, "one of storage_hosts: is")
        tap.same([r["authorization"] for r in storage.requests()], [False],
                 "without the key")
        tap.ok(b"there" in sync.tree().values(), "and its bytes are stored")


def daemon(tap):
    """A daemon says it once, and when it is over."""
    with StandIn() as server, Sync(
            server.url, server="  max_tries: 1\n") as sync:
        sync.start()
        head = sync.head()
        server.side("fault", {"match": POLL, "times": -1, "status": 500})
        server.side("requests/reset")
        until(lambda: len(server.requests()) >= 3)
        said = [line for line in sync.said().splitlines() if "500" in line]
        tap.same(len(said), 1, "a daemon says the same fault once")
        status = sync.opsync("status")
        tap.ok("in step    no: GET" in status.out and "500" in status.out,
               "status says it", status)
        tap.same(sync.head(), head, "nothing is committed")
        server.side("edit", {"id": 26, "set": {"description": "meanwhile"}})
        server.side("faults/clear")
        until(lambda: sync.head() != head)
        tap.tree(sync.tree(), sync.scratch(), "it goes on when that is over")
        tap.ok("the server answers again" in sync.said(), "and says so",
               sync.said())
        with open("/proc/%d/cmdline" % sync.process.pid, "rb") as f:
            tap.ok(sync.key.encode() not in f.read(),
                   "the key is no argument")
        sync.stop()
        tap.same(sync.leaks(), [], "and nowhere else")
    with StandIn() as server:
        with Sync(server.url, server="  max_tries: 1\n") as sync:
            server.side("fault", {"match": "/", "times": -1, "status": 502})
            sync.start()
            tap.ok(sync.process.poll() is None and "502" in sync.said(),
                   "a daemon that starts before its server waits",
                   sync.said())
            done = sync.opsync("status", "--check")
            tap.ok(done.code == 2 and "the last pass failed: GET " in done.out,
                   "as long as nothing was synced, that is critical", done)
            server.side("faults/clear")
            until(lambda: sync.head() is not None)
            tap.tree(sync.tree(), sync.scratch(), "and then syncs")
            tap.same(sync.stop(), 0, "it ends when told to")


def main():
    tap = Tap()
    with StandIn() as server:
        configuration(tap, server)
    absent(tap)
    strangers(tap)
    with StandIn() as server, Sync(
            server.url, server="  max_tries: 1\n") as sync:
        parts(tap, server, sync)
        broken(tap, server, sync)
    with StandIn() as server, Sync(server.url) as sync:
        sync.once()
        passing(tap, server, sync)
        contents(tap, server, sync)
        elsewhere(tap, server, sync)
    daemon(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
