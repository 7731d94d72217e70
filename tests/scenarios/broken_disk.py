#!/usr/bin/python3
"""Disks that are full, broken or read-only, limits of the system, memory that
runs out: the daemon says so, the store stays whole, nothing is lost, and it
goes on when the fault is over.

  broken_disk.py --call "N ACTION"           repeats one failing system call
  broken_disk.py --read "N ACTION"           or one that reads
  broken_disk.py --allocation "N [onwards]"  or one failing allocation
"""
# slow: the programs of tests/faults do not go with sanitizers
import collections
import errno
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time

from faulty import (BUILD, CALLS, MAPPING, Case, chosen, figure, option,
                    size)
from harness import StandIn, Tap, until
from kill_calls import WORLD, mixed

SMALL = ("--generate", "12", "--attachments", "12", "--attachment-size",
         "3000")
QUICK = "  max_tries: 1\n"
SHIM = os.path.join(BUILD, "tests/faults/allocations.so")
TOLD = (0, 3, 69, 74, 75)  # exit codes that say what it is
ABORTED = -6


class Disk:
    """A pass that meets faults of the system again and again."""

    def __init__(self, world=WORLD, change=mixed):
        self.server = StandIn(*world).start()
        self.sync = Case(self.server.url, projects="[demo-1]",
                         mapping=MAPPING, server=QUICK)
        if change is not None:
            self.sync.once()
        self.sync.keep()
        self.args = change(self.server, self.sync) if change else ()
        self.log = os.path.join(self.sync.folder, "calls")
        code, said = self.sync.under(CALLS, "-u", self.sync.folder, "-l",
                                     self.log, args=self.args)
        if code != 0:
            raise RuntimeError("the undisturbed pass: %d %s" % (code, said))
        with open(self.log) as f:
            lines = [line.split("\t") for line in f]
        self.calls = [line[1] for line in lines]
        # SQLite writes its log for the last time: then only copies it.
        self.promised = max(i for i, line in enumerate(lines, 1)
                            if "write" in line[1] and any(
                                field.endswith("state.db-wal")
                                for field in line))
        self.wanted = self.sync.shape()

    def close(self):
        self.sync.__exit__(None)
        self.server.stop()

    def heals(self, code):
        """The fault is over: the next pass brings all in order.  What a
        failed one left out needs a commit of its own."""
        done = self.sync.once(*self.args)
        if done.code != 0:
            return ["it does not go on: %r" % done]
        tree, n = self.sync.shape()
        more = code != 0 and (tree, n - 1) == self.wanted
        return self.sync.faults((tree, n) if more else self.wanted)

    def met(self, code, said, codes=TOLD):
        """What is wrong with a pass that met a fault."""
        wrong = []
        if code not in codes:
            wrong.append("exit %d: %s" % (code, said))
        elif code and "error: " not in said and code != ABORTED:
            wrong.append("exit %d without a reason: %s" % (code, said))
        return wrong


# --- System calls that fail -------------------------------------------------


ACTIONS = tuple(str(n) for n in (
    errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.EINTR)) + (
        "short",)


# A ref's new value is written anew then, and SQLite looks at its file, and at
# the folder that it is in, only as it makes it.
FORGIVEN = ("/opsync/tmp/tmp_ref", "/.git/opsync")
APART = 5  # at most: by how many places threads exchange calls


def untold(disk, number, code, said):
    """The call that failed, if it is a sync that nobody is told of."""
    if number >= disk.promised - APART or (
            code != 0 and "Input/output" in said):
        return []
    with open(disk.log) as f:
        lines = [line.split("\t") for line in f.read().splitlines()]
    line = lines[number - 1] if number <= len(lines) else ["", ""]
    if "sync" not in line[1] or line[5].endswith(FORGIVEN):
        return []
    return ["a failed %s of %s is not told: exit %d" % (
        line[1], line[5], code)]


def fail_call(disk, number, action, onwards):
    disk.sync.put_back()
    more = ("-f",) if onwards else ()
    code, said = disk.sync.under(
        CALLS, "-u", disk.sync.folder, "-l", disk.log, "-n", str(number),
        "-a", action, *more, args=disk.args)
    wrong = disk.met(code, said)
    if action == str(errno.EIO):
        wrong += untold(disk, number, code, said)
    return wrong + disk.heals(code)


