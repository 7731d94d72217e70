#!/usr/bin/python3
"""opsync diff, the dry run: what it says is what the next run then does, and
nothing but that run changes anything."""
import base64
import fcntl
import glob
import hashlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time

from harness import SEEDS_MAPPING, StandIn, Sync, Tap, read, until

SEEDS = read(SEEDS_MAPPING).decode()
OTHER = SEEDS.replace("content/articles/", "content/essays/").replace(
    "mastHead: ${ project.name } CoP", "mastHead: ${ id }") + """
- name: rest
  match: { project: [ccm], type: [Task, Milestone] }
  path: rest/${ id }.md
  body: ${ description.raw }
"""


def digest_of(folder):
    """All files of a store and their contents."""
    found = {}
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            with open(path, "rb") as f:
                found[path] = hashlib.sha1(f.read()).hexdigest()
    return found


def plain(patch):
    """A patch without what git and libgit2 write differently."""
    return [line for line in patch.splitlines()
            if not re.match(r"index |similarity |Binary files |--- |\+\+\+ ",
                            line)]


def says_what_happens(tap, sync, what, happen):
    """The diff is git's, once the run has been."""
    before = digest_of(sync.store)
    head = sync.head()
    diff = sync.opsync("diff")
    tap.same(diff.code, 1, what + ": there is something")
    tap.ok(digest_of(sync.store) == before, what + ": nothing is written")
    done = happen()
    tap.ok(done.code in (0, 3), what + ": the run", done)
    old = head or sync.git("hash-object", "-t", "tree", "/dev/null").out
    git = sync.git("-c", "core.quotepath=false", "diff", "-M", old.strip(),
                   "HEAD")
    tap.same(plain(diff.out), plain(git.out), what + ": as git tells it")
    diff = sync.opsync("diff")
    tap.ok((diff.code, diff.out, diff.err) == (0, "", ""),
           what + ": then there is nothing", diff)


def by_mapping(tap, server, sync):
    sync.configure(mapping=OTHER)
    server.side("requests/reset")
    diff = sync.opsync("diff")
    asked = [r["path"] for r in server.requests()]
    tap.ok("rename from content/articles/" in diff.out and
           "+mastHead: 3397" in diff.out and "b/rest/" in diff.out,
           "moves, changes and additions", diff)
    tap.ok(asked and not any("/content" in p or "3397" in p for p in asked),
           "what the state has is not fetched", asked)
    tap.same(sync.opsync("diff", "4330").out.count("diff --git"), 1,
             "of one work package")
    got = sync.opsync("--json", "diff", "3").json()
    tap.ok({c["change"] for c in got} == {"moved"} and
           {c["work_package"] for c in got} == {3} and
           any(c["path"] == c["was"].replace("articles", "essays")
               for c in got), "for programs", got)
    says_what_happens(tap, sync, "a mapping", sync.once)
    sync.configure(mapping=SEEDS)
    done = sync.opsync("--json", "diff")
    tap.ok("removed" in {c["change"] for c in done.json()},
           "removals, whatever the guard says", done)
    tap.ok("the guard would hold that" in done.err, "and what it would say",
           done.err)
    sync.configure(mapping=OTHER)


def by_server(tap, server, sync):
    def change():
        server.side("edit", {"id": 3397, "set": {"subject": "Other words"}})
        server.side("attach", {"work_package": 3, "file_name": "note.pdf",
                               "content": "new"})

    change()
    says_what_happens(tap, sync, "the server", sync.once)
    server.side("delete", {"id": 4})
    done = sync.opsync("diff", "--full")
    tap.ok(done.code == 1 and "deleted file mode" in done.out,
           "what is gone, with --full", done)
    server.side("edit", {"id": 3, "set": {"customField3": {
        "format": "markdown", "raw": "no JSON"}}})
    sync.configure(mapping=OTHER.replace(
        "    workPackage: ${ id }\n  body:",
        "    workPackage: ${ cf.medigyTopics | json }\n  body:"))
    done = sync.opsync("diff", "3")
    tap.ok("opsync: work package 3 would fail: " in done.err,
           "what would fail", done)
    sync.configure(mapping=OTHER)
    server.side("attach", {
        "work_package": 3, "file_name": "latin.txt",
        "base64": base64.b64encode(b"caf\xe9\n").decode()})
    server.side("edit", {"id": 3, "set": {"description": "[it](latin.txt)"}})
    got = sync.opsync("--json", "diff", "3").json()
    tap.ok(any("+caf\ufffd" in (c.get("patch") or "") for c in got),
           "a text of another encoding, for programs", got)


