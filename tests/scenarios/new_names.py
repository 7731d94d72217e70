#!/usr/bin/python3
"""A project, a status or a custom field of a type that came after the names were
asked for: a poll that meets it asks for them, so what it makes is what a full
read would make."""
import sys

from harness import StandIn, Sync, Tap

MAPPING = """
documents:
- match: { where: "${ not status.isClosed }" }
  path: ${ project.identifier ?? "none" }/${ id }.md
  front_matter: { status: "${ status.name }", later: "${ cf.Later }" }
"""
FEATURE, TASK = 4, 1
FIELD = {"type": "String", "name": "Later", "required": False,
         "hasDefault": False, "writable": True}


def asked(server):
    return len([r for r in server.requests() if "/statuses" in r["path"]])


def enable(server, kind):
    server.side("field", {"project": 1, "type": kind, "key": "customField77",
                          "schema": FIELD})


def new_field(tap, server, sync):
    enable(server, TASK)
    server.side("edit", {"id": 7, "set": {"customField77": "here"}})
    tap.same(sync.once().code, 0, "a custom field is used for another type")
    text = sync.git("show", "HEAD:demo-1/7.md").out
    tap.ok("later: here" in text, "and is seen at once", text)


def never_listed(tap):
    """Work packages that are shared, of projects that are not shown, and a
    status that nothing lists: polls that show them ask for names once."""
    with StandIn("--generate", "30", "--projects", "3") as server, Sync(
            server.url, projects="'*'",
            mapping=MAPPING.replace(', later: "${ cf.Later }"', "")) as sync:
        for project in (2, 3):
            name = '"name":"Demo project %d","active":' % project
            server.side("fault", {
                "match": "/api/v3/projects?", "times": -1,
                "replace": name + "true", "with": name + "false"})
        where = {w["id"]: w["_links"]["project"]["href"][-1]
                 for w in server.state()["workPackages"]}
        ids = [[i for i in sorted(where) if where[i] == p] for p in "123"]
        sync.start()
        server.side("requests/reset")
        for n in range(4):
            for some in ids[1:]:
                server.side("edit", {"id": some[n], "set": {"subject": "x"}})
                sync.opsync("resync", "--wait")
        tap.ok(asked(server) <= 2, "two projects that are never listed",
               asked(server))
        server.side("thing", {"kind": "status", "name": "Elsewhere",
                              "id": 99, "isClosed": False})
        server.side("fault", {"match": "/api/v3/statuses", "times": -1,
                              "replace": '"id":99', "with": '"id":98'})
        server.side("requests/reset")
        for n in range(3):
            server.side("edit", {"id": ids[0][n], "set": {"status": 99}})
            sync.opsync("resync", "--wait")
        tap.same(asked(server), 1, "a status that is never listed")
        server.side("faults/clear")
        sync.opsync("resync", "--full", "--wait")
        tap.same(sync.stop(), 0, "it ends well")
        tap.tree(sync.tree(), sync.scratch(), "listed again: as from nothing")


def main():
    tap = Tap()
    never_listed(tap)
    with StandIn("--generate", "12") as server, Sync(
            server.url, projects="'*'", mapping=MAPPING) as sync:
        enable(server, FEATURE)
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
        new_field(tap, server, sync)
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        server.side("requests/reset")
        server.side("edit", {"id": 6, "set": {"subject": "y"}})
        tap.same((sync.once().code, asked(server)), (0, 0),
                 "what is known is not asked for")
        tap.same(sync.flaws(), [], "without a flaw")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
