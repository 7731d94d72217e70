#!/usr/bin/python3
"""opsync init: from a server's address to a configuration that runs, with the
key typed on a terminal or from a file."""
import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import time

from harness import StandIn, Sync, Tap

NAMES = ["Ünï: # 'x' \"q\"", "$when", "yes", "${ id }", "back\\slash", "{a}",
         "Bug: small", "Late:", "$${ id }", "{ id }", "a$${b"]


def read_until(fd, words, seconds=20):
    """What a terminal shows, up to some words or its end."""
    said = b""
    end = time.monotonic() + seconds
    while words not in said and time.monotonic() < end:
        if not select.select([fd], [], [], 0.2)[0]:
            continue
        try:
            more = os.read(fd, 4096)
        except OSError:
            break
        if not more:
            break
        said += more
    return said.decode(errors="replace")


def typed(sync, key, *args):
    """opsync on a terminal of its own, and the key typed when asked for: exit
    code, what the terminal showed, and what was printed."""
    pid, fd = pty.fork()
    if pid == 0:
        # who runs the tests in the background ignores it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.chdir(sync.folder)
        os.execve(sync.CLIENT, [sync.CLIENT, *args], sync.env)
    shown = read_until(fd, b"not shown): ")
    os.write(fd, key)
    shown += read_until(fd, b"\0")
    os.close(fd)  # ends it, if it still waits
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), shown


def run(sync, *args):
    return sync.run(sync.CLIENT, *args)


