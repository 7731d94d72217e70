#!/usr/bin/python3
"""What the server, or the host of an attachment, does not give of one work
package stops no other; where it gives nothing, the pass ends as it should."""
# waits for most of its time
import json
import sys
import time

from harness import StandIn, Sync, Tap, until

MAPPING = """
documents:
- match: {}
  path: ${ id }/index.md
  attachments: all
  front_matter: { title: "${ subject }" }
"""
CONTENT = "/api/v3/attachments/9311/content"
DENIED = {"status": 403, "content_type": "application/hal+json",
          "body": '{"_type":"Error","errorIdentifier":"urn:openproject-org:'
                  'api:v3:errors:MissingPermission","message":"You are not '
                  'authorized to access this resource."}'}
REFUSED = {"status": 400, "content_type": "application/hal+json",
           "body": '{"_type":"Error","errorIdentifier":"urn:openproject-org:'
                   'api:v3:errors:InvalidQuery","message":"No."}'}
HOSTS = "  storage_hosts: [127.0.0.1]\n"
TALK = """
documents:
- comments: public
  path: ${ id }/index.md
  front_matter:
    title: ${ subject }
    by: { $each: c in comments, name: "${ c.author.name }" }
"""


def fault(server, match, **what):
    server.side("fault", dict(what, match=match, times=-1))


def busy(status, seconds):
    return {"status": status, "headers": {"Retry-After": str(seconds)}}


def failed(sync):
    status = sync.opsync("--json", "status").json()[0]
    return {e["work_package"]: e["reason"] for e in status["errors"]}


def documents(sync):
    return {int(p.split("/")[0]) for p in sync.tree() if p.endswith(".md")}


def attachment(tap):
    """One content, in each way in which it may not come."""
    for name, match, what, more in (
            ("a right that lacks", CONTENT, DENIED, ""),
            ("a connection that breaks", CONTENT, {"drop": True}, ""),
            ("some bytes a second", CONTENT, {"trickle_ms": 100},
             "  stall_timeout: 1s\n"),
            ("a host that is not there", CONTENT,
             {"redirect": "http://127.0.0.1:1/x"}, HOSTS),
            ("a host that is private", CONTENT,
             {"redirect": "https://127.0.0.1:1/x"}, ""),
            ("its list denied", "/work_packages/8/attachments", DENIED, ""),
            ("its list broken", "/work_packages/8/attachments",
             {"drop": True}, "")):
        with StandIn() as server, Sync(
                server.url, mapping=MAPPING,
                server="  max_tries: 2\n" + more) as sync:
            fault(server, match, **what)
            done = sync.once()
            wrong = failed(sync)
            tap.ok(done.code == 3 and len(wrong) == 1 and
                   len(documents(sync)) == 20,
                   name + ": all others are made", (done, wrong))
            server.side("delete", {"id": 16})
            server.side("edit", {"id": 26, "set": {"subject": "Goes on"}})
            done = sync.once("--reconcile")
            tap.ok(done.code == 3 and 16 not in documents(sync) and
                   b"Goes on" in sync.tree()["26/index.md"],
                   name + ": changed and removed", done)
            server.side("faults/clear")
            done = sync.once()
            tap.ok(done.code == 0 and not failed(sync),
                   name + ": made when it comes", done)
            tap.tree(sync.tree(), sync.scratch(), name + ": all is there")


def everything(tap):
    """The same answers, from a server that is not well, or denies all."""
    for name, what, code in (("denied", DENIED, 77),
                             ("gone", {"drop": True}, 69),
                             ("in maintenance", {"status": 503}, 69),
                             ("too much", busy(429, 1), 69)):
        with StandIn() as server, Sync(
                server.url, mapping=MAPPING,
                server="  max_tries: 2\n") as sync:
            fault(server, "/attachments", **what)
            fault(server, "pageSize=1&offset=1&select", **what)
            done = sync.once()
            tap.ok(any("/attachments" in r["path"]
                       for r in server.requests()), name + ": late", done)
            tap.ok(done.code == code and not failed(sync),
                   "all is %s: that ends the pass" % name, done)
            server.side("faults/clear")
            tap.same(sync.once().code, 0, name + ": the next goes well")
            tap.tree(sync.tree(), sync.scratch(), name + ": nothing lacks")


