#!/usr/bin/python3
"""One daemon over a long time, with changes, faults of the server and reloads:
it ends as small as it was, in step with the server, its repository packed.

  long_run.py --seed N   repeats a run
"""
# slow: a sanitizer keeps memory
import os
import random
import signal
import sys
import time

from faulty import MAPPING, SOAK, Case, figure, option, size
from harness import StandIn, Tap, until
from maintain import configured, counted, littered

WORLD = ("--generate", "60", "--attachments", "60", "--attachment-size",
         "3000")
QUICK = "  max_tries: 1\n"
FAULTS = ({"status": 500}, {"status": 401}, {"status": 503}, {"status": 404})
GROWTH = 1.05
CONNECTIONS = 6  # at most, to the server; they come and go
WARM = 3072 if not SOAK else 512  # KiB that a short run is not over


def memory(pid):
    """Its own, in KiB: files that are mapped go when others need the room."""
    with open("/proc/%d/status" % pid) as f:
        return int([line.split()[1] for line in f
                    if line.startswith("RssAnon:")][0])


def handles(pid):
    """What it has open, but for packs, of which there may be more."""
    folder = "/proc/%d/fd" % pid
    names = [os.readlink(os.path.join(folder, n)) for n in os.listdir(folder)]
    return len([n for n in names if "/pack-" not in n or "(deleted)" in n])


def gone(pid):
    """Files that it keeps from being removed."""
    with open("/proc/%d/maps" % pid) as f:
        return [line for line in f if "/pack-" in line and "(deleted)" in line]


class Run:
    def __init__(self, server, sync, dice):
        self.server, self.sync, self.dice = server, sync, dice
        self.rounds = self.failed = 0
        self.loose = self.packs = 0
        self.extra = set()

    def change(self):
        for ident in self.dice.sample(range(1, 61), 10):
            self.server.side("edit", {"id": ident, "set": {
                "subject": "Round %d" % self.rounds,
                "description": "word " * self.dice.randint(1, 2000)}})
        self.server.side("attach", {
            "work_package": self.dice.randint(1, 60),
            "file_name": "%d.txt" % (self.rounds % 7),
            "content": "x" * self.dice.randint(1, 20000)})
        extra = 1000 + self.rounds % 9
        if extra in self.extra:
            self.server.side("delete", {"id": extra})
        else:
            self.server.side("edit", {"id": extra, "set": {
                "subject": "Comes and goes", "project": 1}})
        self.extra ^= {extra}

    def round(self):
        """Changes and a pass, which meets a fault now and then."""
        self.rounds += 1
        self.change()
        bad = self.dice.random() < 0.2
        if bad:
            self.server.side("fault", dict(
                self.dice.choice(FAULTS), match="/api/v3/", times=-1))
        if self.dice.random() < 0.1:
            self.sync.process.send_signal(signal.SIGHUP)
        full = ("--full",) if self.dice.random() < 0.1 else ()
        done = self.sync.opsync("resync", "--wait", *full)
        self.failed += done.code != 0
        if bad:
            self.server.side("faults/clear")
        self.loose = max(self.loose, counted(self.sync, "count"))
        self.packs = max(self.packs, counted(self.sync, "packs"))

    def go_on(self, rounds):
        for _ in range(rounds):
            self.round()

    def size(self):
        """Memory and handles where nothing happens."""
        self.sync.opsync("resync", "--wait")
        until(self.sync.idle)
        pid = self.sync.process.pid
        seen = []
        for _ in range(20):  # a git may run, a connection not be closed yet
            time.sleep(0.2)
            seen.append((memory(pid), handles(pid)))
        return tuple(map(min, zip(*seen)))


def main():
    tap = Tap()
    dice = random.Random(int(option("--seed") or 1))
    with StandIn(*WORLD) as server, Case(
            server.url, projects="[demo-1]", mapping=MAPPING, server=QUICK,
            more="guard: { max_delete: { share: 100%, count: 100000 } }",
            schedule="{ poll: 1s, overlap: 1s }") as sync:
        configured(sync, "1s")
        sync.start()
        run = Run(server, sync, dice)
        littered(sync)  # so that it is packed at once
        rounds = size(100, 8000)
        run.go_on(rounds)
        before = run.size()
        run.go_on(rounds)
        after = run.size()
        tap.ok(0 < run.failed < run.rounds / 2,
               "rounds, some of which fail", (run.rounds, run.failed))
        tap.ok(after[0] <= before[0] * GROWTH + WARM, "its memory does not grow",
               (before, after))
        tap.ok(after[1] <= before[1] + CONNECTIONS,
               "nor what it has open", (before, after))
        tap.ok(until(lambda: not gone(sync.process.pid), 5),
               "packs that are gone are let go", gone(sync.process.pid))
        tap.ok(run.loose < 5000 and 0 < run.packs < 60, "loose objects and "
               "packs are few at any time", (run.loose, run.packs))
        tap.same(sync.opsync("resync", "--full", "--wait").code, 0,
                 "a full read goes well")
        tap.tree(sync.tree(), sync.scratch(), "all is as from nothing")
        tap.same(sync.stop(), 0, "the daemon ends well")
        tap.same(sync.flaws(), [], "without a flaw")
        figure(run.rounds, "rounds of one daemon")
        figure(after[0], "KiB of memory after them, from %d" % before[0])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
