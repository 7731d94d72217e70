#!/usr/bin/python3
"""Mistakes of people, in the configuration and in the work packages: each
named with its place and the way out, and none in the way of the rest."""
import os
import re
import sys

from harness import StandIn, Sync, Tap, edit, read

NOWHERE = "http://127.0.0.1:1"
FIRST = "content/communities/chronic-care-management/curated-content/" \
    "ae314a10-087e-5172-9ccb-96c60985cfb7.md"


# --- The configuration --------------------------------------------------------


def place(sync, text):
    """Line and column of a text in the configuration, as it is printed."""
    with open(sync.config) as f:
        for number, line in enumerate(f, 1):
            if text in line:
                return "%s:%d:%d: " % (
                    sync.config, number, line.index(text) + 1)
    raise RuntimeError("%r is not there" % text)


def refused(tap, sync, name, code, words):
    for done in (sync.once(), sync.opsync("status")):
        tap.ok(done.code == code and all(w in done.err for w in words) and
               len(done.err.splitlines()) == 1, name,
               "wanted exit %d and %r\n%r" % (code, words, done))
    tap.ok(not os.path.exists(sync.store), name + ": nothing is made")


def configuration(tap):
    plain = "documents:\n- path: %s.md\n  body: x\n"
    for name, parts, at, words in (
            ("an unknown key", {"more": "guards: {}"}, "guards",
             ["'guards'", "did you mean 'guard'?"]),
            ("an unknown key below", {"schedule": "{ pol: 5s }"}, "pol:",
             ["'pol'", "did you mean 'poll'?"]),
            ("an unknown key of an entry",
             {"mapping": "documents:\n- pth: a.md\n  body: x\n"}, "pth",
             ["'pth'", "did you mean 'path'?"]),
            ("a map where a list is meant", {"projects": "{ccm: yes}"},
             "{ccm", ["projects:"]),
            ("all projects in a list", {"projects": "[ccm, '*']"}, "'*'",
             ["'*'", "stands alone"]),
            ("a number where a time is meant", {"schedule": "{ poll: 5 }"},
             "5 }", ["poll"]),
            ("a poll without rest", {"schedule": "{ poll: 0s }"}, "{ poll",
             ["at least 1s"]),
            ("a key in the file itself",
             {"server": "  max_tries: nine\n"}, "nine", ["max_tries"]),
            ("an unknown filter",
             {"mapping": plain % "${ subject | slgu }"}, "slgu",
             ["'slgu'", "did you mean 'slug'?"]),
            ("an unknown name",
             {"mapping": plain % "${ subjct }"}, "subjct",
             ["'subjct'", "did you mean 'subject'?"]),
            ("an expression without an end",
             {"mapping": "documents:\n- path: a.md\n  body: ${ subject\n"},
             "${", ["${ is not closed"])):
        with Sync(NOWHERE, **parts) as sync:
            refused(tap, sync, name, 78, [place(sync, at)] + words)


def literal_key(tap):
    with Sync(NOWHERE) as sync:
        text = open(sync.config).read()
        sync.write("opsync.yaml", text.replace(
            "{ file: %s/token }" % sync.folder, "s3cr3t"))
        refused(tap, sync, "a key in the configuration", 78,
                [place(sync, "s3cr3t"), "{ file: PATH }"])
        tap.ok("s3cr3t" not in sync.once().err, "it is not repeated")
        sync.write("opsync.yaml", text.replace("\nprojects: [ccm]", ""))
        refused(tap, sync, "no projects", 78, ["projects: is missing"])
        sync.write("opsync.yaml", "a: [1\nb: 2\n")
        refused(tap, sync, "no YAML", 78, [sync.config + ":"])
        os.unlink(sync.config)
        refused(tap, sync, "no file", 78, [sync.config])