def beside_a_daemon(tap, server, sync):
    sync.start()
    head = sync.head()
    sync.configure(mapping=SEEDS.replace("sub: brief", "sub: long"))
    done = sync.opsync("diff")
    tap.ok(done.code == 1 and "+sub: long" in done.out, "while it runs", done)
    tap.same(sync.head(), head, "the daemon's store stays")
    sync.opsync("pause", "to look first")
    for more in ((), ("--token-file", sync.folder + "/token")):
        done = sync.opsync("diff", *more)
        tap.ok(done.code == 1 and "+sub: long" in done.out, "in a pause %s" %
               " ".join(more[:1]), done)
    sync.opsync("resume")
    sync.configure(mapping=SEEDS.replace("sub: brief", "sub: ${ subjekt }"))
    done = sync.opsync("diff")
    tap.ok(done.code == 78 and "did you mean 'subject'" in done.err,
           "a mistake in the configuration", done)
    sync.configure(mapping=SEEDS)
    away = sync.folder + "/away"
    os.rename(sync.folder + "/token", away)
    done = sync.opsync("diff")
    tap.ok(done.code == 78 and "token cannot be read" in done.err,
           "without a key", done)
    done = sync.opsync("diff", "--token-file", away)
    tap.ok(done.code in (0, 1), "with another's", done)
    os.rename(away, sync.folder + "/token")
    sync.stop()


def talk(sync, request, lines=None):
    """Ask the daemon: what it answers, whole or the first so many lines."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(sync.socket)
        s.sendall(request.encode() + b"\n")
        got = []
        for line in s.makefile():
            got.append(json.loads(line))
            if "end" in got[-1] or len(got) == lines:
                break
    return got


def folders(sync):
    return glob.glob(sync.folder + "/opsync-diff-*")


def by_the_daemon(tap, server, sync):
    """It alone has the key."""
    sync.env["OPSYNC_TEST_KEY"] = sync.key
    with open(sync.config) as f:
        text = f.read()
    text = re.sub(r"token: .*", "token: { env: OPSYNC_TEST_KEY }", text)
    with open(sync.config, "w") as f:
        f.write(text)
    sync.start()
    sync.env.pop("OPSYNC_TEST_KEY")
    with open(sync.config, "w") as f:
        f.write(text.replace("sub: brief", "sub: far"))
    by_daemon, head = sync.opsync("diff"), sync.head()
    as_json = sync.opsync("--json", "diff", "4330")
    unknown = sync.opsync("diff", "4330", "999999")
    alone = sync.opsync("diff", "--token-file", sync.folder + "/token")
    tap.ok(by_daemon.code == 1 and "+sub: far" in by_daemon.out,
           "the daemon does it, with its key", by_daemon)
    tap.ok((by_daemon.code, by_daemon.out, by_daemon.err) ==
           (alone.code, alone.out, alone.err), "and says the same",
           (by_daemon, alone))
    tap.ok(as_json.code == 1 and [c["work_package"] for c in
                                  as_json.json()] == [4330] and
           as_json.json()[0]["patch"].startswith("diff --git"),
           "for programs, of one", as_json)
    tap.ok(unknown.code == 64 and "999999 is not known here" in unknown.err,
           "one that nobody knows is no one without a change", unknown)
    tap.same((sync.head(), sync.opsync("runs").out.count("diff")), (head, 0),
             "and is no run of its own")
    other = sync.write("other.yaml", text.replace("sub: brief", "sub: x"))
    done = sync.run(sync.CLIENT, "--config", other, "diff")
    tap.ok(done.code == 78 and "OPSYNC_TEST_KEY" in done.err,
           "another configuration needs a key of its own", done)
    server.side("fault", {"match": "/api/v3/", "times": -1, "status": 401})
    done = sync.opsync("diff")
    tap.ok(done.code == 77 and "401" in done.err, "its errors arrive", done)
    server.side("faults/clear")
    sync.stop()
    sync.configure(mapping=SEEDS)


def in_the_way(tap, server, sync):
    """Those who ask at once, do not listen, or leave."""
    sync.start()
    sync.configure(mapping=SEEDS.replace("sub: brief", "sub: way"))
    server.side("fault", {"match": "/api/v3/", "times": -1,
                          "delay_ms": 20000})
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(sync.socket)
        s.sendall(b'{"command":"diff"}\n')
        tap.ok(until(lambda: folders(sync)), "one is being made")
        got = talk(sync, '{"command":"diff"}')
        tap.ok(len(got) == 1 and got[0]["code"] == -2 and
               "ask again" in got[0]["error"], "a second has to wait", got)
    tap.ok(until(lambda: not folders(sync), 5),
           "one whose client left ends, and leaves nothing", folders(sync))
    server.side("faults/clear")
    got = [line for line in talk(sync, '{"command":"diff"}')
           if "progress" not in line]
    tap.ok(len(got) > 1 and got[0]["change"] == "changed" and
           got[-1]["code"] == 0, "then another may", got)
    server.side("fault", {"match": "/api/v3/", "times": -1,
                          "delay_ms": 20000})
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(sync.socket)
        s.sendall(b'{"command":"diff"}\n')
        tap.ok(until(lambda: folders(sync)), "one is being made")
        tap.same(sync.stop(timeout=10), 0, "the daemon ends nevertheless")
    tap.same(folders(sync), [], "and leaves nothing")
    server.side("faults/clear")
    sync.configure(mapping=SEEDS)


def most_memory(sync):
    """Of the daemon until now, in bytes."""
    with open("/proc/%d/status" % sync.process.pid) as f:
        return 1024 * int(re.search(r"VmHWM:\s+(\d+)", f.read())[1])


def slow_reader(tap, sync):
    """More than fits on the way waits for who reads it slowly."""
    sync.start()
    before = most_memory(sync)
    sync.configure(mapping="""documents:
