#!/usr/bin/python3
"""What the configuration names, and the server calls otherwise or does not
show any more: what depends on it stays as it is, and all else goes on."""
import contextlib
import os
import sqlite3
import sys

from harness import StandIn, Sync, Tap, edit, read, until

MAPPING = """
documents:
- name: curated
  match: { project: [ccm, ccm-sub], type: [Curated Content] }
  path: content/${ id }.md
  front_matter: { title: "${ subject }", type: "${ type.name }" }
- name: closed
  match: { status: [Closed] }
  path: closed/${ id }.md
  front_matter: { title: "${ subject }" }
- name: tele
  match: { category: [Telehealth], where: "${ cf[\\"CF list\\"] != 'x' }" }
  path: tele/${ id }.md
  front_matter: { title: "${ subject }" }
- name: chosen
  match: { where: "${ priority.name == 'Normal' and id < 20 }" }
  path: chosen/${ id }.md
  front_matter: { title: "${ subject }" }
"""


class World:
    def __init__(self, tap, server, sync):
        self.tap = tap
        self.server = server
        self.sync = sync

    def renamed(self, kind, ident, name, back, depends, other):
        """Under another name nothing goes; under the old one all goes on."""
        tap, server, sync = self.tap, self.server, self.sync
        before = sync.tree()
        what = "another name of a " + kind
        server.side("rename", {"kind": kind, "id": ident, "name": name})
        server.side(*edit(depends, description="changed"))
        done = sync.once("--reconcile")
        tap.ok(name in done.err and back in done.err and
               "stays as it is" in done.err, what + ": is said", done)
        tap.tree(sync.tree(), before, what + ": nothing goes")
        status = sync.opsync("status")
        tap.ok("frozen" in status.out and name in status.out,
               what + ": status says so", status)
        server.side(*edit(depends, description="changed again"))
        sync.once()
        tap.tree(sync.tree(), before, what + ": after a new start, too")
        status = sync.opsync("status")
        tap.ok("frozen" in status.out and name in status.out,
               what + ": and status says so still", status)
        server.side(*edit(other, subject="Goes on, %s" % kind))
        sync.once()
        tap.ok(any(b"Goes on, " + kind.encode() in t
                   for t in sync.tree().values()), what + ": others go on")
        tap.same(sync.once("--reconcile").code in (0, 3), True,
                 what + ": again")
        server.side("rename", {"kind": kind, "id": ident, "name": back})
        done = sync.once("--reconcile")
        tap.same(done.code, 0, what + ": and back")
        tap.ok("frozen" not in sync.opsync("status").out,
               what + ": it thaws", sync.opsync("status"))
        tap.tree(sync.tree(), sync.scratch(), what + ": as from nothing")


def names(tap, server, sync):
    w = World(tap, server, sync)
    w.renamed("type", 15, "Curations", "Curated Content", 26, 19)
    w.renamed("status", 26, "Done", "Closed", 19, 26)
    w.renamed("priority", 21, "Ordinary", "Normal", 16, 20001)


def newer_library(tap, server, sync):
    """Not the mapping is another, but what renders it (ICU, opsync)."""
    before = sync.tree()
    server.side("rename", {"kind": "type", "id": 15, "name": "Curations"})
    sync.once("--reconcile")
    with contextlib.closing(sqlite3.connect(sync.state_file)) as state:
        state.execute("UPDATE value SET value = 'of an older ICU'"
                      " WHERE key = 'mapping'")
        state.commit()
    server.side(*edit(19, subject="A newer library"))
    done = sync.once()
    tree = sync.tree()
    tap.ok(done.code == 3 and b"A newer library" in tree["closed/19.md"],
           "a newer library, while a type has another name: others go on",
           done)
    tap.ok(all(tree[path] == text for path, text in before.items()
               if path != "closed/19.md"), "and what is frozen stays")
    server.side("rename", {"kind": "type", "id": 15,
                           "name": "Curated Content"})
    sync.once("--reconcile")
    tap.tree(sync.tree(), sync.scratch(), "the old name: as from nothing")


