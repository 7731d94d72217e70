#!/usr/bin/python3
"""Nothing is missed and nothing comes uninvited: small pages, ties, edits
while pages are read, commits that become visible late, several projects."""
import glob
import json
import os
import sys
import threading
import time
import urllib.parse

from harness import StandIn, Sync, Tap, edit, until

LIST = "/api/v3/work_packages?"
TEXT = """
documents:
- name: all
  match: {}
  path: ${ project.identifier }/${ id }.md
  front_matter: { title: "${ subject }", closed: "${ status.isClosed }" }
  body: ${ description.raw }
"""


def lists(server):
    """The queries of the lists of work packages that were asked for."""
    return [urllib.parse.parse_qs(urllib.parse.urlsplit(r["path"]).query)
            for r in server.requests() if r["path"].startswith(LIST)]


def ids(tree):
    return {int(path.split("/")[-1].split(".")[0]) for path in tree}


def clamped(tap):
    """An instance that gives 100 at a time, and 7 after a while."""
    with StandIn("--generate", "1200", "--projects", "2",
                 "--max-page-size", "100") as server, Sync(
                     server.url, projects="[demo-1, demo-2]",
                     mapping=TEXT) as sync:
        done = sync.once()
        tap.ok(done.code == 0 and "1200 added" in done.err,
               "all of 1200, 100 at a time", done)
        tap.ok(" 1200 read" in done.err, "each is counted once", done)
        tap.same(ids(sync.tree()), set(range(1, 1201)), "each of them")
        asked = lists(server)
        tap.ok(all("filters" in q for q in asked),
               "filters are always sent")
        tap.ok(all(q["includeSubprojects"] == ["false"] for q in asked),
               "subprojects are never swept in")
        for ident in range(1, 251):
            server.side(*edit(ident, subject="again"))
        server.side("max_page_size", {"value": 90})
        server.side("requests/reset")
        done = sync.once()
        tap.ok(done.code == 0 and "250 changed" in done.err,
               "250 changes, 90 at a time", done)
        tap.ok(len(lists(server)) <= 7, "without a detour",
               len(lists(server)))
        tap.ok(all("offset" not in q or q["offset"] == ["1"]
                   for q in lists(server)), "paged by key, never by offset")
        return sync.tree(), sync.scratch()


def ties(tap):
    """More work packages of one moment than fit a page."""
    stamp = "2030-01-01T00:00:00.123"
    with StandIn("--generate", "600") as server, Sync(
            server.url, projects="[demo-1]", mapping=TEXT) as sync:
        server.side("clock", {"offset_ms": 0})
        sync.once()
        now = server.state()["now"]
        stamp = now[:20] + "123"
        for ident in range(1, 451):
            server.side("edit", {
                "id": ident, "set": {"subject": "tied"},
                "updatedAt": stamp + "%03dZ" % (ident % 1000)})
        server.side(*edit(500, subject="after the tie"))
        done = sync.once()
        tap.ok(done.code == 0, "450 of one millisecond", done)
        tree = sync.tree()
        tap.same(len([t for t in tree.values() if b"title: tied\n" in t]),
                 450, "all of them come")
        tap.ok(b"after the tie" in tree["demo-1/500.md"],
               "and what is behind them")
        tap.tree(tree, sync.scratch(), "as from nothing")
        head = sync.head()
        server.side("requests/reset")
        tap.same((sync.once().code, sync.head()), (0, head), "once only")


