#!/usr/bin/python3
"""A custom field, a project, a type, a status or the fields of a type that
cannot be read, or a list of projects that does not come: what reads it is in
error or stays, and all else goes on."""
import sys

from harness import StandIn, Sync, Tap

MAPPING = """
documents:
- path: ${ project.identifier }/${ id }.md
  front_matter: { title: "${ subject }", weight: "${ cf.Weight }" }
"""
KEY = "customField4"
WEIGHT = {"type": "Float", "name": "Weight"}
LOST = "does not say what %s is called, and of what type it is"


def of_type(server, kind):
    return ["demo-1/%d.md" % w["id"] for w in server.state()["workPackages"]
            if w["_links"]["type"]["href"].endswith("/%d" % kind)]


def field(server, kind, key, schema):
    server.side("field", {"project": 1, "type": kind, "key": key,
                          "schema": schema})


def edit(server, path, **values):
    ident = int(path.split("/")[1].split(".")[0])
    server.side("edit", {"id": ident, "set": values})


def unread_field(tap, server, sync):
    """One that nothing reads, in the schema of some that have what is read."""
    for schema in ({"type": "String"}, {"name": 5, "type": "String"}, []):
        field(server, 1, "customField77", schema)
        done = sync.once("--reconcile")
        tap.same(done.code, 0, "a field that cannot be read and is not: %r" %
                 schema)
    tap.same(done.err.count(LOST % "customField77"), 0, "it is said once")
    field(server, 1, "customField77", None)
    sync.once("--reconcile")
    field(server, 1, "customField77", {"type": "String"})
    done = sync.once("--reconcile")
    tap.same(done.err.count(LOST % "customField77"), 1, "and said at all")
    done = sync.opsync("check")
    tap.ok(done.code == 0 and "customField77" in done.out, "check shows it",
           done)
    field(server, 1, "customField77", None)
    field(server, 1, KEY, None)
    field(server, 1, "customField78", {"name": "Of a plugin"})
    done = sync.once("--full")
    tap.same(done.code, 0, "one without a type is not what is not there")
    field(server, 1, "customField78", None)
    field(server, 1, KEY, WEIGHT)
    sync.once("--full")
    tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def typeless_field(tap, server, sync):
    """A plugin may have a kind of field that the API has no word for."""
    ours = of_type(server, 1)
    before = sync.tree()
    field(server, 1, KEY, {"name": "Weight"})
    done = sync.once("--full")
    tap.ok(done.code == 3 and "does not say what %s is, a text" % KEY in
           done.err, "a field without a type, which is read", done)
    tap.same({p: sync.tree().get(p) for p in ours},
             {p: before[p] for p in ours}, "documents stay")
    field(server, 1, KEY, WEIGHT)
    sync.once("--reconcile")
    tap.tree(sync.tree(), sync.scratch(), "and go on")


def read_field(tap, server, sync):
    """Those of one type are in error, until it can be read."""
    ours = of_type(server, 1)
    others = [p for p in sync.tree() if p not in ours]
    before = sync.tree()
    field(server, 1, KEY, {"type": "Float"})
    edit(server, ours[0], subject="Waits")
    edit(server, others[0], subject="Goes on")
    done = sync.once("--reconcile")
    tree = sync.tree()
    tap.ok(done.code == 3 and LOST % KEY in done.err and "the custom field "
           "'Weight' cannot be looked up" in done.err,
           "a field that is read, and cannot be", done)
    tap.ok(b"Goes on" in tree[others[0]], "others go on")
    tap.same({p: tree.get(p) for p in ours}, {p: before[p] for p in ours},
             "its documents stay")
    with sync.sibling() as other:
        done = other.once()
        tap.same((done.code, sorted(other.tree())), (3, sorted(others)),
                 "a first sync makes the others")
    field(server, 1, KEY, dict(WEIGHT, name="Mass"))
    done = sync.once("--reconcile")
    tap.ok(done.code == 3 and "'Weight', which the server calls 'Mass' now: "
           "what" in done.err, "meanwhile it was renamed", done)
    tap.same(sync.tree(), tree, "and nothing goes")
    field(server, 1, KEY, WEIGHT)
    tap.same(sync.once("--reconcile").code, 0, "it is called so again")
    tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def nowhere(tap, server, sync):
    """No type has a name for it that can be read: whoever made documents with
    it goes on, and another mapping that names it is refused."""
    before = sync.tree()
    for kind in range(1, 8):
        field(server, kind, KEY, {"type": "Float"})
    done = sync.once("--full")
    tap.ok(done.code == 3 and "no custom field 'Weight', but one of which it "
           "does not say what it is: " + KEY in done.err,
           "a field that can be read nowhere", done)
    tap.tree(sync.tree(), before, "nothing goes")
    sync.configure(mapping=MAPPING.replace("weight:", "mass:"))
    done = sync.once()
    tap.ok(done.code == 78 and KEY in done.err, "another mapping names it",
           done)
    sync.configure(mapping=MAPPING)
    for kind in range(1, 8):
        field(server, kind, KEY, WEIGHT)
    tap.same(sync.once("--reconcile").code, 0, "and can be again")
    tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def polled(tap, server, sync, path):
    """What cannot be read is not asked for again by each poll."""
    sync.start()
    server.side("requests/reset")
    for n in range(3):
        edit(server, path, subject="Waits %d" % n)
        sync.opsync("resync", "--wait")
    tap.same(sum("/projects?" in r["path"] for r in server.requests()), 0,
             "polls do not ask for projects again")
    tap.same(sync.stop(), 0, "it ends well")


