"""What a table of first syncs does not show: each gives lines of text, the
figure first and what it is held against behind it."""
import os
import re
import socket
import subprocess
import tempfile
import time

from contenders import Instance, fast_import
from measure import (ENV, ENV_OPSYNC, KEY, git, median, percentile,
                     processor_time, resident, run, written)
from world import Size, World


def folder_size(path):
    return sum(os.lstat(os.path.join(base, name)).st_size
               for base, _, names in os.walk(path) for name in names)


def latency(world, n=200):
    """From the answer that tells of a change to its commit, work tree and
    state durable, beside the whole pass."""
    it = Instance(world, "latency")
    it.once()
    with it.daemon() as daemon:
        daemon.resync()
        passes, since, _ = world.changes(
            lambda: daemon.resync(changed=1), n)
        daemon.resync(changed=0)  # only then does it idle
        idle = resident(daemon.process.pid)
    p50, p99 = median(since), percentile(since, .99)
    return ["change to commit: median %.1f ms, p99 %.1f ms (%.1f times); "
            "whole pass %.1f ms" % (p50, p99, p99 / p50, median(passes)),
            "resident memory after it, idle: %.1f MiB" % idle]


def passes(world, n=1000):
    """Do many passes leave anything behind?"""
    it = Instance(world, "passes")
    it.once()
    with it.daemon() as daemon:
        pid = daemon.process.pid
        daemon.resync()  # the first pass is not to see what changes
        for i in range(50):
            world.edit(i)
            daemon.resync(changed=1)
        before = resident(pid)
        handles = len(os.listdir("/proc/%d/fd" % pid))
        for i in range(n):
            if i % 4 == 0:
                world.edit(i)
            daemon.resync(changed=1 if i % 4 == 0 else 0)
        return ["%d passes: memory %.1f -> %.1f MiB, handles %d -> %d" % (
            n, before, resident(pid), handles,
            len(os.listdir("/proc/%d/fd" % pid)))]


POLL = """
import os, requests, sys, time
session = requests.Session()
session.auth = ("apikey", "%s")
for i in range(33):
    if i == 3:
        began = time.process_time()
    session.get(sys.argv[1]).json()
    time.sleep(1)
print((time.process_time() - began) / 30 * 1000)
"""


def idle_poll(world, seconds=30):
    """Processor time of a poll that finds nothing, ours and a script's.

    Both poll once a second: what sleeps finds the caches cold when it wakes,
    and without pauses either would take less than half.
    """
    it = Instance(world, "idle")
    it.change("poll: 1h", "poll: 1s")
    it.once()
    with it.daemon() as daemon:
        time.sleep(3)
        world.server.side("requests/reset")
        began = processor_time(daemon.process.pid)
        wrote = written(daemon.process.pid)
        time.sleep(seconds)
        asked = [r["path"] for r in world.server.requests()]
        ours = processor_time(daemon.process.pid) - began
        wrote = written(daemon.process.pid) - wrote
    ours = ours / len(asked) * 1000
    theirs = float(subprocess.run(
        ["/usr/bin/python3", "-c", POLL % KEY, world.server.url + asked[-1]],
        env=ENV, check=True, stdout=subprocess.PIPE).stdout)
    return ["idle poll: %.3f ms of processor time, %.2f requests a second, "
            "%d bytes written; Python's requests %.3f ms (%.2f of it)" % (
                ours, len(asked) / seconds, wrote, theirs, ours / theirs)]


def rendered_again(world, bare):
    it = Instance(world, "rerender-bare" if bare else "rerender", bare)
    it.once()
    it.change("    id: ${ id }\n", "    id: ${ id }\n    again: 'yes'\n")
    it.change("documents:\n", "guard: { max_change: { share: 100%, "
              "count: 1000000 } }\ndocuments:\n")
    world.server.side("requests/reset")
    took = it.once()["wall"]
    world.store = it.store
    lists = sum("work_packages?" in r["path"]
                for r in world.server.requests())
    return took, lists


def rerender(world):
    """Another mapping renders all documents again, from what is kept.

    fast-import writes no work tree: so it is held against a bare store, and
    the time with a work tree is told as well.
    """
    bare, lists = rendered_again(world, True)
    tree, more = rendered_again(world, False)
    floor = fast_import(world)[1]["wall"]
    return ["all rendered again: bare %.2f s, with work tree %.2f s, %d lists "
            "asked for; fast-import of the same %.2f s (%.2f and %.2f times)"
            % (bare, tree, lists + more, floor, bare / floor, tree / floor)]


