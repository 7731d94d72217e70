#!/usr/bin/python3
"""Clocks that differ by an hour or jump, and moments in every form that a
server may write: nothing is missed, and nothing comes twice."""
# waits for most of its time
import contextlib
import sqlite3
import sys
import time

from harness import StandIn, Sync, Tap, edit, until

MAPPING = """
documents:
- name: all
  match: {}
  path: ${ id }.md
  front_matter: { title: "${ subject }" }
"""
FORMS = ("2026-11-20T10:00:%02dZ", "2026-11-20T10:00:%02d.5Z",
         "2026-11-20T10:00:%02d.123Z", "2026-11-20T10:00:%02d.123456Z",
         "2026-11-20T10:00:%02d+00:00", "2026-11-20T15:30:%02d.123+05:30",
         "2026-11-20T02:00:%02d-08:00")


def follows(tap, server, sync, name):
    for step, ident in enumerate((3, 9, 4)):
        words = "%s %d" % (name, step)
        server.side(*edit(ident, subject=words))
        got = until(lambda: words.encode() in
                    sync.tree()["%d.md" % ident], 10)
        tap.ok(got, words + ": followed", sync.said())
    tap.tree(sync.tree(), sync.scratch(), name + ": as from nothing")


def clocks(tap):
    hour = 3600 * 1000
    for name, offset in (("a server an hour ahead", hour),
                         ("a server an hour behind", -hour)):
        with StandIn("--generate", "30") as server, Sync(
                server.url, projects="[demo-1]", mapping=MAPPING) as sync:
            server.side("clock", {"offset_ms": offset})
            sync.start()
            follows(tap, server, sync, name)
            server.side("clock", {"offset_ms": offset + hour})
            follows(tap, server, sync, name + ", and its clock jumps")
            head = sync.head()
            server.side("requests/reset")
            until(lambda: len(server.requests()) >= 4)
            tap.same(sync.head(), head, name + ": and then nothing more")
            tap.same(sync.stop(), 0, "the daemon ends well")


def back(tap):
    """A clock that goes back: a reconcile sees what polls do not."""
    with StandIn("--generate", "30") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        server.side(*edit(3, subject="Before"))
        sync.once()
        server.side("clock", {"offset_ms": -3600 * 1000})
        server.side(*edit(4, subject="An hour earlier"))
        sync.once("--reconcile")
        tap.ok(b"An hour earlier" in sync.tree()["4.md"],
               "a server's clock that goes back by an hour")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        commits = sync.commits()
        sync.once("--reconcile")
        tap.same(sync.commits(), commits, "and then nothing more")


def astray(tap):
    """A server's clock was ten hours ahead, and is right again."""
    with StandIn("--generate", "30") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        sync.once()
        server.side("clock", {"offset_ms": 10 * 3600 * 1000})
        server.side(*edit(3, subject="Of tonight"))
        sync.once()
        server.side("clock", {"offset_ms": 0})
        server.side(*edit(4, subject="Of now"))
        sync.once("--reconcile")
        tap.ok(b"Of now" in sync.tree()["4.md"],
               "a server's clock that was hours ahead")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def forms(tap):
    """The same server may write them in other forms after an upgrade."""
    with StandIn("--generate", "30") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        elements = {w["id"]: w for w in server.state()["workPackages"]}
        sync.once()
        for number, form in enumerate(FORMS):
            ident = number + 1
            stamp = form % (10 + number)
            server.side("edit", {"id": ident, "updatedAt":
                                 "2026-11-20T10:00:%02d.123456Z" % (
                                     10 + number),
                                 "set": {"subject": "Form %d" % number}})
            shown = [w for w in server.state()["workPackages"]
                     if w["id"] == ident][0]["updatedAt"]
            server.side("fault", {
                "match": "/work_packages?", "times": -1,
                "replace": '"updatedAt":"%s"' % shown,
                "with": '"updatedAt":"%s"' % stamp})
            done = sync.once()
            tap.same(done.code, 0, "a moment as " + stamp)
            tap.ok(b"Form %d" % number in sync.tree()["%d.md" % ident],
                   "its change comes", done)
            server.side("faults/clear")
        sync.once()
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        head = sync.head()
        tap.same((sync.once("--full").code, sync.head()), (0, head),
                 "and a full read changes nothing")
        tap.same(len(sync.tree()), len(elements), "nothing is missing")


# --- Our own clock, which was ahead for a while ------------------------------

YEAR = 365 * 24 * 3600


def change_state(sync, *statements):
    with contextlib.closing(sqlite3.connect(sync.state_file)) as state:
        for statement in statements:
            state.execute(statement)
        state.commit()


def removals_ahead(tap):
    """What the guard counts is not of the next year for a year."""
    with StandIn("--generate", "40") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            more="guard: { max_delete: { within: 2s } }") as sync:
        sync.once()
        change_state(sync, *6 * (
            "INSERT INTO removal (at, project_id) VALUES (%d, 1)" % (
                (time.time() + YEAR) * 1e6),))
        server.side("delete", {"id": 3})
        done = sync.once("--reconcile")
        tap.ok(done.code == 3 and "3.md" in sync.tree(),
               "removals of the next year count as of now", done)
        time.sleep(2.1)
        server.side("delete", {"id": 4})
        done = sync.once("--reconcile")
        tap.ok(done.code == 3 and "4.md" not in sync.tree(),
               "and not for a year", done)


def log_ahead(tap):
    """A clock that is a year ahead makes no log old."""
    with StandIn("--generate", "40") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        server.side("clock", {"offset_ms": -YEAR * 1000})
        server.side(*edit(3, subject="A year ago"))
        sync.once()
        change_state(
            sync, "UPDATE run SET started = started - %d" % (YEAR * 1e6),
            "UPDATE event SET at = at - %d" % (YEAR * 1e6))
        before = sync.opsync("--json", "log").out
        sync.once()
        tap.ok(before and sync.opsync("--json", "log").out == before,
               "a clock that is ahead: the log stays", before)
        server.side("clock", {"offset_ms": 0})
        server.side(*edit(3, subject="Of now"))
        sync.once()
        sync.once()
        runs = sync.opsync("--json", "runs").json()
        tap.ok("Of now" in sync.tree()["3.md"].decode() and len(
            [r for r in runs if "id" in r or "run" in r]) == 1,
               "a year later it is old", runs)


def main():
    tap = Tap()
    removals_ahead(tap)
    log_ahead(tap)
    clocks(tap)
    back(tap)
    astray(tap)
    forms(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
