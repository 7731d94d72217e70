#!/usr/bin/python3
"""What status says: of a daemon that runs, fails, was ended or killed; of all
instances; and again and again."""
import contextlib
import datetime
import glob
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys

from harness import StandIn, Sync, Tap, until


def says(tap, sync, name, *words, code=0):
    done = sync.opsync("status")
    tap.ok(done.code == code and all(
        re.search(w, done.out + done.err, re.M) for w in words), name, done)


def one(tap, server, sync):
    says(tap, sync, "before the first pass", "was never synced", code=69)
    with sync.sibling() as other:
        other.run("git", "init", "-q", other.store)
        done = other.opsync("release", "1")
        tap.ok(done.code == 69 and "was never synced" in done.err,
               "so says release, of a repository", done)
    for args, end in ((("--watch",), "it)\n\n"),
                      (("--watch", "--json"), "it)\n")):
        done = sync.run("timeout", "1", sync.CLIENT, "-c", sync.config,
                        "status", *args)
        tap.ok(done.code == 124 and re.fullmatch(
            r"\S+ was never synced \(.* starts " + re.escape(end), done.out),
               "status %s waits for it" % " ".join(args), done)
    sync.once()
    says(tap, sync, "after a single pass",
         r"^daemon     stopped: it has made single passes only",
         r"^           opsyncd --config \S+ starts it",
         r"^documents  5, with 8 files in all", r"^last run   1, full, ended")
    server.side("edit", {"id": 26, "set": {"subject": " "}})
    sync.start()
    says(tap, sync, "a daemon that runs",
         r"^daemon     running since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(\d+ s "
         r"ago\), process %d$" % sync.process.pid,
         r"^server     http://\S+, as OpenProject Admin", r"^in step    as of ",
         r"^next       poll in 59 min")
    says(tap, sync, "a sentence for the writer, with the way there",
         r"^in error   1 work package; its document, if there is one, stays "
         r"as it was\n"
         r"  http://\S+/work_packages/26\n    path '.*' has an empty part")
    server.side("fault", {"match": "/api/v3/work_packages?", "times": -1,
                          "status": 500})
    sync.opsync("resync", "--wait")
    shown = sync.opsync("show", "26")
    tap.ok(re.search("^state      in error: path .* has an empty part.* "
                     r"\(the document stays as it was\)$", shown.out, re.M),
           "show, for one in error", shown)
    done = sync.opsync("status", "--check")
    tap.ok(done.code == 1 and "the last pass failed: GET " in done.out,
           "a pass that failed is a warning", done)
    tap.ok(until(lambda: sync.opsync(
        "status", "--check", "--max-lag", "1s").code == 2),
           "until nothing was synced for --max-lag")
    says(tap, sync, "a server that fails", r"^in step    no: GET .* 500",
         r"^           last good pass \d{4}")
    sync.opsync("pause", "no", "more")
    sync.opsync("pause", "until Monday")
    says(tap, sync, "a pause", r"^paused     since .*: until Monday \(opsync "
         r"resume")
    before = sync.opsync("--json", "status").json()[0]["paused"]
    done = sync.opsync("pause")
    tap.same((done.code, sync.opsync("--json", "status").json()[0]["paused"]),
             (0, before), "a second one without a reason keeps the first's")
    sync.opsync("pause", "until Tuesday")
    tap.same(sync.opsync("--json", "status").json()[0]["paused"],
             {"since": before["since"], "why": "until Tuesday"},
             "with a reason it is still the same pause")
    tap.same([e["text"] for e in sync.opsync(
        "log", "--json", "--event", "paused").json()],
             ["paused: until Monday", "paused: until Tuesday"], "told when it says something")
    server.side("faults/clear")
    sync.opsync("resume")


