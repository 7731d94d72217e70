#!/usr/bin/python3
"""Documents that want one path, exchange their paths or stand in each other's
way, and attachments with hostile names."""
import os
import random
import sys

from harness import StandIn, Sync, Tap, read
from taken import BESIDE, FLAT, edit

FILES = """
documents:
- name: all
  match: {}
  path: ${ subject }.md
  body: "${ id }"
  emit: { final_newline: false }
"""
FOLDERS = """
documents:
- name: all
  match: {}
  path: ${ subject }/index.md
  attachments: all
  body: "${ id }"
  emit: { final_newline: false }
"""
GUARD = "guard: { max_delete: { share: 100% } }"
LONG = "n" * 250 + ".txt"


def edit(ident, subject):
    return "edit", {"id": ident, "set": {"subject": subject}}


def holders(sync):
    """Path to the id that its document has."""
    return {path: int(text.split(b"---")[-1]) for path, text
            in sync.tree().items() if path.endswith(".md")}


class World:
    """A few work packages, synced pass by pass."""

    def __init__(self, tap, server, sync):
        self.tap = tap
        self.server = server
        self.sync = sync
        for ident in range(1, 7):
            server.side(*edit(ident, "wp%d" % ident))

    def after(self, name, wanted, orders=(), args=()):
        for order in orders:
            self.server.side(*order)
        commits = self.sync.commits()
        done = self.sync.once(*args)
        self.tap.ok(done.code == 0, name + ": a good pass", done)
        got = holders(self.sync)
        self.tap.same({p: i for p, i in got.items() if i in wanted.values()
                       or p in wanted}, wanted, name)
        self.tap.same(len(got), len(
            self.server.state()["workPackages"]), "all have a document")
        self.tap.same(self.sync.commits() - commits, 1, "in one commit")
        self.tap.tree(self.sync.tree(), self.sync.scratch(),
                      name + ": as from nothing")


def same_path(tap, server, sync):
    w = World(tap, server, sync)
    w.after("no clash", {"wp3.md": 3, "wp4.md": 4})
    w.after("the higher id came first", {"same.md": 4}, [edit(4, "same")])
    w.after("the lower one takes the path", {"same.md": 2, "same-4.md": 4},
            [edit(2, "same")])
    w.after("a third, in between", {"same.md": 2, "same-3.md": 3,
                                    "same-4.md": 4}, [edit(3, "same")])
    w.after("case and composition make no difference",
            {"same.md": 2, "Same-5.md": 5}, [edit(5, "Same")])
    w.after("the first moves away", {"wp2.md": 2, "same.md": 3,
                                     "same-4.md": 4, "Same-5.md": 5},
            [edit(2, "wp2")])
    server.side("delete", {"id": 3})
    w.after("the next is deleted", {"same.md": 4, "Same-5.md": 5},
            args=("--full",))
    w.after("somebody has the other's second choice",
            {"same.md": 4, "same-5.md": 1}, [edit(1, "same-5")])
    w.after("that one leaves", {"wp1.md": 1, "same.md": 4},
            [edit(1, "wp1")])
    w.after("two at once, the higher first", {"both.md": 1, "both-6.md": 6},
            [edit(6, "both"), edit(1, "both")])


def swap(tap, server, sync):
    w = World(tap, server, sync)
    w.after("before", {"wp1.md": 1, "wp2.md": 2})
    w.after("two exchange their paths", {"wp2.md": 1, "wp1.md": 2},
            [edit(1, "wp2"), edit(2, "wp1")])
    w.after("three in a ring", {"wp4.md": 3, "wp5.md": 4, "wp3.md": 5},
            [edit(3, "wp4"), edit(4, "wp5"), edit(5, "wp3")])


def folders(tap, server):
    """What was a file becomes a folder, and back."""
    mapping = FILES.replace('${ subject }.md',
                            '${ subject | replace("+", "/") }')
    with Sync(server.url, projects="[demo-1]", mapping=mapping,
              more=GUARD) as sync:
        for ident in range(1, 7):
            server.side(*edit(ident, "wp%d.md" % ident))
        w = World.__new__(World)
        w.tap, w.server, w.sync = tap, server, sync
        w.after("before", {"wp1.md": 1})
        w.after("a file becomes a folder", {"wp1.md/a.md": 1},
                [edit(1, "wp1.md+a.md")])
        w.after("and a file again", {"wp1.md": 1}, [edit(1, "wp1.md")])
        w.after("a folder where another's file was",
                {"wp2.md/b.md": 1, "moved.md": 2},
                [edit(1, "wp2.md+b.md"), edit(2, "moved.md")])
        w.after("and the file where the folder was",
                {"wp2.md": 2, "wp1.md": 1},
                [edit(2, "wp2.md"), edit(1, "wp1.md")])