def calls(tap, disk, dice):
    """Each call that changes a file fails, once and from then on."""
    cases = [(number, action, onwards)
             for number in range(1, len(disk.calls) + 1)
             for action in ACTIONS for onwards in (False, True)
             if (action == "short") <= ("write" in disk.calls[number - 1])
             # who is always interrupted may try for ever
             and not (onwards and action in ("short", str(errno.EINTR)))]
    dice.shuffle(cases)
    cases = cases[:size(40, 2000)]
    wrong = []
    for number, action, onwards in cases:
        found = fail_call(disk, number, action, onwards)
        if found:
            wrong += ["--call \"%d %s%s\" (%s)" % (
                number, action, " onwards" if onwards else "",
                disk.calls[number - 1])] + found
    tap.ok(not wrong, "%d failing calls" % len(cases),
           "\n".join(wrong[:80]))
    return len(cases)


def syncs(tap, disk):
    """Each sync fails once: the pass is not told as a good one."""
    numbers = [n for n, name in enumerate(disk.calls, 1)
               if "sync" in name and n < disk.promised]
    wrong = []
    numbers = chosen(numbers, size(16, len(numbers)))
    for number in numbers:
        found = fail_call(disk, number, str(errno.EIO), False)
        if found:
            wrong += ["--call \"%d %d\"" % (number, errno.EIO)] + found
    tap.ok(not wrong, "%d syncs that fail once" % len(numbers),
           "\n".join(wrong[:80]))
    return len(numbers)


# --- Reads that fail --------------------------------------------------------


# At the start libgit2 takes what it cannot read for what is not there: then
# the configuration is to blame.  A state that cannot be made anew either ends
# the daemon: the next start tells why.
MISREAD = (78, 128 + signal.SIGABRT)
READ_ACTIONS = tuple(str(n) for n in (
    errno.EIO, errno.EMFILE, errno.EACCES)) + ("short",)


def reading(disk):
    """The calls of the pass that read files."""
    disk.sync.put_back()
    code, said = disk.sync.under(CALLS, "-r", "-u", disk.sync.folder, "-l",
                                 disk.log, args=disk.args)
    if code != 0:
        raise RuntimeError("the undisturbed pass: %d %s" % (code, said))
    with open(disk.log) as f:
        return [line.split("\t")[1] for line in f]


def fail_read(disk, number, action, onwards):
    """What cannot be read is neither gone nor another's."""
    disk.sync.put_back()
    more = ("-f",) if onwards else ()
    code, said = disk.sync.under(
        CALLS, "-r", "-u", disk.sync.folder, "-n", str(number), "-a", action,
        *more, args=disk.args)
    wrong = disk.met(code, said, TOLD + MISREAD) + disk.heals(code)
    kept = disk.sync.git("for-each-ref", "refs/heads/opsync").out
    return wrong + (["taken for a person's: " + kept] if kept else [])


def reads(tap, disk, dice):
    """Each call that reads a file fails, once and from then on."""
    names = reading(disk)
    cases = [(number, action, onwards)
             for number, name in enumerate(names, 1)
             for action in READ_ACTIONS for onwards in (False, True)
             if action != "short" or (name in ("read", "pread64") and
                                      not onwards)]
    dice.shuffle(cases)
    cases = cases[:size(40, 3000)]
    wrong = []
    for number, action, onwards in cases:
        found = fail_read(disk, number, action, onwards)
        if found:
            wrong += ["--read \"%d %s%s\" (%s)" % (
                number, action, " onwards" if onwards else "",
                names[number - 1])] + found
    tap.ok(not wrong, "%d failing reads of %d" % (len(cases), len(names)),
           "\n".join(wrong[:80]))
    return len(cases)


# --- Allocations that fail --------------------------------------------------


def count_allocations(disk):
    path = os.path.join(disk.sync.folder, "allocations")
    disk.sync.put_back()
    disk.sync.under(args=disk.args, LD_PRELOAD=SHIM, COUNT_ALLOCATIONS=path)
    with open(path) as f:
        return int(f.read())


