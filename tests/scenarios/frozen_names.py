#!/usr/bin/python3
"""Wherever the mapping decides by a name: when the server calls that thing
otherwise, what depends on it stays as it is."""
import sys

from harness import StandIn, Sync, Tap

WORLD = ("--generate", "20", "--projects", "2")
SECTIONS = """
constants:
  %s: { section: kitchen }
  '*': { section: misc }
documents:
- path: content/${ const.section }/${ id }.md
  front_matter: { title: "${ subject }" }
"""


def stays(tap, sync, before, said, name):
    done = sync.once("--reconcile")
    tap.ok(said in done.err and "stays as it is" in done.err,
           name + ": is said", done)
    tap.tree(sync.tree(), before, name + ": nothing goes, nothing changes")
    status = sync.opsync("status")
    tap.ok("frozen" in status.out and said in status.out,
           name + ": status says so", status)
    sync.once()
    tap.tree(sync.tree(), before, name + ": after a new start, too")


def thaws(tap, sync, name):
    done = sync.once("--reconcile")
    tap.ok(done.code == 0 and "frozen" not in sync.opsync("status").out,
           name + ": thaws it", done)
    tap.tree(sync.tree(), sync.scratch(), name + ": as from nothing")


def constants(tap, projects):
    """A project has constants of its own, by its identifier."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects=projects,
            mapping=SECTIONS % "demo-1") as sync:
        sync.once()
        before = sync.tree()
        for name in ("new-1", "demo-1"):
            server.side("rename", {"kind": "project", "id": 1,
                                   "name": "Demo 1", "identifier": name})
            if name == "new-1":
                stays(tap, sync, before, "'demo-1', which the server calls "
                      "'new-1' now", "constants, projects: " + projects)
                server.side("edit", {"id": 1, "set": {"subject": "Other"}})
                server.side("edit", {"id": 2, "set": {"subject": "Other"}})
                done = sync.once("--reconcile")
                tap.ok("it is called 'new-1' now" in done.err,
                       "that it is known so no more is said, too", done)
                tap.same(sum(b"Other" in t for t in sync.tree().values()), 1,
                         "the other project goes on")
        thaws(tap, sync, "the old identifier")
        server.side("rename", {"kind": "project", "id": 1, "name": "Demo 1",
                               "identifier": "new-1"})
        sync.once("--reconcile")
        sync.configure(mapping=SECTIONS % "new-1")
        thaws(tap, sync, "the new one in the constants")


def main():
    tap = Tap()
    for projects in ("'*'", '["1", "2"]'):
        constants(tap, projects)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
