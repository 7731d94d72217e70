#!/usr/bin/python3
"""Values that no two documents may share: who has one never depends on who
came first, and is as from nothing."""
import sys

from harness import StandIn, Sync, Tap, edit, read, until

SUFFIX = """
documents:
- name: all
  match: { where: '${ subject != "hidden" }' }
  let: { address: "${ subject | slug }", page: "/${ address }/" }
  unique: ["${ address }"]
  on_clash: suffix
  path: ${ id }.md
  front_matter: { url: "${ page }" }
"""
OWN = SUFFIX.replace("- name: all", "- name: one\n  continue: true").replace(
    "${ id }.md", "one/${ id }.md").replace(
        'subject != "hidden"', 'dueDate != "2030-01-01"') + SUFFIX.split("documents:\n")[1].replace(
        "- name: all", "- name: two").replace("${ id }.md", "two/${ id }.md")
ERROR = """
documents:
- name: all
  match: { where: '${ subject != "hidden" }' }
  unique: ["${ subject }", "${ [startDate, dueDate] }"]
  path: ${ id }.md
  front_matter: { title: "${ subject }", start: "${ startDate }" }
"""
LATE = ERROR.replace("  path:", "  attachments: all\n  path:").replace(
    "${ id }.md", "${ id }.md\n  body: ${ description.raw }")
MORE = "guard: { max_delete: { share: 100% } }"


def named(*subjects):
    """Subjects of 1, 2, …"""
    return [edit(i + 1, subject=s) for i, s in enumerate(subjects)]


class World:
    """What each document says behind a key, pass by pass."""

    def __init__(self, tap, server, sync, key):
        self.tap, self.server, self.sync = tap, server, sync
        self.key = key

    def values(self):
        out = {}
        for path, text in self.sync.tree().items():
            for line in text.decode().splitlines():
                if line.startswith(self.key + ": "):
                    out[int(path.split(".")[0])] = line.split(": ")[1]
        return out

    def after(self, name, wanted, orders=(), code=0, args=()):
        for order in orders:
            self.server.side(*order)
        done = self.sync.once(*args)
        self.tap.ok(done.code == code, name + ": exit %d" % code, done)
        got = self.values()
        self.tap.same({i: got.get(i) for i in wanted}, wanted, name)
        if code == 0:
            self.tap.tree(self.sync.tree(), self.sync.scratch(),
                          name + ": as from nothing")
        return done

    def settled(self):
        head = self.sync.head()
        self.sync.once()
        self.tap.same(self.sync.head(), head, "once and for all")


def suffix(tap, server, sync):
    w = World(tap, server, sync, "url")
    w.after("no clash", {1: "/a/", 2: "/b/"},
            named("a", "b", "c", "d", "e", "f"))
    w.after("the higher id came first", {4: "/x/"}, [edit(4, subject="x")])
    w.after("the lower one takes it", {2: "/x/", 4: "/x-4/"},
            [edit(2, subject="x")])
    w.after("a third, in between", {2: "/x/", 3: "/x-3/", 4: "/x-4/"},
            [edit(3, subject="x")])
    w.after("the first leaves", {2: "/b/", 3: "/x/", 4: "/x-4/"},
            [edit(2, subject="b")])
    w.after("somebody has the other's second choice",
            {6: "/x-4/", 4: "/x-4-4/"}, [edit(6, subject="x 4")])
    w.after("that one has no document any more", {3: "/x/", 4: "/x-4/"},
            [edit(6, subject="hidden")])
    w.after("nor has the first", {4: "/x/"}, [edit(3, subject="hidden")])
    w.after("both come back, and more", {1: "/x/", 3: "/x-3/", 4: "/x-4-4/",
                                         5: "/x-5/", 6: "/x-4/"},
            [edit(5, subject="x"), edit(6, subject="x 4"),
             edit(3, subject="x"), edit(1, subject="x")])
    w.server.side("delete", {"id": 1})
    w.after("the first is deleted", {3: "/x/", 4: "/x-4-4/", 5: "/x-5/"},
            args=("--full",))
    w.after("nobody shares any more", {3: "/c/", 4: "/d/", 5: "/e/"},
            named("a", "b", "c", "d", "e", "f"))


