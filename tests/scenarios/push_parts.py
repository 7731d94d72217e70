#!/usr/bin/python3
"""What is too much for one push gets there in parts, over a slow line."""
# waits for most of its time
import os
import sys

from harness import StandIn, Tap, until
from push import WORLD, Pushing, Remote, pushing, settled

LINE = 200000  # bytes a second
FILE = 60000
SSH = """#!/bin/sh
# An ssh to this machine, over a slow line.
for command; do :; done
python3 -c '
import os, time
while got := os.read(0, 8192):
    os.write(1, got)
    time.sleep(len(got) / %d)
' | sh -c "$command"
""" % LINE


def slow_line(sync):
    os.mkdir(os.path.join(sync.folder, "bin"))
    sync.write("bin/ssh", SSH, 0o755)
    sync.env["PATH"] = "%s/bin:%s" % (sync.folder, sync.env["PATH"])


def remote_of(sync):
    """One that writes down where its branch comes to."""
    remote = Remote(sync.folder)
    sync.write("remote.git/hooks/post-update", "#!/bin/sh\n"
               "git rev-parse main >>moves\n", 0o755)
    sync.remote = "ssh://slow" + remote.path
    sync.push = ", timeout: 2s"
    sync.configure()
    return remote


def moves(remote):
    path = os.path.join(remote.path, "moves")
    return open(path).read().split() if os.path.exists(path) else []


def local(sync, name, size=FILE):
    """A person's commit, of what no packing makes smaller."""
    with open(os.path.join(sync.store, name), "wb") as f:
        f.write(os.urandom(size))
    sync.git("add", name)
    sync.git("-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qm",
             name)


def line(sync):
    return sync.git("rev-list", "--first-parent", "main").out.split()


def told(sync, event):
    return [e["text"] for e in sync.opsync("--json", "log").json()
            if e["event"] == event]


def unborn(tap, sync, remote):
    """All of the history, to a remote that has nothing."""
    for n in range(15):
        local(sync, "a%d" % n)
    remote.git("update-ref", "-d", "refs/heads/main")
    os.unlink(os.path.join(remote.path, "moves"))
    done = sync.once()
    tap.ok(done.code == 0 and remote.head() == sync.head(),
           "all gets there in one round", done)
    came = moves(remote)
    tap.ok(len(came) > 2 and came[0] != sync.head(), "in parts", came)
    tap.ok([c for c in reversed(line(sync)) if c in came] == came,
           "of the branch's own line, in its order", came)
    tap.ok("half of them first" in done.err and
           "within store.push.timeout" in done.err, "which is said", done)
    tap.same(told(sync, "fault"), [], "and no fault")
    tap.same(sum(int(text.split()[0]) for text in told(sync, "pushed")),
             1 + sync.commits(), "each commit is told once")
    tap.same((sync.once().code, moves(remote)), (0, came),
             "nothing is pushed the second time")


def backlog(tap, sync, remote):
    """Another pushes in between."""
    for n in range(15):
        local(sync, "b%d" % n)
    before = remote.head()
    sync.start(wait=False)
    until(lambda: remote.head() != before, 40)
    remote.person({"theirs.md": "theirs\n"})
    tap.ok(until(lambda: remote.head() == sync.head(), 60) and
           settled(sync, remote), "what waited gets there as well",
           sync.said())
    tap.ok(remote.show("theirs.md") == "theirs\n" and
           {"b%d" % n for n in range(15)} <= remote.files(),
           "with what another pushed between two parts")
    tap.same(remote.faults(), [], "in one line")
    tap.same((pushing(sync)["pending"], told(sync, "fault")), (0, []),
             "and no fault")
    sync.stop()


def merged(tap, sync, remote):
    """A person merges what the remote has: only with that it can be pushed."""
    git = ("-c", "user.name=p", "-c", "user.email=p@x")
    remote.person({"merged.md": "merged\n"})
    for n in range(24):
        local(sync, "c%d" % n, 9)
    sync.git("fetch", "-q", remote.path, "main")
    sync.git(*git, "merge", "-q", "-m", "merged", "FETCH_HEAD")
    for n in range(15):
        local(sync, "d%d" % n)
    done = sync.once()
    tap.ok(done.code == 0 and remote.head() == sync.head() and
           "half of them first" in done.err, "so is what a person merged",
           done)


def too_large(tap, sync, remote):
    """A single commit that takes longer, behind others."""
    local(sync, "small")
    local(sync, "large", 8 * LINE)
    done = sync.once()
    tap.ok(done.code == 75 and "a longer store.push.timeout" in done.err,
           "one that is too large is a fault, with the way out", done)
    tap.same(remote.head(), line(sync)[1], "what is before it is there")
    sync.start()
    until(lambda: pushing(sync)["error"] is not None, 30)
    tap.same(pushing(sync)["pending"], 1, "one waits")
    sync.stop()
    tap.same(len(told(sync, "fault")), 1, "which is told once")
    sync.push = ", timeout: 1m"
    sync.configure()
    done = sync.once()
    tap.ok(done.code == 0 and remote.head() == sync.head(),
           "with more time it gets there", done)
    tap.same(len(told(sync, "recovered")), 1, "and all is well")


def main():
    tap = Tap()
    with StandIn(*WORLD) as server, Pushing(server.url, None) as sync:
        slow_line(sync)
        remote = remote_of(sync)
        sync.once()
        unborn(tap, sync, remote)
        backlog(tap, sync, remote)
        merged(tap, sync, remote)
        too_large(tap, sync, remote)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
