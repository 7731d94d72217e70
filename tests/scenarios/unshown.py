#!/usr/bin/python3
"""A work package that makes the server fail at every list with it in: it has
an error of its own, the others go on, and a server that fails at everything is
not asked any more than before."""
# waits for most of its time
import json
import sys
import time

from harness import StandIn, Sync, Tap, read, until

MAPPING = """
documents:
- path: ${ id }.md
  body: "${ subject }"
"""
BROKEN = 77
FAILING = 40
WHOLE = "/api/v3/work_packages?filters="
QUICK = "  max_tries: 2\n"
ERROR = json.loads(read("tests/openproject/recorded/err_db_down.json"))


def break_one(server, ident=BROKEN, status=500):
    server.side("fault", {
        "match": "/api/v3/work_packages", "times": -1, "status": status,
        "holds": '"_type":"WorkPackage","id":%d,' % ident,
        "body": json.dumps(ERROR)})


def faults(server):
    return sum(r["status"] == 500 for r in server.requests())


def told(tap, sync, done, name):
    tap.same(done.code, 3, name + ": exit code")
    tap.ok("work package %d:" % BROKEN in done.err and "500" in done.err,
           name + ": it is told", done)
    status = sync.opsync("status")
    tap.ok("/work_packages/%d\n" % BROKEN in status.out,
           name + ": status names it", status)


def first_sync(tap):
    with StandIn("--generate", "450") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            server=QUICK) as sync:
        break_one(server)
        server.side("requests/reset")
        done = sync.once(timeout=120)
        told(tap, sync, done, "a first sync")
        tap.ok("449 added" in done.err, "all others are read", done)
        tap.ok(faults(server) <= 14, "it takes few requests that fail",
               "%d of them" % faults(server))
        server.side("faults/clear")
        server.side("requests/reset")
        done = sync.once()
        tap.ok(done.code == 0 and "1 added" in done.err,
               "it comes when the server shows it", done)
        tap.tree(sync.tree(), sync.scratch(), "and all is as from nothing")


def polls(tap):
    with StandIn("--generate", "450") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            server=QUICK) as sync:
        sync.once()
        break_one(server)
        for ident in (3, BROKEN, 5):
            server.side("edit", {"id": ident, "set": {"subject": "new"}})
        server.side("requests/reset")
        done = sync.once()
        told(tap, sync, done, "a poll")
        tap.ok("2 changed" in done.err, "the others of its list are read",
               done)
        tap.ok(faults(server) <= 10, "it takes few requests that fail",
               "%d of them" % faults(server))
        tap.ok("%d.md" % BROKEN in sync.tree(), "its document stays")
        server.side("edit", {"id": 7, "set": {"subject": "later"}})
        done = sync.once()
        tap.ok(done.code == 3 and "1 changed" in done.err,
               "so it is in the next poll", done)
        server.side("faults/clear")
        done = sync.once()
        tap.ok(done.code == 0 and "1 changed" in done.err,
               "it comes when the server shows it", done)
        tap.tree(sync.tree(), sync.scratch(), "and all is as from nothing")


def quiet(server):
    """Requests that fail in some seconds of polls."""
    server.side("requests/reset")
    time.sleep(4)
    return faults(server)


def daemon(tap):
    """Polls that follow are without it, and go on."""
    with StandIn("--generate", "50") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            server=QUICK) as sync:
        sync.start()
        break_one(server, 7)
        server.side("edit", {"id": 7, "set": {"subject": "hidden"}})
        until(lambda: "work package 7:" in sync.said())
        tap.same(quiet(server), 0, "polls do not meet it again")
        head = sync.head()
        server.side("edit", {"id": 8, "set": {"subject": "later"}})
        until(lambda: sync.head() != head)
        tap.ok(b"later" in sync.tree()["8.md"], "others are read",
               sync.said())
        tap.same(sum("work package 7:" in line
                     for line in sync.said().splitlines()), 1,
                 "it is told once")
        head = sync.head()
        server.side("delete", {"id": 7})
        server.side("edit", {"id": 9, "set": {"subject": "and on"}})
        until(lambda: sync.head() != head)
        tap.ok(b"and on" in sync.tree()["9.md"],
               "so they are when it is deleted", sync.said())
        sync.opsync("resync", "--full", "--wait")
        tap.ok("7.md" not in sync.tree(), "and then its document goes",
               sync.said())


