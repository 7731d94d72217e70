#!/usr/bin/python3
"""The state is lost, garbage, or an older copy: it is made again from the
repository and the server, and no commit comes of it."""
import glob
import os
import shutil
import subprocess
import sys
import time

from harness import StandIn, Sync, Tap, until

WORLD = ("--generate", "40", "--projects", "2", "--attachments", "20",
         "--attachment-size", "2000")
MAPPING = """
documents:
- name: all
  match: {}
  path: ${ project.identifier }/${ id }/index.md
  attachments: all
  front_matter: { title: "${ subject }" }
  body: ${ description.raw }
"""
SYNCED = {"projects": "[demo-1, demo-2]", "mapping": MAPPING}


def lose(sync):
    for name in glob.glob(sync.state_file + "*"):
        os.unlink(name)


def garble(sync):
    lose(sync)
    with open(sync.state_file, "wb") as f:
        f.write(os.urandom(9000))


def flip(sync, suffix=""):
    """A page in the middle of it is no page."""
    with open(sync.state_file + suffix, "r+b") as f:
        f.seek(0, 2)
        size = f.tell()
        for at in range(4096, size, 4096):
            f.seek(at)
            f.write(b"\xff" * 64)


def resync_until_made_again(sync):
    """Which pages are asked for first, and what they say then, is a matter of
    where they are: the next pass sees what one does not."""
    until(lambda: sync.opsync("resync", "--full", "--wait") and
          "the state was damaged: it is made again" in sync.said())
    sync.opsync("resync", "--full", "--wait")


def held(sync):
    sets = sync.opsync("--json", "held").json()
    return sum(s["documents"] for s in sets)


def nothing_changed(tap, server, sync, spoil, name):
    head = sync.head()
    spoil(sync)
    done = sync.once()
    tap.ok(done.code == 0 and sync.head() == head,
           name + ": no commit comes of it", done)
    tap.tree(sync.tree(), sync.scratch(), name + ": the tree stays")
    tap.same(sync.flaws(), [], name + ": nothing is left over")
    server.side("requests/reset")
    tap.same(sync.once().code, 0, name + ": and once more")
    tap.ok(len(server.requests()) < 5, name + ": then it knows all")


def changed_meanwhile(tap, server, sync):
    """While there was no state: changes, deletions, a person's file."""
    sync.write("content/demo-1/theirs.md", "a person's\n")
    sync.git("add", "demo-1/theirs.md")
    sync.git("-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qm", "x")
    server.side("edit", {"id": 3, "set": {"subject": "Another"}})
    for ident in (4, 5):
        server.side("delete", {"id": ident})
    lose(sync)
    done = sync.once()
    tap.same(done.code, 0, "changed meanwhile: well")
    tap.ok("removed: no work package makes it any more: demo-" in done.err,
           "changed meanwhile: it is said what is removed", done)
    tree = sync.tree()
    tap.same(tree.pop("demo-1/theirs.md", None), b"a person's\n",
             "changed meanwhile: a person's file is not ours")
    tap.tree(tree, sync.scratch(), "changed meanwhile: as from nothing")
    subject = sync.git("log", "-1", "--format=%s").out.strip()
    tap.same(subject, "Change 1, remove 4 documents",
             "changed meanwhile: one commit says what")
    tap.same(sync.flaws(), [], "changed meanwhile: nothing is left over")


def guarded(tap, server, sync):
    """Too much that nobody claims is held; with one in error, all stays."""
    kept = len(sync.tree())
    for ident in range(10, 20):
        server.side("delete", {"id": ident})
    lose(sync)
    done = sync.once()
    tap.same((done.code, len(sync.tree())), (3, kept),
             "much that nobody claims: held by the guard")
    held = sync.opsync("--json", "held").json()
    sync.opsync("release", str(held[0]["set"]))
    sync.once("--full")
    tree = sync.tree()
    tree.pop("demo-1/theirs.md")
    tap.tree(tree, sync.scratch(), "much that nobody claims: let go")


