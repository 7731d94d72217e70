#!/usr/bin/python3
"""What a remote has lost is pushed again."""
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
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
