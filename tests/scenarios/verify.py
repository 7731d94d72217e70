#!/usr/bin/python3
"""opsync verify finds each damage: a byte in an object, a pack, an index, a
ref, the state, a file; files and rows that are gone.  --repair mends it."""
import glob
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time

from faulty import Case, figure, size
from harness import WITH_FILES, StandIn, Sync, Tap, until

WORLD = ("--generate", "12", "--attachments", "12",
         "--attachment-size", "3000")


def flip(path, at):
    os.chmod(path, 0o644)
    with open(path, "r+b") as f:
        size = os.path.getsize(path)
        at = int(size * at) if at < 1 else at
        f.seek(at)
        byte = f.read(1)
        f.seek(at)
        f.write(bytes([byte[0] ^ 0x55]))


def loose_of(sync, what):
    oid = sync.git("rev-parse", what).out.strip()
    return os.path.join(sync.store, ".git/objects", oid[:2], oid[2:])


def packs(sync, tail):
    return glob.glob(os.path.join(sync.store, ".git/objects/pack/*." + tail))


def sql(sync, *statements):
    with sqlite3.connect(sync.state_file) as db:
        for statement in statements:
            db.execute(statement)
    db.close()


def blob(sync):
    flip(loose_of(sync, "HEAD:docs/3/index.md"), 0.6)


def attachment(sync):
    path = [p for p in sync.tree() if p.startswith("docs/4/") and
            not p.endswith(".md")][0]
    flip(loose_of(sync, "HEAD:" + path), 0.5)


def cut(sync, what):
    path = loose_of(sync, what)
    os.chmod(path, 0o644)
    os.truncate(path, os.path.getsize(path) - 20)


def cut_blob(sync):
    cut(sync, "HEAD:docs/3/index.md")


def cut_tree(sync):
    cut(sync, "HEAD:docs")


def cut_commit(sync):
    cut(sync, "HEAD")


def missing_blob(sync):
    os.unlink(loose_of(sync, "HEAD:docs/5/index.md"))


def tree(sync):
    flip(loose_of(sync, "HEAD:docs"), 0.5)


def head_commit(sync):
    flip(loose_of(sync, "HEAD"), 0.7)


def pack(sync):
    flip(packs(sync, "pack")[0], 0.5)


def index(sync):
    flip(packs(sync, "idx")[0], 0.7)


def missing_index(sync):
    os.unlink(packs(sync, "idx")[0])


def ref(sync):
    flip(os.path.join(sync.store, ".git/refs/heads/main"), 4)


def missing_ref(sync):
    os.unlink(os.path.join(sync.store, ".git/refs/heads/main"))


def state(sync):
    with open(sync.state_file, "r+b") as f:
        size = os.path.getsize(sync.state_file)
        for at in range(8192, size, 4096):
            f.seek(at)
            f.write(b"\xff" * 32)


def work_tree(sync):
    path = os.path.join(sync.store, "docs/6/index.md")
    stat = os.stat(path)
    flip(path, 0.5)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def missing_file(sync):
    os.unlink(os.path.join(sync.store, "docs/7/index.md"))


def document_rows(sync):
    sql(sync, "DELETE FROM document WHERE work_package = 8")


def file_rows(sync):
    sql(sync, "DELETE FROM file WHERE work_package = 9")


def work_package_row(sync):
    sql(sync, "DELETE FROM work_package WHERE id = 10")


def attachment_rows(sync):
    sql(sync, "DELETE FROM attachment")


def all_rows(sync):
    sql(sync, "DELETE FROM document", "DELETE FROM file")


def other_oid(sync):
    sql(sync, "UPDATE file SET oid = '1111111111111111111111111111111111111111'"
        " WHERE path = 'docs/11/index.md'")


def other_digest(sync):
    sql(sync, "UPDATE attachment SET digest = replace(digest, 'a', 'b')")


def picture(sync):
    sql(sync, "UPDATE attachment SET width = 7 WHERE id = 3")


def extra_claim(sync):
    """That no document makes, of a work package that has one."""
    sql(sync, "INSERT INTO unique_value VALUES ('a', 3, 'none', 0)")


