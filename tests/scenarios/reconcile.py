"""A reconcile finds by the ids alone what no poll can see: work packages that
were deleted, and those that appeared without being changed."""
import sys

from harness import StandIn, Sync, Tap, until


def documents(sync):
    return [p for p in sync.tree() if p.endswith(".md")]


def main():
    tap = Tap()
    schedule = "{ poll: 1s, overlap: 1s, reconcile: 1s }"
    with StandIn("--generate", "12", "--projects", "2") as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping="",
            schedule=schedule) as sync:
        sync.start()
        tap.same(len(documents(sync)), 12, "all are there")
        server.side("delete", {"id": 5})
        tap.ok(until(lambda: len(documents(sync)) == 11, 20),
               "a deleted one goes, without a full read", documents(sync))
        tap.ok(until(lambda: "reconcile" in sync.opsync("runs").out, 5),
               "by a reconcile", sync.opsync("runs").out)

        head = sync.head()
        server.side("archive", {"project": 2, "archived": True})
        server.side("requests/reset")
        until(lambda: sum("select" in r["path"]
                          for r in server.requests()) >= 3, 20)
        tap.same(sync.head(), head, "an archived project takes nothing along")
        server.side("archive", {"project": 2, "archived": False})

        server.side("edit", {
            "id": 100, "updatedAt": "2020-01-01T00:00:00.000Z",
            "set": {"subject": "From the past", "project": 1, "type": 1}})
        tap.ok(until(lambda: any("100-from-the-past" in p
                                 for p in documents(sync)), 20),
               "one that appears with an old stamp comes",
               documents(sync))
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        tap.same(sync.stop(), 0, "the daemon ends well")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
