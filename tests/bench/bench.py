#!/usr/bin/python3
"""What a first sync, an idle poll and one change cost; beside them the floor
and the script that people would write instead, against the same stand-in.

  make bench
  make bench BENCH="--sizes 2000 --runs 5 --no-script"

opsync  opsyncd with a work tree, as the script has one; bare is without.
floor   curl asks for what opsync asked for, in parallel, and throws it away;
        then git fast-import writes the files that opsync wrote, durably,
        without compressing (which halves its time).
script  script.py, beside this file: not durable, and no checks but MD5.

Each first sync has a folder of its own and nothing is removed before the end,
since a large rm makes file systems slow for minutes.
"""
import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../scenarios"))

from harness import BUILD, StandIn  # noqa: E402

KEY = "adminkey"
SIZE = 51200         # of an attachment, in bytes
CONNECTIONS = 4      # more make curl no faster
REPEATS = 20         # idle polls and changes; their median counts
CONTENDERS = ["opsync", "bare", "floor", "script"]
ROWS = [
    ("first sync, s", "wall", "%.2f"),
    ("  processor time, s", "cpu", "%.2f"),
    ("  the server's, s", "server", "%.2f"),
    ("  peak memory, MiB", "peak", "%.0f"),
    ("  requests a work package", "requests", "%.3f"),
    ("idle poll, ms", "idle", "%.1f"),
    ("  requests", "idle_requests", "%.1f"),
    ("change to commit, ms", "change", "%.1f"),
    ("  requests", "change_requests", "%.1f"),
]


