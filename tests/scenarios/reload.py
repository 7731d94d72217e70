"""A configuration read again: a changed mapping renders the kept sources
anew, without asking for work packages; a broken one changes nothing."""
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time

from harness import SEEDS_MAPPING, StandIn, Sync, Tap, read, until


EVERYTHING = """
documents:
- name: all
  path: all/${ id }.md
  front_matter: { title: "${ subject }", kind: plain }
  body: ${ description.raw }
"""
SOME_OTHERWISE = """
documents:
- name: all
  let: { folder: "${ if(id == 18, 'all/moved', 'all') }" }
  path: ${ folder }/${ id }.md
  front_matter:
    title: ${ subject }
    kind: ${ if(id in [3, 4330], "two", "plain") }
  body: ${ description.raw }
"""


def resync(sync):
    """A pass, asked for without reading the configuration, which is broken."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(sync.socket)
        s.sendall(b'{"command":"resync","wait":true}\n')
        for line in s.makefile():
            if json.loads(line).get("end"):
                return


def opens_store(sync):
    """Has it begun to, with the configuration read?"""
    folder = "/proc/%d/fd/" % sync.process.pid
    try:
        return any(os.readlink(folder + name).endswith("/state.db")
                   for name in os.listdir(folder))
    except FileNotFoundError:  # closed meanwhile
        return False


def at_start(tap, server):
    """What was edited since the daemon began to read it counts as well."""
    with Sync(server.url, projects="'*'", mapping=EVERYTHING,
              schedule="{ poll: 1h, overlap: 1s }") as sync:
        sync.once()
        head = sync.head()
        sync.start(wait=False)
        while not opens_store(sync):
            pass
        os.kill(sync.process.pid, signal.SIGSTOP)
        sync.configure(mapping=SOME_OTHERWISE)
        sync.process.send_signal(signal.SIGHUP)
        os.kill(sync.process.pid, signal.SIGCONT)
        tap.ok(until(lambda: sync.head() != head), "SIGHUP amid the start",
               sync.said())


def from_kept_sources(tap, server):
    """Where every work package makes a document, all of them are kept: no
    list is asked for but the poll's, and only what differs is committed."""
    with Sync(server.url, projects="'*'", mapping=EVERYTHING,
              schedule="{ poll: 1h, overlap: 1s }") as sync:
        sync.start()
        old = sync.head()
        server.side("requests/reset")
        sync.configure(mapping=SOME_OTHERWISE)
        sync.process.send_signal(signal.SIGHUP)
        tap.ok(until(lambda: sync.head() != old), "SIGHUP: a commit is made",
               sync.said())
        until(sync.idle)
        asked = [r["path"] for r in server.requests()
                 if "/work_packages" in r["path"]]
        tap.ok(asked and all("%22updatedAt%22" in p for p in asked),
               "no work package is asked for, but what changed", asked)
        named = sync.git("diff", "--name-status", "-M", old, "HEAD").out
        tap.same(sorted(named.split("\n")[:-1]),
                 ["M\tall/3.md", "M\tall/4330.md",
                  "R100\tall/18.md\tall/moved/18.md"],
                 "just what differs is committed, moves included")
        tap.same(sync.commits(), 2, "in one commit")
        noted = sync.opsync("--json", "log", "--event", "reloaded").json()
        tap.same([e["text"] for e in noted], [sync.config + " is read again"],
                 "the sync log says when")

        head = sync.head()
        with open(sync.config, "a") as f:
            f.write("documnets: []\n")
        sync.process.send_signal(signal.SIGHUP)
        tap.ok(until(lambda: "the old configuration stays" in sync.said() and
                     "did you mean 'documents'" in sync.said()),
               "SIGHUP: a broken configuration is told of", sync.said())
        server.side("edit", {"id": 19, "set": {"subject": "Anew"}})
        resync(sync)
        now = sync.tree()
        tap.ok(b"title: Anew" in now["all/19.md"] and
               b"kind: two" in now["all/3.md"] and
               sync.git("diff", "--name-only", head, "HEAD").out ==
               "all/19.md\n", "and the old one goes on",
               now["all/19.md"].decode())
        sync.stop()


