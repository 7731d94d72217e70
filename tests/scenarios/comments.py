#!/usr/bin/python3
"""Comments: asked for only where the mapping uses them, one request a changed
work package; internal ones never get out."""
import sys

from harness import StandIn, Sync, Tap, until

MAPPING = """
documents:
- name: talk
  match: { where: "${ id <= 3 }" }
  comments: public
  path: ${ id }.md
  front_matter:
    title: ${ subject }
    comments:
      $each: c in comments
      by: ${ c.author.name }
      text: ${ c.raw }
- name: quiet
  match: {}
  path: ${ id }.md
  front_matter: { title: "${ subject }" }
"""


def say(server, ident, text, **more):
    server.side("comment", dict({"work_package": ident, "raw": text,
                                 "user": 6}, **more))


def asked(server, what):
    return [r["path"] for r in server.requests() if what in r["path"]]


def crowd(tap):
    """Many write comments: a reconcile asks for some of them, and the next for
    the others; a full read for all."""
    people = range(1001, 1251)
    with StandIn("--generate", "3") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        for user in people:
            server.side("thing", {"kind": "user", "id": user,
                                  "name": "Number %d" % user})
            say(server, 1 + user % 3, "x", user=user)
        sync.once()
        for how, numbers in (("--reconcile", [200, 200]), ("--full", [250])):
            met = set()
            for number in numbers:
                server.side("requests/reset")
                sync.once(how)
                got = asked(server, "/users/1")
                tap.same(len(got), number, how + ": so many are asked for")
                met.update(got)
            tap.same(len(met), 250, "and each of them, by and by")
        for user in (1001, 1250):
            server.side("rename", {"kind": "user", "id": user,
                                   "name": "Another %d" % user})
        sync.once("--reconcile")
        sync.once("--reconcile")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def one_person(tap):
    """Who wrote many is asked for once a pass, whatever comes of it."""
    with StandIn("--generate", "40") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING.replace(
                "<= 3", "<= 40"), server="  max_tries: 1\n") as sync:
        server.side("thing", {"kind": "user", "id": 987, "name": "Many"})
        for i in range(1, 41):
            say(server, i, "all mine", user=987)
        # curl itself asks again where a connection that it kept is closed.
        for name, what, code, most in (("fails", {"status": 500}, 3, 1),
                                       ("breaks off", {"drop": True}, 3, 5),
                                       ("answers", {"delay_ms": 1}, 0, 1)):
            server.side("requests/reset")
            server.side("fault", dict(what, match="/users/987", times=-1))
            done = sync.once()
            n = len(asked(server, "/users/987"))
            tap.ok(done.code == code and 1 <= n <= most,
                   "a user at whom the server %s" % name, (n, done))
            server.side("faults/clear")
        tap.ok(all(b"by: Many" in t for t in sync.tree().values()) and
               len(sync.tree()) == 40, "all is there", sync.tree())
        for i in range(1, 41):
            say(server, i, "secret", user=6)
        server.side("fault", {
            "match": "/users/6", "status": 403, "times": -1, "body":
            '{"errorIdentifier":"urn:openproject-org:api:v3:errors:'
            'MissingPermission","message":"no"}'})
        done = sync.once()
        tap.same((done.code, len(asked(server, "/users/6"))), (0, 1),
                 "one whom the key may not see")


def pictures(tap):
    """A file that was put into a comment is none of the work package's: its
    address stays, and is told, as in a description."""
    mapping = """documents:
- comments: public
  path: ${ id }.md
  body: '${ comments | pluck("raw") | join(" ") }'
"""
    picture = "![](/api/v3/attachments/77777/content)"
    with StandIn("--generate", "3") as server, Sync(
            server.url, projects="[demo-1]", mapping=mapping) as sync:
        say(server, 1, picture)
        sync.once()
        tap.same(sync.tree()["1.md"].decode(), picture + "\n",
                 "a picture in a comment")
        told = sync.opsync("log", "--json", "--event", "unresolved").json()
        tap.same([e["work_package"] for e in told], [1], "is told of")


