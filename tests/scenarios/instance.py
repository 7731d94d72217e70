#!/usr/bin/python3
"""Which OpenProject it is: another address, another user, another database
under the same address, one that was restored from a backup."""
import contextlib
import os
import sqlite3
import sys

from harness import StandIn, Sync, Tap, plain, until

WORLD = ("--generate", "40", "--projects", "2")
MAPPING = """
documents:
- name: all
  match: {}
  path: ${ project.identifier }/${ id }.md
  front_matter: { title: "${ subject }" }
"""
SYNCED = {"projects": "[demo-1, demo-2]", "mapping": MAPPING}


def edit(ident, updated=None, **values):
    order = {"id": ident, "set": values}
    if updated:
        order["updatedAt"] = updated
    return "edit", order


def address(tap):
    with StandIn(*WORLD) as server, StandIn(*WORLD) as other, Sync(
            server.url, **SYNCED) as sync:
        sync.once()
        tree, head = sync.tree(), sync.head()
        for ident in range(1, 31):
            other.side("delete", {"id": ident})
        sync.configure(url=other.url)
        done = sync.once()
        tap.ok(done.code == 78 and server.url in done.err and
               "opsync accept-server" in done.err,
               "another address is refused", done)
        tap.same(other.requests(), [], "and asked nothing at all")
        sync.start(wait=False)
        until(lambda: "accept-server" in sync.said())
        done = sync.opsync("resync", "--wait")
        tap.ok(done.code == 78 and "accept-server" in done.err,
               "a daemon says so, too", done)
        tap.same((sync.tree(), sync.head()), (tree, head),
                 "nothing is touched")
        done = sync.opsync("accept-server")
        tap.ok(done.code == 0 and "30 held" in done.out,
               "a person accepts it: it is read under the guard", done)
        tap.same(len(sync.tree()), 40, "so nothing is lost")
        sync.opsync("release", "1")
        tap.tree(sync.tree(), sync.scratch(), "until it is released")
        tap.same(sync.stop(), 0, "the daemon ends well")
        sync.configure(url=other.url + "/")
        tap.same(sync.once().code, 0, "a slash behind it is no other")