def coarse(tap):
    """A bulk edit on a server that shows no part of a second."""
    with StandIn("--generate", "400") as server, Sync(
            server.url, projects="[demo-1]", mapping=TEXT,
            schedule="{ poll: 1s, overlap: 1s }") as sync:
        sync.once()
        second = server.state()["now"][:20]
        for ident in range(1, 301):
            server.side("edit", {"id": ident, "set": {"subject": "tied"},
                                 "digits": 0, "updatedAt": "%s%06dZ" % (
                                     second, 500000 + ident)})
        server.side("requests/reset")
        done = sync.once()
        tap.ok(done.code == 0 and "300 changed" in done.err and
               len(server.requests()) < 12, "300 of one second",
               (done, len(server.requests())))
        asked = 0
        for _ in range(3):
            time.sleep(1)
            server.side("requests/reset")
            sync.once()
            asked = len(lists(server))
        tap.same(asked, 1, "once only: then polls are one request")
        sync.once("--reconcile")
        tap.ok(len(server.requests()) < 20, "nor again by a reconcile",
               len(server.requests()))
        second = server.state()["now"][:20]
        for ident, micros in (398, 1), (399, 900000):
            server.side("edit", {
                "id": ident, "set": {"subject": "of that second"},
                "digits": 0, "updatedAt": "%s%06dZ" % (second, micros)})
            sync.once()
            time.sleep(1.1)
            sync.once()
        tap.tree(sync.tree(), sync.scratch(),
                 "the second is over before what follows it is asked for")


def moving(tap):
    """People edit what was read, and what was not, while pages come."""
    with StandIn("--generate", "900") as server, Sync(
            server.url, projects="[demo-1]", mapping=TEXT) as sync:
        server.side("fault", {"match": LIST, "times": -1, "delay_ms": 60})

        def write(number):
            for step in range(number):
                server.side(*edit(1 + step * 37 % 900,
                                  subject="edit %d" % step))
                if step % 10 == 0:
                    server.side("delete", {"id": 3 + step * 2})

        writer = threading.Thread(target=write, args=(100,))
        writer.start()
        first = sync.once()
        writer.join()
        tap.ok(first.code == 0, "a first sync while people write", first)
        server.side("faults/clear")
        sync.once()
        left = {p for p in sync.tree()} - {p for p in sync.scratch()}
        sync.once("--full")
        tap.ok(len(left) <= 10, "only what was deleted may be too much",
               left)
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        server.side("fault", {"match": LIST, "times": -1, "delay_ms": 60})
        for ident in range(100, 600):
            server.side(*edit(ident, subject="much to read"))
        writer = threading.Thread(target=lambda: [server.side(*edit(
            100 + n * 7 % 500, subject="while it is read %d" % n))
            for n in range(60)])
        writer.start()
        sync.once()
        writer.join()
        sync.once()
        server.side("faults/clear")
        tap.tree(sync.tree(), sync.scratch(), "nor in a catching-up poll")


def shrinking(tap):
    """A project is deleted between two pages of them: what follows moves up."""
    with StandIn("--generate", "150", "--projects", "150") as server, Sync(
            server.url, projects="'*'", mapping=TEXT) as sync:
        for wp in server.state()["workPackages"]:
            if wp["_links"]["project"]["href"].endswith("/projects/150"):
                server.side("delete", {"id": wp["id"]})
        server.side("fault", {"match": "/projects?", "delay_ms": 1000})

        def forget():
            until(lambda: any("/projects?" in r["path"]
                              for r in server.requests()))
            server.side("forget", {"kind": "project", "id": 150})

        other = threading.Thread(target=forget)
        other.start()
        done = sync.once()
        other.join()
        asked = [r["path"].split("offset=")[1] for r in server.requests()
                 if "/projects?" in r["path"]]
        tap.same((done.code, asked), (0, ["1", "2"] * 2),
                 "a project is deleted while they are listed")
        tap.tree(sync.tree(), sync.scratch(), "and no other is missed")
        for what, order in (
                ("whose total moves each time", {
                    "replace": '"total":149', "with": '"total":148'}),
                ("whose page comes twice", {"body": server.get(
                    "/api/v3/projects?pageSize=100").body.decode()})):
            server.side("requests/reset")
            server.side("fault", dict(
                order, match="pageSize=100&offset=2", times=-1))
            done = sync.once("--full")
            tap.ok(done.code == 69 and "/projects" in done.err and
                   sum("/projects?" in r["path"]
                       for r in server.requests()) == 10,
                   "a list of them %s: five times, and no more" % what, done)
            server.side("faults/clear")
        tap.same(sync.once("--full").code, 0, "and well again")


