#!/usr/bin/python3
"""While the guard holds something: what a person withdraws goes at once, what
was lost is restored, verify calls nothing of it damage, and what is told of
it is so."""
import contextlib
import os
import signal
import sqlite3
import sys

from harness import StandIn, Sync, Tap, until

COUNT = 60
PLAIN = """
documents:
- name: all
  match: {}
  path: ${ project.identifier }/${ id }.md
  front_matter: { title: "${ subject }" }
"""
OTHER = PLAIN.replace('"${ subject }"', '"${ subject }", x: z')
NONE = PLAIN.replace("match: {}", 'match: { where: "${ id > 1000 }" }')
GUARD = "guard: { max_change: { share: 10%, count: 10 } }"


@contextlib.contextmanager
def held(mapping=OTHER, before=PLAIN, **parts):
    """A server, and a store in which all that the mapping does is held."""
    with StandIn("--generate", str(COUNT), "--projects", "2") as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=before,
            more=GUARD, **parts) as sync:
        sync.once()
        sync.configure(mapping=mapping)
        sync.once("--full")
        yield server, sync


def n_held(sync):
    return sum(s["documents"] for s in sync.opsync("--json", "held").json())


def path_of(sync, ident):
    return [p for p in sync.tree() if p.endswith("/%d.md" % ident)][0]


def ends_with(tap, done, n, name):
    """A pass of --once says how much is held by now."""
    tap.ok(done.code == 3 and "%d documents are held" % n in done.err,
           name + ": %d are held, it says" % n, done)


def quiet(tap, sync, name):
    """The next pass finds nothing more to do."""
    head = sync.head()
    done = sync.once()
    tap.ok(sync.head() == head and "removed:" not in done.err and
           "restored" not in done.err, name + ": once", done)


# --- What waits for no weighing ----------------------------------------------


def withdrawn(tap):
    with held() as (server, sync):
        path = path_of(sync, 5)
        tap.same(sync.opsync("withdraw", "5").code, 0, "one is withdrawn")
        done = sync.once()
        tap.ok("a person withdrew it" in done.err, "it is removed, one says",
               done)
        tap.ok(path not in sync.tree() and
               not os.path.exists(os.path.join(sync.store, path)),
               "and it is")
        tap.ok("Opsync-Withdrawn: 5" in sync.git("log", "--format=%B").out,
               "and the history says so")
        ends_with(tap, done, COUNT - 1, "in that pass")
        last = sync.opsync("--json", "runs", "--limit", "1").json()[0]
        tap.same((last["changed"], last["removed"]), (0, 1), "so does its run")
        quiet(tap, sync, "it is removed")
        tap.same(n_held(sync), COUNT - 1, "the others are held")
        sync.opsync("release", "1")
        sync.once()
        tap.tree(sync.tree(), {p: t for p, t in sync.scratch().items()
                               if p != path}, "and let go, without it")


def killed(tap):
    """Before anything else was staged."""
    with held() as (server, sync):
        path = path_of(sync, 5)
        sync.opsync("withdraw", "5")
        server.side("fault", {"match": "/api/v3/", "times": -1,
                              "delay_ms": 30000})
        sync.start("--full", wait=False)
        tap.ok(until(lambda: path not in sync.tree()),
               "it goes before the server says a word", sync.said())
        sync.stop(signal.SIGKILL)
        server.side("faults/clear")
        sync.once()
        tap.ok("Opsync-Withdrawn: 5" in sync.git("log", "--format=%B").out and
               path not in sync.tree(), "after a kill the history says so")
        tap.same((n_held(sync), sync.flaws()), (COUNT - 1, []),
                 "and all else is as it was")


def in_its_place(tap):
    """Who had to evade the one that went."""
    mapping = PLAIN.replace("${ id }.md", "${ subject }.md")
    with StandIn("--generate", str(COUNT), "--projects", "2") as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=mapping,
            more=GUARD) as sync:
        for ident in (6, 8):
            server.side("edit", {"id": ident, "set": {
                "subject": "same", "project": 1}})
        sync.once()
        tap.ok("demo-1/same-8.md" in sync.tree(), "one evades the other",
               sorted(sync.tree()))
        sync.configure(mapping=mapping.replace('}"', '}", x: z'))
        sync.once()
        sync.opsync("withdraw", "6")
        done = sync.once()
        tap.ok("demo-1/same-8.md" not in sync.tree() and
               b"x: z" in sync.tree().get("demo-1/same.md", b""),
               "that the place is free is news", done)
        ends_with(tap, done, COUNT - 2, "in its place")


def restored(tap):
    with held() as (server, sync):
        before = sync.tree()
        edited, gone = path_of(sync, 4), path_of(sync, 6)
        with open(os.path.join(sync.store, edited), "a") as f:
            f.write("mine\n")
        os.unlink(os.path.join(sync.store, gone))
        done = sync.once()
        tap.same(done.err.count("it is restored"), 2, "two are restored")
        tap.tree({p: read(sync, p) for p in before}, before,
                 "as they were before")
        tap.ok("opsync/kept/" in sync.git("branch", "--list").out,
               "what a person wrote is kept", sync.git("branch", "--list"))
        tap.same((sync.flaws(), n_held(sync)), ([], COUNT), "all are held")
        quiet(tap, sync, "they are restored")