def project(tap):
    """It is as one that is not shown."""
    with StandIn("--generate", "12", "--projects", "2") as server, Sync(
            server.url, projects="'*'", mapping=MAPPING) as sync:
        sync.once()
        before = sync.tree()
        ours = [p for p in before if p.startswith("demo-2/")]
        server.side("fault", {
            "match": "/api/v3/projects?", "times": -1, "with": "null",
            "replace": '"demo-2"'})
        edit(server, [p for p in before if p not in ours][0],
             subject="Goes on")
        done = sync.once("--reconcile")
        tree = sync.tree()
        tap.ok(done.code == 0 and "project 2: its identifier is missing: it "
               "is left out" in done.err, "a project that cannot be read",
               done)
        tap.ok(sum(b"Goes on" in t for t in tree.values()) == 1,
               "others go on")
        tap.same({p: tree.get(p) for p in ours}, {p: before[p] for p in ours},
                 "its documents stay")
        done = sync.opsync("check")
        tap.ok(done.code == 0 and "project 2: its identifier is missing" in
               done.out, "check says so", done)
        edit(server, ours[0], subject="Waits")
        done = sync.once()
        tap.ok(done.code == 3 and "its project 2 is not among those" in
               done.err and sync.tree() == tree, "what changes in it waits",
               done)
        polled(tap, server, sync, ours[1])
        server.side("faults/clear")
        done = sync.once("--reconcile")
        tap.same(done.code, 0, "and comes when it can be read")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        server.side("fault", {
            "match": "/api/v3/projects?", "times": -1, "with": "null",
            "replace": '"demo-2"'})
        sync.configure(projects="[demo-1, demo-2]")
        done = sync.opsync("check")
        tap.ok(done.code == 78 and "no project 'demo-2' to this key" in
               done.err and "but one that cannot be read: project 2: its "
               "identifier is missing" in done.err, "named, it is told which", done)


def named(server, kind):
    """The type or status of the first work package: its id and its name."""
    link = server.state()["workPackages"][0]["_links"][kind]
    return int(link["href"].split("/")[-1]), link["title"]


def without_name(server, kind, name):
    server.side("fault", {
        "match": "/api/v3/" + kind, "times": -1,
        "replace": '"name":"%s"' % name, "with": '"name":null'})