def unsteady(tap):
    """The list of all ids changes between two pages of it."""
    with StandIn("--generate", "250", "--max-page-size", "100") as server, \
            Sync(server.url, projects="[demo-1]", mapping=TEXT) as sync:
        sync.once()
        server.side("delete", {"id": 77})
        for what, old, new, always in (
                ("total moves", '"total": 249', '"total": 248', (0, 2)),
                ("id comes twice", '{"id": 150}', '{"id": 151}', (0, 3))):
            for times, (code, walks) in (-1, always), (1, (0, 2)):
                server.side("requests/reset")
                server.side("fault", {"match": "offset=2", "times": times,
                                      "replace": old, "with": new})
                done = sync.once("--reconcile")
                server.side("faults/clear")
                asked = sum("offset=1&select" in r["path"]
                            for r in server.requests())
                tap.ok((done.code, asked) == (code, walks) and
                       ("on each of 3 walks" in done.err) == (code != 0),
                       "a list of ids, whose %s: walked %d times" % (
                           what, walks), done)
            tap.same(ids(sync.tree()), set(range(1, 251)) - {77},
                     "and then it is believed")
        server.side("requests/reset")
        server.side("fault", {"match": "offset=2", "delay_ms": 30000})
        sync.start("--reconcile", wait=False)
        until(lambda: any("offset=2" in r["path"] for r in server.requests()))
        tap.same(sync.stop(timeout=5), 0, "the daemon ends amid one")


def miscounted(tap):
    """The server counts one more than it lists, and that for ever: all is read
    and told, and nothing goes by that list alone."""
    with StandIn("--generate", "30", "--max-page-size", "10") as server, Sync(
            server.url, projects="[demo-1]", mapping=TEXT) as sync:
        def shows(listed, first=31):
            server.side("faults/clear")
            for page in range(1, 5):
                elements = listed[page * 10 - 10:page * 10]
                server.side("fault", {
                    "match": "pageSize=1000&offset=%d&select" % page,
                    "times": -1, "status": 200,
                    "content_type": "application/hal+json",
                    "body": json.dumps({
                        "total": first if page == 1 else 31, "count": len(elements), "_embedded": {
                            "elements": [{"id": n} for n in elements]}})})

        shows(list(range(1, 31)), 30)
        done = sync.once()
        tap.ok(done.code == 69 and "on each of 3 walks (30 ids of 31" in
               done.err, "one that comes while it is counted is none", done)
        shows(list(range(1, 31)))
        done = sync.once()
        told = "the server counts 31 work packages, and lists 30 of them"
        tap.ok(done.code == 0 and told in done.err and
               ids(sync.tree()) == set(range(1, 31)),
               "a server that counts one too many: all is read", done)
        done = sync.opsync("verify")
        tap.ok(done.code == 3 and "server: " + told in done.out,
               "and verify tells", done)
        server.side("edit", {"set": {"subject": "The one"}})
        shows([n for n in range(1, 32) if n != 15])
        tap.ok(sync.once("--reconcile").code == 0 and
               "demo-1/15.md" in sync.tree(),
               "what is not listed, but shown, stays")
        for name in glob.glob(sync.state_file + "*"):
            os.remove(name)
        done = sync.once()
        tap.ok(done.code == 0 and "demo-1/15.md" in sync.tree(),
               "also where the state is lost", done)
        server.side("faults/clear")
        server.side("delete", {"id": 15})
        sync.once("--reconcile")
        tap.tree(sync.tree(), sync.scratch(), "until the list is whole")


def endless(tap):
    """Each page of the ids is the first, and there are ever so many."""
    with StandIn("--generate", "3") as server, Sync(
            server.url, projects="[demo-1]", mapping=TEXT) as sync:
        sync.once()
        server.side("requests/reset")
        server.side("fault", {
            "match": "elements%2Fid", "times": -1, "status": 200,
            "content_type": "application/hal+json",
            "body": '{"total":999999999999,"count":3,"_embedded":{"elements":'
                    '[{"id":1},{"id":2},{"id":3}]}}'})
        done = sync.once("--reconcile", timeout=20)
        tap.ok(done.code == 69 and "on each of 3 walks (3 ids of " in done.err,
               "a list of ids that does not end is left", done)
        tap.same([q["offset"][0] for q in lists(server) if "select" in q and
                  "elements/id" in q["select"][0]], ["1", "2"] * 3,
                 "once a page goes no further")
        tap.same(ids(sync.tree()), {1, 2, 3}, "and not believed")