def confirming(tap):
    """What is gone is looked at one by one."""
    with StandIn() as server, Sync(
            server.url, mapping=MAPPING, server="  max_tries: 1\n") as sync:
        sync.once()
        for ident in (16, 18):
            server.side("delete", {"id": ident})
        for what in (DENIED, REFUSED, {"status": 500}, {"drop": True},
                     {"status": 200, "body": "{}"}):
            fault(server, "/work_packages/16", **what)
            done = sync.once("--reconcile")
            tap.ok(done.code == 0 and "/work_packages/16: " in done.err and
                   "left for the next time" in done.err,
                   "one that cannot be looked at is told", done)
            tap.same({16, 18} & documents(sync), {16},
                     "and stays; the others go")
            server.side("faults/clear")
        sync.once("--reconcile")
        tap.same({16, 18} & documents(sync), set(), "until it can")
    with StandIn("--generate", "20") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            server="  max_tries: 1\n") as sync:
        sync.once()
        for ident in range(1, 11):
            server.side("delete", {"id": ident})
        for ident in range(1, 11):
            fault(server, "/work_packages/%d" % ident, status=500)
        server.side("requests/reset")
        done = sync.once("--reconcile")
        asked = [r for r in server.requests() if r["status"] == 500]
        server.side("faults/clear")
        for ident in range(1, 11):
            if ident != 4:
                fault(server, "/work_packages/%d" % ident, **DENIED)
        again = sync.once("--reconcile")
        tap.ok(again.code == 0 and 4 not in documents(sync) and
               len(documents(sync)) == 19,
               "one that denies one after the other is not", again)
        tap.ok(done.code == 69 and len(asked) == 4,
               "a server that fails at one after the other is let be",
               (done, len(asked)))
        server.side("faults/clear")
        for ident in (1, 2, 3, 5, 6, 7):
            server.side("fault", {"match": "/work_packages/%d" % ident,
                                  "times": -1, "delay_ms": 300})
        server.side("requests/reset")
        done = sync.once("--reconcile")
        asked = sorted((r["at"], r["sent"]) for r in server.requests()
                       if r["status"] == 404)
        beside = sum(b[0] < a[1] for a, b in zip(asked, asked[1:]))
        tap.ok("9 documents are held" in done.err and len(asked) == 9 and
               beside > 2, "two are asked for at a time", (done, asked))


def naming(tap):
    """Users whom only comments name are asked for one by one, too: none of
    them keeps what is gone."""
    with StandIn("--generate", "120") as server, Sync(
            server.url, projects="[demo-1]", mapping=TALK,
            server="  max_tries: 1\n") as sync:
        for user in range(901, 906):
            server.side("thing", {"kind": "user", "id": user,
                                  "name": "U%d" % user})
            server.side("comment", {"work_package": user - 900, "raw": "x",
                                    "user": user})
        sync.once()
        odd = {"status": 200, "content_type": "application/json",
               "body": '{"_type":"User","id":901,"name":null}'}
        for ident, what in enumerate((odd, REFUSED, DENIED, {"status": 500},
                                      {"drop": True}), 11):
            fault(server, "/users/901", **what)
            server.side("delete", {"id": ident})
            server.side("thing", {"kind": "user", "id": 902,
                                  "name": "Nth %d" % ident})
            done = sync.once("--reconcile")
            tree = sync.tree()
            tap.ok(done.code == 0 and "/users/901: " in done.err and
                   "left for the next time" in done.err,
                   "a user who is not given is told", (what, done))
            tap.ok("%d/index.md" % ident not in tree and
                   b"U901" in tree["1/index.md"] and
                   b"Nth %d" % ident in tree["2/index.md"],
                   "the name stays, and all else is done", what)
            server.side("faults/clear")
        for user in range(901, 906):
            fault(server, "/users/%d" % user, **odd)
        for kind, ident in (("--reconcile", 21), ("--full", 22)):
            server.side("delete", {"id": ident})
            server.side("requests/reset")
            done = sync.once(kind)
            asked = [r for r in server.requests() if "/users/90" in r["path"]]
            tap.ok(done.code == 0 and len(asked) == 4 and
                   "users behind it (1)" in done.err,
                   "odd ones, one after the other, are asked no more: "
                   + kind, (done, asked))
            tap.ok("%d/index.md" % ident not in sync.tree(),
                   "but what is gone goes", done)
        server.side("faults/clear")
        tap.same(sync.once("--full").code, 0, "when they come again")
        tap.tree(sync.tree(), sync.scratch(), "nothing lacks")


def storage(tap):
    """A host of contents that wants to be left alone speaks for itself."""
    with StandIn() as other, StandIn() as server, Sync(
            server.url, mapping=MAPPING,
            server="  max_tries: 2\n" + HOSTS) as sync:
        fault(server, CONTENT, redirect=other.url + "/busy")
        fault(other, "/busy", status=503, headers={"Retry-After": "600"})
        sync.start()
        server.side("edit", {"id": 26, "set": {"subject": "Goes on"}})
        got = until(lambda: b"Goes on" in sync.tree()["26/index.md"], 10)
        tap.ok(got and len(failed(sync)) == 1, "a storage that is busy: the "
               "server is asked on", (failed(sync), sync.said()))
        tap.same(sync.stop(), 0, "the daemon ends well")


