#!/usr/bin/python3
"""Looking at a daemon and ordering it about, in good faith and in bad; two of
them; and daemons that are told to end."""
import json
import os
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

from harness import StandIn, Sync, Tap, edit, until



# --- Questions and orders -----------------------------------------------------


def never(tap, server):
    with Sync(server.url) as sync:
        for command in ("status", "runs", "log"):
            done = sync.opsync(command)
            tap.ok(done.code == 69 and "never synced" in done.err,
                   command + " before the first pass", done)
        done = sync.opsync("resync", "--wait")
        tap.ok(done.code == 69 and "no daemon runs" in done.err,
               "resync without a daemon", done)
        sync.configure(more="control: { socket: %s/no/socket }" % sync.folder)
        sync.start(wait=False)
        tap.ok(sync.process.wait(10) == 74 and "/no/socket: its folder is not "
               "there" in sync.said(), "a socket in no folder", sync.said())
        for args, words in (
                (("--zzzzzz",), "unknown option '--zzzzzz' (see --help)\n"),
                (("--onse",),
                 "unknown option '--onse' (did you mean '--once'?)\n"),
                (("--rehearze",), "unknown option '--rehearze' (see"),
                (("-x",), "unknown option '-x' (see --help)\n"),
                (("--once=1",), "opsyncd: --once takes no value\n"),
                (("--config",), "opsyncd: --config needs a value\n"),
                (("--onc",), "unknown option '--onc' (did you mean '--once'"),
                (("--confi", sync.config),
                 "unknown option '--confi' (did you mean '--config'?)\n"),
                (("-c", sync.config, "--once", "--reconcile", "--full"),
                 "--full does all that --reconcile does: leave out one"),
                (("-c", sync.config, "-q", "-v"),
                 "--quiet and --verbose: leave out one"),
                (("--config", sync.config, "more"),
                 "unexpected argument 'more'"),
                ((), "which configuration? (--config FILE; see --help)")):
            done = sync.run(sync.PROGRAM, *args)
            tap.ok(done.code == 64 and words in done.err and not done.out,
                   "opsyncd " + " ".join(args), done)
        done = sync.run("sh", "-c", "exec %s --help >/dev/full" % sync.PROGRAM)
        tap.ok(done.code == 74 and "standard output" in done.err,
               "opsyncd --help, where nothing can be written", done)


def questions(tap, sync, running):
    state = "running" if running else "stopped"
    done = sync.opsync("status")
    tap.ok(done.code == 0 and "daemon     " + state in done.out and
           "documents  5, with 8 files in all" in done.out,
           "status, " + state, done)
    done = sync.opsync("--json", "status")
    status = done.json()[0]
    tap.same((done.code, "daemon" in status, status["counts"]["documents"],
              status["counts"]["failed"], len(done.json())),
             (0, running, 5, 0, 1), "status --json, " + state)
    if running:
        tap.same((status["daemon"]["pid"], status["daemon"]["error"]),
                 (sync.process.pid, None), "it says which process that is")
    runs = sync.opsync("runs", "--json").json()
    tap.same((runs[-1]["run"], runs[-1]["kind"], runs[-1]["added"],
              runs[-1]["result"]), (1, "full", 5, 0), "runs --json, " + state)
    shown = sync.opsync("runs", "--limit", "1").out.splitlines()
    tap.same([line.endswith("s of the server") for line in shown],
             [False, True], "runs --limit and the day, " + state)
    log = sync.opsync("log", "--json", "--wp", "3397").json()
    tap.same([(e["event"], e["work_package"], e["run"]) for e in log[:1]],
             [("added", 3397, 1)], "log --wp --json, " + state)
    tap.same({e["work_package"] for e in log}, {3397}, "of that one only")
    tap.same([e["event"] for e in sync.opsync(
        "log", "--json", "--run", "1").json()], ["added"] * 5 + ["committed"],
        "log --run, " + state)
    tap.same(sync.opsync("log", "--level", "error").out, "",
             "log --level, " + state)
    return status