def older_copy(tap, server, sync):
    """The state's file is a week old, the repository is not."""
    copy = os.path.join(sync.folder, "copy")
    shutil.copy(sync.state_file, copy)
    server.side("edit", {"id": 20, "set": {"subject": "Twice"}})
    sync.once()
    server.side("edit", {"id": 20, "set": {"subject": "Three times"}})
    server.side("edit", {"id": 21, "set": {"subject": "New here"}})
    sync.once()
    server.side("delete", {"id": 22})
    sync.once("--full")
    head, commits = sync.head(), sync.commits()
    lose(sync)
    shutil.move(copy, sync.state_file)
    done = sync.once()
    tap.ok(done.code == 0 and "knew less" in done.err,
           "an older copy: is known for one", done)
    tap.same((sync.head(), sync.commits()), (head, commits),
             "an older copy: nothing old comes over new")
    tree = sync.tree()
    tree.pop("demo-1/theirs.md")
    tap.tree(tree, sync.scratch(), "an older copy: as from nothing")


def hidden(tap):
    """A project is not shown when the state is lost: its documents stay, and
    the others go on, until it is shown; a new store has no such excuse."""
    mapping = MAPPING.replace("match: {}",
                              "match: { project: [demo-1, demo-2] }")
    with StandIn(*WORLD) as server, Sync(
            server.url, **dict(SYNCED, mapping=mapping)) as sync:
        sync.once()
        before = sync.tree()
        server.side("archive", {"project": 2, "archived": True})
        lose(sync)
        server.side("edit", {"id": 2, "set": {"description": "Meanwhile"}})
        for args in ((), ("--full",), ("--reconcile",)):
            done = sync.once(*args)
            tap.ok(done.code == 0 and "no project 'demo-2'" in done.err and
                   "its documents stay" in done.err,
                   "hidden: it goes on, and says so %s" % " ".join(args),
                   done)
        tree = sync.tree()
        tap.ok(sorted(tree) == sorted(before) and any(
            b"Meanwhile" in text for text in tree.values()),
               "hidden: all documents are there, changes too")
        with sync.sibling() as other:
            tap.same(other.once().code, 78, "hidden: not in a new store")
        server.side("archive", {"project": 2, "archived": False})
        tap.same(sync.once().code, 0, "shown again: well")
        tap.tree(sync.tree(), sync.scratch(), "shown again: as from nothing")


FLAT = """
documents:
- match: { where: "${ not (subject | match('^X')) }" }
  path: ${ id }.md
  front_matter: { title: "${ subject }" }
"""


def ids(sync):
    return {int(path.split(".")[0]) for path in sync.tree()}


def rename(sync, name):
    """The configuration file gets another name, and so the instance."""
    before, sync.config = sync.config, sync.folder + "/%s.yaml" % name
    sync.socket = sync.folder + "/opsync-%s.sock" % name
    os.rename(before, sync.config)


def withdrawn(tap):
    """What was withdrawn, without a document that went, stays out."""
    late = FLAT.replace("not (subject | match('^X'))", "id > 1")
    with StandIn("--generate", "4") as server, Sync(
            server.url, projects="[demo-1]", mapping=late) as sync:
        sync.start()
        commits = sync.commits()
        done = sync.opsync("withdraw", "100", "1")
        tap.ok(done.code == 0 and "100 is not known" in done.err,
               "withdrawn, what makes no document: is taken", done)
        message = sync.git("log", "-1", "--format=%B").out
        tap.ok("Opsync-Withdrawn: 1 100" in message and
               "Note what no document says" in message,
               "withdrawn, what makes no document: a commit says so", message)
        tap.same(sync.git("diff", "--stat", "HEAD~1").out, "",
                 "withdrawn, what makes no document: and no more")
        sync.opsync("resync", "--full", "--wait")
        tap.same((sync.stop(), sync.commits()), (0, commits + 1),
                 "withdrawn, what makes no document: once")
        lose(sync)
        server.side("edit", {"id": 100, "set": {
            "subject": "Came", "project": 1, "type": 1}})
        sync.configure(mapping=FLAT)
        done = sync.once()
        tap.same((done.code, ids(sync)), (0, {2, 3, 4}),
                 "withdrawn, what makes no document: stays out")
        tap.same(sync.flaws(), [], "withdrawn: nothing is left over")
        sync.opsync("publish", "1", "100")
        sync.once()
        tap.same(ids(sync), {1, 2, 3, 4, 100}, "published, it comes")
        lose(sync)
        sync.once()
        tap.same(ids(sync), {1, 2, 3, 4, 100}, "and is there to stay")