def first(tap, server, sync):
    """It runs, and nothing is known yet."""
    server.side("fault", {"match": "/", "times": -1, "delay_ms": 30000})
    sync.start(wait=False)
    until(lambda: os.path.exists(sync.socket))
    says(tap, sync, "the first pass", r"^in step    not yet; the first pass "
         r"runs$", r"^cursor     none yet",
         r"^last run   1, full, began .*, and has not ended$")
    done = sync.opsync("status", "--check")
    tap.ok(done.code == 1 and "the first pass runs" in done.out,
           "is a warning", done)
    server.side("faults/clear")


def unheard(tap, sync):
    """Its socket was removed under it."""
    os.unlink(sync.socket)
    says(tap, sync, "a daemon without its socket",
         r"^daemon     runs as process %d, but does not answer$" %
         sync.process.pid, r"^           the daemon cannot be asked at \S+: No ",
         r"^           if the socket is gone, a restart of the daemon makes")
    done = sync.opsync("status", "--check")
    tap.ok(done.code == 2 and "the daemon does not answer" in done.out,
           "so says --check", done)
    sync.stop()
    sync.start()
    tap.ok(os.path.exists(sync.socket), "a restart makes it again")


def ended(tap, sync):
    sync.stop()
    says(tap, sync, "a daemon that was ended",
         r"^daemon     stopped at \d{4}\S+ \S+ \(\d+ s ago\): told to end "
         r"\(SIGTERM\)")
    done = sync.opsync("resync")
    tap.ok(done.code == 69 and re.search(
        r"no daemon runs for .*, stopped at \S+ \S+: told to end \(SIGTERM\) "
        r"\(opsyncd --config \S+ starts it\)", done.err), "so says resync", done)
    sync.start()
    sync.process.kill()
    sync.process.wait()
    says(tap, sync, "a daemon that was killed",
         r"^daemon     stopped without a word .*; last sign of life \d{4}")
    with contextlib.closing(sqlite3.connect(sync.state_file)) as state:
        state.execute("UPDATE value SET value = '2025-01-01T00:00:00.000Z' "
                      "WHERE key = 'daemon.started'")
        state.execute("UPDATE run SET finished = 0 WHERE id = "
                      "(SELECT max(id) FROM run)")
        state.commit()
    says(tap, sync, "after months, and amid a run",
         r"; last sign of life \S+ \S+ \(\d+ s ago\)",
         r"^last run   \d+, \w+, began \S+ \S+ \(\d+ s ago\), and has not "
         r"ended$")
    sync.start()
    sync.stop(signal.SIGINT)
    says(tap, sync, "and one that was ended by hand", r"\(SIGINT\)")
    with open(sync.socket, "w"):
        done = sync.run(sync.PROGRAM, "--config", sync.config)
    os.unlink(sync.socket)
    tap.same(done.code, 74, "one that cannot go on")
    says(tap, sync, "why that ended", r"^daemon     stopped at .*something "
         r"else")
    tap.same([e["event"] for e in sync.opsync("log", "--json").json()
              if e["event"] in ("started", "stopped")][-2:],
             ["started", "stopped"], "the log has it, too")


def clocks(tap, sync):
    """People see the local clock, programs UTC."""
    sync.env["TZ"] = "XXX-9"

    def local(stamp):
        at = datetime.datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ")
        return (at + datetime.timedelta(hours=9)).strftime("%F %T")
    sync.start()
    sync.opsync("pause", "lunch")
    since = local(sync.opsync("--json", "status").json()[0]["paused"]["since"])
    for args in (("status",), ("status", "--check"), ("resync", "--wait")):
        done = sync.opsync(*args)
        tap.ok("since " + since in done.out + done.err,
               "a pause, for opsync " + " ".join(args), (since, done))
    sync.opsync("resume")
    sync.stop()
    at = local(sync.opsync("--json", "status").json()[0]["stopped"]["at"])
    for args in (("status",), ("resync",)):
        done = sync.opsync(*args)
        tap.ok("stopped at " + at in done.out + done.err,
               "the end, for opsync " + " ".join(args), (at, done))
    del sync.env["TZ"]


# --- Several ------------------------------------------------------------------


