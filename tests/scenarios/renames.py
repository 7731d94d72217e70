#!/usr/bin/python3
"""What changes without moving any work package: names of everything, fields
of schemas, and things that are deleted.  A reconcile sees it; the store is as
one made from nothing."""
import sys
import time
import urllib.parse

from harness import StandIn, Sync, Tap

MAPPING = """
documents:
- name: all
  match: { where: "${ not (category.name | match('^Hidd')) }" }
  path: ${ project.identifier }/${ id }.md
  attachments: none
  front_matter:
    title: ${ subject }
    project: ${ project.name }
    type: ${ type.name }
    status: ${ status.name }
    closed: ${ status.isClosed }
    priority: ${ priority.name }
    category: ${ category.name }
    version: ${ version.name }
    author: ${ author.name }
    assignee: ${ assignee.name }
    parent: ${ parent.subject }
    children: ${ children | pluck("subject") }
    option: ${ cf["CF list"] }
    options: ${ cf["CF multilist"] }
    user: ${ cf["CF user"].name }
    versions: ${ cf["CF multiversion"] | pluck("name") }
    url: ${ cf.cleanUrl }
"""
FILES = """
documents:
- name: all
  match: {}
  path: ${ id }.md
  front_matter:
    author: ${ author.name }
    files: ${ attachments | pluck("author") | pluck("name") }
"""
KINDS = {"project": 1, "type": 15, "status": 26, "priority": 21,
         "category": 3, "version": 1, "user": 8, "option": 4}


def batches(server):
    """How many work packages each list asked for by their ids."""
    asked = [urllib.parse.unquote(r["path"]) for r in server.requests()]
    return [p.count(",") for p in asked
            if '/work_packages?' in p and '"id":{' in p]


class World:
    def __init__(self, tap, server, sync):
        self.tap = tap
        self.server = server
        self.sync = sync

    def after(self, name, order, what, changed=True):
        """Order, reconcile: as from nothing, in one commit at most."""
        sync = self.sync
        commits = sync.commits()
        self.server.side(order, what)
        done = sync.once("--reconcile")
        self.tap.same((done.code, sync.commits() - commits),
                      (0, int(changed)), name)
        self.tap.tree(sync.tree(), sync.scratch(), name + ": as from nothing")


def names(w):
    for kind, ident in KINDS.items():
        w.after("another name of a " + kind, "rename", {
            "kind": kind, "id": ident, "name": "Renamed " + kind})
        w.tap.ok(any(("Renamed " + kind).encode() in t
                     for t in w.sync.tree().values()),
                 "which is in the store")
    w.after("a name that no document reads", "rename",
            {"kind": "type", "id": 12, "name": "No epics"}, changed=False)


def conditions(w):
    """A condition reads a name: who fits no more, and who does again."""
    w.after("a category is called what a condition leaves out", "rename",
            {"kind": "category", "id": 3, "name": "Hidden"})
    w.tap.ok("ccm/26.md" not in w.sync.tree(), "the document goes")
    w.after("and is called so no more", "rename",
            {"kind": "category", "id": 3, "name": "Telehealth"})
    w.tap.ok("ccm/26.md" in w.sync.tree(), "and is back")


def forgotten(w):
    for kind, ident in (("option", 4), ("version", 2), ("category", 3),
                        ("user", 8)):
        w.after("deleted: a " + kind, "forget", {"kind": kind, "id": ident})


def fields(w):
    w.after("a field is not active any more", "field", {
        "project": 1, "type": 15, "key": "customField9"})
    w.after("and is again", "field", {
        "project": 1, "type": 15, "key": "customField9", "schema": {
            "type": "CustomOption", "name": "CF list", "required": False,
            "hasDefault": False, "writable": True, "_links": {}}})


def little(tap, w):
    """Names are looked up with few questions, and none is asked twice."""
    commits = w.sync.commits()
    w.server.side("requests/reset")
    w.sync.once("--reconcile")
    tap.ok(len(batches(w.server)) == 1 and batches(w.server)[0] < 12,
           "a reconcile asks for few work packages", batches(w.server))
    tap.same(w.sync.commits(), commits, "and commits nothing")


