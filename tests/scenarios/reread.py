#!/usr/bin/python3
"""What a document read beside its own work package changes: it is rendered
again in the same pass, and is as from nothing."""
import sys

from harness import StandIn, Sync, Tap

MAPPING = """
documents:
- name: all
  match: { where: '${ subject != "hidden" }' }
  path: ${ id }.md
  front_matter:
    title: ${ subject }
    parent: ${ parent.subject }
    children: ${ children | pluck("subject") }
    version: ${ version.name }
    author: ${ author.name }
"""


def edit(server, ident, **values):
    server.side("edit", {"id": ident, "set": values})


class World:
    def __init__(self, tap, server, sync):
        self.tap, self.server, self.sync = tap, server, sync

    def after(self, name, ident, line, *args):
        """One pass, one commit; then a document has that line."""
        commits = self.sync.commits()
        done = self.sync.once(*args)
        self.tap.ok(done.code == 0, name + ": a good pass", done)
        text = self.sync.tree()["%d.md" % ident].decode()
        self.tap.ok(line in text.splitlines(), name, text)
        self.tap.same(self.sync.commits() - commits, 1,
                      name + ": in one commit")
        self.tap.tree(self.sync.tree(), self.sync.scratch(),
                      name + ": as from nothing")

    def settled(self):
        head = self.sync.head()
        self.sync.once("--full")
        self.tap.same(self.sync.head(), head, "once and for all")


def family(w):
    edit(w.server, 1, subject="one")
    for ident in (2, 3):
        edit(w.server, ident, subject="child %d" % ident, parent=1)
    w.after("a parent", 2, "parent: one")
    edit(w.server, 1, subject="uno")
    w.after("a parent is renamed", 2, "parent: uno")
    edit(w.server, 3, subject="kid")
    w.after("a child is renamed", 1, "- kid")
    edit(w.server, 4, subject="fourth", parent=1)
    w.after("a child is attached", 1, "- fourth")
    edit(w.server, 5, subject="five")
    w.after("one that nobody reads", 5, "title: five")


def come_and_go(w):
    """Without a document here, nobody is shown to others."""
    edit(w.server, 4, subject="hidden")
    w.after("a child has no document any more", 1, "- child 2")
    w.tap.ok(b"- hidden" not in w.sync.tree()["1.md"] and
             b"- fourth" not in w.sync.tree()["1.md"], "and is not shown",
             w.sync.tree()["1.md"])
    edit(w.server, 4, subject="fourth")
    w.after("and has one again", 1, "- fourth")
    edit(w.server, 1, subject="hidden")
    w.after("a parent goes", 2, "parent: null")
    edit(w.server, 1, subject="one")
    w.after("a parent comes", 2, "parent: one")
    w.server.side("delete", {"id": 4})
    w.after("a child is deleted", 1, "- child 2", "--full")
    w.tap.ok(b"- fourth" not in w.sync.tree()["1.md"], "and not shown",
             w.sync.tree()["1.md"])


def names(w):
    w.server.side("thing", {"kind": "version", "id": 71, "name": "1.0",
                            "project": 1})
    for ident in (1, 2):
        edit(w.server, ident, version=71)
    w.after("a version", 2, "version: '1.0'")
    w.server.side("rename", {"kind": "version", "id": 71, "name": "2.0"})
    edit(w.server, 1, subject="again")
    w.after("one work package tells its new name", 2, "version: '2.0'")
    w.server.side("rename", {"kind": "version", "id": 71, "name": "1.0"})
    w.after("a full read tells the old one", 1, "version: '1.0'", "--full")


def gone_and_renamed(w):
    """What reads a new name is rendered again; not what is gone."""
    edit(w.server, 6, version=71)
    w.after("one more of that version", 6, "version: '1.0'")
    w.server.side("delete", {"id": 6})
    w.server.side("rename", {"kind": "version", "id": 71, "name": "3.0"})
    w.after("it goes and the version is renamed", 2, "version: '3.0'",
            "--full")
    w.tap.ok("6.md" not in w.sync.tree(), "what is gone stays gone")


def main():
    tap = Tap()
    with StandIn("--generate", "6") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            more="guard: { max_delete: { share: 100% } }") as sync:
        w = World(tap, server, sync)
        for part in (family, come_and_go, names, gone_and_renamed):
            part(w)
            w.settled()
        tap.same(sync.flaws(), [], "a repository without a flaw")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
