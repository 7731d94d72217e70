#!/usr/bin/python3
"""A store that was put back, in parts: what a person withdrew stays out,
whichever part is the older one."""
import os
import shutil
import sqlite3
import sys

from harness import WITH_FILES, StandIn, Sync, Tap, until

FLAT = """
documents:
- match: {}
  path: ${ id }.md
  front_matter: { title: "${ subject }" }
"""
PERSON = ("-c", "user.name=p", "-c", "user.email=p@x")


def ids(sync):
    return {int(path.split(".")[0]) for path in sync.tree()
            if path.endswith(".md")}


def synced(server, **parts):
    return Sync(server.url, projects="[demo-1]", mapping=FLAT, **parts)


def told(sync):
    """Which are withdrawn, as status says it."""
    return sync.opsync("--json", "status").json()[0]["withdrawn"]


def order(sync, *words):
    """It is carried out, in a commit."""
    sync.opsync(*words)
    sync.once()


def copy(sync):
    shutil.copytree(sync.store, sync.folder + "/old", symlinks=True)
    return sync.head()


def older_repository(sync, _):
    """The copy comes back, but for what is in .git/opsync."""
    old = sync.folder + "/old"
    shutil.rmtree(old + "/.git/opsync")
    shutil.move(sync.store + "/.git/opsync", old + "/.git/opsync")
    shutil.rmtree(sync.store)
    os.rename(old, sync.store)


def forget(sync):
    """What no branch leads to is thrown away."""
    sync.git("reflog", "expire", "--expire=now", "--all")
    sync.git("gc", "-q", "--prune=now")


def set_back(sync, old):
    sync.git("reset", "-q", "--hard", old)


def reset(sync, old):
    sync.git("reset", "-q", "--hard", old)
    forget(sync)


def reset_and_on(sync, old):
    reset(sync, old)
    sync.git(*PERSON, "commit", "-q", "--allow-empty", "-m", "a person's")


def state_knows_more(tap, back):
    """The branch is put back, the state is not: that is the newer one."""
    for said, wanted in (("withdraw 3", [2, 3]), ("publish 2", [])):
        name = "%s, after %s: " % (back.__name__, said)
        with StandIn("--generate", "6") as server, synced(server) as sync:
            sync.once()
            order(sync, "withdraw", "2")
            old = copy(sync)
            order(sync, *said.split())
            back(sync, old)
            done = sync.once()
            tap.same((done.code, told(sync)), (0, wanted),
                     name + "the state knows")
            tap.same(ids(sync), set(range(1, 7)) - set(wanted),
                     name + "and the branch is so")
            tap.ok("do not agree" not in done.err, name + "no doubt", done)
            os.unlink(sync.state_file)
            sync.once()
            tap.same(told(sync), wanted, name + "it is said again")


def nobody_knows(tap):
    """Of the commit that the branch is at, the log does not tell any more."""
    with StandIn("--generate", "6") as server, synced(server) as sync:
        sync.once()
        order(sync, "withdraw", "2")
        order(sync, "withdraw", "4")
        old = sync.head()
        order(sync, "publish", "4")
        order(sync, "withdraw", "3")
        reset(sync, old)
        state = sqlite3.connect(sync.state_file)
        state.execute("DELETE FROM event")
        state.commit()
        state.close()
        done = sync.once()
        tap.ok(done.code == 0 and "do not agree" in done.err and
               "2 3 4\n" in done.err, "nobody knows: it is said", done)
        tap.same((told(sync), ids(sync)), ([2, 3, 4], {1, 5, 6}),
                 "nobody knows: all of it is withdrawn")
        tap.ok("do not agree" not in sync.once().err, "nobody knows: once")


def not_said_yet(tap):
    """An older state, to which an order was given that no commit says."""
    with StandIn("--generate", "6") as server, synced(server) as sync:
        sync.once()
        order(sync, "withdraw", "2")
        shutil.copy(sync.state_file, sync.folder + "/state")
        order(sync, "publish", "2")
        order(sync, "withdraw", "3")
        shutil.copy(sync.folder + "/state", sync.state_file)
        sync.opsync("withdraw", "4")
        tap.same(sync.once().code, 0, "an older state: goes on")
        tap.same((told(sync), ids(sync)), ([3, 4], {1, 2, 5, 6}),
                 "an older state: what it was told is carried out, too")


