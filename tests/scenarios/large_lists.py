#!/usr/bin/python3
"""Descriptions so long that a page of work packages with them is larger than
any answer may be: they come in smaller pages, in a first sync and in a poll.
One that alone is larger has an error of its own."""
# slow: reads half a gigabyte
import sys

from harness import StandIn, Sync, Tap, until

MAPPING = """
documents:
- path: ${ id }.md
  body: "${ description.raw | length }"
"""
LENGTH = 12_000_000
TOO_LONG = 70_000_000
LONG = range(3, 9)


def describe(server, ident, length):
    server.side("edit", {"id": ident, "silent": True, "set": {
        "description": {"format": "markdown", "raw": "a" * length,
                        "html": ""}}})


def lengthen(server, length):
    """All at once, as lists see it."""
    for ident in LONG:
        describe(server, ident, length)
    for ident in LONG:
        server.side("edit", {"id": ident, "set": {
            "subject": "Of %d" % length}})


def written(sync):
    return [int(sync.git("show", "HEAD:%d.md" % ident).out) for ident in LONG]


def told(tap, done, name, others):
    tap.ok(done.code == 3 and others in done.err and
           "work package 5: GET" in done.err and "too big" in done.err,
           name, done)


def alone(tap):
    with StandIn("--generate", "12") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        describe(server, 5, TOO_LONG)
        told(tap, sync.once(), "one too large in a first sync", "11 added")
        for ident in (4, 5, 6):
            server.side("edit", {"id": ident, "set": {"subject": "new"}})
            describe(server, ident, TOO_LONG if ident == 5 else 7)
        told(tap, sync.once(), "and in a poll", "2 changed")
        for ident, kind in ((8, "--reconcile"), (9, "--full")):
            server.side("delete", {"id": ident})
            server.side("edit", {"id": 5, "set": {"subject": "last"}})
            done = sync.once(kind)
            tap.ok(done.code == 3 and "1 removed" in done.err,
                   "changed last it keeps no other: " + kind, done)
        other = sync.sibling()
        told(tap, other.once(), "nor in a first sync", "9 added")
        describe(server, 5, 9)
        done = sync.once()
        tap.ok(done.code == 0 and "1 added" in done.err,
               "it comes once it is smaller", done)


def main():
    tap = Tap()
    alone(tap)
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