def taken_back(tap):
    """A reset takes back that something was published: it is said again."""
    with StandIn("--generate", "4") as server, Sync(
            server.url, projects="[demo-1]", mapping=FLAT) as sync:
        sync.once()
        sync.opsync("withdraw", "3")
        sync.once()
        sync.opsync("publish", "3")
        sync.once()
        sync.git("reset", "-q", "--hard", "HEAD~1")
        sync.once()
        lose(sync)
        sync.once()
        tap.same(ids(sync), {1, 2, 3, 4},
                 "published, then set back: a lost state knows")


def renamed(tap):
    """The instance has another name by now: what it wrote before is its own,
    and what was withdrawn then is."""
    with StandIn("--generate", "4") as server, Sync(
            server.url, projects="[demo-1]", mapping=FLAT) as sync:
        sync.once()
        sync.opsync("withdraw", "3")
        sync.once()
        for name in ("docs", "site", "opsync", "end"):
            commits = sync.commits()
            rename(sync, name)
            done = sync.once()
            tap.same((done.code, sync.commits()), (0, commits + 1),
                     "renamed to %s: a commit says so" % name)
            tap.same((sync.once().code, sync.commits()), (0, commits + 1),
                     "renamed to %s: once" % name)
        message = sync.git("log", "-1", "--format=%B").out
        tap.ok("Opsync-Instance: end" in message and
               "Opsync-Formerly: opsync/docs/site" in message,
               "renamed: it says what it was called", message)
        lose(sync)
        server.side("edit", {"id": 1, "set": {"subject": "Another"}})
        server.side("delete", {"id": 2})
        done = sync.once()
        tap.ok("is taken by" not in done.err and
               b"Another" in sync.tree()["1.md"],
               "renamed, then lost: its documents are its own", done)
        tap.same(ids(sync), {1, 4},
                 "renamed: what was withdrawn is out, and what is gone")
        tap.same(sync.flaws(), [], "renamed: nothing is left over")