def index(tap, server):
    """A bundle: the folder gets the id, and its attachments go with it."""
    with Sync(server.url, projects="[demo-1]", mapping=FOLDERS,
              more=GUARD) as sync:
        w = World(tap, server, sync)
        for ident in (1, 2):
            server.side("attach", {"id": 800 + ident, "work_package": ident,
                                   "file_name": "a.txt",
                                   "content": "of %d" % ident})
        w.after("before", {"wp1/index.md": 1, "wp2/index.md": 2})
        w.after("two bundles of one name",
                {"same/index.md": 1, "same-2/index.md": 2},
                [edit(2, "same"), edit(1, "same")])
        tree = sync.tree()
        tap.same((tree.get("same/a.txt"), tree.get("same-2/a.txt")),
                 (b"of 1", b"of 2"), "each has its attachments")
        w.after("the first leaves", {"wp1/index.md": 1, "same/index.md": 2},
                [edit(1, "wp1")])
        tree = sync.tree()
        tap.same((tree.get("wp1/a.txt"), tree.get("same/a.txt")),
                 (b"of 1", b"of 2"), "its attachments follow")
        tap.same(sync.flaws(), [], "a repository without a flaw")


def foreign(tap, server, sync):
    """A file that somebody else put where a document belongs."""
    sync.once()
    mine = os.path.join(sync.store, "theirs.md")
    with open(mine, "w") as f:
        f.write("mine")
    head = sync.head()
    server.side(*edit(1, "theirs"))
    server.side(*edit(2, "goes on"))
    done = sync.once()
    tap.ok(done.code == 3 and "work package 1: theirs.md is taken" in done.err
           and "did not write" in done.err, "a file of somebody else", done)
    tap.same((read(mine), holders(sync).get("wp1.md"),
              holders(sync).get("goes on.md")), (b"mine", 1, 2),
             "stays, as does the document; the others go on")
    tap.ok(sync.head() != head, "in a commit")
    os.unlink(mine)
    tap.same(sync.once("--full").code, 0, "when it is moved away")
    tap.tree(sync.tree(), sync.scratch(), "the document takes the path")
    with open(os.path.join(sync.store, "wp3.md"), "w") as f:
        f.write("edited by a person")
    server.side(*edit(4, "another"))
    done = sync.once()
    tap.tree(sync.tree(), sync.scratch(), "a document that was edited")
    server.side("edit", {"id": 3, "set": {"subject": "wp3-moved"}})
    tap.same(sync.once().code, 0, "moves as if it was not")
    branches = sync.git("branch", "--list", "opsync/kept/*",
                        "--format=%(refname:short)").out.split()
    kept = [sync.git("show", b + ":wp3.md").out for b in branches]
    tap.ok(done.code == 0 and "kept on the branch" in done.err and
           "edited by a person" in kept, "is kept when it is replaced",
           "%r %r" % (done, kept))


# --- Hostile names ------------------------------------------------------------


def safe(path):
    parts = path.split("/")
    return all(p not in ("", ".", "..", ".git") and not p.startswith(".")
               and len(p.encode()) <= 255 and not any(
                   ord(c) < 32 or c in '\\:*?"<>|' for c in p)
               for p in parts)


