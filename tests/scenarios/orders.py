#!/usr/bin/python3
"""What people order while the daemon runs: some of it again, its end, a
pause; and who may."""
# waits for most of its time
import os
import re
import signal
import socket
import subprocess
import sys
import time

from harness import StandIn, Sync, Tap, until

HOLD = {"match": "/api/v3/work_packages?", "times": -1, "delay_ms": 3000}


def edit(server, ident, **more):
    server.side("edit", dict({"id": ident}, **more))


def silently(server, *idents):
    for ident in idents:
        edit(server, ident, silent=True, set={
            "description": "silently, at %f" % time.monotonic()})


def last_run(sync):
    return sync.opsync("runs", "--json", "--limit", "1").json()[0]


def status(sync):
    return sync.opsync("status", "--json").json()[0]


def scopes(tap, server, sync):
    silently(server, 26, 4)
    done = sync.opsync("resync", "--project", "ccm", "--wait")
    tap.ok(done.code == 0 and "2 changed" in done.out,
           "resync --project reads all of it again", done)
    edit(server, 26, set={"subject": "  "})
    done = sync.opsync("resync", "--wait")
    tap.ok(done.code == 3 and "1 work package failed (opsync status or opsync "
           "log names it)" in done.err, "one is in error", done)
    done = sync.opsync("status", "--check")
    tap.ok("1 work package is in error" in done.out, "as --check says", done)
    done = sync.opsync("log", "--level", "debug", "--grep", "beside it")
    tap.ok(", 1 file beside it" in done.out and ", 2 files beside it" in
           done.out, "one file, and several", done)
    server.side("requests/reset")
    done = sync.opsync("resync", "--failed", "--wait", "--json")
    tap.ok(done.code == 3 and done.json()[-1]["seen"] == 1,
           "resync --failed tries those again, and no others", done)
    edit(server, 26, silent=True, set={"subject": "Well again"})
    done = sync.opsync("resync", "--failed", "--wait")
    tap.ok(done.code == 0 and "1 changed" in done.out, "until they are well",
           done)
    tap.same(sync.opsync("resync", "--failed", "--wait").code, 0,
             "then there are none")
    server.side("delete", {"id": 26})
    done = sync.opsync("resync", "--project", "ccm", "--wait")
    tap.ok(done.code == 0 and "1 removed" in done.out,
           "resync --project finds what is gone", done)
    for args, words in ((("--project", "cmm"), "did you mean 'ccm'?"),
                        (("--full", "--failed"), "--full is everything"),
                        (("--fulll",), "did you mean '--full'?"),
                        (("--wp",), "--wp needs a value"),
                        (("now",), "unexpected argument 'now'")):
        done = sync.opsync("resync", *args)
        tap.ok(done.code == 64 and words in done.err,
               "resync %s is no order" % " ".join(args), done)
    for args, words in ((("pase",), "did you mean 'pause'?"),
                        (("stat",), "did you mean"),
                        (("resume", "x"), "unexpected argument 'x'"),
                        (("--jsn", "status"), "did you mean '--json'?")):
        done = sync.opsync(*args)
        tap.ok(done.code == 64 and words in done.err,
               "nor is %s" % " ".join(args), done)


def held_up(server, sync):
    """A full read that takes its time."""
    server.side("fault", HOLD)
    process = subprocess.Popen(
        [sync.CLIENT, "-c", sync.config, "resync", "--full", "--wait"],
        env=sync.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: status(sync)["daemon"]["running"])
    return process


def canceled(tap, server, sync):
    done = sync.opsync("cancel")
    tap.ok(done.code == 0 and "nothing runs" in done.out,
           "cancel, where nothing is to be", done)
    process = held_up(server, sync)
    waiting = sync.opsync("resync", "--json").json()[0]["pass"]
    same = sync.opsync("resync", "--json").json()[0]["pass"]
    other = sync.opsync("resync", "--wp", "4", "--json").json()[0]["pass"]
    tap.same((same, other), (waiting, waiting + 1),
             "requests of a kind are merged, others wait their turn")
    done = sync.opsync("cancel")
    tap.ok(done.code == 0 and "2 that waited" in done.out, "cancel", done)
    out, err = process.communicate(timeout=10)
    tap.ok(process.returncode == 75 and b"ended: " in out and
           b"stopped" in err, "who waited is told", (out, err))
    server.side("faults/clear")
    tap.ok(until(lambda: not status(sync)["daemon"]["running"]), "it ends")
    tap.same(sync.opsync("resync", "--wait").code, 0, "the next goes well")
    tap.same(last_run(sync)["kind"], "poll",
             "and does not go on with the full read")