def busy(tap):
    """Some are made, or deleted, while the ids are listed, each time."""
    def made(server, n):
        server.side("edit", {"set": {"subject": "Made %d" % n}})

    def deleted(server, n):
        server.side("delete", {"id": n})

    for change in made, deleted:
        with StandIn("--generate", "250", "--max-page-size", "100") as server, \
                Sync(server.url, projects="[demo-1]", mapping=TEXT) as sync:
            done = threading.Event()

            def walked(server=server):
                return sum("offset=2&select" in r["path"]
                           for r in server.requests())

            def meanwhile(server=server, done=done, change=change,
                          walked=walked):
                seen = 0
                while not done.is_set():
                    if walked() > seen:
                        seen += 1
                        change(server, seen)

            server.side("fault", {"match": "offset=2&select", "times": -1,
                                  "delay_ms": 300})
            other = threading.Thread(target=meanwhile)
            other.start()
            first = sync.once()
            done.set()
            other.join()
            tap.ok(first.code == 0 and walked() == 2,
                   "%s while they are listed: walked twice"
                   % change.__name__, (first, walked()))
            sync.once()
            tap.tree(sync.tree(), sync.scratch(), "and none lacks")
            server.side("faults/clear")


def unclaimed(tap):
    """One is made and one goes, so that total stays as it was and a third is
    skipped: after a lost state nothing else says that it is there."""
    for made in 1, 2:
        with StandIn("--generate", "60", "--max-page-size", "10") as server, \
                Sync(server.url, projects="[demo-1]", mapping=TEXT) as sync:
            sync.once()
            for name in glob.glob(sync.state_file + "*"):
                os.remove(name)
            server.side("fault", {"match": "pageSize=1000&offset=2&select",
                                  "delay_ms": 500})
            server.side("requests/reset")

            def meanwhile(server=server, made=made):
                until(lambda: any("offset=2&select" in r["path"]
                                  for r in server.requests()))
                server.side("delete", {"id": 3})
                for n in range(made):
                    server.side("edit", {"set": {"subject": "Made %d" % n}})

            other = threading.Thread(target=meanwhile)
            other.start()
            done = sync.once()
            other.join()
            server.side("faults/clear")
            sync.once()
            tap.ok(done.code == 0 and "demo-1/21.md" not in sync.git(
                "log", "--diff-filter=D", "--name-only", "--format=").out,
                   "a lost state, one gone and %d made: none is removed that "
                   "is there" % made, done)
            tap.tree(sync.tree(), sync.scratch(), "and none lacks")


def late(tap):
    """A change that is stamped before the cursor and seen behind it."""
    with StandIn("--generate", "30") as server, Sync(
            server.url, projects="[demo-1]", mapping=TEXT,
            schedule="{ poll: 1s, overlap: 3s }") as sync:
        sync.start()
        server.side("edit", {"id": 5, "set": {"subject": "late"}, "late": 2})
        server.side(*edit(6, subject="in time"))
        got = until(lambda: b"in time" in sync.tree()["demo-1/6.md"])
        tap.ok(got, "a later change comes first")
        got = until(lambda: b"title: late" in sync.tree()["demo-1/5.md"], 10)
        tap.ok(got, "the one that became visible late is not missed")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        server.side("edit", {"id": 7, "set": {"subject": "future"},
                             "updatedAt": "2999-01-01T00:00:00.000000Z"})
        until(lambda: b"future" in sync.tree()["demo-1/7.md"])
        tap.ok(until(lambda: "future" in sync.said()),
               "a stamp of the future is said")
        server.side(*edit(8, subject="goes on"))
        got = until(lambda: b"goes on" in sync.tree()["demo-1/8.md"])
        tap.ok(got, "and is not where the next poll begins")
        sync.stop()