def hostile(tap):
    more = (("../../../../tmp/evil.txt", b"a"), ("..", b"b"), (".git", b"c"),
            ("/etc/passwd", b"d"), ("a\\..\\b.txt", b"e"), ("CON", b"f"),
            ("x\ny.txt", b"g"), ("same.txt", b"h"), ("SAME.TXT", b"i"),
            (LONG, b"j"), (LONG, b"k"), ("index.md", b"l"), (".gitattributes",
             b"m"), ("-rf", b"n"), ("e\u0301.txt", b"o"), ("\u00e9.txt", b"p"),
            ("\u202egnp.exe", b"q"), (" ", b"r"))
    with StandIn() as server:
        for number, (name, content) in enumerate(more):
            server.side("attach", {
                "id": 7000 + number, "work_package": 22, "file_name": name,
                "content": "evil " + content.decode()})
        with Sync(server.url, mapping=FOLDERS.replace(
                "match: {}", "match: { where: '${ id == 22 }' }").replace(
                    "${ subject }", "bundle")) as sync:
            done = sync.once()
            tap.same(done.code, 0, "hostile names are no failure")
            tree = sync.tree()
            tap.same([p for p in tree if not safe(p)], [],
                     "no name leads anywhere, or hides")
            tap.same({p.split("/")[0] for p in tree}, {"bundle"},
                     "all in one folder")
            tap.same(len({p.lower() for p in tree}), 18 + len(more) + 1,
                     "each attachment has a name of its own")
            sizes = sorted(len(b) for p, b in tree.items()
                           if not p.endswith("index.md"))
            tap.same((sizes[-1], sizes[0]), (20971520, 0),
                     "the big one and the empty one are there")
            tap.same(sorted(b for b in tree.values() if b[:5] == b"evil "),
                     sorted(b"evil " + c for _, c in more),
                     "with their bytes")
            tap.same(tree["bundle/index.md"].split(b"---")[-1].strip(),
                     b"22", "and none took the document's place")
            tap.tree(tree, sync.scratch(), "as from nothing")
            tap.same(sync.flaws(), [], "a repository without a flaw")
            tap.same(os.path.exists("/tmp/evil.txt"), False,
                     "nothing outside")


def default(tap):
    """Everything recorded, with the mapping that serves where there is
    none."""
    with StandIn() as server, Sync(server.url, projects="'*'",
                                   mapping="") as sync:
        done = sync.once()
        tap.same(done.code, 0, "all projects, no documents: in the config")
        tree = sync.tree()
        items = {w["id"] for w in server.state()["workPackages"]}
        made = [p for p in tree if p.endswith("/index.md")]
        tap.same(len(made), len(items), "each work package has a document")
        tap.same([p for p in tree if not safe(p)], [], "no path is odd")
        tap.same({int(p.split("/")[1].split("-")[0]) for p in made}, items,
                 "PROJECT/ID-slug/index.md")
        picture = [p for p in tree if p.startswith("ccm/14-")
                   and p.endswith(".png")]
        tap.ok(len(picture) == 1 and tree[picture[0]] ==
               read("tests/openproject/contents/4"),
               "pictures of the description are beside it", picture)
        tap.tree(tree, sync.scratch(), "as from nothing")
        tap.same(sync.flaws(), [], "a repository without a flaw")


BOTH = """
documents:
- name: first
  match: { where: "${ subject != 'wp2' }" }
  continue: true
  path: ${ subject }.md
  body: first
- name: second
  path: ${ subject }.md
  body: second
"""


def own_entries(tap):
    """Two entries make one path of the same work package."""
    with StandIn("--generate", "3") as server, Sync(
            server.url, projects="[demo-1]", mapping=BOTH) as sync:
        for ident in range(1, 4):
            server.side(*edit(ident, "wp%d" % ident))
        sync.once()
        tree = sync.tree()
        tap.ok(b"first" in tree["wp1.md"] and b"second" in tree["wp1-1.md"]
               and b"second" in tree["wp2.md"], "the earlier entry has it",
               tree)
        server.side(*edit(2, "other"))
        sync.once()
        tree = sync.tree()
        tap.ok(b"first" in tree["other.md"] and
               b"second" in tree["other-2.md"], "and has it when it comes",
               tree)
        server.side(*edit(2, "wp2"))
        sync.once()
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


CROWD = """
documents:
- path: x/same.md
  match: { where: "${ subject != 'Away' }" }
  body: ${ subject }
"""