def other_branch(tap):
    """A clone of what has another branch checked out has no branch of ours."""
    with StandIn("--generate", "4") as server, synced(server) as base:
        base.once()
        order(base, "withdraw", "2")
        head = base.head()
        base.git("checkout", "-q", "-b", "work")
        base.git(*PERSON, "commit", "-q", "--allow-empty", "-m", "a person's")
        for args in ((), ("--bare",)):
            with synced(server) as sync:
                name = "a clone of another branch%s: " % " ".join(("",) + args)
                sync.run("git", "clone", "-q", *args, base.store, sync.store)
                if args:
                    sync.git("update-ref", "-d", "refs/heads/main")
                source = "work" if args else "origin/main"
                way_out = "git branch main %s" % source
                for again in ("", ", again"):
                    done = sync.once()
                    tap.ok(done.code == 78 and "'%s'" % way_out in done.err,
                           name + "is refused, with the way out" + again, done)
                sync.run("git", "-C", sync.store, *way_out.split()[1:])
                tap.same((sync.once().code, told(sync)), (0, [2]),
                         name + "with that it goes on")
                tap.same(sync.git("merge-base", "main", head).out.strip(),
                         head, name + "from there")
                tap.ok("2.md" not in sync.tree("main"),
                       name + "what was withdrawn stays out")
        with synced(server) as sync:
            sync.run("git", "clone", "-q", base.store, sync.store)
            sync.run("git", "-C", sync.store, "remote", "remove", "origin")
            sync.run("git", "-C", sync.store, "filter-branch", "-f",
                     "--msg-filter", "sed s/^Opsync-Instance.*//", "--",
                     "--all")
            sync.run("git", "-C", sync.store, "update-ref", "-d",
                     "refs/original/refs/heads/work")
            tap.same(sync.once().code, 0, "what is not ours is no matter")


def own_branch(tap):
    """One that is to have a history of its own, beside the other's."""
    with StandIn("--generate", "4") as server, synced(server) as base:
        base.once()
        with synced(server) as sync:
            sync.run("git", "clone", "-q", base.store, sync.store)
            with open(sync.config, encoding="utf-8") as f:
                text = f.read().replace("store: " + sync.store, "store: { path:"
                                        " %s, branch: own }" % sync.store)
            sync.write("opsync.yaml", text)
            done = sync.once()
            tap.ok(done.code == 78 and "another name" in done.err,
                   "an own branch: is refused, with a way to have it", done)
            sync.config = sync.write("another.yaml", text)
            tap.same((sync.once().code, len(sync.tree("own"))), (0, 4),
                     "an own branch: by another instance it is made")
            tap.same(sync.git("merge-base", "own", "main").code, 1,
                     "an own branch: from nothing")


def paths(sync, ident):
    return [path for path in sync.tree() if path.startswith(
        "docs/%d/" % ident)]


def unweighed(tap, back):
    """What was withdrawn, and is back with an older commit, goes at once, also
    where the guard holds what else is back."""
    with StandIn("--generate", "40", "--attachments", "40",
                 "--attachment-size", "100") as server, Sync(
            server.url, projects="[demo-1]", mapping=WITH_FILES,
            more="guard: { max_delete: { share: 15% } }") as sync:
        sync.once()
        ident = next(i for i in range(1, 41) if len(paths(sync, i)) > 1)
        old = copy(sync)
        order(sync, "withdraw", str(ident))
        gone = [i for i in range(10, 18) if i != ident][:6]
        for each in gone[:3]:
            server.side("delete", {"id": each})
        sync.once("--full")
        for each in gone[3:]:
            server.side("delete", {"id": each})
        tap.same(sync.once("--full").code, 3, "removals are held")
        back(sync, old)
        sync.once()
        name = "%s, removals held: " % back.__name__
        tap.same(paths(sync, ident), [], name + "what was withdrawn goes")
        done = sync.opsync("log", "--event", "removed", "--wp", str(ident))
        tap.same(done.out.count("a person withdrew it"),
                 len(sync.git("ls-tree", "-r", "--name-only", old, "docs/%d/"
                              % ident).out.split("\n")), name + "is told")
        tap.ok(all(paths(sync, each) for each in gone),
               name + "and nothing else")
        sync.opsync("publish", str(ident))
        sync.once()
        tap.ok(len(paths(sync, ident)) > 1, name + "published, it is there")


def persons_own(tap):
    """A person commits it again, of the work package that was withdrawn."""
    with StandIn("--generate", "4") as server, synced(server) as sync:
        sync.once()
        old = sync.head()
        order(sync, "withdraw", "2")
        sync.git("reset", "-q", "--hard", old + "^0")
        sync.git("rm", "-q", "2.md")
        sync.git(*PERSON, "commit", "-q", "-m", "a person's")
        sync.git("checkout", "-q", old, "2.md")
        sync.git(*PERSON, "commit", "-q", "-m", "a person's, too")
        tap.same((sync.once().code, ids(sync)), (0, {1, 2, 3, 4}),
                 "what a person committed since is the person's")


def older_objects(tap):
    """A copy of a store that was being written: the commits that the branch
    and the state name are in it no more, and it goes back to an older one."""
    with StandIn("--generate", "6") as server, synced(server) as sync:
        sync.once()
        objects = sync.store + "/.git/objects"
        shutil.copytree(objects, sync.folder + "/objects")
        order(sync, "withdraw", "2")
        server.side("delete", {"id": 4})
        sync.once("--full")
        server.side("edit", {"id": 3, "set": {"subject": "Another"}})
        sync.once()
        shutil.rmtree(objects)
        os.rename(sync.folder + "/objects", objects)
        done = sync.once()
        tap.ok(done.code == 0 and "it is back at commit" in done.err,
               "older objects: the branch goes back", done)
        tap.same((told(sync), ids(sync)), ([2], {1, 3, 5, 6}),
                 "older objects: what was withdrawn or deleted is not back")
        tap.ok(b"Another" in sync.tree()["3.md"], "older objects: the rest is")
        tap.same(sync.git("status", "--porcelain").out, "",
                 "older objects: nothing is left over")
        head = sync.head()
        server.side("requests/reset")
        tap.same((sync.once().code, sync.head()), (0, head),
                 "older objects: that is all")
        tap.ok(len(server.requests()) < 5, "older objects: it knows all")


