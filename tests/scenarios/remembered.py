#!/usr/bin/python3
"""What one daemon remembers from pass to pass is not wrong for good: after a
pass that is canceled, whose commit fails, or with a state that is made again,
the next passes do what a new process would."""
import contextlib
import resource
import sys
import threading
import time

from harness import StandIn, Sync, Tap, until
from unshown import break_one

TALK = """
documents:
- comments: public
  path: %s.md
  front_matter:
    status: ${ status.name }
    children: ${ children | pluck("subject") }
    comments: ${ comments | pluck("raw") }
  body: ${ id } ${ subject }
"""
BY_ID = TALK % "${ id }"
BODY = """
documents:
- { path: "${ id }.md", body: "%s ${ subject }" }
"""
SELDOM = "{ poll: 1h, overlap: 1s, reconcile: 2h }"
ONE_TRY = "  max_tries: 1\n"


def edit(server, ident, **values):
    server.side("edit", {"id": ident, "set": values})


def asked(server, what):
    return any(what in r["path"] for r in server.requests())


def resync(sync, *args):
    return sync.opsync("resync", "--wait", *args)


def settled(server, sync):
    """A daemon whose cursor is behind all that there is."""
    sync.start()
    time.sleep(1.2)
    resync(sync)
    server.side("requests/reset")


def slow_comments(server, ident):
    server.side("fault", {"match": "work_packages/%d/activities" % ident,
                          "delay_ms": 2000})


def in_mid_pass(server, sync, ident):
    """A pass that waits for the comments of one."""
    slow_comments(server, ident)
    sync.opsync("resync")
    until(lambda: asked(server, "work_packages/%d/activities" % ident))


@contextlib.contextmanager
def settled_world(number, mapping=BY_ID):
    """So many work packages, and a daemon that has read them all."""
    with StandIn("--generate", str(number)) as server, Sync(
            server.url, projects="[demo-1]", mapping=mapping, server=ONE_TRY,
            schedule=SELDOM) as sync:
        settled(server, sync)
        yield server, sync


def failed_at(tap):
    """One that the server fails at is rendered from what is kept: that does
    not make it well."""
    with settled_world(80) as (server, sync):
        break_one(server, 77)
        edit(server, 77, subject="new")
        tap.same(resync(sync).code, 3, "the server fails at one")
        sync.configure(mapping=BY_ID.replace("status:", "state:"))
        sync.opsync("reload")
        resync(sync)
        tap.ok("/work_packages/77\n" in sync.opsync("status").out and
               b"state:" in sync.tree()["77.md"],
               "and still does, otherwise rendered", sync.opsync("status"))
        tap.ok("no more" not in sync.said(), "which nobody calls well",
               sync.said())
        server.side("faults/clear")
        edit(server, 77, subject="newer")
        tap.same(resync(sync, "--failed").code, 0, "until it is well")
        tap.tree(sync.tree(), sync.scratch(), "and it comes")


def full_disk(tap):
    """That the server fails at one is lost with the commit."""
    with settled_world(80) as (server, sync):
        break_one(server, 77)
        edit(server, 77, subject="new")
        edit(server, 9, subject="other")
        in_mid_pass(server, sync, 9)
        most = resource.RLIM_INFINITY
        pid = sync.process.pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1000, most))
        until(sync.idle)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
        tap.ok("File too large" in sync.said(), "a commit fails", sync.said())
        tap.same(resync(sync).code, 3, "the next pass meets it again")
        server.side("faults/clear")
        tap.same(resync(sync, "--failed").code, 0, "until it is well")
        tap.tree(sync.tree(), sync.scratch(), "and it comes")


def canceled_amid(tap):
    """What became stale is asked for until it is here with all it needs."""
    with settled_world(20) as (server, sync):
        server.side("comment", {"work_package": 2, "raw": "hi", "user": 4})
        resync(sync)
        edit(server, 5, parent=2)
        in_mid_pass(server, sync, 2)
        tap.same(sync.opsync("cancel").code, 0, "a pass is canceled amid it")
        until(sync.idle)
        tap.same(resync(sync).code, 0, "the next one")
        tap.tree(sync.tree(), sync.scratch(), "brings it")


def gone_amid(tap):
    """What does not come is not asked for again and again."""
    with settled_world(20) as (server, sync):
        edit(server, 5, parent=2)
        server.side("fault", {"match": "/work_packages?", "delay_ms": 1000})
        sync.opsync("resync")
        until(lambda: asked(server, "/work_packages?"))
        server.side("delete", {"id": 2})
        until(sync.idle)
        tap.ok(len(server.requests()) < 20, "one that became stale is gone",
               len(server.requests()))


RELATED = """
documents:
- path: ${ id }.md
  front_matter:
    children: ${ children | pluck("subject") }
    relations: ${ relations | pluck("subject") }
"""


def renamed_amid(tap):
    """Two are asked for again, and what comes of the second makes the first
    stale once more."""
