"""What scenario tests share: the stand-in OpenProject, a daemon with its
store, and TAP lines."""
import base64
import http.client
import json
import os
import pty
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build/release"))
SANITIZER = "tsan" in os.environ.get("BUILD", "")  # has a thread of its own
RECORDED = os.path.join(ROOT, "tests/openproject/recorded")
SEEDS_MAPPING = os.path.join(ROOT, "tests/fixtures/mapping/seeds.yaml")
WITH_FILES = """
documents:
- name: all
  match: {}
  path: docs/${ id }/index.md
  attachments: all
  front_matter: { title: "${ subject }" }
  body: ${ description.raw }
"""


def read(path):
    """The bytes of a file, by its path from the root."""
    with open(os.path.join(ROOT, path), "rb") as f:
        return f.read()


def make_target(target, *words):
    """make, of the build that is tested, as it was built."""
    return subprocess.run(
        ["make", "--no-print-directory", target, "BUILD=" + os.path.relpath(
            BUILD, ROOT), "MODE=" + os.path.basename(BUILD), *words],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False)


def until(condition, seconds=20):
    """Wait for a condition: what it gave, which is false if time ran out."""
    end = time.monotonic() + seconds
    while True:
        got = condition()
        if got or time.monotonic() > end:
            return got
        time.sleep(0.02)


def plain(column):
    """A long text of the state: as it is, or an LZ4 block behind its
    length."""
    if not isinstance(column, bytes):
        return column
    packed, text = iter(column[4:]), bytearray()

    def length(n):
        more = 255 if n == 15 else 0
        while more == 255:
            more = next(packed)
            n += more
        return n

    size = int.from_bytes(column[:4], "little")
    while len(text) < size:
        token = next(packed)
        text += bytes(next(packed) for _ in range(length(token >> 4)))
        if len(text) < size:
            back = next(packed) + 256 * next(packed)
            for _ in range(length(token & 15) + 4):
                text.append(text[-back])
    return text.decode()


class Answer:
    """A status, headers (lower-case names) and the body's bytes."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class StandIn:
    """The stand-in OpenProject, started with its options.

    A context manager; without options it serves the recorded answers.
    """

    def __init__(self, *args):
        self.args = args or ("--recorded", RECORDED)
        self.process = None
        self.url = None

    def start(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "port")
            program = os.path.join(BUILD, "tests/openproject/openproject")
            self.process = subprocess.Popen(
                [program, "--port-file", path, "--die-with-parent",
                 *self.args])
            while not os.path.exists(path):
                if self.process.poll() is not None:
                    raise RuntimeError("the stand-in did not start")
                time.sleep(0.01)
            with open(path) as f:
                self.url = "http://127.0.0.1:%d" % int(f.read())
        return self

    def stop(self):
        """End it; its exit status."""
        self.process.terminate()
        return self.process.wait(60)  # of 600,000 requests, it frees all

    def __enter__(self):
        return self.start()

    def __exit__(self, failure, *_):
        if self.process.returncode is None and self.stop() and not failure:
            raise RuntimeError("the stand-in ended badly")

    def request(self, method, path, headers=None, body=None, key="adminkey"):
        """Ask it anything; with key None, without Authorization."""
        headers = dict(headers or {})
        if key is not None and "Authorization" not in headers:
            basic = base64.b64encode(("apikey:" + key).encode()).decode()
            headers["Authorization"] = "Basic " + basic
        connection = http.client.HTTPConnection(
            urllib.parse.urlsplit(self.url).netloc, timeout=30)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            if body is not None:
                headers["Content-Length"] = str(len(body))
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, headers=None, key="adminkey"):
        return self.request("GET", path, headers, None, key)

    def list(self, filters=None, key="adminkey", **params):
        """A list of work packages: filters is [{…}], or None for none."""
        if filters is not None:
            params["filters"] = json.dumps(filters)
        return self.get("/api/v3/work_packages?" +
                        urllib.parse.urlencode(params), key=key)

    def side(self, path, body=None):
        """An order to the side door: what it says to it."""
        answer = self.request("POST", "/side/" + path, None,
                              json.dumps(body or {}).encode(), None)
        if answer.status != 200:
            raise RuntimeError("/side/%s: %s" % (path, answer.body.decode()))
        return answer.json()

    def state(self):
        return self.get("/side/state", key=None).json()

    def requests(self):
        """All requests since the last reset, the side door's left out."""
        return self.get("/side/requests", key=None).json()


