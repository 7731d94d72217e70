#!/usr/bin/python3
"""The sync log: what is kept, what is shown of it, and from a file in the
store back to its work package, run and reason."""
import datetime
import os
import re
import subprocess
import sys
import time

from harness import StandIn, Sync, Tap, read, until

DAY = datetime.timedelta(days=1)
MAPPING = """
documents:
- name: all
  match: {}
  path: ${ project.identifier }/${ id }.md
  attachments: all
  body: ${ subject }
"""


def edit(server, ident, **values):
    server.side("edit", {"id": ident, "set": values})


def kinds(sync, *args):
    return [e["event"] for e in sync.opsync("log", "--json", *args).json()]


def events(tap, server, sync):
    """Every event of a work package's life."""
    edit(server, 26, description="Another text.")
    sync.opsync("resync", "--wait")
    edit(server, 26, subject="A title that moves it")
    sync.opsync("resync", "--wait")
    edit(server, 26, subject="   ")
    sync.opsync("resync", "--wait")
    sync.opsync("resync", "--wp", "26", "--wait")
    edit(server, 26, subject="Well again")
    sync.opsync("resync", "--wait")
    server.side("delete", {"id": 26})
    sync.opsync("resync", "--full", "--wait")
    got = kinds(sync, "--wp", "26", "--level", "debug")
    wanted = ["fetched", "added", "fetched", "changed", "fetched", "moved",
              "fetched", "failed"]
    tap.same([e for e in got if e != "rendered"][:len(wanted)], wanted,
             "each event is kept, in order")
    tap.same(got[:3], ["fetched", "rendered", "added"], "and how it was made")
    tap.ok("retried" in got, "and that it was tried again", got)
    tap.same(kinds(sync, "--wp", "26").count("failed"), 1,
             "which is no new fault")
    tap.ok(kinds(sync, "--event", "committed"), "commits are events")
    tap.ok("skipped" in kinds(sync, "--run", "1", "--level", "debug"),
           "and what is left out")
    tap.same({e["project"] for e in sync.opsync(
        "log", "--json", "--event", "added").json()}, {"ccm"},
        "with their project")


def unresolved(tap, server, sync):
    """A picture of another work package's, and one of none's."""
    text = ("![theirs](/api/v3/attachments/2/content) "
            "![none's](/attachments/4242)\n")
    before = server.get("/api/v3/work_packages/3397").json()
    edit(server, 3397, description=text)
    sync.opsync("resync", "--wait")
    got = sync.opsync("log", "--json", "--event", "unresolved").json()
    tap.ok([e["work_package"] for e in got] == [3397] and
           "attachment 2," in got[0]["text"] and
           any(text.encode() in t for t in sync.tree().values()),
           "an address that is not its own stays, and is told", got)
    sync.opsync("resync", "--wp", "3397", "--wait")
    tap.same(len(sync.opsync("log", "--json", "--event",
                             "unresolved").json()), 1, "once")
    edit(server, 3397, description=before["description"]["raw"])
    sync.opsync("resync", "--wait")