def environment():
    """Git undisturbed by the user's settings, quick and without gc."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    settings = {"gc.auto": "0", "maintenance.auto": "false"}
    for i, (key, value) in enumerate(settings.items()):
        env["GIT_CONFIG_KEY_%d" % i] = key
        env["GIT_CONFIG_VALUE_%d" % i] = value
    env.update(
        GIT_CONFIG_COUNT=str(len(settings)), GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1", LC_ALL="C.UTF-8", OPENPROJECT_API_KEY=KEY,
        MALLOC_TOP_PAD_="67108864", MALLOC_TRIM_THRESHOLD_="536870912")
    return env


ENV = environment()
# The settings of malloc are for git, which they make twice as fast.
ENV_OPSYNC = {k: v for k, v in ENV.items() if not k.startswith("MALLOC_")}


def run(command, env=ENV, **files):
    """Run a program to its end; what it and its children used."""
    began = time.monotonic()
    process = subprocess.Popen(command, env=env, **files)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError("%s: exit %d" % (command[0], process.returncode))
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime,
            "peak": used.ru_maxrss / 1024}


def add(a, b):
    """One after the other."""
    return {"wall": a["wall"] + b["wall"], "cpu": a["cpu"] + b["cpu"],
            "peak": max(a["peak"], b["peak"])}


def git(repository, *args):
    return subprocess.run(["git", "-C", repository, *args], env=ENV,
                          check=True, stdout=subprocess.PIPE).stdout


def count_files(repository):
    return git(repository, "ls-tree", "-r", "-z", "HEAD").count(b"\0")


class World:
    """A stand-in of one size, and the folders of what runs against it."""

    def __init__(self, n, folder):
        self.n = n
        self.folder = folder
        self.server = StandIn(
            "--generate", str(n), "--attachments", str(n),
            "--attachment-size", str(SIZE), "--key", "admin=" + KEY)
        self.made = 0

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop()

    def new_folder(self, name):
        self.made += 1
        path = os.path.join(
            self.folder, "%d-%d-%s" % (self.n, self.made, name))
        os.mkdir(path)
        return path

    def server_time(self):
        with open("/proc/%d/stat" % self.server.process.pid) as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def first_sync(self, repository, work):
        """Measure work(); it must have made every file."""
        self.server.side("requests/reset")
        os.sync()
        before = self.server_time()
        used = work()
        used["server"] = self.server_time() - before
        used["requests"] = len(self.server.requests()) / self.n
        if count_files(repository) != 2 * self.n:
            raise RuntimeError("%s has %d files, not %d" % (
                repository, count_files(repository), 2 * self.n))
        return used

    def edit(self, number):
        self.server.side("edit", {"id": 1 + number % self.n, "set": {
            "subject": "Changed at %f" % time.time()}})

    def requests_of(self, work, times):
        """The median time of work(), in ms, and its requests."""
        self.server.side("requests/reset")
        took = [work(i) * 1000 for i in range(times)]
        return statistics.median(took), len(self.server.requests()) / times


class Daemon:
    """A running opsyncd, asked for passes through its control socket."""

    def __init__(self, command, path, log):
        self.process = subprocess.Popen(
            command, env=ENV_OPSYNC, stdout=log, stderr=log)
        self.socket = socket.socket(socket.AF_UNIX)
        while self.process.poll() is None:
            try:
                self.socket.connect(path)
                break
            except OSError:
                time.sleep(0.01)
        self.lines = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.terminate()
        if self.process.wait(20) != 0:
            raise RuntimeError("opsyncd ended badly")

    def resync(self):
        """One pass; its last line."""
        self.socket.sendall(b'{"command":"resync","wait":true}\n')
        last = {}
        for line in self.lines:
            told = json.loads(line)
            if told.get("end"):
                break
            last = told
        if not last.get("finished") or last["result"] != 0:
            raise RuntimeError("resync: %r" % last)
        return last


def configure(world, folder, bare):
    """Write the configuration; where it and the socket are."""
    with open(os.path.join(HERE, "bench.yaml")) as f:
        text = f.read()
    # The path of a socket must be short.
    control = os.path.join(tempfile.mkdtemp(dir=world.sockets), "socket")
    for word, value in (("URL", world.server.url), ("SOCKET", control),
                        ("BARE", "true" if bare else "false"),
                        ("STORE", os.path.join(folder, "store"))):
        text = text.replace("@%s@" % word, value)
    path = os.path.join(folder, "opsync.yaml")
    with open(path, "w") as f:
        f.write(text)
    return path, control


def opsync(world, bare=False):
    folder = world.new_folder("bare" if bare else "opsync")
    store = os.path.join(folder, "store")
    config, control = configure(world, folder, bare)
    command = [os.path.join(BUILD, "opsyncd"), "--config", config]

    with open(os.path.join(folder, "log"), "w") as log:
        used = world.first_sync(store, lambda: run(
            command + ["--once"], ENV_OPSYNC, stdout=log, stderr=log))
        world.asked = [r["path"] for r in world.server.requests()]
        world.store = store
        with Daemon(command, control, log) as daemon:
            daemon.resync()

            def idle(_):
                began = time.monotonic()
                if daemon.resync()["changed"] != 0:
                    raise RuntimeError("an idle poll changed something")
                return time.monotonic() - began

            def change(number):
                world.edit(number)
                began = time.monotonic()
                if daemon.resync()["changed"] != 1:
                    raise RuntimeError("a change was missed")
                return time.monotonic() - began

            used["idle"], used["idle_requests"] = world.requests_of(
                idle, REPEATS)
            used["change"], used["change_requests"] = world.requests_of(
                change, REPEATS)
    return used


def write_curl_config(world, path):
    """The same requests; lists compressed, contents as they are."""
    contents = [p for p in world.asked if p.endswith("/content")]
    lists = [p for p in world.asked if not p.endswith("/content")]
    with open(path, "w") as f:
        for i, (paths, more) in enumerate(
                ((lists, "compressed\n"), (contents, ""))):
            f.write(("next\n" if i > 0 else "") + more +
                    'user = "apikey:%s"\nfail\ngloboff\n' % KEY)
            for p in paths:
                f.write('url = "%s%s"\noutput = "/dev/null"\n'
                        % (world.server.url, p))


def write_stream(store, path):
    """The store's files for fast-import."""
    files = git(store, "ls-tree", "-r", "-z", "HEAD").split(b"\0")[:-1]
    with open(path, "wb") as out, subprocess.Popen(
            ["git", "-C", store, "cat-file", "--batch"], env=ENV,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cat:
        out.write(b"commit refs/heads/main\n"
                  b"committer floor <floor@localhost> 1700000000 +0000\n"
                  b"data 0\n")
        for line in files:
            about, name = line.split(b"\t", 1)
            cat.stdin.write(about.split()[2] + b"\n")
            cat.stdin.flush()
            size = int(cat.stdout.readline().split()[2])
            content = cat.stdout.read(size + 1)
            out.write(b'M 100644 inline "%s"\ndata %d\n' % (name, size))
            out.write(content)
        cat.stdin.close()


def floor(world):
    folder = world.new_folder("floor")
    repository = os.path.join(folder, "store")
    config = os.path.join(folder, "curl")
    stream = os.path.join(folder, "stream")
    write_curl_config(world, config)
    write_stream(world.store, stream)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", repository],
                   env=ENV, check=True)

    def work():
        asked = run(["curl", "-sS", "--no-progress-meter", "--parallel",
                     "--parallel-max", str(CONNECTIONS), "-K", config])
        with open(stream, "rb") as f:
            written = run(
                ["git", "-C", repository, "-c", "core.fsync=all",
                 "-c", "core.compression=0",
                 "-c", "fastimport.unpackLimit=0", "fast-import", "--quiet"],
                stdin=f)
        print("# %d floor: curl %.2f s, fast-import %.2f s" % (
            world.n, asked["wall"], written["wall"]))
        return add(asked, written)

    return world.first_sync(repository, work)