def repository(world):
    """How much smaller does git make what we wrote?"""
    it = Instance(world, "repository", bare=True)
    it.once()
    objects = os.path.join(it.store, "objects")
    ours = folder_size(objects)
    git(it.store, "gc", "--quiet", "--prune=now")
    theirs = folder_size(objects)
    return ["repository: %.1f MiB, after git gc %.1f MiB (%.2f times)" % (
        ours / 2**20, theirs / 2**20, ours / theirs)]


def system_calls(world):
    it = Instance(world, "calls")
    counts = os.path.join(it.folder, "calls")
    it.once(["strace", "-f", "-qq", "-c", "-o", counts])
    with open(counts) as f:
        total = re.search(r"(\d+)(?: +\d+)? total$", f.read(), re.M)
    return ["system calls a work package: %.1f" % (
        int(total.group(1)) / world.n)]


def big_file(folder):
    """One attachment of 1 GiB, bare and with a work tree (where it is written
    twice), beside none and beside curl, which does not wait for the disk unless
    it is told to."""
    peaks = []
    with World(Size("10"), folder) as world:
        peaks.append(Instance(world, "none", bare=True).once()["peak"])
    with World(Size("10x1x1M"), folder) as world:
        peaks.append(Instance(world, "small", bare=True).once()["peak"])
    with World(Size("1x1x1G"), folder) as world:
        tree = Instance(world, "tree").once()
        took = Instance(world, "big", bare=True).once()
        path = next(r["path"] for r in world.server.requests()
                    if r["path"].endswith("/content"))
        with tempfile.TemporaryDirectory(dir=folder) as away:
            file = os.path.join(away, "big")
            curl = run(["curl", "-sS", "-u", "apikey:" + KEY, "-o", file,
                        world.server.url + path])["wall"]
            synced = curl + run(["sync", file])["wall"]
    return ["1 GiB: %.2f s; curl -o %.2f s (%.2f times), and synced %.2f s "
            "(%.2f times); peak memory %.1f MiB, of small ones %.1f MiB, of "
            "none %.1f MiB" % (
                took["wall"], curl, took["wall"] / curl, synced,
                took["wall"] / synced, took["peak"], peaks[1], peaks[0]),
            "  with a work tree: %.2f s (%.2f times curl -o, %.2f times and "
            "synced); peak memory %.1f MiB" % (
                tree["wall"], tree["wall"] / curl, tree["wall"] / synced,
                tree["peak"])]


def interrupted(world):
    """A first sync that is killed goes on where it was."""
    it = Instance(world, "interrupted")
    process = subprocess.Popen(
        it.command, env=ENV_OPSYNC, stdout=it.log, stderr=it.log)
    while not os.path.exists(os.path.join(it.store, ".git/refs/heads/main")):
        time.sleep(0.01)
    process.kill()
    process.wait()
    known = git(it.store, "ls-tree", "-r", "--name-only", "HEAD").count(b"\n")
    world.server.side("requests/reset")
    it.once()
    batches = sum("elements" not in r["path"] and "work_packages?" in r["path"]
                  for r in world.server.requests())
    return ["killed with %d of %d committed: the next pass asked for %d "
            "batches of 200" % (known, world.n, batches)]


def start(world, n=5):
    """From the program's start until it tells its manager that it is ready,
    with all of the world in the store."""
    it = Instance(world, "start")
    it.once()
    took = []
    for _ in range(n):
        with tempfile.TemporaryDirectory() as folder, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(os.path.join(folder, "notify"))
            manager.settimeout(60)
            began = time.monotonic()
            with subprocess.Popen(
                    it.command, stdout=it.log, stderr=it.log, env=dict(
                        ENV_OPSYNC, NOTIFY_SOCKET=manager.getsockname())) as p:
                while b"READY=1" not in manager.recv(4096):
                    pass
                took.append(time.monotonic() - began)
                p.terminate()
    return ["start: ready after %.3f s, at most %.3f s" % (
        median(took), max(took))]


SPECIALS = {"latency": latency, "passes": passes, "idle": idle_poll,
            "rerender": rerender, "repository": repository,
            "calls": system_calls, "interrupted": interrupted, "start": start}