def older_alive(tap):
    """The branch is set back under a daemon, and what it knew is thrown
    away."""
    with StandIn("--generate", "6") as server, synced(server) as sync:
        sync.start()
        old = sync.head()
        sync.opsync("withdraw", "2")
        server.side("delete", {"id": 4})
        sync.opsync("resync", "--full", "--wait")
        reset(sync, old)
        server.side("edit", {"id": 3, "set": {"subject": "Another"}})
        until(lambda: "knew less" in sync.said() and
              b"Another" in sync.tree().get("3.md", b"") and
              ids(sync) == {1, 3, 5, 6})
        tap.same((told(sync), ids(sync)), ([2], {1, 3, 5, 6}),
                 "set back under a daemon: nothing is back for good")
        tap.same((sync.stop(), sync.flaws()), (0, []), "and it ends well")


def shallow(tap):
    """A history that ends early does not say what was withdrawn before."""
    with StandIn("--generate", "6") as server, synced(server) as base:
        base.once()
        order(base, "withdraw", "2")
        server.side("edit", {"id": 3, "set": {"subject": "Another"}})
        base.once()
        with synced(server) as sync:
            sync.run("git", "clone", "-q", "--depth", "1",
                     "file://" + base.store, sync.store)
            for again in ("", ", again"):
                done = sync.once()
                tap.ok(done.code == 78 and "--unshallow" in done.err,
                       "shallow: is refused, with the way out" + again, done)
            server.side("delete", {"id": 4})
            sync.git("fetch", "-q", "--unshallow")
            tap.same((sync.once().code, told(sync), ids(sync)),
                     (0, [2], {1, 3, 5, 6}), "not shallow any more: goes on")
            sync.git("fetch", "-q", "--depth", "1")
            server.side("edit", {"id": 3, "set": {"subject": "A third"}})
            tap.same((sync.once().code, told(sync)), (0, [2]),
                     "made shallow: a state that knows goes on")


def squashed(tap):
    """A person makes one commit of all: what it said is said once more."""
    for said in ("squashed", None):
        with StandIn("--generate", "6") as server, synced(server) as sync:
            sync.once()
            order(sync, "withdraw", "2")
            server.side("edit", {"id": 3, "set": {"subject": "Another"}})
            sync.once()
            message = said or sync.git("log", "-1", "--format=%B").out
            sync.git("checkout", "-q", "--orphan", "new")
            sync.git(*PERSON, "commit", "-q", "-m", message)
            sync.git("branch", "-M", "new", "main")
            forget(sync)
            name = "squashed%s: " % ("" if said else ", with our message")
            tap.same((sync.once().code, sync.commits()), (0, 2),
                     name + "a commit follows")
            os.unlink(sync.state_file)
            sync.once()
            tap.same((told(sync), ids(sync)), ([2], {1, 3, 4, 5, 6}),
                     name + "what was withdrawn is known to a new state")


def lose_commit(sync, name):
    oid = sync.git("rev-parse", name).out.strip()
    os.unlink("%s/.git/objects/%s/%s" % (sync.store, oid[:2], oid[2:]))
    return oid[:10]


def gap(tap):
    """A commit is lost, and the state, too."""
    with StandIn("--generate", "6") as server, synced(server) as sync:
        sync.once()
        order(sync, "withdraw", "2")
        server.side("edit", {"id": 3, "set": {"subject": "Another"}})
        sync.once()
        lost = lose_commit(sync, "HEAD~2")
        os.unlink(sync.state_file)
        done = sync.once()
        tap.ok(done.code == 0 and "commit %s is not there" % lost in done.err,
               "a gap: it is said, with the commit", done)
        tap.same((told(sync), ids(sync)), ([2], {1, 3, 4, 5, 6}),
                 "a gap: what was said since counts")
        tap.ok("is not there" not in sync.once().err, "a gap: it is said once")
        server.side("delete", {"id": 3})
        lost = lose_commit(sync, "HEAD~1")
        os.unlink(sync.state_file)
        done = sync.once()
        tap.ok(done.code == 0 and "commit %s is not there" % lost in done.err,
               "a gap right below: it is said, too", done)


def main():
    tap = Tap()
    for back in (older_repository, reset, reset_and_on):
        state_knows_more(tap, back)
    nobody_knows(tap)
    not_said_yet(tap)
    other_branch(tap)
    own_branch(tap)
    for back in (older_repository, set_back):
        unweighed(tap, back)
    persons_own(tap)
    older_objects(tap)
    older_alive(tap)
    shallow(tap)
    squashed(tap)
    gap(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
