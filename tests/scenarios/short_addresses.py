#!/usr/bin/python3
"""A proxy that takes short addresses only: what is asked for by many ids is
asked for by fewer, and one that takes none at all is told as what it is."""
import sys

from harness import StandIn, Sync, Tap, until

MAPPING = """
documents:
- path: ${ id }.md
  front_matter:
    title: ${ subject }
    audience: ${ cf.Audience }
    relations:
      $each: r in relations
      is: ${ r.type } ${ r.subject }
"""
PAGE = "<html><head><title>%d</title></head></html>"
WORLD = ("--generate", "450", "--projects", "20")
LONGER = 900  # bytes; 200 ids, and 100 schemas, have some more


def refuse(server, status, match="/api/v3/", longer=LONGER):
    server.side("fault", {
        "match": match, "longer": longer, "times": -1, "status": status,
        "content_type": "text/html", "body": PAGE % status})


def refused(server, status):
    return [r["path"] for r in server.requests() if r["status"] == status]


def first_sync(tap, status, projects):
    """Of many projects, the addresses of their schemas are the first that are
    too long; of one, those of batches."""
    name = "%d, %d projects: " % (status, projects)
    with StandIn("--generate", "450", "--projects",
                 str(projects)) as server, Sync(
            server.url, projects="'*'", mapping=MAPPING) as sync:
        server.side("relate", {"id": 1, "from": 3, "to": 4, "type": "precedes",
                               "reverseType": "follows"})
        wanted = sync.scratch()
        refuse(server, status)
        server.side("requests/reset")
        done = sync.once()
        tap.ok(done.code == 0 and "450 added" in done.err,
               name + "a first sync reads all", done)
        tap.tree(sync.tree(), wanted, name + "as without a proxy")
        paths = refused(server, status)
        tap.ok(0 < len(paths) < 12, name + "few addresses are too long",
               "%d of them" % len(paths))
        sync.start()
        sync.opsync("resync", "--full", "--wait")
        server.side("requests/reset")
        done = sync.opsync("resync", "--wait",
                           *("--wp=%d" % i for i in range(200, 400)))
        tap.ok(done.code == 0 and len(server.requests()) > 1 and
               not refused(server, status), name + "and it is remembered",
               (done, refused(server, status)))


def many_relations(tap):
    """They are asked for by the ids of work packages, too."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        server.side("relate", {"id": 1, "from": 1, "to": 21, "type": "blocks",
                               "reverseType": "blocked"})
        refuse(server, 414, "/relations", 200)
        done = sync.once()
        tap.same(done.code, 0, "relations alone")
        tap.tree(sync.tree(), sync.scratch(), "come, too")


def schemas_met(tap):
    """Of very many projects, a list asks for those schemas that it needs."""
    with StandIn("--generate", "450", "--projects", "300") as server, Sync(
            server.url, projects="'*'", mapping="""
documents:
- path: ${ id }.md
  front_matter: { title: "${ subject }" }
""") as sync:
        wanted = sync.scratch()
        refuse(server, 404, "/schemas?")
        server.side("requests/reset")
        done = sync.once()
        paths = refused(server, 404)
        tap.ok(done.code == 0 and 0 < len(paths) < 5,
               "schemas that are met are asked for by fewer", (done, paths))
        tap.tree(sync.tree(), wanted, "and come, too")


def all_refused(tap):
    """It is no matter of length then, and little is asked."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="'*'", mapping=MAPPING) as sync:
        refuse(server, 404, "/work_packages?", 0)
        server.side("requests/reset")
        done = sync.once()
        tap.ok(done.code == 69 and "is this an OpenProject?" in done.err,
               "nothing is there", done)
        tap.ok(len(refused(server, 404)) < 5, "which is not asked for often",
               refused(server, 404))
        server.side("faults/clear")
        sync.once()
        refuse(server, 404, "/work_packages?", 0)
        server.side("requests/reset")
        done = sync.once("--full")
        tap.ok(done.code == 69 and len(refused(server, 404)) < 5,
               "nor later", (done, refused(server, 404)))


def full_read(server, sync):
    server.side("requests/reset")
    done = sync.opsync("resync", "--full", "--wait")
    return done, len(server.requests())


def gone_for_a_pass(tap):
    """What was refused however short it was is no matter of length, and of
    what was refused for a moment nothing stays with the daemon, either."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="'*'", mapping=MAPPING) as sync:
        server.side("relate", {"id": 1, "from": 3, "to": 4, "type": "precedes",
                               "reverseType": "follows"})
        sync.start()
        until(lambda: len(sync.tree()) == 450)
        _, wanted = full_read(server, sync)
        for match, times, code in (
                ("/relations", -1, 69), ("/schemas?", -1, 69),
                ("/relations", 2, 0), ("/schemas?", 2, 0)):
            name = "%s, %d times: " % (match, times)
            server.side("fault", {
                "match": match, "times": times, "status": 404,
                "content_type": "text/html", "body": PAGE % 404})
            done, _ = full_read(server, sync)
            paths = refused(server, 404)
            tap.ok(done.code == code and 0 < len(paths) < 5,
                   name + "few are asked for meanwhile", (done, paths))
            server.side("faults/clear")
            done, n = full_read(server, sync)
            tap.ok(done.code == 0 and n <= wanted, name + "and none more later",
                   (done, n, wanted))


def gone_amid(tap):
    """Batches are answered, and then nothing is."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="'*'", mapping=MAPPING) as sync:
        server.side("fault", {
            "match": "/work_packages?", "after": 3, "times": -1,
            "status": 404, "content_type": "text/html", "body": PAGE % 404})
        server.side("requests/reset")
        done = sync.once()
        tap.ok(done.code == 69 and "is this an OpenProject?" in done.err and
               len(refused(server, 404)) < 6, "a server that goes amid them",
               (done, refused(server, 404)))
        server.side("faults/clear")
        sync.start()
        tap.ok(until(lambda: len(sync.tree()) == 450), "goes on", sync.said())


def main():
    tap = Tap()
    for status, projects in ((414, 1), (414, 20), (404, 1), (400, 20)):
        first_sync(tap, status, projects)
    many_relations(tap)
    schemas_met(tap)
    all_refused(tap)
    gone_for_a_pass(tap)
    gone_amid(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