def edit(ident, **values):
    """The order to the stand-in's side() that changes a work package."""
    return "edit", {"id": ident, "set": values}


class Done:
    """A program that ended: its exit code and what it said."""

    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout.decode(errors="replace")
        self.err = done.stderr.decode(errors="replace")

    def __repr__(self):
        return "exit %d\n%s%s" % (self.code, self.out, self.err)

    def json(self):
        """One object, or what --json gives for lists: one a line."""
        return [json.loads(line) for line in self.out.split("\n") if line]


class Sync:
    """opsyncd with a configuration, a key and a store in a folder.

    A context manager; the folder goes with it, and so does the daemon.
    projects, schedule and mapping are YAML; mapping None is the seeds', ""
    the default one.  more are further sections, server members of server:.
    """

    PROGRAM = os.path.join(BUILD, "opsyncd")
    CLIENT = os.path.join(BUILD, "opsync")

    def __init__(self, url, projects="[ccm]", mapping=None, more="",
                 schedule="{ poll: 1s, overlap: 1s }", key="adminkey",
                 server=""):
        self.folder = tempfile.mkdtemp(prefix="opsync-scenario-")
        self.store = os.path.join(self.folder, "content")
        self.config = os.path.join(self.folder, "opsync.yaml")
        self.log = os.path.join(self.folder, "log")
        self.socket = os.path.join(self.folder, "opsync-opsync.sock")
        self.state_file = os.path.join(self.store, ".git/opsync/state.db")
        self.env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                    "HOME": self.folder, "XDG_RUNTIME_DIR": self.folder,
                    "GIT_CONFIG_NOSYSTEM": "1"}
        if SANITIZER:
            self.env["TSAN_OPTIONS"] = "suppressions=" + os.path.join(
                ROOT, "tests/faults/tsan.suppressions")
        self.process = None
        self.key = key
        self.pushes_to = None  # an address
        self.parts = {"url": url, "projects": projects, "mapping": mapping,
                      "more": more, "schedule": schedule, "server": server}
        self.write("token", key + "\n", 0o600)
        self.configure()

    def write(self, name, text, mode=0o644):
        """A file in the folder; its path."""
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def configure(self, **parts):
        """Write the configuration, some parts of it changed."""
        self.parts.update(parts)
        p = self.parts
        mapping = p["mapping"]
        if mapping is None:
            mapping = read(SEEDS_MAPPING).decode()
        store = self.store
        if self.pushes_to is not None:
            store = '{ path: %s, push: { remote: "%s" } }' % (
                store, self.pushes_to)
        self.write("opsync.yaml", """server:
  url: %s
  token: { file: %s/token }
%sprojects: %s
store: %s
schedule: %s
%s
%s""" % (p["url"], self.folder, p["server"], p["projects"], store,
             p["schedule"], p["more"], mapping))

    def push_to(self, address):
        """Have the configuration push there; None: nowhere."""
        self.pushes_to = address
        self.configure()

    def sibling(self, **parts):
        """Another of the same configuration, in a folder of its own, that
        pushes nowhere."""
        return type(self)(**dict(self.parts, key=self.key, **parts))

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *args, timeout=60):
        return Done(subprocess.run(
            args, env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
            timeout=timeout, check=False))

    def once(self, *args, timeout=60):
        """One pass of opsyncd."""
        return self.run(self.PROGRAM, "--config", self.config, "--once",
                        *args, timeout=timeout)

    def opsync(self, *args, timeout=60):
        """What people type."""
        return self.run(self.CLIENT, "--config", self.config, *args,
                        timeout=timeout)

    def seen(self, *args, program=None, **env):
        """What a person sees of a program (opsync) on a terminal."""
        leader, follower = pty.openpty()
        with subprocess.Popen(
                [program or self.CLIENT, "--config", self.config, *args],
                stdin=follower, stdout=follower, stderr=follower,
                env={**self.env, "TERM": "xterm", **env}):
            os.close(follower)
            got = b""
            while True:
                try:
                    part = os.read(leader, 65536)
                except OSError:
                    break
                if not part:
                    break
                got += part
            os.close(leader)
        return got.decode()

    def start(self, *args, wait=True):
        """Start the daemon; wait until its first pass is done."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.PROGRAM, "--config", self.config, *args], env=self.env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if wait and not until(self.idle, 60):
            raise RuntimeError("no first pass:\n" + self.said())
        return self

    def idle(self):
        """Has a pass been done, and does none run?"""
        if self.process.poll() is not None:
            raise RuntimeError("the daemon ended:\n" + self.said())
        if not os.path.exists(self.socket):
            return False
        got = self.opsync("--json", "status")
        live = got.json()[0].get("daemon") if got.code == 0 else None
        return bool(live) and live["running"] is None

    def stop(self, number=signal.SIGTERM, timeout=20):
        """End the daemon; its exit status."""
        self.process.send_signal(number)
        status = self.process.wait(timeout)
        self.process = None
        return status

    def said(self):
        """All that the daemon said."""
        try:
            with open(self.log, errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def git(self, *args):
        return self.run("git", "-C", self.store, *args)

    def head(self):
        """The last commit's id, or None."""
        got = self.git("rev-parse", "--verify", "-q", "HEAD")
        return got.out.strip() or None

    def commits(self):
        """The number of commits."""
        return int(self.git("rev-list", "--count", "HEAD").out or 0)

    def tree(self, commit="HEAD"):
        """The store's content: path to bytes."""
        listed = subprocess.run(
            ["git", "-C", self.store, "ls-tree", "-r", "-z", commit],
            env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            check=False)
        entries = [e.split(b"\t", 1)
                   for e in listed.stdout.split(b"\0") if e]
        names = b"".join(head.split()[2] + b"\n" for head, _ in entries)
        raw = subprocess.run(
            ["git", "-C", self.store, "cat-file", "--batch"], env=self.env,
            input=names, stdout=subprocess.PIPE, check=False).stdout
        tree = {}
        at = 0
        for _, path in entries:
            end = raw.index(b"\n", at)
            size = int(raw[at:end].split()[2])
            tree[path.decode()] = raw[end + 1:end + 1 + size]
            at = end + size + 2
        return tree

    def scratch(self):
        """What a store made from nothing holds by now."""
        with self.sibling() as other:
            done = other.once("--full")
            if done.code not in (0, 3):
                raise RuntimeError("a store from nothing: %r" % done)
            return other.tree()

    def flaws(self):
        """What is wrong with the repository itself: nothing, best."""
        found = []
        fsck = self.git("fsck", "--strict", "--no-dangling")
        if fsck.code != 0 or fsck.out or "error" in fsck.err:
            found.append("fsck: " + fsck.out + fsck.err)
        status = self.git("status", "--porcelain")
        if status.code != 0 or status.out:
            found.append("not clean: " + status.out + status.err)
        for folder, _, names in os.walk(self.store):
            found += ["left over: %s/%s" % (folder, name) for name in names
                      if name.endswith(".lock") or name.endswith(".tmp")]
        modes = self.git("ls-tree", "-r", "HEAD", "--format=%(objectmode)")
        if set(modes.out.split()) - {"100644"}:
            found.append("modes: %s" % set(modes.out.split()))
        return found

    def leaks(self):
        """Files of the folder, and objects, that hold the key."""
        key = self.key.encode()
        found = []
        for folder, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(folder, name)
                if path == os.path.join(self.folder, "token"):
                    continue
                try:
                    with open(path, "rb") as f:
                        if key in f.read():
                            found.append(path)
                except OSError:
                    continue
        objects = subprocess.run(
            ["git", "-C", self.store, "cat-file", "--batch-all-objects",
             "--batch"], env=self.env, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, check=False).stdout
        if key in objects:
            found.append("an object")
        return found


def differences(got, wanted):
    """How two trees differ, in lines; nothing if they do not."""
    out = []
    for path in sorted(set(got) | set(wanted)):
        if path not in wanted:
            out.append("too much: " + path)
        elif path not in got:
            out.append("missing: " + path)
        elif got[path] != wanted[path]:
            out.append("differs: " + path)
    return "\n".join(out)


class Tap:
    """Counts and prints test points; exit with tap.end()."""

    def __init__(self):
        self.n = 0
        self.failed = 0

    def ok(self, good, name, why=""):
        self.n += 1
        self.failed += not good
        print("%s %d - %s" % ("ok" if good else "not ok", self.n, name),
              flush=True)
        for line in str(why).splitlines() if not good else ():
            print("# " + line, flush=True)

    def same(self, got, wanted, name):
        self.ok(got == wanted, name, "got %.2000r\nnot %.2000r" % (
            got, wanted))

    def tree(self, got, wanted, name):
        """Two trees are the same, and not empty."""
        why = differences(got, wanted)
        self.ok(got and not why, name, why or "both are empty")

    def end(self):
        print("1..%d" % self.n, flush=True)
        return 1 if self.failed else 0
