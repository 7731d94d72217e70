#!/usr/bin/python3
"""What happened is told to hooks and to the file head: once it is quiet,
again after a failure, and without ever stopping the sync."""
# waits for most of its time
import json
import os
import re
import signal
import sys
import time

from harness import StandIn, Sync, Tap, until

WORLD = ("--generate", "6")
MAPPING = """
documents:
- name: all
  match: {}
  path: "docs/${ id }.md"
  front_matter: { title: "${ subject }", need: "${ if(subject == 'Bad', null, 'x') } y" }
  body: ${ description.raw }
"""


def told(path):
    try:
        with open(path) as f:
            return [json.loads(line) for line in f]
    except FileNotFoundError:
        return []


SETTLE = 0.5  # seconds
MANY = 1500  # errors


def hooks_of(sync):
    """Each kind into a file of its own, by a program and by a shell."""
    sync.write("tell", "#!/bin/sh\ncat >>\"$1\"\n"
               "env >>\"$1.env\"; pwd >>\"$1.env\"\n", 0o755)
    lines = ["hooks:", "  settle: %dms" % (SETTLE * 1000), "  calls:"]
    for kind in ("commit", "error", "recovered", "held", "fault"):
        lines.append("  - { on: [%s], run: [%s/tell, '%s/%s'] }" % (
            kind, sync.folder, sync.folder, kind))
    lines.append("  - { on: [commit], shell: 'cat >%s/shell; "
                 "test -e %s/fails && exit 7 || true' }" % (
                     sync.folder, sync.folder))
    return "\n".join(lines)


def head_of(sync):
    try:
        with open(os.path.join(sync.store, ".git/opsync/head")) as f:
            return f.read().strip()
    except FileNotFoundError:
        return None


def commits(tap, server, sync, at):
    sync.start()
    tap.ok(until(lambda: told(at("commit"))), "a commit is told", sync.said())
    first = told(at("commit"))[0]
    tap.ok(first["event"] == "commit" and first["commit"] == sync.head() and
           first["instance"] == "opsync" and "Add 6" in first["sentence"] and
           first["work_package"] is None, "in one object", first)
    tap.same(head_of(sync), sync.head(), "head has its id")
    until(lambda: os.path.exists(at("commit.env")) and
          open(at("commit.env")).read().rstrip().endswith(sync.store))
    env = open(at("commit.env")).read()
    tap.ok("adminkey" not in env and "OPSYNC_STORE=" + sync.store in env and
           env.rstrip().endswith(sync.store),
           "it runs in the store, without secrets", env)
    begin = time.monotonic()
    for n in range(4):
        server.side("edit", {"id": 1, "set": {"subject": "Often %d" % n}})
        sync.opsync("resync", "--wait")
    quick = time.monotonic() - begin < 4 * SETTLE
    until(lambda: head_of(sync) == sync.head())
    until(lambda: told(at("commit"))[-1]["commit"] == sync.head())
    n = len(told(at("commit")))
    tap.ok(sync.commits() == 5 and (n < 5 or not quick), "what comes quickly is told once",
           "%d commits, %d told" % (sync.commits(), n))
    until(lambda: [c["commit"] for c in told(at("shell"))] == [sync.head()])
    tap.same(told(at("shell"))[0]["commit"], sync.head(),
             "a shell only where it is asked for")


def errors(tap, server, sync, at):
    server.side("edit", {"id": 2, "set": {"subject": "Bad"}})
    tap.ok(until(lambda: told(at("error"))), "an error is told", sync.said())
    error = told(at("error"))[0]
    tap.ok(error["work_package"] == 2 and error["subject"] == "Bad" and
           error["url"] == server.url + "/work_packages/2" and
           error["author"] and "need" in error["sentence"] and
           error["project"] == "demo-1", "for its writer", error)
    sync.opsync("resync", "--full", "--wait")
    server.side("edit", {"id": 2, "set": {"subject": "Good"}})
    tap.ok(until(lambda: told(at("recovered"))), "so is its end", sync.said())
    tap.same([r["work_package"] for r in told(at("recovered"))], [2],
             "of that work package")
    tap.same(len(told(at("error"))), 1, "the same error is told once")


def shown_by_address(tap, server, sync, at):
    """Whose name is an address has none."""
    author = server.get("/api/v3/work_packages/2").json()["_links"]["author"]
    server.side("rename", {"kind": "user", "name": "ada@example.org",
                           "id": int(author["href"].split("/")[-1])})
    server.side("edit", {"id": 2, "set": {"subject": "Bad"}})
    until(lambda: len(told(at("error"))) > 1)
    tap.same([e["author"] for e in told(at("error"))], [author["title"], None],
             "addresses are not told")
    server.side("edit", {"id": 2, "set": {"subject": "Good"}})
    until(lambda: len(told(at("recovered"))) > 1)


