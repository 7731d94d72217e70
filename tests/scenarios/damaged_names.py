#!/usr/bin/python3
"""A bit of what the state remembers of the server's names is another, which
SQLite does not notice: it is said and asked for again, and no document and no
work package is taken for a new one."""
import sqlite3
import sys

from harness import StandIn, Sync, Tap

WORLD = ("--generate", "12")
MAPPING = """
documents:
- name: all
  match: { project: [demo-1], type: [Task, Bug, Feature, Milestone, Phase,
                                     Epic, User story] }
  path: docs/${ id }.md
  front_matter:
    title: ${ subject }
    project: ${ project.identifier }
    type: ${ type.name }
    closed: ${ status.isClosed }
    text: ${ cf["%s"] ?? null }
  body: ${ description.raw }
"""
SCHEMA = "schema/1-1"
LISTS = ("projects", "types", "statuses")
FIRST = "'z' || substr(body, 2)"
LAST = "substr(body, 1, length(body) - 1) || '|'"
SAID = "cannot be read, and is asked for again: "


def damage(sync, name, value, column="body"):
    with sqlite3.connect(sync.state_file) as db:
        n = db.execute("UPDATE resource SET %s = %s WHERE name = ?" % (
            column, value), (name,)).rowcount
    db.close()
    return n


def renames(sync):
    """What was noted to have another name."""
    with sqlite3.connect(sync.state_file) as db:
        rows = db.execute("SELECT * FROM renamed").fetchall()
    db.close()
    return rows


def healed(tap, sync, words, said=True):
    head = sync.head()
    done = sync.once()
    tap.ok(done.code == 0 and (SAID in done.err) == said,
           words + ": a pass goes on, and says so", done)
    tap.same((sync.head(), renames(sync)), (head, []), words + ": nothing is taken for new")
    done = sync.once()
    tap.ok(done.code == 0 and "warning" not in done.err,
           words + ": the next one is silent", done)
    tap.tree(sync.tree(), sync.scratch(), words + ": as from nothing")


def each_row(tap, server, sync):
    for name in (*LISTS, SCHEMA):
        for value in FIRST, LAST:
            tap.same(damage(sync, name, value), 1, name + " is damaged")
            healed(tap, sync, name)
            server.side("edit", {"id": 7, "set": {"subject": name + value}})
            tap.same(sync.once().code, 0, "what changes then comes in")
            tap.tree(sync.tree(), sync.scratch(), name + ": as ever")
    for name in LISTS:
        damage(sync, name, "name || '~'", "name")
        healed(tap, sync, name + ", its key", said=False)
    damage(sync, SCHEMA, "'schema/1x1'", "name")
    healed(tap, sync, "a schema's key")


def repaired(tap, sync):
    for args in ("--reconcile",), ("--full",):
        damage(sync, "types", FIRST)
        done = sync.once(*args)
        tap.ok(done.code == 0 and SAID + "types: " in done.err,
               "%s puts it right, too" % args, done)
    for args in ("verify",), ("verify", "--repair"):
        damage(sync, "types", FIRST)
        done = sync.opsync(*args)
        tap.ok(done.code == 0 and SAID in done.err,
               " ".join(args) + " does so, too", done)


def changed_meanwhile(tap, server, sync):
    """What else is lost is what it was compared with."""
    damage(sync, "statuses", FIRST)
    server.side("thing", {"kind": "status", "id": 1, "name": "New",
                          "isClosed": True})
    sync.once()
    sync.once("--reconcile")
    tap.tree(sync.tree(), sync.scratch(), "a status that is closed now")
    server.side("edit", {"id": 3, "set": {"subject": "Another"}})
    damage(sync, "projects", FIRST)
    head = sync.head()
    server.side("rename", {"kind": "project", "id": 1, "name": "Demo",
                           "identifier": "renamed"})
    done = sync.once()
    tap.ok(sync.head() == head and len(sync.tree()) == 12 and
           "'demo-1'" in done.err,
           "a project that is called otherwise now: all stays", done)
    server.side("rename", {"kind": "project", "id": 1,
                           "name": "Demo project 1", "identifier": "demo-1"})
    done = sync.once()
    tap.ok(done.code == 0, "and as before: all goes on", done)
    tap.tree(sync.tree(), sync.scratch(), "with what was changed meanwhile")


def unreachable(tap, server, sync):
    """While the server is away, nothing is made of what is left."""
    damage(sync, "types", FIRST)
    head = sync.head()
    server.side("fault", {"match": "/api/v3", "status": 503, "times": -1})
    done = sync.once()
    tap.ok(done.code != 0 and sync.head() == head and SAID in done.err,
           "a server that is not there: nothing is changed", done)
    server.side("faults/clear")
    healed(tap, sync, "when it is there again")


def asked_of_the_state(tap, sync):
    """The commands that read names say what is wrong, and what becomes of it."""
    damage(sync, "projects", FIRST)
    for args in (("render", "3"), ("explain", "3"),
                 ("log", "--project", "x")):
        done = sync.opsync(*args)
        tap.ok(done.code == 65 and "the state is damaged (projects: " in
               done.err and "asks the server for it again" in done.err,
               " ".join(args) + " says so", done)
    for args in ("check", "--offline"), ("status",), ("held",):
        tap.same(sync.opsync(*args).code, 0, " ".join(args) + " goes on")
    sync.once()
    tap.same(sync.opsync("render", "3").code, 0, "all is known again")


def alive(tap, server, sync):
    """Under a daemon it is found when names are read again."""
    sync.start()
    damage(sync, "types", FIRST)
    server.side("edit", {"id": 4, "set": {"subject": "Under way"}})
    done = sync.opsync("resync", "--wait")
    tap.same(done.code, 0, "a daemon goes on")
    tap.same(sync.stop(), 0, "and ends")
    healed(tap, sync, "the next start")


def main():
    tap = Tap()
    with StandIn(*WORLD) as server:
        schemas = server.get("/api/v3/work_packages/schemas/1-1").json()
        fields = [f["name"] for k, f in schemas.items()
                  if k.startswith("customField")]
        with Sync(server.url, projects="[demo-1]",
                  mapping=MAPPING % (fields or ["none"])[0]) as sync:
            tap.same(sync.once().code, 0, "a sync")
            sync.once("--full")
            each_row(tap, server, sync)
            repaired(tap, sync)
            asked_of_the_state(tap, sync)
            unreachable(tap, server, sync)
            alive(tap, server, sync)
            changed_meanwhile(tap, server, sync)
            tap.same(sync.flaws(), [], "the repository is whole")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