def cursor(sync):
    sql(sync, "UPDATE value SET value = '2065' || substr(value, 5)"
        " WHERE key = 'cursor'")


def low(sync):
    sql(sync, "UPDATE value SET value = '2065' || substr(value, 5)"
        " WHERE key = 'low'")


LOOSE = (blob, cut_blob, cut_tree, cut_commit, attachment, missing_blob, tree, head_commit, ref, missing_ref,
         state, work_tree, missing_file, document_rows, file_rows,
         work_package_row, attachment_rows, all_rows, other_oid, other_digest, picture, extra_claim, cursor, low)
PACKED = (pack, index, missing_index)


def check(tap, sync, damage):
    name = damage.__name__.replace("_", " ")
    wanted = sync.tree()
    commits = sync.commits()
    damage(sync)
    done = sync.opsync("verify")
    tap.ok(done.code == 3 and "finding" in done.err or
           done.code == 0 and ("it is made again" in done.err or
                               "it is back at commit" in done.err),
           name + ": found", done)
    done = sync.opsync("verify", "--repair")
    tap.ok(done.code == 0 and "as it should be" in done.out,
           name + ": repaired", done)
    tap.tree(sync.tree(), wanted, name + ": as it was")
    tap.same(sync.flaws(), [], name + ": without a flaw")
    tap.ok(sync.commits() <= commits + 1 or damage in (cut_commit, head_commit),
           name + ": nothing is lost of the history")


def index_of_state(sync):
    """A row that its table has, and its index has not."""
    with sqlite3.connect(sync.state_file) as db:
        index = db.execute("SELECT * FROM sqlite_master WHERE name ="
                           " 'event_run'").fetchone()
    for statement, values in (
            ("DELETE FROM sqlite_master WHERE name = 'event_run'", ()),
            ("INSERT INTO event (run, at, level, work_package)"
             " VALUES (1, 1, 1, 0)", ()),
            ("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", index)):
        with sqlite3.connect(sync.state_file) as db:
            db.execute("PRAGMA writable_schema = ON")
            db.execute(statement, values)
        db.close()


def as_json(tap, sync):
    missing_file(sync)
    found = sync.opsync("--json", "verify")
    tap.ok(found.code == 3 and all("finding" in f for f in found.json()) and
           "docs/7/index.md" in [f["path"] for f in found.json()],
           "each finding is an object with --json", found)
    sync.opsync("verify", "--repair")
    done = sync.opsync("--json", "verify")
    tap.same((done.code, done.out), (0, ""), "and nothing is nothing")


def state_indexes(tap, sync):
    """They are made again, and nothing of the state is lost."""
    runs = sync.opsync("runs", "--json").json()
    check(tap, sync, index_of_state)
    done = sync.opsync("verify")
    tap.same((done.code, done.out), (0, "all is as it should be\n"),
             "and stays so")
    tap.ok(runs[0] in sync.opsync("runs", "--json").json(),
           "what else the state has stays")


def all_objects(sync):
    said = sync.git("rev-list", "--objects", "--all", "--no-object-names").out
    return set(said.split())


def entries(sync):
    """Where each object is in the pack, and those that have to do with
    differences."""
    idx, = packs(sync, "idx")
    at, differences = {}, set()
    for line in sync.git("verify-pack", "-v", idx).out.splitlines():
        words = line.split()
        if len(words) >= 5 and words[1] in ("commit", "tree", "blob"):
            at[words[0]] = int(words[4])
            differences.update(words[:1] + words[6:] if words[6:] else [])
    return at, differences


