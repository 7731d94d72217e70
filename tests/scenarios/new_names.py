#!/usr/bin/python3
"""A project or a status that came after the names were asked for: a poll that
meets it asks for them, so what it makes is what a full read would make."""
import sys

from harness import StandIn, Sync, Tap

MAPPING = """
documents:
- match: { where: "${ not status.isClosed }" }
  path: ${ project.identifier ?? "none" }/${ id }.md
  front_matter: { status: "${ status.name }" }
"""


def asked(server):
    return len([r for r in server.requests() if "/statuses" in r["path"]])


def main():
    tap = Tap()
    with StandIn("--generate", "12") as server, Sync(
            server.url, projects="'*'", mapping=MAPPING) as sync:
        sync.once()
        server.side("thing", {"kind": "status", "name": "Withdrawn",
                              "id": 99, "isClosed": True})
        server.side("edit", {"id": 5, "set": {"status": 99}})
        done = sync.once()
        tap.ok(done.code == 0 and "1 removed" in done.err,
               "a new status that is closed", done)
        server.side("thing", {"kind": "project", "name": "New",
                              "id": 77, "identifier": "new"})
        server.side("edit", {"set": {"subject": "x", "project": 77,
                                     "type": 1}})
        done = sync.once()
        tap.ok(done.code == 0 and "1 added" in done.err,
               "a new project", done)
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        server.side("requests/reset")
        server.side("edit", {"id": 6, "set": {"subject": "y"}})
        tap.same((sync.once().code, asked(server)), (0, 0),
                 "what is known is not asked for")
        tap.same(sync.flaws(), [], "without a flaw")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
