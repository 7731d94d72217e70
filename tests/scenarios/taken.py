#!/usr/bin/python3
"""A path or a file that another has: whatever comes first, the same documents,
the same errors, and nothing told again."""
import sys

from harness import StandIn, Sync, Tap

FLAT = """
documents:
- match: {}
  path: f/${ id }.md
  front_matter: { title: "${ subject }" }
  attachments: all
  emit: { final_newline: false }
  body: "${ id }"
"""
BESIDE = """
documents:
- match: {}
  path: ${ subject }.txt
  attachments: { files: all, save_as: "${ subject }-file.txt" }
  body: "${ id }"
"""
NAMED = """
documents:
- match: {}
  path: f/${ id }.md
  front_matter: { d: "${ description.raw | json }" }
  attachments: { files: all, save_as: "${ subject }.txt" }
  emit: { final_newline: false }
  body: "${ id }"
"""
STAYS = """
documents:
- match: { where: "${ subject != 'none' }" }
  when_gone: keep
  path: ${ subject }.md
  front_matter: { d: "${ description.raw | json }" }
  emit: { final_newline: false }
  body: "${ id }"
"""
BELOW = """
documents:
- match: {}
  path: ${ subject | replace("+", "/") }
  front_matter: { d: "${ description.raw }" }
  emit: { final_newline: false }
  body: "${ id }"
"""


def edit(ident, subject):
    return "edit", {"id": ident, "set": {"subject": subject}}


def write(ident, subject, raw):
    return "edit", {"id": ident,
                    "set": {"subject": subject, "description": raw}}


def attach(ident, name="image.png"):
    return "attach", {"id": 800 + ident, "work_package": ident,
                      "file_name": name, "content": "of %d" % ident}


def taken(sync):
    """What status says of paths that are another's."""
    lines = [line.strip() for line in sync.opsync("status").out.splitlines()]
    return sorted(line.split(":")[0] for line in lines
                  if " is taken " in line or " is a f" in line)


def told(sync):
    return [line.split(None, 2)[-1] for line
            in sync.opsync("log").out.splitlines()]


class Case:
    """Edits in passes of which each is run with another one coming late."""

    def __init__(self, tap, name, mapping, n):
        self.tap = tap
        self.name = name
        self.mapping = mapping
        self.n = n

    def run(self, passes, wanted, errors, subject=None):
        for late in range(1, self.n + 1):
            with StandIn("--generate", str(self.n)) as server, Sync(
                    server.url, projects="[demo-1]",
                    mapping=self.mapping) as sync:
                for ident in range(1, self.n + 1):
                    server.side(*edit(ident, "wp%d" % ident))
                for orders in passes:
                    for order in orders:
                        server.side(*order)
                    self.delay(server, late)
                    sync.once()
                if subject is not None:
                    self.tap.same(
                        sync.git("log", "-1", "--format=%s").out.strip(),
                        subject, "%s, %d late" % (self.name, late))
                self.check(server, sync, late, wanted, errors)

    @staticmethod
    def delay(server, late):
        server.side("faults/clear")
        server.side("fault", {
            "match": "/work_packages/%d/attachments" % late, "times": -1,
            "delay_ms": 300})

    def check(self, server, sync, late, wanted, errors):
        name = "%s, %d late: " % (self.name, late)
        tree = {path: int(text.split()[-1])
                for path, text in sync.tree().items()}
        self.tap.same(tree, wanted, name + "the documents")
        self.tap.same(taken(sync), errors, name + "the errors")
        found = sync.opsync("verify")
        self.tap.ok(found.code == 0, name + "verify finds none", found)
        before = told(sync)
        head = sync.head()
        for other in range(1, self.n + 1):
            self.delay(server, other)
            sync.once("--full")
        self.tap.same((told(sync), sync.head(), taken(sync)),
                      (before, head, errors), name + "and it stays so")