def living(tap, server, sync):
    """In one process, from an empty store on."""
    w = World(tap, server, sync, "url")
    sync.start()
    for name, wanted, orders in (
            ("a clash", {1: "/q/", 2: "/q-2/"},
             [edit(2, subject="q", parent=None),
              edit(1, subject="q", parent=None)]),
            ("that ends", {1: "/r/", 2: "/q/"}, [edit(1, subject="r")]),
            ("one that is hidden", {1: None, 2: "/q/"},
             [edit(1, subject="hidden")])):
        for order in orders:
            server.side(*order)
        until(lambda want=wanted: {i: w.values().get(i) for i in want} == want)
        tap.same({i: w.values().get(i) for i in wanted}, wanted,
                 "while it runs: " + name)
    tap.same(sync.stop(), 0, "the daemon ends well")


def error(tap, server, sync):
    w = World(tap, server, sync, "title")
    none = {"startDate": None, "dueDate": None}
    w.after("no clash", {1: "a", 2: "b"},
            [edit(i + 1, subject=s, **none) for i, s in enumerate("abcdef")])
    done = w.after("one wants another's", {1: "a", 2: "b"},
                   [edit(2, subject="a")], code=3)
    tap.ok("unique[0]: 'a' belongs to the document of work package 1"
           in done.err, "says whose it is", done)
    w.after("the other leaves it", {1: "z", 2: "a"}, [edit(1, subject="z")])
    w.after("a lower one takes it", {1: "a", 2: "a"},
            [edit(1, subject="a")], code=3)
    w.after("until the other says something else", {1: "a", 2: "b"},
            [edit(2, subject="b")])
    done = w.after("an item of a list is as good", {3: "c", 4: "d"},
                   [edit(3, startDate="2026-01-01"),
                    edit(4, dueDate="2026-01-01", subject="dd")], code=3)
    tap.ok("unique[1]: '2026-01-01' belongs" in done.err,
           "and says so", done)
    w.after("another date", {4: "dd"}, [edit(4, dueDate="2026-01-02")])


def late(tap, server, sync):
    """The one who has it comes after the other was made, in one pass."""
    w = World(tap, server, sync, "title")
    server.side("attach", {"work_package": 2, "file_name": "x.png",
                           "content": "abc"})
    server.side("fault", {"match": "/work_packages/2/attachments",
                          "times": -1, "delay_ms": 300})
    none = {"startDate": None, "dueDate": None}
    w.after("the one without files is not made", {2: "same", 3: "c"},
            [edit(i + 1, subject=s, **none)
             for i, s in enumerate(("a", "same", "c", "same", "e", "f"))],
            code=3)
    events = sync.opsync("log", "--wp", "4").out
    tap.ok("4.md" not in sync.tree() and " failed " in events and
           " added " not in events, "nor was said to be", events)
    w.after("by itself", {2: "same", 4: "other"}, [edit(4, subject="other")])
    done = w.after("who leaves it late", {2: "other", 4: "same"},
                   [edit(4, subject="same"), edit(2, subject="other")])
    tap.ok("error" not in done.err, "no error is said that is none", done)
    w.after("nor changed", {2: "other", 4: "same"},
            [edit(2, subject="other"), edit(4, description="new",
                                            subject="other")], code=3)
    tap.ok(b"title: same" in sync.tree()["4.md"], "it stays as it was")


def own(tap, server, sync):
    """Two documents of one work package: the earlier entry has it."""
    def says(one, two, four):
        tree = sync.tree()
        return [("url: %s\n" % w).encode() in tree.get(p, b"") for p, w in (
            ("one/1.md", one), ("two/1.md", two), ("one/4.md", four))]
    for name, orders, wanted in (
            ("at first", named("a", "b", "c", "d"), ("/a/", "/a-1/", "/d/")),
            ("another's, too", [edit(4, subject="a")],
             ("/a/", "/a-1/", "/a-4/")),
            ("the other's alone", [edit(1, subject="b")],
             ("/b/", "/b-1/", "/a/")),
            ("the one of the other is meant", [edit(1, subject="a-4")],
             ("/a-4/", "/a-4-1/", "/a/")),
            ("back", [edit(1, subject="a")], ("/a/", "/a-1/", "/a-4/"))):
        for order in orders:
            server.side(*order)
        done = sync.once()
        tap.ok(done.code == 0 and all(says(*wanted)), "own, " + name,
               (done, sync.tree()))
        tap.tree(sync.tree(), sync.scratch(), "own, %s: as from nothing" % name)
    done = sync.once("--full")
    tap.ok(done.code == 0 and "0 added, 0 changed" in done.err,
           "own: a full read finds nothing else", done)
    for ident in range(1, 7):
        server.side(*edit(ident, subject="a%d" % ident))
    sync.once()
    for name, more in (("held", "guard: { max_delete: { count: 0 } }"),
                       ("gone", MORE)):
        sync.configure(more=more)
        for ident in range(1, 7):
            server.side(*edit(ident, dueDate="2030-01-01"))
        if name == "gone":
            sync.opsync("release", "1")
        sync.once()
        sync.once()
        tap.same([("url: /a%d%s" % (i, "-%d/" % i if name == "held" else "/"))
                  .encode() in sync.tree()["two/%d.md" % i]
                  for i in range(1, 7)], [True] * 6,
                 "the earlier one does not fit any more, and is " + name)