def uploader(tap):
    """Who uploaded is called as of old in a list of attachments that nobody
    asks for again; the new name, shown elsewhere, is the one."""
    with StandIn("--generate", "3") as server, Sync(
            server.url, projects="[demo-1]", mapping=FILES) as sync:
        server.side("edit", {"id": 1, "set": {"author": 6}})
        for ident in (1, 2, 3):
            server.side("attach", {"work_package": ident, "content": "x",
                                   "file_name": "a.txt"})
        sync.once()
        server.side("rename", {"kind": "user", "id": 6, "name": "Anew"})
        tap.same(sync.once("--full").code, 0, "an uploader is renamed")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        head = sync.head()
        tap.same((sync.once("--full").code, sync.head()), (0, head),
                 "and stays so")


def only_uploader(tap):
    """Somebody whom only lists of attachments name is asked for, and nobody
    else is."""
    with StandIn("--generate", "3") as server, Sync(
            server.url, projects="[demo-1]", mapping=FILES) as sync:
        for ident in (1, 2, 3):
            server.side("edit", {"id": ident, "set": {"author": 7}})
            server.side("attach", {"work_package": ident, "content": "x",
                                   "file_name": "a.txt"})
        sync.once()
        for how, name in (("--reconcile", "Anew"), ("--full", "Once more")):
            server.side("rename", {"kind": "user", "id": 6, "name": name})
            server.side("requests/reset")
            tap.same(sync.once(how).code, 0, how + ": only an uploader")
            tap.ok(all(name.encode() in text
                       for text in sync.tree().values()),
                   how + ": the new name", sync.tree())
            tap.same([r["path"] for r in server.requests()
                      if "/users/" in r["path"] and "me" not in r["path"]],
                     ["/api/v3/users/6"], how + ": one question")
            tap.tree(sync.tree(), sync.scratch(), how + ": as from nothing")


def lists(server):
    """How many lists of attachments were asked for."""
    return len([r for r in server.requests()
                if r["path"].endswith("/attachments")])


def upload(server, author):
    """The other user (the key is the first one's) has a file everywhere, and
    is the author of the first two, or of none."""
    who = {"href": "/api/v3/users/7",
           "title": server.get("/api/v3/users/7").json()["name"]}
    for ident in range(1, 6):
        server.side("edit", {"id": ident, "set": {
            "author": 7 if author and ident < 3 else 6}})
        server.side("attach", {
            "work_package": ident, "content": "x", "file_name": "a.txt",
            "set": {"_links": {"author": who}}})


def lost_uploader(tap, how, author):
    """Who uploaded is deleted: in lists of attachments he has no name any
    more, whether work packages name him, too, or not."""
    name = "%s, %s: " % (how, "an author" if author else "only an uploader")
    with StandIn("--generate", "5") as server, Sync(
            server.url, projects="[demo-1]", mapping=FILES) as sync:
        upload(server, author)
        sync.once()
        sync.once("--reconcile")
        server.side("forget", {"kind": "user", "id": 7})
        tap.same(sync.once(how).code, 0, name + "a person is deleted")
        tap.tree(sync.tree(), sync.scratch(), name + "as from nothing")
        server.side("requests/reset")
        head = sync.head()
        tap.same((sync.once(how).code, sync.head(), lists(server)),
                 (0, head, 0), name + "and all is quiet")


def unseen_uploader(tap):
    """Whom the key may not ask for keeps the name that lists have."""
    with StandIn("--generate", "5") as server, Sync(
            server.url, projects="[demo-1]", mapping=FILES) as sync:
        upload(server, False)
        sync.once()
        server.side("fault", {
            "match": "/users/7", "times": -1, "status": 404, "body":
            '{"_type":"Error","errorIdentifier":"urn:openproject-org:api:v3:'
            'errors:NotFound","message":"x"}'})
        head = sync.head()
        for _ in range(2):
            server.side("requests/reset")
            tap.same((sync.once("--reconcile").code, sync.head(),
                      lists(server)), (0, head, 1),
                     "an uploader is not shown: one list is looked at")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


READS = """
documents:
- path: ${ id }.md
  front_matter:
    version: ${ version.name }
    assignee: ${ assignee.name }
    option: ${ cf.Audience }
    children: ${ children | pluck("subject") }
"""
PARENT = """
documents:
- path: ${ id }.md
  front_matter: { parent: "${ parent.subject }" }
"""
NONE = """
documents:
- path: ${ id }.md
  body: x
"""


