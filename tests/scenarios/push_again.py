#!/usr/bin/python3
"""What a remote has lost is pushed again; and of a fault of it the end is told
wherever it comes."""
import json
import os
import sys

from harness import StandIn, Tap, until
from push import WORLD, Pushing, Remote, pushing, settled


def reconciled(sync):
    sync.opsync("resync", "--wait")


def lost(tap, sync, remote):
    """The branch, or its last commits: made anew, or from a backup."""
    for name, lose in (
            ("a branch that is gone", ("update-ref", "-d", "refs/heads/main")),
            ("one that is older", ("update-ref", "refs/heads/main",
                                   "refs/heads/main~1"))):
        remote.git(*lose)
        reconciled(sync)
        tap.ok(until(lambda: remote.head() == sync.head()),
               name + " is pushed again", sync.said())
        tap.ok(settled(sync, remote) and pushing(sync)["pending"] == 0,
               "and all is there", pushing(sync))
        remote.git(*lose)
        sync.stop()
        tap.same((sync.once().code, remote.head()), (0, sync.head()),
                 name + ": a single pass sees it, too")
        sync.start()
    tap.same(remote.faults(), [], "nothing is wrong there")


def refused_again(tap, sync, remote):
    """A remote that lost its branch, and takes none: it is known."""
    hook = os.path.join(remote.path, "hooks/pre-receive")
    with open(hook, "w") as f:
        f.write("#!/bin/sh\nexit 1\n")
    os.chmod(hook, 0o755)
    remote.git("update-ref", "-d", "refs/heads/main")
    reconciled(sync)
    until(lambda: pushing(sync)["error"] is not None)
    tap.same(pushing(sync)["pending"], sync.commits(), "each commit waits")
    sync.stop()
    done = sync.opsync("status")
    tap.ok("commits wait" in done.out, "which a status without a daemon "
           "knows, too", done)
    os.unlink(hook)
    sync.start()
    tap.ok(settled(sync, remote), "then they are pushed", sync.said())


def moved(tap, sync):
    """A remote of the repository has another address."""
    sync.stop()
    old, new = (os.path.join(sync.folder, n) for n in ("old.git", "new.git"))
    for path in (old, new):
        sync.run("git", "init", "-q", "--bare", "-b", "main", path)
    sync.git("remote", "add", "origin", old)
    before, sync.remote = sync.remote, "origin"
    sync.configure()
    sync.once()
    sync.git("remote", "set-url", "origin", new)
    done = sync.once()
    got = sync.run("git", "-C", new, "rev-parse", "-q", "--verify", "main")
    tap.ok(done.code == 0 and got.out.strip() == sync.head(),
           "a remote that moved gets all", (done, got))
    sync.remote = before
    sync.configure()
    sync.start()


# --- The end of a fault ----------------------------------------------------


def turns(sync):
    events = sync.opsync("--json", "log").json()
    return [e["event"] for e in events if e["event"] in ("fault", "recovered")]


def nothing_waits(tap, sync, remote):
    """The remote is away while there is nothing to push."""
    before = turns(sync)
    os.rename(remote.path, remote.path + ".away")
    reconciled(sync)
    tap.ok(until(lambda: pushing(sync)["error"] is not None),
           "a remote that is away is a fault", pushing(sync))
    tap.same(pushing(sync)["pending"], 0, "though nothing waits")
    done = sync.opsync("status")
    tap.ok("nothing waits" in done.out and "cannot fetch" in done.out and
           "0 commits" not in done.out, "which status says", done)
    done = sync.opsync("status", "--check")
    tap.ok(done.code == 1 and "WARNING - one: cannot fetch from" in done.out and
           "0 commits" not in done.out, "and --check", done)
    os.rename(remote.path + ".away", remote.path)
    reconciled(sync)
    tap.ok(until(lambda: turns(sync) == before + ["fault", "recovered"]),
           "its end is told", turns(sync))


def restart_between(tap, sync, remote):
    before = turns(sync)
    os.rename(remote.path, remote.path + ".away")
    reconciled(sync)
    until(lambda: len(turns(sync)) > len(before))
    for _ in range(2):
        sync.stop()
        sync.start()
        until(lambda: pushing(sync)["error"] is not None)
    sync.stop()
    tap.same(turns(sync), before + ["fault"],
             "a fault that stays is told once, whoever starts again")
    os.rename(remote.path + ".away", remote.path)
    sync.start()
    tap.ok(until(lambda: turns(sync) == before + ["fault", "recovered"]),
           "its end after a restart is told", turns(sync))


