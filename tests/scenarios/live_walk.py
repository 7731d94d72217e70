#!/usr/bin/python3
"""The random walk beside one daemon that lives on: people go on while it
reads, what it remembers is old or half of it, the server fails, it is killed
and started; whenever it gets quiet the store must be what one made from nothing
is.

  live_walk.py --seed N [--steps N] [--trace]   walks one of them again, as far
  as two programs do the same at the same time again
"""
# slow: half a minute
import signal
import sys
import time

from harness import until
from walk import FAULTS, PLACES, Failed, Walk, main

STEPS = 60
SCHEDULE = "{ poll: 1s, overlap: 1s, reconcile: 2s }"


class LiveWalk(Walk):
    """A small OpenProject, people who change it, and a daemon that stays."""
# waits for most of its time

    QUIET = 0.04

    def __init__(self, seed, trace=False):
        super().__init__(seed, trace)
        self.sync.configure(schedule=SCHEDULE)
        self.delay = self.dice.choice((0, 15, 80))
        self.slow_down()
        self.sync.start(wait=False)

    def slow_down(self):
        """So that people come between two answers; no faults any more."""
        self.side("faults/clear")
        self.side("fault", match="/api/v3/", times=-1, delay_ms=self.delay)

    def live(self):
        status = self.sync.process.poll()
        if status is not None:
            raise Failed("the daemon ended with %d" % status)

    def answers(self):
        got = self.sync.opsync("--json", "status")
        return got.code == 0 and got.json()[0].get("daemon")

    def run(self, *_, args=()):
        """A pass that is asked for; a reconcile comes by itself."""
        self.live()
        if "--reconcile" in args:
            return self.reconciled(), ""
        if not until(self.answers, 20):
            raise Failed("it does not answer")
        done = self.sync.opsync("resync", "--wait", *args)
        if self.trace:
            print("#   resync %r: %r" % (args, done), flush=True)
        if done.code not in (0, 3, 69, 75, 77, 78):
            raise Failed("resync: %r" % done)
        return done.code, done.err

    def reconciled(self):
        """One that began after now is done: projects are asked for by each."""
        self.side("requests/reset")
        if not until(lambda: sum(
                "/projects?" in r["path"] and r["path"].endswith("offset=1")
                for r in self.server.requests()) > 1 and self.sync.idle(), 60):
            raise Failed("no reconcile")
        return 0

    # --- What happens meanwhile ---------------------------------------------

    def poll(self):
        if self.dice.random() < 0.2:
            self.run(args=self.args())
        else:
            self.sync.opsync("resync", *self.dice.choice(((), ("--full",))))

    def kill(self):
        if self.dice.random() < 0.3:
            self.sync.stop(signal.SIGKILL)
            self.sync.start(wait=False)
            self.kills += 1

    def fault(self):
        self.slow_down()
        for _ in range(self.dice.choice((0, 0, 1, 2, 3))):
            self.side("fault", match=self.dice.choice(PLACES),
                      after=self.dice.choice((0, 0, 1, 3)),
                      times=self.dice.choice((1, 2, -1)),
                      **self.dice.choice(FAULTS))
            self.faults += 1

    def revoked(self):
        self.side("key", user="syncbot", key=None)
        self.run(args=())
        self.side("key", user="syncbot", key="walkerkey")

    def end(self):
        status = self.sync.stop()
        if status != 0:
            raise Failed("the daemon ends with %d:\n%s" % (
                status, self.sync.said()[-3000:]))

    def stopped(self, step):
        if not until(self.answers, 20):
            raise Failed("it does not answer")
        self.end()
        step(self)
        self.sync.start(wait=False)

    def lost_state(self):
        """Until all is read again, what is hidden would not be known."""
        self.side("faults/clear")
        self.stopped(Walk.lost_state)
        self.well(codes=(0, 3))
        self.slow_down()

    def stale(self):
        self.stopped(Walk.stale)

    def heeds(self):
        """SIGHUP, at once or later: before that it would be its end."""
        with open("/proc/%d/status" % self.sync.process.pid) as f:
            return any(int(line.split()[1], 16) & 1 for line in f
                       if line.startswith(("SigBlk", "SigCgt")))

    def remap(self):
        super().remap()
        until(self.heeds)
        self.sync.process.send_signal(signal.SIGHUP)

    def step(self):
        weights = [w for w, _ in self.STEPS]
        name = self.dice.choices(self.STEPS, weights)[0][1].__name__
        getattr(self, name)()
        time.sleep(self.dice.random() * 0.06)

    # --- Quiet --------------------------------------------------------------

    def quiet(self):
        self.live()
        self.side("faults/clear")
        self.run()  # what ran when the last of them was met
        super().quiet()
        self.slow_down()


if __name__ == "__main__":
    sys.exit(main(LiveWalk, STEPS, (1, 100), " beside a daemon"))
