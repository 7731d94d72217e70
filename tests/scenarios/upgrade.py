"""Upgrades, backups, erasure: a state of each earlier schema is taken over
without a commit; that of a newer program is refused; what is written has a
number; config and repository are all that has to be saved; a history that was
rewritten goes on."""
import contextlib
import difflib
import os
import re
import shutil
import sqlite3
import subprocess
import sys

from harness import ROOT, StandIn, Sync, Tap, plain, read

FIXTURE = "tests/fixtures/state/1.sql"
RENDERING = "tests/fixtures/rendering/"


def migrations():
    """The statements of store/state.c, an item a version."""
    text = read("store/state.c").decode()
    text = text.split("migrations[] = {", 1)[1].split("\n};", 1)[0]
    items, item = [], ""
    for literal, comma in re.findall(
            r'/\*.*?\*/|"((?:[^"\\]|\\.)*)"|(,)', text, re.S):
        if comma:
            items.append(item)
            item = ""
        else:
            item += literal.replace('\\"', '"')
    return [i for i in [*items, item] if i]


def opened(path):
    """Closed at the end; each statement counts at once."""
    return contextlib.closing(sqlite3.connect(path, isolation_level=None))


def schema(path):
    with opened(path) as db:
        return (db.execute("PRAGMA user_version").fetchone()[0],
                sorted(row[0] for row in db.execute(
                    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")))


def drop(path):
    for end in ("", "-wal", "-shm"):
        if os.path.exists(path + end):
            os.unlink(path + end)


def earlier(path, version):
    """The rows of a state, as far as an earlier schema has a place."""
    old = path + ".old"
    drop(old)
    with opened(old) as db:
        db.create_function("plain", 1, plain)
        for sql in migrations()[:version]:
            db.executescript(sql)
        db.execute("ATTACH ? AS now", (path,))
        for (table,) in db.execute("SELECT name FROM main.sqlite_master WHERE "
                                   "type = 'table' AND name NOT LIKE "
                                   "'sqlite%'").fetchall():
            columns = ", ".join('"%s"' % row[1] for row in db.execute(
                'PRAGMA main.table_info("%s")' % table))
            values = re.sub('"(source|attachments|comments)"', r'plain("\1")',
                            columns).replace('"sha256"', "'gone since'")
            db.execute('INSERT INTO main."%s" (%s) SELECT %s FROM now."%s"' % (
                table, columns, values, table))
        db.execute("PRAGMA user_version = %d" % version)
    drop(path)
    os.rename(old, path)


def counts(sync):
    return sync.opsync("--json", "status").json()[0]["counts"]


def from_each(tap, sync):
    last = len(migrations())
    fresh = schema(sync.state_file)
    tap.same(fresh[0], last, "the program's schema is the last one")
    known, head = counts(sync), sync.head()
    for version in range(1, last):
        earlier(sync.state_file, version)
        done = sync.once()
        tap.ok(done.code == 0 and sync.head() == head,
               "from schema %d: nothing to be done" % version, done)
        tap.same(schema(sync.state_file), fresh,
                 "from schema %d: the schema is ours" % version)
        tap.same(counts(sync), known, "from schema %d: all is known" % version)
    tap.same(sync.flaws(), [], "the repository is whole")


def from_the_first(tap, sync):
    """A state that the first version itself has written, of a real sync."""
    drop(sync.state_file)
    with opened(sync.state_file) as db:
        db.executescript(read(FIXTURE).decode())
    told = sync.opsync("--json", "log")
    tap.ok(told.code == 78 and "older opsync: start opsyncd anew" in told.err,
           "what reads it says what to do, also beside a daemon", told)
    head = sync.head()
    done = sync.once()
    tap.ok(done.code == 0 and sync.head() == head,
           "the first version's state: nothing to be done", done)
    runs = sync.opsync("--json", "runs").json()
    tap.ok(runs and runs[-1]["run"] == 1 and runs[-1]["added"] == 5,
           "its runs are still told", runs)


def newer(tap, sync):
    with opened(sync.state_file) as db:
        db.execute("PRAGMA user_version = %d" % (len(migrations()) + 1))
    with open(sync.state_file, "rb") as f:
        before = f.read()
    for done in (sync.once(), sync.opsync("status")):
        tap.ok(done.code == 78 and "newer opsync" in done.err,
               "a newer state is refused", done)
    with open(sync.state_file, "rb") as f:
        tap.ok(f.read() == before, "and stays as it is")


def moved(tap, sync):
    """A backup of configuration and repository, on another machine."""
    tree, head = sync.tree(), sync.head()
    with sync.sibling() as other:
        subprocess.run(["git", "clone", "-q", sync.store, other.store],
                       check=True)
        shutil.copy(os.path.join(sync.folder, "token"), other.folder)
        done = other.once()
        tap.ok(done.code == 0 and other.head() == head,
               "a clone elsewhere: nothing to be done", done)
        tap.tree(other.tree(), tree, "and all is there")
        tap.same(counts(other)["documents"], 5, "and known again")


def holding(sync, text):
    """Files of ours in the git folder that have a text."""
    folder = os.path.dirname(sync.state_file)
    return sorted(os.path.relpath(os.path.join(at, name), folder)
                  for at, _, names in os.walk(folder) for name in names
                  if text in read(os.path.join(at, name)))


def erased(tap, sync, server):
    """What the manual says: stop, rewrite, throw away, start."""
    long = " ".join("A secret. %d" % (n * n) for n in range(5000))
    server.side("edit", {"id": 3, "set": {"description": long}})
    tap.same(sync.once().code, 0, "a secret is published")
    server.side("edit", {"id": 3, "set": {"description": "Harmless."}})
    tap.same(sync.once().code, 0, "and taken back")
    path = [p for p, text in sync.tree().items() if b"Harmless." in text][0]
    wanted = sync.tree()
    aside = os.path.join(os.path.dirname(sync.state_file), "damaged/1")
    os.makedirs(aside)
    with open(aside + "/pack", "w") as f:
        f.write("A secret.")
    tap.same(holding(sync, b"A secret."), ["damaged/1/pack", "state.db"],
             "the state still has it")
    script = read("docs/configuration.md").decode().split(
        "## Backup", 1)[1].split("```sh\n")[-1].split("```")[0]
    done = subprocess.run(
        ["sh", "-eu", "-c", script.replace("PATH/OF/THE/DOCUMENT", path)],
        cwd=sync.store, env=sync.env, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False)
    tap.same(done.returncode, 0, "the history is rewritten")
    objects = subprocess.run(
        ["git", "-C", sync.store, "cat-file", "--batch-all-objects",
         "--batch"], stdout=subprocess.PIPE, check=False).stdout
    tap.ok(b"A secret." not in objects, "the secret is gone",
           done.stdout.decode())
    tap.same(holding(sync, b"A secret."), [], "also beside the history")
    done = sync.once("--full")
    tap.ok(done.code == 0, "and the daemon goes on", done)
    tap.same(holding(sync, b"A secret."), [], "without it")
    tap.tree(sync.tree(), wanted, "with the same documents")
    server.side("edit", {"id": 3, "set": {"description": "Next."}})
    done = sync.once()
    tap.ok(done.code == 0 and b"Next." in sync.tree()[path],
           "and new ones", done)
    tap.same(sync.flaws(), [], "the repository is whole")


def rendered():
    """The documents of mapping.yaml, and the names of their files."""
    body = {"format": "markdown", "raw": read(RENDERING + "body.md").decode(),
            "html": read(RENDERING + "body.html").decode()}
    mapping = read(RENDERING + "mapping.yaml").decode()
    with StandIn() as server, Sync(server.url, mapping=mapping) as sync:
        server.side("edit", {
            "id": 500, "updatedAt": "2026-12-01T08:00:00.123456Z",
            "set": {"subject": "Größe: *a* \"b\" ガンマ, and more words",
                    "project": 1, "type": 15, "description": body}})
        for ident, name in ((9001, "pic.png"), (9002, "pic \u202egnp.aux")):
            server.side("attach", {"id": ident, "work_package": 500,
                                   "file_name": name, "content": name,
                                   "silent": True})
        sync.once()
        return "".join(
            "=== %s\n%s" % (path, "" if "pic" in path else text.decode())
            for path, text in sorted(sync.tree().items())
            if path.startswith("rendered/"))


def numbered(tap):
    """Only another number has documents written again that nobody edits."""
    number = re.search(rb'#define RENDERING "(\d+)"',
                       read("content/mapping_hash.c")).group(1).decode()
    known = [n for n in os.listdir(os.path.join(ROOT, RENDERING))
             if n.endswith(".txt")]
    tap.same(known, [number + ".txt"], "what is written has a number")
    why = "\n".join(difflib.unified_diff(
        read(RENDERING + known[0]).decode().split("\n"),
        rendered().split("\n"), lineterm=""))
    tap.ok(not why, "and another when it is another: RENDERING is raised, and "
           "upgrade.py --rendered >%sNUMBER.txt" % RENDERING, why)


def main():
    if "--rendered" in sys.argv:
        sys.stdout.write(rendered())
        return 0
    tap = Tap()
    numbered(tap)
    with StandIn() as server, Sync(server.url) as sync:
        tap.same(sync.once().code, 0, "a sync")
        from_each(tap, sync)
        moved(tap, sync)
        erased(tap, sync, server)
        newer(tap, sync)
    with StandIn() as server, Sync(server.url) as sync:
        sync.once()
        from_the_first(tap, sync)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
