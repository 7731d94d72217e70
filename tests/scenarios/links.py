#!/usr/bin/python3
"""Links from one document to another: they lead to where the other one is,
whatever comes first, and go with it when it moves, goes or comes."""
import sys

from harness import StandIn, Sync, Tap

MAPPING = """
documents:
- name: all
  match: { where: '${ subject != "hidden" }' }
  path: ${ project.identifier }/${ subject | slug }/index.md
  body: ${ description.raw }
  links: relative
  references: link
"""
GUARD = "guard: { max_delete: { share: 100% } }"


def edit(server, ident, **values):
    server.side("edit", {"id": ident, "set": values})


class World:
    def __init__(self, tap, server, sync):
        self.tap, self.server, self.sync = tap, server, sync

    def after(self, name, path, text, *how):
        """One pass, one commit; then a document has this text."""
        commits = self.sync.commits()
        done = self.sync.once(*how)
        self.tap.ok(done.code == 0, name + ": a good pass", done)
        self.tap.same(self.sync.tree().get(path, b"none").decode(), text, name)
        self.tap.same(self.sync.commits() - commits, 1,
                      name + ": in one commit")
        self.tap.tree(self.sync.tree(), self.sync.scratch(),
                      name + ": as from nothing")
        head = self.sync.head()
        self.sync.once()
        self.tap.same(self.sync.head(), head, name + ": once and for all")


def follow(w, url):
    page = url + "/work_packages/"
    for ident, words in ((1, "See [two](%s2) and ##3, #99.\n" % page),
                         (2, "Back: %s1 `#1`\n" % page),
                         (3, "Me: #3, [x](/work_packages/2/activity)\n")):
        edit(w.server, ident, subject="n%d" % ident, description=words)
    w.after("both ways", "demo-1/n1/index.md",
            "See [two](../n2/index.md) and [#3: n3](../n3/index.md), #99.\n")
    tree = w.sync.tree()
    w.tap.same(tree["demo-1/n2/index.md"], b"Back: [n1](../n1/index.md) `#1`\n",
               "an address alone gets the subject")
    w.tap.same(tree["demo-1/n3/index.md"],
               b"Me: [#3](index.md), [x](../n2/index.md)\n",
               "to itself, and without the host")
    edit(w.server, 3, subject="Third [one]")
    w.after("the other moves", "demo-1/n1/index.md",
            "See [two](../n2/index.md) and "
            "[#3: Third \\[one\\]](../third-one/index.md), #99.\n")
    edit(w.server, 2, subject="hidden")
    w.after("the other goes", "demo-1/n1/index.md",
            "See [two](%s2) and "
            "[#3: Third \\[one\\]](../third-one/index.md), #99.\n" % page)
    edit(w.server, 2, subject="n2")
    w.after("the other comes back", "demo-1/n1/index.md",
            "See [two](../n2/index.md) and "
            "[#3: Third \\[one\\]](../third-one/index.md), #99.\n")
    edit(w.server, 4, subject="third one")
    w.after("a higher one wants the same path", "demo-1/third-one-4/index.md",
            w.sync.tree()["demo-1/wp4/index.md"].decode())
    edit(w.server, 2, subject="third one")
    w.after("a lower one takes it", "demo-1/n1/index.md",
            "See [two](../third-one/index.md) and "
            "[#3: Third \\[one\\]](../third-one-3/index.md), #99.\n")
    done = w.sync.opsync("render", "1")
    w.tap.same(done.out, "See [two](../third-one/index.md) and "
               "[#3: Third \\[one\\]](../third-one-3/index.md), #99.\n",
               "opsync render knows it, too")


def known(w, url):
    """Somebody by number, who is called otherwise later."""
    edit(w.server, 4, subject="n4", version=1, assignee=8,
         description="user#8 for version#1 and [[a page]], not user#9 "
                     "`user#8`\n")
    w.after("names that it knows", "demo-1/n4/index.md",
            "User 2 Müller for Sprint 1 and a page, not user#9 "
            "`user#8`\n")
    w.server.side("rename", {"kind": "user", "id": 8, "name": "Ada *L*"})
    w.after("somebody has another name", "demo-1/n4/index.md",
            "Ada \\*L\\* for Sprint 1 and a page, not user#9 `user#8`\n",
            "--reconcile")


def main():
    tap = Tap()
    with StandIn("--generate", "4") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            more=GUARD) as sync:
        for ident in range(1, 5):
            edit(server, ident, subject="wp%d" % ident)
        follow(World(tap, server, sync), server.url)
        known(World(tap, server, sync), server.url)
        tap.same(sync.flaws(), [], "a repository without a flaw")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