def several(tap, first, second):
    """Two instances, as their names say."""
    home = os.path.join(first.folder, "config")
    folder = os.path.join(home, "opsync")
    os.makedirs(folder)
    shutil.copy(first.config, os.path.join(folder, "site.yaml"))
    shutil.copy(second.config, os.path.join(folder, "wiki.yaml"))
    env = dict(first.env, XDG_CONFIG_HOME=home)

    def opsync(*args, **more):
        done = subprocess.run([first.CLIENT, *args], env=dict(env, **more),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        return done.returncode, done.stdout.decode()
    if not glob.glob("/etc/opsync/*.yaml"):
        code, out = opsync("status", XDG_CONFIG_HOME=first.folder)
        tap.ok(code == 64 and first.folder + "/opsync" in out,
               "where there is none, and where it would be", out)
        code, out = opsync("-i", "nope", "status",
                           XDG_CONFIG_HOME=first.folder)
        tap.ok(code == 64 and "there is no instance 'nope'" in out and
               first.folder + "/opsync" in out,
               "nor one of that name", out)
        for args in (("status",), ("status", "--all")):
            code, out = opsync(*args, XDG_CONFIG_HOME="")
            tap.ok(code == 64 and "--config FILE; there is none in "
                   "/etc/opsync)" in out,
                   "opsync %s, where root has none" % " ".join(args), out)
    code, out = opsync("status", "--all")
    tap.ok(code == 0 and re.search(
        r"^site +stopped +5 documents .*\nwiki +in step +4 documents ", out),
        "status --all: a line each", out)
    code, out = opsync("status", "--all", "--json")
    tap.ok(code == 0 and re.findall(r'^{"instance":"(\w+)"', out, re.M) ==
           ["site", "wiki"], "and with --json an object each", out)
    for args, more in ((("-i", "wiki", "status"), {}),
                       (("status", "--instance", "wiki"), {}),
                       (("status",), {"OPSYNC_INSTANCE": "wiki"})):
        code, out = opsync(*args, **more)
        tap.ok(code == 0 and "process %d" % second.process.pid in out,
               "opsync %s %s" % (" ".join(args), more), out)
    code, out = opsync("status", OPSYNC_INSTANCE="")
    tap.ok(code == 64 and "which instance? (-i NAME, of site, wiki" in out,
           "an empty OPSYNC_INSTANCE is none", out)
    for args, words in ((("status",), "which instance? (-i NAME, of site, wiki"),
                        (("-i", "", "status"), "there is no instance ''"),
                        (("-i", "wik", "status"), "did you mean 'wiki'?"),
                        (("-i", "blog", "status"), "there are site, wiki")):
        code, out = opsync(*args)
        tap.ok(code == 64 and words in out, "opsync " + " ".join(args), out)
    with open(os.path.join(folder, "blog.yaml"), "w") as f:
        f.write("serverr: 1\n")
    code, out = opsync("status", "--all")
    tap.ok(code == 78 and "did you mean 'server'" in out and "\nwiki " in out,
           "one that is broken does not hide the others", out)
    code, out = opsync("status", "--all", "--json")
    lines = [json.loads(line) for line in out.splitlines()
             if line.startswith("{")]
    tap.same([(o["instance"], "error" in o) for o in lines],
             [("blog", True), ("site", False), ("wiki", False)],
             "nor is it left out of --json")
    for args, word in ((("-c", first.config), "config"),
                       (("-i", "wiki"), "instance")):
        code, out = opsync("status", "--all", *args)
        tap.ok(code == 64 and "leave out --" + word in out,
               "--all with " + args[0], out)


def watch(tap, server, sync):
    path = os.path.join(sync.folder, "watched")
    with open(path, "wb") as out:
        process = subprocess.Popen(
            [sync.CLIENT, "-c", sync.config, "status", "--watch"],
            env=sync.env, stdout=out, stderr=out)
    try:
        def seen():
            with open(path) as f:
                return f.read()
        tap.ok(until(lambda: seen().count("daemon     running") >= 2),
               "status --watch", seen())
        sync.stop()
        tap.ok(until(lambda: "stopped at" in seen()), "sees it end", seen())
    finally:
        process.terminate()
        process.wait()


# --- Without a look at the configuration ----------------------------------------


HIDDEN = """set -e
mount -t tmpfs none /etc; mkdir -m 700 /etc/opsync
mount -t tmpfs none /run; mkdir -p /run/opsync/site
ln -s %s /run/opsync/%s
exec "$@"
"""


SERVED = """set -e
mount -t tmpfs none /etc; mkdir -m 700 /etc/opsync
cp "$1" "$2"
exec "$3" --config "$2"
"""


@contextlib.contextmanager
def served(sync, name):
    """The daemon, from now on, runs with a file of that folder, as a service
    does; then as before."""
    usual = sync.socket
    sync.stop()
    sync.socket = os.path.join(sync.folder, "opsync-%s.sock" % name)
    with open(sync.log, "ab") as log:
        sync.process = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", SERVED, "-", sync.config,
             "/etc/opsync/%s.yaml" % name, sync.PROGRAM], env=sync.env,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    until(sync.idle, 60)
    yield
    sync.stop()
    sync.socket = usual
    sync.start()