def configured(tap, server, sync):
    """The configuration follows the new name."""
    server.side("rename", {"kind": "type", "id": 15, "name": "Curations"})
    sync.once("--reconcile")
    sync.configure(mapping=MAPPING.replace("Curated Content", "Curations"))
    done = sync.once("--reconcile")
    tap.ok(done.code == 0 and "frozen" not in sync.opsync("status").out,
           "the new name in the configuration thaws it", done)
    tap.tree(sync.tree(), sync.scratch(), "as from nothing")
    sync.configure(mapping=MAPPING)
    server.side("rename", {"kind": "type", "id": 15,
                           "name": "Curated Content"})
    sync.once("--reconcile")
    tap.tree(sync.tree(), sync.scratch(), "and so does the old one")


def field(tap, server, sync):
    before = sync.tree()
    server.side("rename", {"key": "customField9", "name": "Other list"})
    done = sync.once("--reconcile")
    tap.ok("CF list" in done.err and "stays as it is" in done.err,
           "another name of a custom field is said", done)
    tap.tree(sync.tree(), before, "and nothing goes")
    server.side("rename", {"key": "customField9", "name": "CF list"})
    sync.once("--reconcile")
    tap.tree(sync.tree(), sync.scratch(), "until it is called so again")


def field_elsewhere(tap):
    """A field is renamed while a project that has it is not shown."""
    mapping = "documents:\n- path: ${ id }.md\n  body: '${ cf.Weight }'\n"
    with StandIn("--generate", "6", "--projects", "2", "--key",
                 "syncbot=walkerkey") as server, Sync(
                     server.url, projects="[demo-1, demo-2]", mapping=mapping,
                     key="walkerkey") as sync:
        server.side("grant", {"user": "syncbot", "project": 2})
        sync.once()
        server.side("archive", {"project": 1, "archived": True})
        server.side("rename", {"key": "customField4", "name": "Mass"})
        done = sync.once("--reconcile")
        tap.ok("'Weight', which the server calls 'Mass' now" in done.err and
               "calls 'Weight' now" not in done.err,
               "the new name is told, not that of who is not shown", done)
        shown = sync.opsync("status").out
        tap.same(shown.count("'Mass' now: what depends"), 1,
                 "once, and not for each project and type")


WEIGHT = """
documents:
- path: ${ id }.md
  body: "${ cf.Weight ?? 0 }"
"""


def half_read(tap):
    """Of a list of schemas that cannot be read to its end nothing is known:
    another name in it is seen with the next."""
    with StandIn("--generate", "12") as server, Sync(
            server.url, projects="[demo-1]", mapping=WEIGHT,
            schedule="{ poll: 1h, overlap: 1s }") as sync:
        sync.start()
        before = sync.tree()
        server.side("rename", {"key": "customField4", "name": "Mass"})
        server.side(*edit(1, subject="Changed"))
        server.side("fault", {
            "match": "schemas?", "with": '"href":null',
            "replace": '"href":"/api/v3/work_packages/schemas/1-7"'})
        done = sync.opsync("resync", "--full", "--wait")
        tap.ok(done.code not in (0, 3) and "_links.self" in sync.said(),
               "a list of schemas that cannot be read", done)
        done = sync.opsync("resync", "--full", "--wait")
        tap.ok(done.code == 3 and "'Weight', which the server calls 'Mass' "
               "now: what" in sync.said(), "another name in it is said with "
               "the next one", sync.said())
        tap.tree(sync.tree(), before, "and nothing goes")
        tap.ok("frozen" in sync.opsync("status").out, "status says so",
               sync.opsync("status"))
        tap.same(sync.stop(), 0, "the daemon ends well")


def take_off(server, key, pairs, schema=None):
    for project, kind in pairs:
        server.side("field", {"project": project, "type": kind, "key": key,
                              "schema": schema})