def behind(tap, sync):
    """A pack is read on behind an object that cannot be inflated: what is in
    the history, or on a person's branch, is nowhere else."""
    note = os.path.join(sync.folder, "note")
    with open(note, "wb") as f:
        f.write(os.urandom(3 << 20))
    blob = sync.git("hash-object", "-w", note).out.strip()
    tree = sync.run("sh", "-c", "printf '100644 blob %s\\tnote\\n' | "
                    "git -C %s mktree" % (blob, sync.store)).out.strip()
    commit = sync.git("-c", "user.name=Ida", "-c", "user.email=ida@example.org",
                      "commit-tree", "-m", "A note", tree).out.strip()
    sync.git("branch", "ida", commit)
    sync.git("gc", "-q", "--prune=now")
    before = all_objects(sync)
    at, differences = entries(sync)
    ours = set(sync.git("ls-tree", "-r", "--format=%(objectname)",
                        "HEAD").out.split()) - differences
    first = min(ours, key=lambda oid: at[oid])
    tap.ok(blob in at and sum(at[o] > at[first] for o in at) > 10,
           "objects are behind the first content")

    def first_content(sync):
        flip(packs(sync, "pack")[0], at[first] + 3)
    check(tap, sync, first_content)
    tap.same(before - all_objects(sync), set(), "all others are still there")
    sync.git("cat-file", "blob", blob)


def odd(tap, sync):
    """What git fsck complains of may be read all the same: an old tree of a
    person's, and an object that is found at another's place, too."""
    note = sync.write("note", "a note\n")
    blob = sync.git("hash-object", "-w", note).out.strip()
    tree = os.path.join(sync.folder, "tree")
    with open(tree, "wb") as f:
        f.write(b"0100644 note\0" + bytes.fromhex(blob))
    tree = sync.git("hash-object", "-w", "-t", "tree", "--literally",
                    tree).out.strip()
    commit = sync.git("-c", "user.name=Ida", "-c", "user.email=ida@example.org",
                      "commit-tree", "-m", "An odd tree", tree).out.strip()
    sync.git("branch", "odd", commit)
    twice = sync.git("hash-object", "-w", sync.write("note", "twice\n")).out.strip()
    other = os.path.join(sync.store, ".git/objects/11", "1" * 38)
    os.makedirs(os.path.dirname(other), exist_ok=True)
    shutil.copy(loose_of(sync, twice), other)
    sync.opsync("verify", "--repair")
    kinds = [sync.git("cat-file", "-t", oid).out.strip()
             for oid in (commit, tree, blob, twice)]
    tap.same(kinds, ["commit", "tree", "blob", "blob"],
             "what is odd, but can be read, stays")
    sync.git("branch", "-D", "odd")
    shutil.rmtree(os.path.join(sync.store, ".git/opsync/damaged"))
    sync.git("gc", "-q", "--prune=now")


def person(sync, name):
    """A commit of a person's on the branch, which no pass has seen."""
    sync.write("content/" + name, "theirs\n")
    sync.git("add", name)
    sync.git("-c", "user.name=Ida", "-c", "user.email=ida@example.org",
             "commit", "-q", "-m", "Theirs", "--", name)


def newest_pack(sync, tail):
    before = set(packs(sync, tail))
    sync.git("repack", "-q", "-d")
    new, = set(packs(sync, tail)) - before
    return new


def unseen(tap, sync):
    """What can be read is not gone back behind: of a pack with a damaged
    index, of one that is damaged elsewhere, by the reflog."""
    def damaged_index():
        flip(newest_pack(sync, "idx"), 0.7)

    def wrong_end():
        with open(newest_pack(sync, "pack"), "ab") as f:
            f.write(b"more")

    def wrong_head():
        flip(newest_pack(sync, "pack"), 2)

    def cut_ref():
        sync.write("content/.git/refs/heads/main", sync.head()[:20])

    for damage in (damaged_index, wrong_end, wrong_head, cut_ref):
        name = damage.__name__.replace("_", " ")
        person(sync, damage.__name__)
        for pack in packs(sync, "pack"):
            os.chmod(pack, 0o644)
        head = sync.head()
        damage()
        done = sync.once()
        tap.ok(done.code == 0 and "warning" in done.err,
               name + ": a pass goes on, and says so", done)
        tap.ok(sync.git("merge-base", "--is-ancestor", head, "HEAD").code == 0,
               name + ": with what a person committed")
        done = sync.opsync("verify", "--repair")
        tap.ok(done.code == 0, name + ": all is well", done)