def filters(tap, sync):
    every = sync.opsync("log", "--json").json()
    for name, args, wanted in (
            ("--project", ("--project", "ccm"),
             [e for e in every if e["project"] == "ccm"]),
            ("--grep", ("--grep", "ADDED BY ART"),
             [e for e in every if "added by art" in e["text"]]),
            ("--grep in paths", ("--grep", "/index.md"),
             [e for e in every
              if "/index.md" in (e["path"] or "") + e["text"]]),
            ("--since", ("--since", "1h"), every),
            ("--since a day", ("--since", str(datetime.date.today())), every),
            ("--since tomorrow",
             ("--since", str(datetime.date.today() + DAY)), []),
            ("--until", ("--until", "yesterday"), []),
            ("RFC 3339", ("--until", every[3]["at"]),
             [e for e in every if e["at"] < every[3]["at"]]),
            ("--limit", ("--limit", "2"), every[-2:]),
            ("all at once", ("--run", "1", "--wp", "3397", "--since", "1d",
                             "--event", "added", "--grep", "3397"), [])):
        tap.same(sync.opsync("log", "--json", *args).json(), wanted, name)
    for args, words in ((("--event", "remvoed"), "did you mean 'removed'?"),
                        (("--project", "cmm"), "did you mean 'ccm'?"),
                        (("--run", "999"), "no run 999 (the last is ")):
        done = sync.opsync("log", *args)
        tap.ok(done.code == 64 and words in done.err,
               "%s %s is not there" % args, done)
    named = re.findall(r"^\| `(\w+)` \|", read("docs/logs.md").decode(), re.M)
    wrong = [name for name in named
             if sync.opsync("log", "--event", name).code != 0]
    tap.ok(len(named) > 20 and not wrong, "what has not happened yet is no "
           "error", (named, wrong))
    for args in (("--since", "soon"), ("--level", "loud"), ("--grep", ""),
                 ("--since", "2026-02-30"), ("--run", "-1")):
        done = sync.opsync("log", *args)
        tap.ok(done.code == 64 and args[0] in done.err,
               "%s %s is wrong" % args, done)


def terminal(tap, sync):
    got = sync.seen("log", OPSYNC_PAGER="sed s/^/PAGED:/", PAGER="false")
    tap.ok("PAGED:" in got and "\x1b[32madded" in got,
           "a terminal gets a pager and colours", repr(got[:300]))
    got = sync.seen("runs", PAGER="sed s/^/PAGED:/", NO_COLOR="1")
    tap.ok("PAGED:" in got and "\x1b" not in got,
           "$PAGER is one, NO_COLOR is heeded", repr(got[:300]))
    for name, args, env in (
            ("--no-pager", ("log", "--no-pager"), {"PAGER": "sed s/^/X/"}),
            ("cat", ("log",), {"PAGER": "cat"}),
            ("an empty one", ("log",), {"OPSYNC_PAGER": "", "PAGER": "no"}),
            ("none installed", ("log",), {"PATH": sync.folder}),
            ("one that is not there", ("log",), {"PAGER": "no-such-pager"}),
            ("--json", ("--json", "log"), {"PAGER": "sed s/^/X/"})):
        got = sync.seen(*args, **env)
        tap.ok("added" in got and not got.startswith("X") and
               "not found" not in got, "no pager with " + name,
               repr(got[:200]))
    got = [sync.seen("show", "26", *args, PAGER="sed s/^/X/").split("work")[0]
           for args in ((), ("--no-pager",))]
    tap.ok(got[0][:1] == "X" and got[1] in ("", "\x1b[1m"),
           "show has one as well, or none", repr(got))
    got = sync.seen("log", PAGER="head -n1")
    tap.ok(got.count("\n") == 1, "a pager may be left early", repr(got[:300]))
    got = sync.opsync("log").out
    tap.ok("\x1b" not in got and re.match(
        r".*\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +1  added +#\d+  content/", got),
        "a file gets neither", got[:200])


def follow(tap, server, sync):
    path = os.path.join(sync.folder, "followed")
    with open(path, "wb") as out:
        process = subprocess.Popen(
            [sync.CLIENT, "-c", sync.config, "log", "-f", "--event",
             "changed"], env=sync.env, stdout=out, stderr=out)

    def followed():
        with open(path) as f:
            return f.read()
    try:
        tap.ok(until(lambda: "changed" in followed()),
               "log --follow begins with what was", followed())
        before = followed().count("\n")
        edit(server, 4, description="Something new.")
        sync.opsync("resync", "--wait")
        tap.ok(until(lambda: followed().count("\n") == before + 1),
               "and goes on with what comes", followed())
        sync.stop()
        sync.start()
        edit(server, 4, description="Something else.")
        sync.opsync("resync", "--wait")
        tap.ok(until(lambda: followed().count("\n") == before + 2),
               "though the daemon is started anew", followed())
    finally:
        process.terminate()
        process.wait()
    done = sync.opsync("log", "-f", "--until", "now")
    tap.ok(done.code == 0 and "changed" in done.out,
           "and ends where that is past", done)


