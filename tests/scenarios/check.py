#!/usr/bin/python3
"""opsync check: the configuration by itself, against the server (with a key,
or through the daemon), and against the names that the state remembers."""
import json
import os
import socket
import sys

from harness import StandIn, Sync, Tap

MAPPING = """
documents:
- name: curated
  match: { project: ccm, type: Curated Content, where: "${ cf.cleanUrl }" }
  path: c/${ id }.md
  front_matter: { topics: "${ cf.medigyTopics }" }
- name: rest
  path: ${ id }.md
"""
OUTLINE = """curated: project 'ccm', type 'Curated Content', where cf.cleanUrl
  makes c/${ id }.md
  reads the custom fields cleanUrl, medigyTopics
rest: every work package
  makes ${ id }.md
"""
FIELDS = "cleanUrl (text), medigyTopics (long text)"


def check(sync, *args):
    return sync.run(sync.CLIENT, "check", "--config", sync.config, *args)


def by_itself(tap, sync):
    done = check(sync, "--offline")
    tap.same((done.code, done.err), (0, ""), "right by itself")
    tap.same(done.out, OUTLINE + sync.config + " is right by itself; the "
             "server's names are not known here yet\n", "what it says")
    tap.same(os.path.exists(sync.store), False, "nothing is written")
    sync.configure(mapping=MAPPING.replace("type:", "tpye:"))
    done = check(sync)
    tap.ok(done.code == 78 and "did you mean 'type'?" in done.err and
           done.out == "", "a mistake", done)
    sync.configure(mapping=MAPPING)
    done = check(sync, "more")
    tap.ok(done.code == 64, "wrong arguments", done)


def against_names(tap, sync, *how):
    done = check(sync, *how)
    tap.ok(done.code == 0 and "  of the types Curated Content\n  reads the "
           "custom fields " + FIELDS + "\n  leaves out the custom fields " in
           done.out and "CF multiuser (user, several)" in done.out and
           "and so are all names that it uses\n" in done.out, "all right",
           done)
    said = json.loads(check(sync, "--json", *how).out)
    curated, rest = said["documents"]
    tap.same((curated["projects"], curated["types"], said["held_against"]),
             (["ccm"], ["Curated Content"], "names and custom fields"),
             "for programs: what an entry takes")
    tap.same([f["name"] for f in curated["fields"]],
             ["cleanUrl", "medigyTopics"], "which fields it reads")
    tap.ok({"name": "CF date", "kind": "date"} in curated["left_out"] and
           rest["fields"] == [] and
           {"name": "cleanUrl", "kind": "text"} in rest["left_out"],
           "and which it leaves out", said)
    for name, right, wrong, words in (
            ("type", "Curated Content", "Curated Contents",
             "no type 'Curated Contents' (did you mean 'Curated Content'?)"),
            ("field", "cf.medigyTopics", "cf.medigyTopic",
             "'medigyTopic'"),
            ("project", "project: ccm", "project: cmm", "'cmm'")):
        sync.configure(mapping=MAPPING.replace(right, wrong))
        done = check(sync, *how)
        tap.ok(done.code == 78 and words in done.err and
               "opsync.yaml:" in done.err and done.out == "",
               "an unknown " + name, done)
    sync.configure(mapping=MAPPING, projects="[ccm, nowhere]")
    done = check(sync, *how)
    tap.ok(done.code == 78 and "'nowhere'" in done.err,
           "a project that is not there", done)
    sync.configure(projects="[ccm]")


def the_key(tap, server, sync):
    done = check(sync)
    tap.ok("key is that of OpenProject Admin, an administrator: it sees "
           "every project" in done.out and "language" not in done.out,
           "an administrator's key", done)
    server.side("fault", {"match": "/users/me", "replace":
                          '"language":"en"', "with": '"language":"de"'})
    done = check(sync)
    tap.ok(done.code == 0 and "its language is 'de': set it to English" in
           done.out, "one who reads German", done)
    for none in ('""', "null"):
        server.side("fault", {"match": "/users/me", "replace":
                              '"language":"en"', "with": '"language":' + none})
        done = check(sync)
        tap.ok(done.code == 0 and "language" not in done.out,
               "one with %s as its language is answered in English" % none,
               done)
    bot = sync.write("bot", "syncbotkey\n", 0o600)
    done = check(sync, "--token-file", bot)
    tap.ok(done.code == 0 and "administrator" not in done.out and
           "key is that of " in done.out, "a key of another's", done)
    wrong = sync.write("wrong", "wrongkey\n", 0o600)
    done = check(sync, "--token-file", wrong)
    tap.ok(done.code == 77 and "is right by itself" in done.err and
           "wrongkey" not in done.err, "a wrong key", done)
    done = check(sync, "--token-file", sync.folder + "/none")
    tap.ok(done.code == 78 and "/none" in done.err, "no key", done)
    server.side("requests/reset")
    check(sync, "--offline")
    tap.same(server.requests(), [], "nothing is asked with --offline")


