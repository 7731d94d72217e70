#!/usr/bin/python3
"""A server that suddenly shows nothing, or half of it: nothing is removed,
and it is said loudly; a few deletions pass; a person lets the rest go."""
import json
import os
import re
import signal
import subprocess
import sys

from harness import StandIn, Sync, Tap, edit, until

COUNT = 40
WORLD = ("--generate", str(COUNT), "--projects", "2")
SYNCED = {"projects": "[demo-1, demo-2]", "mapping": ""}
PLAIN = """
documents:
- name: all
  match: { where: "${ not (subject | match('^X')) }" }
  path: ${ project.identifier }/${ id }.md
  body: ${ subject }
"""
FEW = PLAIN.replace("not (subject | match('^X'))", "id < 9")


def counted(n):
    return "%d document%s" % (n, "" if n == 1 else "s")


def loud(tap, done, n, held, name):
    """n more would be removed, for one project, or for each of some."""
# waits for most of its time
    tap.same(done.code, 3, name + ": exit 3")
    said = [line for line in done.err.splitlines() if "would be" in line]
    tap.same(sum(int(line.split("warning: ")[1].split()[0])
                 for line in said), n, name + ": says how many")
    tap.ok(all("guard: max_delete" in line and "all of them stay" in line
               for line in said), name + ": and why", done)
    tap.ok("%s held by the guard" % (
        counted(held) + (" is" if held == 1 else " are")) in done.err,
        name + ": and that it is not done", done)


def stays(tap, sync, head, name):
    tap.same((sync.head(), len(sync.tree())), (head, COUNT),
             name + ": nothing is removed")


def sets(sync):
    """What is held: number of the set to (documents, released)."""
    return {s["set"]: (s["documents"], s["released"])
            for s in sync.opsync("--json", "held").json()}


def documents(sync, number):
    return sorted(d["work_package"] for d in
                  sync.opsync("--json", "held", str(number)).json())


def ids(sync):
    return {int(p.split("/")[1].split(".")[0]) for p in sync.tree()}


# --- What is held -------------------------------------------------------------


def halves(tap, server, sync):
    """A project is deleted one work package after the other."""
    sync.once()
    head = sync.head()
    tap.same(len(sync.tree()), COUNT, "all of it is there")
    gone = [w["id"] for w in server.state()["workPackages"]
            if w["id"] % 2 == 0]
    for ident in gone:
        server.side("delete", {"id": ident})
    done = sync.once("--full")
    loud(tap, done, len(gone), len(gone), "half of it")
    stays(tap, sync, head, "half of it")
    stays(tap, sync, head, "again" if sync.once("--full").code == 3
          else "the second time it is let through")
    logged = sync.opsync("--json", "log").json()
    tap.same(sorted(e["work_package"] for e in logged
                    if e["event"] == "held"), sorted(gone),
             "the log names each of them, once")
    tap.same(sets(sync), {1: (len(gone), 0)}, "they are a set")
    tap.same(documents(sync, 1), sorted(gone), "of just these")
    held = sync.opsync("held", "1")
    tap.ok("does not show it any more" in held.out and
           "demo-1" in held.out, "each with project and reason", held)
    tap.ok("20 removals, by the guard" in sync.opsync("status").out,
           "status says it", sync.opsync("status").out)
    shown = sync.opsync("show", str(gone[0]))
    tap.ok("held       removal of " in shown.out, "so does show", shown)
    other = [w["id"] for w in server.state()["workPackages"]][0]
    server.side(*edit(other, subject="goes on"))
    done = sync.once()
    tap.ok(done.code == 3 and "would be removed" not in done.err and
           "1 changed" in done.err, "polls go on, and end with 3", done)
    return sync.head()


def nothing(tap, server, sync, head):
    """Rights are lost, or all projects archived: an empty list."""
    empty = ('{"_type":"WorkPackageCollection","total":0,"count":0,'
             '"pageSize":1000,"offset":1,"_embedded":{"elements":[]}}')
    login = "<!DOCTYPE html><title>Sign in</title>"
    for name, body, kind in (("an empty list", empty, "application/hal+json"),
                             ("a login page", login, "text/html")):
        server.side("fault", {"match": "/api/v3/work_packages?", "times": -1,
                              "status": 200, "body": body,
                              "content_type": kind})
        done = sync.once("--full")
        tap.ok(done.code in (3, 69) and "error: " in done.err,
               name + " is no crash, and said", done)
        stays(tap, sync, head, name)
        server.side("faults/clear")