def while_metrics_are_written(tap, server):
    """The old configuration goes while what the last pass found is on its
    way to the disk: it needs nothing of it any more."""
    def running():
        return sync.opsync("--json", "status").json()[0]["daemon"]["running"]
    with Sync(server.url, server="  max_tries: 1\n") as sync:
        path = os.path.join(sync.folder, "opsync.prom")
        sync.configure(more="status: { textfile: %s, fault_after: 1s }" % path)
        sync.start()
        server.side("fault", {"match": "/api/v3/", "times": -1, "status": 500})
        until(lambda: "nothing was synced" in sync.said())
        server.side("faults/clear")
        server.side("fault", {"match": "/api/v3/", "times": -1,
                              "delay_ms": 500})
        until(lambda: running() and "synced again" not in sync.said())
        tap.same(sync.opsync("reload").code, 0, "reload, while a pass runs")
        until(lambda: "is read again" in sync.opsync("log").out)
        os.unlink(path)
        with contextlib.closing(sqlite3.connect(
                sync.state_file, isolation_level=None)) as state:
            state.execute("BEGIN IMMEDIATE")  # the worker waits for it
            until(lambda: len(server.requests()) > 1)
            time.sleep(1.5)
            tap.ok(not os.path.exists(path), "the next pass runs already")
        got = until(lambda: os.path.exists(path) or sync.process.poll())
        tap.ok(got is True and '{config="opsync"' in read(path).decode(),
               "metrics have their name", sync.said())
        server.side("faults/clear")
        tap.same(sync.stop(), 0, "the daemon ends well")