def script(world, threads):
    folder = world.new_folder("script")
    store = os.path.join(folder, "store")
    command = [sys.executable, os.path.join(HERE, "script.py"),
               world.server.url, store, "--threads", str(threads)]

    with open(os.path.join(folder, "log"), "w") as log:
        used = world.first_sync(store, lambda: run(
            command + ["--once"], stdout=log))
    with subprocess.Popen(command + ["--interval", "0.05"], env=ENV,
                          stdout=subprocess.PIPE, text=True) as process:
        def one_round(changed):
            while True:
                words = process.stdout.readline().split()
                if int(words[2]) == changed:
                    return float(words[4])

        def change(number):
            world.edit(number)
            return one_round(1)

        one_round(0)
        used["idle"], used["idle_requests"] = world.requests_of(
            lambda _: one_round(0), REPEATS)
        used["change"], _ = world.requests_of(change, REPEATS)
        process.terminate()
    return used


def median(runs, key):
    values = [r[key] for r in runs if key in r]
    return statistics.median(values) if values else None


def ratio(results, key, one, other):
    if one not in results or other not in results:
        return ""
    a, b = (median(results[c], key) for c in (one, other))
    return "%.2f" % (a / b) if a is not None and b else ""


def print_table(n, results):
    compared = [("opsync", "floor"), ("bare", "floor"), ("script", "opsync")]
    print("\n%d work packages, %d attachments of %d bytes; median of %d"
          % (n, n, SIZE, max(len(r) for r in results.values())))
    print("%-27s" % "" + "".join("%10s" % c for c in results) +
          "".join("%15s" % ("%s/%s" % c) for c in compared))
    for label, key, form in ROWS:
        cells = [median(runs, key) for runs in results.values()]
        print("%-27s" % label + "".join(
            "%10s" % (form % v if v is not None else "") for v in cells) +
            "".join("%15s" % ratio(results, key, *c) for c in compared))
    sys.stdout.flush()


def print_growth(tables):
    """What a work package costs in worlds of different sizes."""
    for name in CONTENDERS:
        costs = ["%.3f ms (%d)" % (median(t[name], "wall") / n * 1000, n)
                 for n, t in tables.items() if name in t]
        if len(costs) > 1:
            print("%-7s a work package: %s" % (name, ", ".join(costs)))


def measure(world, contenders, runs, threads):
    results = {c: [] for c in contenders}
    work = {"opsync": opsync, "bare": lambda w: opsync(w, True),
            "floor": floor, "script": lambda w: script(w, threads)}
    for _ in range(runs):
        for c in contenders:
            results[c].append(work[c](world))
            print("# %d %s: %.2f s" % (
                world.n, c, results[c][-1]["wall"]), flush=True)
    return results


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--sizes", default="2000,10000",
                   help="work packages, and as many attachments")
    p.add_argument("--runs", type=int, default=1)
    p.add_argument("--only", default=",".join(CONTENDERS),
                   help="some of " + ",".join(CONTENDERS))
    p.add_argument("--no-script", action="store_true")
    p.add_argument("--script-threads", type=int, default=1,
                   help="1, as it is; with 4 it is at its best")
    p.add_argument("--keep", action="store_true", help="remove nothing")
    a = p.parse_args()
    a.only = [c for c in CONTENDERS if c in a.only.split(",")]
    if a.no_script and "script" in a.only:
        a.only.remove("script")
    if not {"opsync", "bare"} & set(a.only) and "floor" in a.only:
        p.error("the floor needs opsync or bare, whose requests it repeats")
    return a


def main():
    a = arguments()
    folder = tempfile.mkdtemp(prefix="runs-", dir=BUILD)
    sockets = tempfile.mkdtemp(prefix="opsync-bench-")
    tables = {}
    try:
        for n in map(int, a.sizes.split(",")):
            with World(n, folder) as world:
                world.sockets = sockets
                tables[n] = measure(world, a.only, a.runs, a.script_threads)
            print_table(n, tables[n])
        print_growth(tables)
    finally:
        shutil.rmtree(sockets)
        if not a.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