def state_of(sync):
    return sync.opsync("--json", "status").json()[0]["daemon"]["hooks"]


def all_told(sync):
    """A hook that is cut short by the end would be told again."""
    until(lambda: state_of(sync)["waiting"] == 0)


def faults(tap, server, sync, at):
    """What wakes somebody: the key is refused, the remote is away."""
    all_told(sync)
    sync.stop()
    recovered = len(told(at("recovered")))
    sync.configure(more=hooks_of(sync) + "\nstatus: { fault_after: 2s }")
    sync.start()
    tap.same(told(at("fault")), [], "all is well")
    server.side("key", {"user": "admin", "key": None})
    tap.ok(until(lambda: told(at("fault"))), "a fault is told", sync.said())
    fault = told(at("fault"))[0]
    tap.ok(fault["event"] == "fault" and fault["instance"] == "opsync" and
           "nothing was synced for" in fault["sentence"] and
           "401" in fault["sentence"] and fault["work_package"] is None,
           "in a sentence that says why", fault)
    all_told(sync)
    sync.stop()
    sync.start(wait=False)
    until(lambda: "401" in sync.said().split("stopping")[-1])
    time.sleep(2 + 2 * SETTLE)
    tap.same(len(told(at("fault"))), 1, "once, though it lasts")
    server.side("key", {"user": "admin", "key": "adminkey"})
    tap.ok(until(lambda: len(told(at("recovered"))) > recovered),
           "so is its end", sync.said())
    tap.ok("synced again" in told(at("recovered"))[-1]["sentence"],
           "in words", told(at("recovered")))
    all_told(sync)
    sync.stop()
    remote = os.path.join(sync.folder, "remote.git")
    sync.push_to(remote)
    sync.start()
    tap.ok(until(lambda: len(told(at("fault"))) > 1),
           "a remote that is away is told", sync.said())
    tap.ok(remote in told(at("fault"))[-1]["sentence"], "by name",
           told(at("fault")))
    sync.run("git", "init", "-q", "--bare", remote)
    sync.opsync("resync", "--wait")
    tap.ok(until(lambda: "has all commits again" in
                 told(at("recovered"))[-1]["sentence"]), "and its end",
           told(at("recovered")))
    sync.stop()
    sync.push_to(None)
    sync.configure(more=hooks_of(sync))
    sync.start()


def failing(tap, server, sync, at):
    sync.write("fails", "")
    server.side("edit", {"id": 3, "set": {"subject": "While it fails"}})
    tap.ok(until(lambda: "exit status 7" in sync.said()),
           "a hook that fails is said", sync.said())
    live = state_of(sync)
    tap.ok(live["waiting"] >= 1 and "status 7" in live["error"],
           "in status, too", live)
    tap.ok("hooks" in sync.opsync("status").out, "and in words",
           sync.opsync("status"))
    check = sync.opsync("status", "--check")
    tap.ok(check.code == 1 and "status 7" in check.out, "and for monitoring",
           check)
    server.side("edit", {"id": 4, "set": {"subject": "Goes on"}})
    tap.ok(until(lambda: "Goes on" in sync.tree()["docs/4.md"].decode()),
           "the sync goes on")
    os.unlink(at("fails"))
    tap.same(sync.stop(), 0, "it ends at once, with a hook that waits")
    os.unlink(at("shell"))
    sync.start()
    tap.ok(until(lambda: told(at("shell"))), "what was not told is told by "
           "the next", sync.said())
    tap.ok(until(lambda: state_of(sync)["waiting"] == 0), "and nothing waits")
    tap.same(sync.stop(), 0, "it ends well")


def lock_branch(sync):
    """As a git does that moves it; what takes that away again."""
    path = os.path.join(sync.store, ".git/refs/heads/main.lock")
    with open(path, "w") as f:
        f.write("")
    return lambda: os.unlink(path)