def index_file(tap, sync):
    """Git's index is made again: with what a person has committed, too."""
    path = os.path.join(sync.store, ".git/index")

    def folder():
        os.unlink(path)
        os.mkdir(path)

    def cut():
        os.truncate(path, 300)

    person(sync, "staged")
    for damage in (lambda: flip(path, 0.5), cut, folder,
                   lambda: os.unlink(path)):
        damage()
        done = sync.once()
        tap.ok(done.code == 0 and "it is made again from the branch" in
               done.err, "an index is made again", done)
        tap.same(sync.flaws(), [], "without a flaw")


def packed_refs(tap, sync):
    """Of packed refs that are damaged, those that can be read stay."""
    path = os.path.join(sync.store, ".git/packed-refs")
    head = sync.head()
    sync.git("-c", "user.name=Ida", "-c", "user.email=ida@example.org",
             "tag", "-a", "-m", "A tag", "before")
    for name in ("early", "zlate"):
        sync.git("branch", name, head)

    def cut():
        os.truncate(path, os.path.getsize(path) - 3)

    def garble():
        with open(path, "ab") as f:
            f.write(b"\xff\0\n\n what\n")

    def folder():
        os.unlink(path)
        os.mkdir(path)

    for damage, kept in ((garble, 3), (cut, 3), (folder, 0)):
        sync.git("pack-refs", "--all")
        damage()
        done = sync.once()
        tap.ok(done.code == 0 and "packed-refs was damaged" in done.err,
               "packed refs: " + damage.__name__, done)
        known = sync.git("for-each-ref", "--format=%(refname:short)",
                         "refs/heads/early", "refs/heads/main",
                         "refs/tags/before").out.split()
        tap.ok(sync.head() == head and len(known) == (kept or 1),
               "those that can be read are there", known)
        done = sync.opsync("verify")
        tap.same((done.code, sync.flaws()), (0, []), "all is well")


def trees(tap, sync):
    """Trees that are lost are made again from the index: also what a person
    committed stays, and the branch goes not back."""
    person(sync, "docs/beside")
    sync.run("sh", "-c", "cd %s/.git/objects && mv pack/*.pack .. && for p in"
             " ../*.pack; do git unpack-objects -q < $p; done; rm -f pack/*"
             " ../*.pack" % sync.store)
    head = sync.head()
    files = [loose_of(sync, "HEAD:" + p) for p in ("", "docs", "docs/3")]
    for path in files:
        flip(path, 0.5)
    done = sync.once()
    tap.ok(done.code == 0 and "made again from the index" in done.err,
           "trees are made again", done)
    tap.same((sync.head(), sync.flaws()), (head, []), "of the same commit")
    os.unlink(files[0])
    os.unlink(files[1])
    sync.once()
    tap.same((sync.head(), sync.flaws()), (head, []), "also those that are gone")


def torn(tap, sync):
    """A loose object that is cut off is not read again where it was put."""
    oid = sync.git("hash-object", "-w", sync.write(
        "note", "".join("%d\n" % i for i in range(999)))).out.strip()
    path = loose_of(sync, oid)
    os.chmod(path, 0o644)
    os.truncate(path, os.path.getsize(path) - 20)
    done = sync.opsync("verify", "--repair")
    tap.ok(done.code == 0, "an object that is cut off", done)


def pruned(tap, sync):
    """What is pruned later does not come again out of what was put aside."""
    note = sync.write("note", "not for the public\n")
    blob = sync.git("hash-object", "-w", note).out.strip()
    sync.git("tag", "note", blob)
    sync.git("repack", "-q", "-a", "-d")
    os.chmod(packs(sync, "pack")[0], 0o644)
    with open(packs(sync, "pack")[0], "ab") as f:
        f.write(b"more")
    done = sync.opsync("verify", "--repair")
    tap.ok(done.code == 0 and sync.git("cat-file", "-e", blob).code == 0,
           "what a damaged pack holds is saved", done)
    sync.git("tag", "-d", "note")
    sync.git("gc", "-q", "--prune=now")
    person(sync, "once-more")
    flip(newest_pack(sync, "idx"), 0.7)
    sync.opsync("verify", "--repair")
    tap.ok(sync.git("cat-file", "-e", blob).code != 0,
           "and not once more when it was pruned")


