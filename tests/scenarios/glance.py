"""An idle daemon asks the server one question a poll and does nothing else;
whatever happens in between, it sees as before: on the server, in the store, in
what failed."""
# waits for most of its time
import os
import sys
import time

from harness import SANITIZER, StandIn, Sync, Tap, read, until


def wakes(sync):
    """How often each thread but the loop's was woken."""
    pid = sync.process.pid
    woken = {}
    for thread in os.listdir("/proc/%d/task" % pid):
        if int(thread) != pid:
            status = read("/proc/%d/task/%s/status" % (pid, thread)).decode()
            woken[thread] = status.split("\nvoluntary_ctxt_switches:")[1] \
                .split("\n")[0]
    return woken


def is_quiet(server, sync):
    """Two polls, each of them one question, and none for the worker."""
    before = wakes(sync)
    server.side("requests/reset")
    time.sleep(2.2)
    asked = server.requests()
    after = wakes(sync)
    woken = sum(before.get(thread) != n for thread, n in after.items())
    return woken <= SANITIZER and 2 <= len(asked) <= 3


def calms_down(server, sync):
    return until(lambda: is_quiet(server, sync), 60)


def main():
    tap = Tap()
    with StandIn() as server, Sync(server.url) as sync:
        sync.start()
        tap.ok(calms_down(server, sync), "nothing happens: one question")

        server.side("requests/reset")
        server.side("edit", {"id": 3, "set": {"subject": "Anew"}})
        tap.ok(until(lambda: " 1 changed" in sync.said()), "a change is seen")
        polls = [r for r in server.requests() if "work_packages?" in r["path"]]
        paths = [r["path"] for r in polls]
        tap.ok(len(polls) <= 3, "by the answer to the same question",
               "\n".join(paths))
        tap.ok(calms_down(server, sync), "and it is quiet again")

        path = sync.git("ls-files").out.split("\n")[0]
        document = os.path.join(sync.store, path)
        text = read(document)
        with open(document, "ab") as f:
            f.write(b"a person's")
        tap.ok(until(lambda: read(document) == text), "an edit is seen")
        sync.git("branch", "-D", *[
            b.strip() for b in sync.git("branch").out.split("\n")
            if "kept" in b])
        tap.ok(calms_down(server, sync), "and it is quiet again")

        head = sync.head()
        sync.git("update-ref", "refs/heads/main", "HEAD^")
        tap.ok(until(lambda: sync.head() != head and sync.git(
            "diff", "--quiet", "--diff-filter=DM", head, "HEAD").code == 0),
            "a branch that was set back is seen")
        tap.ok(calms_down(server, sync), "and it is quiet again")

        server.side("key", {"user": "admin", "key": None})
        tap.ok(until(lambda: "error: GET" in sync.said()),
               "a refused key is seen")
        server.side("key", {"user": "admin", "key": "adminkey"})
        tap.ok(until(lambda: "answers again" in sync.said()), "and its end",
               sync.said())
        tap.ok(calms_down(server, sync), "and it is quiet again")
        sync.opsync("withdraw", "3")
        tap.ok(until(lambda: "/3-" not in sync.git("ls-files").out),
               "an order is seen")
        tap.same(sync.stop(), 0, "it ends")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