def late(tap, server, sync, at):
    """A commit comes to the branch long after it was promised."""
    def is_told():
        return until(lambda: sync.head() in
                     [c["commit"] for c in told(at("commit"))], 10)
    sync.start()
    head, said = sync.head(), len(sync.said())
    unlock = lock_branch(sync)
    server.side("edit", {"id": 6, "set": {"subject": "Locked"}})
    tap.ok(until(lambda: "is kept locked" in sync.said()[said:]),
           "the branch is locked", sync.said())
    unlock()
    tap.ok(until(lambda: sync.head() != head), "and is not any more")
    tap.ok(is_told(), "a commit that comes late is told", sync.said())
    all_told(sync)
    run = told(at("commit"))[-1]["run"]
    tap.same([r["changed"] for r in sync.opsync("--json", "runs").json()
              if r["run"] == run], [1], "and its run says what it changed")
    head, said = sync.head(), len(sync.said())
    unlock = lock_branch(sync)
    server.side("edit", {"id": 6, "set": {"subject": "Locked, and killed"}})
    until(lambda: "is kept locked" in sync.said()[said:])
    sync.stop(signal.SIGKILL)
    unlock()
    sync.start()
    tap.ok(sync.head() != head and is_told(),
           "so is one that the next process brings", sync.said())
    all_told(sync)
    tap.same([c["sentence"] for c in told(at("commit"))[-2:]],
             ["Change 1 document"] * 2, "each once, in its words")
    logged = sync.opsync("--json", "log", "--event", "committed").json()
    tap.same(len(logged), len({e["text"] for e in logged}),
             "and each is one event")
    sync.stop()


def single(tap, server, sync, at):
    before = len(told(at("commit")))
    server.side("edit", {"id": 5, "set": {"subject": "Single"}})
    done = sync.once()
    tap.ok(done.code == 0 and len(told(at("commit"))) == before + 1 and
           head_of(sync) == sync.head(), "a single pass tells before it ends",
           done)
    sync.once()
    tap.same(len(told(at("commit"))), before + 1, "and only once")
    server.side("fault", {"match": "/api/v3/", "times": -1, "status": 500})
    sync.once("--full")
    server.side("faults/clear")


def left_behind(tap, server, sync, at):
    """Of a program that a hook leaves behind only the pipes are waited for,
    and those not for long."""
    sync.configure(more="hooks:\n  settle: 100ms\n  calls:\n  - { on: [commit], "
                   "shell: 'rm -f %s; setsid -f sh -c \"echo \\$\\$ >%s; exec sleep "
                   "90\"; until test -s %s; do sleep 0.01; done' }" % (
                       (at("pid"),) * 3))
    try:
        sync.start()
        server.side("edit", {"id": 5, "set": {"subject": "Deployed"}})
        tap.ok(until(lambda: is_left(at("pid"))), "a hook leaves a "
               "program behind", sync.said())
        tap.ok(until(lambda: state_of(sync)["waiting"] == 0, 10) and
               state_of(sync)["error"] is None, "and has ended well",
               sync.said())
        end(at("pid"))
        server.side("edit", {"id": 5, "set": {"subject": "Again"}})
        until(lambda: is_left(at("pid")))
        tap.same(sync.stop(timeout=5), 0, "the daemon ends before it")
        end(at("pid"))
        server.side("edit", {"id": 5, "set": {"subject": "And again"}})
        tap.same(sync.once(timeout=20).code, 0, "and so does a single pass")
    finally:
        end(at("pid"))
    sync.configure(more=hooks_of(sync))


def is_left(path):
    return os.path.exists(path) and os.path.getsize(path) > 0


def end(path):
    with open(path) as f:
        os.kill(int(f.read()), signal.SIGTERM)
    os.unlink(path)


def namesakes(tap, server, sync):
    """Another store's daemon may have the same name, if not the same socket."""
    with sync.sibling() as other:
        other.env["XDG_RUNTIME_DIR"] = sync.folder
        other.socket = os.path.join(other.folder, "sock")
        other.configure(more="control: { socket: '%s' }" % other.socket)
        sync.start()
        other.start()
        server.side("edit", {"id": 1, "set": {"subject": "Of both"}})
        for each in (sync, other):
            tap.ok(until(lambda: b"Of both" in each.tree()["docs/1.md"] and
                         head_of(each) == each.head()),
                   "a store's head is its own", each.said())
        tap.same([n for n in os.listdir(sync.folder) if n.endswith(".head")],
                 [], "and nothing is at a place of both")
        for each in (sync, other):
            tap.same(each.stop(), 0, "each ends well")


