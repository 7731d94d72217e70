#!/usr/bin/python3
"""Commits go to a remote, and what others put there comes into the store."""
# waits for most of its time
import json
import os
import subprocess
import sys

from harness import StandIn, Sync, Tap, until

WORLD = ("--generate", "20", "--projects", "2")
MAPPING = """
documents:
- name: all
  match: {}
  path: %s/${ id }.md
  front_matter: { title: "${ subject }" }
  body: ${ description.raw }
"""


def store_of(sync, remote, more=""):
    return "\n  path: %s\n  push: { remote: %s%s }" % (
        sync.store, remote, more)


class Pushing(Sync):
    """A daemon with a remote; name is its instance, folder its paths."""

    def __init__(self, url, remote, name="one", folder="docs", more="",
                 **parts):
        super().__init__(url, projects="[demo-1, demo-2]",
                         mapping=MAPPING % folder, **parts)
        self.config = os.path.join(self.folder, name + ".yaml")
        self.socket = os.path.join(self.folder, "opsync-%s.sock" % name)
        self.name, self.remote, self.push = name, remote, more
        self.configure()

    def configure(self, **parts):
        super().configure(**parts)
        if not hasattr(self, "remote"):
            return
        with open(os.path.join(self.folder, "opsync.yaml")) as f:
            text = f.read()
        self.write(self.name + ".yaml", text.replace(
            "store: " + self.store,
            "store:" + store_of(self, self.remote, self.push)))


    def sibling(self, **parts):
        """One that pushes nowhere."""
        return Sync(**dict(self.parts, key=self.key, **parts))


