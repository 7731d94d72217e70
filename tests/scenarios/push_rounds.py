#!/usr/bin/python3
"""Two daemons and a person push to one repository, all at the same time:
nothing is lost, no merge is made.  make soak: 200 rounds."""
import os
import random
import sys

from harness import StandIn, Tap, until
from push import WORLD, Pushing, Remote

ROUNDS = 8


def round_of(rng, n, server, remote, written):
    for _ in range(rng.randint(1, 3)):
        server.side("edit", {"id": rng.randint(1, 19),
                             "set": {"subject": "Round %d" % n}})
    name = "people/%d.md" % rng.randint(1, 30)
    remote.person({name: "round %d\n" % n}, "round %d" % n)
    written[name] = "round %d\n" % n
    if rng.random() < 0.2:
        remote.person({"one/%d.md" % rng.randint(1, 19): "mine %d\n" % n},
                      "over a document")


def main():
    rounds = ROUNDS
    if "SOAK" in os.environ:
        rounds = max(ROUNDS, int(200 * float(os.environ["SOAK"])))
    tap = Tap()
    rng = random.Random(rounds)
    written = {}
    with StandIn(*WORLD) as server, Pushing(server.url, None) as scratch:
        remote = Remote(scratch.folder)
        with Pushing(server.url, remote.path, "first", "one") as one, \
                Pushing(server.url, remote.path, "second", "two") as two:
            one.once()
            one.start()
            two.start()
            for n in range(rounds):
                round_of(rng, n, server, remote, written)

            def same():
                for sync in (one, two):
                    sync.opsync("resync", "--full", "--wait")
                return one.head() == two.head() == remote.head()
            tap.ok(until(same, 60), "all come to one commit",
                   one.said() + two.said())
            tree = one.tree()
            lost = [p for p, text in written.items()
                    if tree.get(p, b"").decode() != text]
            tap.same(lost, [], "nothing of the person's is lost")
            for sync, folder in ((one, "one/"), (two, "two/")):
                got = {p: t for p, t in tree.items() if p.startswith(folder)}
                tap.tree(got, sync.scratch(), "all of " + sync.name)
                tap.same(sync.stop(), 0, sync.name + " ends well")
            log = remote.git("log", "--format=%s", "main")
            tap.ok(log.count("round ") == rounds, "each round is there",
                   log)
            tap.same(remote.faults(), [], "in one line")
            print("# figure: %d rounds of two daemons and a person pushing" %
                  rounds)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
