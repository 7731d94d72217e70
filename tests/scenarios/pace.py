#!/usr/bin/python3
"""A server is asked no faster than it is meant to be, nor than it can."""
import sys
import time

from harness import StandIn, Sync, Tap

ALL = """
documents:
- { path: "${ id }.md", attachments: all, body: "${ description.raw }" }
"""


def limited(tap):
    with StandIn() as server, Sync(
            server.url, mapping=ALL, server="  rate: { requests: 20 }\n") as sync:
        done = sync.once()
        at = [r["at"] / 1e6 for r in server.requests()]
        tap.ok(done.code in (0, 3) and len(at) > 30, "all is asked for", done)
        most = max(sum(a <= b < a + 1 for b in at) for a in at)
        tap.ok(most <= 41, "a second's worth after a pause, and that again",
               "%d requests in a second" % most)
        took = at[-1] - at[0]
        tap.ok(len(at) <= 21 + 20 * took + 1, "and no more in the long run",
               "%d requests in %.2f s" % (len(at), took))


def bytes_limited(tap):
    with StandIn("--generate", "2", "--attachments", "2",
                 "--attachment-size", "600000",
                 "--key", "admin=adminkey") as server, Sync(
            server.url, projects="[demo-1]", mapping=ALL,
            server="  rate: { bytes: 400KiB }\n") as sync:
        began = time.monotonic()
        done = sync.once()
        took = time.monotonic() - began
        tap.ok(done.code == 0 and took > 1.2,
               "1.2 MB at 400 KiB a second take their time", (took, done))


def enough(tap):
    with StandIn() as server, Sync(server.url, mapping=ALL) as sync:
        server.side("fault", {"match": "/attachments", "after": 3,
                              "status": 429,
                              "headers": {"Retry-After": "2"}})
        done = sync.once()
        asked = server.requests()
        refused = next(i for i, r in enumerate(asked) if r["status"] == 429)
        at = sorted(r["at"] / 1e6 for r in asked[refused:])
        # What comes in while the 429 is on its way is no fault.
        pause, after = max((b - a, len(at) - i)
                           for i, (a, b) in enumerate(zip(at, at[1:]), 1))
        tap.ok(pause >= 1.9 and after > len(at) / 2,
               "a 429 stops all that follows, for as long as it says",
               "%.2f s, then %d of %d" % (pause, after, len(at)))
        tap.ok(done.code in (0, 3) and len(sync.tree()) > 20,
               "and then it goes on", done)


def batches(tap):
    """Lists of many take longer than lists of few: that is not slow."""
    with StandIn("--generate", "1000", "--cost") as server, Sync(
            server.url, projects="[demo-1]", mapping="""
documents:
- { path: "${ id }.md", attachments: none, body: "${ subject }" }
""") as sync:
        done = sync.once()
        at = sorted(r["at"] / 1e6 for r in server.requests()
                    if len(r["path"]) > 500)
        tap.ok(done.code == 0 and len(at) == 5 and at[-1] - at[0] < 4.5,
               "batches are asked for two at a time", (at, done))


def ahead(tap):
    """Two are here and wait while the worker still maps the first two."""
    slow = "description.raw" + " | upper | lower" * 60
    with StandIn("--generate", "1000") as server, Sync(
            server.url, projects="[demo-1]", mapping="""
documents:
- { path: "${ id }.md", attachments: none, body: "${ %s }" }
""" % slow) as sync:
        began = time.monotonic()
        done = sync.once()
        took = time.monotonic() - began
        at = sorted(r["at"] / 1e6 for r in server.requests()
                    if len(r["path"]) > 500)
        tap.ok(done.code == 0 and len(at) == 5 and
               at[3] - at[0] < took / 4,
               "the server is asked on while the worker maps",
               (at, took, done))


def main():
    tap = Tap()
    batches(tap)
    ahead(tap)
    limited(tap)
    bytes_limited(tap)
    enough(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