def token(tap, server):
    with Sync(server.url) as sync:
        path = os.path.join(sync.folder, "token")
        for name, make, words in (
                ("an empty token file", lambda: sync.write("token", "\n"),
                 [path, "no key in it"]),
                ("two words in it", lambda: sync.write("token", "my key\n"),
                 [path, "not one word"]),
                ("none", lambda: os.unlink(path), [path]),
                ("a folder", lambda: os.mkdir(path), [path])):
            make()
            done = sync.once()
            tap.ok(done.code == 78 and all(w in done.err for w in words),
                   "the token file: " + name, done)
            tap.ok("my key" not in done.err, name + ": it is not repeated")
        for token, words in (("{ env: HOLLOW }", "HOLLOW"),
                             ("{ command: printf 'my key' }", "printf")):
            with open(sync.config) as f:
                text = re.sub("token: {[^}]*}", "token: " + token, f.read())
            sync.write("opsync.yaml", text)
            sync.env["HOLLOW"] = ""
            done = sync.once()
            tap.ok(done.code == 78 and words in done.err,
                   "it says where the key of %s comes from" % token, done)


def store(tap, server):
    with Sync(server.url) as sync:
        os.mkdir(sync.store)
        path = os.path.join(sync.store, "letters.txt")
        with open(path, "w") as f:
            f.write("mine")
        done = sync.once()
        tap.ok(done.code == 78 and sync.store in done.err,
               "a folder of somebody else", done)
        tap.same((os.listdir(sync.store), open(path).read()),
                 (["letters.txt"], "mine"), "is left alone")
        os.unlink(path)
        tap.same(sync.once().code, 0, "an empty one is taken")
        os.rename(sync.store, sync.store + ".away")
        with open(sync.store, "w") as f:
            f.write("a file")
        done = sync.once()
        tap.ok(done.code in (73, 74, 78) and sync.store in done.err,
               "a file where the store belongs", done)


# --- Work packages ------------------------------------------------------------


def in_error(sync):
    status = sync.opsync("--json", "status").json()[0]
    return {e["work_package"]: e["reason"] for e in status["errors"]}


def broken_value(tap, server, sync):
    sync.once()
    good = sync.tree()
    server.side(*edit(4330, customField3="KLAS: not JSON"))
    server.side(*edit(26, description="Goes on."))
    done = sync.once()
    tap.ok(done.code == 3 and "work package 4330: " in done.err and
           "1 work package failed (opsync status or opsync log names it)" in
           done.err,
           "a value that is no JSON: exit 3", done)
    tree = sync.tree()
    tap.same(tree[FIRST], good[FIRST], "its document is kept as it was")
    tap.ok(b"Goes on." in tree["content/articles/touch-renamed/index.md"],
           "the others go on")
    reason = in_error(sync).get(4330, "")
    tap.ok("communityTopics" in reason and "json" in reason.lower(),
           "status says what is wrong and where", in_error(sync))
    said = sync.opsync("status").out
    tap.ok("1 failed" in said and "/work_packages/4330\n" in said and
           reason in said,
           "and counts it", said)
    tap.same(sync.once().code, 0, "what is known is not tried at every poll")
    tap.ok(4330 in in_error(sync), "and stays listed")
    done = sync.once("--full")
    tap.ok(done.code == 3, "a full pass tries it again", done)
    tap.same(sync.tree(), tree, "and changes nothing")


def other_mapping(tap, server, sync):
    """The mapping is mended, not the value."""
    mapping = read("tests/fixtures/mapping/seeds.yaml").decode()
    sync.configure(mapping=mapping.replace(
        "cf.medigyTopics | json }", "cf.medigyTopics }"))
    done = sync.once()
    tap.same((done.code, in_error(sync)), (0, {}),
             "another mapping is tried on what failed")
    tap.ok(b"communityTopics: 'KLAS: not JSON'\n" in sync.tree()[FIRST],
           "and makes the document")
    tap.tree(sync.tree(), sync.scratch(), "as from nothing")
    sync.configure(mapping=mapping)
    done = sync.once()
    tap.ok(done.code == 3 and 4330 in in_error(sync),
           "the first mapping again: the failure, too", done)


