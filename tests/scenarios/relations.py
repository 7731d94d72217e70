#!/usr/bin/python3
"""Relations move no work package: a reconcile asks for them in batches, and
only where a mapping reads them."""
import sys
import threading

from harness import StandIn, Sync, Tap, until

MAPPING = """
documents:
- match: { where: '${ subject != "hidden" }' }
  path: ${ id }.md
  front_matter:
    title: ${ subject }
    relations:
      $each: r in relations
      is: ${ r.type } ${ r.subject }
      why: ${ r.description }
"""
QUIET = """
documents:
- path: ${ id }.md
  front_matter: { title: "${ subject }" }
"""


def edit(ident, subject):
    return "edit", {"id": ident, "set": {"subject": subject}}


def relate(ident, one, other, kind="precedes", back="follows", why=None):
    return "relate", {"id": ident, "from": one, "to": other, "type": kind,
                      "reverseType": back, "description": why}


class World:
    def __init__(self, tap, server, sync):
        self.tap, self.server, self.sync = tap, server, sync

    def after(self, name, ident, wanted, orders=(), args=("--reconcile",)):
        for order in orders:
            self.server.side(*order)
        self.server.side("requests/reset")
        done = self.sync.once(*args)
        self.tap.ok(done.code == 0, name + ": a good pass", done)
        text = self.sync.tree()["%d.md" % ident].decode()
        got = [line.split("is: ")[1] for line in text.splitlines()
               if "is: " in line]
        self.tap.same(got, wanted, name)
        self.tap.tree(self.sync.tree(), self.sync.scratch(),
                      name + ": as from nothing")

    def asked(self):
        return [r["path"] for r in self.server.requests()
                if "/relations" in r["path"]]


def back(w):
    """A mapping that reads them goes and comes back."""
    w.sync.configure(mapping=QUIET)
    w.after("read no more", 1, [], [], ())
    w.sync.configure(mapping=MAPPING)
    w.after("read again", 1, ["precedes wp2", "relates wp5"], [], ())
    w.sync.configure(mapping=QUIET)
    w.after("once more", 1, [], [relate(9, 1, 3), ("unrelate", {"id": 2})],
            ())
    w.sync.configure(mapping=MAPPING)
    w.after("others by now", 1, ["precedes wp2", "precedes wp3"], [], ())
    w.after("as they were", 1, ["precedes wp2", "relates wp5"],
            [relate(2, 5, 1, "relates", "relates", "somehow"),
             ("unrelate", {"id": 9})])
    for ident in range(1, 7):
        w.server.side(*edit(ident, "hidden"))
    w.sync.once()
    w.after("all that read them are gone, and one is back", 1, [],
            [edit(1, "wp1")], ())
    w.after("and another", 2, ["follows wp1"], [edit(2, "wp2")], ())
    w.after("and all", 1, ["precedes wp2", "relates wp5"],
            [edit(i, "wp%d" % i) for i in range(3, 7)], ())


def otherwise_called(w):
    """The list of relations has another name of a work package than itself."""
    server, sync = w.server, w.sync
    server.side("fault", {"match": "/api/v3/relations", "times": -1,
                          "replace": '"title":"wp6"',
                          "with": '"title":"Task #6: wp6"'})
    w.after("called otherwise", 5, ["relates wp6"],
            [relate(20, 5, 6, "relates", "relates")])
    head = sync.head()
    for args in ("--reconcile",), (), ("--full",), ("--reconcile",), ():
        server.side("edit", {"id": 6, "set": {"description": str(args)}})
        sync.once(*args)
        w.tap.same(sync.head(), head, "called as before by a pass %s" % (args,))
    server.side("edit", {"id": 5, "set": {"description": "by itself"}})
    sync.once()
    w.tap.same(sync.head(), head, "also when the other end is read alone")
    server.side("faults/clear")
    w.after("no more", 5, [], [("unrelate", {"id": 20})])


def archived(tap):
    """What is related in a project that is not shown for a while."""
    with StandIn("--generate", "6", "--projects", "2") as server, Sync(
            server.url, projects="'*'", mapping=MAPPING) as sync:
        for ident in range(1, 7):
            server.side("edit", {
                "id": ident, "updatedAt": "2020-01-0%dT00:00:00Z" % ident,
                "set": {"subject": "wp%d" % ident,
                        "project": 1 if ident < 4 else 2}})
        for order in relate(1, 1, 2), relate(2, 1, 4):
            server.side(*order)
        w = World(tap, server, sync)
        w.after("in two projects", 1, ["precedes wp2", "precedes wp4"])
        server.side("archive", {"project": 1})
        whole = sync.tree()
        sync.once("--reconcile")
        tap.same([sync.tree()[path] for path in ("1.md", "2.md")],
                 [whole[path] for path in ("1.md", "2.md")],
                 "in an archived one, they stay")
        tap.ok(b"wp1" not in sync.tree()["4.md"],
               "and are not shown from the other one", sync.tree()["4.md"])
        server.side("archive", {"project": 1, "archived": False})
        w.after("that is back, in a poll", 1, ["precedes wp2", "precedes wp4"],
                [edit(3, "wp3, again")], ())
        server.side("archive", {"project": 1})
        sync.once("--reconcile")
        server.side("archive", {"project": 1, "archived": False})
        server.side("fault", {"match": "/relations", "status": 500,
                              "times": -1})
        server.side(*edit(3, "wp3"))
        tap.ok(sync.once().code != 0, "back, and nobody tells them")
        tap.same([sync.tree()[path] for path in ("1.md", "2.md")],
                 [whole[path] for path in ("1.md", "2.md")],
                 "those that were told stay")
        server.side("faults/clear")
        w.after("and a reconcile brings the rest", 1,
                ["precedes wp2", "precedes wp4"])


