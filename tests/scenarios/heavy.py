#!/usr/bin/python3
"""Work packages with very many attachments: in little memory, and in time
though most contents are the same.  What idles behind them is small."""
# slow: sanitizers take many times the memory
import contextlib
import glob
import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys

from harness import StandIn, Sync, Tap, until
from verify import flip, other_digest, packs

MOST = 145  # MiB
LARGE = 50
SIZE = 160
IDLE = 18   # MiB; without giving back it would be 42
ANON = 8      # 19, with the index
STARTED = 15  # 18
FAULTS = 400  # pages; those of the program and its libraries would be 750
READ_AGAIN = 24  # MiB more; 38 if all rows waited for the end
PRUNED = 36  # 46 in one transaction
CHILD = 50    # MiB; 500 if files were compared

GIT = """#!/usr/bin/python3
import resource, subprocess, sys
code = subprocess.call(["%s", *sys.argv[1:]])
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
with open("%s", "a") as f:
    print(most, *sys.argv[1:], file=f)
sys.exit(code)
"""

MAPPING = """
documents:
- path: "${ id }/index.md"
  attachments: all
"""


def memory(sync, kind):
    """In MiB."""
    with open("/proc/%d/status" % sync.process.pid) as f:
        return int(re.search(kind + r":\s+(\d+)", f.read())[1]) >> 10


def many_each(tap):
    with StandIn("--generate", "60", "--attachments", "60000",
                 "--attachment-size", "10") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        path = sync.store
        sync.store = "{ path: %s, bare: true }" % path
        sync.configure()
        sync.start()
        most = memory(sync, "VmHWM")
        files = sync.run("git", "-C", path, "ls-tree", "-r", "HEAD")
        tap.ok(most < MOST, "sixty with a thousand each in little memory",
               "%d MiB" % most)
        tap.same(files.out.count("\n"), 60060, "and all of them")


def digest(f):
    md5 = hashlib.md5()
    while piece := f.read(1 << 20):
        md5.update(piece)
    return md5.hexdigest()


def committed(sync, name):
    with subprocess.Popen(["git", "-C", sync.store, "cat-file", "blob",
                           "HEAD:1/" + name], env=sync.env,
                          stdout=subprocess.PIPE) as git:
        return digest(git.stdout)


def in_tree(path):
    with open(path, "rb") as f:
        return digest(f)


def other_file(path):
    """A byte of it, as of a disk that errs: the time stays."""
    stat = os.stat(path)
    flip(path, 0.7)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def mended(tap, sync, path, wanted, what, *findings):
    """What was damaged is found, and comes again."""
    done = sync.opsync("verify", "--repair")
    tap.ok(all(words in done.out for words in findings),
           what + ": found", done)
    tap.ok(done.code == 0 and done.out.endswith("all is as it should be\n"),
           "and repaired", done)
    tap.same((in_tree(path), committed(sync, os.path.basename(path))),
             (wanted, wanted), "and as it was")


def look_again(tap, sync, path, wanted):
    """The same, when it is gone from the work tree, or another in places."""
    os.unlink(path)
    sync.opsync("resync", "--wait")
    tap.same(in_tree(path), wanted, "it comes back")
    done = sync.opsync("verify")
    tap.same((done.code, done.out), (0, "all is as it should be\n"),
             "and is verified")
    flip(max(packs(sync, "pack"), key=os.path.getsize), 0.7)
    mended(tap, sync, path, wanted, "a byte of its object", " is corrupt")
    other_digest(sync)
    other_file(path)
    mended(tap, sync, path, wanted, "its record and a byte of its file",
           "has not the MD5 that was recorded", "has another content")
    most = memory(sync, "VmHWM")
    tap.ok(most < LARGE, "in little memory", "%d MiB" % most)


def large(tap):
    """More than all of the memory that is allowed."""
    with StandIn("--generate", "1", "--attachments", "1",
                 "--attachment-size", str(SIZE << 20)) as server:
        file, = server.state()["attachments"]
        name, wanted = file["fileName"], file["digest"]["hash"]
        for bare in ("true", "false"):
            with Sync(server.url, projects="[demo-1]",
                      mapping=MAPPING.replace("index", "z"),
                      schedule="{ poll: 1h }") as sync:
                path = sync.store
                sync.store = "{ path: %s, bare: %s }" % (path, bare)
                sync.configure()
                sync.store = path
                sync.start()
                sync.opsync("resync", "--wait")
                sync.opsync("resync", "--wait")
                most = memory(sync, "VmHWM")
                tap.ok(most < LARGE, "one of %d MiB in little memory" % SIZE
                       + (", bare" if bare == "true" else ""), "%d MiB" % most)
                size = sync.git("ls-tree", "-r", "-l", "HEAD").out
                tap.ok(" %d\t" % (SIZE << 20) in size, "and all of it")
                tap.same(committed(sync, name), wanted,
                         "as the server has it")
                if bare == "false":
                    look_again(tap, sync, os.path.join(path, "1", name),
                               wanted)