def accepted(tap):
    """A name of which nothing says that it is the same until a person does."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1]", mapping=FLAT) as sync:
        sync.once()
        before = ids(sync)
        sync.configure(projects="[demo-2]")
        rename(sync, "docs")
        tap.same(sync.once().code, 78, "another name: refused")
        sync.opsync("accept-server")
        tap.same(sync.once().code, 3, "another name: accepted")
        lose(sync)
        done = sync.once()
        tap.ok(done.code == 3 and "is taken by" not in done.err and
               held(sync) == len(before) and before < ids(sync),
               "another name, then lost: all of it is its own", done)


def kept(tap):
    """when_gone: keep holds for what is gone and for what fits no more."""
    keep = FLAT.replace("- match", "- when_gone: keep\n  match")
    with StandIn("--generate", "4") as server, Sync(
            server.url, projects="[demo-1]", mapping=keep) as sync:
        sync.once()
        server.side("delete", {"id": 1})
        server.side("edit", {"id": 2, "set": {"subject": "X"}})
        sync.once("--reconcile")
        head, before = sync.head(), ids(sync)
        tap.ok({1, 2} <= before, "kept, what is gone or fits no more")
        lose(sync)
        for args in ((), ("--full",), ("--reconcile",)):
            done = sync.once(*args)
            tap.same((done.code, ids(sync), sync.head(), held(sync)),
                     (0, before, head, 0), "kept, by a lost state, too")
        sync.configure(mapping=FLAT)
        sync.once("--full")
        tap.ok({1, 2} <= ids(sync), "kept: whatever the mapping says then")


def kept_by_some(tap):
    """Where not all entries keep, nobody knows: a person is asked."""
    some = FLAT.replace("- match", "- continue: true\n  match") + (
        FLAT.replace("documents:\n- match", "- name: kept\n"
                     "  when_gone: keep\n  match").replace(
                         "path: ", "path: kept/").lstrip())
    with StandIn("--generate", "4") as server, Sync(
            server.url, projects="[demo-1]", mapping=some) as sync:
        sync.once()
        server.side("delete", {"id": 1})
        sync.once("--reconcile")
        before = sync.tree()
        tap.ok("kept/1.md" in before and "1.md" not in before,
               "kept by some: one of two stays")
        lose(sync)
        server.side("delete", {"id": 2})
        done = sync.once()
        tap.ok(done.code == 3 and sync.tree() == before,
               "kept by some: a lost state holds what nobody makes", done)
        tap.ok("the state was made again" in done.err and
               "opsync release" in done.err,
               "kept by some: and says why, and the way out", done)
        tap.same(held(sync), 3, "kept by some: all of it is held")
        server.side("delete", {"id": 3})
        done = sync.once("--reconcile")
        tap.ok("3.md" not in sync.tree() and "made again" not in done.err,
               "kept by some: it weighs nothing for others, and is told once",
               done)


def garbled_alive(tap, busy):
    """The file is damaged under a running daemon, also while a hook runs."""
    with StandIn(*WORLD) as server, Sync(server.url, **SYNCED) as sync:
        told = os.path.join(sync.folder, "told")
        waits = os.path.join(sync.folder, "waits")
        sync.configure(more="hooks: { settle: 100ms, calls: [{ on: [commit], "
                       "shell: 'cat >>%s; while test -e %s; do sleep 0.05; "
                       "done' }] }" % (told, waits))
        sync.start()
        for n in range(10):
            server.side("edit", {"id": 7, "set": {"subject": "Before %d" % n}})
            sync.opsync("resync", "--wait")
        if busy:
            until(lambda: os.path.exists(told) and
                  sync.head() in open(told).read())
            until(lambda: sync.opsync("--json", "status").json()[0]["daemon"][
                "hooks"]["waiting"] == 0)
            sync.write("waits", "")
            server.side("edit", {"id": 7, "set": {"subject": "Is told"}})
            sync.opsync("resync", "--wait")
        head, commits = sync.head(), sync.commits()
        until(lambda: os.path.exists(told) and head in open(told).read())
        flip(sync)
        flip(sync, "-wal")
        server.side("edit", {"id": 7, "set": {"subject": "After it"}})
        resync_until_made_again(sync)
        if busy:
            time.sleep(0.3)
            os.unlink(waits)
        tap.tree(sync.tree(), sync.scratch(), "damaged while it runs: goes on")
        tap.ok("the state was damaged: it is made again" in sync.said(),
               "damaged while it runs: is noticed", sync.said())
        tap.ok(sync.commits() == commits + 1 and sync.head() != head,
               "damaged while it runs: one commit", sync.said())
        tap.ok(until(lambda: sync.head() in open(told).read()),
               "damaged while it runs: which a hook is told", sync.said())
        tap.same(sync.stop(), 0, "damaged while it runs: it ends well")


def replaced(tap):
    """Another repository is where the store was, as when it is mounted late:
    the daemon that has the first open writes nothing into the second."""
    with StandIn(*WORLD) as server, Sync(server.url, **SYNCED) as sync:
        real = sync.store + ".real"
        sync.start()
        sync.opsync("withdraw", "7")
        sync.stop()
        os.rename(sync.store, real)
        for name, edit in (("at rest", None), ("at work", "Is new")):
            sync.start()
            os.rename(sync.store, sync.store + ".before")
            tap.ok(name != "at rest" or
                   until(lambda: "No such file" in sync.said()),
                   "its folder is gone: that is told", sync.said())
            os.rename(real, sync.store)
            head = sync.head()
            if edit:
                server.side("edit", {"id": 8, "set": {"subject": edit}})
            tap.ok(until(lambda: sync.process.poll() is not None) and
                   sync.process.returncode == 74,
                   "its folder is another, %s: it ends" % name, sync.said())
            said = sync.said().split(" begins, as process ")[-1]
            tap.ok(said.count("another folder was put") == 1 and
                   sync.store in said, name + ": says why, once", said)
            tap.same(sync.head(), head, name + ": writes nothing there")
            sync.process.wait()
            os.rename(sync.store, real)
            shutil.rmtree(sync.store + ".before")
        os.rename(real, sync.store)
        sync.start()
        tree = sync.tree()
        tap.ok("demo-1/7/index.md" not in tree and
               "demo-2/7/index.md" not in tree and len(tree) > 30,
               "started anew, it goes on where it was", sorted(tree))
        tap.same((sync.stop(), sync.flaws()), (0, []), "and ends well")


def removed_alive(tap):
    """The state's file is removed, or another, while the daemon runs."""
    with StandIn(*WORLD) as server, Sync(server.url, **SYNCED) as sync:
        sync.start()
        head = sync.head()
        lose(sync)
        server.side("edit", {"id": 8, "set": {"subject": "Is new"}})
        tap.ok(until(lambda: sync.process.poll() is not None) and
               sync.process.returncode == 74 and sync.head() == head,
               "removed while it runs: it ends", sync.said())
        sync.start()
        tap.same(sync.stop(), 0, "removed while it runs: the next goes on")
        tap.tree(sync.tree(), sync.scratch(), "removed while it runs: whole")