def orders(tap, server, sync):
    head = sync.head()
    server.side("edit", {"id": 26, "set": {"description": "silently"},
                         "silent": True})
    server.side("edit", {"id": 3397, "set": {"description": "silently"},
                         "silent": True})
    done = sync.opsync("resync", "--wait")
    tap.ok(done.code == 0 and "done: " in done.out, "resync --wait", done)
    tap.same(sync.head(), head, "reads what moved, and nothing did")
    server.side("requests/reset")
    done = sync.opsync("resync", "--wp", "3397", "--wait")
    tap.ok(done.code == 0 and "1 changed" in done.out,
           "resync --wp 3397 --wait", done)
    made = [p for p, text in sync.tree().items() if b"silently" in text]
    tap.same((len(made), len([
        r for r in server.requests() if "/content" in r["path"]])), (1, 0),
        "makes that one anew, with the attachments that are there")
    done = sync.opsync("resync", "--full", "--wait", "--json")
    tap.ok(done.code == 0 and done.json()[-1]["finished"] and
           done.json()[-1]["changed"] == 1, "resync --full --wait", done)
    tap.tree(sync.tree(), sync.scratch(), "finds all: as from nothing")
    done = sync.opsync("resync", "--wp", "999999", "--wait")
    tap.ok(done.code == 64 and "999999" in done.err and
           "999999 is not shown" in sync.said(),
           "one that is not there is said", done)
    done = sync.opsync("resync", "--wp", "20", "--wait")
    tap.ok(done.code == 64 and len(sync.tree()) == 8,
           "one out of scope makes no document", done)
    for args in (("--wp", "x"), ("--wp", "0"), ("--fool",)):
        tap.same(sync.opsync("resync", *args).code, 64,
                 "resync %s is no order" % " ".join(args))
    server.side("fault", {"match": "/api/v3/work_packages?", "times": -1,
                          "status": 500})
    done = sync.opsync("resync", "--wait")
    tap.ok(done.code == 69 and "500" in done.err,
           "a pass that fails is the command's failure", done)
    server.side("faults/clear")
    tap.same(sync.opsync("resync", "--wait").code, 0, "the next goes well")


def typed(tap, sync):
    """What is asked for wrongly, or goes nowhere."""
    for args, code, words in (
            (("help",), 0, "  resync ["), (("help", "runs"), 0, "--daily"),
            (("help", "rums"), 64, "did you mean 'runs'"),
            (("help", "abracadabra"), 64, "'abracadabra' (opsync --help)"),
            ((), 64, "which command?"), (("-V",), 0, "opsync "),
            (("status", "--version"), 0, "opsync "),
            (("resync", "-x"), 64, "resync: unknown option '-x' (see --help)"),
            (("resync", "--=x"), 64, "unknown option '--' (see --help)"),
            (("resync", "--abracadabra"), 64,
             "unknown option '--abracadabra' (see --help)"),
            (("resync", "--full=x"), 64, "--full takes no value"),
            (("release",), 64, "release: something is missing behind it"),
            (("runs", "--limi", "3"), 64,
             "unknown option '--limi' (did you mean '--limit'?)"),
            (("runs", "--limi=3"), 64, "unknown option '--limi' (did you"),
            (("-i", "x", "status"), 64, "--config and --instance each say"),
            (("log", "--wp", "26", "--wp", "3397"), 64,
             "--wp: only one at a time"),
            (("log", "--since", "1h", "--until", "2h"), 64,
             "--until is not later than --since"),
            (("resync", "--wp", "#3397", "--wp", "3397", "--wait"), 0,
             "done: 1 read"),
            (("--json", "adopt", "--dry-run"), 0, '"finished":true'),
            (("runs", "--no-pager"), 0, " read "),
            (("runs", "--daily"), 0, " passes "),
            (("log", "--since", "today", "--event", "removed"), 0, ""),
            (("log", "--since", "1234567890s"), 64, "is no time"),
            (("log", "--since", "1y"), 64, "is no time"),
            (("log", "--since", "14:30x"), 64, "is no time"),
            (("log", "--since", "1hh"), 64, "is no time"),
            (("status", "--check", "--watch"), 64, "leave out --watch"),
            (("--config", "/none.yaml", "status", "--watch"), 78, "/none.yaml"),
            (("status", "--check", "--all"), 64, "leave out --all"),
            (("status", "--max-lag", "1h"), 64, "is for --check"),
            (("pause", b"\xff"), 64, "is no UTF-8"),
            (("release", "1", "--project", b"d\xe9mo"), 64, "is no UTF-8"),
            (("resync", "--project", b"d\xe9mo"), 64, "is no UTF-8"),
            (("adopt", b"d\xe9mo.md"), 64, "is no UTF-8"),
            (("show", b"d\xe9mo.md"), 64, "is no UTF-8"),
            (("log", "--grep", b"\xe9"), 64, "is no UTF-8"),
            (("log", "--wp", "4711"), 64, "--wp: work package 4711 is not "
             "known here"),
            (("log", "--wp", "3397", "--grep", "nowhere"), 0, "")):
        done = sync.opsync(*args)
        tap.ok(done.code == code and words in done.out + done.err,
               "opsync " + repr(args), done)
    for args in ("status", "render 3397", "log -f", "--help"):
        done = sync.run("timeout", "10", "sh", "-c",
                        "exec %s --config %s %s >/dev/full" % (
                            sync.CLIENT, sync.config, args))
        tap.ok(done.code == 74 and "standard output" in done.err,
               "opsync %s, where nothing can be written" % args, done)
    done = sync.run("bash", "-o", "pipefail", "-c",
                    "%s --config %s render 3397 | head -n 1" % (
                        sync.CLIENT, sync.config))
    tap.ok(done.code == 0 and done.err == "", "who reads one line of it", done)
    for closed in ("<&-", ">&-", "2>&-"):
        done = sync.run("sh", "-c", "exec %s --config %s resync --wait %s" % (
            sync.CLIENT, sync.config, closed))
        tap.same(done.code, 74 if closed == ">&-" else 0, "with " + closed)