def nameless(tap):
    """A type and a status whose names the lists do not say."""
    where = "- match: { where: \"${ not status.isClosed }\"%s }\n  path:"
    plain = MAPPING.replace("- path:", where % "")
    with StandIn("--generate", "40") as server, Sync(
            server.url, projects="[demo-1]") as sync:
        kind, name = named(server, "type")
        status, called = named(server, "status")
        sync.configure(mapping=MAPPING.replace(
            "- path:", where % (", type: [\"%s\", Bug]" % name)))
        server.side("thing", {"kind": "status", "name": "Over", "id": 99,
                              "isClosed": True})
        sync.once()
        before = sync.tree()
        ours = [p for p in of_type(server, kind) if p in before]
        without_name(server, "types", name)
        without_name(server, "statuses", called)
        without_name(server, "statuses", "Over")
        edit(server, ours[0], subject="Goes on")
        edit(server, ours[1], status=99)
        server.side("delete", {"id": int(ours[2].split("/")[1][:-3])})
        done = sync.once("--reconcile")
        tap.ok(done.code == 0 and done.err.count(
            "type %d: its name is missing: it is left out" % kind) == 1,
            "a type and two of the statuses without names", done)
        tap.ok(done.err.count("status 99: its name") +
               done.err.count("status %d: its name" % status) == 1,
               "of each list it is said once", done)
        tree = sync.tree()
        tap.same(set(before) - set(tree), set(ours[1:3]),
                 "one that is closed goes, and one that was deleted")
        tap.ok(b"Goes on" in tree[ours[0]], "all others go on")
        done = sync.once("--reconcile")
        tap.ok(done.code == 0 and "it is left out" not in done.err,
               "and it is not said again", done)
        done = sync.opsync("check")
        tap.ok("type %d: its name is missing" % kind in done.out + done.err,
               "check says it", done)
        with sync.sibling() as other:
            done = other.once()
            tap.ok(done.code == 78 and "no type '%s'" % name in done.err and
                   "but one that cannot be read: type %d" % kind in done.err,
                   "a first sync that needs the name is told why", done)
            other.configure(mapping=plain)
            tap.same(other.once().code, 0, "and one that does not goes on")
            tap.ok(set(tree) <= set(other.tree()) and
                   ours[1] not in other.tree(), "with all that it makes")
        server.side("faults/clear")
        tap.same(sync.once("--reconcile").code, 0, "the names are there")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        whole = sync.tree()
        server.side("rename", {"kind": "type", "id": kind, "name": "Other"})
        sync.once("--reconcile")
        without_name(server, "types", "Other")
        done = sync.once("--full")
        tap.ok(done.code == 3 and "called 'Other' now" in done.err,
               "one that was renamed before is not taken for deleted", done)
        tap.tree(sync.tree(), whole, "and keeps its documents")
        server.side("faults/clear")
        server.side("fault", {"match": "/api/v3/types", "times": -1,
                              "body": '{"_type":"Collection","total":1,'
                              '"count":1,"_embedded":{"elements":'
                              '[{"id":1,"name":null}]}}'})
        done = sync.once("--reconcile")
        tap.ok(done.code == 69 and "type 1: its name is missing" in done.err,
               "a list without any name says nothing", done)


def new_in_unlisted(tap, server, sync, paths):
    """Polls that meet a project which is not known go on, too."""
    server.side("thing", {"kind": "project", "name": "New", "id": 77,
                          "identifier": "new"})
    server.side("edit", {"set": {"subject": "New", "project": 77, "type": 1}})
    edit(server, paths[0], subject="Polled")
    sync.start()
    server.side("requests/reset")
    for n in range(3):
        edit(server, paths[1], subject="Polled %d" % n)
        sync.opsync("resync", "--wait")
    tap.ok(b"Polled" in sync.tree()[paths[0]] and
           b"Polled 2" in sync.tree()[paths[1]], "polls go on",
           sync.said())
    tap.ok(sum("/projects?" in r["path"] for r in server.requests()) <= 2,
           "and do not ask for the list again and again", server.requests())
    got = sync.opsync("status").out
    tap.ok("does not list its projects (GET /api/v3/projects" in got and
           "not among those" in got, "status says both", got)
    for _ in range(2):
        edit(server, paths[1], subject="Reconciled")
        sync.opsync("resync", "--full", "--wait")
    tap.same(sync.said().count("does not list its projects"), 1,
             "the log says it once")
    tap.same(sync.stop(), 0, "it ends well")


def unlisted(tap):
    """The server fails at the list of projects: those that are known go on,
    and who may only be hidden stays."""
    with StandIn("--generate", "40", "--projects", "2") as server, Sync(
            server.url, projects="'*'", mapping=MAPPING,
            server="  max_tries: 2\n",
            more="guard: { max_delete: { share: 100%, count: 1000 } }") as sync:
        sync.once()
        before = sync.tree()
        ours = [p for p in before if p.startswith("demo-1/")]
        others = [p for p in before if p not in ours]
        server.side("fault", {"match": "/api/v3/projects?", "times": -1,
                              "status": 500})
        edit(server, ours[0], subject="Goes on")
        server.side("delete", {"id": 40})
        server.side("archive", {"project": 2, "archived": True})
        done = sync.once("--reconcile")
        tree = sync.tree()
        tap.ok(done.code == 0 and done.err.count(
            "the server does not list its projects: those that are known go "
            "on") == 1, "a list of projects that does not come", done)
        tap.ok(b"Goes on" in tree[ours[0]], "what changed comes")
        tap.same({p: tree.get(p) for p in others},
                 {p: before[p] for p in others},
                 "one that may be hidden keeps its documents")
        server.side("archive", {"project": 2, "archived": False})
        gone = "demo-1/40.md" if "demo-1/40.md" in before else "demo-2/40.md"
        tap.same(sync.once("--reconcile").code, 0, "it is shown again")
        tap.same(set(before) - set(sync.tree()), {gone},
                 "and one that was deleted goes, as others are shown")
        new_in_unlisted(tap, server, sync, ours[1:])
        sync.configure(projects="[demo-1, elsewhere]",
                       mapping=MAPPING.replace("weight:", "mass:"))
        done = sync.once()
        tap.ok(done.code == 69 and "/api/v3/projects" in done.err,
               "what may be on the list is not called wrong", done)
        sync.configure(projects="[elsewhere]", mapping=MAPPING)
        done = sync.once()
        tap.ok(done.code == 69 and "/api/v3/projects" in done.err and
               "'elsewhere'" in done.err, "nor is a project", done)
        sync.configure(projects="'*'", mapping=MAPPING)
        server.side("faults/clear")
        done = sync.once("--reconcile")
        tap.same(done.code, 0, "the list comes")
        tap.tree(sync.tree(), sync.scratch(), "and all is as from nothing")
        tap.ok("does not list" not in sync.opsync("status").out,
               "status does not say it any more")
    with StandIn("--generate", "4") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            server="  max_tries: 1\n") as sync:
        server.side("fault", {"match": "/api/v3/projects?", "times": -1,
                              "status": 500})
        done = sync.once()
        tap.ok(done.code == 69 and "/api/v3/projects" in done.err,
               "a first sync needs it", done)