def back(tap):
    """A mapping that reads names goes, and comes back: what was read
    meanwhile knows them better."""
    with StandIn("--generate", "6") as server, Sync(
            server.url, projects="[demo-1]", mapping=READS) as sync:
        for ident in (2, 3):
            server.side("edit", {"id": ident, "set": {
                "version": 1, "assignee": 7, "customField1": 1, "parent": 1}})
        sync.once()
        sync.configure(mapping=NONE)
        sync.once()
        for kind, ident in (("version", 1), ("user", 7), ("option", 1)):
            server.side("rename", {"kind": kind, "id": ident, "name": "Anew"})
        server.side("edit", {"id": 2, "set": {"subject": "Anew"}})
        sync.once()
        sync.configure(mapping=READS)
        tap.same(sync.once().code, 0, "a mapping is back")
        tap.tree(sync.tree(), sync.scratch(), "with the new names")


def long_ago(tap):
    """A source that is older than its parent's has its old name."""
    with StandIn("--generate", "6") as server, Sync(
            server.url, projects="[demo-1]", mapping=NONE,
            schedule="{ poll: 1h, overlap: 1s }") as sync:
        for ident in (2, 3):
            server.side("edit", {"id": ident, "set": {"parent": 1}})
        sync.once()
        time.sleep(1.2)
        sync.once()  # from here on, polls do not see them again
        server.side("edit", {"id": 1, "set": {"subject": "Anew"}})
        sync.once()
        sync.configure(mapping=PARENT)
        tap.same(sync.once().code, 0, "parents are read from now on")
        tap.ok(all(b"parent: Anew" in sync.tree()["%d.md" % i]
                   for i in (2, 3)), "by their newest names", sync.tree())


KEPT = FILES.replace("match: {}", "match: {}\n  when_gone: keep")


def unshown(tap, what, order):
    """Who reads a name first is shown no more: another one tells the new
    name, and that somebody has none any more."""
    with StandIn("--generate", "8", "--projects", "2") as server, Sync(
            server.url, projects="[demo-1, demo-2]", mapping=KEPT) as sync:
        for ident in range(1, 9):
            server.side("edit", {
                "id": ident, "updatedAt": "2020-01-0%dT00:00:00Z" % ident,
                "set": {"author": 6 if ident < 8 else None,  # polled
                        "project": 2 if ident == 1 else 1}})
        server.side("rename", {"kind": "user", "id": 7, "name": "Seven"})
        who = {"href": "/api/v3/users/7", "title": "Seven"}
        for ident in (1, 2):
            server.side("attach", {
                "work_package": ident, "content": "x", "file_name": "a.txt",
                "silent": True, "set": {"_links": {"author": who}}})
        sync.once()
        server.side(*order)
        for name in "at once", "later":
            server.side("rename", {"kind": "user", "id": 6, "name": name})
            sync.once("--reconcile")
            tap.ok(all(b"author: " + name.encode() in sync.tree()[path]
                       for path in ("2.md", "3.md", "7.md")),
                   what + ": the new name, " + name, sync.tree())
        server.side("forget", {"kind": "user", "id": 7})
        sync.once("--reconcile")
        tap.ok(b"Seven" not in sync.tree()["2.md"],
               what + ": and an uploader who is deleted has none",
               sync.tree()["2.md"])


def main():
    tap = Tap()
    unshown(tap, "a witness is deleted, kept", ("delete", {"id": 1}))
    unshown(tap, "a witness is archived", ("archive", {"project": 2}))
    back(tap)
    long_ago(tap)
    only_uploader(tap)
    uploader(tap)
    for how in ("--reconcile", "--full"):
        lost_uploader(tap, how, False)
        lost_uploader(tap, how, True)
    unseen_uploader(tap)
    with StandIn() as server, Sync(
            server.url, projects="[ccm, ccm-sub]", mapping=MAPPING,
            more="guard: { max_delete: { share: 100% } }") as sync:
        sync.once()
        w = World(tap, server, sync)
        for part in (names, conditions, forgotten, fields):
            part(w)
        little(tap, w)
        tap.same(sync.flaws(), [], "a repository without a flaw")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
