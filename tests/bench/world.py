"""A stand-in of some size, and the folders of what runs against it."""
import datetime
import os
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../scenarios"))

from harness import StandIn  # noqa: E402
from measure import KEY, count_files, processor_time  # noqa: E402

UNITS = {"": 1, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class Size:
    """10000, 10000x1 (attachments each) or 10x1x1G (with their size)."""

    def __init__(self, text):
        n, per, size = (text.split("x") + ["0", "50k"][text.count("x"):])[:3]
        self.name = text
        self.n = int(n)
        self.per = int(per)
        self.bytes = int(size.rstrip("kMG")) * UNITS[
            size[len(size.rstrip("kMG")):]]

    def words(self):
        return "%d work packages, %d attachments of %d bytes" % (
            self.n, self.n * self.per, self.bytes if self.per else 0)


class World:
    """As long as it is entered, its server runs.

    With cost the server takes as long as a real one with two workers.
    """

    def __init__(self, size, folder, cost=False):
        self.size = size
        self.n = size.n
        self.folder = folder
        self.cost = cost
        self.made = 0
        self.edits = 0
        self.began = datetime.datetime.utcnow() - datetime.timedelta(days=1)
        self.asked = []      # the paths that opsync asked for
        self.store = None    # what it made of them
        self.parallel = None  # with which curl is at its best
        self.server = StandIn(
            "--generate", str(size.n), "--attachments",
            str(size.n * size.per), "--attachment-size", str(size.bytes),
            "--key", "admin=" + KEY, *(["--cost"] if cost else []))

    def __enter__(self):
        self.sockets = tempfile.TemporaryDirectory(prefix="opsync-bench-")
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop()
        self.sockets.cleanup()

    def new_folder(self, name):
        self.made += 1
        path = os.path.join(self.folder, "%s%s-%d-%s" % (
            self.size.name, "-cost" if self.cost else "", self.made, name))
        os.mkdir(path)
        return path

    def first_sync(self, repository, work):
        """Measure work(); it must have made every file."""
        self.server.side("requests/reset")
        os.sync()
        before = processor_time(self.server.process.pid)
        used = work()
        used["server"] = processor_time(self.server.process.pid) - before
        used["requests"] = len(self.server.requests()) / self.n
        if repository is not None:
            files, due = count_files(repository), self.n * (1 + self.size.per)
            if files != due:
                raise RuntimeError(
                    "%s has %d files, not %d" % (repository, files, due))
        return used

    def edit(self, number):
        """A work package has another subject, a good minute after the last
        edit by the server's stamps: one change is one, and not with all that
        came within the overlap before."""
        self.edits += 1
        at = self.began + datetime.timedelta(seconds=61 * self.edits)
        self.server.side("edit", {
            "id": 1 + number % self.n,
            "set": {"subject": "Changed at %f" % time.time()},
            "updatedAt": at.strftime("%Y-%m-%dT%H:%M:%S.000Z")})

    def requests_of(self, work, times):
        """What each work() took, in ms, and its requests."""
        self.server.side("requests/reset")
        took = [work() * 1000 for _ in range(times)]
        return took, len(self.server.requests()) / times

    def changes(self, work, times):
        """What each work() took that brings a change into the store, in ms,
        what of it came after the list that tells of the change was answered,
        and its requests."""
        took, told, asked = [], [], 0
        for number in range(times):
            self.server.side("requests/reset")
            self.edit(number)
            took.append(work() * 1000)
            ended = time.monotonic() * 1000
            seen = self.server.requests()
            answered = [r["sent"] for r in seen
                        if "/work_packages?" in r["path"]]
            told.append(ended - answered[-1] / 1000)
            asked += len(seen)
        return took, told, asked / times