def unpack(sync):
    """Each object a file of its own, as git makes few that it gets."""
    objects = os.path.join(sync.store, ".git/objects")
    for pack in glob.glob(objects + "/pack/*.pack"):
        away = os.path.join(sync.folder, "away")
        os.rename(pack, away)
        os.unlink(pack[:-5] + ".idx")
        with open(away, "rb") as f:
            subprocess.run(["git", "-C", sync.store,
                            "-c", "core.looseCompression=0",
                            "-c", "core.bigFileThreshold=1m",
                            "unpack-objects", "-q"],
                           env=sync.env, stdin=f, check=True)


def loose(tap):
    with StandIn("--generate", "1", "--attachments", "1",
                 "--attachment-size", str(70 << 20)) as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        tap.same(sync.once().code, 0, "one of 70 MiB")
        unpack(sync)
        sync.start()
        tap.same(sync.opsync("verify").code, 0, "is no pack, and verified")
        most = memory(sync, "VmHWM")
        tap.ok(most < LARGE, "in little memory", "%d MiB" % most)


def compared(sync):
    """What diff says, and what it took."""
    said = os.path.join(sync.folder, "diff")
    with open(said, "wb") as out, subprocess.Popen(
            [sync.CLIENT, "--config", sync.config, "diff"], env=sync.env,
            stdout=out, stderr=out) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    with open(said, errors="replace") as f:
        return f.read(), usage.ru_maxrss >> 10


def difference(tap):
    """One that moves, and one that another takes the place of."""
    with StandIn("--generate", "2", "--attachments", "2",
                 "--attachment-size", str(70 << 20)) as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        sync.once()
        files = server.state()["attachments"]
        old = sorted(f["fileName"] for f in files)
        server.side("detach", {"id": files[0]["id"]})
        server.side("attach", {"work_package": 1, "file_name": "other.bin",
                               "size": 70 << 20})
        sync.configure(mapping=MAPPING.replace('"${', '"new/${'))
        said, most = compared(sync)
        tap.ok("rename from 2/%s\n" % old[1] in said and
               "and b/new/1/other.bin differ" in said and
               "Binary files a/1/%s and /dev/null differ" % old[0] in said,
               "what is large is told to be another, or to have moved", said)
        tap.ok("rename from 1/index.md" in said, "as documents are", said)
        tap.ok(most < LARGE, "in little memory", "%d MiB" % most)


def measured(sync):
    """git tells what it took, with its own children; where it does."""
    told = os.path.join(sync.folder, "git-memory")
    folder = os.path.join(sync.folder, "bin")
    os.mkdir(folder)
    sync.write("bin/git", GIT % (shutil.which("git"), told), 0o755)
    sync.env["PATH"] = folder + ":" + sync.env["PATH"]
    return told


def children(tap):
    """git passes large files through, too, and compares none."""
    with StandIn("--generate", "1", "--attachments", "2",
                 "--attachment-size", str(70 << 20)) as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        remote = os.path.join(sync.folder, "remote.git")
        sync.run("git", "init", "-q", "--bare", remote)
        sync.run("git", "-C", remote, "config", "core.bigFileThreshold", "1m")
        sync.store = "{ path: %s, push: { remote: %s } }" % (
            sync.store, remote)
        sync.configure()
        told = measured(sync)
        tap.same(sync.once().code, 0, "two of 70 MiB are pushed")
        sync.start()
        tap.same(sync.opsync("verify").code, 0, "and verified")
        with open(told) as f:
            lines = f.read().splitlines()
        tap.ok(any(" push " in line for line in lines) and
               any(" fsck " in line for line in lines) and
               max(int(line.split()[0]) for line in lines) < CHILD,
               "with git in little memory", "\n".join(lines))


def idle(tap):
    with StandIn("--generate", "3000", "--attachments", "3000",
                 "--attachment-size", "10") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        sync.start()
        tap.ok(until(lambda: memory(sync, "VmRSS") <= IDLE, 2),
               "what a first sync took is given back",
               "%d MiB" % memory(sync, "VmRSS"))
        sync.stop()
        sync.start()
        tap.ok(until(lambda: memory(sync, "VmRSS") <= STARTED, 2),
               "and what a start took",
               "%d MiB" % memory(sync, "VmRSS"))


