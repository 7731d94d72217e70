#!/usr/bin/python3
"""A bit of a row in the state is another, which SQLite does not notice: verify
finds it and repairs it, or it does no harm; a pass makes no document of it."""
import os
import shutil
import sqlite3
import sys

from harness import StandIn, Sync, Tap, plain

WORLD = ("--generate", "12", "--attachments", "12",
         "--attachment-size", "3000")
MAPPING = """
documents:
- name: all
  match: {}
  path: docs/${ id }/index.md
  when_gone: keep
  comments: public
  attachments: all
  unique: "${ id }"
  front_matter:
    title: ${ subject }
    type: ${ type.name }
    closed: ${ status.isClosed }
    parent: ${ parent.subject }
    relations: { $each: r in relations, $value: "${ r.subject }" }
    comments: { $each: c in comments, $value: "${ c.raw }" }
  body: ${ description.raw }
"""
PERSON = ("-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qm", "x")
LOGS = ("event", "removal", "run", "sqlite_sequence", "stale", "usage")
LONG = ("source", "attachments", "comments")
HELD = ("document", "file", "relations", "unique_value", "work_package")


class Rows:
    """The tables of a state, and its columns."""

    def __init__(self, sync):
        self.db = sqlite3.connect(sync.state_file, isolation_level=None)
        self.db.create_function("plain", 1, plain)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.db.close()

    def all(self, sql, *values):
        return self.db.execute(sql, values).fetchall()

    def tables(self):
        return [name for (name,) in self.all(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " ORDER BY name") if name not in LOGS]

    def columns(self, table):
        return [row[1] for row in self.all('PRAGMA table_info("%s")' % table)]

    def keys(self, table):
        return [row[1] for row in self.all(
            'PRAGMA table_info("%s")' % table) if row[5]]

    def dump(self):
        """What a repair has to have made again."""
        return {table: set(self.all("SELECT %s FROM %s" % (", ".join(
            "plain(%s)" % c if c in LONG else c + " > 0" if
            c == "keep_when_gone" else c for c in self.columns(table)
            if c != "generation"), table))) for table in HELD}


def sql(sync, statement, *values):
    with Rows(sync) as rows:
        return rows.all(statement, *values)


def flipped(value):
    """A value with a bit that is another: at its beginning, and its end."""
    if isinstance(value, int):
        return [value ^ 1, value ^ 64]
    if isinstance(value, bytes):
        return [value[:n] + bytes([value[n] ^ 1]) + value[n + 1:]
                for n in (4, len(value) - 1)]
    return [chr(ord(value[0]) ^ 1) + value[1:],
            value[:-1] + chr(ord(value[-1]) ^ 1)]