def scope(tap):
    """Which projects, and who is hidden in them."""
    with StandIn() as server:
        for name, projects, wanted in (
                ("one project", "[ccm]", {"ccm"}),
                ("with its subprojects",
                 "[{ project: ccm, subprojects: true }]", {"ccm", "ccm-sub"}),
                ("by its number", "['1']", {"ccm"}),
                ("two", "[ccm-sub, bulk]", {"ccm-sub", "bulk"}),
                ("all that the key sees", "'*'",
                 {"ccm", "ccm-sub", "bulk", "prof-dev"})):
            with Sync(server.url, projects=projects, mapping=TEXT) as sync:
                server.side("requests/reset")
                done = sync.once()
                got = {p.split("/")[0] for p in sync.tree()}
                tap.ok(done.code == 0 and got == wanted, name,
                       "%r %r" % (got, done))
                tap.ok(all("filters" in q and
                           q["includeSubprojects"] == ["false"]
                           for q in lists(server)),
                       name + ": filters sent, subprojects named")
                if "ccm" in wanted:
                    tap.ok(b"closed: true" in sync.tree().get(
                        "ccm/19.md", b""),
                        name + ": closed ones are not hidden")
        with Sync(server.url, key="syncbotkey", projects="'*'",
                  mapping=TEXT) as sync:
            sync.once()
            tap.ok(all("/20." not in p for p in sync.tree()) and
                   sync.tree(), "what the key must not see does not come")


def vanished(tap):
    """An id that is listed, and gone when its batch is asked for."""
    with StandIn("--generate", "400") as server, Sync(
            server.url, projects="[demo-1]", mapping=TEXT) as sync:
        server.side("fault", {
            "match": "elements%2Fid", "times": 1, "replace": '{"id": 123}',
            "with": '{"id": 12345}'})
        server.side("requests/reset")
        done = sync.once()
        tap.same(len([r for r in server.requests() if r["fault"]]), 1,
                 "the list named one that is gone")
        tap.ok(done.code == 0, "a refused batch is no failure", done)
        tap.same(ids(sync.tree()), set(range(1, 401)) - {123},
                 "all others of it come")
        sync.once("--full")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def future(tap):
    """On the first sync, too."""
    with StandIn("--generate", "30") as server, Sync(
            server.url, projects="[demo-1]", mapping=TEXT) as sync:
        server.side("edit", {"id": 7, "set": {"subject": "future"},
                             "updatedAt": "2999-01-01T00:00:00.000000Z"})
        sync.start()
        server.side(*edit(8, subject="goes on"))
        got = until(lambda: b"goes on" in sync.tree()["demo-1/8.md"])
        tap.ok(got, "a stamp of the future on the first sync")
        server.side("requests/reset")
        until(lambda: len(server.requests()) >= 3)
        tap.same([q for q in lists(server) if "updatedAt" not in
                  q["filters"][0]], [], "polls stay polls")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        sync.stop()


def newest_first(tap):
    """What was made last is in the first batch."""
    with StandIn("--generate", "500") as server, Sync(
            server.url, projects="[demo-1]", mapping=TEXT, schedule="{ poll:"
            " 1s, full: { newest_first: true } }") as sync:
        done = sync.once()
        batches = [q["filters"][0] for q in lists(server)
                   if '"id":' in q["filters"][0]]
        # Two are under way at a time.
        tap.ok(done.code == 0 and '"500"' in "".join(batches[:2]) and
               '"50"' in batches[-1], "the newest first", batches)
        tap.same(ids(sync.tree()), set(range(1, 501)), "and then all others")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def main():
    tap = Tap()
    got, wanted = clamped(tap)
    tap.tree(got, wanted, "as from nothing")
    for part in (ties, coarse, moving, shrinking, unsteady, miscounted, endless, busy,
                 unclaimed, late, future, scope, vanished, newest_first):
        part(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
