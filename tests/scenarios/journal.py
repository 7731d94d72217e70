#!/usr/bin/python3
"""What the daemon tells the journal, a terminal and a file; and that the same
fault is said once, and counted."""
import json
import os
import re
import socket
import subprocess
import sys
import threading

from harness import StandIn, Sync, Tap, read, until

SOCKET = "/run/systemd/journal/socket"


# --- A journal in a mount namespace of its own --------------------------------


def fields_of(datagram):
    """Journal's native protocol: KEY=value lines; our values are of one line."""
    return dict(line.split("=", 1)
                for line in datagram.decode().splitlines() if line)


def inside(program, config):
    """Be the journal, run the daemon, print what it sent as JSON."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    os.makedirs(os.path.dirname(SOCKET))
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journal.bind(SOCKET)
    ours, stream = socket.socketpair()
    st = os.fstat(stream.fileno())
    entries = []

    def listen():
        while True:
            datagram = journal.recv(65536)
            if not datagram:
                return
            entries.append(fields_of(datagram))

    thread = threading.Thread(target=listen)
    thread.start()
    done = subprocess.run(
        [program, "--config", config, "--once", "-v"], stderr=stream,
        env=dict(os.environ, JOURNAL_STREAM="%d:%d" % (st.st_dev, st.st_ino)),
        check=False)
    stream.close()
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.sendto(b"", SOCKET)
    thread.join()
    print(json.dumps({"code": done.returncode, "entries": entries,
                      "stream": ours.recv(65536).decode()}))


def journal(tap, sync):
    done = sync.run("unshare", "-rm", sys.executable, __file__, "--inside",
                    sync.PROGRAM, sync.config)
    if done.code != 0:
        tap.ok(True, "the journal # SKIP no mount namespace: " + done.err)
        return
    got = done.json()[0]
    entries = got["entries"]
    tap.same((got["code"], got["stream"]), (0, ""),
             "with a journal, nothing goes to standard error")
    added = [e for e in entries if e.get("OPSYNC_EVENT") == "added"]
    tap.same(len(added), 5, "an entry for each document")
    one = [e for e in added if e["OPSYNC_WORK_PACKAGE"] == "3397"][0]
    tap.same({k: one[k] for k in one if k not in (
        "MESSAGE", "MESSAGE_ID", "OPSYNC_PATH")},
        {"PRIORITY": "6", "SYSLOG_IDENTIFIER": "opsyncd", "OPSYNC_RUN": "1",
         "OPSYNC_EVENT": "added", "OPSYNC_WORK_PACKAGE": "3397",
         "OPSYNC_PROJECT": "ccm"}, "with its fields")
    tap.ok(one["OPSYNC_PATH"] in sync.tree() and
           one["OPSYNC_PATH"] in one["MESSAGE"] and
           one["MESSAGE"].startswith("work package 3397: "),
           "and a sentence", one)
    listed = dict(re.findall(r"^\| `(\w+)` \| `([0-9a-f]{32})`",
                             read("docs/logs.md").decode(), re.M))
    source = dict(re.findall(r'\{"(\w+)", "([0-9a-f]{32})"\}',
                             read("daemon/log.c").decode()))
    tap.ok(listed == source and len(set(listed.values())) == len(listed),
           "the manual lists the message ids", (listed, source))
    tap.same({e["OPSYNC_EVENT"]: e["MESSAGE_ID"] for e in entries
              if e.get("MESSAGE_ID")},
             {k: v for k, v in listed.items()
              if k in {e.get("OPSYNC_EVENT") for e in entries}},
             "which the entries have")


# --- A file, a terminal -------------------------------------------------------


def lines(tap, server, sync):
    done = sync.once("-v")
    tap.ok(re.search(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d work package 3397: added "
                     r"by .*3397", done.err, re.M) or
           re.search(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d syncing", done.err, re.M),
           "a file gets date and time", done)
    stale = sync.run("env", "JOURNAL_STREAM=1:2", sync.PROGRAM, "--config",
                     sync.config, "--once")
    tap.ok("syncing" in stale.err and "<5>" not in stale.err,
           "a stream that is not ours is no journal", stale)
    server.side("fault", {"match": "/api/v3/work_packages?", "times": -1,
                          "status": 500})
    seen = sync.seen("--once", program=sync.PROGRAM)
    tap.ok(re.search(r"^\d\d:\d\d:\d\d \x1b\[1;31merror: \x1b\[0mGET", seen,
                     re.M), "a terminal gets colours", repr(seen))
    seen = sync.seen("--once", program=sync.PROGRAM, NO_COLOR="1")
    tap.ok("\x1b" not in seen and "error: GET" in seen, "but for NO_COLOR",
           repr(seen))
    tap.ok("syncing" not in sync.seen("--once", "-q",
                                      program=sync.PROGRAM), "-q leaves out the rest")
    server.side("faults/clear")


def repeated(tap, server, sync):
    """A server that is down for a while."""
    sync.start()
    server.side("fault", {"match": "/api/v3/work_packages?", "times": -1,
                          "status": 500})
    runs = []

    def more():
        runs[:] = sync.opsync("runs", "--json").json()
        return runs[0]["repeated"] >= 2
    tap.ok(until(more), "failed polls are counted", runs[:2])
    tap.ok(runs[0]["result"] < 0 and "500" in runs[0]["error"] and
           len([r for r in runs if r["cause"] == "schedule"]) == 1,
           "in the row of the first", runs[:2])
    tap.same(sync.said().count("error: GET"), 1, "and said once")
    server.side("faults/clear")
    tap.ok(until(lambda: "answers again" in sync.said()),
           "its end is said", sync.said())
    tap.ok(re.search(r"500 .* \(\d+ times more since \d\d:\d\d\)",
                     sync.said()), "with their number", sync.said())
    server.side("fault", {"match": "/api/v3/work_packages?", "times": -1,
                          "status": 500})
    tap.ok(until(lambda: sync.said().count("error: GET") == 3),
           "the next time is told anew", sync.said())
    server.side("faults/clear")
    sync.stop()


def main():
    if sys.argv[1:2] == ["--inside"]:
        inside(*sys.argv[2:])
        return 0
    tap = Tap()
    with StandIn() as server, Sync(
            server.url, server="  max_tries: 1\n") as sync:
        journal(tap, sync)
        lines(tap, server, sync)
        repeated(tap, server, sync)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
