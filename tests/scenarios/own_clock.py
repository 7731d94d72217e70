#!/usr/bin/python3
"""The daemon's own clock is wrong, or jumps while it runs: nothing is missed,
nothing comes twice, and nothing is asked for more often."""
# waits for most of its time
# slow: what is preloaded does not go with sanitizers
import os
import struct
import sys
import time

from harness import BUILD, StandIn, Sync, Tap, until
from moments import MAPPING, follows

SHIM = os.path.join(BUILD, "tests/faults/clock.so")
HOUR = 3600


def moment(year):
    """How far that year is away."""
    return int((year - 1970) * 365.2425 * 24 * HOUR - time.time())


CLOCKS = (("in 1970", moment(1970) + 60), ("in 2040", moment(2040)),
          ("an hour back", -HOUR), ("an hour ahead", HOUR))


class Clocked(Sync):
    """A daemon whose clock is seconds ahead."""

    def set(self, ahead):
        with open(os.path.join(self.folder, "clock"), "r+b") as f:
            f.write(struct.pack("=q", ahead))

    def start_at(self, ahead):
        path = self.write("clock", "\0" * 8)
        self.set(ahead)
        self.env.update(LD_PRELOAD=SHIM, CLOCK=path)
        self.start(wait=False)
        del self.env["LD_PRELOAD"], self.env["CLOCK"]
        until(self.idle, 60)


def quiet(tap, server, sync, name):
    """Where nothing happens it polls once a second, and commits nothing."""
    until(sync.idle)
    head = sync.head()
    since = time.monotonic()
    server.side("requests/reset")
    time.sleep(3)
    asked = server.requests()
    most = 4 * (time.monotonic() - since)
    tap.ok(1 <= len(asked) <= most and sync.head() == head,
           name + ": polls are as often as ever, and quiet", asked)


def wrong(tap):
    for name, ahead in CLOCKS:
        with StandIn("--generate", "30") as server, Clocked(
                server.url, projects="[demo-1]", mapping=MAPPING) as sync:
            sync.start_at(ahead)
            follows(tap, server, sync, name)
            quiet(tap, server, sync, name)
            tap.same(sync.stop(), 0, name + ": the daemon ends well")
            server.side("edit", {"id": 5, "set": {"subject": "After"}})
            tap.same(sync.once().code, 0, name + ": and when it is right")
            tap.tree(sync.tree(), sync.scratch(), name + ": as from nothing")
            tap.same(sync.flaws(), [], name + ": without a flaw")


def jumps(tap):
    """It is set again and again while one daemon runs."""
    with StandIn("--generate", "30") as server, Clocked(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        sync.start_at(0)
        for name, ahead in (*CLOCKS, ("right again", 0)):
            name = "set to be " + name
            sync.set(ahead)
            follows(tap, server, sync, name)
            quiet(tap, server, sync, name)
        said = sync.opsync("status")
        tap.ok(said.code == 0 and "in step" in said.out, "all is in step",
               said)
        tap.same(sync.stop(), 0, "the daemon ends well")
        tap.same(sync.flaws(), [], "without a flaw")


def main():
    tap = Tap()
    wrong(tap)
    jumps(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
