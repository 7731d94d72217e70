#!/usr/bin/python3
"""Entries of documents: the first that fits makes it, an error in a condition
takes a document away, one behind it keeps it, and what is gone stays where
that was asked for."""
import sys

from harness import StandIn, Sync, Tap

MAPPING = """
documents:
- name: first
  match: { where: '${ subject | match("^first") }' }
  path: first/${ id }.md
  body: "${ subject }"
- name: both
  match: { where: '${ subject | match("^both") }' }
  continue: true
  path: both/${ id }.md
  body: "${ subject }"
- name: kept
  match: { where: '${ subject | match("^kept") }' }
  when_gone: keep
  path: kept/${ id }.md
  body: "${ subject }"
- name: number
  match: { where: '${ subject | match("^number") and (subject | split(" ") | last | int) > 0 }' }
  path: number/${ id }.md
  body: "${ subject }"
- name: last
  match: { where: '${ subject | match("first|both|error") }' }
  path: last/${ id }.md
  body: '${ subject }/${ subject | split("/") | last | int }'
"""
MORE = "guard: { max_delete: { share: 100% } }"


def edit(ident, subject):
    return "edit", {"id": ident, "set": {"subject": subject}}


class World:
    def __init__(self, tap, server, sync):
        self.tap, self.server, self.sync = tap, server, sync

    def after(self, name, wanted, *orders, code=0, full=False, same=True):
        for order in orders:
            self.server.side(*order)
        done = self.sync.once(*(["--full"] if full else []))
        self.tap.ok(done.code == code, name + ": exit %d" % code, done)
        got = {p: t.decode().strip() for p, t in self.sync.tree().items()}
        self.tap.same(got, wanted, name)
        if same:
            self.tap.tree(self.sync.tree() or {"": b""},
                          self.sync.scratch() or {"": b""},
                          name + ": as from nothing")
        return done


def order(w):
    w.after("an entry that fits", {"first/1.md": "first/1"},
            edit(1, "first/1"))
    w.after("one that goes on", {"both/1.md": "both/1",
                                 "last/1.md": "both/1/1"},
            edit(1, "both/1"))
    out = w.sync.opsync("status").out
    w.tap.ok("5 left out" in out, "those that none fits are counted", out)
    w.after("and back", {"first/1.md": "first/1"}, edit(1, "first/1"))


def closed(w):
    w.after("a condition that can be decided",
            {"first/1.md": "first/1", "number/2.md": "number 7"},
            edit(2, "number 7"))
    done = w.after("one that cannot: no document, of a later entry neither",
                   {"first/1.md": "first/1"},
                   edit(2, "number both/2"), code=3)
    w.tap.ok("work package 2: number: match.where" in done.err,
             "and it says which, and where", done)
    w.after("again", {"first/1.md": "first/1", "number/2.md": "number 8"},
            edit(2, "number 8"))
    w.after("another entry takes over",
            {"first/1.md": "first/1", "last/2.md": "error/4/4"},
            edit(2, "error/4"))
    done = w.after("an error behind the match keeps the document",
                   {"first/1.md": "first/1", "last/2.md": "error/4/4"},
                   edit(2, "error/none"), code=3, same=False)
    w.tap.ok("work package 2: body: ${ subject | split(\"/\") | last | int "
             "}: 'none' is not a number" in done.err, "and says why", done)
    w.after("and is over", {"first/1.md": "first/1"}, edit(2, "nothing"))


def gone(w):
    w.after("where it is to be kept", {"first/1.md": "first/1",
                                       "kept/3.md": "kept"},
            edit(3, "kept"))
    w.after("one that fits no more stays", {"first/1.md": "first/1",
                                            "kept/3.md": "kept"},
            edit(3, "nothing"), same=False)
    w.after("and follows when it fits again", {"first/1.md": "first/1",
                                               "kept/3.md": "kept on"},
            edit(3, "kept on"))
    w.after("a deleted one stays, others go", {"kept/3.md": "kept on"},
            ("delete", {"id": 3}), ("delete", {"id": 1}), full=True,
            same=False)


TWO = """
documents:
- name: goes
  continue: true
  path: "%s"
- name: stays
  when_gone: keep
  path: "all/${ id }.md"
"""


def half_gone(tap, path):
    """Of one that is gone a document stays: no other is made of it again, till
    it is shown again."""
    with StandIn("--generate", "6", "--projects", "2") as server, Sync(
            server.url, projects="[demo-1]", mapping=TWO % path) as sync:
        def move(project):
            server.side("edit", {"id": 2, "set": {"project": project},
                                 "silent": True})
            return sync.once("--reconcile")
        sync.once()
        whole = sync.tree()
        done = move(2)
        left = sync.tree()
        tap.ok(" 1 removed" in done.err and len(left) == len(whole) - 1 and
               "all/2.md" in left, "one goes, one stays: " + path, done)
        done = sync.once("--reconcile")
        tap.ok("removed" not in done.err and sync.tree() == left,
               "another reconcile: nothing goes again", done)
        sync.configure(mapping=TWO.replace(
            "continue", "front_matter: { id: '${ id }' }\n  continue") % path)
        sync.once()
        tap.same(set(sync.tree()), set(left),
                 "another mapping: nothing comes back")
        sync.configure(mapping=TWO % path)
        sync.once()
        tap.same(sync.tree(), left, "nor with the first one")
        move(1)
        tap.tree(sync.tree(), whole, "shown again: both are there")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def main():
    tap = Tap()
    half_gone(tap, "some/${ id }.md")
    half_gone(tap, "all/${ id }.md")
    with StandIn("--generate", "6") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            more=MORE) as sync:
        w = World(tap, server, sync)
        for ident in range(1, 7):
            server.side(*edit(ident, "nothing"))
        for part in (order, closed, gone):
            part(w)
        tap.same(sync.flaws(), [], "a repository without a flaw")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
