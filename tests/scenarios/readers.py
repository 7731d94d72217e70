#!/usr/bin/python3
"""Readers beside many commits: whoever reads a file of the work tree, the
branch or a document in it sees the whole of the old or of the new one, and a
clone succeeds while the repository is consolidated.

Each text begins and ends with the number of its edit, which only grows.
"""
# slow: strace does not go with sanitizers
import multiprocessing
import os
import re
import subprocess
import sys
import time

from faulty import figure, size
from harness import WITH_FILES, StandIn, Sync, Tap, until
from maintain import configured, counted, littered, packs

IDS = range(1, 41)
WITH_FILE = range(1, 13)
SIZES = (0, 10, 700, 5000, 20000)  # in words
CHANGES = ("write,pwrite64,writev,pwritev,copy_file_range,sendfile,ftruncate,"
           "truncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat")
ROUNDS = size(8, 120)
TIME_LIMIT = size(300, 1200)  # in seconds, of what takes a few
TEXT = re.compile(rb"\A(?:---\ntitle: B(\d+)\n---\n\n)?B(\d+)\n[\w\s]*E(\d+)\n\Z")


def text(number, words):
    return "B%d\n\n%s\nE%d\n" % (number, "wort " * words, number)


def edit(server, number, files):
    """All documents and files are other ones, of other sizes."""
    for i in IDS:
        server.side("edit", {"id": i, "set": {
            "subject": "B%d" % number,
            "description": text(number, SIZES[(number + i) % len(SIZES)])}})
    for i in WITH_FILE:
        if i in files:
            server.side("detach", {"id": files[i], "silent": True})
        files[i] = server.side("attach", {
            "work_package": i, "file_name": "file.txt",
            "content": text(number, SIZES[(number + i) % len(SIZES)])})["id"]


def paths():
    return (["docs/%d/index.md" % i for i in IDS] +
            ["docs/%d/file.txt" % i for i in WITH_FILE])


class Reader:
    """What was read of each path so far, and what was wrong with it."""

    def __init__(self):
        self.numbers = {}
        self.reads = 0
        self.wrong = []

    def judge(self, path, data):
        self.reads += 1
        found = TEXT.match(data)
        numbers = {int(n) for n in found.groups() if n} if found else ()
        if len(numbers) != 1:
            self.wrong.append("%s: torn: %r … %r" % (
                path, data[:60], data[-60:]))
        elif min(numbers) < self.numbers.get(path, 0):
            self.wrong.append("%s: older than before" % path)
        else:
            self.numbers[path] = min(numbers)

    def oldest(self):
        return min(self.numbers.values(), default=0)


def read_files(reader, store):
    """Each file, once."""
    for path in paths():
        try:
            with open(os.path.join(store, path), "rb") as f:
                reader.judge(path, f.read())
        except FileNotFoundError:
            reader.wrong.append("%s: is not there" % path)


def read_objects(reader, git):
    """Each path of the branch, once, as a git finds it that runs on."""
    for path in paths():
        git.stdin.write(b"refs/heads/main:%s\n" % path.encode())
        git.stdin.flush()
        head = git.stdout.readline().split()
        if len(head) != 3 or head[1] != b"blob":
            reader.wrong.append("%s: %r" % (path, head))
            continue
        reader.judge(path, git.stdout.read(int(head[2])))
        git.stdout.read(1)


def read_ref(reader, store):
    """The branch itself: a file of one line, or git's list of refs."""
    folder = os.path.join(store, ".git")
    for _ in range(50):
        reader.reads += 1
        try:
            with open(folder + "/refs/heads/main", "rb") as f:
                got = f.read()
        except FileNotFoundError:
            with open(folder + "/packed-refs", "rb") as f:
                got = f.read()
            got = got.split(b" refs/heads/main")[0][-40:] + b"\n"
        if not re.fullmatch(rb"[0-9a-f]{40}\n", got):
            reader.wrong.append("the branch: %r" % got)