def crowd(tap, n=1500):
    """A path without an ID, by mistake: all of very many want it."""
    with StandIn("--generate", str(n)) as server, Sync(
            server.url, projects="[demo-1]", mapping=CROWD) as sync:
        done = sync.once()
        tap.ok(done.code == 0 and "%d added" % n in done.err,
               "very many want one path: in time, and counted once", done)
        tap.same(sorted(sync.tree()), sorted(
            ["x/same.md", *("x/same-%d.md" % i for i in range(2, n + 1))]),
            "the lowest has it")
        server.side(*edit(1, "Away"))
        sync.once("--reconcile")
        tap.ok("x/same-2.md" not in sync.tree() and
               "x/same-3.md" in sync.tree(), "then the next")
        server.side(*edit(1, "Back"))
        sync.once()
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def second_choice(tap, server, sync):
    """With -ID a path is another's own: that one has it, whoever came first."""
    w = World(tap, server, sync)
    w.after("before", {"b.md": 1, "b-3.md": 3}, [edit(1, "b"), edit(3, "b")])
    w.after("somebody's own path is another's second choice",
            {"b.md": 1, "b-3-3.md": 3, "b-3.md": 5}, [edit(5, "b-3")])
    w.after("and the third", {"b-3-3-3.md": 3, "b-3.md": 5, "b-3-3.md": 6},
            [edit(6, "b-3-3")])
    w.after("case makes no difference",
            {"B-3-3.md": 6, "b-3-3-3.md": 3, "b-3.md": 5},
            [edit(6, "B-3-3")])
    w.after("the second choice is free", {"b-3.md": 3, "wp5.md": 5},
            [edit(5, "wp5")])
    w.after("nobody wants the first choice", {"b.md": 3, "wp1.md": 1},
            [edit(1, "wp1")])
    w.after("one that has it leaves it, and comes behind",
            {"b-2.md": 2, "b.md": 1}, [edit(2, "b-2"), edit(1, "b")])
    w.after("behind others it may have its own path with -ID",
            {"b.md": 1, "b-2.md": 2, "b-3.md": 3, "more.md": 4},
            [edit(2, "b"), edit(4, "more")])


TWO = """
documents:
- name: one
  match: {}
  path: ${ subject }.md
  continue: true
  body: "${ id }"
- name: two
  match: {}
  path: ${ subject | replace("x", "") }.md
  body: "${ id }"
"""
WANTED = """b b-2 b-2-2 B b-3 b-1 b-1-1 xb xb-2 b-3-3 b-4 b-4-4 B-2""".split()


NUMBERED = TWO.replace('${ subject | replace("x", "") }.md',
                       "${ subject }-${ id }.md").replace(
                           "${ id }\"\n- name: two", "one\"\n- name: two")


def own_second_choice(tap):
    """With -ID it is the path of another entry of the same work package."""
    with StandIn("--generate", "2") as server, Sync(
            server.url, projects="[demo-1]", mapping=NUMBERED) as sync:
        for ident in (1, 2):
            server.side(*edit(ident, "b"))
        tap.same(sync.once().code, 0, "an entry's own path is kept to it")
        tap.same({path: text.split(b"---")[-1].strip()
                  for path, text in sync.tree().items()},
                 {"b.md": b"one", "b-1.md": b"1",
                  "b-2-2.md": b"one", "b-2.md": b"2"}, "the other goes on")
        sync.once("--full")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def exhausted(tap):
    """Somebody has all that it could evade to."""
    with StandIn("--generate", "11") as server, Sync(
            server.url, projects="[demo-1]", mapping=FILES) as sync:
        for ident in (1, 11):
            server.side(*edit(ident, "b"))
        for ident in range(2, 11):
            server.side(*edit(ident, "b" + "-11" * (ident - 1)))
        done = sync.once()
        tap.ok(done.code == 3 and "work package 11: b.md is taken, and so are "
               "its paths with -11" in done.err, "no path is left: said", done)
        server.side(*edit(5, "elsewhere"))
        sync.once()
        done = sync.once()
        tap.ok(done.code == 0 and holders(sync)["b-11-11-11-11.md"] == 11,
               "when one is free, it is made", done)
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def at_random(tap, mapping, seed):
    """Whatever comes in whatever order: as from nothing."""
    rng = random.Random(seed)
    name = "seed %d: " % seed
    with StandIn("--generate", "5") as server, Sync(
            server.url, projects="[demo-1]", mapping=mapping,
            more=GUARD) as sync:
        for number in range(6):
            orders = [edit(rng.randint(1, 4), rng.choice(WANTED))
                      for _ in range(rng.randint(1, 4))]
            for order in orders:
                server.side(*order)
            done = sync.once()
            if done.code != 0 or sync.tree() != sync.scratch():
                tap.ok(False, name + "pass %d" % number, [orders, done])
                return
        tap.ok(True, name + "six passes")


