"""A reconcile finds by the ids alone what no poll can see: work packages that
were deleted, and those that appeared without being changed."""
# waits for most of its time
import sys
import time

from harness import StandIn, Sync, Tap, until

MAPPING = """
documents:
- name: all
  match: {}
  path: ${ id }.md
  front_matter: { title: "${ subject }" }
"""


def documents(sync):
    return [p for p in sync.tree() if p.endswith(".md")]


def after_another_mapping(tap):
    """A mapping that asks for more finds what is gone first: that is no
    failure where it is removed; only where nobody looks whether it is."""
    for how in ("--full", "--reconcile", None):
        with StandIn("--generate", "6") as server, Sync(
                server.url, projects="[demo-1]", mapping=MAPPING) as sync:
            sync.once()
            server.side("delete", {"id": 3})
            sync.configure(mapping=MAPPING.replace(
                "path:", "comments: public\n  path:").replace(
                    '" }', '", n: "${ comments | length }" }'))
            done = sync.once(*[how] if how else [])
            tap.same((done.code, "3.md" in documents(sync)),
                     (0, False) if how else (3, True),
                     "%s: gone after another mapping" % (how or "a poll"))
            if how:
                tap.ok("failed #3" not in " ".join(
                    sync.opsync("log").out.split()) and
                       "error" not in done.err, how + ": is no failure",
                       done)
            done = sync.once("--full")
            tap.same((done.code, "3.md" in documents(sync)), (0, False),
                     "and well again")


def asked_alone(server):
    """The single work packages that were asked for since it was reset."""
    paths = [r["path"].split("?")[0] for r in server.requests()]
    server.side("requests/reset")
    return [p for p in paths if p.startswith("/api/v3/work_packages/") and
            p.rsplit("/", 1)[1].isdigit()]


def known_gone(tap):
    """What is gone is looked at once, though it is kept or held; what is of a
    project that is left out, not at all."""
    keeping = MAPPING + "  when_gone: keep\n"
    most = "guard: { max_delete: { count: %d, share: 100%% } }\n"
    for what, mapping, guard in (("kept", keeping, most % 1000),
                                 ("held", MAPPING, most % 1)):
        with StandIn("--generate", "60", "--projects", "2") as server, Sync(
                server.url, projects="[demo-1, demo-2]", mapping=mapping,
                more=guard) as sync:
            sync.once()
            for ident in range(1, 21):
                server.side("delete", {"id": ident})
            server.side("requests/reset")
            for how, looked in (("reconcile", 20), ("reconcile", 0),
                                ("full", 0)):
                sync.once("--" + how)
                tap.same((len(asked_alone(server)), len(documents(sync))),
                         (looked, 60), "%s: %d are looked at by a %s"
                         % (what, looked, how))
            sync.configure(mapping=MAPPING, projects="[demo-1]",
                           more=most % 1000)
            if guard == most % 1:
                sync.opsync("release", "1")
            done = sync.once("--reconcile")
            tap.ok(done.code == 0 and not asked_alone(server),
                   what + ": nor one of a project left out", done)
            tap.tree(sync.tree(), sync.scratch(), "and all of them go")


def ordered(tap):
    """What people, or cron, ask for more often than that is no reason to
    leave out a poll, a reconcile or a slow full read."""
    with StandIn("--generate", "6") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        def meanwhile(what, *order):
            tap.ok(until(lambda: sync.opsync(*order) and what(), 8),
                   "%s, more often than all else" % " ".join(order),
                   sync.opsync("runs").out)

        def started(schedule):
            if sync.process:
                sync.stop()
            sync.configure(schedule=schedule)
            sync.start()
            sync.opsync("resync", "--full", "--wait")

        started("{ poll: 1s, overlap: 1s }")
        server.side("edit", {"id": 2, "set": {"subject": "Polled"}})
        meanwhile(lambda: b"Polled" in sync.tree()["2.md"],
                  "resync", "--wp", "1", "--wait")
        started("{ poll: 1h, reconcile: 1s }")
        server.side("delete", {"id": 5})
        meanwhile(lambda: "5.md" not in documents(sync), "resync", "--wait")
        started("{ poll: 1s, overlap: 1s, reconcile: 1s }")
        server.side("delete", {"id": 4})
        meanwhile(lambda: "4.md" not in documents(sync), "verify")
        started("{ poll: 1h, full: { every: 2s, between: 00:00-24:00 } }")
        said = len(sync.said())
        meanwhile(lambda: "read again, slowly" in sync.said()[said:], "verify")
        started("{ poll: 1s, overlap: 1s, reconcile: 0s }")
        server.side("delete", {"id": 3})
        server.side("edit", {"id": 2, "set": {"subject": "Once more"}})
        tap.ok(until(lambda: b"Once more" in sync.tree()["2.md"]),
               "polls go on without any reconcile")
        time.sleep(2)
        tap.ok("3.md" in sync.tree() and "reconcile" not in sync.opsync(
            "runs", "--limit", "2").out, "0s is never", sync.opsync("runs").out)
        tap.same(sync.stop(), 0, "the daemon ends well")


def failing(tap):
    """One that fails leaves more and more polls before the next."""
    with StandIn("--generate", "30") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            server="  max_tries: 1\n",
            schedule="{ poll: 1s, overlap: 1s, reconcile: 3s }") as sync:
        def tried():
            return sum(r["path"] == "/api/v3/types"
                       for r in server.requests())

        sync.start()
        server.side("fault", {"match": "/api/v3/types", "status": 500,
                              "times": -1})
        server.side("requests/reset")
        sync.configure(
            schedule="{ poll: 1s, overlap: 1s, reconcile: 1h }")
        sync.opsync("reload")
        server.side("delete", {"id": 5})
        tap.ok(until(tried, 10), "a reconcile fails", sync.said())
        time.sleep(10)
        tap.ok(2 <= tried() <= 4, "and is not tried with every other poll",
               (tried(), sync.opsync("runs").out))
        server.side("edit", {"id": 6, "set": {"subject": "Polled"}})
        tap.ok(until(lambda: b"Polled" in sync.tree()["6.md"], 5),
               "polls go on", sync.said())
        server.side("faults/clear")
        tap.ok(until(lambda: "5.md" not in documents(sync), 20),
               "until it goes well again", sync.said())
        tap.same(sync.stop(), 0, "the daemon ends well")


def main():
    tap = Tap()
    after_another_mapping(tap)
    known_gone(tap)
    ordered(tap)
    failing(tap)
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