def closed(tap, sync, other):
    """Not even the folder of configurations can be looked into."""
    def machine(place):
        return ("unshare", "-m", "sh", "-c", HIDDEN % (sync.socket, place), "-")
    hidden = machine("site/control.sock")
    if sync.run(*hidden, "true").code != 0:
        tap.ok(True, "a closed folder # SKIP no mount namespace")
        return
    sync.env["XDG_CONFIG_HOME"] = os.path.join(sync.folder, "config")
    done = other("status", "--all", before=hidden)
    tap.ok(done.code == 0 and done.out.count("site ") == 1,
           "one that is configured and listens is one", done)
    sync.env["XDG_CONFIG_HOME"] = sync.folder
    for command in "status", "pause":
        done = other("--config", "/etc/opsync/site.yaml", command,
                     before=hidden)
        tap.ok(done.code == 77 and "runs with " + sync.config in done.err,
               "opsync %s, of a file in a closed folder, does not reach the "
               "daemon of another" % command, done)
    with served(sync, "site"):
        for args in (("-i", "site", "status"), ("status",),
                     ("status", "--all")):
            done = other(*args, before=hidden)
            tap.ok(done.code == 0 and (
                "process %d" % sync.process.pid in done.out or "\nsite " in
                "\n" + done.out), "opsync %s, where even the folder is closed"
                % " ".join(args), done)
    done = other("status", before=machine("nothing"))
    tap.ok(done.code == 64 and "you may not read /etc/opsync, and no daemon "
           "listens in /run/opsync" in done.err, "where none listens", done)
    done = other("-i", "blog", "status", before=hidden)
    tap.ok(done.code == 64 and "there is no instance 'blog'" in done.err,
           "one that is not there", done)
    with served(sync, "opsync"):
        for args in (("-i", "opsync", "status"), ("status",)):
            done = other(*args, before=machine("control.sock"))
            tap.ok(done.code == 0 and "process %d" % sync.process.pid in
                   done.out, "opsync %s, where opsyncd.service listens" %
                   " ".join(args), done)