def poisoned(tap):
    """The server fails at every list with one of them, then at each."""
    with StandIn("--generate", "30") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            server="  max_tries: 2\n") as sync:
        w = World(tap, server, sync)
        for i in range(1, 31):
            server.side(*edit(i, "wp%d" % i))
        w.after("thirty", 20, ["precedes wp21"],
                [relate(1, 20, 21), relate(2, 5, 6)])
        whole = sync.tree()
        server.side("fault", {"match": "/relations?", "times": -1,
                              "holds": '"_type":"Relation","id":1,',
                              "status": 500})
        for order in (relate(1, 20, 22), relate(2, 5, 7), relate(3, 22, 23),
                      ("delete", {"id": 30})):
            server.side(*order)
        server.side("requests/reset")
        done = sync.once("--reconcile")
        tap.ok(done.code == 3 and
               all("work package %d: GET /api/v3/relations?" % i in done.err
                   and "its relations stay as they are" in done.err
                   for i in (20, 22)), "two have one that it fails at", done)
        got = sync.opsync("status").out
        tap.ok("fails at those of 2 work packages" in got and
               "opsync resync --full" in got and
               all("/work_packages/%d\n    GET /api/v3/relations?" % i in got
                   for i in (20, 22)), "status lists both", got)
        tap.ok(len(w.asked()) <= 40, "which takes few questions",
               len(w.asked()))
        now = sync.tree()
        tap.ok(now["20.md"] == whole["20.md"] and b"wp7" in now["5.md"] and
               b"wp22" in now["23.md"] and "30.md" not in now,
               "all else goes on", now)
        server.side(*edit(31, "new"))
        server.side(*relate(4, 31, 20))
        tap.same(sync.once().code, 0, "one of them has another one")
        server.side(*edit(20, "wp20, again"))
        sync.once()
        tap.ok(b"precedes wp21" in sync.tree()["20.md"] and
               b"follows new" in sync.tree()["20.md"],
               "loses none that is known", sync.tree()["20.md"])
        server.side("faults/clear")
        tap.ok("fails at those of 2" in sync.opsync("status").out,
               "polls leave it to the next reconcile")
        w.after("and well again", 20, ["precedes wp22", "follows new"])
        tap.ok("fails at those" not in sync.opsync("status").out,
               "status does not say it any more")
        server.side("fault", {"match": "/relations?", "times": -1,
                              "status": 500})
        server.side("requests/reset")
        for order in (relate(2, 5, 8), ("delete", {"id": 29}),
                      edit(32, "newer")):
            server.side(*order)
        done = sync.once("--reconcile")
        tap.ok(done.code == 3 and "5 failed" in done.err,
               "it fails at all of them", done)
        tap.ok(len(w.asked()) < 20, "which takes few questions, too",
               len(w.asked()))
        now = sync.tree()
        tap.ok("29.md" not in now and "32.md" in now and
               b"wp7" in now["5.md"], "and all else goes on", now)
        server.side("faults/clear")
        w.after("and at none any more", 5, ["precedes wp8"])


def gone(tap):
    """What is gone and kept keeps them."""
    with StandIn("--generate", "3") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING.replace(
                "match:", "when_gone: keep\n  match:")) as sync:
        server.side(*relate(1, 1, 2))
        sync.once()
        text = sync.tree()["1.md"]
        server.side("delete", {"id": 1})
        tap.same(sync.once("--reconcile").code, 0, "one is gone")
        tap.same(sync.tree()["1.md"], text, "and kept, as it was")
        tap.same(sync.once("--full").code, 0, "everything is read")
        tap.same(sync.tree()["1.md"], text, "and it still is")