def field_gone(tap, named):
    """A field is deleted, after it was taken off one type: that is in more
    schemas than one request asks for."""
    mapping = "documents:\n- path: ${ id }.md\n  body: '${ cf.%s ?? 0 }'\n"
    pairs = [(p, t) for p in range(1, 17) for t in range(1, 8)]
    with StandIn("--generate", "32", "--projects", "16") as server, Sync(
            server.url, projects="'*'", mapping=mapping % named) as sync:
        key = "customField4"
        schema = server.get("/api/v3/work_packages/schemas/1-1").json()[key]
        sync.once()
        for name in ("Mass", "Weight"):
            server.side("rename", {"key": key, "name": name})
            sync.once("--reconcile")
        whole = sync.tree()
        take_off(server, key, [(p, t) for p, t in pairs if t == 2])
        done = sync.once("--reconcile")
        tap.same((done.code, "frozen" in sync.opsync("status").out),
                 (0, False), "a field taken off one type freezes nothing")
        before = sync.tree()
        tap.ok(before != whole, "its documents lose the value")
        tap.tree(before, sync.scratch(), "as from nothing")
        take_off(server, key, pairs)
        said = "custom field '%s', which the server has no more: what" % named
        done = sync.once("--reconcile")
        tap.same(done.err.count(said), 1, "a deleted field is said once")
        tap.same(sync.opsync("status").out.count(said), 1, "by status, too")
        done = sync.once("--full")
        tap.ok(done.code == 3 and sync.tree() == before,
               "what depends on it stays", done)
        for which, tree in (((1, 3, 4, 5, 6, 7), before), ((2,), whole)):
            take_off(server, key, [(p, t) for p, t in pairs if t in which],
                     schema)
            done = sync.once("--reconcile")
            tap.same((done.code, "frozen" in sync.opsync("status").out),
                     (0, False), "there again in some types, it thaws")
            tap.tree(sync.tree(), tree, "with all values")


def polled_only(tap, sync, said):
    """What is missed is the same as before: nothing is read again."""
    sync.once()  # perhaps everything, of what is in scope now
    before = sync.opsync("runs").out.count("  full  ")
    done = sync.once()
    tap.ok(done.code in (0, 3) and said in done.err,
           "the next start says it, too", done)
    tap.same(sync.opsync("runs").out.count("  full  "), before,
             "and does not read all of it")


def projects(tap):
    """A project is archived, or hidden, while others go on."""
    for name, away, back in (
            ("archived", ("archive", {"project": 2}),
             ("archive", {"project": 2, "archived": False})),):
        with StandIn("--generate", "20", "--projects", "2") as server, Sync(
                server.url, projects="[demo-1, demo-2]", mapping="") as sync:
            sync.once()
            before = sync.tree()
            items = server.state()["workPackages"]
            second = [w["id"] for w in items
                      if w["_links"]["project"]["href"].endswith("/2")]
            first = [w["id"] for w in items if w["id"] not in second]
            server.side(*away)
            server.side(*edit(first[0], description="Goes on."))
            done = sync.once()
            tap.ok("demo-2" in done.err and done.code == 0 and
                   "or the key's user may not see it" in done.err and
                   "did you mean" not in done.err,
                   "a project that is %s is said" % name, done)
            done = sync.once("--reconcile")
            tap.same((done.code, len(sync.tree())), (0, len(before)),
                     "its documents stay")
            tap.ok(any(b"Goes on." in t for t in sync.tree().values()),
                   "others go on")
            tap.ok("10 documents stay" in sync.opsync("status").out,
                   "status says so", sync.opsync("status"))
            polled_only(tap, sync, "demo-2")
            server.side(*edit(second[0], subject="Changed meanwhile"))
            server.side(*edit(first[0], description="And on."))
            sync.once()
            server.side(*back)
            done = sync.once("--reconcile")
            tap.ok(done.code == 0 and
                   "frozen" not in sync.opsync("status").out,
                   "shown again, it goes on", done)
            tap.tree(sync.tree(), sync.scratch(),
                     "with what changed meanwhile")
            server.side(*away)
            sync.once("--reconcile")
            sync.configure(projects="[demo-1]")
            done = sync.once()
            tap.ok(done.code == 3 and "10 documents" in done.err,
                   "taken out of the configuration, it is for the guard",
                   done)
            sync.opsync("release", "1")
            sync.once()
            tap.tree(sync.tree(), sync.scratch(), "and then for a person")