def pausing(tap):
    """One thing at which the server asks for a pause, each time, while it
    answers all else: it is in error, and holds the others up a few times."""
    for match, what in (("/work_packages/8/attachments", busy(429, 3)),
                        ("/work_packages/8/attachments", busy(503, 3)),
                        (CONTENT, busy(429, 3)),
                        (CONTENT, busy(429, 600))):
        name = "%s %s: " % (match, what)
        with StandIn() as server, Sync(server.url, mapping=MAPPING) as sync:
            fault(server, match, **what)
            sync.start()
            asked = sum(r["status"] == what["status"]
                        for r in server.requests())
            tap.ok(asked <= 3 and len(documents(sync)) == 20,
                   name + "the others are made", (asked, documents(sync)))
            wrong = failed(sync)
            tap.ok(len(wrong) == 1 and str(what["status"]) in
                   "".join(wrong.values()), name + "it is in error", wrong)
            # What is in error is asked for again with what changed of it.
            began = time.monotonic()
            for ident in list(wrong) + [26]:
                server.side("edit", {"id": ident,
                                     "set": {"subject": "Goes on"}})
            tap.ok(until(lambda: b"Goes on" in sync.tree()["26/index.md"], 10)
                   and time.monotonic() - began < 6,
                   name + "from then on nobody waits",
                   time.monotonic() - began)
            server.side("faults/clear")
            sync.opsync("resync", "--failed", "--wait")
            tap.same(failed(sync), {}, name + "until it comes")
            tap.same(sync.stop(), 0, name + "the daemon ends well")
            tap.tree(sync.tree(), sync.scratch(), name + "nothing lacks")


def pausing_both(tap):
    """Two at once; and where the server then gives nothing else either."""
    paths = ["/work_packages/%d/activities" % n for n in (1, 2)]
    with StandIn("--generate", "8") as server, Sync(
            server.url, projects="[demo-1]", mapping=TALK) as sync:
        for path in paths:
            fault(server, path, **busy(429, 600))
        sync.start()
        tap.same(sorted(failed(sync)), [1, 2], "two that pause are in error")
        server.side("edit", {"id": 8, "set": {"subject": "Goes on"}})
        tap.ok(until(lambda: b"Goes on" in sync.tree()["8/index.md"], 10),
               "and keep no poll from others", sync.said())
        tap.same(sync.stop(), 0, "the daemon ends well")
    with StandIn("--generate", "8") as server, Sync(
            server.url, projects="[demo-1]", mapping=TALK,
            server="  max_tries: 1\n") as sync:
        fault(server, paths[0], **busy(429, 600))
        fault(server, "pageSize=1&offset=1&select", status=503)
        sync.start(wait=False)
        tap.ok(until(lambda: any(r["status"] == 503 and "pageSize=1&" in
                                 r["path"] for r in server.requests()), 10),
               "one pauses, and the list does not come")
        time.sleep(1)
        server.side("faults/clear")
        server.side("requests/reset")
        time.sleep(4)
        tap.same(server.requests(), [], "that pause is for all")
        sync.stop()


def damaged(tap):
    """One of a list comes without its project, once."""
    with StandIn() as server, Sync(server.url, mapping=MAPPING) as sync:
        sync.once()
        server.side("requests/reset")
        sync.once()
        before = sync.tree()["26/index.md"]
        for ident in (8, 26):
            server.side("edit", {"id": ident, "set": {"subject": "Other"}})
        polled = server.get(server.requests()[0]["path"]).json()
        for element in polled["_embedded"]["elements"]:
            if element["id"] == 26:
                del element["_links"]["project"]
        server.side("fault", {"match": "updatedAt%22%3A", "times": -1,
                              "status": 200,
                              "content_type": "application/hal+json",
                              "body": json.dumps(polled)})
        done = sync.once()
        wrong = failed(sync)
        tap.ok(done.code == 3 and list(wrong) == [26] and
               sync.tree()["26/index.md"] == before and
               b"Other" in sync.tree()["8/index.md"],
               "one that lacks its project is in error", (done, wrong))
        server.side("faults/clear")
        done = sync.once()
        tap.ok(done.code == 0 and b"Other" in sync.tree()["26/index.md"],
               "and asked for again", done)
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def typeless(tap):
    """Those that changed last have no type: when they did is known all the
    same."""
    with StandIn("--generate", "30", "--max-page-size", "3") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        for ident in range(1, 8):
            server.side("edit", {"id": ident, "set": {"type": None}})
        newest = server.state()
        newest = max(w["updatedAt"] for w in newest["workPackages"])
        done = sync.once()
        status = sync.opsync("--json", "status").json()[0]
        tap.ok(done.code == 3 and len(failed(sync)) == 7,
               "seven without a type are in error", done)
        tap.ok(status["cursor"][:19] == newest[:19],
               "polls begin where changes end", (status, newest))
        server.side("edit", {"id": 20, "set": {"subject": "Goes on"}})
        done = sync.once()
        tap.ok(done.code == 3 and b"Goes on" in sync.tree()["20/index.md"],
               "behind pages of them comes what changed", done)
    with StandIn("--generate", "1") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        server.side("delete", {"id": 1})
        sync.once()
        status = sync.opsync("status").out
        tap.ok("none yet" in status and "1970" not in status,
               "where nothing was shown yet, nothing was read", status)


def main():
    tap = Tap()
    typeless(tap)
    attachment(tap)
    storage(tap)
    pausing(tap)
    pausing_both(tap)
    damaged(tap)
    everything(tap)
    confirming(tap)
    naming(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