def steering(tap, server, sync):
    """What others write does not steer the terminal of who reads it."""
    evil = "\x1b]0;own\x07\x1b[31mred\nline\x9b1m"
    before = server.get("/api/v3/work_packages/4330").json()["subject"]
    server.side(*edit(4330, subject=evil))
    sync.opsync("resync", "--wait")
    sync.opsync("pause", evil)
    for args in (("show", "4330"), ("log",), ("status",), ("status", "--check"),
                 ("explain", "4330")):
        done = sync.opsync(*args)
        tap.ok(done.out and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]",
                                          done.out + done.err) and
               "line" not in done.out.split("\n"),
               "opsync " + " ".join(args) + " is plain text", repr(done.out))
    tap.same(sync.opsync("--json", "show", "4330").json()[0]["subject"], evil,
             "--json has it as it is")
    tap.same(sync.opsync("status", "--check").out.count("\n"), 1,
             "one line is one line")
    tap.ok(evil in sync.opsync("--json", "status", "--check").json()[0][
        "findings"][0]["text"], "which --json has as it is, too")
    found = sync.opsync("--json", "status", "--check").json()[0]["findings"]
    tap.ok(re.match(r"paused since \d{4}-\d\d-\d\dT[0-9:.]{12}Z: ",
                    found[0]["text"]), "with its moments in UTC", found)
    tap.ok("red?line" in sync.said() and
           not re.search("[\x80-\x9f\x1b]", sync.said()),
           "nor does what the daemon logs", sync.said()[-300:])
    sync.opsync("pause", "a|b")
    tap.same(sync.opsync("status", "--check").out.count("|"), 1,
             "a bar begins the figures, and no other is in the line")
    sync.opsync("resume")
    server.side(*edit(4330, subject=before))
    sync.opsync("resync", "--wait")