def fail_allocation(disk, number, onwards):
    """What is wrong, and how it ended.  A library may crash where we abort:
    nothing may be lost by it."""
    disk.sync.put_back()
    env = {"LD_PRELOAD": SHIM, "FAIL_ALLOCATION": str(number)}
    if onwards:
        env["FAIL_ONWARDS"] = "1"
    try:
        code, said = disk.sync.under(args=disk.args, timeout=30, **env)
    except subprocess.TimeoutExpired as e:
        return ["it hangs: %s" % (e.stdout or b"").decode()], "hung"
    wrong = [] if code == -11 else disk.met(code, said, TOLD + (ABORTED,))
    return wrong + disk.heals(code), code


def allocations(tap, disk, dice):
    n = count_allocations(disk)
    ends = collections.Counter()
    wrong = []
    cases = size(30, 2000)
    for i in range(cases):
        number = dice.randint(1, n)
        found, end = fail_allocation(disk, number, i % 2 == 1)
        ends[end] += 1
        if found:
            wrong += ["--allocation \"%d%s\"" % (
                number, " onwards" if i % 2 else "")] + found
    tap.ok(not wrong, "%d failing allocations of %d: %s" % (
        cases, n, ", ".join("exit %s %d times" % e for e in ends.items())),
        "\n".join(wrong[:80]))
    return cases


# --- Limits -----------------------------------------------------------------


def limits(tap, disk):
    """Files that must not grow, and few of them at once."""
    wrong = []
    cases = [(resource.RLIMIT_FSIZE, n) for n in chosen(
        [0, 1, 512, 4096, 10000, 32768, 40000, 65536, 100000, 200000,
         300000, 500000, 1000000], size(5, 13))]
    cases += [(resource.RLIMIT_NOFILE, n)
              for n in chosen(range(4, 44), size(8, 40))]
    for what, most in cases:
        disk.sync.put_back()
        done = subprocess.run(
            [disk.sync.PROGRAM, "--config", disk.sync.config, "--once",
             *disk.args], env=disk.sync.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
            check=False, preexec_fn=lambda w=what, m=most:
            resource.setrlimit(w, (m, m)))
        said = done.stdout.decode(errors="replace")
        loads = "error while loading shared libraries" in said
        found = [] if loads else disk.met(done.returncode, said,
                                          TOLD + (ABORTED,))
        found += disk.heals(done.returncode)
        if found:
            wrong += ["limit %d of %d:" % (what, most)] + found
    tap.ok(not wrong, "%d limits of the system" % len(cases),
           "\n".join(wrong[:60]))
    return len(cases)


# --- Full and read-only disks -----------------------------------------------


class Mount:
    """A tmpfs of a size; a context manager."""

    def __init__(self, path, options):
        self.path = path
        os.makedirs(path, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "opsync-test",
                        path], check=True, stderr=subprocess.DEVNULL)

    def again(self, options):
        subprocess.run(["mount", "-o", "remount," + options, self.path],
                       check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.path], check=False)


def on_mount(disk, options):
    """A store of its own on a small disk."""
    sync = disk.sync.sibling(
        schedule="{ poll: 1s, overlap: 1s }")
    return sync, Mount(sync.store, options)


FULL = tuple("size=%dk" % n for n in (
    4, 16, 40, 64, 96, 128, 160, 192, 224, 256, 320, 400, 480, 560, 640, 720,
    800, 880, 960, 1040, 1200, 1400)) + tuple(
        "size=9m,nr_inodes=%d" % n for n in (
            2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 36,
            40, 44, 48, 52, 56, 60, 64, 70, 76, 82, 90))


def full(tap, disk):
    """A daemon on a full disk waits, and goes on by itself."""
    wrong = []
    cases = chosen(FULL, size(4, len(FULL)))
    for options in cases:
        sync, mount = on_mount(disk, options)
        with sync, mount:
            found = full_once(sync, mount, disk.wanted[0])
        if found:
            wrong += [options + ":"] + found
    tap.ok(not wrong, "%d full disks" % len(cases), "\n".join(wrong[:60]))
    return len(cases)


