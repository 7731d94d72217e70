"""A normal day says nothing to logcheck: each line that the daemon logs is
one of those that its file knows.  A fault is not."""
import re
import subprocess
import sys

from harness import StandIn, Sync, Tap, until

IGNORE = "debian/opsync.logcheck.ignore.server"


def unknown(sync):
    """The lines that logcheck would send, as syslog has them."""
    lines = ["Nov 25 13:52:49 host opsyncd[894]: " +
             re.sub(r"^[\d-]+ [\d:]+ ", "", line)
             for line in sync.said().splitlines()]
    done = subprocess.run(
        ["grep", "-Evf", IGNORE], input="\n".join(lines).encode(),
        stdout=subprocess.PIPE, check=False)
    return len(lines), done.stdout.decode()


def main():
    tap = Tap()
    with StandIn() as server, Sync(server.url) as sync:
        sync.start()
        server.side("edit", {"id": 3, "set": {"subject": "A new one"}})
        tap.ok(until(lambda: " 1 changed" in sync.said()), "a change")
        sync.opsync("reload")
        sync.opsync("resync", "--full", "--wait")
        sync.stop()
        sync.start()
        sync.stop()
        n, lines = unknown(sync)
        tap.ok(n > 6, "the day was not empty", sync.said())
        tap.same(lines, "", "and logcheck is quiet")
        server.side("key", {"user": "admin", "key": None})
        sync.start(wait=False)
        until(lambda: "401" in sync.said())
        sync.stop()
        tap.ok("401" in unknown(sync)[1], "a refused key is not a normal day")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