# waits for most of its time
    with settled_world(20, RELATED) as (server, sync):
        server.side("relate", {"id": 1, "from": 2, "to": 3, "type": "relates",
                               "reverseType": "relates"})
        edit(server, 1, subject="one")
        tap.same(resync(sync, "--full").code, 0, "two are related")
        server.side("edit", {"id": 3, "set": {"subject": "silently"},
                             "silent": True})
        edit(server, 5, parent=2)
        edit(server, 6, parent=3)
        tap.same(resync(sync).code, 0, "both get children")
        tap.tree(sync.tree(), sync.scratch(), "and one has another name")


def withdrawn_amid(tap):
    """Who takes the place of what is withdrawn gets it at once."""
    by_subject = TALK % "${ subject | slug }"
    with settled_world(20, by_subject) as (server, sync):
        for ident in (3, 7):
            edit(server, ident, subject="same")
        resync(sync)
        edit(server, 9, subject="other")
        in_mid_pass(server, sync, 9)
        other = threading.Thread(target=sync.opsync, args=("withdraw", "3"))
        other.start()
        until(lambda: "same-7.md" not in sync.tree(), 1)
        sync.opsync("cancel")
        other.join()
        until(sync.idle)
        got = {path: text for path, text in sync.tree().items()
               if path.startswith("same")}
        tap.ok(list(got) == ["same.md"] and b"\n7 same" in got["same.md"],
               "one is withdrawn in a pass that is canceled then", got)


def unweighed(tap):
    """Who takes the place of what is withdrawn does not do so by a mapping
    that the guard has not seen."""
    mapping = TALK % "${ subject }"
    with StandIn("--generate", "20") as server, Sync(
            server.url, projects="[demo-1]", server=ONE_TRY, mapping=mapping,
            more="guard: { max_change: { count: 10 } }") as sync:
        for ident in range(1, 21):
            edit(server, ident, subject="same" if ident < 3 else str(ident))
        sync.once()
        before = sync.tree()
        sync.opsync("withdraw", "1")
        sync.configure(mapping=mapping.replace("status:", "state:"))
        server.side("fault", {"match": "/users/me", "status": 500})
        tap.same(sync.once("--full").code, 69, "a pass fails before that")
        before.pop("same.md")
        tap.ok(sync.tree() == before, "only what is withdrawn goes", sync.git(
            "show", "--stat"))


def state_made_again(tap):
    """Another machine with the same remote was faster: what was held is not
    any more."""
    guard = "guard: { max_change: { count: 10 } }"
    with StandIn("--generate", "20") as server, Sync(
            server.url, projects="[demo-1]", mapping=BODY % "A", more=guard,
            schedule=SELDOM) as sync, Sync(
                server.url, projects="[demo-1]", mapping=BODY % "A",
                more=guard) as other:
        remote = sync.folder + "/remote.git"
        sync.run("git", "init", "-q", "--bare", "-b", "main", remote)
        sync.push_to(remote)
        other.push_to(remote)
        settled(server, sync)
        sync.configure(mapping=BODY % "B")
        sync.opsync("reload")
        resync(sync)
        tap.ok("B" not in sync.tree()["3.md"].decode().split(), "changes are "
               "held", sync.tree()["3.md"])
        edit(server, 3, subject="three")
        tap.same(other.once().code, 0, "another machine pushes")
        tap.ok(until(lambda: (resync(sync), all(
            b"B " in text for text in sync.tree().values()))[1]),
            "which is followed, and nothing is held", sync.said())
        sync.configure(mapping=BODY % "C", more="guard: { max_change: "
                       "{ count: 1000 } }")
        sync.opsync("reload")
        resync(sync)
        tap.tree(sync.tree(), sync.scratch(), "another mapping makes all")


def another_user(tap):
    """The key is another user's: everything is read, if not at once."""
    with StandIn("--generate", "20") as server, Sync(
            server.url, projects="[demo-1]", mapping=BODY % "A",
            key="syncbotkey", server=ONE_TRY,
            schedule="{ poll: 1s, overlap: 1s, reconcile: 1s }") as sync:
        settled(server, sync)
        server.side("fault", {"match": "/api/v3/projects?", "status": 503})
        server.side("key", {"user": "syncbot", "key": None})
        server.side("key", {"user": "admin", "key": "syncbotkey"})
        tap.ok(until(lambda: "503" in sync.said()), "its projects do not come",
               sync.said())
        tap.ok(until(lambda: [r for r in sync.opsync("--json", "runs").json()
                              if r["kind"] == "full" and r["run"] > 1 and
                              r["result"] == 0]), "a full read follows",
               sync.opsync("runs"))


def another_key(tap):
    """A reload brings a key that sees more."""
    with StandIn("--generate", "20", "--projects", "2") as server, Sync(
            server.url, projects="'*'", mapping=BODY % "A", key="syncbotkey",
            schedule=SELDOM) as sync:
        settled(server, sync)
        n = len(sync.tree())
        sync.write("token", "adminkey\n", 0o600)
        sync.configure(schedule="{ poll: 1s, overlap: 1s, reconcile: 2s }")
        sync.opsync("reload")
        tap.ok(until(lambda: len(sync.tree()) > n), "with another key others "
               "come soon", sync.said())


def main():
    tap = Tap()
    for part in (failed_at, full_disk, canceled_amid, gone_amid,
                 renamed_amid, withdrawn_amid, unweighed, state_made_again,
                 another_user, another_key):
        part(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