def main():
    tap = Tap()
    crowd(tap)
    pictures(tap)
    one_person(tap)
    with StandIn("--generate", "6") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        name = server.get("/api/v3/users/6").json()["name"]
        say(server, 1, "Hello *you*")
        say(server, 1, "secret", internal=True)
        say(server, 1, "odd", internal="yes")
        say(server, 1, "plain", internal=False)
        say(server, 5, "unused")
        server.side("requests/reset")
        tap.same(sync.once().code, 0, "a first sync")
        text = sync.tree()["1.md"].decode()
        tap.ok("by: %s\n  text: Hello *you*" % name in text,
               "a comment, and who wrote it", text)
        tap.ok("text: plain" in text, "one that is not internal", text)
        tap.ok(not any(b"secret" in t or b"odd" in t
                       for t in sync.tree().values()), "no internal one")
        tap.same(len(asked(server, "/activities")), 3,
                 "asked for where they are used")
        tap.same(len(asked(server, "/users/6")), 1, "and a name once")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        server.side("requests/reset")
        say(server, 2, "second")
        server.side("edit", {"id": 6, "set": {"subject": "no comment"}})
        sync.once()
        tap.ok(b"text: second" in sync.tree()["2.md"], "a new one comes",
               sync.tree()["2.md"])
        tap.same(len(asked(server, "/activities")), 1,
                 "one request, for the work package that changed")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")

        tap.same(sync.opsync("render", "2").out, sync.tree()["2.md"].decode(),
                 "render has them, too")
        for name, words in (("comments", "which are not here: opsync diff 6"),
                            ("attachments", "needs the list of attachments")):
            sync.configure(mapping=MAPPING + "  comments: public\n"
                           "  body: ['${ %s | length }']\n" % name)
            done = sync.opsync("render", "6")
            tap.ok(done.code == 65 and words in done.err,
                   "but not %s that nothing used" % name, done)

        # What is kept suffices for another mapping.
        server.side("requests/reset")
        sync.configure(mapping=MAPPING.replace("text: ${", "says: ${"))
        tap.same(sync.once().code, 0, "another mapping")
        tap.ok(b"says: second" in sync.tree()["2.md"] and not asked(
            server, "/activities"), "renders the comments that are kept")

        head = sync.head()
        server.side("fault", {"match": "/activities", "status": 500,
                              "times": -1})
        say(server, 1, "lost?")
        tap.same(sync.once().code, 3, "no answer is that work package's")
        tap.same(sync.head(), head, "whose document stays")
        server.side("faults/clear")
        say(server, 1, "more", user=987)
        sync.once("--full")
        text = sync.tree()["1.md"].decode()
        tap.ok("says: lost?" in text and "by: null\n  says: more" in text,
               "later they come, also of somebody who is not shown", text)
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")

        server.side("fault", {
            "match": "/users/4", "status": 403, "times": -1, "body":
            '{"errorIdentifier":"urn:openproject-org:api:v3:errors:'
            'MissingPermission","message":"no"}'})
        say(server, 2, "secretly", user=4)
        tap.same(sync.once().code, 0, "nor may that person be seen")
        tap.ok(b"by: null\n  says: secretly" in sync.tree()["2.md"],
               "which keeps no comment", sync.tree()["2.md"])
        server.side("faults/clear")

        say(server, 3, "mine", user=9)
        sync.once()
        tap.ok(b"by: null" not in sync.tree()["3.md"], "somebody else")
        server.side("forget", {"kind": "user", "id": 9})
        sync.once("--reconcile")
        tap.ok(b"by: null\n  says: mine" in sync.tree()["3.md"],
               "who is not shown any more has no name", sync.tree()["3.md"])
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        head = sync.head()
        sync.once("--reconcile")
        tap.same(sync.head(), head, "once and for all")
    unmoved(tap)
    return tap.end()


def unmoved(tap):
    """What is written again later moves no work package."""
    mapping = MAPPING.replace("  comments: public\n",
                              "  comments: public\n  attachments: all\n")
    with StandIn("--generate", "6") as server, Sync(
            server.url, projects="[demo-1]", mapping=mapping) as sync:
        say(server, 1, "first")
        sync.once()
        for words, args in (("full", ("--full",)),
                            ("some", ("--wp", "1"))):
            say(server, 1, words, silent=True)
            if words == "full":
                sync.once(*args)
            else:
                sync.start()
                sync.opsync("resync", *args, "--wait")
                sync.stop()
            tap.ok(("text: " + words).encode() in sync.tree()["1.md"],
                   words + ": comments are asked for again",
                   sync.tree()["1.md"])
        sync.configure(mapping=mapping, schedule="{ poll: 1s, overlap: 1s, "
                       "full: { every: 2s, between: 00:00-24:00 } }")
        sync.start()
        say(server, 1, "slow", silent=True)
        server.side("requests/reset")
        got = until(lambda: b"text: slow" in sync.tree()["1.md"], 30)
        tap.ok(got, "and by the daily full read", sync.said())
        tap.ok(not any("/work_packages/%d/" % ident in path
                       for path in asked(server, "/activities")
                       for ident in (4, 5, 6)),
               "of those that use them", asked(server, "/activities"))
        tap.same(sync.stop(), 0, "the daemon ends well")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")


if __name__ == "__main__":
    sys.exit(main())
