#!/usr/bin/python3
"""A full read that one thing makes fail again and again keeps no edit."""
import sys
import time

from harness import StandIn, Sync, Tap, until

# As many as are given up at, and the few that one amid them hides.
GONE = range(11, 18)
MAPPING = """
documents:
- path: ${ id }.md
  front_matter:
    title: ${ subject }
"""


def edit(server, ident, subject):
    server.side("edit", {"id": ident, "set": {"subject": subject}})


def unclear(server, **what):
    """More than may be left for the next time."""
    for ident in GONE:
        server.side("fault", {"match": "/work_packages/%d" % ident,
                              "times": -1, **what})


def odd_gone(server):
    for ident in GONE:
        server.side("delete", {"id": ident})
    unclear(server, status=200, body="{}")


def broken_project(server):
    """No list of its work packages comes, but for single days."""
    server.side("fault", {"match": "/work_packages?", "status": 500,
                          "holds": '"/api/v3/projects/2"', "times": -1})


def broken_newest(server):
    """Nor does it come as the newest of all."""
    broken_project(server)
    edit(server, 2000, "Elsewhere")
    server.side("edit", {"id": 2000, "set": {"project": 2}})


def fails(tap, name, break_it):
    with StandIn("--generate", "200", "--projects", "2") as server, Sync(
            server.url, projects="'*'", mapping=MAPPING,
            server="  max_tries: 1\n") as sync:
        of_first = [w["id"] for w in server.state()["workPackages"]
                    if w["_links"]["project"]["href"].endswith("/1")]
        one, two, gone = of_first[:3]

        def has(*wanted):
            tree = sync.tree()
            return all(subject.encode() in tree.get("%d.md" % ident, b"")
                       for ident, subject in wanted)

        tap.same(sync.once().code, 0, name + ": a first pass")
        edit(server, one, "Before")
        break_it(server)
        server.side("delete", {"id": gone})
        done = sync.once("--full")
        tap.ok(done.code == 69, "the full read fails", done)
        edit(server, one, "Once more")
        edit(server, 1001, "New")
        done = sync.once()
        tap.ok(done.code == 69 and has((one, "Once more"), (1001, "New")),
               "and does so again, but what was edited comes", done)
        edit(server, two, "Other")
        done = sync.once()
        tap.ok(done.code == 69 and has((two, "Other")), "each time", done)
        server.side("fault", {"match": "pageSize=1000&offset", "status": 500,
                              "times": -1})
        edit(server, one, "Early")
        time.sleep(2)
        edit(server, two, "Listed")
        done = sync.once()
        tap.ok(done.code == 69 and has((one, "Early"), (two, "Listed")),
               "also where no list of ids comes", done)
        tap.ok(has((gone, "title")), "nothing is removed", sync.tree())
        server.side("faults/clear")
        tap.same(sync.once().code, 0, "the fault ends")
        tap.ok("full" in sync.opsync("runs").out.splitlines()[1],
               "and with it the full read", sync.opsync("runs").out)
        tap.same(sync.once().code, 0, "polls go on")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        head = sync.head()
        tap.same((sync.once().code, sync.head()), (0, head), "at rest")
        server.side("fault", {"match": "pageSize=1000&offset", "status": 500,
                              "times": -1})
        server.side("requests/reset")
        done = sync.once("--full")
        tap.ok(done.code == 69 and not listed(server),
               "one that was never open leaves changes to polls",
               (done, listed(server)))


def listed(server):
    """The lists of changes that were asked for."""
    return [r["path"] for r in server.requests()
            if "updatedAt%22%3A" in r["path"]]


def stopped(tap):
    """It ends while it lists the changes; or is asked not to."""
    with StandIn("--generate", "100") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            server="  max_tries: 1\n") as sync:
        sync.once()
        odd_gone(server)
        server.side("fault", {"match": "updatedAt%22%3A",
                              "delay_ms": 30000})
        server.side("requests/reset")
        sync.start("--full", wait=False)
        tap.ok(until(lambda: listed(server), 10), "changes are listed")
        tap.same(sync.stop(timeout=5), 0, "the daemon ends amid that")
        server.side("faults/clear")
        unclear(server, status=503, headers={"Retry-After": "600"})
        server.side("requests/reset")
        done = sync.once()
        tap.ok(done.code == 69 and not listed(server) and
               "/work_packages/1" in server.requests()[-1]["path"],
               "a server that wants to be let be is", done)
        server.side("faults/clear")
        edit(server, 4, "Edited")
        for _ in range(2):
            tap.same(sync.once().code, 0, "and well again")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        tap.same(sync.flaws(), [], "a repository without a flaw")


def main():
    tap = Tap()
    fails(tap, "odd answers for what is gone", odd_gone)
    fails(tap, "a project whose lists fail", broken_project)
    fails(tap, "and the newest is there", broken_newest)
    stopped(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
