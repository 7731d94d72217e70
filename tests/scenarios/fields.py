#!/usr/bin/python3
"""Custom fields while the server changes them: options, people and versions
renamed or deleted, a field renamed, switched off and on."""
import sys

from harness import StandIn, Sync, Tap

MAPPING = """
documents:
- match: { where: "${ id == 4 or id == 5 }" }
  path: ${ id }.md
  front_matter:
    text: ${ cf.cleanUrl }
    list: ${ cf["CF list"] }
    lists: ${ cf["CF multilist"] }
    user: ${ cf["CF user"].name }
    version: ${ cf["CF version"].name }
    number: ${ cf["CF int"] }
"""

COMPARED = """
documents:
- match: { where: "${ id in [4, 5] and cf[\\"CF list\\"] != 'Gamma' }" }
  path: ${ id }.md
  front_matter:
    title: ${ subject }
    hot: ${ cf["CF list"] == "Beta" }
    many: ${ "Foo" in cf["CF multilist"] }
    first: ${ cf["CF version"].name == "Version 1" }
"""

AUDIENCE = """
documents:
- path: ${ id }.md
  front_matter: { audience: "${ cf.Audience }" }
"""


class World:
    def __init__(self, tap, server, sync):
        self.tap, self.server, self.sync = tap, server, sync

    def after(self, name, line, *orders):
        for order in orders:
            self.server.side(*order)
        done = self.sync.once("--reconcile")
        self.tap.ok(done.code == 0, name + ": a good pass", done)
        text = self.sync.tree()["4.md"].decode()
        self.tap.ok(line in text.splitlines(), name, text)
        self.tap.tree(self.sync.tree(), self.sync.scratch(),
                      name + ": as from nothing")


def renamed(w):
    rename = "rename"
    w.after("as it is", "list: Beta")
    w.after("an option is renamed", "list: Gamma",
            (rename, {"kind": "option", "id": 2, "name": "Gamma"}))
    w.after("a person is", "user: Ada",
            (rename, {"kind": "user", "id": 8, "name": "Ada"}))
    w.after("a version is", "version: v1.1",
            (rename, {"kind": "version", "id": 1, "name": "v1.1"}))
    w.after("an option of several is", "- Bar, or so",
            (rename, {"kind": "option", "id": 6, "name": "Bar, or so"}))


def deleted(w):
    w.after("an option is deleted", "list: null",
            ("forget", {"kind": "option", "id": 2}))
    text = w.sync.tree()["4.md"].decode()
    w.server.side("forget", {"kind": "option", "id": 4})
    w.after("one of several is", "- Bar, or so")
    w.tap.ok("- Foo" in text and b"Foo" not in w.sync.tree()["4.md"],
             "and not shown")
    w.after("a version is", "version: null",
            ("forget", {"kind": "version", "id": 1}))
    w.after("a person is", "user: null",
            ("forget", {"kind": "user", "id": 8}))


def field(w):
    """A renamed field freezes what depends on it, until the mapping says its
    new name."""
    head = w.sync.head()
    w.server.side("rename", {"key": "customField7", "name": "Amount"})
    done = w.sync.once("--reconcile")
    w.tap.ok(done.code == 3 and "the server has no custom field 'CF int'"
             in done.err, "a renamed field is an error", done)
    w.tap.ok("(it is called 'Amount' now)" in done.err,
             "that says what it is called now", done)
    w.tap.same(w.sync.head(), head, "and touches nothing")
    w.sync.configure(mapping=MAPPING.replace("CF int", "Amount"))
    w.after("the mapping follows", "number: -42")
    w.sync.configure(mapping=MAPPING.replace('["CF int"]', ".customField7"))
    w.after("or goes by its key", "number: -42")
    schema = w.server.get("/api/v3/work_packages/schemas/1-15").json()
    w.server.side("field", {"project": 1, "type": 8, "key": "customField7",
                            "schema": schema["customField7"]})
    w.after("a field is switched off", "number: null",
            ("field", {"project": 1, "type": 15, "key": "customField7",
                       "schema": None}))
    w.after("and on", "number: -42",
            ("field", {"project": 1, "type": 15, "key": "customField7",
                       "schema": schema["customField7"]}))


def compared(tap):
    """What the mapping names is deleted: that is no other name of it."""
    with StandIn() as server, Sync(
            server.url, projects="[ccm, ccm-sub]", mapping=COMPARED) as sync:
        w = World(tap, server, sync)
        version = w.server.get("/api/v3/versions/1").json()["name"]
        sync.configure(mapping=COMPARED.replace("Version 1", version))
        w.after("an option that the mapping names", "hot: true")
        w.after("is deleted", "hot: false",
                ("forget", {"kind": "option", "id": 2}))
        tap.ok("frozen" not in sync.opsync("status").out,
               "which freezes nothing", sync.opsync("status"))
        w.after("what has it goes on", "title: Anew", ("edit", {
            "id": 4, "set": {"subject": "Anew"}}))
        w.after("one of several is deleted", "many: false",
                ("forget", {"kind": "option", "id": 4}))
        w.after("and a version", "first: false", ("rename", {
            "kind": "version", "id": 1, "name": "1 not found"}))


def frozen_before(tap):
    """It has another name, and then is deleted: it thaws."""
    with StandIn() as server, Sync(server.url, mapping=COMPARED) as sync:
        sync.once()
        server.side("rename", {"kind": "option", "id": 2, "name": "Delta"})
        tap.ok("calls 'Delta' now" in sync.once("--reconcile").err and
               b"hot: true" in sync.tree()["4.md"],
               "an option that the mapping names is renamed")
        World(tap, server, sync).after(
            "and deleted", "hot: false",
            ("forget", {"kind": "option", "id": 2}))


def single(tap):
    """Several values are not allowed any more: the server keeps one, and
    moves nothing.  Those that a reconcile does not read by itself have two,
    and none of those that it reads has lost one of these."""
    field = {"project": 1, "type": 1, "key": "customField1"}
    schema = {"name": "Audience", "location": "_links"}
    with StandIn("--generate", "60") as server, Sync(
            server.url, projects="[demo-1]", mapping=AUDIENCE) as sync:
        for kind, shown, hidden in (("[]CustomOption", ([1], [3]), [3, 1]),
                                    ("CustomOption", (1, 3), 3)):
            server.side("field", dict(field, schema=dict(schema, type=kind)))
            for ident in range(1, 61):
                seen = ident < 3 or ident > 30
                server.side("edit", {"id": ident, "silent": True, "set": {
                    "type": 1, "customField1":
                        shown[ident > 1] if seen else hidden}})
            done = sync.once("--reconcile")
            tap.same(done.code, 0, "the field is %s now" % kind)
            tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def main():
    tap = Tap()
    with StandIn() as server, Sync(server.url, mapping=MAPPING) as sync:
        w = World(tap, server, sync)
        for part in (renamed, deleted, field):
            part(w)
        tap.same(sync.flaws(), [], "a repository without a flaw")
    compared(tap)
    frozen_before(tap)
    single(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
