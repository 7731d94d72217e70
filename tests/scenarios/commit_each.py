#!/usr/bin/python3
"""commit: { by: work-package }: each change has its own commit, with the
change's own time; the tree is the same."""
import sys

from harness import StandIn, Sync, Tap

WORLD = ("--generate", "8", "--attachments", "4", "--attachment-size", "300")
MAPPING = """
documents:
- name: all
  match: {}
  path: docs/${ subject | slug }.md
  attachments: all
  front_matter: { title: "${ subject }" }
  body: ${ description.raw }
"""


def log(sync, form, *more):
    return sync.git("log", "--reverse", "--format=" + form,
                    *more).out.splitlines()


def bulky(tap):
    """Few work packages, but so much text that a pass commits in between."""
    with StandIn("--generate", "50") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        for i in range(1, 51):
            server.side("edit", {"id": i, "set": {
                "description": "%d " % i + "much to say " * 20000}})
        tap.same(sync.once().code, 0, "50 work packages of 500 KiB")
        tap.same(sync.commits(), 2, "are two commits")
        tap.same(sync.flaws(), [], "without a flaw")


def again(tap):
    """How many come is known with a new mapping: large commits first."""
    everything = "guard: { max_change: { share: 100%, count: 10000 } }"
    with StandIn("--generate", "4000") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            more=everything) as sync:
        tap.same(sync.once().code, 0, "4,000 work packages")
        before = sync.commits()
        sync.configure(mapping=MAPPING.replace("title:", "name:"),
                       more=everything)
        tap.same(sync.once().code, 0, "are rendered again")
        made = [int(line.split()[1]) for line in
                log(sync, "%s")[before:]]
        tap.ok(made[0] > 1300 and made == sorted(made, reverse=True) and
               sum(made) == 4000, "the largest commit first, the smallest "
               "last", made)


def main():
    tap = Tap()
    bulky(tap)
    again(tap)
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            more="commit: { by: work-package }") as sync:
        tap.same(sync.once().code, 0, "the first sync")
        tap.same(sync.commits(), 8, "makes a commit a work package")
        things = {w["id"]: w for w in
                  server.state()["workPackages"]}
        for line in log(sync, "%s|%ad|%b", "--date=format-local:%s"):
            if "|" not in line:
                continue
            subject, at = line.split("|")[:2]
            ident = int(subject.split(":")[0])
            if subject != "%d: %s" % (ident, things[ident]["subject"]):
                tap.same(subject, things[ident]["subject"], "its subject")
        tap.ok("%s/work_packages/3" % server.url in
               "\n".join(log(sync, "%b")), "with its address",
               log(sync, "%b"))
        times = log(sync, "%at")
        tap.ok(len(set(times)) > 4, "and its own time", times)
        with sync.sibling(more="") as other:
            other.once()
            tap.tree(sync.tree(), other.tree(), "the same tree as in one")
            tap.same(other.commits(), 1, "which is one commit")
        a, b = things[1]["subject"], things[2]["subject"]
        server.side("edit", {"id": 1, "set": {"subject": b}})
        server.side("edit", {"id": 2, "set": {"subject": a}})
        server.side("delete", {"id": 5})
        tap.same(sync.once("--full").code, 0, "a swap of paths, a deletion")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        head = sync.head()
        tap.same((sync.once("--full").code, sync.head()), (0, head),
                 "and again: nothing")
        tap.same(sync.flaws(), [], "without a flaw")
        sync.configure(more="commit: { by: day }")
        done = sync.once()
        tap.ok(done.code == 78 and "by: is pass or work-package" in done.err,
               "by what else", done)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