def second(tap, sync):
    with open(os.path.join(sync.store, ".git/opsync/state.db"), "rb") as f:
        before = f.read()
    for args in ((), ("--once",)):
        took = []
        for _ in range(3):  # the machine may have been busy with others
            since = time.monotonic()
            done = sync.run(sync.PROGRAM, "--config", sync.config, *args)
            took.append(time.monotonic() - since)
            tap.ok(done.code == 75 and str(sync.process.pid) in done.err,
                   "a second daemon is refused, and told of the first " +
                   "".join(args), done)
        tap.ok(min(took) < 1, "within a second", took)
    with open(os.path.join(sync.store, ".git/opsync/state.db"), "rb") as f:
        tap.ok(f.read() == before, "it has touched nothing")
    tap.same(sync.opsync("status").code, 0, "the first still answers")


def namesake(tap, sync):
    """Another store, whose configuration has the same name."""
    with sync.sibling() as other:
        other.env["XDG_RUNTIME_DIR"] = sync.folder
        done = other.run(other.PROGRAM, "--config", other.config)
        tap.ok(done.code == 75 and sync.socket in done.err and
               "another store" in done.err and "another name" in done.err,
               "the socket of another store's daemon is not taken", done)
        why = other.opsync("--json", "status").json()[0]["stopped"]["why"]
        tap.ok("another store" in why and done.err.count(why) == 1 and
               other.opsync("--json", "log").json()[-1]["text"] == why,
               "which is said once, and noted", (done, why))
        tap.same(sync.opsync("status", "--json").json()[0]["daemon"]["pid"],
                 sync.process.pid, "who listened there still does")
        tap.same(other.opsync("status", "--check").code, 2,
                 "and is not asked instead of the other")
        tap.same(other.once().code, 0, "a single pass needs no socket")


# --- Hostile clients ----------------------------------------------------------


def connect(sync):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(sync.socket)
    return s


def said_to(sync, data, half_close=False):
    """All that the daemon answers until it closes, or says the end."""
    got = b""
    with connect(sync) as s:
        try:
            s.sendall(data)
            if half_close:
                s.shutdown(socket.SHUT_WR)
            while b'"end":true' not in got:
                part = s.recv(65536)
                if not part:
                    break
                got += part
        except OSError:
            pass
    return got


def hostile(tap, server, sync):
    mode = os.stat(sync.socket).st_mode
    tap.same((stat.S_ISSOCK(mode), stat.S_IMODE(mode)), (True, 0o660),
             "the socket is for its owner and group")
    ask = b'{"command":"status"}\n'
    for name, data, half in (
            ("garbage", b"\x00\xff\xfe{{{\n", False),
            ("no object", b"[1,2]\n", False),
            ("no command", b"{}\n", False),
            ("an unknown command", b'{"command":"rm"}\n', False),
            ("a command that is no text", b'{"command":7}\n', False),
            ("ids that are none",
             b'{"command":"resync","work_packages":["x"]}\n', False),
            ("deep brackets", b"[" * 60000 + b"\n", False)):
        got = said_to(sync, data, half)
        tap.ok(b'"end":true' in got and b'"error":' in got,
               name + " is told so", repr(got))
    tap.ok(b'"counts"' in said_to(sync, ask, True),
           "a half-closed connection still gets its answer")
    for size in (64 * 1024, 70000, 1024 * 1024):
        got = said_to(sync, b"x" * size + b"\n" + ask)
        tap.ok(b"longer than 64 KiB" in got, "a line of %d bytes" % size, got)
    with connect(sync) as s:
        s.sendall(b"x" * 2000000 + b"\n" + ask)
        got = b""
        while got.count(b'"end":true') < 2:
            got += s.recv(65536)
    tap.ok(b'"counts"' in got, "and what follows it is answered", got)
    with connect(sync) as s:
        try:
            s.sendall(b"x" * (64 * 1024 * 1024))
            cut = False
        except (BrokenPipeError, ConnectionResetError):
            cut = True
    tap.ok(cut, "one without an end is cut off")
    done = sync.opsync("adopt", *["%s/%d" % ("p" * 80, n) for n in range(1000)])
    tap.ok(done.code == 64 and "longer than 64 KiB" in done.err,
           "opsync says so, too", done)
    got = said_to(sync, ask * 2)
    tap.ok(b'"counts"' in got, "two questions in one breath")
    crowd = [connect(sync) for _ in range(100)]
    tap.same(sync.opsync("status").code, 0, "100 who say nothing")
    for s in crowd:
        s.sendall(ask)
    answers = [until(lambda s=s: b'"end":true' in s.recv(65536))
               for s in crowd]
    tap.same(all(answers), True, "and all get their answer when they do")
    for s in crowd:
        s.sendall(b'{"command":"resync","wait":true}\n')
        s.close()
    flood = [threading.Thread(target=said_to, args=(sync, b"{" * 65000))
             for _ in range(20)]
    for thread in flood:
        thread.start()
    server.side(*edit(26, description="In spite of all."))
    sync.opsync("resync", "--wait")
    for thread in flood:
        thread.join()
    tap.ok(b"In spite of all." in b"".join(sync.tree().values()),
           "none of them holds up the sync")
    tap.ok(sync.process.poll() is None, "the daemon lives")


