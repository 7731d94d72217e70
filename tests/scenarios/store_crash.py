#!/usr/bin/env python3
"""Kill a store at its state-changing system calls, and let it go on.

A program (tests/unit/store/crash.c) makes seven commits.  It is killed by
strace at a system call, in half of the cases once more while it recovers,
and then runs to its end.  Whatever happened before: the same tree, linear
history of just those commits, a clean fsck, the work tree like HEAD, and
nothing left over.

Prints TAP.  --all kills at every call instead of a selection.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", "build/release")
PROGRAM = os.path.abspath(f"{BUILD}/tests/unit/store/crash")
KILLS = 40
CALLS = (
    "openat,openat2,write,pwrite64,writev,rename,renameat,renameat2,link,"
    "linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,symlink,symlinkat,ftruncate,"
    "fallocate,fsync,fdatasync,syncfs,chmod,fchmod,fchmodat,utimensat"
)


def git(path, *args):
    return subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", path, *args],
        check=True, capture_output=True, text=True).stdout


def strace(path, *args):
    """Run the program under strace; gives its exit status."""
    return subprocess.run(
        ["strace", "-f", *args, PROGRAM, path],
        # What is traced cannot look for leaks.
        env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


def changing_calls(path, log):
    """All (call, n): the n-th of that call changes something.

    strace counts the calls of each thread by themselves.
    """
    assert strace(path, "-o", log, "-e", f"trace={CALLS}") == 0
    counts, points = {}, {}
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            match = re.match(r"(\d+)\s+(\w+)\((.*)", line)
            if not match:
                continue
            thread, call, rest = match.groups()
            n = counts[thread, call] = counts.get((thread, call), 0) + 1
            if not call.startswith("openat") or "O_CREAT" in rest:
                points[call, n] = True
    return list(points)


def kill_at(path, point):
    call, n = point
    return strace(path, "-o", "/dev/null", "-e", f"trace={call}",
                  "-e", f"inject={call}:signal=KILL:when={n}")


def faults(path, tree):
    """What is wrong with a store that was killed and ran to its end."""
    wrong = []
    if git(path, "rev-parse", "HEAD^{tree}") != tree:
        wrong.append("another tree")
    if git(path, "rev-list", "--count", "HEAD").strip() != "7":
        wrong.append("not seven commits")
    if git(path, "rev-list", "--merges", "HEAD"):
        wrong.append("a merge")
    if git(path, "status", "--porcelain"):
        wrong.append("work tree or index differ from HEAD")
    kept = git(path, "for-each-ref", "--format=%(refname)", "refs/heads/opsync")
    if not any("a person" in git(path, "show", f"{ref}:even/10.md")
               for ref in kept.split()):
        wrong.append("the person's edit is lost")
    fsck = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", path, "fsck", "--full",
         "--strict", "--no-dangling"], capture_output=True, text=True)
    if fsck.returncode != 0 or fsck.stdout or "error" in fsck.stderr:
        wrong.append("fsck: " + (fsck.stdout + fsck.stderr).strip())
    for folder, _, names in os.walk(path):
        wrong += [f"left over: {folder}/{name}" for name in names
                  if name.endswith(".lock") or "tmp" in name
                  or name.startswith("index_")
                  or "/opsync/tmp" in folder or name == "unfinished"]
    return wrong


def attempt(folder, points, i, step, tree):
    """Kill, go on, look; gives what is wrong and whether it was killed."""
    path = os.path.join(folder, "killed")
    shutil.rmtree(path, ignore_errors=True)
    killed = kill_at(path, points[i]) != 0
    if i // step % 2 == 1:  # once more, while it recovers
        call = ("fsync", "unlink", "rename", "pwrite64")[i // step // 2 % 4]
        kill_at(path, (call, 1 + i // step % 5))
    again = subprocess.run([PROGRAM, path], capture_output=True, text=True)
    if again.returncode != 0:
        return ["it does not go on: " + again.stderr.strip()], killed
    return faults(path, tree), killed


def main():
    # In memory, where fsync costs nothing: only kills are tested here.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(
            prefix="opsync-crash-", dir=memory) as folder:
        path = os.path.join(folder, "unkilled")
        points = changing_calls(path, os.path.join(folder, "log"))
        tree = git(path, "rev-parse", "HEAD^{tree}")
        step = 1 if "--all" in sys.argv else max(1, len(points) // KILLS)
        chosen = range(0, len(points), step)
        print(f"1..{len(chosen) + 1}")
        failed = n_killed = 0
        for number, i in enumerate(chosen, 1):
            wrong, killed = attempt(folder, points, i, step, tree)
            call, n = points[i]
            n_killed += killed
            print("not ok" if wrong else "ok", number, "-",
                  f"killed at {call} {n}", flush=True)
            for line in wrong:
                print("#", line)
            failed += bool(wrong)
        # How often a call is made differs a little from run to run.
        few = n_killed < len(chosen) * 0.9
        print("not ok" if few else "ok", len(chosen) + 1, "-",
              f"{n_killed} of {len(chosen)} were killed")
    return 1 if failed or few else 0


if __name__ == "__main__":
    sys.exit(main())
