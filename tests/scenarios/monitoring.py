"""What monitoring sees: status --check, the file of metrics, a fault that is
told once and its end, requests and server seconds a day."""
# waits for most of its time
import contextlib
import os
import re
import signal
import subprocess
import sys
import time

from harness import StandIn, Sync, Tap, until

SAMPLE = re.compile(r'^(opsync_\w+)\{((?:\w+="(?:[^"\\]|\\.)*",?)+)\} (\S+)$')


def metrics(path):
    """Samples by name and labels; None for a line that is none."""
    found, types = {}, {}
    with open(path) as f:
        for line in f.read().split("\n")[:-1]:
            if line.startswith("# TYPE "):
                types[line.split()[2]] = line.split()[3]
            if line.startswith("#"):
                continue
            m = SAMPLE.match(line)
            if not m:
                return {"bad line": line}, types
            labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', m[2]))
            labels.pop("config")
            found[(m[1], *sorted(labels.items()))] = float(m[3])
    return found, types


def check_metrics(tap, path, seconds):
    got, types = metrics(path)
    tap.ok("bad line" not in got, "every line is a sample", got)
    names = {name for name, *_ in got}
    bare = {re.sub("_(bucket|sum|count)$", "", n)
            if re.sub("_(bucket|sum|count)$", "", n) in types else n
            for n in names}
    tap.same(sorted(bare - set(types)), [], "each has its type")
    for name in ("opsync_build_info", "opsync_last_attempt_timestamp_seconds",
                 "opsync_http_server_seconds_total"):
        tap.ok(name in names, name, sorted(names))
    value = got.get(("opsync_last_success_timestamp_seconds",), 0)
    tap.ok(abs(value - time.time()) < seconds, "the last success is recent",
           value)
    tap.ok(got[("opsync_http_requests_total", ("code", "200"))] > 3,
           "requests by status", got)
    tap.ok(got[("opsync_documents", ("state", "current"))] > 3, "documents")
    tap.ok(got[("opsync_runs_total", ("result", "ok"))] > 0, "passes", got)
    tap.same(got[("opsync_duration_seconds_bucket", ("le", "+Inf"))],
             got[("opsync_duration_seconds_count",)], "a whole histogram")
    tap.same(got[("opsync_fault",)], 0, "no fault")


def whole(tap, sync, path):
    """Read it all the time while it is written."""
    torn = 0
    end = time.monotonic() + 2
    while time.monotonic() < end:
        got, _ = metrics(path)
        torn += "bad line" in got or ("opsync_errors", ("kind", "pass")) \
            not in got
    tap.same(torn, 0, "the file is never torn")
    with open(path) as old:
        tap.ok(until(lambda: os.fstat(old.fileno()).st_ino !=
                     os.stat(path).st_ino), "since a new one takes its place")
    tap.same(os.stat(path).st_mode & 0o777, 0o644, "everybody may read it")
    tap.same([n for n in os.listdir(sync.folder) if n.endswith(".tmp")], [],
             "nothing is left beside it")


def git_remote(tap, sync, path, check):
    """A remote that takes nothing: known to both."""
    remote = os.path.join(sync.folder, "remote.git")
    sync.run("git", "init", "-q", "--bare", remote)
    hook = sync.write("remote.git/hooks/pre-receive", "#!/bin/sh\nexit 1\n",
                      0o755)
    sync.configure(more="status: { textfile: %s }\n" % path)
    sync.push_to(remote)
    sync.start()
    tap.ok(until(lambda: "cannot be pushed" in check(sync)[1]),
           "a push that fails is told", check(sync))
    tap.same(check(sync)[0], 1, "as a warning")
    got = until(lambda: metrics(path)[0].get(
        ("opsync_push_pending_commits",), 0))
    tap.ok(got > 0, "commits that wait are a metric", got)
    os.unlink(hook)
    sync.opsync("resync", "--wait")  # does not wait for its time
    tap.ok(until(lambda: check(sync)[0] == 0, 40), "pushed: all well",
           check(sync))
    sync.stop()
    sync.push_to(None)