def deleted(tap, server, sync):
    """One that is asked for, and is gone: what becomes of its document."""
    server.side("delete", {"id": 4})
    done = sync.opsync("resync", "--wp", "4", "--wait")
    tap.ok(done.code == 64 and "work package 4: " in done.err and
           "what becomes of its document the next reconcile decides, or opsync "
           "resync --full now\n" in done.err, "one that was deleted", done)
    done = sync.opsync("resync", "--wp", "4711", "--wait")
    tap.ok(done.code == 64 and "work package 4711: " in done.err and
           "reconcile" not in done.err, "one that never was here", done)
    tap.same(sync.opsync("resync", "--full", "--wait").code, 0, "do so")
    done = sync.opsync("resync", "--wp", "4", "--wait")
    tap.ok(done.code == 64 and "reconcile" not in done.err,
           "one whose document is gone", done)


def interrupted(tap, server, sync):
    process = held_up(server, sync)
    tap.ok(until(lambda: re.search(
        r"^now        full: .*, \d+ of \d+ \(\d+ %\); \d+ read",
        sync.opsync("status").out, re.M)), "how far it is")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    tap.ok(process.returncode == 75 and b"goes on" in err and
           b"opsync cancel" in err, "Ctrl-C ends the waiting", (out, err))
    tap.ok(status(sync)["daemon"]["running"], "not the pass")
    server.side("faults/clear")
    tap.ok(until(lambda: last_run(sync)["kind"] == "full" and
                 last_run(sync)["finished"]), "which comes to its end")


def paused(tap, server, sync):
    process = held_up(server, sync)
    with socket.socket(socket.AF_UNIX) as waits, waits.makefile("rw") as f:
        waits.connect(sync.socket)
        waits.settimeout(10)
        f.write('{"command":"resync","work_packages":[3],"wait":true}\n')
        f.flush()
        f.readline()  # it has its number
        done = sync.opsync("pause", "the server is moved")
        tap.ok("paused before it began" in f.readline(),
               "who waits for a later pass does not wait in a pause")
    tap.ok(done.code == 0 and not status(sync)["daemon"]["running"],
           "pause, and nothing runs any more", done)
    process.communicate(timeout=10)
    server.side("faults/clear")
    edit(server, 4, set={"description": "While it is paused."})
    head = sync.head()

    def is_paused(how):
        for order in (("resync", "--wait"), ("publish", "3"), ("release", "1"),
                      ("accept-server",), ("verify",), ("adopt",)):
            done = sync.opsync(*order, timeout=10)
            tap.ok(done.code == 75 and "the server is moved" in done.err and
                   "opsync resume" in done.err,
                   "no %s meanwhile%s" % (order[0], how), done)
        tap.ok("paused" in sync.opsync("status").out and
               status(sync)["paused"]["why"] == "the server is moved",
               "status says so" + how, sync.opsync("status"))
        tap.same(sync.head(), head, "and nothing is synced" + how)

    def withdrawn(ident, how):
        server.side("requests/reset")
        done = sync.opsync("withdraw", str(ident), timeout=10)
        tap.ok(done.code == 0 and sync.head() != head and
               not server.requests() and status(sync)["paused"],
               "withdraw does not ask the server" + how, done)
        return sync.head()
    is_paused("")
    head = withdrawn(3397, "")
    sync.stop()
    tap.ok("the server is moved" in sync.opsync("status").out,
           "status of a stopped daemon, too")
    done = sync.once()
    tap.ok(done.code == 75 and "opsync resume" in done.err,
           "a single pass does nothing", done)
    sync.start(wait=False)
    until(lambda: os.path.exists(sync.socket) and
          sync.opsync("status").code == 0)
    is_paused(", after a restart")
    head = withdrawn(4, ", after a restart")
    tap.same(sync.opsync("resume").code, 0, "resume")
    tap.same(sync.opsync("publish", "3397", "4").code, 0, "and publish")
    tap.ok(until(lambda: b"While it is paused." in b"".join(
        sync.tree().values())), "then all is caught up")
    done = sync.opsync("resume")
    tap.ok(done.code == 64 and "no pause" in done.err, "resume without one",
           done)
    tap.same([e["event"] for e in sync.opsync("log", "--json").json()
              if e["event"] in ("paused", "resumed")], ["paused", "resumed"],
             "both are in the log")


