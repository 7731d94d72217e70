#!/usr/bin/python3
"""What people do to files of ours under a running daemon is seen by the next
pass where the folders are watched, and where that cannot be by the first that
comes a hundred times as long as a look takes after the last look."""
import mmap
import os
import shutil
import subprocess
import sys

from harness import StandIn, Sync, Tap, until

WORLD = ("--generate", "12", "--attachments", "6", "--attachment-size", "300")
MAPPING = """
documents:
- name: all
  match: {}
  path: docs/${ if(subject == "Moved", "theirs/x", id) }/index.md
  attachments: all
  front_matter: { title: "${ subject }" }
  body: ${ description.raw }
"""
UNWATCHED = """#!/bin/sh
exec unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_inotify_instances &&
exec "$@"' - %s "$@"
"""
EDIT = "edited\n"


def write(path, text=EDIT):
    with open(path, "w") as f:
        f.write(text)


def by_memory(path):
    with open(path, "r+b") as f, mmap.mmap(f.fileno(), 0) as m:
        m[:len(EDIT)] = EDIT.encode()


def replace(path):
    write(path + ".new")
    os.rename(path + ".new", path)


def unnoticed(path):
    """Another content of the same size and time."""
    st = os.stat(path)
    with open(path, "r+b") as f:
        f.write(b"X")
    os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))


def renamed(path):
    folder = os.path.dirname(path)
    os.rename(folder, folder + "-away")


def swapped(path):
    """Our folder is another of ours now."""
    folder = os.path.dirname(path)
    other = os.path.join(os.path.dirname(folder), "12")
    os.rename(folder, folder + "-away")
    os.rename(other, folder)
    os.rename(folder + "-away", other)


def made_anew(path):
    folder = os.path.dirname(path)
    shutil.rmtree(folder)
    os.mkdir(folder)
    write(path)


def linked(path):
    folder = os.path.dirname(path)
    os.rename(folder, folder + "-away")
    os.symlink(folder + "-away", folder)


def all_away(path):
    docs = os.path.dirname(os.path.dirname(path))
    os.rename(docs, docs + "-away")


EDITS = (write, by_memory, replace, os.unlink, unnoticed, renamed, swapped,
         made_anew, all_away, write)


def wrong(sync):
    """Paths of the branch that are not so in the work tree."""
    flaws = []
    for path, content in sync.tree("main").items():
        full = os.path.join(sync.store, path)
        try:
            with open(full, "rb") as f:
                if f.read() != content:
                    flaws.append(path)
        except OSError:
            flaws.append(path)
    return flaws


def tidy(sync):
    """What people made beside it goes."""
    for base, folders, _ in os.walk(sync.store):
        for name in folders:
            if name.endswith("-away"):
                shutil.rmtree(os.path.join(base, name))


def watches(sync):
    folder = "/proc/%d/fdinfo" % sync.process.pid
    n = 0
    for name in os.listdir(folder):
        try:
            with open(os.path.join(folder, name)) as f:
                n += f.read().count("inotify wd:")
        except OSError:
            pass  # closed meanwhile
    return n


def resync(sync):
    return sync.opsync("resync", "--wait")


def mended(sync, how):
    """A pass; and what is wrong then."""
    done = resync(sync)
    if how == "unwatched":
        until(lambda: wrong(sync) == [] or resync(sync).code, 10)
    return wrong(sync) or (done.code and repr(done))


def edits(tap, sync, how):
    for edit in EDITS:
        name = "%s: %s" % (how, edit.__name__)
        edit(os.path.join(sync.store, "docs/3/index.md"))
        tap.ok(wrong(sync), name + ": is something else")
        tap.same(mended(sync, how), 0, name + ": put right by the next pass")
        tidy(sync)
    kept = sync.git("log", "--format=", "-p", "--branches=opsync/kept*").out
    tap.ok("+" + EDIT in kept, how + ": what was written is kept", kept)


def again(tap, sync, how):
    """A program that writes the same again and again."""
    path = os.path.join(sync.store, "docs/4/index.md")

    def branches():
        return len(sync.git("branch", "--list", "opsync/kept*").out.split())
    before = branches()
    for text in ("this\n", "this\n", "this\n", "that\n", "this\n"):
        write(path, text)
        tap.same(mended(sync, how), 0, how + ": written again, put right")
    tap.same(branches() - before, 2, how + ": what is kept is kept once")


def meanwhile(tap, server, sync, how):
    """A folder that was made a moment ago, and one that is in the way."""
    server.side("edit", {"id": 5, "set": {"subject": how}})
    resync(sync)
    path = os.path.join(sync.store, "docs/5/index.md")
    write(path)
    tap.same(mended(sync, how), 0, how + ": an edit behind a change of ours")
    path = os.path.join(sync.store, "docs/6/index.md")
    linked(path)
    resync(sync)
    os.unlink(os.path.dirname(path))
    tap.same(mended(sync, how), 0, how + ": a link that was in the way")
    tidy(sync)
    os.chmod(path, 0o755)
    tap.same(mended(sync, how), 0, how + ": other rights")


def moved_in(tap, server, sync, how):
    """A document comes into a folder of people's own."""
    server.side("edit", {"id": 9, "set": {"subject": "Moved"}})
    resync(sync)
    path = os.path.join(sync.store, "docs/theirs/x/index.md")
    tap.ok(os.path.exists(path) and resync(sync).code == 0,
           how + ": a document moves in")
    write(path)
    tap.same(mended(sync, how), 0, how + ": an edit of it")
    tap.ok(os.path.exists(os.path.join(sync.store, "docs/theirs/x/own")),
           how + ": what was there stays")


def index(tap, sync, how):
    """The index counts, too: it would be the next commit of people's."""
    path = "docs/7/index.md"
    before = sync.tree("main")[path]
    sync.git("rm", "-q", "--cached", path)
    tap.ok(until(lambda: resync(sync) and sync.git(
        "show", ":" + path).out.encode() == before,
                 10 if how == "unwatched" else 0),
           how + ": what was taken out of the index is back")


def elsewhere(tap, server, sync, how):
    """Our branch is not checked out for a while, nothing else is touched."""
    sync.git("symbolic-ref", "HEAD", "refs/heads/other")
    server.side("edit", {"id": 8, "set": {"subject": "elsewhere " + how}})
    resync(sync)
    tap.ok(wrong(sync), how + ": the work tree is another's")
    sync.git("symbolic-ref", "HEAD", "refs/heads/main")
    tap.same(mended(sync, how), 0, how + ": and then it is ours again")


def under(tap, how, program=None):
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            schedule="{ poll: 1h, overlap: 1s }") as sync:
        if program is not None:
            path = sync.write("opsyncd", program % sync.PROGRAM, 0o755)
            sync.PROGRAM = path
        sync.start()
        resync(sync)
        tap.same(watches(sync) > 0, program is None, how)
        os.makedirs(os.path.join(sync.store, "docs/theirs/x"))
        write(os.path.join(sync.store, "docs/theirs/x/own"))
        moved_in(tap, server, sync, how)
        edits(tap, sync, how)
        again(tap, sync, how)
        meanwhile(tap, server, sync, how)
        index(tap, sync, how)
        elsewhere(tap, server, sync, how)
        tap.same(watches(sync) > 0, program is None, how + ": still")
        tap.same(sync.stop(), 0, how + ": it ends well")


def main():
    tap = Tap()
    under(tap, "watched")
    if subprocess.run(["unshare", "-Ur", "true"], check=False,
                      stderr=subprocess.DEVNULL).returncode == 0:
        under(tap, "unwatched", UNWATCHED)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