def text_of(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def from_terminal(tap, server, sync):
    code, shown = typed(sync, b"adminkey\n", "init", server.url + "/")
    config = os.path.join(sync.folder, "opsync.yaml")
    token = os.path.join(sync.folder, "opsync.token")
    tap.ok(code == 0, "a key that is typed", shown)
    tap.ok("View work packages" in shown and
           server.url + "/my/access_token" in shown,
           "it says where a key is made, and what role suffices", shown)
    tap.ok("adminkey" not in shown, "the key is not shown", shown)
    tap.ok("an administrator: it sees every project" in shown,
           "it warns of an administrator's key", shown)
    tap.same(stat.S_IMODE(os.stat(token).st_mode), 0o600,
             "the key's file is its owner's")
    tap.same(text_of(token), "adminkey\n", "it has the key")
    tap.ok("adminkey" not in text_of(config), "the configuration has not")
    done = run(sync, "-c", config, "check")
    tap.same((done.code, done.err), (0, ""), "the configuration is right")
    done = sync.run(sync.PROGRAM, "--config", config, "--once")
    made = len(server.state()["workPackages"])
    tap.ok(done.code == 0 and " %d added" % made in done.err,
           "and runs as it is", done)
    before = text_of(config)
    tap.ok("\nstore: %s/content\n" % sync.folder in before,
           "its store is beside it", before)
    code, shown = typed(sync, b"adminkey\n", "init", server.url)
    tap.ok(code == 64 and "opsync.yaml is there already" in shown and
           text_of(config) == before, "nothing is overwritten", shown)


def stopped(tap, server, sync):
    """Control-C at the question: nothing is written."""
    code, shown = typed(sync, b"\x03", "-c", "stop.yaml", "init", server.url)
    tap.ok(code == -2 and not os.path.exists(sync.folder + "/stop.yaml"),
           "a question that is not answered", shown)
    for key in (b"\n", b"two words\n"):
        code, shown = typed(sync, key, "-c", "stop.yaml", "init", server.url)
        tap.ok(code == 64 and "key" in shown.splitlines()[-1],
               "no key: %r" % key, shown)
    code, shown = typed(sync, b"wrongkey\n", "-c", "stop.yaml", "init",
                        server.url)
    tap.ok(code == 77 and not os.path.exists(sync.folder + "/stop.token") and
           "wrongkey" not in shown, "a wrong key is written nowhere", shown)


def from_file(tap, server, sync):
    config = os.path.join(sync.folder, "bot.yaml")
    key = sync.write("key", "syncbotkey\n", 0o600)
    done = run(sync, "-c", config, "--json", "init", server.url, "ccm",
               "--token-file", key)
    tap.ok(done.code == 0 and done.err == "", "a key from a file", done)
    said = done.json()[0]
    tap.same((said["token_file"], said["projects"], said["admin"]),
             (key, ["ccm"], False), "for programs")
    tap.same(said["store"], os.path.join(sync.folder, "bot/content"),
             "a second one has a store of its own")
    tap.ok("\n- ccm #" in text_of(config), "one project is named",
           text_of(config))
    done = run(sync, "-c", config, "check")
    tap.same((done.code, done.err), (0, ""), "it is right, too")
    done = run(sync, "-c", sync.folder + "/no.yaml", "init", server.url,
               "cmm", "--token-file", key)
    tap.ok(done.code == 78 and "'cmm'" in done.err and
           "did you mean 'ccm'" in done.err and
           done.err.startswith("opsync: the server shows no project"),
           "a project that is not there", done)
    done = run(sync, "-c", sync.folder + "/none/no.yaml", "init", server.url,
               "--token-file", key)
    tap.ok(done.code == 74 and "the folder of " in done.err and
           "/none/no.yaml: No such file" in done.err, "a folder that is not "
           "there", done)
    done = run(sync, "-c", "/proc/no.yaml", "init", server.url,
               "--token-file", key)
    tap.ok(done.code == 74 and "/proc/no.yaml cannot be made" in done.err,
           "one that takes no file", done)
    done = run(sync, "-i", "site", "init", server.url, "--token-file", key)
    tap.ok(done.code == 64 and "--config FILE" in done.err,
           "an instance is no file to be written", done)
    empty = sync.write("empty", "")
    done = run(sync, "-c", sync.folder + "/no.yaml", "init", server.url,
               "--token-file", empty)
    tap.ok(done.code == 78 and empty in done.err and
           "no.yaml" not in done.err, "a file without a key is named", done)
    # Without a terminal: a session of its own has none.
    done = subprocess.run(
        [sync.CLIENT, "-c", sync.folder + "/no.yaml", "init", server.url],
        env=sync.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True, check=False)
    tap.ok(done.returncode == 64 and b"--token-file" in done.stderr,
           "no terminal and no file", done)
    done = subprocess.run(
        [sync.CLIENT, "-c", sync.folder + "/no.yaml", "init", server.url,
         "--token-file", sync.folder + "/nokey"],
        env=sync.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True, check=False)
    tap.ok(done.returncode == 64 and
           sync.folder.encode() + b"/nokey is not there" in done.stderr,
           "no terminal, and a file that is not there", done)
    done = run(sync, "-c", sync.folder + "/no.yaml", "init", "example.org",
               "--token-file", key)
    tap.ok(done.code != 0 and "http" in done.err, "an address that is none",
           done)
    tap.ok(not os.path.exists(sync.folder + "/no.yaml"), "nothing is written")


def no_member(tap, server, sync):
    """A real server shows no types to whom it shows no project."""
    config = os.path.join(sync.folder, "outside.yaml")
    key = sync.write("key", "syncbotkey\n", 0o600)
    grant = {"user": "syncbot", "project": 1}
    server.side("grant", dict(grant, sees=False))
    server.side("fault", {
        "match": "/api/v3/types", "times": -1, "status": 403,
        "body": json.dumps({
            "_type": "Error", "message": "You are not authorized.",
            "errorIdentifier":
            "urn:openproject-org:api:v3:errors:MissingPermission"})})
    done = run(sync, "-c", config, "init", server.url, "--token-file", key)
    tap.ok(done.code == 77 and "may see no project: make it a member" in
           done.err and not os.path.exists(config),
           "the key of a user who is no member", done)
    done = run(sync, "-c", config, "init", server.url, "ccm", "--token-file",
               key)
    tap.ok(done.code == 78 and "shows no project 'ccm'" in done.err,
           "also where a project is named", done)
    server.side("faults/clear")
    server.side("grant", grant)


def bearer(tap):
    """A server that takes no key by HTTP Basic."""
    with StandIn("--generate", "5", "--bearer") as server, Sync(
            server.url) as sync:
        config = os.path.join(sync.folder, "bearer.yaml")
        init = ("-c", config, "init", server.url, "--token-file",
                sync.folder + "/token")
        done = run(sync, *init)
        tap.ok(done.code == 77 and "server.auth: bearer does" in done.err,
               "Basic is switched off, and the way out is said", done)
        done = run(sync, *init, "--bearer")
        tap.ok(done.code == 0 and "\n  auth: bearer\n" in text_of(config),
               "a Bearer token", done)
        done = run(sync, "-c", config, "check")
        tap.same((done.code, done.err), (0, ""), "is right for check, too")
        done = sync.run(sync.PROGRAM, "--config", config, "--once")
        tap.ok(done.code == 0 and " 5 added" in done.err and
               "adminkey" not in done.err, "and for a pass", done)


# A machine with systemd and nothing in /etc but the key.
MACHINE = """
mount -t tmpfs none /etc && mount -t tmpfs none /run || exit
mkdir -p /etc/opsync /run/systemd/system && cp "$1" /etc/opsync/site.token &&
cd /etc/opsync && shift && umask 077 && "$@" &&
cat /etc/opsync/*.yaml && stat -c 'mode %a' /etc/opsync/*.yaml
"""


def service(tap, server, sync):
    """In /etc/opsync it is for the units, which hand the key over."""
    key = sync.write("key", "syncbotkey\n", 0o600)
    machine = ("unshare", "-m", "sh", "-c", MACHINE, "-", key)
    if sync.run(*machine, "sh", "-c", "exit 7").code != 7:
        tap.ok(True, "a service # SKIP no mount namespace")
        return
    for config, token, store, check, unit in (
            ("site.yaml", "{ credential: token }",
             "/var/lib/opsync/site/content",
             "check --token-file /etc/opsync/site.token", "opsyncd@site"),
            ("/etc/opsync/opsync.yaml", "{ file: /etc/opsync/site.token }",
             "/var/lib/opsync/content", "check", "opsyncd")):
        done = sync.run(*machine, sync.CLIENT, "-c", config, "init",
                        server.url, "--token-file", "site.token")
        tap.ok(done.code == 0 and "  token: %s" % token in done.out and
               "\nstore: %s\n" % store in done.out, "for " + unit, done)
        tap.ok("\nmode 644\n" in done.out,
               "its user may read it, whatever root's umask is", done)
        tap.ok("\n  systemctl enable --now %s\n" % unit in done.out and
               config + " " + check + "\n" in done.out and
               "--once" not in done.out, "what to do next with " + unit, done)


def with_all(tap, server, sync):
    """What is commented out is right as well, whatever things are called."""
    statuses = server.get("/api/v3/statuses").json()["_embedded"]["elements"]
    for i, name in enumerate(NAMES):
        server.side("rename", {"key": "customField%d" % (i + 2),
                               "name": name})
        server.side("rename", {"kind": "status", "id": statuses[i]["id"],
                               "name": name})
    server.side("rename", {"kind": "type", "id": 8, "name": NAMES[0]})
    server.side("rename", {"kind": "project", "id": 3, "identifier": "aux",
                           "name": "a\n- b\u2028- c"})
    config = os.path.join(sync.folder, "all.yaml")
    done = run(sync, "-c", config, "init", server.url, "--token-file",
               sync.folder + "/token")
    tap.same(done.code, 0, "names with any character")
    text = text_of(config)
    text = re.sub(r"^    # (status|author|assignee|responsible|fields|  )",
                  r"    \1", text, flags=re.M)
    text = text.replace("/content\n", "/all\n")
    with open(config, "w", encoding="utf-8") as f:
        f.write(text)
    done = run(sync, "-c", config, "--json", "check")
    read = [f["name"] for f in done.json()[0]["documents"][0]["fields"]] \
        if done.code == 0 else []
    tap.ok(set(NAMES) <= set(read) and "left_out\":[]" in done.out,
           "all that is commented out is right", "%r\n%s" % (done, text))
    done = sync.run(sync.PROGRAM, "--config", config, "--once")
    tap.ok(done.code == 0 and " 0 added" not in done.err and
           " 0 failed" in done.err, "and runs", done)
    tap.ok(os.path.isdir(sync.folder + "/all/all/_aux") and
           not os.path.exists(sync.folder + "/all/all/aux"),
           "a project with a name that Windows reserves has a folder")


def many_projects(tap):
    """A list of projects that changes while it is read is read again."""
    def init(name):
        server.side("requests/reset")
        done = run(sync, "-c", os.path.join(sync.folder, name), "init",
                   server.url, "--token-file", sync.folder + "/token")
        asked = sum("/projects?" in r["path"] for r in server.requests())
        server.side("faults/clear")
        return done, asked

    with StandIn("--generate", "150", "--projects", "150") as server, Sync(
            server.url) as sync:
        order = {"match": "pageSize=100&offset=2",
                 "replace": '"total":150', "with": '"total":151'}
        server.side("fault", order)
        done, asked = init("many.yaml")
        tap.ok(done.code == 0 and asked == 4 and
               "demo-150" in text_of(sync.folder + "/many.yaml"),
               "150 projects, one more and one less meanwhile", (done, asked))
        server.side("fault", dict(order, times=-1))
        done, asked = init("none.yaml")
        tap.ok(done.code == 69 and asked == 10 and
               not os.path.exists(sync.folder + "/none.yaml"),
               "and each time: five times, and no more", (done, asked))


def main():
    tap = Tap()
    many_projects(tap)
    bearer(tap)
    with StandIn() as server, Sync(server.url) as sync:
        os.remove(sync.config)
        from_terminal(tap, server, sync)
        stopped(tap, server, sync)
        from_file(tap, server, sync)
        no_member(tap, server, sync)
        service(tap, server, sync)
        with_all(tap, server, sync)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
