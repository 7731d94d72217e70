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


def edit(ident, subject):
    return "edit", {"id": ident, "set": {"subject": subject}}


def attach(ident, name="image.png"):
    return "attach", {"id": 800 + ident, "work_package": ident,
                      "file_name": name, "content": "of %d" % ident}


def taken(sync):
    """What status says of paths that are another's."""
    lines = [line.strip() for line in sync.opsync("status").out.splitlines()]
    return sorted(line[:line.index(":")] for line in lines
                  if " is taken " in line)


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

    def run(self, passes, wanted, errors):
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
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