class Remote:
    """A bare repository, and a person's clone of it."""

    def __init__(self, sync_folder):
        self.path = os.path.join(sync_folder, "remote.git")
        self.clone = os.path.join(sync_folder, "clone")
        self.env = {"PATH": os.environ["PATH"], "HOME": sync_folder,
                    "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
                    "GIT_AUTHOR_NAME": "p", "GIT_AUTHOR_EMAIL": "p@x",
                    "GIT_COMMITTER_NAME": "p", "GIT_COMMITTER_EMAIL": "p@x"}
        self.run("init", "-q", "--bare", "-b", "main", self.path)

    def run(self, *args, check=True):
        done = subprocess.run(["git", *args], env=self.env, check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if check and done.returncode != 0:
            raise RuntimeError("git %s: %s" % (args, done.stdout.decode()))
        return done.stdout.decode()

    def git(self, *args, check=True):
        return self.run("-C", self.path, *args, check=check)

    def head(self):
        return self.git("rev-parse", "-q", "--verify", "main",
                        check=False).strip()

    def files(self):
        return set(self.git("ls-tree", "-r", "--name-only",
                            "main").splitlines())

    def show(self, path):
        return self.git("show", "main:" + path)

    def person(self, changes, message="a person's"):
        """Commit and push texts by path (None removes)."""
        if not os.path.isdir(self.clone):
            self.run("clone", "-q", self.path, self.clone)
        at = ("-C", self.clone)
        for path, text in changes.items():
            full = os.path.join(self.clone, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            if text is None:
                os.unlink(full)
            else:
                with open(full, "w") as f:
                    f.write(text)
        self.run(*at, "add", "-A")
        self.run(*at, "commit", "-q", "-m", message)
        while True:
            # The person insists.
            self.run(*at, "pull", "-q", "--rebase", "-X", "theirs")
            said = self.run(*at, "push", "-q", "origin", "HEAD:main",
                            check=False)
            if "rejected" not in said and "error" not in said:
                return

    def faults(self):
        found = []
        if self.git("rev-list", "--merges", "main"):
            found.append("a merge")
        fsck = self.git("fsck", "--strict", "--no-dangling", check=False)
        if fsck.strip() and "notice" not in fsck:
            found.append(fsck)
        return found


def pushing(sync):
    live = sync.opsync("--json", "status").json()[0]["daemon"]
    return live["push"]


def settled(sync, remote, seconds=20):
    """Is all there, and does the daemon know it?"""
    def is_there():
        state = pushing(sync)
        return (sync.head() == remote.head() and state["error"] is None and
                state["pending"] == 0)
    return until(is_there, seconds)


def first_and_more(tap, server, sync, remote):
    done = sync.once()
    tap.ok(done.code == 0 and remote.head() == sync.head(),
           "a single pass ends when all is pushed", done)
    head = remote.head()
    tap.same((sync.once().code, remote.head()), (0, head),
             "and pushes nothing the second time")
    os.rename(remote.path, remote.path + ".away")
    done = sync.once()
    tap.ok(done.code == 75 and done.err.count("cannot fetch from") == 1 and
           done.err.endswith("is not pushed: the next pass, or a daemon, "
                             "tries again\n"),
           "a remote that is away is told of once", done)
    os.rename(remote.path + ".away", remote.path)
    sync.start()
    server.side("edit", {"id": 1, "set": {"subject": "Changed"}})
    tap.ok(until(lambda: remote.head() != head) and settled(sync, remote),
           "the daemon pushes each commit", sync.said())
    said = sync.opsync("status")
    tap.ok("all is there" in said.out, "status says so", said)


def others(tap, server, sync, remote):
    """A person pushes their files, and edits ours."""
    remote.person({"theirs.md": "theirs\n", "bin/run": "#!/bin/sh\n"})
    server.side("edit", {"id": 2, "set": {"subject": "Two"}})
    tap.ok(until(lambda: "Two" in remote.show("docs/2.md")),
           "the remote has moved: ours comes on top", sync.said())
    settled(sync, remote)
    tap.ok(remote.show("theirs.md") == "theirs\n" and not remote.faults(),
           "and theirs stays", remote.faults())
    tap.same(open(os.path.join(sync.store, "theirs.md")).read(), "theirs\n",
             "it is in the work tree, too")
    tap.same(sync.flaws(), [], "which is clean")
    remote.person({"docs/3.md": "edited\n"}, "edit one of opsync's")
    server.side("edit", {"id": 3, "set": {"subject": "Three"}})
    tap.ok(until(lambda: "Three" in remote.show("docs/3.md")) and
           settled(sync, remote), "an edit of ours is put right", sync.said())
    tap.ok("edited" in remote.git("log", "-p", "main", "--", "docs/3.md"),
           "and is in the history")
    remote.person({"docs/4.md": "edited\n"}, "edit another")
    sync.opsync("resync", "--wait")
    ok = until(lambda: "edited" not in remote.show("docs/4.md"))
    tap.ok(ok and settled(sync, remote), "also without news of it",
           sync.said())
    tap.ok("opsync/kept/" in sync.git("branch", "--list",
                                      "opsync/kept/*").out,
           "what they wrote is kept")


def local_commits(tap, server, sync, remote):
    """A person commits in the store itself; one of them does not fit."""
    sync.write("content/local.md", "local\n")
    git = ("-c", "user.name=p", "-c", "user.email=p@x")
    sync.git("add", "local.md")
    sync.git(*git, "commit", "-qm", "local")
    remote.person({"theirs.md": "more\n"})
    server.side("edit", {"id": 5, "set": {"subject": "Five"}})
    tap.ok(until(lambda: "Five" in remote.show("docs/5.md")) and
           settled(sync, remote) and remote.show("local.md") == "local\n",
           "a commit made in the store goes along", sync.said())
    remote.person({"theirs.md": "even more\n"})
    sync.write("content/theirs.md", "local edit\n")
    sync.git("add", "theirs.md")
    sync.git(*git, "commit", "-qm", "does not fit")
    server.side("edit", {"id": 5, "set": {"subject": "Fifth"}})
    tap.ok(until(lambda: "Fifth" in remote.show("docs/5.md")) and
           settled(sync, remote), "one that does not fit stops nothing",
           sync.said())
    kept = [b for b in sync.git("for-each-ref", "--format=%(refname)",
                                "refs/heads/opsync").out.split()
            if sync.git("show", b + ":theirs.md").out == "local edit\n"]
    tap.ok(kept and remote.show("theirs.md") == "even more\n" and
           "do not fit" in sync.said(), "it is kept and said", sync.said())
    name = kept[0][len("refs/heads/"):]
    tap.ok(name in sync.opsync("log", "--event", "kept").out and
           name in sync.opsync("status").out, "and logged, by its branch")
    tap.same(remote.faults(), [], "no merge was made")


def edited_here(tap, server, sync, remote):
    """A file of others that is edited here is not touched."""
    path = os.path.join(sync.store, "theirs.md")
    with open(path, "w") as f:
        f.write("being edited\n")
    remote.person({"theirs.md": "from there\n", "new.md": "new\n"})
    server.side("edit", {"id": 6, "set": {"subject": "Six"}})
    until(lambda: "Six" in remote.show("docs/6.md"))
    settled(sync, remote)
    tap.same(open(path).read(), "being edited\n",
             "what a person edits in the store stays")
    tap.ok(os.path.exists(os.path.join(sync.store, "new.md")),
           "the rest comes")
    sync.git("checkout", "-q", "HEAD", "--", "theirs.md")


def left_over(tap, server):
    """What a single pass could not push is told by whoever asks later."""
    with Pushing(server.url, None) as scratch:
        remote = Remote(scratch.folder)
        hook = os.path.join(remote.path, "hooks/pre-receive")
        with open(hook, "w") as f:
            f.write("#!/bin/sh\necho 'it is too large' >&2\nexit 1\n")
        os.chmod(hook, 0o755)
        with Pushing(server.url, remote.path) as sync:
            sync.once()
            for args in ("status",), ("status", "--check"):
                done = sync.opsync(*args)
                tap.ok("too large" in done.out, "why, after a single pass: " +
                       " ".join(args), done)
            os.unlink(hook)
            sync.once()
            tap.ok("too large" not in sync.opsync("status").out,
                   "until it is there")


def told(tap, server):
    """Hooks are told a commit that is on the branch, made again or not."""
    with Pushing(server.url, None) as scratch:
        remote = Remote(scratch.folder)
        with Pushing(server.url, remote.path) as sync:
            heard = os.path.join(sync.folder, "heard")
            sync.configure(more="hooks: [{ on: [commit], shell: 'cat >>%s' }]"
                           % heard)
            sync.once()
            remote.person({"theirs.md": "theirs\n"})
            sync.push = ", timeout: 1ms"
            sync.configure()
            server.side("edit", {"id": 9, "set": {"subject": "Again"}})
            sync.once()
            sync.push = ""
            sync.configure()
            sync.once()
            with open(heard) as f:
                commits = [json.loads(line)["commit"] for line in f]
            tap.ok(len(commits) == 3 and commits[-1] == remote.head() and
                   "Again" in remote.show("docs/9.md"),
                   "hooks are told the commit that was made again", commits)


def noted(tap, sync, remote):
    """A commit that says what was withdrawn, and no more."""
    remote.person({"theirs.md": "once more\n"})
    sync.opsync("withdraw", "4711")
    ok = until(lambda: sync.head() == remote.head() and "once more" in
               sync.git("show", "HEAD:theirs.md").out)
    tap.ok(ok and "Opsync-Withdrawn: 4711" in remote.git(
        "log", "main", "--format=%B"), "what was withdrawn comes on top, too",
           sync.said())


def refused(tap, server, sync, remote):
    """A remote that says no, and one that is gone."""
    hook = os.path.join(remote.path, "hooks/pre-receive")
    with open(hook, "w") as f:
        f.write("#!/bin/sh\necho 'file docs/7.md is too large: 120 MB' >&2\n"
                "exit 1\n")
    os.chmod(hook, 0o755)
    server.side("edit", {"id": 7, "set": {"subject": "Seven"}})
    tap.ok(until(lambda: pushing(sync)["error"] is not None),
           "a refused push is a fault", sync.said())
    state = pushing(sync)
    tap.ok("too large" in state["error"] and "declined" in state["error"]
           and remote.path in state["error"], "which is named", state)
    tap.ok("Seven" in sync.tree()["docs/7.md"].decode(),
           "the store has the commit")
    server.side("edit", {"id": 7, "set": {"subject": "Eight"}})
    tap.ok(until(lambda: pushing(sync)["pending"] == 2),
           "status says how many wait", pushing(sync))
    said = sync.opsync("status")
    tap.ok("2 commits wait" in said.out and "too large" in said.out,
           "in words, too", said)
    os.unlink(hook)
    sync.opsync("resync", "--wait")
    tap.ok(settled(sync, remote) and "has all commits again" in sync.said(),
           "a resync tries again, and all is well", sync.said())
    os.rename(remote.path, remote.path + ".away")
    server.side("edit", {"id": 7, "set": {"subject": "Nine"}})
    tap.ok(until(lambda: pushing(sync)["error"] is not None),
           "a remote that is gone is a fault", pushing(sync))
    os.rename(remote.path + ".away", remote.path)
    tap.ok(settled(sync, remote, 30), "it is found again by itself",
           sync.said())


def old_copy(server, sync, edits, gone):
    """State and store a week older than the remote."""
    copy = os.path.join(sync.folder, "backup")
    subprocess.run(["cp", "-a", sync.store, copy], check=True)
    for n in edits:
        server.side("edit", {"id": n, "set": {"subject": "Week %d" % n}})
        sync.once()
    server.side("delete", {"id": gone})
    sync.once("--full")
    subprocess.run(["rm", "-rf", sync.store], check=True)
    os.rename(copy, sync.store)


def backup(tap, server, sync, remote):
    sync.stop()
    old_copy(server, sync, (8, 9, 10), 11)
    head = remote.head()
    done = sync.once()
    tap.ok(done.code == 0 and sync.head() == head and
           remote.head() == head, "an old copy follows the remote", done)
    tap.ok("knew less" in done.err, "and is read afresh", done)
    tap.same(sync.flaws(), [], "nothing is left over")
    server.side("edit", {"id": 12, "set": {"subject": "After"}})
    sync.once()
    tap.ok("After" in remote.show("docs/12.md") and not remote.faults(),
           "and goes on")


def blocked_backup(tap, server, sync, remote):
    """Its branch follows, its work tree cannot."""
    old_copy(server, sync, (13, 14), 15)
    head = remote.head()
    path = os.path.join(sync.store, "docs/13.md")
    os.unlink(path)
    os.mkdir(path)
    sync.write("content/docs/13.md/theirs", "a person's\n")
    for _ in range(2):
        done = sync.once()
        tap.ok("13.md is in the way" in done.err, "a folder is in the way",
               done)
        tap.same((sync.head(), remote.head()), (head, head),
                 "what is gone does not come again")
    os.unlink(path + "/theirs")
    os.rmdir(path)
    tap.same((sync.once().code, remote.head()), (0, head), "then all is well")
    tap.same(sync.flaws(), [], "and as it is on the remote")


def paused(tap, server, sync, remote):
    """Commits are pushed in a pause, also after a restart."""
    sync.start()
    os.rename(remote.path, remote.path + ".away")
    server.side("edit", {"id": 13, "set": {"subject": "Before the pause"}})
    until(lambda: pushing(sync)["error"] is not None)
    sync.opsync("pause")
    sync.stop()
    sync.start()
    tap.ok(until(lambda: pushing(sync)["pending"] == 1) and
           pushing(sync)["error"] is not None,
           "a pause at the start: what waits for a remote is known",
           pushing(sync))
    sync.stop()
    os.rename(remote.path + ".away", remote.path)
    sync.start()
    tap.ok(settled(sync, remote) and
           "Before the pause" in remote.show("docs/13.md"),
           "and pushed where it is there", sync.said())
    tap.same(sync.said().count("paused since"), 2, "each start tells of it")
    sync.opsync("resume")
    sync.stop()


def two_of_one_path(tap, server):
    with Pushing(server.url, None) as scratch:
        remote = Remote(scratch.folder)
        with Pushing(server.url, remote.path, "first") as one, \
                Pushing(server.url, remote.path, "second",
                        schedule="{ poll: 1s }") as two:
            one.once()
            done = two.once()
            tap.same(done.code, 0, "the same bytes by two: no quarrel")
            server.side("edit", {"id": 1, "set": {"subject": "Quarrel"}})
            two.configure(mapping=(MAPPING % "docs").replace(
                "title:", "name:"))
            one.once()
            two.push = ", timeout: 1ms"
            two.configure()
            two.once("--full")  # commits, and does not hear of the other
            two.push = ""
            two.configure()
            head = remote.head()
            done = two.once()
            tap.ok(done.code != 0 and "first" in done.err and
                   "second" in done.err and "docs/" in done.err and
                   remote.head() == head,
                   "two that write one path: named, nothing pushed", done)


def two_that_differ(tap, server):
    """The second adopted what the first wrote, and is told another mapping."""
    with Pushing(server.url, None) as scratch:
        remote = Remote(scratch.folder)
        with Pushing(server.url, remote.path, "first") as one, \
                Pushing(server.url, remote.path, "second") as two:
            one.once()
            two.once()
            other = (MAPPING % "docs").replace("title:", "name:")
            two.configure(mapping=other)
            tap.same(two.once().code, 0, "one of two gets another mapping")
            quarrels(tap, one, remote, "what the other pushed is not taken")
            tap.same(two.once().code, 0, "the other goes on")
            server.side("edit", {"id": 3, "set": {"subject": "Between"}})
            two.once()
            quarrels(tap, one, remote, "nor with commits of its own")

            two.configure(mapping=other.replace("docs", "theirs"))
            tap.same(two.once().code, 0, "that one is given another path")
            done = one.once("--full")
            tap.same((done.code, one.once().code, two.once().code), (0, 0, 0),
                     "then both are well: %s" % done.err)
            tap.ok("title: Between" in remote.show("docs/3.md") and
                   "name: Between" in remote.show("theirs/3.md"),
                   "and have all of theirs on the remote", remote.files())

            two.configure(mapping=MAPPING % "docs")
            two.once()
            server.side("edit", {"id": 3, "set": {"subject": "Behind"}})
            one.once()
            two.push = ", timeout: 1ms"
            two.configure(mapping=other)
            two.once("--full")  # commits, and does not hear of the other
            two.push = ""
            two.configure()
            quarrels(tap, two, remote, "who comes late stops")
            tap.same(one.once().code, 0, "the other does not")
            two.configure(mapping=other.replace("docs", "theirs"))
            two.once("--full")
            tap.same((two.once().code, one.once().code), (0, 0),
                     "the one that stopped is given another path")
            tap.ok("title: Behind" in remote.show("docs/3.md") and
                   "name: Behind" in remote.show("theirs/3.md"),
                   "nothing is lost by that", remote.files())
            tap.same([sync.git("branch", "--list", "opsync/kept/*").out
                      for sync in (one, two)], ["", ""],
                     "nothing of it is a person's edit")


def quarrels(tap, sync, remote, what):
    head = remote.head()
    done = sync.once()
    tap.ok(done.code != 0 and "first" in done.err and "second" in done.err and
           "docs/" in done.err and remote.head() == head and
           "by somebody" not in done.err, what, (done, head, remote.head()))


def slow_remote(tap, server):
    """A fetch that is ended leaves nothing, however often it is tried."""
    with Pushing(server.url, None) as sync:
        sync.remote = Remote(sync.folder).path
        sync.push = ", timeout: 1s"
        sync.configure()
        sync.once()
        bin_folder = os.path.join(sync.folder, "bin")
        packs = os.path.join(sync.store, ".git/objects/pack")
        theirs = os.path.join(packs, "tmp_pack_theirs")
        os.mkdir(bin_folder)
        sync.write("bin/git", """#!/bin/sh
case " $* " in *" fetch "*)
    cd %s
    echo half > objects/pack/tmp_pack_$$
    mkdir -p refs/opsync/fetched
    echo half > refs/opsync/fetched/x$$.lock
    exec sleep 60
esac
PATH=%s exec git "$@"
""" % (os.path.join(sync.store, ".git"), os.environ["PATH"]), mode=0o755)
        path = sync.env["PATH"]
        sync.env["PATH"] = bin_folder + ":" + path
        with open(theirs, "w"):
            for _ in range(3):
                done = sync.once()
                tap.ok(done.code == 75 and "no end after 1 s" in done.err,
                       "a fetch takes too long", done)
            tap.same([name for _, _, names in os.walk(sync.store + "/.git")
                      for name in names
                      if name.startswith("tmp_") or name.endswith(".lock")
                      and name != "lock"],
                     ["tmp_pack_theirs"], "it leaves nothing half made")
        sync.env["PATH"] = path
        tap.same(sync.once().code, 0, "then all is well")


def ssh_home(tap, server):
    """ssh itself does not look into $HOME: what is there is named."""
    with Pushing(server.url, "me@nowhere.example:site.git") as sync:
        asked = os.path.join(sync.folder, "asked")
        for folder in ("bin", "my home", "my home/.ssh"):
            os.mkdir(os.path.join(sync.folder, folder))
        sync.write("bin/ssh", "#!/bin/sh\nprintf '%%s\\n' \"$@\" >'%s'\n"
                   "exit 255\n" % asked, mode=0o755)
        ours = os.path.join(sync.folder, "my home/.ssh/")
        sync.env["HOME"] = os.path.join(sync.folder, "my home")
        sync.env["PATH"] = "%s/bin:%s" % (sync.folder, sync.env["PATH"])
        sync.write("my home/.ssh/id_rsa", "")
        for known, key, push in (
                (None, ours + "id_rsa", ""),
                (ours + "known_hosts", ours + "id_rsa", ""),
                ("/theirs", "/key",
                 ", known_hosts: /theirs, ssh_key: /key")):
            if known is not None:
                sync.write("my home/.ssh/known_hosts", "")
            sync.push = push
            sync.configure()
            sync.once()
            with open(asked) as f:
                lines = f.read().split("\n")
            hosts = [a.split("=")[1].strip('"') for a in lines
                     if a.startswith("UserKnownHostsFile=")]
            keys = [b for a, b in zip(lines, lines[1:]) if a == "-i"]
            tap.same((hosts, keys), ([known] if known else [], [key]),
                     "ssh is told of %s and %s" % (known, key))


def credentials(tap, server):
    """An address that asks for a name: no prompt, no hanging."""
    import http.server
    import threading

    asked = []

    class Asking(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.headers.get("Authorization"))
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asking)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    url = "http://127.0.0.1:%d/site.git" % web.server_port
    with Pushing(server.url, url) as sync:
        done = sync.once()
        tap.ok(done.code == 75 and "could not read Username" in done.err,
               "missing credentials are named", done)
        tap.same(len(sync.tree()), 20 - 2, "the store has all")
        file = os.path.join(sync.folder, "who's there")
        kept = url.replace("//", "//me:secret@").replace("/site.git", "\n")
        with open(file, "w") as f:
            f.write(kept)
        sync.push = ', credentials: "%s"' % file
        sync.configure()
        asked.clear()
        done = sync.once()
        with open(file) as f:
            tap.ok(done.code == 75 and any(asked) and f.read() == kept and
                   "secret" not in done.err,
                   "refused credentials stay where they are", (done, asked))
        for user in ("me:secret@", "secret@"):
            sync.remote = url.replace("//", "//" + user)
            sync.configure()
            done = sync.once()
            tap.ok(done.code == 78 and "credentials: FILE" in done.err and
                   "secret" not in done.err, user + " in the address", done)
    web.shutdown()


def main():
    tap = Tap()
    with StandIn(*WORLD) as server, Pushing(server.url, None) as scratch:
        remote = Remote(scratch.folder)
        with Pushing(server.url, remote.path) as sync:
            first_and_more(tap, server, sync, remote)
            others(tap, server, sync, remote)
            local_commits(tap, server, sync, remote)
            edited_here(tap, server, sync, remote)
            noted(tap, sync, remote)
            refused(tap, server, sync, remote)
            backup(tap, server, sync, remote)
            blocked_backup(tap, server, sync, remote)
            paused(tap, server, sync, remote)
        left_over(tap, server)
        told(tap, server)
        two_of_one_path(tap, server)
        two_that_differ(tap, server)
        slow_remote(tap, server)
        ssh_home(tap, server)
        credentials(tap, server)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
