"""Who is measured: each syncs a world once, and says what it took.

opsync     opsyncd with a work tree, as the script has one; bare is without
downloads  curl asks for what opsync asked for, in parallel, and throws it
           away
floor      the downloads, then git fast-import writes the files that opsync
           wrote, durably, without compressing (which halves its time)
script     script.py, beside this file: not durable, and no checks but MD5;
           script8 is the same with eight threads
"""
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

from measure import ENV, ENV_OPSYNC, KEY, add, git, median, run
from world import HERE

BUILD = os.environ.get("BUILD", "build/release")
REPEATS = 20            # idle polls and changes; their median counts
PARALLEL = (2, 4, 8)    # of which curl gets the best


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

    def ask(self, request):
        """The last line of the answer but one."""
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        last = {}
        for line in self.lines:
            told = json.loads(line)
            if told.get("end"):
                if told["code"] != 0:
                    raise RuntimeError("%r: %r" % (request, told))
                break
            last = told
        return last

    def resync(self, changed=None):
        """Seconds that a pass took, which changed so many documents."""
        began = time.monotonic()
        last = self.ask({"command": "resync", "wait": True})
        took = time.monotonic() - began
        if not last.get("finished") or last["result"] != 0:
            raise RuntimeError("resync: %r" % last)
        if changed is not None and last["changed"] != changed:
            raise RuntimeError("%d changes, not %d" % (
                last["changed"], changed))
        return took


class Instance:
    """A configuration for a world, and the commands that use it."""

    def __init__(self, world, name, bare=False):
        self.folder = world.new_folder(name)
        self.store = os.path.join(self.folder, "store")
        # The path of a socket must be short.
        self.socket = os.path.join(
            tempfile.mkdtemp(dir=world.sockets.name), "socket")
        with open(os.path.join(HERE, "bench.yaml")) as f:
            text = f.read()
        if world.size.per == 0:
            text = re.sub(r"  attachments:\n(    .*\n)+",
                          "  attachments: none\n", text)
            text = re.sub(r"    attachments: .*\n", "", text)
        for word, value in (
                ("URL", world.server.url), ("SOCKET", self.socket),
                ("BARE", "true" if bare else "false"), ("STORE", self.store)):
            text = text.replace("@%s@" % word, value)
        self.config = os.path.join(self.folder, "opsync.yaml")
        with open(self.config, "w") as f:
            f.write(text)
        self.command = [os.path.join(BUILD, "opsyncd"),
                        "--config", self.config]
        self.log = open(os.path.join(self.folder, "log"), "w")

    def change(self, words, others):
        """Change the configuration."""
        with open(self.config) as f:
            text = f.read()
        if words not in text:
            raise RuntimeError("no %r in %s" % (words, self.config))
        with open(self.config, "w") as f:
            f.write(text.replace(words, others))

    def once(self, before=()):
        return run([*before, *self.command, "--once"], ENV_OPSYNC,
                   stdout=self.log, stderr=self.log)

    def daemon(self):
        return Daemon(self.command, self.socket, self.log)

    def runs(self):
        out = subprocess.run(
            [os.path.join(BUILD, "opsync"), "-c", self.config, "--json",
             "runs"], env=ENV_OPSYNC, check=True, stdout=subprocess.PIPE)
        return [json.loads(line) for line in out.stdout.splitlines()]


def measure_rounds(world, one_round, used):
    """Rounds that find nothing new, or one change; one_round(n) tells how long
    one took that found n, in seconds."""
    took, used["idle_requests"] = world.requests_of(
        lambda: one_round(0), REPEATS)
    used["idle"] = median(took)
    took, told, used["change_requests"] = world.changes(
        lambda: one_round(1), REPEATS)
    used["change"] = median(took)
    used["told"] = median(told)


def opsync(world, bare=False):
    it = Instance(world, "bare" if bare else "opsync", bare)
    used = world.first_sync(it.store, it.once)
    used["bytes"] = it.runs()[-1]["bytes"] / world.n / 1024
    world.asked = [r["path"] for r in world.server.requests()]
    world.store = it.store
    with it.daemon() as daemon:
        daemon.resync()
        measure_rounds(world, lambda n: daemon.resync(changed=n), used)
    return used


def write_curl_config(world, path):
    """The same requests; lists compressed, contents as they are."""
    contents = [p for p in world.asked if p.endswith("/content")]
    lists = [p for p in world.asked if not p.endswith("/content")]
    parts = [(lists, "compressed\n")] + ([(contents, "")] if contents else [])
    with open(path, "w") as f:
        for i, (paths, more) in enumerate(parts):
            f.write(("next\n" if i > 0 else "") + more +
                    'user = "apikey:%s"\nfail\ngloboff\n' % KEY)
            for p in paths:
                f.write('url = "%s%s"\noutput = "/dev/null"\n'
                        % (world.server.url, p))


def curl(config, parallel):
    return run(["curl", "-sS", "--no-progress-meter", "--parallel",
                "--parallel-max", str(parallel), "-K", config])


def downloads(world):
    config = os.path.join(world.new_folder("downloads"), "curl")
    write_curl_config(world, config)
    if world.parallel is None:
        world.parallel = min(
            PARALLEL, key=lambda n: curl(config, n)["wall"])
    return world.first_sync(None, lambda: curl(config, world.parallel))


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


def fast_import(world):
    """Write the files that opsync wrote; the repository, and what it took."""
    folder = world.new_folder("fast-import")
    repository = os.path.join(folder, "store")
    stream = os.path.join(folder, "stream")
    write_stream(world.store, stream)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", repository],
                   env=ENV, check=True)
    os.sync()
    with open(stream, "rb") as f:
        return repository, run(
            ["git", "-C", repository, "-c", "core.fsync=all", "-c",
             "core.compression=0", "-c", "fastimport.unpackLimit=0",
             "fast-import", "--quiet"], stdin=f)


def floor(world):
    asked = downloads(world)
    _, written = fast_import(world)
    return {**add(asked, written), "server": asked["server"],
            "requests": asked["requests"]}


def script(world, threads=1):
    store = os.path.join(world.new_folder("script"), "store")
    command = [sys.executable, os.path.join(HERE, "script.py"),
               world.server.url, store, "--threads", str(threads)]
    if world.size.per == 0:
        command.append("--no-attachments")
    used = world.first_sync(store, lambda: run(
        command + ["--once"], stdout=subprocess.DEVNULL))
    with subprocess.Popen(command + ["--interval", "0.05"], env=ENV,
                          stdout=subprocess.PIPE, text=True) as process:
        def one_round(changed):
            while True:
                words = process.stdout.readline().split()
                if int(words[2]) == changed:
                    return float(words[4])

        one_round(0)
        measure_rounds(world, one_round, used)
        process.terminate()
    return used


CONTENDERS = {
    "opsync": opsync,
    "bare": lambda world: opsync(world, bare=True),
    "downloads": downloads,
    "floor": floor,
    "script": script,
    "script8": lambda world: script(world, threads=8),
}