def full_once(sync, mount, tree):
    first = sync.once()
    found = []
    if first.code not in (0, 3, 74):
        found.append("exit: %r" % first)
    if first.code == 74 and "pace" not in first.err and (
            "full" not in first.err):
        found.append("it does not say why: %r" % first)
    if sync.head() and sync.git("fsck").code != 0:
        found.append("not to be read: %r" % sync.git("fsck"))
    if first.code == 74 and sync.head() is None:
        mount.again("size=20m,nr_inodes=10000")
    else:
        sync.start(wait=False)
        until(lambda: "error" in sync.said() or sync.shape()[0] == tree, 5)
        mount.again("size=20m,nr_inodes=10000")
    if sync.process is None:
        sync.start(wait=False)
    # The branch may have moved before the work tree had room.
    if not until(lambda: sync.shape()[0] == tree and not sync.flaws(), 20):
        return found + ["it does not go on: %s" % sync.said()]
    sync.stop()
    return found + sync.flaws()


def fills_up(tap, disk, server):
    """While it runs the disk gets full; and a start where it is read-only."""
    sync, mount = on_mount(disk, "size=20m")
    with sync, mount:
        sync.start()
        head = sync.head()
        fill(sync)
        server.side("edit", {"id": 3, "set": {"description": "x" * 30000}})
        said = until(lambda: "No space" in sync.said() or
                     "disk is full" in sync.said(), 20)
        tap.ok(said and sync.process.poll() is None and sync.head() == head,
               "a disk that fills up is told", sync.said())
        time.sleep(4)  # some passes more
        told = [line for line in sync.said().split("\n") if "error: " in line]
        tap.ok(len(told) <= 3, "but not at each pass", "\n".join(told))
        os.unlink(filler(sync))
        tap.ok(until(lambda: sync.head() != head, 20),
               "and it goes on by itself", sync.said())
        tap.same(sync.stop(), 0, "it ends well")
        tap.same(sync.flaws(), [], "and is whole")
        mount.again("ro")
        done = sync.once()
        tap.ok(done.code in (74, 78) and "ead-only" in done.err,
               "a start on a read-only disk is told", done)


def ends_full(tap, disk):
    """Told to end while nothing can be written: only the log has it."""
    sync, mount = on_mount(disk, "size=20m")
    with sync, mount:
        sync.start()
        fill(sync)
        tap.same(sync.stop(), 0, "it ends well while the disk is full")
        tap.ok("told to end (SIGTERM)" in sync.said(), "and says why",
               sync.said())
        status = sync.opsync("status")
        tap.ok("stopped without a word (killed, the machine went down, or the "
               "disk was full); last sign" in status.out,
               "status accuses nobody", status)
        os.unlink(filler(sync))
        sync.start()
        sync.stop()
        tap.same(sync.flaws(), [], "it goes on afterwards")


def turns(sync):
    return [e["event"] for e in sync.opsync("--json", "log").json()
            if e["event"] in ("fault", "recovered")]


def is_a_fault(tap, disk, server):
    """A disk that stays full is a fault: told when that can be written."""
    sync, mount = on_mount(disk, "size=20m")
    heard = os.path.join(sync.folder, "heard")
    sync.configure(more="status: { fault_after: 3s }\n"
                   "hooks: [{ on: [fault, recovered], shell: 'cat >>%s' }]\n" %
                   heard)

    def called():
        if not os.path.exists(heard):
            return []
        with open(heard) as f:
            return [json.loads(line)["event"] for line in f]
    with sync, mount:
        asked = len(server.requests())
        sync.start()
        fill(sync)
        server.side("edit", {"id": 4, "set": {"description": "x" * 300000}})
        tap.ok(until(lambda: "nothing was synced for" in sync.said()),
               "a disk that stays full is a fault", sync.said())
        time.sleep(3)  # some passes more
        os.unlink(filler(sync))
        tap.ok(until(lambda: "synced again" in sync.said()),
               "and then is none", sync.said())
        both = ["fault", "recovered"]
        tap.ok(until(lambda: turns(sync) == both and called() == both),
               "both are logged, and told to a hook", (turns(sync), called()))
        tap.same(sync.said().count("nothing was synced for"), 1,
                 "and said once")
        sync.stop()
        days = sync.opsync("--json", "runs", "--daily").json()
        tap.same(sum(d["requests"] for d in days),
                 len(server.requests()) - asked, "no request is forgotten")