def mistaken(tap, sync):
    """What would narrow a request, but is mistyped, widens none."""
    head = sync.head()
    for request, words in (
            ({"command": "release", "set": 1, "dry_run": "true"},
             'release: "dry_run" is to be true or false'),
            ({"command": "release", "set": 1, "work_packages": 7},
             '"work_packages" is to be a list of work package ids'),
            ({"command": "release", "set": 1, "work_packages": []},
             '"work_packages" is to be a list of work package ids, and not'),
            ({"command": "adopt", "paths": []},
             'adopt: "paths" is to be a list of texts, and not empty'),
            ({"command": "adopt", "paths": "one/file.md"},
             'adopt: "paths" is to be a list of texts'),
            ({"command": "adopt", "dryrun": True},
             'adopt takes no "dryrun" (did you mean "dry_run"?)'),
            ({"command": "resync", "projects": ["ccm", 1]},
             '"projects" is to be a list of texts'),
            ({"command": "resync", "full": 1}, '"full" is to be true or false'),
            ({"command": "resync", "dry_run": True},
             'resync takes no "dry_run"'),
            ({"command": "log", "level": "error"},
             '"level" is to be a whole number'),
            ({"command": "log", "limit": -1},
             'log: "limit" is to be a whole number above 0'),
            ({"command": "runs", "limit": 0},
             '"limit" is to be a whole number above 0'),
            ({"command": "cancel", "pass": 1}, 'cancel takes no "pass"')):
        got = said_to(sync, json.dumps(request).encode() + b"\n").splitlines()
        end = json.loads(got[-1])
        tap.ok(len(got) == 1 and end["code"] == -10 and
               words in end["error"], "refused: %r" % request, got)
    got = said_to(sync, b'{"protocol":1,"command":"runs","limit":null}\n')
    tap.ok(b'"code":0' in got, "null is as if it were left out", got)
    tap.same(sync.head(), head, "none of them did anything")


def answered(crowd):
    """Those of some clients for whom there is an answer."""
    return select.select(crowd, [], [], 0)[0]


def patient(tap):
    """Where git is slow only so many wait for it; it ends with them."""
    show = b'{"command":"show","path":"never.md"}\n'
    with StandIn() as server, Sync(server.url) as sync:
        sync.once()
        running = sync.folder + "/running"
        sync.write("git", """#!/bin/sh
case $* in *format*)
  echo $$ >>%s
  exec sleep 60
esac
exec %s "$@"
""" % (running, shutil.which("git")), 0o755)
        sync.env["PATH"] = sync.folder + ":" + sync.env["PATH"]
        sync.start()
        crowd = [connect(sync) for _ in range(20)]
        for s in crowd:
            s.sendall(show)
        until(lambda: len(answered(crowd)) >= 4)
        early = answered(crowd)
        tap.ok(len(early) == 4 and all(
            b"ask again later" in s.recv(65536) for s in early),
            "20 ask for what git is slow with: 4 are told to ask again", early)
        tap.same(sync.opsync("status").code, 0, "others are answered")

        def programs():
            with open(running) as f:
                return [pid for pid in f.read().split()
                        if os.path.exists("/proc/" + pid)]
        until(lambda: len(programs()) == 16)
        waiting = [s for s in crowd if s not in early]
        for s in waiting[:8]:
            s.sendall(b"x" * 70000)
        tap.ok(until(lambda: len(programs()) == 8),
               "git ends with who says too much while it waits", programs())
        waiting[8].shutdown(socket.SHUT_WR)
        for s in waiting[9:12]:
            s.close()
        tap.ok(until(lambda: len(programs()) == 5),
               "and with who goes, but not with who only asks no more",
               programs())
        relayed(tap, server, sync)
        tap.same((sync.stop(timeout=5), programs()), (0, []),
                 "and with the daemon")
        for s in crowd:
            s.close()