PLACES = """
documents:
- name: first
  match: { project: [demo-1] }
  path: ${ project.identifier }/${ id }.md
  front_matter: { title: "${ subject }" }
- name: rest
  match: {}
  path: rest/${ id }.md
  front_matter: { title: "${ subject }" }
"""


def identifier(tap):
    """A project gets another identifier, and the configuration names it in
    two places: it may follow in one before the other."""
    with StandIn("--generate", "20", "--projects", "2") as server, Sync(
            server.url, projects="[demo-1, demo-2]",
            mapping=PLACES) as sync:
        sync.once()
        before = sync.tree()
        server.side("rename", {"kind": "project", "id": 1,
                               "name": "Demo project 1",
                               "identifier": "first-one"})
        done = sync.once("--reconcile")
        tap.ok("'demo-1', which the server calls 'first-one' now" in done.err
               and "did you mean" not in done.err,
               "another identifier is said", done)
        tap.tree(sync.tree(), before, "and nothing goes")
        tap.ok("opsync.yaml:4:12: the server shows no project 'demo-1' to "
               "this key (it is called 'first-one' now)" in done.err,
               "and where it is to be changed", done)
        polled_only(tap, sync, "first-one")
        places = {"projects": "[first-one, demo-2]",
                  "mapping": PLACES.replace("[demo-1]", "[first-one]")}
        for place, other in (("projects", "mapping"), ("mapping", "projects")):
            sync.configure(projects="[demo-1, demo-2]", mapping=PLACES)
            sync.configure(**{place: places[place]})
            server.side(*edit(2, subject="Of another identifier"))
            done = sync.once("--reconcile")
            tap.tree(sync.tree(), before, "nor with only %s changed" % place)
            tap.ok("first-one" in done.err and "did you mean" not in done.err,
                   "and %s is missed" % other, done)
        sync.configure(**places)
        done = sync.once("--reconcile")
        tap.same(done.code, 0, "with both changed it goes on")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def mistyped(tap):
    """A project's name gets a mistake: its documents are not out of scope."""
    with StandIn("--generate", "8", "--projects", "3") as server, Sync(
            server.url, projects="[demo-1, demo-2, demo-3]",
            mapping="") as sync:
        sync.once()
        head = sync.head()
        sync.configure(projects="[demo-1, demo-22, demo-3]")
        done = sync.once()
        tap.ok(done.code == 78 and "no project 'demo-22' to this key: it is "
               "not there, or the key's user may not see it (did you mean "
               "'demo-2'?)" in done.err,
               "a mistyped project is refused", done)
        server.side("archive", {"project": 1})
        done = sync.once("--full")
        tap.ok(done.code == 78 and "'demo-22'" in done.err,
               "and named, also where another is archived", done)
        tap.same(sync.head(), head, "nothing goes")
        server.side("archive", {"project": 1, "archived": False})
        sync.configure(projects="[demo-1, demo-2, demo-3, demo-4]")
        done = sync.once()
        tap.ok(done.code == 0 and "no project 'demo-4'" in done.err and
               sync.head() == head, "one more that is not there is said", done)
        sync.configure(projects="[demo-1, demo-2, demo-3]")
        sync.start()
        sync.configure(projects="[demo-1, demo-22, demo-3]")
        done = sync.opsync("reload")
        tap.ok(done.code == 78 and "no project 'demo-22'" in done.err,
               "a daemon refuses it, too", done)
        tap.ok(sync.opsync("resync", "--wait").code == 0 and
               sync.head() == head, "and goes on", sync.said())
        sync.configure(projects="[demo-1, demo-2, demo-3]")
        sync.opsync("reload")
        tap.ok(sync.opsync("resync", "--wait").code == 0 and
               sync.head() == head, "until it is right again")
        tap.same(sync.stop(), 0, "the daemon ends well")