def remote_is_away(tap, disk, server):
    """The same of a remote that is away while the disk is full."""
    sync, mount = on_mount(disk, "size=20m")
    remote = os.path.join(sync.folder, "remote.git")
    sync.run("git", "init", "-q", "--bare", remote)
    sync.push_to(remote)
    with sync, mount:
        sync.start()
        until(lambda: sync.run("git", "-C", remote, "rev-parse", "-q",
                               "--verify", "main").code == 0)
        os.rename(remote, remote + ".away")
        fill(sync)
        server.side("edit", {"id": 5, "set": {"description": "x" * 300000}})
        sync.opsync("resync", "--wait")
        tap.ok(until(lambda: "cannot fetch from" in sync.said()),
               "a remote that is away is a fault", sync.said())
        os.unlink(filler(sync))
        os.rename(remote + ".away", remote)
        sync.opsync("resync", "--wait")
        tap.ok(until(lambda: turns(sync) == ["fault", "recovered"]),
               "both are logged", (turns(sync), sync.said()))
        tap.same(sync.said().count("cannot fetch from"), 1, "and said once")


def turns_read_only(tap, disk, server):
    """While it runs, as a disk does that has errors, or a server's share: a
    remount by hand is refused while files are open."""
    sync = disk.sync.sibling(schedule="{ poll: 1s, overlap: 1s }")
    flag = os.path.join(sync.folder, "read-only")
    with sync:
        sync.once()
        with open(sync.log, "wb") as log:
            sync.process = subprocess.Popen(
                [CALLS, "-w", flag, "-a", str(errno.EROFS), "-u", sync.store,
                 sync.PROGRAM, "--config", sync.config],
                env=dict(sync.env, ASAN_OPTIONS="detect_leaks=0"),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(sync.idle)
        head = sync.head()
        sync.write("read-only", "")
        server.side("edit", {"id": 3, "set": {"description": "Meanwhile"}})
        said = until(lambda: "mount it writable again" in sync.said())
        tap.ok(said and sync.process.poll() is None and sync.head() == head,
               "a disk that turns read-only is told", sync.said())
        status = sync.opsync("status")
        tap.ok("mount it writable again" in status.out, "and in status",
               status)
        status = sync.opsync("status", "--check")
        tap.ok(status.code == 1 and "ead-only" in status.out,
               "and to monitoring", status)
        os.unlink(flag)
        tap.ok(until(lambda: sync.head() != head),
               "and it goes on by itself", sync.said())
        tap.ok(until(lambda: "can be written again" in sync.said()),
               "as it says", sync.said())
        with open(os.path.join(sync.store, ".git/opsync/lock")) as f:
            os.kill(int(f.readline()), signal.SIGTERM)
        tap.same(sync.process.wait(20), 0, "it ends well")
        sync.process = None
        tap.same(sync.flaws(), [], "and is whole")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def filler(sync):
    return os.path.join(sync.store, ".git", "filler")


def fill(sync):
    try:
        with open(filler(sync), "wb") as f:
            while True:
                f.write(bytes(4096))
                f.flush()
    except OSError:
        pass


def can_mount():
    try:
        with tempfile.TemporaryDirectory() as there, Mount(there, "size=1m"):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def repeat(tap):
    words = (option("--call") or option("--read") or
             option("--allocation")).split()
    onwards = words[-1] == "onwards"
    if option("--call") or option("--read"):
        disk = Disk()
        fail = fail_call if option("--call") else fail_read
        found = fail(disk, int(words[0]), words[1], onwards)
    else:
        disk = Disk(SMALL, None)
        found, _ = fail_allocation(disk, int(words[0]), onwards)
    tap.ok(not found, "repeated", "\n".join(found))
    disk.close()
    return tap.end()


def main():
    tap = Tap()
    if option("--call") or option("--read") or option("--allocation"):
        return repeat(tap)
    dice = random.Random(int(option("--seed") or 1))
    disk = Disk()
    n = calls(tap, disk, dice)
    n += syncs(tap, disk)
    n += reads(tap, disk, dice)
    n += limits(tap, disk)
    disk.close()
    disk = Disk(SMALL, None)
    memory = allocations(tap, disk, dice)
    if can_mount():
        n += full(tap, disk)
        fills_up(tap, disk, disk.server)
        ends_full(tap, disk)
        is_a_fault(tap, disk, disk.server)
        remote_is_away(tap, disk, disk.server)
    else:
        tap.ok(True, "full disks # SKIP: no right to mount")
    turns_read_only(tap, disk, disk.server)
    disk.close()
    figure(n, "faults of disk and system survived")
    figure(memory, "failing allocations survived")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