def relayed(tap, server, sync):
    """The server's faults are told; who says too much is not waited for."""
    ask = b'{"command":"get","path":"/api/v3/types"}\n'
    tap.ok(b'"code":-10' in said_to(sync, b'{"command":"get"}\n'),
           "to get nothing")
    server.side("fault", {"match": "/types", "times": 1, "status": 403})
    tap.ok(b'"code":-4' in said_to(sync, ask), "to get what is refused")
    server.side("fault", {"match": "/types", "times": 1, "delay_ms": 30000})
    server.side("requests/reset")
    with connect(sync) as s:
        s.sendall(ask)
        until(server.requests)
        s.sendall(b"x" * 70000)
        try:
            tap.same(s.recv(1), b"", "who says too much is cut off")
        except ConnectionResetError:
            tap.ok(True, "who says too much is cut off")
    tap.ok(b'"code":0' in said_to(sync, ask), "one that came after it")


# --- The end ------------------------------------------------------------------


def interrupted(tap):
    """What opsync itself has begun ends with it."""
    with StandIn() as server, Sync(server.url) as sync:
        sync.once()
        slow = sync.write("git", """#!/bin/sh
echo $$ >%s/running
exec sleep 60
""" % sync.folder, 0o755)
        sync.env["PATH"] = sync.folder + ":" + sync.env["PATH"]
        with open(sync.config) as f:
            text = f.read()
        sync.write("opsync.yaml", text.replace(
            "file: %s/token" % sync.folder, "command: %s" % slow))
        sync.env["TMPDIR"] = sync.folder  # what a diff leaves, goes, too
        for name, words, number in (
                ("git", ("show", "never.md"), signal.SIGINT),
                ("git", ("show", "never.md"), signal.SIGTERM),
                ("the key's command", ("diff",), signal.SIGINT)):
            running = os.path.join(sync.folder, "running")
            with subprocess.Popen([sync.CLIENT, "-c", sync.config, *words],
                                  env=sync.env, stderr=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL) as opsync:
                pid = until(lambda: os.path.exists(running) and
                            open(running).read().strip())
                opsync.send_signal(number)
            tap.same((opsync.returncode, until(
                lambda pid=pid: not os.path.exists("/proc/" + pid), 5)),
                     (-number, True), "%s ends with opsync" % name)
            os.unlink(running)


def streams(tap):
    """What is opened takes no closed stream's place."""
    with StandIn() as server, Sync(server.url) as sync:
        for closed in ("<&-", "2>&-", "<&- >&- 2>&-"):
            done = sync.run("sh", "-c", "exec %s --config %s --once %s" % (
                sync.PROGRAM, sync.config, closed))
            tap.same((done.code, sync.flaws()), (0, []),
                     "a pass with " + closed)