def key_from_command(tap, server):
    """The key's command runs beside everything else: until it has said the
    key, the old configuration holds; and the end does not wait for it."""
    def asks(command):
        text = read(sync.config).decode()
        at = text.index("token:")
        sync.write("opsync.yaml", "%stoken: { command: '%s' }%s" % (
            text[:at], command, text[text.index("\n", at):]))
        return subprocess.Popen(
            [sync.CLIENT, "--config", sync.config, "reload"], env=sync.env,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def answer(asked):
        out, err = asked.communicate(timeout=30)
        return asked.returncode, (out + err).decode()

    def changes(subject):
        """Is what changes on the server in the store soon?"""
        old = sync.head()
        server.side("edit", {"id": 18, "set": {"subject": subject}})
        return until(lambda: sync.head() != old)

    with Sync(server.url, mapping=EVERYTHING, projects="'*'") as sync:
        sync.start()
        begun = os.path.join(sync.folder, "begun")
        first = asks("echo x >>%s; until test -e %s/go; do sleep .1; done; "
                     "cat %s/token" % (begun, sync.folder, sync.folder))
        until(lambda: os.path.exists(begun))
        second = asks("echo x >>%s; sleep 2; echo Wrong-Key" % begun)
        tap.same(sync.opsync("status").code, 0,
                 "status, while the key's command runs")
        tap.ok(changes("Meanwhile") and first.poll() is None,
               "and passes go on", sync.said())
        sync.write("go", "")
        tap.same(answer(first)[0], 0, "the command said the key")
        tap.same(answer(second)[0], 0, "and the one that was asked for then")
        tap.same(read(begun), b"x\n" * 2, "each was run once")
        tap.ok(until(lambda: "401" in sync.said()),
               "its key is the one that is used", sync.said())
        code, said = answer(asks("echo A vault sleeps >&2; exit 3"))
        tap.ok(code == 75 and "status 3" in said and "Wrong" not in said,
               "a command that fails is told of", said)
        tap.ok("the old configuration stays" in sync.said() and
               "A vault sleeps" in sync.said(), "and what it said",
               sync.said())
        code, said = answer(asks(": %0200000d" % 0))
        tap.ok(code == 75 and "cannot be run" in said,
               "so is one that is too long to be run", said)
        code, said = answer(asks("yes key"))
        tap.ok(code == 78 and "more than 4096" in said,
               "so is one that says too much", said)
        code, said = answer(asks("cat %s/token" % sync.folder))
        tap.ok(code == 0 and changes("Again"), "the right key is taken", said)

        os.unlink(begun)
        asked = asks("echo $$ >%s; exec sleep 600" % begun)
        until(lambda: os.path.exists(begun) and read(begun))
        since = time.monotonic()
        tap.same(sync.stop(timeout=60), 0, "the daemon ends well")
        took = time.monotonic() - since
        tap.ok(took < 5, "at once, while the command runs", took)
        tap.ok(answer(asked)[0] != 0, "whoever waits for it is told")
        tap.ok(not os.path.exists("/proc/" + read(begun).decode().strip()),
               "and the command is no more")


def key_from_pipe(tap, server):
    """A pipe in the place of the key's file is waited for by nobody."""
    with Sync(server.url) as sync:
        sync.start()
        token = os.path.join(sync.folder, "token")
        os.rename(token, token + ".file")
        for what, make in ("pipe", os.mkfifo), ("folder", os.mkdir):
            make(token)
            done = subprocess.run(
                [sync.CLIENT, "-c", sync.config, "reload"], env=sync.env,
                stderr=subprocess.PIPE, timeout=20, check=False)
            tap.ok(done.returncode == 78 and
                   b"is no regular file" in done.stderr,
                   "no key's file: a " + what, done)
            (os.unlink if what == "pipe" else os.rmdir)(token)
        os.rename(token + ".file", token)
        tap.same(sync.opsync("reload").code, 0, "and a file is taken again")


def file_and_daemon(tap, server):
    """The file says something else than the daemon, or nothing that can be
    read: people still reach what runs."""
    with Sync(server.url) as sync:
        sync.start()
        good = read(sync.config)

        def changed(text):
            with open(sync.config, "wb") as f:
                f.write(text)

        changed(good + b"x: 1\n")
        for args in (("status",), ("runs",), ("log",), ("pause", "soon"),
                     ("resume",), ("resync", "--wait"), ("cancel",),
                     ("--config", sync.config, "status")):
            done = sync.opsync(*args)
            tap.ok(done.code == 0 and "unknown key 'x'" in done.err and
                   "goes on with what the file said before" in done.err,
                   "with a wrong file: " + " ".join(args[-2:]), done)
        done = sync.opsync("status", "--check")
        tap.ok(done.code == 1 and "WARNING" in done.out and
               "unknown key 'x'" in done.out, "monitoring hears of it", done)
        nowhere = os.path.join(sync.folder, "nowhere/opsync.yaml")
        for args in ("status",), ("pause",), ("withdraw", "3397"):
            done = sync.opsync("--config", nowhere, *args)
            tap.ok(done.code == 78 and nowhere in done.err and not done.out,
                   "a file that is not there has no daemon: " + args[0], done)
        done = sync.opsync("check", "--offline")
        tap.ok(done.code == 78 and "goes on" not in done.err,
               "but what looks at the file says what is wrong", done)
        elsewhere = sync.store + "2"
        changed(good.replace(sync.store.encode(), elsewhere.encode()))
        done = sync.opsync("reload")
        tap.ok(done.code == 78 and "store" in done.err and
               "no daemon" not in done.err, "another store is refused", done)
        tap.same(sync.opsync("status").code, 0, "and the daemon told of")
        changed(good)
        os.rename(sync.store, elsewhere)
        done = sync.opsync("--json", "status")
        tap.ok(done.code == 0 and done.json()[0]["daemon"]["pid"] ==
               sync.process.pid, "a store that is gone has a daemon", done)
        os.rename(elsewhere, sync.store)
        tap.same(sync.stop(), 0, "it ends well")
        changed(good + b"x: 1\n")
        for args in ("status",), ("pause",):
            done = sync.opsync(*args)
            tap.ok(done.code == 78 and "goes on" not in done.err,
                   "nobody runs with a wrong file: " + args[0], done)
        changed(good)
        with Sync(server.url) as other:
            other.env["XDG_RUNTIME_DIR"] = sync.env["XDG_RUNTIME_DIR"]
            other.start(wait=False)
            tap.ok(until(lambda: other.opsync("status").code == 0),
                   "another daemon of that name", other.said())
            done = sync.opsync("pause")
            tap.ok(done.code == 69 and "no daemon runs" in done.err,
                   "one of the same name is another's", done)
            tap.same(other.stop(), 0, "which ends well")


def mistyped(tap, server):
    """What was wrong before is told before it is put right, and the server
    is not blamed for it."""
    with Sync(server.url, projects="[ccn]", mapping=EVERYTHING) as sync:
        sync.start()
        resync(sync)
        sync.configure(projects="[ccm]")
        tap.same(sync.opsync("reload").code, 0, "a typo is corrected")
        tap.ok(until(lambda: "21 added" in sync.said()), "then all is synced",
               sync.said())
        said = sync.said()
        at = said.index("is read again")
        tap.ok("did you mean 'ccm'?" in said[:at] and "time" in said[:at] and
               "error:" not in said[at:] and
               "the configuration is right now\n" in said[at:] and
               "answers again" not in said,
               "its error is not told behind that", said)


def names(tap, server):
    """Names are known, or asked for, before a configuration is taken: one
    that the server does not have must not stop the sync."""
    def asked():
        return [r["path"].split("?")[0].split("/")[3]
                for r in server.requests() if "/work_packages?" not in
                r["path"] and "/work_packages/" not in r["path"]]

    def reload(mapping=SOME_OTHERWISE, **parts):
        sync.configure(mapping=mapping, **parts)
        server.side("requests/reset")
        return sync.opsync("reload")

    one = EVERYTHING.replace("title:", "%s, title:")
    with Sync(server.url, mapping=EVERYTHING,
              schedule="{ poll: 1h, overlap: 1s }") as sync:
        sync.start()
        server.side("fault", {"match": "/api/v3/", "times": -1, "status": 503})
        done = reload()
        tap.ok(done.code == 0, "what names nothing new needs no server", done)
        server.side("faults/clear")
        sync.opsync("resync", "--wait")

        for mapping, why in (
                (one % 'c: "${ cf.nosuchfield }"',
                 "no custom field 'nosuchfield'"),
                (EVERYTHING.replace("  path", "  match: { status: [Nw] }\n"
                                    "  path"), "no status 'Nw'")):
            done = reload(mapping)
            tap.ok(done.code == 78 and why in done.err, why, done)
            tap.ok("projects" in asked(), "the server was asked", asked())
            tap.ok(any(why in line and "(the old configuration stays)" in line
                       for line in sync.said().splitlines()),
                   "it is logged", sync.said())
            done = sync.opsync("resync", "--wait")
            tap.same(done.code, 0, "the sync goes on: " + why)
        done = reload(projects="[ccm, ccmm]")
        tap.ok(done.code == 78 and "no project 'ccmm'" in done.err and
               "ccm" in done.err, "so is a project that was never shown", done)

        status = server.get("/api/v3/statuses").json()[
            "_embedded"]["elements"][-1]["id"]
        server.side("fault", {"match": "/api/v3/statuses", "times": -1,
                              "status": 503})
        done = reload(projects="[ccm]", mapping=EVERYTHING.replace(
            "  path", "  match: { status: [Brand new] }\n  path"))
        tap.ok(done.code == 69 and "reload again when it answers" in done.err,
               "a server that cannot be asked is told of", done)
        server.side("faults/clear")
        server.side("fault", {"match": "/api/v3/statuses", "times": 1,
                              "status": 503, "headers": {"Retry-After": "40"}})
        since = time.monotonic()
        done = sync.opsync("reload", timeout=90)
        tap.ok(done.code == 69 and "for 40 s" in done.err and
               time.monotonic() - since < 20,
               "who waits does so for no long pause of the server", done)
        server.side("faults/clear")
        server.side("rename", {"kind": "status", "id": status,
                               "name": "Brand new"})
        tap.same(sync.opsync("reload").code, 0,
                 "what is new there, and not remembered, is found")
        done = sync.opsync("resync", "--wait")
        tap.ok(done.code == 3 and "held" in done.err,
               "and is used: what it would remove is held", done)

        server.side("fault", {"match": "/api/v3/", "times": -1,
                              "delay_ms": 60000})
        sync.configure(mapping=one % 'c: "${ cf.nosuchfield }"')
        with subprocess.Popen(
                [sync.CLIENT, "--config", sync.config, "reload"],
                env=sync.env, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as waits:
            until(lambda: len(server.requests()) > 1, 5)
            since = time.monotonic()
            tap.same(sync.stop(), 0, "the daemon ends while it asks")
            tap.ok(time.monotonic() - since < 5, "at once")
            tap.ok(waits.wait() != 0, "and who waits is told")
        server.side("faults/clear")


WEIGHT = """
documents:
- path: ${ id }.md
  front_matter: { weight: "${ cf.%s ?? 0 }" }
"""


def broken_schema(tap):
    """One that the server fails at hides no field that others have."""
    with StandIn("--generate", "20", "--projects", "4") as server, Sync(
            server.url, projects="'*'", mapping=WEIGHT % "Weight",
            server="  max_tries: 1\n",
            schedule="{ poll: 1h, overlap: 1s, reconcile: 0s }") as sync:
        sync.start()
        server.side("rename", {"key": "customField4", "name": "Mass"})
        server.side("fault", {"match": "/schemas?", "status": 500, "times": -1,
                              "holds": 'work_packages/schemas/1-1"'})
        sync.configure(mapping=WEIGHT % "Mass")
        done = sync.opsync("reload")
        tap.ok(done.code == 0, "a new field, beside a broken schema", done)
        sync.configure(mapping=WEIGHT % "Muss")
        done = sync.opsync("reload")
        tap.ok(done.code == 69 and "500" in done.err,
               "what may be in that alone is not known", done)
        server.side("faults/clear")
        tap.same(sync.stop(), 0, "the daemon ends well")


def main():
    tap = Tap()
    broken_schema(tap)
    with StandIn() as server:
        names(tap, server)
    with StandIn() as server:
        mistyped(tap, server)
        at_start(tap, server)
        from_kept_sources(tap, server)
        while_metrics_are_written(tap, server)
    with StandIn() as server:
        key_from_command(tap, server)
        key_from_pipe(tap, server)
        file_and_daemon(tap, server)
    seeds = read(SEEDS_MAPPING).decode()
    with StandIn() as server, Sync(server.url) as sync:
        sync.start()
        head = sync.head()

        sync.configure(mapping=seeds.replace("documents:", "documnets:"))
        done = sync.opsync("reload")
        tap.same(done.code, 78, "a broken configuration is refused")
        tap.ok("did you mean 'documents'" in done.err, "and says why", done)
        server.side("edit", {"id": 3, "set": {"status": 12}})
        resync(sync)
        tap.ok(sync.head() != head, "the old one goes on", sync.said())

        server.side("requests/reset")
        sync.configure(mapping=seeds.replace(
            "path: content/articles/", "path: content/essays/").replace(
            "mastHead: ${ project.name } CoP", "mastHead: ${ id }"))
        tap.same(sync.opsync("reload").code, 0, "a changed mapping is taken")
        sync.opsync("resync", "--wait")
        after = sync.tree()
        tap.ok(any(p.startswith("content/essays/") for p in after) and
               not any(p.startswith("content/articles/") for p in after),
               "documents moved, and left nothing behind", sorted(after))
        tap.same(sum(p.endswith(".png") for p in after), 1,
                 "the picture moved along")
        seed = [p for p in after if "1b161ec0" in p and p.endswith(".md")]
        tap.ok(b"mastHead: 3397" in after[seed[0]], "a key changed")
        asked = [r["path"] for r in server.requests()]
        tap.ok(not any("/content" in p for p in asked),
               "no content was fetched again", asked)
        ids = [p for p in asked if "%22id%22" in p]
        tap.ok(all("3397" not in p for p in ids),
               "no source that is kept was asked for", ids)
        tap.tree(after, sync.scratch(), "equal to a store from nothing")
        tap.same(sync.flaws(), [], "the repository is whole")

        head = sync.head()
        sync.configure(mapping=seeds.replace("type: [Curated Content]",
                                             "type: [Curated Contents]"))
        done = sync.opsync("reload")
        tap.ok(done.code == 78 and "no type 'Curated Contents'" in done.err,
               "a type that the server does not have is refused", done)
        sync.configure(mapping=seeds.replace("cf.sourceUrl", "cf.sourceURL"))
        done = sync.opsync("reload")
        tap.ok(done.code == 78 and "did you mean 'sourceUrl'" in done.err,
               "and so is such a custom field", done)
        tap.same(sync.opsync("resync", "--wait").code, 0,
                 "the sync goes on with the mapping of before")
        tap.same(sync.head(), head, "no document was touched")

        sync.configure(mapping=seeds, projects="[ccm, ccm-sub]")
        tap.same(sync.opsync("reload").code, 0, "another project is taken")
        sync.opsync("resync", "--wait")
        tap.ok(sync.opsync("runs").out.count("  full  ") == 2,
               "then everything is read", sync.opsync("runs").out)

        pid = sync.process.pid
        for poll, least, most in (("1h", 3000, 3600), ("1s", 0, 1)):
            sync.configure(schedule="{ poll: %s, overlap: 1s }" % poll)
            tap.same(sync.opsync("reload").code, 0, "poll: " + poll)
            sync.opsync("resync", "--wait")
            live = sync.opsync("--json", "status").json()[0]["daemon"]
            tap.ok(live["pid"] == pid and least <= live["next"] <= most,
                   "counts at once, without a restart", live)

        sync.configure(url="http://127.0.0.1:1")
        done = sync.opsync("reload")
        tap.ok(done.code == 78 and "server: changed" in done.err,
               "another server needs a restart", done)
        sync.configure(url=server.url, server="  storage_hosts: []\n")
        done = sync.opsync("reload")
        tap.ok(done.code == 78 and "server: changed" in done.err,
               "so does that contents may come from nowhere else", done)
        sync.configure(server="")
        path = sync.store
        sync.store = "{ path: %s, consolidate: 1h }" % path
        sync.configure()
        done = sync.opsync("reload")
        tap.ok(done.code == 78 and done.err.rstrip().endswith(
            "store: changed, and that needs a restart of opsyncd"),
            "and so does how often the repository is consolidated", done)
        sync.store = path
        tap.same(sync.stop(), 0, "the daemon ends well")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