- path: p/${ id }.md
  attachments: none
  front_matter: { long: "%s" }
""" % ("long " * 200000))
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(sync.socket)
        s.sendall(b'{"command":"diff"}\n')
        until(lambda: select.select([s], [], [], 0)[0] and
              b'"change"' in s.recv(4096, socket.MSG_PEEK))
        time.sleep(2)
        answered = sync.opsync("status")
        memory = most_memory(sync) - before
        size = last = 0
        for line in s.makefile():
            size += len(line)
            last = json.loads(line)
            if "end" in last:
                break
    tap.ok(answered.code == 0, "others are answered meanwhile", answered)
    tap.ok(size > 20 << 20 and last["code"] == 0, "all of it arrives",
           (size, last))
    tap.ok(memory < 12 << 20, "and little of it is kept for him", memory)
    sync.stop()
    sync.configure(mapping=SEEDS)


def out_of_reach(tap, server, sync):
    """A rehearsal neither pushes nor runs hooks, and tells nobody."""
    remote = sync.folder + "/remote"
    sync.run("git", "init", "-q", "--bare", remote)
    touched = sync.folder + "/touched"
    store = sync.parts["more"]
    sync.configure(mapping=SEEDS.replace("sub: brief", "sub: far"), more="""
hooks: [{ on: [commit, error, held, fault, recovered], run: [/usr/bin/touch, %s] }]
status: { textfile: %s/metrics.prom }
""" % (touched, sync.folder))
    sync.push_to(remote)
    files = sorted(os.listdir(sync.folder))
    done = sync.opsync("diff")
    tap.ok(done.code == 1 and "+sub: far" in done.out, "far from it all", done)
    tap.same(sorted(os.listdir(sync.folder)), files, "nothing else is made")
    tap.same(sync.run("git", "-C", remote, "for-each-ref").out, "",
             "nothing is pushed")
    sync.push_to(None)
    sync.configure(mapping=SEEDS, more=store)


def on_a_terminal(tap, server, sync):
    """What steers a terminal is shown, where there is one."""
    text = "\x1b[2Jb\x9d\x7fc\n\td"
    server.side("edit", {"id": 3397, "set": {"description": text}})
    raw = sync.opsync("diff", "3397").out
    tap.ok("\x1b[2Jb\x9d\x7fc\n+\td" in raw, "a file has all of it", raw)
    for command in ("diff", "render"):
        seen = sync.seen(command, "3397")
        tap.ok("?[2Jb??c\r\n" in seen, "a terminal: " + command, seen)
        sync.once()


def killed(tap, server):
    """A daemon that is killed leaves the folder of a diff, which the next one
    removes; not one that is in use, or was made just now."""
    with Sync(server.url) as sync:
        sync.env["TMPDIR"] = sync.folder
        sync.start()
        server.side("fault", {"match": "/api/v3/", "times": -1,
                              "delay_ms": 60000})
        with subprocess.Popen(
                [sync.CLIENT, "--config", sync.config, "diff", "--full"],
                env=sync.env, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as asks:
            until(lambda: glob.glob(sync.folder + "/opsync-diff-*/opsync"))
            sync.stop(signal.SIGKILL)
            asks.wait()
        server.side("faults/clear")
        left = glob.glob(sync.folder + "/opsync-diff-*")
        tap.same(len(left), 1, "a folder is left")
        used, fresh = (sync.folder + "/opsync-diff-" + s
                       for s in ("usedxx", "freshx"))
        os.mkdir(used)
        lock = os.open(used, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        for path in left + [used]:
            os.utime(path, (0, 0))
        os.mkdir(fresh)
        sync.start()
        tap.same(sorted(glob.glob(sync.folder + "/opsync-diff-*")),
                 [fresh, used], "the next start removes it")
        os.close(lock)
        sync.opsync("diff")
        tap.same(glob.glob(sync.folder + "/opsync-diff-*"), [fresh],
                 "the next diff what is used no more")
        tap.same(sync.stop(), 0, "the daemon ends well")


def main():
    tap = Tap()
    with StandIn() as server, Sync(server.url) as sync:
        sync.env["TMPDIR"] = sync.folder
        diff = sync.opsync("diff")
        tap.ok(diff.code == 1 and diff.out.count("new file mode") > 4 and
               not os.path.exists(sync.store), "before the first run", diff)
        sync.once()
        by_mapping(tap, server, sync)
        by_server(tap, server, sync)
        beside_a_daemon(tap, server, sync)
        by_the_daemon(tap, server, sync)
        in_the_way(tap, server, sync)
        slow_reader(tap, sync)
        on_a_terminal(tap, server, sync)
        out_of_reach(tap, server, sync)
        tap.same(glob.glob(sync.folder + "/opsync-diff-*"), [],
                 "nothing is left over")
        killed(tap, server)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
