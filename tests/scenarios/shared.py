#!/usr/bin/python3
"""A repository of a group (git init --shared): what opsyncd makes in it the
others of the group can write, too; and root, who writes in a user's."""
import glob
import os
import stat
import subprocess
import sys

from harness import Done, StandIn, Sync, Tap, until
from maintain import configured, littered, packs

GROUP, OTHER = 2000, 1002
APART = ("opsync", "hooks", "info", "COMMIT_EDITMSG")  # private, or not ours


def found(folder):
    """(path, status) of all in the repository that the group shares."""
    for at, folders, names in os.walk(os.path.join(folder, ".git")):
        folders[:] = set(folders).difference(APART)
        for name in {".", *names}.difference(APART):
            path = os.path.join(at, name)
            yield path, os.lstat(path)


def closed(folder, group, set_gid=stat.S_ISGID):
    """What has not the rights of the group that git gives."""
    out = []
    for path, st in found(folder):
        wanted = group & (0o444 if not st.st_mode & stat.S_IWUSR else 0o666)
        if stat.S_ISDIR(st.st_mode):
            wanted |= (group & 0o444) >> 2 | set_gid
        if st.st_mode & wanted != wanted:
            out.append("%s %o" % (path, st.st_mode))
    return out


def shared(sync, how="group"):
    """Who is not root has but the own group."""
    subprocess.run(["git", "init", "-q", "--shared=" + how, "-b", "main",
                    sync.store], env=sync.env, check=True)
    os.chmod(sync.folder, 0o755)
    os.chmod(sync.store, 0o2775)
    if os.geteuid() == 0:
        subprocess.run(["chgrp", "-R", str(GROUP), sync.store], check=True)


