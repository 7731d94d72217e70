#!/usr/bin/python3
"""The power goes off.  What a pass does to its files is recorded, and disks
are made as they may be found afterwards: changes of names up to some point
behind the last fsync, contents that nobody synced kept, torn or lost.  From
each of them the daemon makes the store that it should be.

  power_cut.py --scenario NAME --seed N   repeats one disk
"""
# slow: the programs of tests/faults do not go with sanitizers
import os
import random
import shutil
import sys

from faulty import CALLS, figure, option, size
from harness import Tap
from kill_calls import Scenario, edit, first, mixed, rename

O_TRUNC = 0o1000
AT_REMOVEDIR = 0x200
SYNCS = ("fsync", "fdatasync", "syncfs")


class File:
    """What it holds, and what of that is on the disk."""

    def __init__(self, data=b""):
        self.data = bytearray(data)
        self.safe = bytes(data)
        self.least = len(data)  # bytes that it had since then

    def sync(self):
        self.safe = bytes(self.data)
        self.least = len(self.data)

    def write(self, at, data):
        if len(self.data) < at:
            self.data.extend(bytes(at - len(self.data)))
        self.data[at:at + len(data)] = data

    def resize(self, n):
        self.least = min(self.least, n)
        del self.data[n:]
        self.data.extend(bytes(n - len(self.data)))

    def found(self, dice):
        """Its bytes after a power cut, if they were never synced: all,
        none, a part, or blocks of zeros.  A file that was synced and never
        cut since has no end before that."""
        if bytes(self.data) == self.safe:
            return self.safe
        how = dice.randrange(5)
        if how == 0:
            return bytes(self.data)
        if how == 1:
            return self.safe
        if how == 2:
            return bytes(self.data[:dice.randint(self.least,
                                                 len(self.data))])
        mixture = bytearray(self.data)
        old = self.safe.ljust(len(mixture), b"\0")
        for at in range(0, len(mixture), 4096):
            if dice.random() < 0.5:
                mixture[at:at + 4096] = old[at:at + 4096]
        return bytes(mixture)


FOLDER = object()


class Disk:
    """Names and files below a folder; names change by steps.  Those reach the
    disk in their order, at the latest with the next sync; or, as one finds
    it where no more than POSIX holds, only those of a folder do, with the
    sync of that folder."""

    def __init__(self, root, ordered):
        self.root = root
        self.ordered = ordered
        self.names = {}
        self.inodes = {}
        for folder, folders, names in os.walk(root):
            for name in folders:
                self.names[os.path.join(folder, name)] = FOLDER
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as f:
                    self.names[path] = File(f.read())
        self.safe = dict(self.names)
        self.steps = []

    def step(self, change, *paths):
        change(self.names)
        self.steps.append((change, set(map(os.path.dirname, paths))))

    def sync(self, files, folder=None):
        """Of a folder, or of all where there is none."""
        for f in files:
            f.sync()
        left = []
        for change, folders in self.steps:
            if self.ordered or folder is None or folder in folders:
                change(self.safe)
            else:
                left.append((change, folders))
        self.steps = left

    def file(self, inode, path):
        if inode not in self.inodes:
            self.inodes[inode] = self.names.get(path) or File()
        return self.inodes[inode]

    # --- One call -----------------------------------------------------------

    def apply(self, line):
        parts = line.rstrip("\n").split("\t")
        _, call, result, inode, value, one, two = parts[:7]
        if int(result) < 0 or "-shm" in one:
            return
        one, two = os.path.normpath(one), os.path.normpath(two)
        value = int(value)
        if call.startswith("open") or call == "creat":
            self.opened(inode, one, value)
        elif "write" in call:
            self.file(inode, one).write(int(parts[7]),
                                        bytes.fromhex(parts[8]))
        elif call in ("ftruncate", "truncate"):
            self.file(inode, one).resize(value)
        elif call == "syncfs":
            self.sync(self.all_files())
        elif call in SYNCS:
            folder = self.names.get(one) is FOLDER or one == self.root
            self.sync([] if folder else [self.file(inode, one)], one)
        elif call.startswith("rename"):
            f = self.names.get(one)
            self.step(lambda names: move(names, one, two, f), one, two)
        elif call.startswith("link"):
            f = self.names[one]
            self.step(lambda names: names.update({two: f}), two)
        elif call in ("unlink", "unlinkat", "rmdir"):
            self.step(lambda names: remove(names, one), one)
        elif call.startswith("mkdir"):
            self.step(lambda names: names.update({one: FOLDER}), one)

    def all_files(self):
        return set(f for f in [*self.names.values(), *self.inodes.values()]
                   if f is not FOLDER)

    def opened(self, inode, path, flags):
        f = self.names.get(path)
        if f is None:
            f = File()
            self.step(lambda names: names.update({path: f}), path)
        self.inodes[inode] = f
        if flags & O_TRUNC:
            f.resize(0)

    # --- Afterwards ---------------------------------------------------------

    def reached(self, dice):
        """Of the steps that nobody waited for, those that came to the disk:
        up to some point, or of each folder up to some point."""
        if self.ordered:
            return self.steps[:dice.randint(0, len(self.steps))]
        found = []
        lost = set()
        for step in self.steps:
            folders = step[1]
            if lost & folders or dice.random() < 0.15:
                lost |= folders
            else:
                found.append(step)
        return found

    def write(self, dice):
        """Make the folder what is found when the power is back."""
        names = dict(self.safe)
        for change, _ in self.reached(dice):
            change(names)
        shutil.rmtree(self.root, ignore_errors=True)
        contents = {}
        for path in sorted(names, key=lambda p: p.count("/")):
            f = names[path]
            if f is FOLDER:
                os.makedirs(path, exist_ok=True)
                continue
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if f not in contents:
                contents[f] = f.found(dice)
            with open(path, "wb") as out:
                out.write(contents[f])


