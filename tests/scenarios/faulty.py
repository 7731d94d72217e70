"""What tests of faults share: a store that is put back to where it was, the
programs of tests/faults, and how much of it all is asked for.

SOAK=1 in the environment asks for all of it (make soak); SOAK=0.2 for a fifth.
Figures that a test prints as "# figure: N what" are summed up by make soak.
"""
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile

from harness import BUILD, Sync

SOAK = float(os.environ.get("SOAK", "0"))
CALLS = os.path.join(BUILD, "tests/faults/calls")
KILLED = 137
MAPPING = """
documents:
- name: all
  match: {}
  path: ${ project.identifier }/${ subject | slug | truncate(20) }/index.md
  attachments: all
  front_matter: { title: "${ subject }", type: "${ type.name }" }
  body: ${ description.raw }
"""

# In memory, where fsync costs nothing.
if os.access("/dev/shm", os.W_OK):
    tempfile.tempdir = "/dev/shm"


def size(check, soak):
    """How many: as make check wants it, or make soak."""
    return max(1, round(soak * SOAK)) if SOAK else check


def figure(number, what):
    print("# figure: %d %s" % (number, what), flush=True)


def option(name):
    """The value behind --name on the command line, or None."""
    words = sys.argv[1:]
    return words[words.index(name) + 1] if name in words else None


def chosen(items, n):
    """n of them, evenly spread."""
    items = list(items)
    if len(items) <= n:
        return items
    return [items[i * len(items) // n] for i in range(n)]


def copy(path, to):
    """A folder, or that there is none."""
    shutil.rmtree(to, ignore_errors=True)
    if os.path.exists(path):
        shutil.copytree(path, to, symlinks=True)


class Remote:
    """A bare repository behind a server of git's, which lives on when the
    daemon is killed; a context manager."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "remote.git")
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main",
                        self.path], check=True)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.url = "git://127.0.0.1:%d/remote.git" % self.port
        self.process = subprocess.Popen(
            ["git", "daemon", "--reuseaddr", "--export-all",
             "--enable=receive-pack", "--listen=127.0.0.1",
             "--port=%d" % self.port, "--base-path=" + folder, folder],
            env=dict(os.environ, GIT_CONFIG_COUNT="1",
                     GIT_CONFIG_KEY_0="safe.directory",
                     GIT_CONFIG_VALUE_0="*"), stderr=subprocess.DEVNULL)

    def head(self):
        done = subprocess.run(
            ["git", "-C", self.path, "rev-parse", "-q", "--verify", "main"],
            stdout=subprocess.PIPE, check=False)
        return done.stdout.decode().strip() or None

    def close(self):
        self.process.terminate()
        self.process.wait(10)


class Case(Sync):
    """A daemon whose store can be kept and put back."""

    remote = None  # where it pushes to: a Remote

    def places(self):
        return [self.store] + ([self.remote.path] if self.remote else [])

    def keep(self):
        """Remember the store as it is, or that there is none."""
        for path in self.places():
            copy(path, path + ".kept")

    def put_back(self):
        for path in self.places():
            copy(path + ".kept", path)

    def push_to_remote(self, remote):
        self.remote = remote
        self.push_to(remote.url)

    def under(self, *wrapper, args=(), timeout=60, **env):
        """One pass within a wrapper; its exit code and what it said."""
        if wrapper:  # what is traced cannot look for leaks
            env["ASAN_OPTIONS"] = "detect_leaks=0"
        done = subprocess.run(
            [*wrapper, self.PROGRAM, "--config", self.config, "--once",
             *args], env=dict(self.env, **env), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=timeout, check=False)
        return done.returncode, done.stdout.decode(errors="replace")

    def count_calls(self, *args):
        """How many calls change files in one pass."""
        log = os.path.join(self.folder, "calls")
        code, said = self.under(CALLS, "-l", log, args=args)
        if code != 0:
            raise RuntimeError("under calls: exit %d\n%s" % (code, said))
        with open(log) as f:
            return sum(1 for _ in f)

    def shape(self):
        """The tree's id and the number of commits; (None, 0) without."""
        got = self.git("log", "--format=%T %P", "HEAD")
        lines = got.out.splitlines() if got.code == 0 else []
        if any(len(line.split()) > 2 for line in lines):
            return ("merged", len(lines))
        return (lines[0].split()[0] if lines else None, len(lines))

    def faults(self, wanted):
        """What is wrong with a store that should be whole."""
        found = []
        if self.shape() != wanted:
            found.append("tree and commits: %r, not %r" % (
                self.shape(), wanted))
        found += self.flaws()
        if self.remote and self.remote.head() != self.head():
            found.append("the remote has %s" % self.remote.head())
        for folder, _, names in os.walk(os.path.join(self.store, ".git")):
            found += ["left over: %s/%s" % (folder, name) for name in names
                      if "tmp" in name or "/opsync/tmp" in folder]
        state = sqlite3.connect(self.state_file)
        check = state.execute("pragma integrity_check").fetchall()
        state.close()
        if check != [("ok",)]:
            found.append("state: %r" % check)
        return found

    def blobs(self):
        """The ids of all blobs of HEAD."""
        got = self.git("ls-tree", "-r", "--format=%(objectname) %(path)",
                       "HEAD")
        if got.code != 0:
            return set()
        return set(line.split()[0] for line in got.out.splitlines()
                   if not line.endswith(".md"))


def contents(server):
    """The contents that were asked for since the last reset."""
    return [r["path"] for r in server.requests()
            if r["path"].endswith("/content")]