def identifier_above(tap, others):
    """A project with subprojects gets another identifier."""
    names = "[{ project: %s, subprojects: true }" + others + "]"
    mapping = "documents:\n- path: ${ project.identifier }/${ id }.md\n"
    with StandIn() as server, Sync(
            server.url, projects=names % "ccm", mapping=mapping +
            "  front_matter: { title: '${ subject }' }\n") as sync:
        sync.once()
        before = sync.tree()
        server.side("rename", {"kind": "project", "id": 1,
                               "name": "Of another name",
                               "identifier": "ccm2"})
        for way in ("--reconcile", "--full", "--reconcile"):
            done = sync.once(way)
            tap.ok(done.code in (0, 3) and "'ccm2' now" in done.err,
                   way + ", of one with subprojects: it is said", done)
            tap.tree(sync.tree(), before, "and nothing goes")
        server.side(*edit(21, subject="Goes on below"))
        sync.once()
        tap.ok(b"Goes on below" in sync.tree()["ccm-sub/21.md"],
               "its subprojects go on")
        sync.configure(projects=names % "ccm2")
        tap.same(sync.once().code, 0, "configured, it goes on")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def hidden_above(tap):
    """The key's user loses a project, and not the one below it."""
    names = "[{ project: ccm, subprojects: true }, bulk]"
    with StandIn() as server, Sync(
            server.url, projects=names, key="syncbotkey",
            mapping="") as sync:
        for project in (1, 3, 4):
            server.side("grant", {"user": "syncbot", "project": project})
        sync.once()
        before = sync.tree()
        tap.ok(any(p.startswith("ccm-sub/") for p in before),
               "subprojects are there", list(before))
        server.side("grant", {"user": "syncbot", "project": 1,
                              "sees": False})
        for way in ("--reconcile", "--full"):
            done = sync.once(way)
            tap.ok("no project 'ccm'" in done.err,
                   way + ", the upper one not shown: it is said", done)
            tap.tree(sync.tree(), before, "and nothing goes below it")
        server.side(*edit(21, subject="Meanwhile"))
        server.side("grant", {"user": "syncbot", "project": 1})
        tap.same(sync.once("--reconcile").code, 0, "shown again, it goes on")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def identifier_back(tap):
    """It is called so again, and later not shown for a while."""
    with StandIn("--generate", "20", "--projects", "2") as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping="") as sync:
        sync.once()
        for name in ("first-one", "demo-1"):
            server.side("rename", {"kind": "project", "id": 1,
                                   "name": "Of another name",
                                   "identifier": name})
            sync.once("--reconcile")
        server.side("archive", {"project": 1})
        sync.once("--reconcile")
        tap.ok("the server calls" not in sync.opsync("status").out,
               "an identifier that came back, of a project not shown now, is "
               "no other name", sync.opsync("status"))
        server.side(*edit(2, subject="Changed meanwhile"))
        server.side("archive", {"project": 1, "archived": False})
        tap.same(sync.once("--reconcile").code, 0, "shown again, it goes on")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


TASKS = """
documents:
- match: { type: [Task] }
  path: tasks/${ id }.md
  front_matter: { title: "${ subject }" }
- path: rest/${ id }.md
  front_matter: { title: "${ subject }", type: "${ type.name }" }
"""


def type_again(tap):
    """A type is renamed, another made with the old name, and the first one
    deleted when nothing is of it any more."""
    with StandIn("--generate", "12", "--projects", "1") as server, Sync(
            server.url, projects="[demo-1]", mapping=TASKS) as sync:
        sync.once()
        tasks = [w["id"] for w in server.state()["workPackages"]
                 if w["_links"]["type"]["title"] == "Task"]
        server.side("rename", {"kind": "type", "id": 1, "name": "Chore"})
        done = sync.once("--reconcile")
        tap.ok("'Task', which the server calls 'Chore' now" in done.err,
               "another name of a type is said", done)
        server.side("thing", {"kind": "type", "id": 77, "name": "Task"})
        for ident in tasks:
            server.side(*edit(ident, type=77))
        server.side("forget", {"kind": "type", "id": 1})
        done = sync.once("--reconcile")
        tap.ok(done.code == 0 and "frozen" not in sync.opsync("status").out,
               "another type of the old name thaws it", done)
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


TWO = """
documents:
- name: two
  match: { project: [demo-1, demo-2] }
  path: ${ project.identifier }/${ id }.md
  front_matter: { title: "${ subject }" }
"""


