#!/usr/bin/python3
"""What is in scope comes and goes: projects hidden from the key, archived,
made below another; work packages moved in and out.  Afterwards the store is
as one made from nothing."""
import sys

from harness import StandIn, Sync, Tap, edit

MAPPING = """
documents:
- name: all
  match: { type: [Task, Curated Content] }
  path: ${ project.identifier }/${ id }.md
  front_matter: { title: "${ subject }", project: "${ project.name }" }
  attachments: all
"""
GUARD = "guard: { max_delete: { share: 100%, count: 1000 } }"


def projects(sync):
    return {path.split("/")[0] for path in sync.tree()}


class World:
    def __init__(self, tap, server, sync):
        self.tap = tap
        self.server = server
        self.sync = sync

    def after(self, name, *orders, code=0):
        for order in orders:
            self.server.side(*order)
        done = self.sync.once("--reconcile")
        self.tap.same(done.code, code, name)
        self.tap.tree(self.sync.tree(), self.sync.scratch(),
                      name + ": as from nothing")
        return done


def moved(w):
    w.after("a work package moves into another project in scope",
            edit(26, project=4))
    w.tap.ok("ccm-sub/26.md" in w.sync.tree() and
             "ccm/26.md" not in w.sync.tree(), "its document follows")
    w.after("and out of scope", edit(26, project=2))
    w.tap.ok("ccm-sub/26.md" not in w.sync.tree(), "its document goes")
    w.after("and back, unseen meanwhile", edit(26, subject="Away"),
            edit(26, project=1))
    w.after("it gets a type that no entry fits", edit(26, type=12))
    w.after("and one that fits", edit(26, type=8))
    w.after("two change places", edit(3, project=4), edit(21, project=1))


def below(w):
    made = w.server.side("thing", {
        "kind": "project", "name": "Brand new", "identifier": "brand-new",
        "parent": 1, "id": 77})
    w.tap.same(made["id"], 77, "a project below one that is asked for")
    done = w.after("it has work packages, as old as you like", ("edit", {
        "id": 7000, "updatedAt": "2020-02-02T00:00:00.000Z",
        "set": {"subject": "Old and new", "project": 77, "type": 8}}))
    w.tap.ok("brand-new/7000.md" in w.sync.tree() and
             "project brand-new is new here" in done.err,
             "they come, and it is said", done)
    w.after("and is followed", edit(7000, subject="Newer"))
    w.after("archived it", ("archive", {"project": 77, "archived": False}))


def hidden(tap):
    """The key may see a project no more, and again, with what changed."""
    with StandIn() as server, Sync(
            server.url, projects="'*'", mapping=MAPPING, more=GUARD,
            key="syncbotkey") as sync:
        server.side("grant", {"user": "syncbot", "project": 2})
        sync.once()
        before = sync.tree()
        w = World(tap, server, sync)
        tap.ok(len(projects(sync)) == 2, "two projects are seen",
               projects(sync))
        server.side("grant", {"user": "syncbot", "project": 2,
                              "sees": False})
        server.side(*edit(20, subject="Changed behind the curtain"))
        server.side(*edit(26, subject="In the light"))
        done = sync.once("--reconcile")
        tap.ok(done.code == 0 and len(sync.tree()) == len(before),
               "hidden, its documents stay", done)
        tap.ok(any(b"In the light" in t for t in sync.tree().values()),
               "and the other goes on")
        tap.ok("does not show project 2" in sync.opsync("status").out,
               "status says so", sync.opsync("status"))
        w.after("seen again", ("grant", {"user": "syncbot", "project": 2}))
        tap.ok(any(b"behind the curtain" in t
                   for t in sync.tree().values()),
               "with what changed meanwhile")


def polled(tap):
    """A poll that a server refuses, since a project is gone, goes on."""
    with StandIn() as server, Sync(
            server.url, projects="[ccm, ccm-sub]", mapping=MAPPING) as sync:
        sync.once()
        before = len(sync.tree())
        server.side("archive", {"project": 4})
        server.side(*edit(26, subject="Polled all the same"))
        done = sync.once()
        tap.ok(done.code == 0 and any(
            b"Polled all the same" in t for t in sync.tree().values()),
            "the other project is polled", done)
        tap.same(len(sync.tree()), before, "and nothing goes")


def main():
    tap = Tap()
    with StandIn() as server, Sync(
            server.url, projects="[{ project: ccm, subprojects: true }]",
            mapping=MAPPING, more=GUARD) as sync:
        sync.once()
        w = World(tap, server, sync)
        for part in (moved, below):
            part(w)
        tap.same(sync.flaws(), [], "a repository without a flaw")
    hidden(tap)
    polled(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