def among_others(tap):
    """An index of a hundred thousand files is read now and then, not kept."""
    with StandIn("--generate", "20") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        def git(*args, text=""):
            return subprocess.run(
                ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C",
                 sync.store, *args], input=text, text=True, check=True,
                stdout=subprocess.PIPE).stdout

        os.makedirs(sync.store, exist_ok=True)
        git("init", "-q", "-b", "main")
        oid = git("hash-object", "-w", "--stdin").strip()
        git("update-index", "--index-info", text="".join(
            "100644 %s\tother/%d/%d.md\n" % (oid, i % 500, i)
            for i in range(100000)))
        git("commit", "-q", "-m", "others")
        sync.start()
        for _ in range(3):
            sync.opsync("resync", "--wait")
        tap.ok(until(lambda: memory(sync, "RssAnon") <= ANON, 2),
               "with an index of a hundred thousand files it idles small",
               "%d MiB" % memory(sync, "RssAnon"))


def read_again(tap):
    """Rows are written as they come, though no document changes."""
    with StandIn("--generate", "20000") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING.replace(
                "all", "none")) as sync:
        sync.once()
        head = sync.head()
        sync.start()
        before = memory(sync, "VmHWM")
        done = sync.opsync("resync", "--full", "--wait")
        most = memory(sync, "VmHWM")
        tap.ok(done.code == 0 and most < before + READ_AGAIN,
               "all of many read again in little memory",
               "%d MiB, before %d" % (most, before))
        tap.same(sync.head(), head, "and nothing is committed")
        done = sync.opsync("verify")
        most = memory(sync, "VmHWM")
        tap.ok(done.code == 0 and most < before + READ_AGAIN,
               "and verified", "%d MiB, before %d" % (most, before))


def prune(tap):
    """A log of very many events that is too old as a whole, or too large."""
    for what, more, change in (
            ("old", "log: { keep: 30d }", "UPDATE run SET started = 0"),
            ("large", "log: { max_size: 1MiB }", "SELECT 1")):
        with StandIn("--generate", "5") as server, Sync(
                server.url, projects="[demo-1]", mapping=MAPPING,
                more=more) as sync:
            sync.once()
            with contextlib.closing(sqlite3.connect(sync.state_file)) as state:
                state.execute(change)
                state.execute(
                    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1"
                    " FROM n WHERE i < 300000) INSERT INTO event (run, at,"
                    " level, kind, work_package, text) SELECT 1, 0, 6, 'same',"
                    " i % 1000, 'a sentence of usual length, or so' FROM n")
                state.commit()
            sync.start()
            most = memory(sync, "VmHWM")
            with contextlib.closing(sqlite3.connect(sync.state_file)) as state:
                left, = state.execute("SELECT count(*) FROM event").fetchone()
            tap.ok(left < 20000 and most < PRUNED,
                   "a log that is %s goes in little memory" % what,
                   "%d MiB, %d events left" % (most, left))


def faults(sync):
    """Pages that had to be looked for."""
    with open("/proc/%d/stat" % sync.process.pid) as f:
        return int(f.read().rsplit(") ", 1)[1].split()[7])


def change(sync, server, ids, words):
    for ident in ids:
        server.side("edit", {"id": ident, "set": {"description": words}})
    before = faults(sync)
    sync.opsync("resync", "--wait")
    return faults(sync) - before


def burst(tap):
    """Behind many changes, a single one is not what gives memory back."""
    with StandIn("--generate", "600") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            schedule="{ poll: 1h, overlap: 4s }") as sync:
        sync.start()
        change(sync, server, range(1, 251), "Other words.")
        taken = [change(sync, server, [ident], "Once more other words.")
                 for ident in range(1, 6)]
        tap.ok(sorted(taken)[2] < FAULTS,
               "a change behind many does no more than its own", repr(taken))
        busy = memory(sync, "VmRSS")

        def small():
            sync.opsync("resync", "--wait")
            return memory(sync, "VmRSS") <= busy * 3 // 4

        tap.ok(until(small), "but once they are over it is given back",
               "%d of %d MiB" % (memory(sync, "VmRSS"), busy))


def main():
    tap = Tap()
    many_each(tap)
    large(tap)
    loose(tap)
    difference(tap)
    children(tap)
    idle(tap)
    among_others(tap)
    burst(tap)
    read_again(tap)
    prune(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