def another_mapping(tap):
    """The mapping names a project that is archived, and is changed."""
    with StandIn("--generate", "20", "--projects", "2") as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=TWO) as sync:
        sync.once()
        before = sync.tree()
        server.side("archive", {"project": 2})
        sync.once("--reconcile")
        sync.configure(mapping=TWO.replace("title:", "heading:"))
        done = sync.once()
        tree = sync.tree()
        tap.ok(done.code == 0 and "demo-2" in done.err and all(
            (b"heading:" in tree[path]) == path.startswith("demo-1/")
            for path in before), "another mapping, while a project that it "
               "names is archived: others go on", done)
        tap.ok(all(tree[path] == before[path] for path in before
                   if path.startswith("demo-2/")), "its documents stay")
        server.side("archive", {"project": 2, "archived": False})
        sync.once("--reconcile")
        tap.tree(sync.tree(), sync.scratch(), "shown again: as from nothing")
        head = sync.head()
        for projects in ("[demo-1, demo-2]", "[demo-1, demo-x]"):
            sync.configure(mapping=TWO.replace("demo-2", "demo-x"),
                           projects=projects)
            done = sync.once()
            tap.ok(done.code == 78 and "no project 'demo-x'" in done.err and
                   sync.head() == head, "one that was never shown is refused, "
                   "with projects: " + projects, done)


def unread_mapping(tap):
    """The same at once, where the mapping now reads what it left out."""
    with StandIn("--generate", "40", "--projects", "2") as server, Sync(
            server.url, projects="[demo-1, demo-2]",
            mapping=TWO.replace("match: {", "match: { where: "
                                "'${ id < 5 }',")) as sync:
        sync.once()
        server.side("archive", {"project": 2})
        server.side("requests/reset")
        sync.configure(mapping=TWO)
        done = sync.once()
        made = [path for path in sync.tree() if path.startswith("demo-1/")]
        tap.ok(done.code == 0 and len(made) == 20, "another mapping, just "
               "when a project is archived: all of the others is read",
               (done, len(made)))


def vanishing(tap):
    """A project is archived while a full read is under way."""
    with StandIn("--generate", "1200", "--projects", "2") as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=TWO) as sync:
        server.side("fault", {"match": "%22id%22", "after": 2, "times": -1,
                              "delay_ms": 300})
        sync.start(wait=False)
        until(lambda: sum("%22id%22" in r["path"]
                          for r in server.requests()) >= 3, 20)
        server.side("archive", {"project": 2})
        server.side("faults/clear")
        got = until(lambda: sum(path.startswith("demo-1/")
                                for path in sync.tree()) == 600, 30)
        refused = sum(r["status"] == 400 for r in server.requests())
        tap.ok(got and refused < 60, "a project is archived during a first "
               "sync: all of the other is read", (refused, sync.said()))
        tap.same(sync.stop(), 0, "the daemon ends well")


def asked_for(tap):
    """A project is archived, and before any poll some of another is asked for,
    or read by the daily full read."""
    for name, schedule in (
            ("asked for", "{ poll: 1h }"),
            ("the full read", "{ poll: 1h, full: { every: 1s, between: "
                              "00:00-24:00 } }")):
        with StandIn("--generate", "40", "--projects", "2") as server, Sync(
                server.url, projects="[demo-1, demo-2]", mapping=TWO,
                schedule=schedule) as sync:
            sync.start()
            path = min(p for p in sync.tree() if p.startswith("demo-1/"))
            ident = path.split("/")[1].split(".")[0]
            server.side("archive", {"project": 2})
            server.side("edit", {"id": int(ident), "silent": True,
                                 "set": {"subject": "Unseen"}})
            if "full" not in schedule:
                done = sync.opsync("resync", "--wp", ident, "--wait")
                tap.ok(done.code == 0 and "not shown" not in sync.said(),
                       name + ": it is shown", (done, sync.said()))
            got = until(lambda: b"Unseen" in sync.tree()[path], 15)
            tap.ok(got, "a project is archived, and of another is read: "
                   + name, sync.said())
            tap.same(sync.stop(), 0, "the daemon ends well")


STATUS = """
documents:
- match: { where: '${ status.name != "New" or id != 0 }' }
  path: "${ id }.md"
"""