def put_aside(tap):
    """All is in one pack, which is damaged; who put it aside was killed behind
    each of its files."""
    for n, name in enumerate(("nothing", "the index", "all of it")):
        with StandIn(*WORLD) as server, Sync(
                server.url, projects="[demo-1]", mapping=WITH_FILES) as sync:
            sync.once()
            wanted = sync.tree()
            sync.git("gc", "-q")
            for path in packs(sync, "rev"):
                os.unlink(path)
            stem = packs(sync, "pack")[0][:-5]
            flip(stem + ".pack", 4)
            flip(stem + ".pack", 0.6)
            to = os.path.join(sync.store, ".git/opsync/damaged/unread/pack")
            os.makedirs(to)
            for tail in (".idx", ".pack")[:n]:
                shutil.move(stem + tail, to)
            done = sync.once()
            tap.ok(done.code == 0 and sync.tree() == wanted,
                   "killed when it had put aside %s: it goes on" % name, done)
            tap.same(sync.opsync("verify").code, 0, "and all is well")
            tap.same(sync.flaws(), [], "and clean")


def start_slow(sync, command):
    """A daemon that waits in the git command that the file slow names."""
    path = sync.env["PATH"]
    sync.write("slow", command)
    sync.env["PATH"] = os.path.join(sync.folder, "bin") + ":" + path
    sync.start()
    sync.env["PATH"] = path