def person_commits(sync, name):
    """Another of the group; None: all is well."""
    path = os.path.join(sync.store, name)
    with open(path, "w") as f:
        f.write(name + "\n")
    os.chmod(path, 0o664)
    git = ["git", "-c", "safe.directory=*", "-c", "user.name=p", "-c",
           "user.email=p@x", "-C", sync.store]
    for command in (["add", name], ["commit", "-qm", name]):
        done = subprocess.run(
            git + command, env=sync.env, user=OTHER, group=GROUP,
            extra_groups=[], umask=0o027, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            return done.stdout.decode()
    return None


class Checks:
    """The same after each step."""

    def __init__(self, tap, sync):
        self.tap, self.sync, self.n = tap, sync, 0

    def well(self, what, done=None):
        tap, sync = self.tap, self.sync
        tap.ok(done is None or done.code == 0, what, done)
        tap.same(closed(sync.store, 0o660), [], "the group may write")
        if os.geteuid() != 0:
            tap.ok(True, "another one commits # SKIP not root")
            return
        for _ in range(3):
            self.n += 1
            said = person_commits(sync, "note%d.txt" % self.n)
            tap.ok(said is None, "another one commits", said)


def group(tap, server):
    with Sync(server.url, projects="[demo-1]", mapping="") as sync:
        shared(sync)
        checks = Checks(tap, sync)
        checks.well("a pack, a branch, an index are made", sync.once())
        tap.same(packs(sync), 1, "which it was")
        for n in (1, 2):
            server.side("edit", {"id": n, "set": {"subject": "Two"}})
            checks.well("a few objects", sync.once())
        edited(server, sync)
        checks.well("what a person wrote is kept", sync.once())
        tap.ok("opsync/kept" in sync.git("branch", "--list",
                                         "opsync/kept*").out, "on a branch")
        damaged(sync)
        checks.well("what was lost is made again", sync.once())
        tap.same(sync.flaws(), [], "all is well")
        maintained(sync)
        checks.well("git consolidates")
        tap.same(oct(os.stat(os.path.dirname(sync.state_file)).st_mode &
                     0o777), "0o750", "the state is nobody else's")


def edited(server, sync):
    path, = glob.glob(os.path.join(sync.store, "demo-1/3-*/index.md"))
    with open(path, "a") as f:
        f.write("a person's\n")
    server.side("edit", {"id": 3, "set": {"description": "Three"}})


def damaged(sync):
    """An idx, the index, the branch with its reflogs."""
    path = os.path.join(sync.store, ".git")
    for name in glob.glob(path + "/objects/pack/*.idx"):
        os.unlink(name)
    for name in ("index", "refs/heads/main"):
        os.unlink(os.path.join(path, name))


def maintained(sync):
    configured(sync, "1s")
    mask = os.umask(0o002)
    littered(sync)
    os.umask(mask)
    sync.start()
    until(lambda: "0 objects" in sync.git("count-objects").out)
    sync.stop()


def others(tap, server):
    """Other values, and none."""
    for how, rights, set_gid in (("all", 0o664, stat.S_ISGID),
                                 ("0640", 0o640, stat.S_ISGID),
                                 ("umask", 0o600, 0)):
        with Sync(server.url, projects="[demo-1]", mapping="") as sync:
            shared(sync, how)
            sync.once()
            server.side("edit", {"id": 4, "set": {"subject": how}})
            done = sync.once()
            tap.ok(done.code == 0 and sync.commits() == 2, how, done)
            tap.same(closed(sync.store, rights, set_gid), [],
                     how + " is heeded")
            main = os.stat(os.path.join(sync.store, ".git/refs/heads/main"))
            tap.same(oct(main.st_mode & 0o777), oct(
                0o664 if how == "all" else 0o640), "and no more is allowed")


def as_user(sync, *args):
    return Done(subprocess.run(
        (sync.PROGRAM, "--config", sync.config, "--once", *args), user=OTHER,
        group=OTHER, extra_groups=[], env=sync.env, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE))


def of_root(tap, server):
    """What root's own pass leaves in the store of a user."""
    if os.geteuid() != 0:
        tap.ok(True, "root leaves files # SKIP not root")
        return
    with Sync(server.url, projects="[demo-1]", mapping="") as sync:
        os.chmod(sync.folder, 0o755)
        for path in (sync.folder, os.path.join(sync.folder, "token")):
            os.chown(path, OTHER, OTHER)
        tap.same(as_user(sync).code, 0, "a user's pass")
        done = sync.once()
        tap.ok(done.code == 78 and "setpriv --reuid=%d" % OTHER in done.err and
               "safe.directory" not in done.err, "root is told how to be that "
               "user, and not how to write there all the same", done)
        sync.write(".gitconfig", "[safe]\n\tdirectory = %s\n" % sync.store)
        server.side("edit", {"id": 1, "set": {"subject": "Of root"}})
        tap.same(sync.once("--full").code, 0, "root's pass, as was allowed")
        gives_back(tap, sync, server, "index", [
            os.path.join(sync.store, ".git/index")])
        objects = os.path.join(sync.store, ".git/objects/")
        gives_back(tap, sync, server, "objects/", glob.glob(
            objects + "??") + [objects + "pack"])


def gives_back(tap, sync, server, name, left):
    """The user's pass says what of root's is in its way, and what to do."""
    for path in left:
        os.chown(path, 0, 0)
    server.side("edit", {"id": 2, "set": {"subject": "Of " + name}})
    done = as_user(sync, "--full")
    remedy = "chown -R %d %s" % (OTHER, sync.store)
    git = sync.store + "/.git/"
    tap.ok(done.code == 74 and git + name in done.err and
           "Permission denied; " + git in done.err and " belongs to root: "
           "have root give the store back, '%s'" % remedy in done.err and
           "//" not in done.err.replace("http://", ""), "root's " + name, done)
    subprocess.run(remedy.split(), check=True)
    done = as_user(sync)
    tap.same((done.code, sync.flaws()), (0, []), "and it helps")


def main():
    tap = Tap()
    os.umask(0o027)  # the units'
    with StandIn("--generate", "80") as server:
        group(tap, server)
        others(tap, server)
        of_root(tap, server)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
