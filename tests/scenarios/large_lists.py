#!/usr/bin/python3
"""Descriptions so long that a page of work packages with them is larger than
any answer may be: they come in smaller pages, in a first sync and in a poll."""
# slow: reads half a gigabyte
import sys

from harness import StandIn, Sync, Tap, until

MAPPING = """
documents:
- path: ${ id }.md
  body: "${ description.raw | length }"
"""
LENGTH = 12_000_000
LONG = range(3, 9)


def lengthen(server, length):
    """All at once, as lists see it."""
    for ident in LONG:
        server.side("edit", {"id": ident, "silent": True, "set": {
            "description": {"format": "markdown", "raw": "a" * length,
                            "html": ""}}})
    for ident in LONG:
        server.side("edit", {"id": ident, "set": {
            "subject": "Of %d" % length}})


def written(sync):
    return [int(sync.git("show", "HEAD:%d.md" % ident).out) for ident in LONG]


def main():
    tap = Tap()
    with StandIn("--generate", "12") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        lengthen(server, LENGTH)
        done = sync.once()
        tap.ok(done.code == 0 and "12 added" in done.err,
               "a first sync reads them", done)
        lengthen(server, LENGTH + 1)
        done = sync.once()
        tap.ok(done.code == 0 and "6 changed" in done.err,
               "a poll reads them", done)
        sync.start()
        lengthen(server, LENGTH + 2)
        tap.ok(until(lambda: written(sync) == [LENGTH + 2] * len(LONG), 60),
               "a daemon reads them", sync.said())
        tap.ok("too big" not in sync.said(), "without a word", sync.said())
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
