#!/usr/bin/python3
"""People in the store: edits, files, commits, branches and locks of theirs.
Nothing of theirs is lost, and the sync goes on.  And a tree that another
tool wrote before."""
import glob
import os
import re
import shutil
import subprocess
import sys
import time

from harness import WITH_FILES, StandIn, Sync, Tap, read, until

WORLD = ("--generate", "12", "--attachments", "6", "--attachment-size", "300")
PERSON = ("-c", "user.name=p", "-c", "user.email=p@x")


def put(sync, path, text):
    full = os.path.join(sync.store, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w") as f:
        f.write(text)


def get(sync, path):
    with open(os.path.join(sync.store, path)) as f:
        return f.read()


def kept(sync, path, before=""):
    """What kept branches hold at a path."""
    refs = sync.git("for-each-ref", "--format=%(refname)",
                    "refs/heads/opsync").out.split()
    return [sync.git("show", ref + before + ":" + path).out for ref in refs]


def whole(tap, sync, name, *strangers):
    """Our documents are as from nothing, and the rest is there."""
    tree = sync.tree()
    for path, text in strangers:
        tap.same(tree.pop(path, b"").decode(), text, name + ": " + path)
    tap.tree(tree, sync.scratch(), name + ": ours as from nothing")


def attachment_of(sync, ident):
    return [p for p in sync.tree() if p.startswith("docs/%d/" % ident) and
            not p.endswith(".md")][0]


def edits(tap, server, sync):
    picture = attachment_of(sync, 2)
    put(sync, "docs/1/index.md", "my edit\n")
    put(sync, picture, "my picture\n")
    os.unlink(os.path.join(sync.store, "docs/3/index.md"))
    done = sync.once()
    tap.ok(done.code == 0 and "kept on the branch" in done.err and
           done.err.count("it is restored") == 3, "edits: said", done)
    tap.ok("my edit\n" in kept(sync, "docs/1/index.md") and
           "my picture\n" in kept(sync, picture), "edits: kept",
           kept(sync, picture))
    whole(tap, sync, "edits")
    tap.same(sync.flaws(), [], "edits: restored in the work tree")
    log = sync.opsync("log", "--event", "restored")
    tap.same([path in log.out for path in (
        "docs/1/index.md", picture, "docs/2/index.md", "docs/3/index.md")],
        [True, True, False, True], "edits: in the sync log: %s" % log)
    branch = sync.git("branch", "--list", "--format=%(refname:short)",
                      "opsync/kept/*").out.strip()
    log = sync.opsync("log", "--event", "kept", "--project", "demo-1")
    tap.same([(path in log.out, log.out.count(branch)) for path in (
        "docs/1/index.md", picture, "docs/3/index.md")],
        [(True, 2), (True, 2), (False, 2)],
        "edits: what is kept, and where: %s" % log)
    status = sync.opsync("status")
    tap.ok("opsync/kept/" in status.out, "edits: in status", status)
    sync.git("branch", "-q", "-D", *sync.git(
        "for-each-ref", "--format=%(refname:short)",
        "refs/heads/opsync").out.split())
    sync.once()
    tap.ok("opsync/kept/" not in sync.opsync("status").out,
           "edits: not in status once the branch is deleted")


def staged(tap, server, sync):
    """A dirty index: what is staged of theirs stays, ours is kept."""
    put(sync, "notes.md", "staged\n")
    put(sync, "docs/4/index.md", "staged over ours\n")
    sync.git("add", "notes.md", "docs/4/index.md")
    done = sync.once()
    tap.same(done.code, 0, "dirty index: well")
    tap.ok("staged over ours\n" in kept(sync, "docs/4/index.md"),
           "dirty index: what was staged over ours is kept", done)
    tap.same(sync.git("status", "--porcelain").out, "A  notes.md\n",
             "dirty index: what is staged beside ours stays")
    sync.git(*PERSON, "commit", "-qm", "notes")


def staged_alone(tap, server, sync):
    """What is only in the index, whose file is as it was, or another."""
    ours = get(sync, "docs/4/index.md")
    put(sync, "docs/4/index.md", "only staged\n")
    put(sync, "docs/5/index.md", "staged first\n")
    sync.git("add", "docs/4/index.md", "docs/5/index.md")
    put(sync, "docs/4/index.md", ours)
    put(sync, "docs/5/index.md", "and changed again\n")
    server.side("edit", {"id": 4, "set": {"description": "meanwhile"}})
    done = sync.once()
    tap.ok(done.code == 0 and "kept on the branch" in done.err and
           "only staged\n" in kept(sync, "docs/4/index.md"),
           "only staged: kept, and said", done)
    tap.same(("and changed again\n" in kept(sync, "docs/5/index.md"),
              "staged first\n" in kept(sync, "docs/5/index.md", "~")),
             (True, True), "staged and changed again: both are kept")
    tap.same(sync.flaws(), [], "only staged: all is in step")
    put(sync, "docs/4/index.md", "once more\n")
    ours = sync.tree()["docs/4/index.md"].decode()
    sync.git("add", "docs/4/index.md")
    put(sync, "docs/4/index.md", ours)
    done = sync.once()
    tap.ok(done.code == 0 and
           "once more\n" in kept(sync, "docs/4/index.md"),
           "only staged, and nothing else changes: kept", done)
    tap.same(sync.flaws(), [], "and in step")


def commits(tap, server, sync):
    put(sync, "docs/5/index.md", "committed over ours\n")
    sync.git("rm", "-q", "docs/6/index.md")
    sync.git("add", ".")
    sync.git(*PERSON, "commit", "-qm", "a person's")
    theirs = sync.head()
    done = sync.once()
    tap.ok(done.code == 0 and "committed over ours\n" in
           kept(sync, "docs/5/index.md"), "their commit: kept", done)
    tap.same(sync.git("merge-base", "HEAD", theirs).out.strip(), theirs,
             "their commit: stays in the history")
    tap.ok("Restore 2 documents" in sync.git("log", "-1", "--format=%s").out,
           "their commit: ours comes on top", sync.git("log", "-2").out)
    whole(tap, sync, "their commit", ("notes.md", "staged\n"))


def history(tap, server, sync):
    """The branch is reset, rebased, deleted."""
    server.side("edit", {"id": 7, "set": {"subject": "Seven"}})
    sync.once()
    server.side("edit", {"id": 7, "set": {"subject": "Seventh"}})
    sync.once()
    sync.git("reset", "-q", "--hard", "HEAD~2")
    tap.same(sync.once().code, 0, "reset: well")
    whole(tap, sync, "reset", ("notes.md", "staged\n"))
    with open(os.path.join(sync.store, "amended.md"), "w") as f:
        f.write("theirs\n")
    sync.git("add", "amended.md")
    sync.git(*PERSON, "commit", "-q", "--amend", "--no-edit")
    n = sync.commits()
    done = sync.once()
    tap.ok(done.code == 0 and sync.commits() == n and
           "made again" not in done.err, "amended: no commit", done)
    whole(tap, sync, "amended", ("notes.md", "staged\n"),
          ("amended.md", "theirs\n"))
    sync.git("rm", "-q", "amended.md")
    sync.git(*PERSON, "commit", "-q", "--amend", "-m", "reworded")
    sync.git(*PERSON, "rebase", "-q", "--force-rebase", "HEAD~3")
    n = sync.commits()
    done = sync.once()
    tap.ok(done.code == 0 and sync.commits() == n, "rebased: no commit", done)
    whole(tap, sync, "rebased", ("notes.md", "staged\n"))
    os.unlink(os.path.join(sync.store, ".git/refs/heads/main"))
    done = sync.once()
    tap.ok(done.code == 0 and sync.commits() == n,
           "a deleted branch comes back with its history", done)
    tap.same(sync.flaws(), [], "and clean")


def same_content(tap, server, sync):
    """A file that is a program now, or an empty folder, as nothing else is."""
    path = os.path.join(sync.store, "docs/6/index.md")
    for name, commit in (("made a program", False),
                         ("committed as a program", True)):
        os.chmod(path, 0o755)
        if commit:
            sync.git(*PERSON, "commit", "-qam", "mode")
        done = sync.once()
        tap.ok(done.code == 0 and not os.stat(path).st_mode & 0o111 and
               "restored" in done.err, name + ": no more", done)
        tap.same(sync.git("ls-tree", "HEAD", "docs/6/index.md").out[:6],
                 "100644", name + ": nor in the branch")
        tap.same(sync.flaws(), [], name + ": git sees no change")
    sync.git("config", "core.fileMode", "false")
    os.chmod(path, 0o755)
    tap.ok("restored" not in sync.once().err, "unless git heeds no modes")
    os.chmod(path, 0o644)
    sync.git("config", "core.fileMode", "true")
    sync.git("update-index", "--chmod=+x", "docs/6/index.md")
    tap.ok("restored" in sync.once().err, "in the index alone")
    tap.same(sync.flaws(), [], "in the index alone: no more")
    for name, inside in (("an empty folder", None), ("one in use", "own")):
        os.unlink(path)
        os.makedirs(path + "/a/b")
        if inside:
            put(sync, "docs/6/index.md/own", "mine\n")
        done = sync.once()
        tap.ok(done.code == (3 if inside else 0) and
               os.path.isdir(path) == bool(inside),
               name + " in its place", done)
        if inside:
            shutil.rmtree(path)
            tap.same(sync.once().code, 0, name + ": until it is away")
        tap.same(sync.flaws(), [], name + ": then all is there")


def set_back(tap):
    """A reset behind removals: what was removed does not come back for good."""
    mapping = """
documents:
- path: ${ subject }.md
  front_matter: { title: "${ subject }" }
  body: ${ description.raw }
"""
    for how in ("--hard", "--soft", "--mixed"):
        for running in (False, True):
            with StandIn("--generate", "4") as server, Sync(
                    server.url, projects="[demo-1]", mapping=mapping) as sync:
                name = "reset %s%s: " % (how, ", running" if running else "")
                for ident in range(1, 5):
                    server.side("edit", {"id": ident, "set": {
                        "subject": "wp%d" % ident}})
                sync.once()
                put(sync, "own.md", "a person's\n")
                sync.git("add", "own.md")
                sync.git(*PERSON, "commit", "-qm", "own")
                sync.git("rm", "-q", "own.md")
                sync.git(*PERSON, "commit", "-qm", "no more")
                server.side("delete", {"id": 3})
                server.side("edit", {"id": 2, "set": {"subject": "renamed"}})
                sync.opsync("withdraw", "4")
                sync.once("--full")
                wanted = {"renamed.md", "wp1.md"}
                tap.same(set(sync.tree()), wanted, name + "removed")
                if running:
                    sync.start()
                sync.git("reset", "-q", how, "HEAD~2")
                if running:
                    sync.opsync("resync", "--full", "--wait")
                    sync.stop()
                else:
                    tap.same(sync.once("--reconcile").code, 0, name + "well")
                tap.same(set(sync.tree()), wanted | {"own.md"},
                         name + "removed again; a person's file stays")
                tap.ok("Opsync-Withdrawn: 4" in sync.git(
                    "log", "--format=%B").out, name + "and told again")
                if how == "--hard":
                    tap.same(sync.flaws(), [], name + "without a flaw")
    with StandIn("--generate", "4") as server, Sync(
            server.url, projects="[demo-1]", mapping=mapping) as sync:
        server.side("edit", {"id": 3, "set": {"subject": "wp3"}})
        sync.once()
        server.side("edit", {"id": 3, "set": {"description": "changed"}})
        server.side("edit", {"id": 4, "set": {"subject": "later"}})
        sync.once()
        server.side("delete", {"id": 3})
        sync.once("--reconcile")
        sync.git("reset", "-q", "--hard", "HEAD~2")
        tap.ok("wp3.md" in sync.tree(), "changed, then removed: it is back")
        sync.once("--reconcile")
        tap.ok("wp3.md" not in sync.tree(), "and goes again")
    for name, polled, text in (("edited", True, "mine\n"),
                               ("as it was", False, None)):
        with StandIn("--generate", "4") as server, Sync(
                server.url, projects="[demo-1]", mapping=mapping) as sync:
            server.side("edit", {"id": 3, "set": {"subject": "wp3"}})
            sync.once()
            before = get(sync, "wp3.md")
            server.side("delete", {"id": 3})
            sync.once("--reconcile")
            sync.git("reset", "-q", "--hard", "HEAD~1")
            if polled:
                sync.once()
            else:
                sync.git(*PERSON, "rm", "-q", "wp3.md")
                sync.git(*PERSON, "commit", "-qm", "away")
            put(sync, "wp3.md", text or before)
            sync.git("add", "wp3.md")
            sync.git(*PERSON, "commit", "-qm", "mine")
            for args in ((), ("--reconcile",), ("--full",)):
                sync.once(*args)
            tap.same(sync.tree().get("wp3.md"), (text or before).encode(),
                     "a person commits what came back, %s: it stays" % name)


def elsewhere(tap, server, sync):
    """Another branch, or none, is checked out: that is left alone."""
# waits for most of its time
    for name, args, words in (
            ("another branch", ("checkout", "-qb", "work"), "another branch"),
            ("a detached HEAD", ("checkout", "-q", "--detach"),
             "a commit, and no branch,")):
        sync.git(*args)
        put(sync, "docs/8/index.md", "being worked on\n")
        server.side("edit", {"id": 8, "set": {"subject": name}})
        done = sync.once()
        tap.ok(done.code == 0 and get(sync, "docs/8/index.md") ==
               "being worked on\n", name + ": the work tree stays", done)
        tap.ok(name in sync.tree("main")["docs/8/index.md"].decode() and
               "warning: %s is checked out in " % words in done.err and
               done.err.count("without the work tree") == 1,
               name + ": ours goes on, and that is said", done)
        done = sync.opsync("status")
        tap.ok("work tree  is left alone: %s is checked out" % words in
               done.out, name + ": status says so", done)
        done = sync.opsync("status", "--check")
        tap.ok(done.code == 1 and "the work tree is left alone" in done.out,
               name + ": monitoring is told", done)
        sync.git("checkout", "-q", "--", ".")
        sync.git("checkout", "-q", "main")
        tap.same(sync.once().code, 0, name + ": and back")
        tap.ok("left alone" not in sync.opsync("status").out,
               name + ": status is quiet again")
        tap.same(sync.flaws(), [], name + ": is clean then")


def bare(tap, sync):
    """The store is a mirror: nobody is left to wait for its files."""
    with sync.sibling() as mirror:
        sync.git("clone", "-q", "--mirror", sync.store, mirror.store)
        words = "%s/ is bare: refs/heads/main goes on without a work " \
            "tree" % mirror.store
        done = mirror.once()
        tap.ok(done.code == 0 and done.err.count("warning: " + words) == 1 and
               "clone it anew without --mirror" in done.err,
               "a bare repository, which nobody asked for", done)
        done = mirror.opsync("status")
        tap.ok("work tree  is left alone: " + words in done.out,
               "status says so", done)
        done = mirror.opsync("status", "--check")
        tap.ok(done.code == 1 and words in done.out, "monitoring is told",
               done)
        store, mirror.store = mirror.store, "{ path: %s, bare: true }" % (
            mirror.store)
        mirror.configure()
        mirror.store = store
        done = mirror.once()
        tap.ok(done.code == 0 and "work tree" not in done.err and
               mirror.opsync("status", "--check").code == 0,
               "it is meant to be", done)


def lost_head(tap, server, sync):
    """HEAD is damaged: nobody knows what the work tree shows."""
    for n, text in enumerate(("", "nonsense\n", "\0\0\0")):
        put(sync, ".git/HEAD", text)
        server.side("edit", {"id": 8, "set": {"subject": "Beside %d" % n}})
        done = sync.once()
        told = re.search(r"(\S+/HEAD) cannot be read: .* holds '(ref: \S+)'",
                         done.err)
        tap.ok(done.code == 0 and told, "a damaged HEAD is told", done)
        with open(told[1], "w") as f:
            f.write(told[2] + "\n")
        tap.ok(sync.once().code == 0 and
               "Beside %d" % n in get(sync, "docs/8/index.md"),
               "with the way out")
        tap.same(sync.flaws(), [], "and it is clean then")


def unknown_head(tap):
    """HEAD is damaged for a while: what is removed by then is gone when it is
    well again, and nothing of ours is taken for a person's."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1]", mapping=WITH_FILES) as sync:
        sync.once()
        put(sync, ".git/HEAD", "")
        put(sync, "docs/9/index.md", "a person's\n")
        for n, ident in enumerate((10, 11)):
            server.side("delete", {"id": ident})
            for other in (8, 9):
                server.side("edit", {"id": other, "set": {
                    "subject": "Changed %d" % n}})
            done = sync.once("--reconcile")
            tap.ok(done.code == 0 and
                   os.path.exists(sync.store + "/docs/10/index.md"),
                   "while HEAD is damaged the work tree stays", done)
        put(sync, ".git/HEAD", "ref: refs/heads/main\n")
        done = sync.once()
        tap.same([os.path.exists(sync.store + "/docs/%d/index.md" % ident)
                  for ident in (8, 10, 11)], [True, False, False],
                 "then what was removed is gone there, too")
        tap.same([sync.git("diff", "--name-only", "main", ref).out for ref in
                  sync.git("for-each-ref", "--format=%(refname)",
                           "refs/heads/opsync").out.split()],
                 ["docs/9/index.md\n"], "kept is what a person wrote")
        tap.same(kept(sync, "docs/9/index.md"), ["a person's\n"],
                 "just that")
        events = sync.opsync("--json", "log", "--event", "committed").json()
        tap.same(len(events), sync.commits(), "each commit is told once")
        tap.same(sync.flaws(), [], "and it is clean then")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def locks(tap, server, sync):
    """A git that runs, and one that was killed."""
    lock = os.path.join(sync.store, ".git/index.lock")
    with open(lock, "w") as f:
        f.write("x")
    held = subprocess.Popen(["sh", "-c", "sleep 1; rm '%s'" % lock])
    server.side("edit", {"id": 9, "set": {"subject": "Nine"}})
    begin = time.monotonic()
    done = sync.once()
    held.wait()
    tap.ok(done.code == 0 and time.monotonic() - begin > 0.8,
           "a live index.lock is waited for", done)
    tap.same(sync.flaws(), [], "then all is in step")
    with open(lock, "w") as f:
        f.write("x")
    old = time.time() - 3600
    os.utime(lock, (old, old))
    server.side("edit", {"id": 9, "set": {"subject": "Ninth"}})
    tap.same(sync.once().code, 0, "a dead one goes")
    tap.same(sync.flaws(), [], "and all is in step")


def running(tap, server, sync):
    """A daemon sees it without being told."""
    sync.start()
    put(sync, "docs/10/index.md", "while it runs\n")
    tap.ok(until(lambda: "while it runs\n" in
                 kept(sync, "docs/10/index.md")) and
           until(lambda: sync.flaws() == [], 5),
           "an edit under a running daemon is kept and put right",
           sync.said())
    put(sync, "docs/11/index.md", "committed\n")
    sync.git("add", ".")
    sync.git(*PERSON, "commit", "-qm", "while it runs")
    tap.ok(until(lambda: "committed\n" not in
                 sync.tree()["docs/11/index.md"].decode()),
           "so is a commit", sync.said())
    folder(tap, server, sync)
    tap.same(sync.stop(), 0, "it ends well")
    whole(tap, sync, "all in all", ("notes.md", "staged\n"))


def folder(tap, server, sync):
    """A folder in the place of a document: told once, until it is gone."""
    full = os.path.join(sync.store, "docs/7/index.md")
    os.unlink(full)
    os.mkdir(full)
    open(os.path.join(full, "x"), "w").close()
    tap.ok(until(lambda: "is a folder: move it away" in sync.said()),
           "a folder where a document belongs: told", sync.said())
    last = sync.opsync("runs", "--limit", "1").out.split()[0]
    said = len(sync.said())

    def restored():
        return sync.opsync("log", "--event", "restored").out.count(
            "docs/7/index.md")
    before = restored()
    time.sleep(3)
    tap.same(sync.opsync("runs", "--limit", "1").out.split()[0], last,
             "it is no news with each poll")
    sync.opsync("verify")
    time.sleep(2)
    tap.ok(restored() == before and
           "work package 7" not in sync.said()[said:] and
           "docs/7/index.md in the work tree is a folder" in
           sync.opsync("status").out,
           "nor restored, nor well again by a look", sync.said()[said:])
    shutil.rmtree(full)
    tap.ok(until(lambda: "work package 7: is in error no more" in
                 sync.said()[said:], 30) and sync.flaws() == [] and
           restored() == before + 1 and
           "index.md in the work tree" not in sync.opsync("status").out,
           "it is restored once there is room", sync.said()[said:])


def away(tap, server, sync):
    """The store, or what it is made of, is gone for a while."""
    sync.start()
    for number, part in enumerate(("", ".git", ".git/objects", ".git/refs")):
        there = os.path.join(sync.store, part).rstrip("/")
        before = len(sync.said())
        os.rename(there, sync.folder + "/away")
        server.side("edit", {"id": 8, "set": {"subject": "Away %d" % number}})
        tap.ok(until(lambda: any(
            "error: %s %s" % (words, sync.store) in sync.said()[before:]
            for words in ("cannot open", "the store"))),
               "%s away: is told" % (part or "the store"), sync.said())
        os.rename(sync.folder + "/away", there)
        tap.ok(until(lambda: "the store can be written again" in
                     sync.said()[before:] and "Away %d" % number in
                     sync.tree()["docs/8/index.md"].decode()),
               "and there again: it goes on", sync.said())
    tap.same(sync.stop(), 0, "it ends well")
    whole(tap, sync, "all is there", ("notes.md", "staged\n"))


def blocked(tap, server, sync):
    """A file that cannot be put into place: the commit is there, and told."""
    if os.geteuid() != 0:
        return
    folder = os.path.join(sync.store, "docs/9")
    os.chmod(folder, 0o555)
    put(sync, "docs/9/index.md", "edited before\n")
    server.side("edit", {"id": 9, "set": {"subject": "Closed"}})
    done = sync.run("setpriv", "--bounding-set",
                    "-dac_override,-dac_read_search", sync.PROGRAM,
                    "--config", sync.config, "--once")
    tap.ok("Permission denied" in done.err and done.code != 0, "blocked", done)
    events = sync.opsync("log", "--json", "--event", "committed").json()
    tap.ok(any(sync.head() in str(event) for event in events),
           "its commit is an event", events)
    tap.ok("kept on the branch opsync/kept/" in done.err,
           "what was kept is told", done)
    os.chmod(folder, 0o755)
    tap.same(sync.once().code, 0, "blocked no more")
    whole(tap, sync, "blocked no more", ("notes.md", "staged\n"))


def read_only(tap, server, sync):
    """Not ours to write: says so, and what to do."""
    if os.geteuid() != 0:
        return
    sync.once()
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    os.chmod(sync.folder, 0o755)
    os.chmod(os.path.join(sync.folder, "token"), 0o644)
    done = sync.run(*drop, sync.PROGRAM, "--config", sync.config, "--once")
    tap.ok(done.code == 78 and "cannot be written" in done.err and
           "chown -R" in done.err, "a store that may not be written", done)
    with sync.sibling() as other:
        os.chmod(other.folder, 0o755)
        os.chmod(os.path.join(other.folder, "token"), 0o644)
        done = other.run(*drop, other.PROGRAM, "--config", other.config,
                         "--once")
        tap.ok(done.code == 78 and "may not write in %s: " % other.folder in
               done.err and "install -d -o 65534 %s)" % other.store in
               done.err, "a store that may not be made", done)
        other.store = os.path.join(other.folder, "token")
        other.configure()
        done = other.once()
        tap.ok(done.code == 78 and other.store + " is not a folder" in
               done.err, "a store that is a file", done)
    os.chmod(sync.folder, 0o777)
    subprocess.run(["chmod", "-R", "a+w", sync.store], check=True)
    done = sync.run(*drop, sync.PROGRAM, "--config", sync.config, "--once")
    tap.ok(done.code == 78 and "belongs to another user" in done.err and
           "chown -R" in done.err, "another user's repository", done)
    folder = os.path.join(sync.folder, "ro")
    os.mkdir(folder)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder],
                      stderr=subprocess.DEVNULL).returncode != 0:
        return
    store, sync.store = sync.store, os.path.join(folder, "content")
    sync.configure()
    done = sync.once()
    subprocess.run(["umount", folder], check=True)
    sync.store = store
    sync.configure()
    tap.ok(done.code == 78 and "Read-only" in done.err and
           "mount it writable" in done.err, "a file system that is read-only",
           done)


def adopted(tap):
    """Another tool wrote the same tree before us."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1]", mapping=WITH_FILES) as sync:
        wanted = sync.scratch()
        os.makedirs(sync.store)
        sync.git("init", "-q", "-b", "main")
        for path, text in wanted.items():
            full = os.path.join(sync.store, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as f:
                f.write(text)
        for ident in (1, 2, 3):
            put(sync, "docs/%d/index.md" % ident, "by another tool\n")
        put(sync, "docs/99/index.md", "of a work package long gone\n")
        put(sync, "README.md", "a site\n")
        sync.git("add", ".")
        sync.git("rm", "-q", "--cached", "docs/3/index.md")
        sync.git(*PERSON, "commit", "-qm", "by another tool")
        head = sync.head()
        done = sync.once()
        tap.ok(done.code == 3 and "docs/4" not in done.err and all(
            "docs/%d/index.md is taken" % ident in done.err
            for ident in (1, 2, 3)) and "opsync adopt" in done.err,
               "what is equal is adopted silently, the rest is in error",
               done)
        tap.same(sync.head(), head, "and no commit is made")
        done = sync.opsync("adopt", "--dry-run")
        tap.ok(done.code == 69 and "start opsyncd" in done.err,
               "without a daemon the way is told", done)
        sync.start()
        done = sync.opsync("adopt", "--dry-run")
        tap.ok(done.code == 0 and "3 would be taken over, 1 made by no "
               "document" in done.out and "docs/99/index.md" in done.out and
               "README" not in done.out, "adopt --dry-run lists", done)
        tap.same(sync.head(), head, "and does nothing")
        done = sync.opsync("adopt", "--dry-run", "docs/2/index.md")
        tap.ok(done.code == 0 and "1 would be taken over, 1 made by no "
               "document" in done.out and "docs/1" not in done.out,
               "what stays in the way is made by a document", done)
        done = sync.opsync("adopt", "nope.md", "docs/99/index.md")
        tap.ok(done.code == 65 and "0 taken over" in done.out and
               "1 made by no document" in done.out and
               "nothing to take over at nope.md and 1 more" in done.err,
               "a path that is mistyped, and one no document makes", done)
        done = sync.opsync("adopt", "docs/2/index.md")
        tap.ok(done.code == 0 and "1 taken over" in done.out,
               "adopt takes one", done)
        tree = sync.tree()
        tap.ok(tree["docs/2/index.md"] == wanted["docs/2/index.md"] and
               tree["docs/1/index.md"] == b"by another tool\n",
               "and only that")
        done = sync.opsync("adopt")
        tap.ok(done.code == 0 and "2 taken over" in done.out,
               "adopt takes the rest", done)
        tap.ok("by another tool\n" in kept(sync, "docs/3/index.md"),
               "what was in no commit is kept")
        kinds = {e["event"] for e in sync.opsync(
            "log", "--json", "--level", "debug").json()}
        listed = set(re.findall(r"^\| `(\w+)` \|",
                                read("docs/logs.md").decode(), re.M))
        tap.ok("adopted" in kinds and kinds <= listed,
               "the manual lists all kinds of events", kinds - listed)
        tree = sync.tree()
        tap.same((tree.pop("docs/99/index.md"), tree.pop("README.md")),
                 (b"of a work package long gone\n", b"a site\n"),
                 "nothing is removed")
        tap.tree(tree, wanted, "all ours is there")
        tap.same(sync.opsync("status", "--json").json()[0]["errors"], [],
                 "nothing is in error")
        tap.same(sync.stop(), 0, "it ends well")
        tap.same(sync.flaws(), [], "without a flaw")


ATTRIBUTES = (
    ("* text=auto", None), ("*.jpg filter=lfs diff=lfs -text", None),
    ("* -text", None), ("*.md text", "text"), ("*.md text eol=crlf", "eol"),
    ("*.md filter=upper", "filter"), ("*.md filter=lfs -text", "filter"),
    ("docs/** ident", "ident"),
    ("*.md working-tree-encoding=UTF-16", "working-tree-encoding"))


def letter_case(tap):
    """Two names are one folder, as where upper and lower case are the same."""
    with StandIn("--generate", "2") as server, Sync(
            server.url, projects="[demo-1]", mapping=WITH_FILES) as sync:
        done = sync.once()
        words = "does not tell upper from lower case"
        tap.ok(done.code == 0 and words not in done.err,
               "a file system that tells upper from lower case", done)
        os.symlink(".git", os.path.join(sync.store, ".GIT"))
        done = sync.once()
        tap.ok(done.code == 0 and done.err.count(words) == 1,
               "one that does not is told of", done)


def attributes(tap):
    """What would convert our files is not honoured, and said; with the line
    that is told, git sees them as they are."""
    with StandIn(*WORLD) as server:
        server.side("edit", {"id": 1, "set": {"description": "a\r\nb $Id$"}})
        for text, told in ATTRIBUTES:
            with Sync(server.url, projects="[demo-1]",
                      mapping=WITH_FILES) as sync:
                attributes_are(tap, sync, text, told)


def attributes_are(tap, sync, text, told):
    os.makedirs(sync.store)
    sync.git("init", "-q", "-b", "main")
    sync.git("config", "filter.upper.clean", "tr a-z A-Z")
    put(sync, ".gitattributes", text + "\n")
    sync.git("add", ".")
    sync.git(*PERSON, "commit", "-qm", "attributes")
    done = sync.once()
    said = "the attribute '%s' is set for docs/1/index.md" % told
    tap.ok(done.code == 0 and (said in done.err if told else
                               "attribute" not in done.err),
           text + (": is told" if told else ": changes nothing"), done)
    done = sync.once()
    tap.ok(done.code == 0 and (not told or said in done.err) and
           "restored" not in done.err, text + ": is no edit", done)
    whole(tap, sync, text, (".gitattributes", text + "\n"))
    if told:
        for name in glob.glob(sync.state_file + "*"):
            os.unlink(name)
        done = sync.once()
        tap.ok(done.code == 0 and said in done.err,
               text + ": is told where the state was made again", done)
        done = sync.once()
        line = done.err.split('the last line "')[1].split('"')[0]
        put(sync, ".gitattributes", text + "\n" + line + "\n")
        sync.git(*PERSON, "commit", "-qam", "with the way out")
        done = sync.once()
        tap.ok("attribute" not in done.err, text + ": the way out", done)
    for folder, _, names in os.walk(os.path.join(sync.store, "docs")):
        for name in names:
            os.utime(os.path.join(folder, name))
    tap.same(sync.flaws(), [], text + ": git sees no change")


def attributes_in_a_pipe(tap):
    """git itself would wait for it for ever."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1]", mapping=WITH_FILES) as sync:
        sync.once()
        os.mkfifo(os.path.join(sync.store, "docs/.gitattributes"))
        server.side("edit", {"id": 1, "set": {"description": "Meanwhile"}})
        done = sync.once()
        tap.ok(done.code == 0 and "Meanwhile" in get(sync, "docs/1/index.md"),
               "a pipe for .gitattributes keeps nobody waiting", done)


def tree_of(sync, folder, *more):
    """A folder's tree and further entries, in no order, as git would not."""
    tree = subprocess.run(["git", "-C", sync.store, "cat-file", "tree",
                           "HEAD:" + folder], stdout=subprocess.PIPE,
                          check=True).stdout
    for mode, name, ident in more:
        tree += b"%s %s\0" % (mode.encode(), name.encode()) + \
            bytes.fromhex(ident)
    return subprocess.run(["git", "-C", sync.store, "hash-object", "-w", "-t",
                           "tree", "--literally", "--stdin"], input=tree,
                          stdout=subprocess.PIPE, check=True,
                          ).stdout.decode().strip()


def twins(tap, server, sync):
    """A tool that knows little of git commits one name twice."""
    put(sync, "foreign", "one\n")
    blob = sync.git("hash-object", "-w", os.path.join(
        sync.store, "foreign")).out.strip()
    os.unlink(os.path.join(sync.store, "foreign"))
    other = sync.git("rev-parse", "HEAD:docs/5/index.md").out.strip()
    for name, more in (
            ("a file", [("100644", "b", blob), ("100644", "b", other)]),
            ("a file and a folder", [("100644", "5", blob)])):
        docs = tree_of(sync, "docs", *more)
        path = "docs/" + more[0][1]
        index = subprocess.run(
            ["git", "-C", sync.store, "ls-tree", "HEAD"], check=True,
            stdout=subprocess.PIPE).stdout.decode()
        tree = subprocess.run(
            ["git", "-C", sync.store, "mktree"], check=True, input=re.sub(
                r"tree \S+\tdocs\n", "tree %s\tdocs\n" % docs,
                index).encode(), stdout=subprocess.PIPE).stdout.decode()
        commit = sync.git(*PERSON, "commit-tree", "-p", "HEAD", "-m", "Twins",
                          tree.strip()).out.strip()
        sync.git("update-ref", "refs/heads/main", commit)
        done = sync.once()
        tap.same((done.code, sync.head()), (0, commit), name + " twice: a pass "
                 "that changes nothing has nothing against it")
        server.side("edit", {"id": 6, "set": {"subject": "Beside " + name}})
        done = sync.once()
        way_out = "git rm -rf --cached --ignore-unmatch '%s'" % path
        tap.ok(done.code == 74 and "commit %s: '%s' is in it twice" % (
            commit, path) in done.err and way_out in done.err,
               name + " twice: refused, with commit, path and way out", done)
        tap.same(sync.head(), commit, name + " twice: no commit")
        sync.run("sh", "-c", "cd '%s' && %s && git %s commit -qm x" % (
            sync.store, way_out, " ".join(PERSON)))
        done = sync.once()
        tap.ok(done.code == 0 and "Beside " + name in
               get(sync, "docs/6/index.md"), name + " twice: put right", done)
        whole(tap, sync, name + " twice", ("notes.md", "staged\n"))
        tap.same([f for f in sync.git("status", "--porcelain").out.split("\n")
                  if f[3:].startswith("docs/")], [],
                 name + " twice: in the work tree, too")


def main():
    tap = Tap()
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1]", mapping=WITH_FILES) as sync:
        sync.once()
        edits(tap, server, sync)
        staged(tap, server, sync)
        staged_alone(tap, server, sync)
        commits(tap, server, sync)
        history(tap, server, sync)
        same_content(tap, server, sync)
        elsewhere(tap, server, sync)
        bare(tap, sync)
        lost_head(tap, server, sync)
        locks(tap, server, sync)
        running(tap, server, sync)
        away(tap, server, sync)
        twins(tap, server, sync)
        blocked(tap, server, sync)
        read_only(tap, server, sync)
    unknown_head(tap)
    set_back(tap)
    adopted(tap)
    letter_case(tap)
    attributes(tap)
    attributes_in_a_pipe(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