def told(tap, name, away, back, code, cause):
    """However much is frozen, it is told once, with how much, by the log, a
    hook and monitoring; and so is that it is over."""
    def calls(kind):
        try:
            return read(os.path.join(sync.folder, kind)).decode().splitlines()
        except FileNotFoundError:
            return []

    def events(kind):
        return [e["text"] for e in sync.opsync(
            "--json", "log", "--event", kind, "--level", "notice").json()]

    def check():
        done = sync.opsync("status", "--check")
        return done.code, done.out

    with StandIn("--generate", "40", "--projects", "2") as server:
        for project in 1, 2:
            server.side("grant", {"user": "syncbot", "project": project})
        with Sync(server.url, projects="'*'", key="syncbotkey", mapping=STATUS,
                  schedule="{ poll: 1h }") as sync:
            sync.configure(more="""hooks:
  settle: 10ms
  calls:
  - { on: [error], shell: 'cat >>%s/error' }
  - { on: [recovered], shell: 'cat >>%s/recovered' }""" % (
      sync.folder, sync.folder))
            sync.start()
            before = sync.tree()
            tap.ok("OPSYNC OK" in check()[1], name + ": at first", check())
            for order in away:
                server.side(*order)
            for _ in range(2):
                done = sync.opsync("resync", "--full", "--wait")
                tap.same(done.code, code, name + ": the pass")
            tap.same(sync.tree(), before, name + ": all stays")
            frozen = events("frozen")
            tap.ok(len(frozen) == 1 and cause in frozen[0] and
                   "until" in frozen[0] and not events("failed"),
                   name + ": one event", frozen + events("failed"))
            tap.same(sum(cause in line for line in
                         sync.said().splitlines()), 1, name + ": one line")
            tap.ok(until(lambda: calls("error")), name + ": a hook")
            tap.ok(check()[0] == 1 and "WARNING" in check()[1] and
                   cause in check()[1], name + ": --check", check())
            for order in back:
                server.side(*order)
            for _ in range(2):
                sync.opsync("resync", "--full", "--wait")
            tap.same((len(events("thawed")), events("recovered")), (1, []),
                     name + ": one event for the end")
            tap.ok("OPSYNC OK" in check()[1], name + ": all is well", check())
            tap.ok(until(lambda: calls("recovered")), name + ": its hook")
            tap.same((len(calls("error")), len(calls("recovered"))), (1, 1),
                     name + ": called once each")
            tap.same(len(events("frozen")), 1, name + ": never again")
            tap.same(sync.stop(), 0, "the daemon ends well")


def all_told(tap):
    told(tap, "no right to it",
         [("grant", {"user": "syncbot", "project": 2, "sees": False})],
         [("grant", {"user": "syncbot", "project": 2, "sees": True})],
         0, "project 2 (demo-2): its 20 documents stay as they are")
    told(tap, "a status that is named",
         [("rename", {"kind": "status", "id": 1, "name": "Nw"})],
         [("rename", {"kind": "status", "id": 1, "name": "New"})], 3,
         "the status 'New', which the server calls 'Nw' now: what depends on "
         "it stays as it is (")


def main():
    tap = Tap()
    all_told(tap)
    with StandIn() as server, Sync(
            server.url, projects="[ccm, ccm-sub]", mapping=MAPPING) as sync:
        server.side("edit", {"id": 20001, "set": {
            "subject": "Another priority", "project": 1, "type": 8,
            "priority": 22, "status": 26}})
        sync.once()
        for part in (names, newer_library, configured, field):
            part(tap, server, sync)
        tap.same(sync.flaws(), [], "a repository without a flaw")
    field_elsewhere(tap)
    half_read(tap)
    for named in ("Weight", "customField4"):
        field_gone(tap, named)
    projects(tap)
    identifier(tap)
    mistyped(tap)
    identifier_above(tap, "")
    identifier_above(tap, ", bulk")
    hidden_above(tap)
    identifier_back(tap)
    type_again(tap)
    another_mapping(tap)
    unread_mapping(tap)
    vanishing(tap)
    asked_for(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