def single_passes(tap, server, sync, remote):
    """By a timer: each is a process of its own."""
    sync.stop()
    sync.once()
    before = turns(sync)
    heard = os.path.join(sync.folder, "heard")
    sync.configure(more="hooks: [{ on: [fault, recovered], shell: "
                   "'cat >>%s' }]" % heard)
    os.rename(remote.path, remote.path + ".away")
    server.side("edit", {"id": 3, "set": {"subject": "Waits"}})
    tap.same([sync.once().code for _ in range(3)], [75] * 3,
             "single passes fail")
    os.rename(remote.path + ".away", remote.path)
    tap.same([sync.once().code for _ in range(2)], [0] * 2, "then do not")
    tap.same(turns(sync), before + ["fault", "recovered"],
             "a fault and its end are told, once")
    with open(heard) as f:
        tap.same([json.loads(line)["event"] for line in f],
                 ["fault", "recovered"], "hooks are, too")


def given_up(tap, sync, remote):
    """Nothing is pushed any more: that is an end as well."""
    before = turns(sync)
    os.rename(remote.path, remote.path + ".away")
    sync.once()
    usual = sync.config
    sync.write("one.yaml", open(os.path.join(sync.folder, "opsync.yaml"))
               .read())
    sync.once()
    sync.once()
    tap.same(turns(sync), before + ["fault", "recovered"],
             "a remote that is not asked for any more is no fault")
    os.rename(remote.path + ".away", remote.path)
    sync.config = usual
    sync.configure()


# --- A history that was rewritten ------------------------------------------


def rewrite(remote, clone):
    """By a person in a clone, who forces it onto the remote."""
    remote.run("clone", "-q", remote.path, clone)
    remote.run("-C", clone, "-c", "core.editor=true", "rebase", "-q", "--root",
               "--exec", "git commit -q --amend --no-edit --reset-author")
    remote.run("-C", clone, "push", "-q", "--force", "origin", "main")


def take_theirs(sync, remote):
    return [sync.git("fetch", remote.path, "main"),
            sync.git("reset", "--hard", "FETCH_HEAD")]


def force_ours(sync, remote):
    return [sync.git("push", "--force", remote.path, "main")]


def rewritten(tap, server):
    """Pushing stops, until a person goes one of the ways that are told."""
    for way in (take_theirs, force_ours):
        with Pushing(server.url, None) as sync:
            remote = Remote(sync.folder)
            sync.remote = remote.path
            sync.configure()
            for n in range(3):
                server.side("edit", {"id": 1, "set": {"subject": "V%d" % n}})
                sync.once()
            rewrite(remote, os.path.join(sync.folder, "other"))
            theirs = remote.head()
            server.side("edit", {"id": 2, "set": {
                "subject": way.__name__}})
            done = sync.once()
            tap.ok(done.code == 78 and "was rewritten" in done.err and
                   "both write" not in done.err and remote.head() == theirs,
                   "a rewritten history: nothing is pushed, and why", done)
            done = way(sync, remote)
            tap.same([d.code for d in done], [0] * len(done), way.__name__)
            done = sync.once()
            tap.ok(done.code == 0 and remote.head() == sync.head() and
                   way.__name__ in remote.show("docs/2.md") and
                   sync.flaws() == [], "then all is pushed again", done)
            has = "p" in remote.git("log", "--format=%an").split("\n")
            tap.same(has, way == take_theirs, "the history that was chosen")


def main():
    tap = Tap()
    with StandIn(*WORLD) as server, Pushing(server.url, None) as scratch:
        remote = Remote(scratch.folder)
        with Pushing(server.url, remote.path) as sync:
            sync.once()
            server.side("edit", {"id": 1, "set": {"subject": "Changed"}})
            sync.start()
            until(lambda: sync.commits() > 1 and remote.head() == sync.head())
            lost(tap, sync, remote)
            refused_again(tap, sync, remote)
            moved(tap, sync)
            nothing_waits(tap, sync, remote)
            restart_between(tap, sync, remote)
            single_passes(tap, server, sync, remote)
            given_up(tap, sync, remote)
        rewritten(tap, server)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