def shrinking(w):
    """One is gone between two pages of them: what follows moves up."""
    w.server.side("fault", {"match": "/relations?", "delay_ms": 1000})
    w.server.side("requests/reset")

    def unrelate():
        until(w.asked)
        w.server.side("unrelate", {"id": 12})

    other = threading.Thread(target=unrelate)
    other.start()
    done = w.sync.once("--reconcile")
    other.join()
    w.tap.same((done.code, [path.split("offset=")[1] for path in w.asked()]),
               (0, ["1", "2"] * 2), "one is gone while they are listed")
    w.after("and no other is missed", 1,
            ["relates wp%d" % i for i in range(3, 7)], (), ())
    w.server.side("fault", {"match": "&offset=2", "times": -1,
                            "replace": '"total":4', "with": '"total":5'})
    w.server.side("requests/reset")
    done = w.sync.once("--reconcile")
    w.tap.ok(done.code == 69 and "/relations: 200: " in done.err and
             len(w.asked()) == 10,
             "a total that moves each time: five times, and no more",
             (done, w.asked()))
    w.server.side("faults/clear")


def poisoned_and_told(tap):
    """The same, where others whose lists come tell them of new ones."""
    with StandIn("--generate", "30") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            server="  max_tries: 2\n") as sync:
        for i in range(1, 31):
            server.side(*edit(i, "wp%d" % i))
        server.side(*relate(1, 20, 21))
        sync.once()
        server.side(*relate(2, 20, 1))
        server.side(*relate(3, 21, 2))
        server.side("fault", {"match": "/relations?", "times": -1,
                              "holds": '"_type":"Relation","id":1,',
                              "status": 500})
        for kind in ("--reconcile", "--full", "--reconcile"):
            done = sync.once(kind)
            tap.ok(done.code == 3 and " 2 failed" in done.err and
                   done.err.count("its relations stay as they are") == 2,
                   kind + ": what the server fails at is counted", done)
        told = [sync.opsync("log", "--level", "debug", "--event", kind).out
                for kind in ("failed", "retried")]
        tap.same([one.count("its relations stay as they are")
                  for one in told], [2, 4],
                 "and told once, then noted as tried again")
        tap.ok(b"wp1" in sync.tree()["20.md"], "the new one is there",
               sync.tree()["20.md"])
        server.side("faults/clear")
        done = sync.once("--reconcile")
        tap.ok(done.code == 0 and " 0 failed" in done.err,
               "and all is well when it does no more", done)
        told = sync.opsync("log", "--event", "recovered").out
        tap.same(told.count("shows its relations again"), 2,
                 "which is told, too")
        tap.same(sync.once("--reconcile").code, 0, "once more")
        tap.same(sync.opsync("log", "--event", "recovered").out, told,
                 "and only once")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def main():
    tap = Tap()
    archived(tap)
    gone(tap)
    poisoned(tap)
    poisoned_and_told(tap)
    more = "guard: { max_delete: { share: 100% } }"
    with StandIn("--generate", "6") as server, Sync(
            server.url, projects="[demo-1]", mapping=QUIET,
            more=more) as sync:
        w = World(tap, server, sync)
        for i in range(1, 7):
            server.side(*edit(i, "wp%d" % i))
        w.after("a mapping that reads none", 1, [], [relate(1, 1, 2)])
        tap.same(w.asked(), [], "asks for none")
        sync.configure(mapping=MAPPING)
        w.after("a mapping that does", 1, ["precedes wp2"])
        w.after("from the other end", 2, ["follows wp1"])
        w.after("another one", 1, ["precedes wp2", "relates wp5"],
                [relate(2, 5, 1, "relates", "relates", "somehow")])
        tap.ok(b"why: somehow" in sync.tree()["5.md"], "with its words",
               sync.tree()["5.md"])
        back(w)
        w.after("one that is renamed", 1, ["precedes wp2", "relates five"],
                [edit(5, "five")], ())
        w.after("one without a document", 1, ["precedes wp2"],
                [edit(5, "hidden")], ())
        w.after("has one again", 1, ["precedes wp2", "relates wp5"],
                [edit(5, "wp5")], ())
        w.after("changed", 2, ["blocked wp1"],
                [relate(1, 1, 2, "blocks", "blocked")])
        w.after("gone", 1, ["relates wp5"], [("unrelate", {"id": 1})])
        w.after("a new work package, by a poll", 7, ["follows wp6"],
                [edit(7, "new"), relate(3, 6, 7)], ())
        w.after("and its other end", 6, ["precedes new"])
        w.after("none any more", 1, [],
                [("unrelate", {"id": 2}), ("unrelate", {"id": 3})])

        otherwise_called(w)

        # Pages and a limit of the instance.
        server.side("max_page_size", {"value": 2})
        orders = [relate(10 + i, 1, i, "relates", "relates")
                  for i in range(2, 7)]
        w.after("more than a page", 1,
                ["relates wp%d" % i for i in range(2, 7)], orders)
        head = sync.head()
        sync.once("--reconcile")
        tap.same(sync.head(), head, "once and for all")
        shrinking(w)
        server.side("fault", {"match": "/relations?", "delay_ms": 30000})
        server.side("requests/reset")
        sync.start("--reconcile", wait=False)
        until(w.asked)
        tap.same(sync.stop(timeout=5), 0, "the daemon ends amid asking")
        tap.same(sync.flaws(), [], "a repository without a flaw")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