def healed(tap, server, sync):
    server.side(*edit(4330, customField3='["A", "B"]'))
    done = sync.once()
    tap.same((done.code, in_error(sync)), (0, {}), "a good value heals it")
    tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def null(tap, server, sync):
    """A null where text is needed names key, expression, work package."""
    mapping = read("tests/fixtures/mapping/seeds.yaml").decode()
    sync.configure(mapping=mapping.replace(
        "searchCategory: News",
        "searchCategory: 'due ${ dueDate }'"))
    server.side(*edit(4330, dueDate="2026-12-01"))
    tree = sync.tree()
    done = sync.once()
    tap.ok(done.code == 3 and "searchCategory" in done.err and
           "dueDate" in done.err and "work package 3397: " in done.err,
           "a null as a part of a text", done)
    now = sync.tree()
    tap.ok(b"searchCategory: due 2026-12-01\n" in now[FIRST],
           "those that have it go on")
    tap.same([p for p in now if now[p] != tree[p] and
              b"searchCategory: due 20" not in now[p]], [],
             "the others are as they were")
    sync.configure(mapping=mapping)
    tap.same(sync.once().code, 0, "without it all is well")


def raw(tap, server, sync):
    """Elements that are no work package, and numbers that no one can hold."""
    paths = set(sync.tree())
    good = server.get("/api/v3/work_packages/26").body.decode()
    for name, was, now, code, words in (
            ("a lone surrogate", '"subject":"', '"subject":"\\ud800', 3,
             ["work package 26: ", "subject", "surrogate"]),
            ("a NUL", '"subject":"', '"subject":"\\u0000', 3,
             ["work package 26: ", "subject", "NUL"]),
            ("no subject", '"subject":', '"subjekt":', 3,
             ["work package 26: ", "slug"]),
            ("1e400 that nobody asks for", '"customField8":null',
             '"customField8":1e400', 0, []),
            ("1e308", '"customField8":null', '"customField8":1e308', 0, []),
            ("a subject of 10 MB", '"subject":"', '"subject":"' + "x" * 10 ** 7,
             3, ["work package 26: path 'content/articles/xxx"]),
            ("two subjects", '"subject":"', '"subject":"x","subject":"', 0, []),
            ("a turned subject", '"subject":"', '"subject":"\\u202e', 0, []),
            ("an id beyond 64 bits", '"id":26,', '"id":92233720368547758080,',
             3, ["it has no id"]),
            ("a depth of 100,000", '"customField8":null', '"customField8":' +
             "[" * 100000 + "]" * 100000, 69, ["nested too deep"]),
            ("no object", good, "42", 3, ["no object"]),
            ("no JSON", good, '{"id":26,', 69,
             ["GET /api/v3/work_packages: 200: ", "no JSON"])):
        words_of = "Beside " + name
        tap.ok(was in good, name + ": there is something to break")
        server.side(*edit(3397, description=words_of))
        server.side("edit", {"id": 26, "raw": good.replace(was, now, 1)})
        for args in ((), ("--full",)):
            done = sync.once(*args)
            tap.ok(done.code == code and all(w in done.err for w in words),
                   " ".join((name,) + args),
                   "wanted exit %d and %r\n%r" % (code, words, done))
            tap.same(set(sync.tree()), paths, "nothing is removed")
        tap.same(any(words_of.encode() in text
                     for text in sync.tree().values()), code != 69,
                 "the others go on, if they can be read")
    server.side("edit", {"id": 26, "raw": good.replace(
        '"type":{"href"', '"tipe":{"href"')})
    for name in ("no type", "no type, asked for by its id and listed"):
        done = sync.once()
        tap.ok(done.code == 3 and done.err.count(
            "work package 26: _links.type: no link to a type") == 1, name,
               done)
    server.side("edit", {"id": 26, "raw": good})
    done = sync.once()
    tap.same((done.code, in_error(sync)), (0, {}), "a good one heals it")
    tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def main():
    tap = Tap()
    configuration(tap)
    literal_key(tap)
    with StandIn() as server:
        token(tap, server)
        store(tap, server)
    with StandIn() as server, Sync(server.url) as sync:
        for part in (broken_value, other_mapping, healed, null):
            part(tap, server, sync)
        tap.same(sync.flaws(), [], "a repository without a flaw")
    with StandIn() as server, Sync(server.url) as sync:
        sync.once()
        raw(tap, server, sync)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