def store(tap):
    """Another configuration with the same store would remove what the first
    one's projects gave."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        sync.once()
        tree, head = sync.tree(), sync.head()
        sync.configure(projects="[demo-2]")
        first, sync.config = sync.config, sync.folder + "/docs.yaml"
        sync.socket = sync.folder + "/opsync-docs.sock"
        os.rename(first, sync.config)
        done = sync.once("--full")
        tap.ok(done.code == 78 and "'opsync', and this is 'docs'" in done.err
               and "opsync accept-server" in done.err,
               "another instance's store is refused", done)
        done = sync.opsync("diff", "--full")
        tap.ok(done.code == 1, "but for trying another mapping", done)
        sync.start(wait=False)
        until(lambda: "accept-server" in sync.said())
        tap.same((sync.tree(), sync.head()), (tree, head),
                 "nothing is touched")
        done = sync.opsync("accept-server")
        tap.ok(done.code == 0 and "20 held" in done.out and
               len(sync.tree()) == 40, "a person may mean it", done)
        tap.same(sync.stop(), 0, "the daemon ends well")
        tap.same(sync.once().code, 3, "and it is its own from then on")
        before, sync.config = sync.config, sync.folder + "/again.yaml"
        os.rename(before, sync.config)
        tap.same(sync.once().code, 3, "under another name, too")


def user(tap):
    with StandIn() as server, Sync(server.url, projects="[ccm, ccm-sub]",
                                   mapping=MAPPING) as sync:
        sync.once()
        kept = len(sync.tree())
        sync.write("token", "syncbotkey\n", 0o600)
        done = sync.once("--reconcile")
        tap.ok("the key is another user's" in done.err and
               "everything is read again" in done.err,
               "another user is said, and all is read", done)
        tap.same(len(sync.tree()), kept, "what that one does not see stays")
        tap.ok("another user's" not in sync.once("--reconcile").err,
               "it is said once")


def database(tap):
    """The same address and numbers, but other projects."""
    with StandIn(*WORLD) as server, Sync(server.url, **SYNCED) as sync:
        sync.once()
        head = sync.head()
        created = server.state()["projects"][0]["createdAt"]
        server.side("fault", {
            "match": "/api/v3/projects?", "times": -1, "replace": created,
            "with": created.split(".")[0] + ".123456Z"})
        done = sync.once("--reconcile")
        tap.ok(done.code == 0 and "another OpenProject" not in done.err,
               "the same second, told more finely, is no other", done)
        server.side("faults/clear")
        for ident in range(1, 41):
            server.side("delete", {"id": ident})
        server.side("fault", {
            "match": "/api/v3/projects?", "times": -1, "replace": created,
            "with": "2026-11-11T11:11:11.000Z"})
        done = sync.once("--reconcile")
        tap.ok(done.code == 3 and "this is another OpenProject" in done.err,
               "projects that were created at other times are said", done)
        tap.ok("  full  " in sync.opsync("runs").out, "all is read",
               sync.opsync("runs").out)
        tap.same((sync.head(), len(sync.tree())), (head, 40),
                 "and nothing removed")


def came_from_another(sync):
    """What is known was created at other times."""
    with contextlib.closing(sqlite3.connect(sync.state_file)) as state:
        state.create_function("plain", 1, plain)
        state.execute("UPDATE work_package SET checksum = NULL, "
                      "source = replace(plain(source),"
                      " '\"createdAt\":\"20', '\"createdAt\":\"19')")
        state.commit()


def copied(tap):
    """The same address, numbers and projects, but other work packages: none
    of their texts is taken until a person accepts it."""
    with StandIn(*WORLD) as server, Sync(server.url, **SYNCED) as sync:
        sync.once()
        tree, head = sync.tree(), sync.head()
        for ident in range(1, 31):
            server.side(*edit(ident, subject="Another's %d" % ident))
        came_from_another(sync)
        for args in ((), ("--full",), ()):
            done = sync.once(*args)
            tap.ok(done.code == 78 and "created at other times" in done.err
                   and "opsync accept-server" in done.err,
                   "other work packages: said %s" % " ".join(args), done)
        tap.same((sync.tree(), sync.head()), (tree, head),
                 "other work packages: nothing is taken")
        sync.start(wait=False)
        until(lambda: "accept-server" in sync.said())
        done = sync.opsync("accept-server")
        tap.same(done.code, 0, "other work packages: accepted")
        tap.tree(sync.tree(), sync.scratch(), "then all is taken")
        tap.same(sync.stop(), 0, "and the daemon ends well")
        came_from_another(sync)
        for ident in range(1, 31):
            server.side(*edit(ident, subject="Once more %d" % ident))
        tap.same(sync.once().code, 78, "what was accepted was that one")


def reused(tap):
    """A server that was set back gives numbers a second time."""
    with StandIn(*WORLD) as server, Sync(server.url, **SYNCED) as sync:
        sync.once()
        for ident in (3, 5, 7):
            server.side("delete", {"id": ident})
            server.side(*edit(ident, subject="Anew", project=1, type=1))
        done = sync.once("--reconcile")
        tap.same(sync.once("--full").code, 0, "a few are others: well")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def restored(tap):
    """It was set back: what came later is not there, or old again."""
    with StandIn(*WORLD) as server, Sync(server.url, **SYNCED) as sync:
        backup = {w["id"]: w for w in server.state()["workPackages"]}
        server.side(*edit(5, subject="Written after the backup"))
        server.side("edit", {"id": 900, "set": {
            "subject": "Made after it", "project": 1, "type": 1}})
        sync.once()
        server.side(*edit(5, backup[5]["_updated"],
                          subject=backup[5]["subject"]))
        server.side("delete", {"id": 900})
        done = sync.once()
        tap.ok(b"after the backup" in sync.tree()["demo-%d/5.md" % (
            1 if "demo-1/5.md" in sync.tree() else 2)],
               "a poll does not see it", done)
        done = sync.once("--reconcile")
        tap.ok("restored from a backup" in done.err,
               "a reconcile does, and says so", done)
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        last = max(w["_updated"] for w in server.state()["workPackages"])
        server.side(*edit(7, last[:-2] + "9Z", subject="Goes on"))
        sync.once()
        tap.tree(sync.tree(), sync.scratch(),
                 "what changes then is followed, from where it is now")
        tap.ok("restored" not in sync.once("--reconcile").err,
               "it is said once")
        newest = max(server.state()["workPackages"],
                     key=lambda w: w["_updated"])
        server.side("delete", {"id": newest["id"]})
        done = sync.once("--reconcile")
        tap.ok("restored" not in done.err,
               "a deletion of the newest is no restore", done)
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def main():
    tap = Tap()
    for part in (address, store, user, database, copied, reused, restored):
        part(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