def places(rows):
    """Of each column, a row in the middle, by its key."""
    for table in rows.tables():
        keys = rows.keys(table)
        for column in rows.columns(table):
            found = rows.all('SELECT "%s", %s FROM %s WHERE length("%s") > 0'
                             " ORDER BY 2" % (column, ", ".join(keys), table,
                                              column))
            if found:
                value, *key = found[len(found) // 2]
                for other in flipped(value)[0 if column in keys else 1:]:
                    yield table, column, keys, key, other


def damage(rows, table, column, keys, key, value):
    """False: there is another row with that key, or the table takes none."""
    try:
        rows.all('UPDATE %s SET "%s" = ? WHERE %s' % (
            table, column, " AND ".join(k + " = ?" for k in keys)),
                 value, *key)
        return True
    except sqlite3.IntegrityError:
        return False


class Kept:
    """A store as it was, to begin with again."""

    def __init__(self, sync):
        self.sync = sync
        self.copy = os.path.join(sync.folder, "copy")
        shutil.copytree(sync.store, self.copy)

    def back(self):
        shutil.rmtree(self.sync.store)
        shutil.copytree(self.copy, self.sync.store)


def each_column(tap, sync):
    kept, head = Kept(sync), sync.head()
    with Rows(sync) as rows:
        wanted = rows.dump()
        todo = list(places(rows))
    met = set()
    for table, column, keys, key, value in todo:
        name = "%s.%s %s %r" % (table, column, key, value)
        kept.back()
        with Rows(sync) as rows:
            if not damage(rows, table, column, keys, key, value):
                continue
        met.add(table)
        done = sync.opsync("verify", "--repair")
        again = sync.opsync("verify")
        tap.ok((done.code, again.code, sync.head()) == (0, 0, head),
               name + ": repaired", (done, again))
        with Rows(sync) as rows:
            now = rows.dump()
        tap.same([now[t] >= wanted[t] for t in HELD], [True] * len(HELD),
                 name + ": all that was known is")
    tap.ok({"attachment", "name", "read", "resource", "value", *HELD} <= met,
           "all tables were met", met)
    kept.back()
    shutil.rmtree(kept.copy)


def once(sync):
    done = sync.once()
    return done.code, done.err


def resync(sync):
    said = len(sync.said())
    return sync.opsync("resync", "--wait").code, sync.said()[said:]


def commit(sync):
    """A person's, of nothing of ours."""
    sync.git(*PERSON, "--allow-empty")


def is_refused(tap, server, sync, name, path, syncs, between):
    """A pass makes no file of it, and the next goes on."""
    head = sync.head()
    sql(sync, "UPDATE file SET path = path || '~' WHERE path = ?", path)
    between(sync)
    code, said = syncs(sync)
    tap.ok(code == (74 if syncs == resync else 0) and sync.git("diff", head, "HEAD").out == "" and
           "rows of the state do not fit the branch" in said,
           name + ": a pass makes no file of it", (code, said))
    server.side("edit", {"id": 7, "set": {"subject": "Not " + name}})
    tap.same(syncs(sync)[0], 0, name + ": and goes on")
    tap.tree(sync.tree(), sync.scratch(), name + ": what is new is there")
    tap.same(sync.opsync("verify").code, 0, name + ": all is known")


def paths(tap, server, sync):
    """A pass, without any repair, takes no path for that of a document."""
    for path in "docs/7/index.md", sql(
            sync, "SELECT path FROM file WHERE attachment_id = 7")[0][0]:
        is_refused(tap, server, sync, path, path, once, lambda _: None)
        is_refused(tap, server, sync, path + ", a person has committed", path,
                   once, commit)
        sync.start()
        server.side("edit", {"id": 7, "set": {"subject": "For " + path}})
        head = sync.head()
        tap.ok(resync(sync)[0] == 0 and sync.head() != head,
               path + ": a daemon has committed")
        is_refused(tap, server, sync, path + ", to a daemon", path, resync,
                   commit)
        sync.stop()


def flip_text(sync, table, column, ident, text):
    """A byte of what came from the server, which is read all the same."""
    key = "id" if table == "work_package" else "work_package"
    (kept,), = sql(sync, "SELECT %s FROM %s WHERE %s = ?" % (
        column, table, key), ident)
    raw = kept if isinstance(kept, bytes) else kept.encode()
    at = raw.index(text) + len(text) - 1
    raw = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1:]
    sql(sync, "UPDATE %s SET %s = ? WHERE %s = ?" % (table, column, key),
        raw if isinstance(kept, bytes) else raw.decode(), ident)


def texts(tap, sync):
    """What the server gave is rendered again as it was, or asked for again."""
    subject = sync.tree()["docs/4/index.md"].split(b"title: ")[1][:6]
    for n, (table, column, text) in enumerate((
            ("work_package", "source", b'"subject":"' + subject),
            ("work_package", "attachments", b"report"),
            ("work_package", "comments", b"Said"),
            ("relations", "source", b"precedes"))):
        name = table + "." + column
        flip_text(sync, table, column, 4, text)
        if table == "work_package":
            done = sync.opsync("verify")
            tap.ok(done.code == 3 and "work package 4: what it has of the "
                   "server is damaged" in done.out, name + ": is found", done)
        sync.configure(mapping=MAPPING.replace(
            "    type:", "    number: %d\n    type:" % n))
        done = sync.once()
        tap.ok(done.code == 0 and ("work package 4 is damaged: it is asked "
                                   "for again" in done.err) ==
               (table == "work_package"), name + ": another mapping", done)
        tap.tree(sync.tree(), sync.scratch(), name + ": as from nothing")
        tap.same(sync.opsync("verify").code, 0, name + ": all is well")


