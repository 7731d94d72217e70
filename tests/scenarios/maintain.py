#!/usr/bin/python3
"""The repository is consolidated beside the passes, unless it says no; and
check names repositories that cannot be used, with the way out."""
import glob
import os
import subprocess
import sys

from harness import StandIn, Sync, Tap, until

STORE = "\n  path: %s\n  consolidate: %s"


def littered(sync):
    """Many loose objects, of our own and of nobody."""
    for folder in range(256):
        path = os.path.join(sync.store, ".git/objects/%02x" % folder)
        os.makedirs(path, exist_ok=True)
    words = b"".join(b"blob\nmark :%d\ndata 9\n%09d\n" % (n + 1, n)
                     for n in range(3000))
    subprocess.run(["git", "-C", sync.store, "-c", "core.bigFileThreshold=1",
                    "-c", "fastimport.unpackLimit=100000", "fast-import",
                    "--quiet"], env=sync.env, input=words, check=True)


def counted(sync, what):
    said = sync.git("count-objects", "-v").out
    return int(said.split(what + ": ")[1].split()[0])


def packs(sync):
    return counted(sync, "packs")


def configured(sync, every):
    with open(sync.config) as f:
        text = f.read()
    sync.write("opsync.yaml", text.replace(
        "store: " + sync.store, "store:" + STORE % (sync.store, every)))


def consolidated(tap, server):
    with Sync(server.url, projects="[demo-1]", mapping="") as sync:
        sync.once()
        configured(sync, "1s")
        littered(sync)
        tap.same(packs(sync), 0, "all is loose")
        sync.git("config", "gc.auto", "0")
        tap.same((sync.once().code, packs(sync)), (0, 0),
                 "a repository that says no is left alone")
        sync.git("config", "--unset", "gc.auto")
        sync.start()
        tap.ok(until(lambda: packs(sync) > 0 and counted(sync, "count") < 20),
               "it is packed when idle, and loose no more", sync.said())
        server.side("edit", {"id": 1, "set": {"subject": "After"}})
        tap.ok(until(lambda: sync.commits() == 2), "and the sync goes on",
               sync.said())
        tap.same(sync.stop(), 0, "it ends well")
        tap.ok(counted(sync, "in-pack") > 3000, "all is packed that was loose")
        tap.same(sync.flaws(), [], "without a flaw")


def pack(sync, first, n):
    """A pack of so many blobs, and its name."""
    had = set(pack_names(sync))
    words = b"".join(b"blob\nmark :%d\ndata 9\n%09d\n" % (i + 1, first + i)
                     for i in range(n))
    subprocess.run(["git", "-C", sync.store, "-c", "fastimport.unpackLimit=1",
                    "fast-import", "--quiet"], env=sync.env, input=words,
                   check=True)
    name, = set(pack_names(sync)) - had
    return name


def pack_names(sync):
    return [os.path.basename(path) for path in glob.glob(
        os.path.join(sync.store, ".git/objects/pack/*.pack"))]


def many(tap, server):
    """Packs that are full, or that somebody keeps, stay as they are."""
    with Sync(server.url, projects="[demo-1]", mapping="") as sync:
        sync.once()
        full = pack(sync, 0, 100001)
        kept = pack(sync, 200000, 10)
        with open(os.path.join(sync.store, ".git/objects/pack",
                               kept[:-5] + ".keep"), "w"):
            pass
        small = [pack(sync, 300000 + 10 * i, 10) for i in range(50)]
        tap.same((sync.once().code, packs(sync)), (0, 52),
                 "fifty small packs are not too many")
        small.append(pack(sync, 400000, 90000))
        small.append(pack(sync, 500000, 60000))
        tap.same(sync.once().code, 0, "more are")
        left = set(pack_names(sync))
        tap.ok(left.issuperset([full, kept] + small[-2:]) and
               len(left) == 5 and not left & set(small[:-2]),
               "and those that are small beside others become one", left)
        tap.same(counted(sync, "count"), 0, "with all that was loose")
        sync.git("config", "repack.writeBitmaps", "true")
        for i in range(50):
            pack(sync, 600000 + 10 * i, 10)
        tap.same((sync.once().code, packs(sync)), (0, 5),
                 "also where bitmaps are wanted")
        tap.same(sync.flaws(), [], "without a flaw")


def held(sync):
    """Packs that are gone, but for the daemon, which has them open."""
    folder = "/proc/%d/fd" % sync.process.pid
    names = []
    for name in os.listdir(folder):
        try:
            names.append(os.readlink(os.path.join(folder, name)))
        except OSError:
            continue  # closed meanwhile
    with open("/proc/%d/maps" % sync.process.pid) as f:
        names += f.read().split("\n")
    return [n for n in names if "/pack-" in n and "(deleted)" in n]


def others(tap, server):
    """Another's git packs again and again: no pack of before stays open."""
    with Sync(server.url, projects="[demo-1]", mapping="") as sync:
        sync.once()
        sync.start()
        for n in range(6):
            commits = sync.commits()
            server.side("edit", {"id": 1, "set": {"subject": "Round %d" % n}})
            tap.ok(until(lambda: sync.commits() > commits), "a change, then "
                   "another's git packs", sync.said())
            sync.git(*(("gc", "-q") if n % 2 else ("repack", "-adq")))
        tap.ok(until(lambda: not held(sync), 5), "what it packed is let go",
               held(sync))
        with open("/proc/%d/limits" % sync.process.pid) as f:
            line, = [line for line in f if line.startswith("Max open files")]
        soft, hard = map(int, line.split()[3:5])
        tap.same(soft, min(hard, 65536), "it may have as many files open as "
                 "the system lets it, within reason")
        tap.same(sync.stop(), 0, "it ends well")
        tap.same(sync.flaws(), [], "without a flaw")


def refused(tap, server):
    cases = (
        ("a partial clone", ("config", "extensions.partialClone", "origin"),
         "clone it anew without --filter"),
        ("a split index", ("update-index", "--split-index"),
         "--no-split-index"),
        ("a sparse index", ("config", "index.sparse", "true"),
         "sparse-checkout disable"),
    )
    for name, command, way_out in cases:
        with Sync(server.url, projects="[demo-1]", mapping="") as sync:
            sync.once()
            sync.git(*command)
            for done in (sync.opsync("check", "--offline"), sync.once()):
                tap.ok(done.code == 78 and way_out in done.err, name, done)
    with Sync(server.url, projects="[demo-1]", mapping="") as sync:
        os.makedirs(sync.store)
        sync.git("init", "-q", "--object-format=sha256")
        done = sync.opsync("check", "--offline")
        tap.ok(done.code == 78 and "SHA-256" in done.err and
               "--object-format=sha1" in done.err, "a SHA-256 repository",
               done)
    with Sync(server.url, projects="[demo-1]", mapping="") as sync:
        tap.same(sync.opsync("check", "--offline").code, 0, "none yet is fine")
        os.makedirs(sync.store)
        with open(os.path.join(sync.store, "file"), "w") as f:
            f.write("x")
        done = sync.opsync("check", "--offline")
        tap.ok(done.code == 78 and "is not a git repository" in done.err,
               "a folder with something else", done)


def main():
    tap = Tap()
    with StandIn("--generate", "6") as server:
        consolidated(tap, server)
        many(tap, server)
        others(tap, server)
        refused(tap, server)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
