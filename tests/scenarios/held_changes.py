#!/usr/bin/python3
"""Changes of the mapping that the guard holds stay held, however much is read:
only what the server has news of is made anew."""
import contextlib
import datetime
import sys

from harness import StandIn, Sync, Tap, until

COUNT = 40
PLAIN = """
documents:
- name: all
  match: {}
  path: ${ project.identifier }/${ id }.md
  comments: public
  front_matter:
    said: { $each: c in comments, $value: "${ c.raw }" }
  body: ${ subject }
"""
OTHER = PLAIN.replace("    said:", "    number: ${ id }\n    said:")
GUARD = "guard: { max_change: { count: 10 } }"
SLOW = "{ poll: 1s, overlap: 1s, full: { every: 1s, between: 00:00-24:00 } }"


@contextlib.contextmanager
def synced(projects="[demo-1, demo-2]", count=COUNT, **parts):
    """A server, and a store that has all of these projects."""
# waits for most of its time
    with StandIn("--generate", str(count), "--projects",
                 "2") as server, Sync(
            server.url, projects=projects, mapping=PLAIN, more=GUARD,
            **parts) as sync:
        sync.once()
        yield server, sync


def sets(sync):
    return {s["set"]: (s["documents"], s["released"])
            for s in sync.opsync("--json", "held").json()}


def renewed(sync):
    """The documents that the other mapping has made."""
    return sorted(int(path.split("/")[1].split(".")[0])
                  for path, text in sync.tree().items()
                  if b"number:" in text)


def running(sync):
    """How far the daemon's pass is."""
    got = sync.opsync("--json", "status")
    live = got.json()[0].get("daemon") if got.code == 0 else None
    return live and live["running"] or {}


def edit(server, ident, subject):
    server.side("edit", {"id": ident, "set": {"subject": subject}})


def say(server, ident, text):
    server.side("comment", {"work_package": ident, "raw": text, "user": 6,
                            "silent": True})


def stay(tap, sync, news, name):
    tap.same(renewed(sync), news, name + ": only what has news is made anew")
    tap.same(sets(sync), {1: (COUNT - len(news), 0)},
             name + ": the others are held")


def at_once(tap):
    """A pass of each kind, while changes are held."""
    with synced() as (server, sync):
        head = sync.head()
        sync.configure(mapping=OTHER)
        sync.once()
        for how in ("--full", "--reconcile"):
            done = sync.once(how)
            tap.ok(done.code == 3 and "40 documents would change" in done.err
                   and sync.head() == head, how + ": they stay, as it says",
                   done)
            stay(tap, sync, [], how)
        server.side("fault", {"match": "/activities", "status": 500,
                              "times": -1})
        sync.once("--full")
        server.side("faults/clear")
        sync.once()
        stay(tap, sync, [], "comments that failed")
        edit(server, 7, "news")
        say(server, 8, "a word")
        tap.same(sync.once("--full").code, 3, "with news: held")
        stay(tap, sync, [7, 8], "with news")
        tap.ok(any(b"a word" in t for t in sync.tree().values()),
               "also of comments")
        tap.same(sync.opsync("release", "1").code, 0, "they are let go")
        tap.same((sync.once().code, sets(sync)), (0, {}), "and made")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def asked_for(tap):
    """People ask a daemon to read again."""
    with synced() as (server, sync):
        head = sync.head()
        sync.configure(mapping=OTHER)
        sync.start()
        tap.same(sets(sync), {1: (COUNT, 0)}, "a start holds them")
        for order in (("resync", "--full", "--wait"),
                      ("resync", "--project", "demo-1", "--wait"),
                      ("resync", "--wp", "3", "--wait"),
                      ("verify", "--repair"),
                      ("accept-server",)):
            done = sync.opsync(*order)
            tap.ok(sync.head() == head, " ".join(order) + ": they stay", done)
        stay(tap, sync, [], "whatever people ask for")
        edit(server, 9, "news")
        sync.opsync("withdraw", "5")
        sync.opsync("publish", "5")
        sync.opsync("resync", "--full", "--wait")
        until(sync.idle)
        tap.same(renewed(sync), [5, 9], "one that was withdrawn, and is "
                 "published, is news")
        tap.same(sync.opsync("release", str(max(sets(sync)))).code, 0,
                 "they are let go")
        until(lambda: len(renewed(sync)) == COUNT)
        tap.same(sync.stop(), 0, "the daemon ends well")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def dated(tap):
    """A commit has the date of its own documents, not of those held."""
    with synced() as (server, sync):
        sync.configure(mapping=OTHER)
        work_packages = server.state()["workPackages"]
        oldest = min(work_packages, key=lambda w: w["updatedAt"])
        say(server, oldest["id"], "a word")
        sync.once("--full")
        stay(tap, sync, [oldest["id"]], "a comment on the oldest")
        date = datetime.datetime.fromisoformat(
            sync.git("log", "-1", "--format=%aI").out.strip())
        tap.same(date, datetime.datetime.fromisoformat(
            oldest["updatedAt"].replace("Z", "+00:00")).replace(
                microsecond=0), "its commit has its date")