def removed_amid(tap):
    """The same while a pass runs that commits before its end: what is staged
    is given up, and the fault is told once."""
    each = "commit: { by: work-package }"
    with StandIn(*WORLD) as server, Sync(
            server.url, more=each, **SYNCED) as sync:
        sync.start()
        head = sync.head()
        server.side("edit", {"id": 8, "set": {"subject": "Is new"}})
        server.side("fault", {"match": "/api/v3/", "times": -1,
                              "delay_ms": 1000})
        server.side("requests/reset")
        until(server.requests)
        lose(sync)
        tap.ok(until(lambda: sync.process.poll() is not None) and
               sync.process.returncode == 74 and sync.head() == head,
               "removed amid a pass: it ends", sync.said())
        tap.ok("its state was removed" in sync.said() and
               "more since" not in sync.said(),
               "removed amid a pass: which is told once", sync.said())
        server.side("faults/clear")
        sync.start()
        tap.same(sync.stop(), 0, "removed amid a pass: the next goes on")
        tap.tree(sync.tree(), sync.scratch(), "removed amid a pass: whole")


def damaged_while_held(tap):
    """Changes are held when the state is damaged: that is over with it, and
    the next mapping is seen."""
    with StandIn(*WORLD) as server, Sync(server.url, **SYNCED) as sync:
        sync.configure(more="guard: { max_change: { count: 10 } }")
        sync.once()
        sync.configure(mapping=MAPPING.replace("title:", "heading:"))
        sync.start()
        tap.ok("changes held" in sync.opsync("held").out, "changes are held",
               sync.opsync("held"))
        flip(sync)
        flip(sync, "-wal")
        server.side("edit", {"id": 7, "set": {"subject": "After it"}})
        resync_until_made_again(sync)
        tap.ok("the state was damaged: it is made again" in sync.said(),
               "the state is made again", sync.said())
        tap.same(sync.stop(), 0, "it ends well")
        sync.configure(mapping=MAPPING, more="")
        sync.once()
        tap.tree(sync.tree(), sync.scratch(), "another mapping: as from "
                 "nothing")


def imported(sync, n):
    """So many commits of ours, of which nothing is left in the end."""
    ours, = [line for line in sync.git("log", "-1", "--format=%B").out.split(
        "\n") if line.startswith("Opsync-Instance: ")]
    words = []
    for i in range(n):
        change = ("M 100644 inline extra.md\ndata 7\n%06d\n" % i
                  if i < n - 1 else "D extra.md")
        message = "Sync %d\n\n%s\n" % (i, ours)
        words.append(
            "commit refs/heads/main\ncommitter o <o@example.org> %d +0000\n"
            "data %d\n%s%s%s\n" % (time.time(), len(message), message, ""
                                  if i else "from refs/heads/main^0\n",
                                  change))
    subprocess.run(["git", "-C", sync.store, "fast-import", "--quiet"],
                   env=sync.env, input="".join(words), text=True, check=True)