@contextlib.contextmanager
def as_other(sync):
    """opsync status --check of one who may ask the daemon, and no more; None
    where nobody can be somebody else."""
    if os.geteuid() != 0:
        yield None
        return
    os.chmod(sync.folder, 0o755)
    os.chmod(sync.config, 0o600)
    os.makedirs(os.path.join(sync.folder, "etc/opsync"))
    os.symlink(sync.config, os.path.join(sync.folder, "etc/opsync/opsync.yaml"))
    process = subprocess.Popen(
        ["setpriv", "--reuid=65534", "--regid=0", "--clear-groups",
         sync.CLIENT, "-i", "opsync", "status", "--check"],
        env=dict(sync.env, XDG_CONFIG_HOME=os.path.join(sync.folder, "etc")),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def still(tap, server):
    """A daemon that stands still is told of, too, and not waited for."""
    server.side("faults/clear")
    with Sync(server.url) as sync:
        sync.start()
        sync.process.send_signal(signal.SIGSTOP)
        with as_other(sync) as other:
            done = sync.opsync("status", "--check", timeout=90)
            if other is not None:
                out = other.communicate(timeout=30)[0].decode()
                tap.ok(other.returncode == 2 and "has not answered for 60 s" in
                       out, "so hears who cannot read its configuration", out)
        sync.process.send_signal(signal.SIGCONT)
        tap.ok(done.code == 2 and "(process %d) has not answered for 60 s" %
               sync.process.pid in done.out, "one that stands still: 2", done)
        tap.same(sync.opsync("status", "--check").code, 0, "it goes on: 0")


def never(tap, server):
    """Before the first good pass, no lag is known: that is none of 0 s."""
    with Sync(server.url) as sync:
        path = os.path.join(sync.folder, "opsync.prom")
        sync.configure(more="status: { textfile: %s, fault_after: 1s }\n" %
                       path)
        done = sync.opsync("status", "--check")
        tap.ok(done.code == 2 and "lag=0" not in done.out,
               "no lag of a daemon that never ran", done)
        server.side("fault", {"match": "/api/v3/", "times": -1, "status": 500,
                              "body": "a|b"})
        sync.once()
        done = sync.opsync("status", "--check")
        tap.ok(done.code == 2 and "pass was never" in done.out and
               done.out.endswith(" | lag=U;;900 documents=0 failed=0\n") and
               done.out.count("|") == 1, "single passes that all failed", done)
        sync.start(wait=False)
        tap.ok(until(lambda: "ever synced" in check(sync)[1]),
               "a fault from the beginning", check(sync))
        code, out, _ = check(sync)
        tap.ok(code == 2 and " | lag=U;;900 " in out, "knows no lag", out)
        got = sync.opsync("--json", "status").json()[0]["daemon"]
        tap.same(got["lag"], None, "nor does the daemon")
        tap.ok(until(lambda: os.path.exists(path)) and
               ("opsync_cursor_lag_seconds",) not in metrics(path)[0],
               "nor do metrics", metrics(path))
        in_json(tap, sync, 2, "critical", lambda lag: lag is None)
        server.side("faults/clear")
        sync.opsync("resync", "--wait")
        tap.ok(until(lambda: check(sync)[0] == 0), "well", check(sync))
        in_json(tap, sync, 0, "ok", lambda lag: 0 <= lag < 60)
        sync.stop()
    done = sync.opsync("--json", "status", "--check")
    got = done.json()[0]
    tap.ok(done.code == got["code"] == 2 and got["documents"] is None and
           sync.config in got["findings"][0]["text"],
           "--json without a configuration", done)


def in_json(tap, sync, code, verdict, is_lag):
    done = sync.opsync("--json", "status", "--check", "--max-lag", "10m")
    got = done.json()
    tap.ok(done.code == code and len(got) == 1 and got[0]["code"] == code and
           got[0]["verdict"] == got[0]["findings"][0]["verdict"] == verdict and
           got[0]["findings"][0]["text"] and got[0]["instance"] == "opsync" and
           got[0]["max_lag"] == 600 and is_lag(got[0]["lag"]) and
           got[0]["failed"] == 0 and got[0]["documents"] >= 0,
           "--check --json: " + verdict, done)


def single(tap, server, sync):
    """Single passes by a timer: nobody misses a daemon."""
    def says(code, words, name, *args):
        done = sync.opsync("status", "--check", *args)
        tap.ok(done.code == code and words in done.out, name, done)
    sync.once()
    says(0, " documents in step | lag=", "a single pass: 0")
    time.sleep(3.1)
    says(2, "the last good pass was ", "too long ago: 2", "--max-lag", "3s")
    sync.once()
    says(0, "in step", "one that finds nothing is as good", "--max-lag", "3s")
    server.side("fault", {"match": "/api/v3/", "times": -1, "status": 500})
    sync.once()
    says(1, "the last pass failed: ", "one that fails: 1")
    time.sleep(3.1)
    says(2, "the last good pass was ", "for long: 2", "--max-lag", "3s")
    server.side("faults/clear")
    sync.once()
    says(0, "in step", "well again: 0")
    sync.start()
    sync.stop()
    says(2, "no daemon runs", "a daemon that ended is missed")
    sync.once()
    says(0, "in step", "until single passes follow it")
    sync.start()
    sync.process.kill()
    sync.process.wait()
    says(2, "no daemon runs", "so is one that was killed")
    sync.opsync("verify")
    says(2, "no daemon runs", "a look is no pass")
    sync.once()
    says(0, "in step", "but this is")


def not_pushed(tap, server, sync):
    """What waits for a remote is known without a daemon, too."""
    remote = os.path.join(sync.folder, "away.git")
    sync.run("git", "init", "-q", "--bare", remote)
    hook = sync.write("away.git/hooks/pre-receive", "#!/bin/sh\nexit 1\n",
                      0o755)
    path = os.path.join(sync.folder, "opsync.prom")
    sync.configure(more="status: { textfile: %s }\n" % path)
    sync.push_to(remote)
    tap.same(sync.once().code, 75, "a remote that refuses")
    got, _ = metrics(path)
    tap.ok(got["opsync_push_pending_commits",] > 0 and
           got["opsync_errors", ("kind", "push")] == 1, "is a metric", got)
    done = sync.opsync("status")
    tap.ok("push       %s, branch main: commits wait" % remote in done.out,
           "status says so", done)
    done = sync.opsync("status", "--check")
    tap.ok(done.code == 1 and "commits are not pushed to " + remote in
           done.out, "and --check", done)
    os.unlink(hook)
    tap.same(sync.once().code, 0, "pushed")
    got, _ = metrics(path)
    tap.ok(got["opsync_push_pending_commits",] ==
           got["opsync_errors", ("kind", "push")] == 0, "so is its end", got)
    done = sync.opsync("status")
    tap.ok("push       %s, branch main: all is there" % remote in done.out,
           "status says so", done)
    tap.same(sync.opsync("status", "--check").code, 0, "and --check")
    sync.start()
    sync.stop()
    tap.ok("all is there" in sync.opsync("status").out,
           "and when a daemon was stopped", sync.opsync("status"))
    server.side("edit", {"id": 3397, "set": {"subject": "Not pushed"}})
    os.rename(remote, remote + ".gone")
    before = sync.head()
    sync.start()  # which may return before the first pass: git asks first
    until(lambda: sync.head() != before)
    sync.stop()
    tap.ok("commits wait" in sync.opsync("status").out,
           "with something left", sync.opsync("status"))


def in_error(tap, sync, check):
    """Work packages that cannot be mapped."""
    sync.configure(more="", mapping="""documents:
- path: p/${ id }.md
  attachments: none
  front_matter: { a: "by ${ assignee.name }" }
""")
    sync.start()
    tap.ok(until(lambda: "in error" in check(sync)[1]),
           "work packages in error are told", check(sync))
    tap.same(check(sync)[0], 1, "as a warning")
    sync.stop()


def check(sync, *args):
    done = sync.opsync("status", "--check", *args)
    return done.code, done.out, done.err


def main():
    tap = Tap()
    with StandIn() as server, Sync(server.url) as sync:
        path = os.path.join(sync.folder, "opsync.prom")
        more = "status: { textfile: %s, fault_after: 3s }\n" % path
        sync.configure(more=more)
        code, out, err = check(sync)
        tap.ok(code == 2 and "CRITICAL" in out and err == "" and
               out.count("\n") == 1, "never started: critical, one line",
               (code, out, err))
        sync.start()
        code, out, err = check(sync)
        tap.ok(code == 0 and re.match(r"OPSYNC OK - opsync: \d+ documents "
               r"in step \| lag=\d+s;;900 ", out), "in step: 0",
               (code, out, err))
        tap.ok(until(lambda: os.path.exists(path)), "metrics are written")
        check_metrics(tap, path, 30)
        whole(tap, sync, path)

        server.side("key", {"user": "admin", "key": None})
        tap.ok(until(lambda: check(sync)[0] == 1), "a pass failed: 1",
               check(sync))
        tap.ok(until(lambda: check(sync)[0] == 2), "for long: 2",
               check(sync))
        code, out, err = check(sync)
        tap.ok("nothing was synced for" in out and "401" in out,
               "and says why", out)
        events = sync.opsync("--json", "log").json()
        tap.same([e["event"] for e in events if e["event"] == "fault"],
                 ["fault"], "the fault is in the log, once")
        tap.same(sync.said().count(" nothing was synced"), 1,
                 "and was said once")
        tap.same(until(lambda: metrics(path)[0].get(("opsync_fault",))), 1,
                 "and is a metric")

        tap.same(sync.stop(), 0, "stopped during the fault")
        sync.start(wait=False)
        until(lambda: "401" in sync.said().split("stopping")[-1])
        time.sleep(1)
        tap.same(sync.said().count(" nothing was synced"), 1,
                 "a restart does not tell it again")
        server.side("key", {"user": "admin", "key": "adminkey"})
        tap.ok(until(lambda: check(sync)[0] == 0), "well again: 0",
               check(sync))
        tap.ok(until(lambda: "synced again, after" in sync.said()),
               "the end of it is told", sync.said())
        events = [e["event"] for e in sync.opsync("--json", "log").json()]
        tap.same([e for e in events if e in ("fault", "recovered")],
                 ["fault", "recovered"], "and logged")

        for lag in ("soon", "0s"):
            code, out, err = check(sync, "--max-lag", lag)
            tap.ok(code == 64 and "--max-lag" in err,
                   "a bad --max-lag: 64, " + lag, err)
        usual = sync.parts["schedule"]
        sync.configure(schedule="{ poll: 10s, overlap: 1s }")
        sync.opsync("reload")
        tap.ok(until(lambda: check(sync, "--max-lag", "1ms")[0] == 2),
               "too old: 2", check(sync, "--max-lag", "1ms"))
        sync.configure(schedule=usual)
        sync.stop()
        code, out, err = check(sync)
        tap.ok(code == 2 and "no daemon runs" in out, "stopped: 2", out)

        days = sync.opsync("--json", "runs", "--daily").json()
        asked = len(server.requests())
        tap.same(sum(d["requests"] for d in days), asked,
                 "the requests of the day")
        tap.ok(0 < sum(d["server_seconds"] for d in days) < 60,
               "and the server's seconds", days)
        tap.ok("of the server\n" in sync.opsync("runs").out,
               "runs shows them", sync.opsync("runs").out)

        git_remote(tap, sync, path, check)
        sync.configure(more="status: { textfile: /nowhere/x.prom }\n")
        done = sync.once()
        tap.ok(done.code == 0 and done.err.count("status.textfile") == 1,
               "a file that cannot be written is said, no more", done)
        in_error(tap, sync, check)
        with sync.sibling(mapping=None) as other:
            single(tap, server, other)
            not_pushed(tap, server, other)
        still(tap, server)
        never(tap, server)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