def through_the_daemon(tap, server, sync):
    """opsync has no key: the daemon asks with its own."""
    sync.start()
    os.rename(sync.folder + "/token", sync.folder + "/away")
    server.side("rename", {"kind": "type", "id": 15, "name": "Curated"})
    done = check(sync)
    tap.ok(done.code == 78 and "no type 'Curated Content' (it is called "
           "'Curated' now)" in done.err,
           "the daemon asks the server itself, and now", done)
    server.side("rename", {"key": "customField3", "name": "topics"})
    done = check(sync)
    tap.ok(done.code == 78 and "'Curated' now" in done.err and
           "'topics' now" in done.err, "all that are wrong are told", done)
    server.side("rename", {"key": "customField3", "name":
                           "medigyTopics"})
    server.side("rename", {"kind": "type", "id": 15,
                           "name": "Curated Content"})
    done = check(sync)
    tap.ok(done.code == 0 and FIELDS in done.out and
           "key is that of OpenProject Admin" in done.out,
           "without a key of our own", done)
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(sync.socket)
        s.sendall(b'{"command":"get","path":"/api/v3/work_packages/3"}\n')
        said = json.loads(s.makefile().readline())
    tap.ok(said["end"] and said["code"] != 0 and "lists of names" in
           said["error"], "it asks for names only", said)
    os.rename(sync.folder + "/away", sync.folder + "/token")
    with StandIn("--generate", "3") as other:
        sync.configure(url=other.url)
        done = check(sync)
        tap.ok(done.code == 78 and "no project 'ccm'" in done.err,
               "another server is asked, which the daemon does not know yet",
               done)
        sync.configure(url=server.url)
    tap.same(check(sync).code, 0, "and the one from before is right")
    sync.stop()


WEIGHT = """
documents:
- path: ${ id }.md
  front_matter: { weight: "${ cf.Weight ?? 0 }" }
"""


def many_schemas(tap, server, sync, how):
    """A server that shows few at once, or not those of one pair."""
    def faulty(match, status, **more):
        server.side("faults/clear")
        server.side("fault", dict(more, match=match, status=status, times=-1,
                                  content_type="text/html",
                                  body="<title>%d</title>" % status))
        return check(sync)

    for status in (414, 504, 500):
        done = faulty("/schemas?", status, longer=300)
        tap.ok(done.code == 0 and done.err == "" and
               "so are all names that it uses" in done.out,
               "%s: %d for a long address" % (how, status), done)
    done = faulty("/schemas?", 500, holds="work_packages/schemas/3-2\"")
    tap.ok(done.code == 0 and done.err.count("warning") == 1 and
           "the fields of project 3, type 2 are not known" in done.err and
           "the custom fields are not all known" in done.out,
           how + ": one pair that the server fails at", done)
    for status in (414, 500):
        done = faulty("/schemas?", status)
        tap.ok(done.code == 69 and " %d " % status in done.err and
               "'*'" not in done.err,
               "%s: %d for each" % (how, status), done)
    done = faulty("/projects?", 500)
    tap.ok(done.code == 69 and "the server does not list its projects" in
           done.err and "is right by itself" in done.err,
           how + ": no list of projects", done)
    server.side("faults/clear")


def schemas(tap):
    with StandIn("--generate", "40", "--projects", "20") as server, Sync(
            server.url, projects="'*'", mapping=WEIGHT,
            server="  max_tries: 1\n") as sync:
        many_schemas(tap, server, sync, "alone")
        sync.start()
        sync.opsync("resync", "--wait")
        many_schemas(tap, server, sync, "through the daemon")
        tap.same(sync.stop(), 0, "the daemon ends well")


def poor_addresses(tap, sync):
    sync.configure(mapping="""
documents:
- let: { slug: "${ subject | slug }" }
  path: content/${ slug }.md
  front_matter: { url: "/${ id }-${ slug }/", aliases: ["/${ slug }/"] }
""")
    done = check(sync, "--offline")
    tap.ok(done.code == 0 and "note: path is made of the title alone "
           "(content/${ slug }.md)" in done.out and
           "note: front_matter.aliases is" in done.out and
           "note: front_matter.url" not in done.out,
           "addresses that are made of the title alone", done)


