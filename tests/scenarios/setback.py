#!/usr/bin/python3
"""What was begun is not forgotten when a pass fails: another mapping, other
projects, a full read; and the old never comes after the new."""
import sys

from harness import StandIn, Sync, Tap, edit, until

LISTS = "/api/v3/work_packages?"
TEXT = """
documents:
- name: all
  match: { where: "${ %s }" }
  path: ${ project.identifier }/${ id }.md
  front_matter: { title: "${ subject }" }
  body: ${ description.raw }
"""
ALL = TEXT % "true"


def ids(tree):
    return sorted(int(path.split("/")[-1].split(".")[0]) for path in tree
                  if path.endswith(".md"))


def broken(server, match=LISTS):
    server.side("fault", {"match": match, "times": -1, "status": 403,
                          "body": "{}"})


def mapping(tap):
    """The server is away when the mapping changes, so that what the old
    mapping left out cannot be read."""
    with StandIn("--generate", "20", "--projects", "2") as server, Sync(
            server.url, projects="[demo-1]", mapping=TEXT % "id <= 5") as sync:
        sync.start()
        few = ids(sync.tree())
        broken(server)
        sync.configure(mapping=ALL)
        tap.same(sync.opsync("reload").code, 0, "another mapping is taken")
        until(lambda: "403" in sync.said())
        server.side("faults/clear")
        server.side(*edit(2, subject="Something happens"))
        tap.ok(until(lambda: b"Something happens" in
                     sync.tree()["demo-1/2.md"]), "the server is back")
        got = until(lambda: len(ids(sync.tree())) == 10, 5)
        tap.ok(got, "and with it what the old mapping left out",
               "%r, then %r" % (few, ids(sync.tree())))

        broken(server)
        sync.configure(projects="[demo-1, demo-2]")
        tap.same(sync.opsync("reload").code, 0, "another project is taken")
        sync.opsync("resync", "--wait")
        server.side("faults/clear")
        tap.ok(until(lambda: len(ids(sync.tree())) == 20, 5),
               "and read, when the server is back",
               ids(sync.tree()))
        tap.same(sync.stop(), 0, "the daemon ends well")


def restart(tap):
    """The same, at the start."""
    with StandIn("--generate", "20") as server, Sync(
            server.url, projects="[demo-1]", mapping=TEXT % "id <= 5") as sync:
        sync.once()
        broken(server)
        sync.configure(mapping=ALL)
        sync.start(wait=False)
        until(lambda: "403" in sync.said())
        server.side("faults/clear")
        tap.ok(until(lambda: len(ids(sync.tree())) == 20, 5),
               "a mapping that changed while the daemon was away",
               ids(sync.tree()))


def first(tap):
    """An order for one work package before anything was ever read."""
    with StandIn("--generate", "20") as server, Sync(
            server.url, projects="[demo-1]", mapping=ALL,
            schedule="{ poll: 1h }") as sync:
        broken(server)
        sync.start(wait=False)
        until(lambda: "403" in sync.said())
        server.side("faults/clear")
        sync.opsync("resync", "--wp", "3", "--wait")
        sync.opsync("resync", "--wait")
        runs = [r["kind"] for r in sync.opsync("--json", "runs").json()]
        others = [kind for kind in reversed(runs) if kind != "resync"]
        tap.same(others[:1], ["full"], "the first read is a full one")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def scope(tap):
    """An order for what the configuration does not ask for."""
    with StandIn("--generate", "20", "--projects", "2") as server, Sync(
            server.url, projects="[demo-1]", mapping=ALL) as sync:
        sync.start()
        before = ids(sync.tree())
        sync.opsync("resync", "--wp", "2", "--wp", "3", "--wait")
        tap.same(ids(sync.tree()), before,
                 "a work package of another project stays out")


def overtaken(tap):
    """A content takes long; meanwhile its work package changes again, and
    comes again in the same pass."""
    with StandIn("--generate", "1000") as server, Sync(
            server.url, projects="[demo-1]", mapping=ALL,
            schedule="{ poll: 1h }") as sync:
        sync.start()
        got = server.side("attach", {"work_package": 5, "file_name": "a.txt",
                                     "content": "old"})
        server.side(*edit(5, subject="Old", description=
                          "![](/api/v3/attachments/%d/content)" % got["id"]))
        for ident in range(10, 950):
            server.side(*edit(ident, subject="Changed %d" % ident))
        server.side("fault", {"match": "attachments/%d/content" % got["id"],
                              "delay_ms": 4000})
        server.side("fault", {"match": LISTS, "times": -1,
                              "delay_ms": 500})
        server.side("requests/reset")
        sync.opsync("resync")
        until(lambda: any("/5/attachments" in r["path"]
                          for r in server.requests()))
        server.side("detach", {"id": got["id"]})
        server.side(*edit(5, subject="New", description="No picture."))
        server.side(*edit(6, subject="Newer"))
        until(sync.idle, 60)
        server.side("faults/clear")
        tap.ok(b"Newer" in sync.tree()["demo-1/6.md"], "the pass saw all")
        tap.tree(sync.tree(), sync.scratch(), "the old is not put on the new")


def lies(tap):
    """Lists of changes that do not go on."""
    with StandIn("--generate", "600") as server, Sync(
            server.url, projects="[demo-1]", mapping=ALL) as sync:
        sync.once()
        page = server.list([{"project": {"operator": "=", "values": ["1"]}}],
                           pageSize=200).body.decode()
        for name, body in (
                ("the same page for ever", page),
                ("no moments", page.replace('"updatedAt":"',
                                            '"updatedAt":"x')),
                ("nothing of many", '{"total":900,"count":0,'
                                    '"_embedded":{"elements":[]}}')):
            server.side("fault", {"match": LISTS, "times": -1, "status": 200,
                                  "content_type": "application/hal+json",
                                  "body": body})
            done = sync.once(timeout=20)
            tap.ok(done.code == 69 and "does not go on" in done.err,
                   "a list of " + name + " ends the pass", done)
            server.side("faults/clear")
        tap.same(sync.once().code, 0, "the next goes well")


def reconcile(tap):
    """The list of all ids is broken; lists of changes are not."""
    with StandIn("--generate", "20") as server, Sync(
            server.url, projects="[demo-1]", mapping=ALL,
            server="  max_tries: 1\n",
            schedule="{ poll: 1s, reconcile: 1s }") as sync:
        sync.start()
        server.side("fault", {"match": "elements%2Fid", "times": -1,
                              "status": 500, "body": "{}"})
        tap.ok(until(lambda: "500" in sync.said(), 10),
               "a reconcile that fails")
        server.side(*edit(3, subject="Polled all the same"))
        tap.ok(until(lambda: b"Polled all the same" in
                     sync.tree()["demo-1/3.md"], 10), "keeps off no poll")
        tap.same(sync.stop(), 0, "the daemon ends well")


def main():
    tap = Tap()
    for part in (mapping, restart, first, scope, overtaken, lies, reconcile):
        part(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
