#!/usr/bin/python3
"""A daemon that is killed amid its first sync goes on where it was: the same
tree as if nothing had happened, nothing left over, nothing fetched twice."""
import contextlib
import signal
import sqlite3
import sys

from harness import StandIn, Sync, Tap, until

MAPPING = """
documents:
- name: all
  match: {}
  path: ${ project.identifier }/${ id }/index.md
  attachments: all
  front_matter: { title: "${ subject }" }
  body: ${ description.raw }
"""
SMALL = ("--generate", "300", "--attachments", "300",
         "--attachment-size", "20000")
LARGE = ("--generate", "1100", "--attachments", "1100",
         "--attachment-size", "300")


def fetched(server):
    """The contents that were asked for, one by one."""
    return [r["path"] for r in server.requests()
            if r["path"].endswith("/content")]


def kill_when(sync, condition, *args):
    sync.start(*args, wait=False)
    reached = until(condition, 30)
    sync.stop(signal.SIGKILL)
    return reached


def early(tap, wanted):
    """Killed at several places before there is a commit."""
    with StandIn(*SMALL) as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        for number in (1, 40, 150, 290):
            server.side("requests/reset")
            reached = kill_when(
                sync, lambda n=number: len(fetched(server)) >= n)
            tap.ok(reached, "killed after %d contents" % number)
            if sync.head() is not None:
                tap.same(sync.flaws(), [], "what is there is whole")
        tap.same(sync.once().code, 0, "the next start goes well")
        tap.tree(sync.tree(), wanted(server), "to the undisturbed tree")
        tap.same(sync.flaws(), [], "nothing is left over")
        tap.same(sync.once().code, 0, "and once more")
        head = sync.head()
        tap.same((sync.once("--full").code, sync.head()), (0, head),
                 "there is nothing to do")


def late(tap, wanted):
    """Killed when a part of it is committed."""
    with StandIn(*LARGE) as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        reached = kill_when(sync, lambda: sync.head() is not None)
        tap.ok(reached, "killed after the first commit")
        done = sync.git("ls-tree", "-r", "--name-only", "HEAD").out.splitlines()
        there = len([p for p in done if not p.endswith(".md")])
        tap.ok(0 < there < 1100, "which has a part", there)
        whole = len([p for p in done if p.endswith(".md")])
        tap.same(there, whole, "documents come with their attachments")
        server.side("requests/reset")
        result = sync.once()
        tap.ok(result.code == 0 and "0 failed" in result.err,
               "the next start goes well", result)
        again = fetched(server)
        tap.ok(0 < len(again) == len(set(again)) <= 1100 - there,
               "what is stored is not fetched again",
               "%d fetched, %d there" % (len(again), there))
        tap.tree(sync.tree(), wanted(server), "to the undisturbed tree")
        tap.same(sync.flaws(), [], "nothing is left over")


def between(tap):
    """Killed when a part of the documents is made by another mapping."""
    other = MAPPING.replace('" }', '", more: x }')
    with StandIn("--generate", "2500") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            more="guard: { max_change: { count: 100000 } }") as sync:
        sync.once()
        before = sync.tree()
        head = sync.head()
        sync.configure(mapping=other)
        tap.ok(kill_when(sync, lambda: sync.head() != head),
               "killed after the first commit of another mapping")
        changed = sync.git("diff", "--name-only", head, "HEAD").out.count(".md")
        tap.ok(0 < changed < 2500, "which has a part", changed)
        sync.configure(mapping=MAPPING)
        done = sync.once()
        tap.ok(done.code == 0, "back to the first mapping", done)
        tap.tree(sync.tree(), before, "all are as it makes them")
        sync.configure(mapping=other)
        head = sync.head()
        kill_when(sync, lambda: sync.head() != head)
        tap.same(sync.once().code, 0, "killed again, and on")
        tap.tree(sync.tree(), sync.scratch(), "all are as the other does")
        tap.same(sync.flaws(), [], "nothing is left over")


def removing(tap):
    """Killed when a part of many removals is committed."""
    left = {"demo-1/%d/index.md" % n for n in range(2491, 2501)}
    limits = "guard: { max_delete: { share: 100%, count: 2490 } }"
    for name, more in (("a person let go", ""), ("few enough", limits)):
        with StandIn("--generate", "2500") as server, Sync(
                server.url, projects="[demo-1]", mapping=MAPPING,
                more=more) as sync:
            sync.once()
            for ident in range(1, 2491):
                server.side("delete", {"id": ident})
            if not more:
                tap.same(sync.once("--full").code, 3, "too many are held")
                tap.same(sync.opsync("release", "1").code, 0, "and released")
            head = sync.head()
            tap.ok(kill_when(sync, lambda: sync.head() != head, "--full"),
                   name + ": killed after the first commit of removals")
            there = len(sync.tree())
            tap.ok(10 < there < 2500, name + ": which has a part", there)
            done = sync.once("--full")
            tap.same(done.code, 0, name + ": the next start goes well")
            tap.same(set(sync.tree()), left, name + ": and does the rest")
            tap.same(sync.flaws(), [], name + ": nothing is left over")
            tap.same(sync.opsync("--json", "held").out, "",
                     name + ": nothing is held")
            counted = weight(sync)
            tap.same(counted, 2490 if more else 0,
                     name + ": each of them counts once")


def weight(sync):
    """The removals that the guard knows of."""
    with contextlib.closing(sqlite3.connect(
            sync.store + "/.git/opsync/state.db")) as db:
        return db.execute("SELECT count(*) FROM removal").fetchone()[0]


def settled(tap, wanted):
    """Killed at any time while it has nothing or little to do."""
    with StandIn(*SMALL) as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        sync.once()
        for ident in range(1, 6):
            server.side("edit", {
                "id": ident, "set": {"subject": "Changed"}})
            head = sync.head()
            kill_when(sync, lambda h=head: sync.head() != h)
        sync.start()
        tap.tree(sync.tree(), wanted(server), "killed after each commit")
        tap.same(sync.commits(), 6, "each change is one commit")
        tap.same(sync.stop(), 0, "it ends when told to")
        tap.same(sync.flaws(), [], "nothing is left over")


def main():
    tap = Tap()

    def undisturbed(server):
        with Sync(server.url, projects="[demo-1]", mapping=MAPPING) as other:
            other.once()
            return other.tree()
    early(tap, undisturbed)
    late(tap, undisturbed)
    between(tap)
    removing(tap)
    settled(tap, undisturbed)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