def unreadable(tap, sync):
    """Who may ask the daemon need not read what it is configured with."""
    if os.geteuid() != 0:
        tap.ok(True, "unreadable # SKIP only root can be somebody else")
        return
    home = os.path.join(sync.folder, "config")
    os.makedirs(os.path.join(home, "opsync"))
    for folder in (sync.folder, home, os.path.join(home, "opsync")):
        os.chmod(folder, 0o755)
    file = os.path.join(home, "opsync/site.yaml")
    shutil.copy(sync.config, file)
    os.chmod(file, 0o600)
    sync.config = file
    sync.socket = os.path.join(sync.folder, "opsync-site.sock")
    sync.start()
    os.chmod(sync.store, 0o700)
    sync.env["XDG_CONFIG_HOME"] = home

    def other(*args, gid=0, before=()):
        return sync.run(*before, "setpriv", "--reuid=65534",
                        "--regid=%d" % gid, "--clear-groups", sync.CLIENT,
                        *args)
    for args in (("-i", "site", "status"), ("status",)):
        done = other(*args)
        tap.ok(done.code == 0 and "process %d" % sync.process.pid in done.out
               and "server     http://127" in done.out and
               "store      " + sync.store in done.out,
               "opsync %s asks the daemon" % " ".join(args), done)
    del sync.env["XDG_CONFIG_HOME"]
    os.symlink(home, os.path.join(sync.folder, ".config"))
    done = other("status")
    tap.ok(done.code == 0 and "process %d" % sync.process.pid in done.out,
           "a home has a folder of configurations", done)
    sync.env["XDG_CONFIG_HOME"] = home
    for args, code, words in (
            (("status", "--all"), 0, "in step"),
            (("status", "--check"), 1, " - site: 1 work package is"),
            (("resync", "--wait"), 0, "done: "),
            (("log",), 0, "by curated-content"),
            (("show", "3397"), 0, "makes 1 document"),
            (("runs",), 0, "of the server"), (("held",), 0, "nothing is held"),
            (("verify",), 0, "all is as it should be"), (("diff",), 0, ""),
            (("withdraw", "4330"), 0, "1 removed"), (("reload",), 0, ""),
            (("check",), 78, "site.yaml: Permission denied")):
        done = other(*args)
        tap.ok(done.code == code and words in done.out + done.err,
               "so does opsync " + " ".join(args), done)
    closed(tap, sync, other)
    sync.env["XDG_CONFIG_HOME"] = home
    done = other("status", gid=65534)
    tap.ok(done.code == 77 and re.search(
        r"site\.yaml: Permission denied; and the daemon cannot be asked at "
        r"\S+/opsync-site\.sock: Permission denied \(ask as root", done.err),
        "who may do neither is told so", done)
    os.chmod(file, 0o644)
    for args, code in ((("status",), 77), (("resync",), 77),
                       (("status", "--check"), 2)):
        done = other(*args, gid=65534)
        tap.ok(done.code == code and "content: Permission denied (ask as "
               "root" in done.out + done.err and "never" not in
               done.out + done.err, "nor takes opsync %s a closed store for "
               "one that is not there" % " ".join(args), done)
    os.chmod(sync.store, 0o755)
    os.chmod(sync.store + "/.git", 0o755)
    for args, code in ((("status",), 77), (("pause",), 77),
                       (("status", "--check"), 2)):
        done = other(*args, gid=65534)
        tap.ok(done.code == code and "Permission denied" in
               done.out + done.err and "never" not in done.out + done.err,
               "nor a closed state: opsync " + " ".join(args), done)
    with open(file, "a") as f:
        f.write("control: { readers: all }\n")
    sync.stop()
    sync.start()
    done = other("status", gid=65534)
    tap.ok(done.code == 0 and "process %d" % sync.process.pid in done.out,
           "with readers: all, everybody may ask", done)
    os.chmod(sync.store, 0o700)
    done = other("status", gid=65534)
    tap.ok(done.code == 0, "who cannot look into the store, too", done)
    os.chmod(file, 0o600)
    sync.stop()
    done = other("status")
    tap.ok(done.code == 77 and "at /run/opsync/site/control.sock" in done.err,
           "so is who asks while none runs", done)


def main():
    tap = Tap()
    with StandIn() as server, Sync(
            server.url, schedule="{ poll: 1h, overlap: 1s }",
            server="  max_tries: 1\n") as sync:
        one(tap, server, sync)
        unheard(tap, sync)
        ended(tap, sync)
        clocks(tap, sync)
        with sync.sibling() as second:
            second.start()
            several(tap, sync, second)
            watch(tap, server, second)
        with sync.sibling() as other:
            unreadable(tap, other)
        with sync.sibling() as other:
            first(tap, server, other)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