def service(tap, server, sync):
    unit = os.path.join(sync.folder, "unit")
    os.mkdir(unit)
    sync.env["RUNTIME_DIRECTORY"] = unit
    server.side("edit", {"id": 1, "set": {"subject": "As a service"}})
    sync.once()
    with open(os.path.join(unit, "head")) as f:
        tap.same(f.read(), sync.head() + "\n", "a service's is in its folder")
        sync.once()
        tap.ok(os.path.samestat(os.fstat(f.fileno()), os.stat(
            os.path.join(unit, "head"))),
               "and left alone while no commit is new")
    del sync.env["RUNTIME_DIRECTORY"]


def wrong(tap, sync):
    for more, words in (
            ("hooks: [{ on: [comit], run: [true] }]", "did you mean 'commit'"),
            ("hooks: [{ on: [commit], run: 'true' }]", "run: is a list"),
            ("hooks: [{ on: [commit] }]", "shell: COMMAND"),
            ("hooks: [{ run: ['true'] }]", "needs on:")):
        sync.configure(more=more)
        done = sync.once()
        tap.ok(done.code == 78 and words in done.err, words, done)


def many(tap):
    """More than wait for a hook at a time; nothing is forgotten."""
    with StandIn("--generate", str(MANY)) as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING.replace(
                "'Bad'", "subject")) as sync:
        path = os.path.join(sync.folder, "error")
        sync.configure(more="hooks:\n- { on: [error], shell: 'cat >>%s' }\n"
                       "- { on: [error], shell: 'printf \"no\\t\\303\\244"
                       "\\nmore\" >&2; exit 3' }" % path)
        done = sync.once(timeout=300)
        tap.ok(re.search(r"hook /bin/sh: .* 3: no\?\?\? \(tried again",
                         done.err), "a line of what a hook says", done)
        status = sync.opsync("status").out
        more = re.search(r"^  and (\d+) more$", status, re.M)
        tap.same(status.count("\n  http") + int(more[1] if more else 0), MANY,
                 "status lists some errors, and counts the rest")
        ids = [e["work_package"] for e in told(path)]
        tap.ok(done.code == 3 and len(ids) == MANY and
               len(set(ids)) == MANY, "each of many errors is told, once, "
               "whatever another hook does", (len(ids), len(set(ids)), done))


def one_fails(tap):
    """How far each was told is its own: one that fails has the others told
    nothing again."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        good, bad, third = (os.path.join(sync.folder, n) for n in "abc")

        def configure(*more):
            sync.configure(more="status: { fault_after: 1s }\nhooks:\n"
                           "  settle: 100ms\n  calls:\n" + "\n".join(
                               "  - { on: [commit, fault, recovered], "
                               "shell: \"%s\" }" % shell for shell in (
                                   "cat >>'%s'" % good,
                                   "test -e '%s' && cat >>'%s'" % (bad, bad),
                                   *more)))

        def kinds(path):
            return [e["event"] for e in told(path)]
        configure()
        sync.start()
        until(lambda: kinds(good) == ["commit"])
        server.side("fault", {"match": "/api/v3/", "times": -1,
                              "status": 500})
        until(lambda: kinds(good) == ["commit", "fault"])
        server.side("faults/clear")
        all_three = ["commit", "fault", "recovered"]
        tap.ok(until(lambda: kinds(good) == all_three),
               "one hook is told, another fails", sync.said())
        for _ in range(3):
            until(lambda: state_of(sync)["waiting"] == 3)
            sync.stop()
            sync.start()
        until(lambda: sync.said().count("tried again") == 4)
        time.sleep(1)
        tap.same(kinds(good), all_three, "restarts tell nothing again")
        sync.stop()
        configure("cat >>'%s'" % third)
        sync.write("b", "")
        sync.once()
        tap.same((kinds(good), kinds(bad)), (all_three, all_three),
                 "what failed is told by the next, once")
        tap.same(kinds(third), all_three,
                 "a new one begins where all have been told")
        configure("cat >>'%s'; true" % third)
        sync.once()
        tap.same([kinds(p) for p in (good, bad, third)], [all_three] * 3,
                 "then all have been told, and nobody is again")


def main():
    tap = Tap()
    with StandIn(*WORLD) as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        sync.configure(more=hooks_of(sync))

        def at(name):
            return os.path.join(sync.folder, name)
        commits(tap, server, sync, at)
        errors(tap, server, sync, at)
        shown_by_address(tap, server, sync, at)
        faults(tap, server, sync, at)
        failing(tap, server, sync, at)
        late(tap, server, sync, at)
        single(tap, server, sync, at)
        left_behind(tap, server, sync, at)
        namesakes(tap, server, sync)
        service(tap, server, sync)
        wrong(tap, sync)
    many(tap)
    one_fails(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