def read_until(end, store, wrong, met):
    """Reads all of it again and again; the last thing is what was wrong.
    met is how many there were, and the oldest edit that was met last."""
    files, objects = Reader(), Reader()
    with subprocess.Popen(["git", "-C", store, "cat-file", "--batch"],
                          stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as git:
        while not end.is_set() and len(files.wrong + objects.wrong) < 20:
            read_files(files, store)
            read_objects(objects, git)
            read_ref(objects, store)
            met[:] = (files.reads + objects.reads,
                      min(files.oldest(), objects.oldest()))
        git.stdin.close()
    wrong.put(files.wrong + objects.wrong)


def clone_until(end, store, wrong, met):
    """Clones, one that is fetched into again and again, and whether git finds
    them whole."""
    lines = []
    there, old = (os.path.join(os.path.dirname(store), name)
                  for name in ("clone", "old"))
    subprocess.run(["git", "clone", "-q", "file://" + store, old], check=True)
    while not end.is_set() and not lines:
        for command in (["clone", "-q", "file://" + store, there],
                        ["-C", old, "pull", "-q", "--ff-only"],
                        ["-C", old, "fsck", "--strict", "--no-dangling"],
                        ["-C", there, "fsck", "--strict", "--no-dangling"],
                        ["-C", there, "status", "--porcelain"]):
            done = subprocess.run(["git", *command], check=False,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            if done.returncode != 0:
                lines.append("%s: %r" % (command, done.stdout))
        subprocess.run(["rm", "-rf", there], check=True)
        met[0] += 1
    wrong.put(lines)


def rounds(server, sync, files, enough):
    """Edits and passes; the last number."""
    number = 1
    end = time.monotonic() + TIME_LIMIT
    while not enough(number) and time.monotonic() < end:
        number += 1
        edit(server, number, files)
        done = sync.opsync("resync", "--wait")
        if done.code != 0:
            raise RuntimeError("%r" % done)
    return number


def start(sync):
    """The daemon, which takes a while between any two calls that change
    files: what is half done is there to be seen."""
    with open(sync.log, "wb") as log:
        sync.process = subprocess.Popen(
            ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "--seccomp-bpf",
             "-e", "trace=" + CHANGES,
             "-e", "inject=%s:delay_enter=1ms" % CHANGES, sync.PROGRAM,
             "--config", sync.config], env=sync.env, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log)
    if not until(sync.idle, 60):
        raise RuntimeError("no first pass:\n" + sync.said())


def main():
    tap = Tap()
    with StandIn("--generate", str(len(IDS))) as server, Sync(
            server.url, projects="[demo-1]", mapping=WITH_FILES,
            schedule="{ poll: 1h, overlap: 1s }") as sync:
        configured(sync, "1s")
        files = {}
        edit(server, 1, files)
        start(sync)
        end, wrong = multiprocessing.Event(), multiprocessing.Queue()
        reads, clones = (multiprocessing.Array("q", 2) for _ in range(2))
        readers = [multiprocessing.Process(target=what, args=(
            end, sync.store, wrong, met), daemon=True) for what, met in (
                (read_until, reads), (clone_until, clones))]
        for reader in readers:
            reader.start()
        commits, before = sync.commits(), packs(sync)
        littered(sync)  # so that there is a reason to

        def packed():
            return packs(sync) > before and counted(sync, "count") < 3000

        def many():
            return clones[0] > 2 and reads[0] > size(2000, 100000)

        def enough(number):
            if not all(reader.is_alive() for reader in readers):
                return True  # one has met what is wrong
            return number > ROUNDS and many() and reads[1] > 2 and packed()

        last = rounds(server, sync, files, enough)
        end.set()
        lines = [line for _ in readers for line in wrong.get(timeout=60)]
        for reader in readers:
            reader.join()
        tap.same(sync.commits() - commits, last - 1, "a commit a round")
        tap.ok(packed(), "and all is packed meanwhile",
               sync.git("count-objects", "-v"))
        tap.ok(not lines, "nobody saw half of anything", "\n".join(lines[:20]))
        tap.ok(many(), "of many clones and reads", (clones[0], reads[0]))
        tap.ok(reads[1] > 2, "which saw what was new", reads[1])
        tap.same(sync.stop(), 0, "the daemon ends well")
        figure(reads[0], "reads beside commits were whole")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