def repair_slow(sync):
    return subprocess.Popen(
        [sync.CLIENT, "-c", sync.config, "verify", "--repair"],
        env=sync.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def unread(tap, sync):
    """What a repair had put aside when the daemon ended is read at the next
    start, also where the branch needs nothing of it."""
    sync.git("gc", "-q", "--prune=now")
    note = sync.git("hash-object", "-w", sync.write("note", "unread\n")).out.strip()
    sync.git("tag", "unread", note)
    pack = newest_pack(sync, "pack")
    os.chmod(pack, 0o644)
    with open(pack, "ab") as f:
        f.write(b"more")
    met = os.path.join(sync.folder, "met")
    os.unlink(met)
    start_slow(sync, "unpack-objects")
    with repair_slow(sync):
        until(lambda: os.path.exists(met))
        tap.same(sync.stop(timeout=10), 0, "a repair ends with its daemon")
    tap.ok(sync.git("cat-file", "-e", note).code != 0 and
           not os.path.exists(pack), "a pack was put aside")
    sync.once()
    tap.same(sync.git("cat-file", "-e", note).code, 0,
             "and is read at the next start")
    tap.same((sync.git("fsck", "--full").code, sync.flaws()), (0, []),
             "nothing is missing")


def ended(tap, sync):
    """One that takes long is ended by whoever asks for that."""
    os.mkdir(os.path.join(sync.folder, "bin"))
    sync.write("bin/git", "#!/bin/sh\ncase $* in *$(cat %s/slow)*) touch %s/met"
               "; sleep 60; esac\nexec %s \"$@\"\n" % (
                   sync.folder, sync.folder, shutil.which("git")), 0o755)
    start_slow(sync, "fsck")

    def running():
        return sync.opsync("--json", "status").json()[0]["daemon"]["running"]

    def repair():
        return repair_slow(sync)
    for order in "cancel", "pause":
        with repair() as process:
            at = until(running)
            tap.ok(at and at["elapsed"] < 30, "how long it takes is told", at)
            began = time.monotonic()
            done = sync.opsync(order)
            out, err = process.communicate(timeout=70)
            tap.ok(done.code == 0 and process.returncode == 75 and
                   b"stopped" in err and time.monotonic() < began + 20 and
                   not out and until(lambda: not running()),
                   "%s ends it" % order, (done, out, err))
    tap.same(sync.opsync("resume").code, 0, "a pause is over")
    tap.same(sync.opsync("resync", "--wait").code, 0, "and all goes on")
    sync.git("gc", "-q", "--prune=now")
    flip(packs(sync, "pack")[0], 0.5)
    sync.write("slow", "unpack-objects")
    os.unlink(os.path.join(sync.folder, "met"))
    with repair() as process:
        until(lambda: os.path.exists(os.path.join(sync.folder, "met")))
        sync.opsync("cancel")
        tap.same(process.wait(20), 75, "amid a repair, too")
    tap.ok("of what was put aside could be read" in sync.said(),
           "what can be saved is saved first", sync.said())
    tap.same((sync.opsync("verify", "--repair").code,
              sync.opsync("verify").code), (0, 0), "the next one mends it")
    sync.write("slow", "fsck")
    with subprocess.Popen([sync.CLIENT, "-c", sync.config, "verify"],
                          env=sync.env, stderr=subprocess.PIPE):
        until(running)
        tap.same(sync.stop(timeout=10), 0, "the end of the daemon, too")


def from_remote(tap):
    """What only the past holds comes again from where it was pushed."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1]", mapping=WITH_FILES) as sync:
        remote = os.path.join(sync.folder, "remote.git")
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", remote],
                       check=True)
        sync.push_to(remote)
        sync.once()
        server.side("edit", {"id": 5, "set": {"subject": "Newer"}})
        sync.once()
        os.unlink(loose_of(sync, "HEAD~1:docs/5/index.md"))
        done = sync.opsync("verify")
        tap.ok(done.code == 3 and "missing blob" in done.out,
               "what is lost of the past is found", done)
        done = sync.opsync("verify", "--repair")
        tap.ok(done.code == 0 and sync.flaws() == [],
               "and comes again from the remote", done)


def sparse(tap, server):
    """A person has git leave most files out of the work tree."""
    for how in ("--cone", "--no-cone"):
        with Sync(server.url, projects="[demo-1]",
                  mapping=WITH_FILES) as sync:
            sync.once()
            sync.git("sparse-checkout", "set", how, "docs/1")
            head = sync.head()
            for args in ((), ("--full",)):
                done = sync.once(*args)
                tap.ok(done.code == 0 and "restored" not in done.err and
                       os.listdir(os.path.join(sync.store, "docs")) == ["1"],
                       how + ": they stay out", done)
            done = sync.opsync("verify")
            tap.ok(done.code == 0 and sync.head() == head,
                   how + ": nothing is found", done)
            server.side("edit", {"id": 4, "set": {"subject": how}})
            sync.once()
            done = sync.opsync("verify")
            tap.ok(done.code == 0 and sync.head() != head,
                   how + ": nor when one was changed", done)
            tap.same(sync.flaws(), [], how + ": and git has it so")
            os.unlink(os.path.join(sync.store, "docs/1/index.md"))
            done = sync.opsync("verify")
            tap.ok(done.code == 3 and "docs/1/index.md" in done.out,
                   how + ": what is not left out is missed", done)


def any_bit(tap, server):
    """One bit anywhere: what has a checksum is found to be wrong, and of the
    rest nothing comes that a repair would not end."""
    dice = random.Random(7)
    bad, n = [], size(3, 100)
    with Case(server.url, projects="[demo-1]", mapping=WITH_FILES) as sync:
        sync.once()
        server.side("edit", {"id": 1, "set": {"subject": "Third"}})
        sync.once()
        sync.git("gc", "-q", "--prune=now")
        server.side("edit", {"id": 2, "set": {"subject": "Fourth"}})
        sync.once()
        sync.keep()
        wanted, head = sync.tree(), sync.head()
        for path in n * (packs(sync, "pack") + packs(sync, "idx") + [
                sync.store + "/.git/refs/heads/main", sync.state_file]):
            sync.put_back()
            at, bit = dice.randrange(os.path.getsize(path)), dice.randrange(8)
            os.chmod(path, 0o644)
            with open(path, "r+b") as f:
                f.seek(at)
                byte = f.read(1)[0]
                f.seek(at)
                f.write(bytes([byte ^ 1 << bit]))
            done = sync.opsync("verify")
            found = done.code == 3 or "it is made again" in done.err
            codes = [sync.opsync("verify", *args).code
                     for args in (("--repair",), ())]
            if codes != [0, 0] or sync.tree() != wanted or sync.flaws() or (
                    "/pack/" in path and not found) or sync.git(
                        "merge-base", "--is-ancestor", head, "HEAD").code:
                bad.append("%s, byte %d, bit %d" % (path, at, bit))
        tap.ok(not bad, "%d bits of packs, indexes, refs and the state" % (
            4 * n), "\n".join(bad))
    figure(4 * n, "bits turned in a store")


def orphans(tap, server, sync):
    """Of what the rows are lost, and the server shows no more, the history
    knows that it is ours: that is told, and it stays; a person's is not."""
    mine = [p for p in sync.tree() if p.startswith("docs/12/")]
    server.side("delete", {"id": 12})
    sql(sync, "DELETE FROM document WHERE work_package = 12",
        "DELETE FROM file WHERE work_package = 12",
        "DELETE FROM attachment WHERE work_package = 12",
        "DELETE FROM work_package WHERE id = 12")
    head = sync.head()
    for args in (), ("--repair",):
        done = sync.opsync("verify", *args)
        tap.ok(done.code == 3 and len(mine) == 2 and
               all("branch: %s: no document has it" % p in done.out
                   for p in mine) and "docs/beside" not in done.out,
               "%s files of ours that nobody has are told" % " ".join(args),
               done)
    tap.same(sync.head(), head, "and stay")
    one, other = sorted(mine)
    sync.write("content/" + one, "theirs\n")
    sync.git("rm", "-q", other)
    sync.git("-c", "user.name=Ida", "-c", "user.email=ida@example.org",
             "commit", "-q", "-a", "-m", "Theirs")
    done = sync.opsync("verify")
    tap.same((done.code, done.out), (0, "all is as it should be\n"),
             "until a person removes them, or makes them theirs")


def main():
    tap = Tap()
    with StandIn(*WORLD) as server:
        with Sync(server.url, projects="[demo-1]", mapping=WITH_FILES) as sync:
            sync.once()
            server.side("edit", {"id": 1, "set": {"subject": "Second"}})
            sync.once()
            done = sync.opsync("verify")
            tap.ok(done.code == 0 and done.out == "all is as it should be\n",
                   "nothing is found where nothing is wrong", done)
            head = sync.head()
            server.side("edit", {"id": 2, "set": {"subject": "Unseen"}})
            done = sync.opsync("verify")
            tap.ok(done.code == 3 and "work package 2" in done.out and
                   "server" in done.out and sync.head() == head,
                   "what the server has and the store not", done)
            run = sync.opsync("runs", "--json").json()[0]
            tap.same((run["changed"], run["commit"]), (0, None),
                     "its run changed nothing")
            sync.once()
            for damage in LOOSE:
                check(tap, sync, damage)
            as_json(tap, sync)
            state_indexes(tap, sync)
            for damage in PACKED:
                sync.git("gc", "-q", "--prune=now")
                check(tap, sync, damage)
            behind(tap, sync)
            odd(tap, sync)
            unseen(tap, sync)
            pruned(tap, sync)
            index_file(tap, sync)
            packed_refs(tap, sync)
            trees(tap, sync)
            torn(tap, sync)
            sync.start()
            done = sync.opsync("verify")
            tap.same((done.code, done.out), (0, "all is as it should be\n"),
                     "a running daemon does it, too")
            check(tap, sync, work_tree)
            server.side("edit", {"id": 3, "set": {"subject": "Loose"}})
            sync.opsync("resync", "--wait")
            check(tap, sync, blob)
            found = sync.opsync("--json", "verify").json()
            tap.same(found, [], "nothing is left")
            tap.same(sync.stop(), 0, "it ends well")
            orphans(tap, server, sync)
            ended(tap, sync)
            unread(tap, sync)
        any_bit(tap, server)
        sparse(tap, server)
    put_aside(tap)
    from_remote(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