def show(tap, sync, running):
    how = ", running" if running else ", stopped"
    one = sync.opsync("show", "3397", "--json").json()[0]
    path = one["documents"][0]["files"][0]["path"]
    tap.ok(path in sync.tree() and one["outcome"] == "made" and
           one["events"][0]["event"] == "added" and
           one["events"][0]["commit"] in sync.git(
               "log", "--format=%H", "--", path).out.split(),
           "show 3397: its document, and the commit of it" + how, one)
    for name in (path, os.path.join(sync.store, path), "#3397",
                 "./" + path.replace("/", "//", 1)):
        tap.same(sync.opsync("show", name, "--json").json()[0], one,
                 "show " + name.replace(sync.folder, "…") + how)
    picture = [f for p in sync.tree() if p.endswith((".jpg", ".png"))
               for f in [p]][0]
    got = sync.opsync("show", picture)
    tap.ok(got.code == 0 and picture in got.out and "attachment" in got.out,
           "show a picture" + how, got)
    gone = sync.opsync("show", "26")
    tap.ok(gone.code == 0 and "not known here any more" in gone.out and
           "removed" in gone.out, "show one that is gone" + how, gone)
    old = [e["path"] for e in sync.opsync(
        "log", "--json", "--wp", "26", "--event", "removed").json()][0]
    tap.same(sync.opsync("show", old, "--json").json()[0]["work_package"], 26,
             "and its path" + how)
    folder, n = path.split("/")[0], len(
        [p for p in sync.tree() if p.startswith(path.split("/")[0] + "/")])
    with open(sync.config) as f:
        url = re.search(r"https?://[^\s,}]+", f.read())[0]
    many = "is a folder with %d files of opsync's: name one of them, as %s/"
    for name, code, words in (
            ("none/such", 64, "no document"), ("999999", 64, "not known here"),
            (url + "/work_packages/3397/activity#n", 0, ""),
            (url + "/projects/ccm/work_packages/3397?q", 0, ""),
            (url + "/work_packages/3397x", 64, "is the address of no"),
            (url + "0/work_packages/3397", 64, "is the address of no"),
            ("https://example.org/work_packages/3397", 64,
             "is the address of no work package of " + url),
            (folder, 64, folder + " " + many % (n, folder)),
            (folder + "/", 64, folder + " " + many % (n, folder)),
            (os.path.join(sync.store, folder), 64, many % (n, folder)),
            (folder[:-1], 64, "no document"),
            (sync.store, 64, "the store is a folder with "),
            ("./" + folder, 64, many % (n, folder))):
        done = sync.opsync("show", name)
        tap.ok(done.code == code and words in done.err, "show " + name + how,
               done)


def forgotten(tap, sync, gone, running):
    """What the log has not any more, git has."""
    how = ", running" if running else ", stopped"
    one = sync.opsync("show", "3397", "--json").json()[0]
    path = one["documents"][0]["files"][0]["path"]
    wanted = sync.git("log", "-1", "--format=%H", "--", path).out.strip()
    tap.ok(one["events"] == [] and one["last_commit"]["id"] == wanted and
           one["last_commit"]["run"] > 0 and
           one["last_commit"]["instance"] == "opsync",
           "the commit of a document" + how, (one, wanted))
    got = sync.opsync("show", path)
    tap.ok("commit     " + wanted in got.out and "of opsync)" in got.out,
           "for people" + how, got)
    one = sync.opsync("show", gone, "--json").json()[0]
    wanted = sync.git("log", "-1", "--format=%H", "--", gone).out.strip()
    tap.ok(one["work_package"] is None and
           one["last_commit"]["id"] == wanted,
           "the commit that removed one" + how, (one, wanted))
    got = sync.opsync("show", gone)
    tap.ok(got.code == 0 and gone in got.out and wanted in got.out,
           "for people" + how, got)
    for name in ("foreign.md", "none/such", "../x", "*"):
        done = sync.opsync("show", name)
        tap.ok(done.code == 64 and "no document" in done.err,
               "nothing of ours: " + name + how, done)