def archived(tap, server, sync, head):
    """A project that the key no longer sees at all."""
    server.side("archive", {"project": 2})
    done = sync.once("--full")
    tap.ok("demo-2" in done.err and "stay as they are" in done.err,
           "a project that is gone is named", done)
    stays(tap, sync, head, "a project that is gone")
    server.side("archive", {"project": 1})
    done = sync.once("--full")
    tap.ok(done.code == 78 and "demo-1" in done.err,
           "with the last one there is nothing to sync", done)
    stays(tap, sync, head, "no project at all")
    for ident in (1, 2):
        server.side("archive", {"project": ident, "archived": False})


def emptied(tap, server, sync, head):
    """And really nothing is left: a person says so."""
    for item in server.state()["workPackages"]:
        server.side("delete", {"id": item["id"]})
    done = sync.once("--full")
    loud(tap, done, COUNT // 2, COUNT, "an empty server")
    stays(tap, sync, head, "an empty server")
    tap.same(sets(sync), {2: (COUNT, 0)}, "the set that grew has a number "
             "of its own")
    refused = sync.opsync("release", "1")
    tap.ok(refused.code == 64 and "set 2 now" in refused.err,
           "by the old one it is not released", refused)
    tap.same(sync.opsync("release", "2", "--dry-run").out.count("\n"), COUNT,
             "a dry run lists them")
    tap.same(sets(sync), {2: (COUNT, 0)}, "and does nothing")
    tap.same(sync.opsync("release", "2").code, 0, "by the new one it is")
    tap.same(sync.once().code, 0, "the next pass does it")
    tap.same(len(sync.tree()), 0, "all are gone")
    tap.same(sets(sync), {}, "nothing is held any more")


def few(tap):
    with StandIn(*WORLD) as server, Sync(server.url, **SYNCED) as sync:
        sync.once()
        for ident in (5, 6, 7, 8):
            server.side("delete", {"id": ident})
        done = sync.once("--full")
        tap.ok(done.code == 0 and "4 removed" in done.err,
               "four deletions pass", done)
        tap.same(len(sync.tree()), COUNT - 4, "and are carried out")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        server.side("delete", {"id": 9})
        done = sync.once("--full")
        loud(tap, done, 1, 1, "the fifth within a day")
        tap.same(len(sync.tree()), COUNT - 4, "and held")
        server.side("delete", {"id": 10})
        loud(tap, sync.once("--full"), 1, 2, "the sixth joins it")
        sync.configure(more="guard: { max_delete: { share: 50% } }")
        tap.same(sync.once("--full").code, 3,
                 "what is held waits for a person, whatever the guard")
        sync.opsync("release", "2")
        tap.same(sync.once().code, 0, "who lets it go")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        server.side("delete", {"id": 11})
        tap.same(sync.once("--full").code, 0, "and new ones pass it")


def retyped(tap):
    """Not a deletion, but it would remove as much."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=PLAIN) as sync:
        sync.once()
        head = sync.head()
        tap.same(len(sync.tree()), COUNT, "all fit")
        for ident in range(1, 11):
            server.side(*edit(ident, subject="X"))
        done = sync.once()
        loud(tap, done, 10, 10, "ten that fit no entry any more")
        stays(tap, sync, head, "ten that fit no entry any more")
        for ident in range(1, 9):
            server.side(*edit(ident, subject="back"))
        done = sync.once()
        tap.ok(done.code == 3 and documents(sync, 1) == [9, 10],
               "eight come back", done)
        done = sync.opsync("held")
        tap.ok(re.search(r"held since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(",
                         done.out), "since when, by the local clock", done)
        done = sync.opsync("release", "1", "--wp", "9")
        tap.same([line.split()[0] for line in done.out.splitlines()],
                 ["9", "no"], "only what is let go is told")
        sync.once()
        tap.ok(9 not in ids(sync) and 10 in ids(sync),
               "one of them is let go", ids(sync))
        sync.opsync("release", "1")
        sync.once()
        tap.tree(sync.tree(), sync.scratch(), "and then the other")


def mistyped(tap):
    """A condition of the mapping is mistyped, and read by a daemon."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=PLAIN) as sync:
        sync.start()
        head = sync.head()
        sync.configure(mapping=PLAIN.replace("not (", "("))
        sync.opsync("reload")
        done = sync.opsync("resync", "--wait")
        tap.ok(done.code == 3 and "40 documents are held" in done.err,
               "a mistyped condition removes nothing", done)
        stays(tap, sync, head, "a mistyped condition")
        sync.configure(mapping=PLAIN)
        sync.opsync("reload")
        done = sync.opsync("resync", "--wait")
        tap.same((done.code, sets(sync), sync.head()), (0, {}, head),
                 "the right one has them all again")


def once_each(tap):
    """A poll shows one that another mapping leaves out: it counts once."""
    with StandIn("--generate", "12") as server, Sync(
            server.url, projects="[demo-1]", mapping=PLAIN) as sync:
        sync.once()
        server.side(*edit(12, subject="the newest"))
        sync.once()
        sync.configure(mapping=FEW)
        done = sync.once()
        tap.ok("4 removed" in done.err and done.err.count("removed:") == 4,
               "what a pass sees twice is removed, and said, once", done)
        tap.ok("Remove 4 documents" in sync.git("log", "-1").out,
               "and counted so in the commit")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def made_again(tap):
    """Held ones are made again: they are held no more once they are."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=PLAIN) as sync:
        sync.once()
        tree = sync.tree()
        sync.configure(mapping=FEW)
        loud(tap, sync.once(), 32, 32, "a mapping that leaves most out")
        sync.configure(mapping=PLAIN)
        done = sync.once()
        tap.same((done.code, sets(sync)), (0, {}),
                 "and is taken back: nothing is held any more")
        tap.tree(sync.tree(), tree, "nothing has gone")
        tap.same((sync.once().code, sets(sync)), (0, {}), "nor is it later")


def projects(tap):
    """One project's trouble never stops the others."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=PLAIN,
            schedule="{ poll: 1s, overlap: 1s, reconcile: 1s }") as sync:
        sync.start()
        items = server.state()["workPackages"]
        first = [w["id"] for w in items
                 if w["_links"]["project"]["href"].endswith("/1")]
        second = [w["id"] for w in items if w["id"] not in first]
        for ident in first[:10] + second[:2]:
            server.side("delete", {"id": ident})
        server.side(*edit(second[5], subject="goes on"))
        gone = until(lambda: not set(second[:2]) & ids(sync) and
                     b"goes on" in sync.tree()["demo-2/%d.md" % second[5]])
        tap.ok(gone, "the other project goes on", sync.said())
        tap.ok(set(first) <= ids(sync), "the one in trouble keeps its own")
        number = max(sets(sync))
        done = sync.opsync("release", str(number), "--project", "demo-2")
        tap.same(done.code, 64, "nothing of the other is held")
        server.side("edit", {"id": first[0], "set": {
            "subject": "Back again", "project": 1, "type": 1}})
        got = until(lambda: b"Back again" in
                    sync.tree()["demo-1/%d.md" % first[0]])
        tap.ok(got and first[0] not in documents(sync, number),
               "one that comes back is held no more")
        done = sync.opsync("release", str(number), "--project", "demo-1")
        tap.ok(done.code == 0 and "9 removed" in done.out,
               "a daemon releases at once", done)
        until(sync.idle)
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        tap.same(sync.stop(), 0, "the daemon ends well")