def odd_names(tap):
    """A control character in a name: it is that field all the same."""
    mapping = """documents:
- path: ${ id }.md
  front_matter: { a: '${ cf["tab\\tname"] }' }
"""
    with StandIn() as server, Sync(server.url, mapping=mapping) as sync:
        server.side("rename", {"key": "customField2", "name": "tab\tname"})
        server.side("rename", {"key": "customField3", "name": "bell\aname"})
        done = check(sync)
        tap.ok(done.code == 0 and "reads the custom fields tab?name (" in
               done.out and done.out.count("tab?name") == 1 and
               done.out.count("bell?name") == 1, "a name with a tab", done)
        said = json.loads(check(sync, "--json").out)["documents"][0]
        names = [f["name"] for f in said["left_out"]]
        tap.same(([f["name"] for f in said["fields"]],
                  names.count("tab\tname"), names.count("bell\aname")),
                 (["tab\tname"], 0, 1), "and for programs")


def hardly_meant(tap, sync, *how):
    """Right by itself, and not what anybody wants."""
    sync.configure(mapping="""
documents:
- name: tasks
  match: { type: Task, where: "${ cf.cleanUrl }" }
  path: t/${ id }.md
- name: all
  path: ${ type.name }/index.md
- { name: late, match: { type: Task }, path: about.md }
""")
    done = check(sync, *how)
    tap.same([line for line in done.out.split("\n") if "note:" in line], [
        "  note: of the projects and types that it takes none has the custom "
        "field 'cleanUrl': what reads it is an error",
        "  note: path is the same for many work packages: put the id into it",
        "  note: nothing comes to it: 'all' stands before it and takes every "
        "work package",
        "  note: path is the same for many work packages: put the id into it",
        ], "what is hardly meant")
    sync.configure(mapping="""
documents:
- match: { type: Curated Content }
  continue: true
  path: ${ id }.md
  front_matter: { a: "${ cf.cleanUrl }", b: "${ cf.customField2 }" }
- { match: { where: "${ id == 3 }" }, path: about.md }
- { continue: true, path: "${ type.name }/${ id }.md" }
- path: ${ cf.cleanUrl | slug }-x.md
""")
    done = check(sync, *how)
    tap.ok(done.code == 0 and "note:" not in done.out, "and what is", done)
    sync.configure(mapping=MAPPING)


def other_files(tap, sync):
    """What the daemon would not start with, as it is."""
    empty = sync.write("empty", "")
    for name, words in ((sync.folder + "/none", "No such file"),
                        (empty, "there is no certificate in it")):
        sync.configure(mapping=MAPPING, server="  ca_file: %s\n" % name)
        for done in (check(sync, "--offline"), check(sync), sync.once()):
            tap.ok(done.code == 78 and "opsync.yaml:4:12: server.ca_file: " +
                   name in done.err and words in done.err,
                   "a ca_file that is none", done)
    folder = sync.folder + "/nowhere"
    sync.configure(server="", more="control: { socket: %s/s }\n" % folder)
    done = check(sync, "--offline")
    tap.ok(done.code == 0 and "note: control.socket: there is no folder " +
           folder in done.out, "a socket in a folder that is not there", done)
    tap.ok("no folder" in check(sync, "--offline", "--json").json()[0][
        "notes"][0], "for programs")
    os.mkdir(folder)
    done = check(sync, "--offline")
    tap.ok(done.code == 0 and "note" not in done.out, "and one that is", done)
    sync.configure(more="")


def main():
    tap = Tap()
    odd_names(tap)
    schemas(tap)
    with StandIn() as server, Sync(server.url, mapping=MAPPING) as sync:
        by_itself(tap, sync)
        other_files(tap, sync)
        against_names(tap, sync)
        hardly_meant(tap, sync)
        the_key(tap, server, sync)
        done = sync.once()
        tap.ok(done.code in (0, 3), "a pass", done)
        against_names(tap, sync, "--offline")
        hardly_meant(tap, sync, "--offline")
        through_the_daemon(tap, server, sync)
        poor_addresses(tap, sync)
        server.stop()
        done = check(sync)
        tap.ok(done.code == 69 and "--offline does without" in done.err,
               "a server that is not there", done)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