def read(sync, path):
    """What the work tree has there, if anything."""
    try:
        with open(os.path.join(sync.store, path), "rb") as f:
            return f.read()
    except FileNotFoundError:
        return b""


def lost(tap):
    """Of one whose contents are gone nothing is left but to make it anew."""
    with held() as (server, sync):
        path = path_of(sync, 9)
        oid = sync.git("rev-parse", "HEAD:" + path).out.strip()
        os.unlink(os.path.join(sync.store, ".git/objects", oid[:2], oid[2:]))
        done = sync.once()
        tap.ok("made again" in done.err and b"x: z" in read(sync, path),
               "what the repository has lost is made again", done)
        ends_with(tap, done, COUNT - 1, "lost")
        quiet(tap, sync, "made again")


# --- Verify -------------------------------------------------------------------


def verified(tap, sync, name):
    for how in ((), ("--repair",), ()):
        done = sync.opsync("verify", *how)
        tap.ok(done.code == 0 and "all is as it should be" in done.out,
               name + ": verify " + " ".join(how), done)
    tap.same(n_held(sync), COUNT, name + ": are held after that, too")


def no_damage(tap):
    for mapping, name in ((OTHER, "changes"), (NONE, "removals")):
        with held(mapping) as (server, sync):
            verified(tap, sync, name)
            sync.start()
            verified(tap, sync, name + ", of a daemon")
            sync.stop()
            os.unlink(os.path.join(sync.store, path_of(sync, 3)))
            done = sync.opsync("verify")
            tap.ok(done.code == 3 and "1 finding " in done.err,
                   name + ": and damage is damage", done)


def no_difference(tap):
    """Nor is what the mapping that is held would add."""
    more = OTHER + "  continue: true\n" + PLAIN.split("documents:\n")[1].replace(
        "name: all", "name: more").replace(".md", "-more.md")
    with held(more) as (server, sync):
        verified(tap, sync, "more documents")
        server.side("edit", {"set": {"project": 1, "subject": "new"}})
        done = sync.opsync("verify")
        tap.ok(done.code == 3 and "2 findings" in done.err,
               "but what is new on the server is", done)


# --- What is told -------------------------------------------------------------


def reasons(tap):
    with held(NONE) as (server, sync):
        sync.opsync("withdraw", "5")
        done = sync.once()
        ends_with(tap, done, COUNT - 1, "a removal that was withdrawn")
        tap.same(sync.opsync("release", "1").code, 0, "they are let go")
        done = sync.once()
        tap.same(done.err.count("removed: no entry of documents: fits any "
                                "more (released)"), COUNT - 1,
                 "each goes for its reason")
        tap.ok(not sync.tree(), "all are gone", sorted(sync.tree()))


def since(tap):
    with held() as (server, sync):
        with sqlite3.connect(sync.state_file) as db:
            db.execute("UPDATE held SET since = since - 3600000000")
        db.close()
        before = sync.opsync("--json", "held").json()
        sync.once()
        tap.same(sync.opsync("--json", "held").json(), before,
                 "a pass without news changes nothing of what is held")
        for ident in (1, 2, 3):
            server.side("edit", {"id": ident, "set": {"subject": "news"}})
        ends_with(tap, sync.once(), COUNT - 3, "three with news")
        tap.same(n_held(sync), COUNT - 3, "and held says so")
        ends_with(tap, sync.once(), COUNT - 3, "later")
        sync.configure(mapping=OTHER.replace("x: z", "x: w"))
        sync.once()
        now = sync.opsync("--json", "held").json()
        tap.ok(now[0]["set"] == 2 and now[0]["since"] > before[0]["since"],
               "another mapping's are held anew", now)


def one_by_one(tap):
    """Where all of them have had news, nothing is held any more: what the
    mapping before left out comes with the next pass that commits."""
    few = PLAIN.replace("match: {}", 'match: { where: "${ id < 50 }" }')
    with held(before=few, schedule="{ poll: 5m, reconcile: 1h }") as (
            server, sync):
        tap.same(n_held(sync), 49, "some are held")
        sync.start()
        for ident in range(1, 50):
            server.side("edit", {"id": ident, "set": {"subject": "news"}})
        sync.opsync("resync", "--wait")
        tap.same((n_held(sync), len(sync.tree())), (0, 49), "none is held")
        sync.opsync("verify")
        done = sync.opsync("resync", "--wait")
        tap.same((done.code, sync.stop()), (0, 0), "all is well")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        with sqlite3.connect(sync.state_file) as db:
            keys = db.execute("SELECT key FROM value WHERE key LIKE "
                              "'held.mapping'").fetchall()
        db.close()
        tap.same(keys, [], "and that it was is forgotten")


def main():
    tap = Tap()
    for part in (withdrawn, killed, in_its_place, restored, lost, no_damage,
                 no_difference, reasons, since, one_by_one):
        part(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