def main():
    tap = Tap()
    Case(tap, "two get one file", FLAT, 3).run(
        [[], [attach(1), attach(2)]],
        {"f/1.md": 1, "f/2.md": 2, "f/3.md": 3, "f/image.png": 1},
        ["f/image.png is taken by work package 1"])
    Case(tap, "a lower one comes as it is changed", FLAT, 2).run(
        [[attach(2)], [attach(1), edit(2, "again")]],
        {"f/1.md": 1, "f/2.md": 2, "f/image.png": 2},
        ["f/image.png is taken by work package 2"])
    Case(tap, "two want a third's", FLAT, 3).run(
        [[attach(3)], [attach(1), attach(2)]],
        {"f/1.md": 1, "f/2.md": 2, "f/3.md": 3, "f/image.png": 3},
        ["f/image.png is taken by work package 3"] * 2)
    Case(tap, "what is in error claims no path", BESIDE, 3).run(
        [[edit(3, "b-file")],
         [attach(1, "a"), edit(1, "b"), edit(2, "b")]],
        {"wp1.txt": 1, "b.txt": 2, "b-file.txt": 3},
        ["b-file.txt is taken by work package 3"])
    Case(tap, "nor a file", FLAT, 3).run(
        [[attach(3)], [attach(1), ("attach", {
            "id": 901, "work_package": 1, "file_name": "b.png",
            "content": "of 1"}), attach(2, "b.png")]],
        {"f/1.md": 1, "f/2.md": 2, "f/3.md": 3, "f/image.png": 3,
         "f/b.png": 2},
        ["f/image.png is taken by work package 3"])
    Case(tap, "and has the path that it leaves", BESIDE, 3).run(
        [[edit(3, "b-file")],
         [attach(1, "a"), edit(1, "b"), edit(2, "wp1")]],
        {"wp1.txt": 1, "wp1-2.txt": 2, "b-file.txt": 3},
        ["b-file.txt is taken by work package 3"])
    Case(tap, "who has a file keeps its path, too", BESIDE, 3).run(
        [[edit(2, "b"), attach(2, "a")],
         [edit(1, "b"), attach(1, "a"), edit(2, "b")]],
        {"wp1.txt": 1, "b.txt": 2, "b-file.txt": 2, "wp3.txt": 3},
        ["b-file.txt is taken by work package 2"])
    Case(tap, "and counts once", NAMED, 3).run(
        [[attach(1), attach(2), attach(3), write(1, "a", "1"),
          write(2, "b", "1"), write(3, "c", "1")],
         [write(1, "b", "1"), write(2, "c", "1"), write(3, "d", "bad")],
         [write(3, "one", "2"), write(2, "one", "2"),
          write(1, "one", "2")]],
        {"f/1.md": 1, "f/2.md": 2, "f/3.md": 3, "f/one.txt": 1,
         "f/b.txt": 2, "f/c.txt": 3},
        ["f/one.txt is taken by work package 1"] * 2, "Change 1 document")
    first = [[write(1, "wp1", "1"), write(2, "wp2", "2"),
              write(3, "b", "3")]]
    Case(tap, "who cannot be made keeps its path", STAYS, 3).run(
        first + [[write(3, "c", "bad")], [edit(1, "b"), edit(2, "b")]],
        {"b-1.md": 1, "b-2.md": 2, "b.md": 3}, [])
    Case(tap, "also at once", STAYS, 3).run(
        first + [[write(3, "c", "bad"), edit(1, "b")]],
        {"b-1.md": 1, "wp2.md": 2, "b.md": 3}, [])
    Case(tap, "and gives it up when it can", STAYS, 3).run(
        first + [[write(3, "c", "bad"), edit(1, "b"), edit(2, "b")],
                 [write(3, "c", "3")]],
        {"b.md": 1, "b-2.md": 2, "c.md": 3}, [])
    Case(tap, "to the lower one", STAYS, 3).run(
        first + [[write(3, "c", "bad"), edit(2, "b")],
                 [write(3, "b", "3")]],
        {"wp1.md": 1, "b.md": 2, "b-3.md": 3}, [])
    Case(tap, "one with an id, too", STAYS, 3).run(
        first + [[edit(2, "b")], [write(3, "b", "bad")],
                 [edit(1, "b-3")]],
        {"b-3-1.md": 1, "b.md": 2, "b-3.md": 3}, [])
    Case(tap, "and what is kept, but made no more", STAYS, 3).run(
        first + [[edit(3, "none")], [edit(1, "b")]],
        {"b-1.md": 1, "wp2.md": 2, "b.md": 3}, [])
    Case(tap, "a folder is a file", BELOW, 3).run(
        [[edit(2, "b")], [edit(1, "b+a"), edit(3, "c+a")], [edit(2, "c")]],
        {"wp1": 1, "b": 2, "c/a": 3},
        ["b is a file of work package 2, not a folder for b/a",
         "c is a folder with files of work package 3"])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
