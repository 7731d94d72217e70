#!/usr/bin/python3
"""A server that suddenly shows nothing, or half of it: nothing is removed,
and it is said loudly; a few deletions pass."""
import sys

from harness import StandIn, Sync, Tap

COUNT = 40
WORLD = ("--generate", str(COUNT), "--projects", "2")
SYNCED = {"projects": "[demo-1, demo-2]", "mapping": ""}


def loud(tap, done, n, name):
    tap.same(done.code, 3, name + ": exit 3")
    tap.ok("%d document%s would be removed" % (
        n, "" if n == 1 else "s") in done.err and
           "guard: max_delete" in done.err and "all of them stay" in done.err,
           name + ": says how many, and why", done)
    tap.ok("%d removals are held by the guard" % n in done.err,
           name + ": and that it is not done", done)


def stays(tap, sync, head, name):
    tap.same((sync.head(), len(sync.tree())), (head, COUNT),
             name + ": nothing is removed")


def halves(tap, server, sync):
    """A project is deleted one work package after the other."""
    sync.once()
    head = sync.head()
    tap.same(len(sync.tree()), COUNT, "all of it is there")
    gone = [w["id"] for w in server.state()["workPackages"]
            if w["id"] % 2 == 0]
    for ident in gone:
        server.side("delete", {"id": ident})
    done = sync.once("--full")
    loud(tap, done, len(gone), "half of it")
    stays(tap, sync, head, "half of it")
    stays(tap, sync, head, "again" if sync.once("--full").code == 3
          else "the second time it is let through")
    logged = sync.opsync("--json", "log").json()
    tap.same(sorted(e["work_package"] for e in logged
                    if e["event"] == "held")[::2], sorted(gone),
             "the log names each of them, for each pass")
    tap.same(sync.once().code, 0, "polls go on")
    return head


def nothing(tap, server, sync, head):
    """Rights are lost, or all projects archived: an empty list."""
    empty = ('{"_type":"WorkPackageCollection","total":0,"count":0,'
             '"pageSize":1000,"offset":1,"_embedded":{"elements":[]}}')
    server.side("fault", {"match": "/api/v3/work_packages?", "times": -1,
                          "status": 200, "body": empty,
                          "content_type": "application/hal+json"})
    done = sync.once("--full")
    tap.ok(done.code in (0, 3), "an empty list is no crash", done)
    stays(tap, sync, head, "an empty list")
    server.side("faults/clear")


def emptied(tap, server, sync, head):
    """And really nothing is left."""
    for item in server.state()["workPackages"]:
        server.side("delete", {"id": item["id"]})
    done = sync.once("--full")
    loud(tap, done, COUNT, "an empty server")
    stays(tap, sync, head, "an empty server")


def archived(tap, server, sync, head):
    """A project that the key no longer sees at all."""
    server.side("archive", {"project": 2})
    done = sync.once("--full")
    tap.ok("demo-2" in done.err and "stay as they are" in done.err,
           "a project that is gone is named", done)
    stays(tap, sync, head, "a project that is gone")
    server.side("archive", {"project": 1})
    done = sync.once("--full")
    tap.ok(done.code == 78 and "demo-1" in done.err,
           "with the last one there is nothing to sync", done)
    stays(tap, sync, head, "no project at all")
    for ident in (1, 2):
        server.side("archive", {"project": ident, "archived": False})


def few(tap):
    with StandIn(*WORLD) as server, Sync(server.url, **SYNCED) as sync:
        sync.once()
        for ident in (5, 6, 7, 8):
            server.side("delete", {"id": ident})
        done = sync.once("--full")
        tap.ok(done.code == 0 and "4 removed" in done.err,
               "four deletions pass", done)
        tap.same(len(sync.tree()), COUNT - 4, "and are carried out")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        server.side("delete", {"id": 9})
        done = sync.once("--full")
        loud(tap, done, 1, "the fifth within a day")
        tap.same(len(sync.tree()), COUNT - 4, "and held")
        sync.configure(more="guard: { max_delete: { share: 50% } }")
        tap.same(sync.once("--full").code, 0, "a guard that lets more pass")
        tap.tree(sync.tree(), sync.scratch(), "removes it")


def retyped(tap):
    """Not a deletion, but it would remove as much."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping="""
documents:
- name: all
  match: { where: "${ not (subject | match('^X')) }" }
  path: ${ id }.md
  body: ${ subject }
""") as sync:
        sync.once()
        head = sync.head()
        tap.same(len(sync.tree()), COUNT, "all fit")
        for ident in range(1, 11):
            server.side("edit", {"id": ident, "set": {"subject": "X"}})
        done = sync.once()
        loud(tap, done, 10, "ten that fit no entry any more")
        stays(tap, sync, head, "ten that fit no entry any more")
        for ident in range(1, 9):
            server.side("edit", {"id": ident, "set": {"subject": "back"}})
        sync.once("--full")
        tap.tree(sync.tree(), sync.scratch(),
                 "eight come back, two are let go")


def main():
    tap = Tap()
    with StandIn(*WORLD) as server, Sync(server.url, **SYNCED) as sync:
        head = halves(tap, server, sync)
        nothing(tap, server, sync, head)
        archived(tap, server, sync, head)
        emptied(tap, server, sync, head)
        tap.same(sync.flaws(), [], "a repository without a flaw")
    few(tap)
    retyped(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