def kept(tap, server, sync):
    gone = [e["path"] for e in sync.opsync(
        "log", "--json", "--wp", "26", "--event", "removed").json()][0]
    sync.stop()
    sync.configure(more="log: { max_size: 1KiB }")
    before = len(kinds(sync, "--level", "debug"))
    sync.once("--full")
    sync.start()
    sync.opsync("resync", "--wait")
    left = len(kinds(sync, "--level", "debug"))
    tap.ok(0 < left < 30 < before, "a log of at most 1 KiB",
           "%d, then %d" % (before, left))
    sync.stop()
    sync.configure(more="log: { keep: 1s }")
    for text in ("old", "new"):  # by the server's clock
        edit(server, 8, description=text)
        sync.once()
        time.sleep(1.1)
    sync.start()
    runs = sync.opsync("runs", "--json").json()
    tap.same(len(runs) <= 1, True, "and of at most a second")
    sync.opsync("resync", "--full", "--wait")
    with open(os.path.join(sync.store, "foreign.md"), "w") as f:
        f.write("A person's.\n")
    sync.git("add", "foreign.md")
    sync.git("-c", "user.name=P", "-c", "user.email=p@example.org",
             "commit", "-qm", "Of a person")
    time.sleep(1.1)
    sync.opsync("resync", "--full", "--wait")
    forgotten(tap, sync, gone, True)
    sync.stop()
    forgotten(tap, sync, gone, False)


def projects(tap):
    """Each event is of the project of its work package."""
    with StandIn("--generate", "20", "--projects", "2", "--attachments", "20",
                 "--attachment-size", "100") as server, Sync(
                     server.url, projects="[demo-1, demo-2]",
                     mapping=MAPPING) as sync:
        sync.once()
        of = {}
        for event in sync.opsync("log", "--json", "--level", "debug").json():
            if event["work_package"]:
                of.setdefault(event["event"], {}).setdefault(
                    event["work_package"], set()).add(event["project"])
        tap.same({p for s in of["added"].values() for p in s},
                 {"demo-1", "demo-2"}, "two projects")
        tap.same(of["fetched"], of["added"], "each event is of one of them")


def shown_again(tap):
    """What a poll shows once more is no news."""
    with StandIn("--generate", "3") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        sync.once()
        for text in ("one", "two", "three"):
            edit(server, 1, description=text)
            edit(server, 2 if text == "one" else 3, description=text)
            sync.once()
        got = kinds(sync, "--wp", "2", "--level", "debug")
        tap.same(got.count("fetched"), 2, "three polls show a change, and "
                 "it is read once")


def nothing(tap):
    """A pass that failed as a whole has no event."""
    with StandIn() as server, Sync(server.url) as sync:
        sync.once()
        server.side("fault", {"match": "/api", "status": 401, "times": -1})
        sync.once()
        server.side("faults/clear")
        runs = sync.opsync("runs", "--json").json()
        tap.ok(runs[0]["result"] != 0, "a pass failed", runs[0])
        done = sync.opsync("log", "--run", str(runs[0]["run"]))
        tap.ok(done.code == 0 and not done.out and
               "opsync runs says how it ended" in done.err,
               "what it was is not there, but said to be in runs", done)
        done = sync.opsync("log", "--run", "1")
        tap.ok(done.code == 0 and done.out and not done.err,
               "nothing is said of one with events", done)


def main():
    tap = Tap()
    nothing(tap)
    projects(tap)
    shown_again(tap)
    with StandIn() as server:
        with Sync(server.url,
                  schedule="{ poll: 1h, overlap: 1s }") as sync:
            sync.start()
            events(tap, server, sync)
            unresolved(tap, server, sync)
            filters(tap, sync)
            terminal(tap, sync)
            show(tap, sync, True)
            follow(tap, server, sync)
            sync.stop()
            show(tap, sync, False)
            sync.start()
            kept(tap, server, sync)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