def blocked(tap):
    """A path is that of another's attachment: until that one leaves it."""
    with StandIn("--generate", "3") as server, Sync(
            server.url, projects="[demo-1]", mapping=BESIDE) as sync:
        server.side("attach", {"id": 801, "work_package": 1,
                               "file_name": "a", "content": "a"})
        server.side(*edit(1, "b"))
        server.side(*edit(2, "b-file"))
        done = sync.once()
        tap.ok(done.code == 3 and "b-file.txt is taken by work package"
               in done.err, "a path is an attachment's: said", done)
        tap.ok("b.txt" in sync.tree(), "the lower work package has it")
        server.side(*edit(1, "elsewhere"))
        done = sync.opsync("verify")
        tap.ok(done.code == 3 and "no more" not in done.err,
               "what only compares ends no error", done)
        done = sync.once()
        tap.ok(done.code == 0 and
               "work package 2: is in error no more" in done.err,
               "when that one leaves it, it is made", done)
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def beside(tap):
    """Files of one name in one folder: whichever comes first."""
    for late in (1, 2):
        with StandIn("--generate", "3") as server, Sync(
                server.url, projects="[demo-1]", mapping=FLAT) as sync:
            for ident in (1, 2):
                server.side("attach", {
                    "id": 800 + ident, "work_package": ident,
                    "file_name": "image.png", "content": "of %d" % ident})
            server.side("fault", {
                "match": "/work_packages/%d/attachments" % late,
                "times": -1, "delay_ms": 400})
            done = sync.once()
            tree = sync.tree()
            name = "%d comes late: " % late
            tap.ok(done.code == 3 and "save_as" in done.err,
                   name + "said", done)
            tap.ok(tree.get("f/image.png") == b"of 1" and
                   {"f/1.md", "f/3.md"} == {p for p in tree if ".md" in p},
                   name + "the lower one has it", sorted(tree))
            tap.same([e.split()[-1] for e in sync.opsync(
                "log", "--event", "added").out.splitlines() if "#2" in e],
                [], name + "and the other was never added")
            server.side("edit", {"id": 2, "set": {"description": "x"}})
            done = sync.once()
            tap.ok(done.code == 3 and sync.tree() == tree,
                   name + "it stays so", done)
    with StandIn("--generate", "3") as server, Sync(
            server.url, projects="[demo-1]", mapping=FLAT) as sync:
        for ident in (2, 1):
            server.side("attach", {
                "id": 800 + ident, "work_package": ident,
                "file_name": "image.png", "content": "of %d" % ident})
            server.side(*edit(2, "wp%d" % ident))
            done = sync.once()
        tap.ok(done.code == 3 and "work package 1: f/image.png is taken by "
               in done.err and "1 failed" in done.err and
               b"wp1" in sync.tree()["f/2.md"],
               "one that was there before keeps it", done)
        before = len(sync.opsync("log").out.splitlines())
        done = sync.once("--full")
        told = sync.opsync("log").out.splitlines()[before:]
        tap.ok("0 changed" in done.err and "1 failed" in done.err and
               not any("#1" in line for line in told),
               "and nothing is said of what is as it was", (done, told))
    with StandIn("--generate", "3") as server, Sync(
            server.url, projects="[demo-1]", mapping=FLAT) as sync:
        server.side("attach", {"id": 802, "work_package": 2,
                               "file_name": "1.md", "content": "x"})
        done = sync.once()
        tap.ok(done.code == 3 and "work package 2: f/1.md is taken by"
               in done.err and {"f/1.md", "f/3.md"} == set(sync.tree()),
               "where a file would be a lower one's document", done)
        server.side("attach", {"id": 801, "work_package": 1,
                               "file_name": "2.md", "content": "x"})
        done = sync.once("--full")
        tap.ok(done.code == 3 and {"f/1.md", "f/2.md", "f/3.md"} ==
               set(sync.tree()), "and the other way round", done)


def main():
    tap = Tap()
    world = ("--generate", "6")
    for part in (same_path, swap, second_choice):
        with StandIn(*world) as server, Sync(
                server.url, projects="[demo-1]", mapping=FILES,
                more=GUARD) as sync:
            part(tap, server, sync)
            tap.same(sync.flaws(), [], "a repository without a flaw")
    with StandIn(*world) as server, Sync(
            server.url, projects="[demo-1]", mapping=FILES) as sync:
        for ident in range(1, 7):
            server.side(*edit(ident, "wp%d" % ident))
        foreign(tap, server, sync)
    for part in (folders, index):
        with StandIn(*world) as server:
            part(tap, server)
    hostile(tap)
    default(tap)
    own_entries(tap)
    own_second_choice(tap)
    exhausted(tap)
    crowd(tap)
    for seed in range(4):
        for mapping in (FILES, TWO):
            at_random(tap, mapping, seed)
    blocked(tap)
    beside(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