def long_history(tap):
    """Through thousands of commits to the first: that is said before."""
    with StandIn("--generate", "4") as server, Sync(
            server.url, projects="[demo-1]", mapping=FLAT) as sync:
        sync.once()
        imported(sync, 3000)
        head = sync.head()
        lose(sync)
        done = sync.once()
        tap.ok(done.code == 0 and sync.head() == head,
               "a long history: no commit comes of it", done)
        said = [done.err.find(words) for words in (
            "a history of 3001 commits", "the state knew less", "syncing")]
        tap.ok(0 < said[0] < said[1] < said[2],
               "a long history: how long is said before", done)
        tap.tree(sync.tree(), sync.scratch(), "a long history: the tree stays")
        tap.same(sync.flaws(), [], "a long history: nothing is left over")


def without_files(tap, server):
    """A store made of another without its files: one pass makes them."""
    with Sync(server.url, **SYNCED) as base:
        base.once()
        with open(os.path.join(base.store, "about.md"), "w") as f:
            f.write("A person's.\n")
        base.git("add", "about.md")
        base.git("-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qm",
                 "about")
        clone_without(tap, base, "a clone without a checkout", "-n")
        clone_without(tap, base, "a mirror", "--mirror", unbare)
        clone_without(tap, base, "a mirror that was synced", "--mirror",
                      lambda sync: (sync.once(), unbare(sync)))
        edited(tap, base)


def unbare(sync):
    sync.git("config", "core.bare", "false")


def clone_without(tap, base, name, how, then=lambda sync: None):
    with base.sibling() as sync:
        base.git("clone", "-q", how, base.store, sync.store +
                 ("/.git" if how == "--mirror" else ""))
        then(sync)
        done = sync.once()
        tap.ok(done.code == 0 and "had no work tree yet" in done.err and
               "warning" not in done.err, name, done)
        tap.same(sync.flaws(), [], name + ": all files are there")
        tap.same(sync.head(), base.head(), name + ": no commit comes of it")
        done = sync.opsync("verify")
        tap.ok(done.code == 0, name + ": nothing is found", done)


def edited(tap, sync):
    """As a copy may lack all that git and we know, but has files."""
    lose(sync)
    os.unlink(os.path.join(sync.store, ".git/index"))
    gone, path = sorted(glob.glob(os.path.join(
        sync.store, "demo-1/*/index.md")))[:2]
    os.unlink(gone)
    name = os.path.relpath(path, sync.store)
    with open(path, "w") as f:
        f.write("A person's.\n")
    done = sync.once()
    with open(path) as f:
        tap.ok(done.code == 0 and f.read() == "A person's.\n" and
               sync.git("status", "--short").out == " M %s\n" % name,
               "what is gone comes back, what is there stays", done)
    sync.once()
    branch = sync.git("branch", "--list", "--format=%(refname)",
                      "opsync/kept/*").out.strip()
    tap.same((sync.flaws(), sync.git("show", branch + ":" + name).out),
             ([], "A person's.\n"), "until it is kept")


def main():
    tap = Tap()
    with StandIn(*WORLD) as server, Sync(server.url, **SYNCED) as sync:
        sync.once()
        nothing_changed(tap, server, sync, lose, "deleted")
        nothing_changed(tap, server, sync, garble, "garbage")
        nothing_changed(tap, server, sync, flip, "damaged pages")
        changed_meanwhile(tap, server, sync)
        guarded(tap, server, sync)
        older_copy(tap, server, sync)
        without_files(tap, server)
    long_history(tap)
    hidden(tap)
    withdrawn(tap)
    taken_back(tap)
    renamed(tap)
    accepted(tap)
    kept(tap)
    kept_by_some(tap)
    garbled_alive(tap, False)
    garbled_alive(tap, True)
    replaced(tap)
    removed_alive(tap)
    removed_amid(tap)
    damaged_while_held(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