# --- What people order --------------------------------------------------------


def lost(tap, server, sync):
    """Without its state the daemon knows from the history."""
    os.unlink(sync.state_file)
    done = sync.once()
    tap.ok(done.code == 0 and not {1, 20} & ids(sync),
           "with the state lost, it stays out", done)
    tap.same(len(ids(sync)), COUNT - 2, "and all others are there")


def amid(tap, server, sync):
    """A pass is on, and takes long."""
    server.side("fault", {"match": "elements%2Fid", "delay_ms": 4000})
    sync.opsync("resync", "--full")
    until(lambda: not sync.idle())
    waiting = subprocess.Popen(
        [sync.CLIENT, "--config", sync.config, "withdraw", "33"],
        env=sync.env, stdout=subprocess.DEVNULL)
    got = until(lambda: 33 not in ids(sync), 3)
    tap.ok(got and not sync.idle(), "withdrawn while a pass is on")
    waiting.wait(30)
    tap.same(sync.opsync("publish", "33").code, 0, "and published again")
    tap.ok(33 in ids(sync), "it is back")


def withdrawn(tap):
    """Out now, without guard, and kept out."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=PLAIN,
            schedule="{ poll: 1s, overlap: 1s, reconcile: 2s }") as sync:
        sync.start()
        server.side("fault", {"match": "/", "times": -1, "status": 503})
        done = sync.opsync("withdraw", *map(str, range(1, 21)))
        tap.ok(done.code == 0 and ids(sync) == set(range(21, 41)),
               "withdrawn at once, though the server is away", done)
        server.side("faults/clear")
        server.side(*edit(3, subject="changed meanwhile"))
        server.side(*edit(30, subject="changed, too"))
        until(lambda: b"changed, too" in
              [t for p, t in sync.tree().items() if "/30.md" in p][0])
        sync.opsync("resync", "--full", "--wait")
        tap.same(ids(sync), set(range(21, 41)), "changed or not, it stays out")
        got = sync.opsync("status").out
        tap.ok("withdrawn  20" in got and "of 40 work packages: 20 with a "
               "document, 0 left out, 20 withdrawn, 0 failed\n" in got,
               "status says so, and counts them apart", got)
        got = sync.opsync("show", "5").out
        tap.ok("withdrawn  by a person (opsync publish 5 brings it back)\n" in
               got and "state" not in got and "explain" not in got,
               "show says so alone", got)
        got = sync.opsync("explain", "5").out
        tap.ok(got.startswith("withdrawn by a person (opsync publish 5 brings "
                              "it back)\n") and "fits\n" in got and
               "withdrawn" not in sync.opsync("explain", "30").out,
               "explain says so before what the mapping says", got)
        done = sync.opsync("--json", "explain", "5", "nokey")
        tap.same((done.code, done.out), (64, ""), "and none of it in JSON, "
                 "where there is no such key")
        tap.same(sync.opsync("publish", "30").code, 64,
                 "what is not withdrawn is not published")
        done = sync.opsync("withdraw", "4711")
        tap.ok(done.code == 0 and "work package 4711 is not known here" in
               done.err, "one that is not known is told", done)
        tap.same(sync.opsync("publish", "4711").code, 0, "and taken back")
        done = sync.opsync("publish", *map(str, range(1, 20)))
        tap.ok(done.code == 0 and ids(sync) == set(range(1, 41)) - {20},
               "published, all are back", done)
        tap.ok(any(b"changed meanwhile" in t for t in sync.tree().values()),
               "as they are now")
        amid(tap, server, sync)
        sync.stop()
        sync.opsync("withdraw", "1")
        tap.ok(1 in ids(sync), "while no daemon runs, it waits")
        sync.once()
        tap.ok(1 not in ids(sync), "for the next pass")
        lost(tap, server, sync)
        sync.opsync("publish", "1", "20")
        sync.once()
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        server.side(*edit(30, subject="and so on"))
        sync.once()
        os.unlink(sync.state_file)
        sync.once()
        tap.tree(sync.tree(), sync.scratch(),
                 "nor does a lost state keep out what was published")


def withdrawn_and_held(tap):
    """What is withdrawn is held no more; and where nobody knows what is its,
    since the state was lost, that is said."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=PLAIN,
            more="guard: { max_delete: { count: 1 } }") as sync:
        sync.once()
        for ident in range(1, 7):
            server.side("delete", {"id": ident})
        sync.start()
        tap.same(sync.opsync("resync", "--full", "--wait").code, 3,
                 "removals are held")
        for ident, left in (1, "5 held"), (2, "4 held"):
            done = sync.opsync("withdraw", str(ident))
            tap.ok(done.code == 0 and left in done.out and
                   ident not in ids(sync), "one goes: " + left, done)
        sync.stop()
        os.unlink(sync.state_file)
        server.side("fault", {"match": "/", "times": -1, "status": 503})
        sync.start(wait=False)
        until(lambda: os.path.exists(sync.socket))
        done = sync.opsync("withdraw", *map(str, range(20, 31)))
        tap.ok(done.code == 3 and "may still be there" in done.err and
               "38 files" in done.err and 20 in ids(sync),
               "with the state lost, it is said that they may stay", done)
        server.side("faults/clear")
        sync.opsync("resync", "--full", "--wait")
        done = sync.opsync("withdraw", "20")
        tap.ok(done.code == 3 and "opsync held" in done.err and
               20 in ids(sync), "nor are they gone while they are held", done)
        sync.opsync("release", *map(str, sets(sync)))
        tap.ok(not {20, 30} & ids(sync), "released, they go")
        tap.same(sync.opsync("withdraw", "20").code, 0, "and all is said")