def earlier(tap, sync):
    """What an earlier program kept has no checksum."""
    sql(sync, "UPDATE work_package SET checksum = NULL")
    sql(sync, "UPDATE relations SET checksum = NULL")
    tap.same(sync.opsync("verify").code, 0, "without checksums all is well")
    sync.configure(mapping=MAPPING)
    done = sync.once()
    tap.ok(done.code == 0 and "damaged" not in done.err,
           "and rendered again", done)
    tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def taken_away(tap, sync):
    """What a person took away is no damage."""
    wanted = sync.tree()
    for syncs in once, resync:
        if syncs == resync:
            sync.start()
        sync.git("rm", "-q", "docs/8/index.md")
        sync.git(*PERSON)
        code, said = syncs(sync)
        tap.ok(code == 0 and "it is restored" in said and
               "rows of the state" not in said,
               "a document that a person removed is restored", (code, said))
        tap.tree(sync.tree(), wanted, "and nothing else")
    sync.stop()


def kept(tap, server, sync):
    """What stays when its work package is gone does so."""
    server.side("delete", {"id": 9})
    sync.once("--reconcile")
    wanted = sync.tree()
    tap.ok("docs/9/index.md" in wanted, "a document stays")
    for table in "document", "file":
        sql(sync, "UPDATE %s SET entry = 'alm' WHERE work_package = 9" % table)
        done = sync.opsync("verify", "--repair")
        tap.same(done.code, 0, table + ": repaired")
        sync.once("--reconcile")
        tap.ok("docs/9/index.md" in sync.tree(), table + ": it stays", done)


def index_of_claims(sync, ident):
    """A claim is not in the index by documents any more."""
    with Rows(sync) as rows:
        rows.all("UPDATE unique_value SET entry = 'x' WHERE work_package = ?",
                 ident)
        index, = rows.all("SELECT * FROM sqlite_master"
                          " WHERE name = 'unique_value_document'")
    for statement, values in (
            ("DELETE FROM sqlite_master WHERE name = ?", index[1:2]),
            ("UPDATE unique_value SET entry = 'all' WHERE work_package = ?",
             (ident,)),
            ("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", index)):
        with Rows(sync) as rows:
            rows.all("PRAGMA writable_schema = ON")
            rows.all(statement, *values)


def constraints(tap, server, sync):
    """What damage makes fail fails once."""
    index_of_claims(sync, 7)
    sync.start()
    server.side("edit", {"id": 7, "set": {"subject": "Claimed"}})
    resync(sync)
    tap.ok(resync(sync)[0] == 0 and
           sync.said().count("constraint failed") == 1,
           "a constraint fails once", sync.said())
    tap.ok(b"Claimed" in sync.tree()["docs/7/index.md"],
           "then what is new is there")
    sync.stop()
    tap.same(sync.opsync("verify").code, 0, "and all is well")


def main():
    tap = Tap()
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        server.side("edit", {"id": 5, "set": {"parent": 4}})
        server.side("relate", {"id": 1, "from": 4, "to": 5, "type": "precedes",
                               "reverseType": "follows"})
        server.side("comment", {"work_package": 4, "raw": "Said.", "user": 6})
        tap.same(sync.once().code, 0, "a sync")
        tap.same(sync.opsync("verify", "--repair").code, 0, "all is well")
        each_column(tap, sync)
        paths(tap, server, sync)
        constraints(tap, server, sync)
        texts(tap, sync)
        earlier(tap, sync)
        taken_away(tap, sync)
        kept(tap, server, sync)
        tap.same(sync.flaws(), [], "the repository is whole")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