def moved_away(tap):
    """Where the list of projects does not come, one shows nothing, and what is
    known to be there from before was moved to another."""
    with StandIn("--generate", "12", "--projects", "2") as server, Sync(
            server.url, projects="'*'", server="  max_tries: 2\n",
            mapping=MAPPING.replace("${ project.identifier }/", ""),
            more="guard: { max_delete: { share: 100%, count: 1000 } }") as sync:
        for ident in range(1, 13):
            server.side("edit", {"id": ident,
                                 "set": {"project": 1 if ident < 5 else 2}})
        sync.once()
        before = sorted(sync.tree())
        server.side("edit", {"id": 1, "set": {"project": 2}})
        server.side("archive", {"project": 1, "archived": True})
        server.side("delete", {"id": 12})
        server.side("fault", {"match": "/api/v3/projects?", "times": -1,
                              "status": 500})
        for kind in ("--reconcile", "--full", "--full"):
            done = sync.once(kind)
            tap.same((done.code, sorted(set(before) - set(sync.tree()))),
                     (0, [p for p in before if p.endswith("12.md")]),
                     kind + ": what may be hidden stays, though one was moved")
        server.side("faults/clear")
        server.side("archive", {"project": 1, "archived": False})
        sync.once("--full")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def schemas(server):
    return [r for r in server.requests() if "/schemas?" in r["path"]]


def fields_of_a_type(tap):
    """The server fails at every list of schemas with one in it."""
    with StandIn("--generate", "40") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            server="  max_tries: 2\n") as sync:
        theirs = of_type(server, 3)
        broken = {"match": "/schemas?", "times": -1, "status": 500,
                  "holds": '/schemas/1-3"'}
        server.side("fault", broken)
        done = sync.once()
        tap.ok(done.code == 3 and "%d failed" % len(theirs) in done.err and
               "the fields of project 1, type 3: GET /api/v3/work_packages/"
               "schemas?" in done.err, "a first sync", done)
        tap.same(len(sync.tree()), 40 - len(theirs), "makes all others")
        tap.ok(len(schemas(server)) < 25, "with few questions",
               len(schemas(server)))
        server.side("faults/clear")
        tap.same(sync.once("--reconcile").code, 0, "it is well")
        tap.tree(sync.tree(), sync.scratch(), "and they come")
        whole = sync.tree()
        server.side("fault", broken)
        server.side("delete", {"id": 40})
        edit(server, theirs[0], subject="again")
        done = sync.once("--reconcile")
        tap.ok(done.code == 0 and "type 3 stays as it is" in done.err,
               "what is known of its fields stays", done)
        server.side("faults/clear")
        whole.pop("demo-1/40.md", None)
        tap.ok(set(sync.tree()) == set(whole) and
               b"title: again" in sync.tree()[theirs[0]],
               "one is removed, another changed", sorted(sync.tree()))
        server.side("fault", {"match": "/schemas?", "times": -1,
                              "status": 500})
        server.side("requests/reset")
        done = sync.once("--reconcile")
        tap.ok(done.code == 69 and "/schemas?" in done.err and
               len(schemas(server)) < 15, "the server fails at all of them",
               (done, len(schemas(server))))


def main():
    tap = Tap()
    fields_of_a_type(tap)
    with StandIn("--generate", "40") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        sync.once()
        for part in (unread_field, typeless_field, read_field, nowhere):
            part(tap, server, sync)
        tap.same(sync.flaws(), [], "a repository without a flaw")
    project(tap)
    unlisted(tap)
    moved_away(tap)
    nameless(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