def changes(tap):
    """A changed mapping would rewrite more than is let through."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=PLAIN,
            more="guard: { max_change: { count: 20 } }") as sync:
        sync.once()
        head = sync.head()
        sync.configure(mapping=PLAIN + "  front_matter: { id: '${ id }' }\n")
        done = sync.once()
        tap.ok(done.code == 3 and "guard: max_change" in done.err and
               "40 documents would change" in done.err,
               "too many changes are held", done)
        stays(tap, sync, head, "too many changes")
        tap.same(sets(sync), {1: (40, 0)}, "as a set")
        done = sync.once()
        tap.same((done.code, sets(sync)), (3, {1: (40, 0)}), "until then")
        server.side(*edit(7, subject="news"))
        sync.once()
        tap.ok(any(b"news" in t for t in sync.tree().values()),
               "what changes on the server goes on")
        done = sync.opsync("--json", "release", "1")
        tap.ok(done.code == 0 and done.json(), "a person lets them go", done)
        tap.ok("39 changes released, for the next pass" in
               sync.opsync("held").out, "held says it", sync.opsync("held"))
        done = sync.once()
        tap.same((done.code, sets(sync)), (0, {}), "then they are made")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        head = sync.head()
        sync.configure(mapping=PLAIN)
        tap.same(sync.once().code, 3, "another mapping is held anew")
        server.side(*edit(8, subject="in between"))
        sync.once()
        sync.configure(mapping=PLAIN +
                       "  front_matter: { id: '${ id }' }\n")
        tap.same((sync.once().code, sets(sync)), (0, {}),
                 "and taken back before it was released")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def told(sync, name):
    """What a hook has written there: its objects."""
    try:
        with open(os.path.join(sync.folder, name)) as f:
            return [json.loads(line) for line in f]
    except FileNotFoundError:
        return []


def figure(sync, state):
    """Of the metrics: how many documents are in that state."""
    with open(os.path.join(sync.folder, "metrics.prom")) as f:
        return int(re.search('opsync_documents.*state="%s".* (\\d+)' % state,
                             f.read())[1])


def changes_are_told(tap):
    """Held changes are an event, told to hooks and counted, as removals."""
    more = ("guard: { max_change: { count: 20 } }\n"
            "status: { textfile: %s/metrics.prom }\n"
            "hooks:\n- { on: [held], shell: 'cat >>%s/held' }")
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=PLAIN) as sync:
        sync.configure(more=more % (sync.folder, sync.folder))
        sync.once()
        tap.same((figure(sync, "current"), figure(sync, "held")), (COUNT, 0),
                 "nothing is held")
        sync.configure(mapping=PLAIN + "  front_matter: { id: '${ id }' }\n")
        sync.once()
        logged = sync.opsync("--json", "log", "--event", "held").json()
        tap.ok(len(logged) == 1 and "40 documents would change" in
               logged[0]["text"], "changes that are held are an event", logged)
        tap.same([h["sentence"] for h in told(sync, "held")],
                 [logged[0]["text"]] if logged else None,
                 "which a hook is told")
        tap.same((figure(sync, "current"), figure(sync, "held")), (0, COUNT),
                 "and a metric has them, in one state each")
        sync.once()
        tap.same(len(told(sync, "held")), 1, "once")


def kill_reading(tap, server, sync, what):
    """A pass that begins to read work packages of the server."""
    server.side("requests/reset")
    server.side("fault", {"match": "/api/v3/work_packages?",
                          "delay_ms": 20000})
    sync.start("--once", wait=False)
    tap.ok(until(lambda: any("/work_packages?" in r["path"]
                             for r in server.requests())),
           what, server.requests())
    sync.stop(signal.SIGKILL)
    server.side("faults/clear")


def killed_amid(tap):
    """A release is used up with the commit that it led to."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=PLAIN,
            more="guard: { max_change: { count: 20 } }") as sync:
        sync.once()
        sync.configure(mapping=PLAIN + "  front_matter: { id: '${ id }' }\n")
        sync.once()
        tap.same(sync.opsync("release", "1").code, 0, "changes are released")
        head = sync.head()
        kill_reading(tap, server, sync, "all of them are staged")
        tap.same(sync.head(), head, "and the pass is killed")
        done = sync.once()
        tap.same((done.code, sets(sync)), (0, {}), "the next one makes them")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def held_and_killed(tap):
    """That changes are held is told, though a kill comes right behind it."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=PLAIN) as sync:
        sync.configure(more="guard: { max_change: { count: 20 } }\n"
                       "hooks:\n- { on: [held], shell: 'cat >>%s/held' }" %
                       sync.folder)
        sync.once()
        sync.configure(mapping=PLAIN + "  front_matter: { id: '${ id }' }\n")
        kill_reading(tap, server, sync,
                     "changes are held, and the pass goes on")
        tap.same(sets(sync), {1: (COUNT, False)}, "till it is killed")
        tap.same(sync.once().code, 3, "the next one holds them, too")
        logged = sync.opsync("--json", "log", "--event", "held").json()
        tap.ok(len(logged) == 1 and "40 documents would change" in
               logged[0]["text"], "once they are an event", logged)
        tap.same(len(told(sync, "held")), 1, "and a hook is told once")


def rehearsed(tap):
    """A rehearsal says what would be held, and weighs as a pass does."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=PLAIN,
            more="guard: { max_delete: { share: 30% }, max_change: { count: 20"
            " } }") as sync:
        sync.once()
        some = sorted(i for i in ids(sync) if os.path.exists(
            os.path.join(sync.store, "demo-1/%d.md" % i)))[:10]
        sync.configure(mapping=PLAIN.replace(
            "not (subject | match('^X'))", "not (id in %s)" % some))
        diff = sync.opsync("diff")
        tap.ok("10 documents of project demo-1 would be removed" in diff.err
               and "the guard would hold that" in diff.err and
               diff.out.count("deleted file") == 10,
               "a project of which much would go", diff)
        tap.same(sync.opsync("held").out, "nothing is held\n",
                 "nothing is by that")
        loud(tap, sync.once(), 10, 10, "as it is then")
        sync.configure(mapping=PLAIN)
        sync.once()
        sync.configure(mapping=PLAIN + "  front_matter: { id: '${ id }' }\n")
        diff = sync.opsync("diff")
        tap.ok("40 documents would change" in diff.err and
               "the guard would hold that" in diff.err and
               diff.out.count("diff --git") == 40,
               "more changes than it lets through", diff)
        done = sync.once()
        tap.ok(done.code == 3 and "40 documents would change" in done.err,
               "which are held then", done)