STATES = """
documents:
- name: draft
  match: { status: [New] }
  path: d/${ u }.md
  let: { u: "${ subject }" }
  unique: ["${ u }"]
  on_clash: CLASH
  front_matter: { u: "${ u }" }
- name: page
  match: { status: [Closed] }
  path: p/${ u }.md
  let: { u: "${ subject }" }
  unique: ["${ u }"]
  on_clash: CLASH
  front_matter: { u: "${ u }" }
"""


def taken_over(tap, server, sync, clash):
    """A document clashes not with the one whose place it takes."""
    def after(name, orders=(), mapping=STATES, wanted=("p/a.md",)):
        for order in orders:
            server.side(*order)
        sync.configure(mapping=mapping.replace("CLASH", clash))
        done = sync.once()
        name = "%s: %s" % (clash, name)
        tap.ok(done.code == 0 and set(wanted) <= set(sync.tree()), name, done)
        tap.tree(sync.tree(), sync.scratch(), name + ": as from nothing")
    after("at first", [edit(i, subject=s, status=1)
                       for i, s in enumerate("abcdef", 1)], wanted=["d/a.md"])
    after("another status", [edit(1, status=8)])
    after("and another name", [edit(1, subject="z", status=1)],
          wanted=["d/z.md"])
    after("both back", [edit(1, subject="a", status=8)])
    after("the entry has a new name", mapping=STATES.replace("page", "site"))
    after("one before it, and none", wanted=["p/a.md"],
          mapping=STATES.replace("- name: page\n", "-\n").replace(
              "documents:\n", "documents:\n- path: n/${ id }.md\n"
              "  match: { where: '${ id == 0 }' }\n"))
    tap.same(sync.opsync("log", "--event", "failed").out, "", "nothing failed")


def restored(tap, server, sync):
    """A document that is put back as it was keeps its values."""
    w = World(tap, server, sync, "title")
    old = {"updatedAt": "2024-01-01T00:00:00Z", "startDate": None,
           "dueDate": None}
    w.after("no clash", {1: "a", 2: "b"},
            [edit(i + 1, subject=s, **old) for i, s in enumerate("abcdef")])
    w.after("one wants another's", {1: "a", 2: "b"},
            [edit(2, subject="a", **old)], code=3, args=("--full",))
    path = sync.store + "/1.md"
    text = read(path)
    with open(path, "ab") as f:
        f.write(b"y\n")
    done = sync.once()
    tap.ok(read(path) == text, "a person's edit is undone", done)
    done = sync.opsync("verify")
    tap.ok("not whole" not in done.out, "with all that it has", done)
    w.after("the first lets go: the next has it", {1: "z", 2: "a"},
            [edit(1, subject="z")])


def main():
    tap = Tap()
    for clash in ("suffix", "error"):
        with StandIn("--generate", "6") as server, Sync(
                server.url, projects="[demo-1]",
                mapping=STATES.replace("CLASH", clash), more=MORE) as sync:
            taken_over(tap, server, sync, clash)
    for part, mapping in ((suffix, SUFFIX), (living, SUFFIX),
                          (error, ERROR), (restored, ERROR), (own, OWN),
                          (late, LATE)):
        with StandIn("--generate", "6") as server, Sync(
                server.url, projects="[demo-1]", mapping=mapping,
                more=MORE) as sync:
            part(tap, server, sync)
            World(tap, server, sync, "").settled()
            tap.same(sync.flaws(), [], "a repository without a flaw")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