def stopped(tap):
    """Changes that were not weighed yet are none of their run's."""
    with synced(count=2400) as (server, sync):
        head = sync.head()
        sync.configure(mapping=OTHER)
        sync.start(wait=False)
        tap.ok(until(lambda: running(sync).get("changed")),
               "some are rendered again", sync.said())
        tap.same(sync.stop(), 0, "the daemon ends well")
        last = sync.opsync("--json", "runs", "--limit", "1").json()[0]
        tap.same((last["error"], last["changed"], last["commit"], sync.head()),
                 ("stopped", 0, None, head), "nothing changed, says its run")


def slowly(tap):
    """The full read of each day hears comments that moved nothing."""
    with synced(schedule=SLOW) as (server, sync):
        sync.configure(mapping=OTHER)
        sync.start()
        say(server, 8, "a word")
        got = until(lambda: any(b"a word" in t for t in
                                sync.tree().values()), 30)
        tap.ok(got, "a slow full read hears a comment", sync.said())
        until(lambda: sync.said().count("read again, slowly") > 2)
        stay(tap, sync, [8], "a slow full read")
        tap.same(sync.stop(), 0, "the daemon ends well")


def with_projects(tap):
    """One edit changes the mapping, and which projects are read."""
    with synced(projects="[demo-1]") as (server, sync):
        before = sync.tree()
        sync.configure(mapping=OTHER, projects="[demo-1, demo-2]")
        done = sync.once()
        tree = sync.tree()
        tap.ok(done.code == 3 and "documents would change" in done.err,
               "another mapping and a project more: held", done)
        tap.tree({p: t for p, t in tree.items() if p in before}, before,
                 "what was there stays")
        tap.ok(len(tree) == COUNT and all(
            b"number:" in t for p, t in tree.items() if p not in before),
            "and the new project comes")
        sync.opsync("release", "1")
        sync.once()
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def shown_again(tap):
    """What was held as gone is shown as it was, while changes are held."""
    with synced(projects="[demo-1]") as (server, sync):
        some = sorted(w["id"] for w in server.state()["workPackages"]
                      if w["_links"]["project"]["href"].endswith("/1"))[:6]
        for project in (2, 1):
            for ident in some:
                server.side("edit", {"id": ident, "silent": True,
                                     "set": {"project": project}})
            if project == 2:
                sync.once("--full")
                tap.same(sets(sync), {1: (6, 0)}, "six are held as gone")
                sync.configure(mapping=OTHER)
                sync.once()
        tap.ok("documents would change" in sync.once("--full").err,
               "changes are held, too")
        tap.ok(1 not in sets(sync) and renewed(sync) == some,
               "six are held no more: that they are back is news",
               (sets(sync), renewed(sync)))


def main():
    tap = Tap()
    for part in (at_once, asked_for, dated, stopped, slowly, with_projects,
                 shown_again):
        part(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