def released(tap):
    """What is released and yet to be done is no warning."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=PLAIN) as sync:
        sync.once()
        sync.configure(mapping=FEW)
        sync.once()
        check = sync.opsync("status", "--check")
        tap.ok(check.code == 1 and "32 removals are held" in check.out,
               "held: a warning", check)
        tap.same(sync.opsync("release", "1").code, 0, "let go, without a "
                 "daemon")
        check = sync.opsync("status", "--check")
        tap.ok(check.code == 0 and "held" not in check.out,
               "released: none", check)
        status = sync.opsync("status").out
        tap.ok("released   32 removals, for the next pass" in status and
               "opsync held" not in status, "status says so", status)
        held = sync.opsync("held").out
        tap.same(held, "set 1: 32 removals released, for the next pass\n",
                 "and so does held")


def main():
    tap = Tap()
    with StandIn(*WORLD) as server, Sync(server.url, **SYNCED) as sync:
        head = halves(tap, server, sync)
        nothing(tap, server, sync, head)
        archived(tap, server, sync, head)
        emptied(tap, server, sync, head)
        tap.same(sync.flaws(), [], "a repository without a flaw")
    for part in (few, retyped, mistyped, once_each, made_again, projects,
                 withdrawn, withdrawn_and_held, changes, changes_are_told, killed_amid,
                 held_and_killed, rehearsed, released):
        part(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
