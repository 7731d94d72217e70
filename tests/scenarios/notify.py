"""What the service manager is told: ready though the server is not there,
what is done, that a configuration is read again, the end; and a watchdog
that is fed only while work advances."""
import ctypes
import glob
import os
import shutil
import socket
import subprocess
import sys
import time

from harness import SANITIZER, StandIn, Sync, Tap, until

PTRACE_INTERRUPT, PTRACE_DETACH, PTRACE_SEIZE = 0x4207, 17, 0x4206


class Manager:
    """The manager's side of NOTIFY_SOCKET."""

    def __init__(self, sync, watchdog=None):
        self.path = os.path.join(sync.folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.got = []
        sync.env["NOTIFY_SOCKET"] = self.path
        if watchdog:
            sync.env["WATCHDOG_USEC"] = str(watchdog)

    def heard(self, word):
        """All that was said of a word so far: moments and values."""
        while True:
            try:
                text = self.socket.recv(4096).decode()
            except BlockingIOError:
                break
            self.got += [(time.monotonic(), line)
                         for line in text.splitlines()]
        return [(at, line[len(word) + 1:]) for at, line in self.got
                if line.startswith(word + "=")]

    def since(self, word):
        """Seconds since it was said."""
        last = max([at for at, _ in self.heard(word)], default=0)
        return time.monotonic() - last

    def said(self, word, value, seconds=20):
        return until(lambda: any(value in v for _, v in self.heard(word)),
                     seconds)


def life(tap):
    with StandIn() as server, Sync("http://127.0.0.1:9") as sync:
        manager = Manager(sync)
        sync.start(wait=False)
        tap.ok(manager.said("READY", "1"), "ready without a server",
               sync.said())
        tap.ok(manager.said("STATUS", "127.0.0.1:9"),
               "the status says what is wrong", manager.got)
        sync.stop()
        tap.ok(manager.heard("STOPPING"), "the end is told", manager.got)

        manager.got.clear()
        sync.configure(url=server.url)
        sync.start()
        tap.ok(manager.said("STATUS", "in step"), "all is well", manager.got)
        manager.got.clear()
        sync.opsync("reload")
        words = [line.split("=")[0] for _, line in manager.got]
        manager.heard("READY")
        words = [line.split("=")[0] for _, line in manager.got]
        tap.same([w for w in words if w != "STATUS"],
                 ["RELOADING", "MONOTONIC_USEC", "READY"], "a reload is told")
        now = time.clock_gettime(time.CLOCK_MONOTONIC)
        told = float(manager.heard("MONOTONIC_USEC")[0][1]) / 1e6
        tap.ok(now - 60 < told <= now, "with its moment", (now, told))
        tap.ok(not manager.heard("WATCHDOG"), "no watchdog, no food")
        for name in glob.glob(sync.state_file + "*"):
            os.unlink(name)
        tap.ok(until(lambda: sync.process.poll() is not None) and
               manager.heard("STOPPING"),
               "an end by itself is told, too", manager.got)


def early(tap):
    with Sync("http://127.0.0.1:9") as sync:
        manager = Manager(sync)
        sync.configure(projects="[]")
        done = sync.run(sync.PROGRAM, "--config", sync.config)
        tap.same(done.code, 78, "a wrong configuration ends it")
        tap.ok(not manager.heard("READY"), "which was never ready",
               manager.got)


def worker_thread(pid):
    """The thread beside the loop: the first that it made, and so is listed,
    behind the one of the sanitizer.
    Those of libuv's pool came later; one of them is not missed at once."""
    return int(os.listdir("/proc/%d/task" % pid)[1 + SANITIZER])


def watchdog(tap):
    """A job that does not end: the worker's thread is stopped."""
    libc = ctypes.CDLL(None, use_errno=True)
    with StandIn() as server, Sync(server.url) as sync:
        manager = Manager(sync, watchdog=800000)
        sync.start()
        manager.got.clear()
        tap.ok(until(lambda: len(manager.heard("WATCHDOG")) >= 4, 4 * 0.8),
               "it is fed while idle", manager.got)
        thread = worker_thread(sync.process.pid)
        if libc.ptrace(PTRACE_SEIZE, thread, 0, 0) != 0:
            tap.ok(True, "the thread cannot be stopped here # SKIP")
            return
        libc.ptrace(PTRACE_INTERRUPT, thread, 0, 0)
        os.waitpid(thread, 0x40000000)  # __WALL
        tap.ok(until(lambda: manager.since("WATCHDOG") > 1),
               "it starves while a job does not end", manager.got)
        manager.got.clear()
        libc.ptrace(PTRACE_DETACH, thread, 0, 0)
        tap.ok(manager.said("WATCHDOG", "1"), "and is fed when it does")
        tap.same(sync.stop(), 0, "the daemon ends well")


def children(tap):
    """A git that takes its time is no reason to be killed."""
    with StandIn() as server, Sync(server.url) as sync:
        real = shutil.which("git")
        sync.write("git", "#!/bin/sh\ncase \"$*\" in *fsck*) touch %s/slow; "
                   "sleep 4;; esac\nexec %s \"$@\"\n" % (sync.folder, real),
                   0o755)
        sync.env["PATH"] = sync.folder + ":" + sync.env["PATH"]
        manager = Manager(sync, watchdog=800000)
        sync.start()
        with subprocess.Popen([sync.CLIENT, "-c", sync.config, "verify"],
                              env=sync.env, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as verify:
            tap.ok(until(lambda: os.path.exists(sync.folder + "/slow")),
                   "git fsck runs")
            hungry = 0
            while verify.poll() is None and os.path.exists(
                    sync.folder + "/slow"):
                hungry = max(hungry, manager.since("WATCHDOG"))
                time.sleep(0.1)
            tap.ok(hungry < 0.8, "it is fed meanwhile", hungry)
        tap.same(verify.returncode, 0, "and the verify ends well")


def main():
    tap = Tap()
    life(tap)
    early(tap)
    watchdog(tap)
    children(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