def newest(tap):
    """In a first sync, and in polls that begin with it."""
    with StandIn("--generate", "30") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            server=QUICK) as sync:
        server.side("edit", {"id": 9, "set": {"subject": "newest"}})
        break_one(server, 9)
        done = sync.once()
        tap.ok(done.code == 3 and "29 added" in done.err,
               "a first sync whose newest it is", done)
        server.side("edit", {"id": 4, "set": {"subject": "newer"}})
        done = sync.once()
        tap.ok(done.code == 3 and "1 changed" in done.err,
               "the next poll", done)
        server.side("faults/clear")
        done = sync.once()
        tap.ok(done.code == 0 and "1 added" in done.err, "it comes", done)
        tap.tree(sync.tree(), sync.scratch(), "and all is as from nothing")


def several(tap):
    with StandIn("--generate", "450") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            server="  max_tries: 1\n") as sync:
        for ident in range(100, 118, 2):
            break_one(server, ident)
        done = sync.once()
        tap.ok(done.code == 3 and "441 added" in done.err,
               "several in a first sync", done)
        for ident in range(200, 198 + FAILING - 9):
            break_one(server, ident)
        done = sync.once("--full")
        tap.ok(done.code == 69, "too many at once in a full read", done)
        tap.ok(until(lambda: sync.once().code == 3),
               "which gets further each time")
        server.side("edit", {"id": 1, "set": {"subject": "new"}})
        server.side("requests/reset")
        done = sync.once()
        tap.ok(done.code == 3 and "1 changed" in done.err,
               "very many are tried again in a poll, which goes on", done)
        tap.ok(faults(server) <= 2 * FAILING, "each once, and lists of them",
               "%d" % faults(server))
        server.side("faults/clear")
        done = sync.once()
        tap.ok(done.code == 0, "all come", done)
        tap.tree(sync.tree(), sync.scratch(), "and all is as from nothing")


def down(tap):
    """Nothing is to be gained by asking for less."""
    for name, first in (("a first sync", True), ("a poll", False)):
        with StandIn("--generate", "450") as server, Sync(
                server.url, projects="[demo-1]", mapping=MAPPING,
                server="  max_tries: 5\n") as sync:
            if not first:
                sync.once()
            server.side("fault", {"match": WHOLE, "times": -1, "status": 500,
                                  "body": json.dumps(ERROR)})
            server.side("requests/reset")
            done = sync.once(timeout=120)
            tap.ok(done.code == 69 and "work package " not in done.err,
                   name + " of a server that is down", done)
            tap.ok(faults(server) <= 6, "takes one request more",
                   "%d of them" % faults(server))
    with StandIn("--generate", "450") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            server=QUICK) as sync:
        server.side("fault", {"match": WHOLE, "times": -1, "status": 500,
                              "holds": '"lockVersion"',
                              "body": json.dumps(ERROR)})
        done = sync.once(timeout=120)
        tap.ok(done.code == 69, "of one that shows none", done)
        tap.ok(faults(server) <= 100, "takes not too many",
               "%d of them" % faults(server))


def too_long(tap):
    """Before it, a proxy that waits for no list of many; or none, and it is
    silent for too long."""
    late = {"status": 504, "body": "<html>Gateway Time-out</html>",
            "content_type": "text/html"}
    for name, what, more in (("504", late, ""),
                             ("524", dict(late, status=524), ""),
                             ("silence", {"delay_ms": 4000},
                              "  stall_timeout: 1s\n")):
        with StandIn("--generate", "450") as server, Sync(
                server.url, projects="[demo-1]", mapping=MAPPING,
                server=QUICK + more) as sync:
            server.side("fault", dict(what, match="pageSize=200", times=-1,
                                      holds='"lockVersion"'))
            done = sync.once(timeout=120)
            asked = sum("pageSize=200" in r["path"] and "select" not in
                        r["path"] for r in server.requests())
            tap.ok(done.code == 0 and "450 added" in done.err,
                   name + ": lists that take too long are asked for in parts",
                   done)
            tap.ok(asked <= 4, name + ": which is soon learnt", asked)
            for ident in range(1, 251):
                server.side("edit", {"id": ident, "set": {"subject": "new"}})
            done = sync.once(timeout=120)
            tap.ok(done.code == 0 and "250 changed" in done.err,
                   name + ": changes, too", done)
            tap.tree(sync.tree(), sync.scratch(),
                     name + ": all is as from nothing")


def one_too_long(tap):
    """That makes lists shorter, but not as short as itself."""
    with StandIn("--generate", "1000") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            server=QUICK) as sync:
        break_one(server, status=504)
        done = sync.once(timeout=120)
        asked = len(server.requests())
        tap.ok(done.code == 3 and "999 added" in done.err and asked < 90,
               "one that takes too long, and all others", (done, asked))


def main():
    tap = Tap()
    too_long(tap)
    one_too_long(tap)
    first_sync(tap)
    polls(tap)
    daemon(tap)
    newest(tap)
    several(tap)
    down(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