def slow_end(tap):
    """Told to end while a content trickles in."""
    with StandIn() as server, Sync(server.url) as sync:
        server.side("fault", {"match": "/api/v3/attachments/2/content",
                              "times": -1, "trickle_ms": 20})
        sync.start(wait=False)
        until(lambda: any("attachments/2/content" in r["path"]
                          for r in server.requests()))
        begin = time.monotonic()
        status = sync.stop()
        took = time.monotonic() - begin
        tap.ok(status == 0 and took < 5, "SIGTERM amid a slow download",
               "%r after %.1f s" % (status, took))
        tap.ok(not os.path.exists(sync.socket), "the socket is gone")
        tap.same(sync.flaws() if sync.head() else [], [],
                 "what is there is whole")
        server.side("faults/clear")
        done = sync.once()
        tap.same(done.code, 0, "the next start goes on")
        tap.tree(sync.tree(), sync.scratch(), "to the same tree")
        tap.same(sync.flaws(), [], "in a repository without a flaw")
    with StandIn() as server, Sync(server.url) as sync:
        server.side("fault", {"match": "/api/v3/users/me", "times": -1,
                              "delay_ms": 30000})
        sync.start(wait=False)
        until(lambda: "syncing" in sync.said())
        got = said_to(sync, b'{"command":"work_package","work_package":3397}\n')
        tap.ok(b'"code":-2' in got and b"not looked up yet" in got,
               "a work package, before it is known which are ours", got)
        begin = time.monotonic()
        sync.process.send_signal(signal.SIGINT)
        tap.ok(sync.process.wait(10) == 0 and time.monotonic() - begin < 5,
               "SIGINT while the server says nothing")


def memory(sync):
    """The most that the daemon ever held, in MiB."""
    with open("/proc/%d/status" % sync.process.pid) as f:
        peak = [line for line in f if line.startswith("VmHWM")]
    return int(peak[0].split()[1]) // 1024


def flood(sync, first, rest):
    """Send without reading, as much as the daemon takes."""
    with connect(sync) as s:
        s.settimeout(1)
        try:
            s.sendall(first)
            for _ in range(1000):
                s.sendall(rest)
        except OSError:
            pass


def greedy(tap):
    """Clients that ask for more than they read; files in the way."""
    with StandIn("--generate", "2000") as server, Sync(
            server.url, projects="[demo-1]", mapping="") as sync:
        with open(sync.socket, "w") as f:
            f.write("precious")
        sync.process = None
        done = sync.run(sync.PROGRAM, "--config", sync.config)
        tap.ok(done.code == 74 and "something else" in done.err,
               "a file where the socket belongs is an error", done)
        with open(sync.socket) as f:
            tap.same(f.read(), "precious", "and stays")
        os.unlink(sync.socket)
        # The address sanitizer would keep 256 MiB of what was freed.
        sync.env["ASAN_OPTIONS"] = "quarantine_size_mb=8"
        sync.start()
        before = memory(sync)
        for first, rest in ((b"", b"{}\n" * 20000),
                            (b'{"command":"log"}\n', b"x" * 65536)):
            threads = [threading.Thread(target=flood,
                                        args=(sync, first, rest))
                       for _ in range(10)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        tap.ok(memory(sync) < before + 200,
               "what is not read is not piled up",
               "%d MiB, then %d" % (before, memory(sync)))
        with connect(sync) as s:
            s.sendall(b'{"command":"log"}\n')
            s.shutdown(socket.SHUT_WR)
            time.sleep(0.5)
            got = b"".join(iter(lambda: s.recv(65536), b""))
        tap.ok(got.endswith(b'{"end":true,"code":0}\n') and
               len(got) > 300000, "a half-closed one gets all of a long log",
               "%d bytes" % len(got))
        tap.same(sync.stop(), 0, "and it ends when told to")


def main():
    tap = Tap()
    with StandIn() as server:
        never(tap, server)
        with Sync(server.url, schedule="{ poll: 1h, overlap: 1s }") as sync:
            sync.once()
            questions(tap, sync, False)
            sync.start()
            status = questions(tap, sync, True)
            tap.ok(0 < status["daemon"]["next"] <= 3600,
                   "status says when the next poll is")
            orders(tap, server, sync)
            typed(tap, sync)
            steering(tap, server, sync)
            second(tap, sync)
            namesake(tap, sync)
            hostile(tap, server, sync)
            mistaken(tap, sync)
            tap.same(sync.stop(), 0, "it ends when told to")
            tap.ok(not os.path.exists(sync.socket), "the socket is gone")
            tap.same(sync.flaws(), [], "a repository without a flaw")
    greedy(tap)
    patient(tap)
    interrupted(tap)
    streams(tap)
    slow_end(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