def outage(tap, server, sync):
    """What needs no server does not say that it is there again."""
    said = len(sync.said())
    server.side("fault", {"match": "/api/v3/", "times": -1, "status": 500})
    tap.same(sync.opsync("resync", "--wait").code, 69, "an outage")
    done = sync.opsync("withdraw", "4")
    tap.ok(done.code == 0 and "500" in (status(sync)["daemon"]["error"] or "")
           and "answers again" not in sync.said()[said:],
           "withdraw works, and does not end it", (done, sync.said()[said:]))
    server.side("faults/clear")
    done = sync.opsync("publish", "4")
    tap.ok(done.code == 0 and not status(sync)["daemon"]["error"] and
           sync.said()[said:].count("answers again") == 1,
           "publish asks the server, which is there again", done)


def progress(tap, server, sync):
    server.side("fault", {"match": "filters=", "times": -1, "delay_ms": 1200})
    done = sync.opsync("resync", "--full", "--wait", "--json")
    seen = sync.seen("resync", "--full", "--wait")
    server.side("faults/clear")
    tap.ok("\r\x1b[K" in seen and " of 20 (" in seen and
           seen.rstrip().splitlines()[-1].endswith(
               "done: 20 read, 0 added, 0 changed, 0 removed, 0 failed"),
           "a terminal sees one line, that changes", repr(seen))
    seen = sync.seen("resync", "--wait", TERM="dumb")
    tap.ok("\x1b" not in seen and "done: " in seen,
           "a dumb one sees lines", repr(seen))
    lines = [line for line in done.json() if line.get("progress")]
    tap.ok(done.code == 0 and lines and all(
        line["phase"] and line["elapsed"] > 0 and line["kind"] == "full"
        for line in lines), "progress says how far it is", done)
    tap.ok(any(line["total"] == 20 for line in lines), "of how many", lines)


# --- Who may ------------------------------------------------------------------


ASK = """
import os, socket, sys
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(65534)
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
f = s.makefile("rw")
for line in sys.argv[3:]:
    f.write(line + "\\n"); f.flush()
    while True:
        got = f.readline()
        print(got, end="")
        if '"end":true' in got: break
"""


def rights(tap, sync):
    def ask(gid):
        return sync.run(
            sys.executable, "-c", ASK, sync.socket, str(gid),
            '{"command":"hello"}', '{"command":"status"}',
            '{"command":"resync"}', '{"command":"hello","protocol":2}',
            '{"command":"diff"}')
    if os.geteuid() != 0:
        tap.ok(True, "rights # SKIP only root can be somebody else")
        return
    os.chmod(sync.folder, 0o755)
    done = ask(65534)
    tap.ok(done.code != 0 and "Permission denied" in done.err,
           "others may not even connect", done)
    sync.stop()
    sync.configure(more="control: { readers: all }")
    sync.start()
    done = ask(65534)
    got = done.json() if done.code == 0 else []
    tap.ok(len(got) == 7 and not got[0]["may_change"] and "counts" in got[2]
           and got[4]["code"] == -4 and "resync: only root" in got[4]["error"]
           and got[6]["code"] == -4, "readers: all lets them read, and no more",
           done)
    tap.ok(len(got) == 7 and got[5]["code"] == -10 and
           "protocol 1" in got[5]["error"], "a newer protocol is refused", done)
    got = ask(os.getegid()).json()
    tap.ok(got[0]["may_change"] and got[0]["protocol"] == 1 and
           got[4].get("pass"), "who is in its group may do all", got)


def main():
    tap = Tap()
    with StandIn() as server, Sync(
            server.url, schedule="{ poll: 1h, overlap: 1s }",
            server="  max_tries: 1\n") as sync:
        sync.start()
        scopes(tap, server, sync)
        canceled(tap, server, sync)
        interrupted(tap, server, sync)
        paused(tap, server, sync)
        outage(tap, server, sync)
        progress(tap, server, sync)
        deleted(tap, server, sync)
        rights(tap, sync)
        tap.same(sync.stop(), 0, "it ends when told to")
        tap.tree(sync.tree(), sync.scratch(), "a tree as from nothing")
        tap.same(sync.flaws(), [], "a repository without a flaw")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