def below(names, path):
    return [p for p in names if p.startswith(path + "/")]


def move(names, one, two, what):
    """A rename, of a file or of a folder with all in it."""
    if what is None:
        return
    names.pop(one, None)
    names[two] = what
    if what is not FOLDER:
        return
    for path in below(names, one):
        names[two + path[len(one):]] = names.pop(path)


def remove(names, path):
    """A file, or a folder that was empty by then."""
    for gone in [path] + below(names, path):
        names.pop(gone, None)


def record(scenario):
    """The calls of the pass, as lines."""
    sync = scenario.sync
    sync.put_back()
    log = os.path.join(sync.folder, "calls")
    code, said = sync.under(CALLS, "-u", sync.store, "-l", log,
                            args=scenario.args)
    if code != 0:
        raise RuntimeError("the undisturbed pass: %d %s" % (code, said))
    with open(log, errors="surrogateescape") as f:
        return f.readlines()


def cut(scenario, lines, seed):
    """One power cut, and what is wrong after it."""
    dice = random.Random(seed)
    sync = scenario.sync
    sync.put_back()
    disk = Disk(sync.store, dice.random() < 0.5)
    at = dice.randint(1, len(lines))
    for line in lines[:at]:
        disk.apply(line)
    disk.write(dice)
    wrong = []
    if sync.head() and sync.git("rev-list", "--objects", "HEAD").code != 0:
        wrong.append("the branch leads to what is not there: %r" % sync.git(
            "rev-list", "--objects", "HEAD").err)
    done = sync.once(*scenario.args)
    if done.code != 0:
        return wrong + ["it does not go on: %r" % done]
    wrong += sync.faults(scenario.wanted)
    wrong += ["something was torn: " + line for line in done.err.splitlines()
              if "it is back at commit" in line or "is kept on" in line]
    if wrong:
        wrong.append("behind call %d: %.200s" % (at, lines[at - 1]))
        wrong.append(done.err)
    return wrong


def one_by_one(server, sync):
    """The index is changed again and again, in two files by turns."""
    sync.configure(more="commit: { by: work-package }")
    for ident in (3, 9, 27, 41, 42):
        edit(server, ident, description="Other words of %d." % ident)
    return ()


def main():
    tap = Tap()
    n = 0
    for part in (first, mixed, rename, one_by_one):
        if option("--scenario") not in (None, part.__name__):
            continue
        scenario = Scenario(part)
        lines = record(scenario)
        wrong = []
        seed = int(option("--seed") or 0)
        for number in range(seed, seed + (
                1 if option("--seed") else size(10, 250))):
            n += 1
            found = cut(scenario, lines, number)
            if found:
                wrong += ["--scenario %s --seed %d" % (
                    part.__name__, number)] + found
        tap.ok(not wrong, "%s: the power goes off, until %d" % (
            part.__name__, n), "\n".join(wrong[:80]))
        scenario.close()
    figure(n, "power cuts survived")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
