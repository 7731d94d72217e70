#!/usr/bin/python3
"""The key shows nowhere: not in what the daemon says at any level, in what
opsync prints, in files, objects, arguments, the environment of children, nor
where the server repeats it."""
import base64
import os
import shutil
import subprocess
import sys
import tempfile

from harness import StandIn, Sync, Tap, until

KEY = "Zk7-secret-9fQ2xLm4Wv8Rt"
CODE = base64.b64encode(("apikey:" + KEY).encode()).decode()
COMMANDS = (("status",), ("status", "--json"), ("status", "--check"),
            ("runs",), ("runs", "--json"), ("log", "--level", "debug"),
            ("log", "--json", "--level", "debug"), ("show", "26"),
            ("show", "26", "--json"), ("check",), ("held",),
            ("explain", "26"), ("render", "26"), ("resync", "--wait"),
            ("resync", "--full", "--wait", "--json"), ("reload",),
            ("cancel",), ("diff",))

FAULTS = (
    {"status": 500, "content_type": "application/json",
     "body": '{"_type":"Error","errorIdentifier":"urn:openproject-org:api:v3:'
             'errors:Internal","message":"no such key: %s"}' % KEY},
    {"status": 403, "content_type": "application/json",
     "body": '{"_type":"Error","errorIdentifier":"urn:openproject-org:api:v3:'
             'errors:MissingPermission","message":"Basic %s"}' % CODE},
    {"status": 200, "content_type": "text/html",
     "body": "<html><title>You sent Authorization: Basic %s, %s</title>" % (
         CODE, KEY)},
    {"status": 502, "content_type": "text/plain", "body": KEY},
    {"redirect": "http://%s.example.org/" % KEY})

HOOK = """hooks:
  settle: 100ms
  calls:
  - { on: [commit], shell: "(env; cat) > $OPSYNC_STORE/../hook" }
"""


def has_key(data):
    if isinstance(data, str):
        data = data.encode()
    return any(form in data for form in (
        KEY.encode(), CODE.encode(), KEY.lower().encode()))


def of_process(pid, what):
    with open("/proc/%d/%s" % (pid, what), "rb") as f:
        return f.read()


def faults(tap, server, sync):
    """The server says the key, in each way; then all is asked for."""
    for i, fault in enumerate(FAULTS):
        server.side("fault", dict(fault, match="/api/v3/work_packages?",
                                  times=-1))
        done = sync.opsync("resync", "--wait")
        server.side("faults/clear")
        tap.ok(done.code != 0 and not has_key(repr(done)),
               "a server that says the key (%d)" % (i + 1), done)
    tap.ok("****" in sync.said(), "what it said is masked", sync.said())


def everything(tap, sync, name):
    told = [c for c in COMMANDS if has_key(repr(sync.opsync(*c)))]
    tap.same(told, [], "no command prints it, " + name)
    tap.ok(len(sync.said()) > 2000 and not has_key(sync.said()),
           "nor does the daemon with -vv, " + name)
    tap.same(sync.leaks(), [], "no file and no object holds it, " + name)


def process(tap, sync, name, environ=True):
    pid = sync.process.pid
    tap.ok(not has_key(of_process(pid, "cmdline")),
           "nor the command line, " + name)
    if environ:
        tap.ok(not has_key(of_process(pid, "environ")),
               "nor the environment, " + name)
    limits = of_process(pid, "limits").decode()
    tap.ok(any(line.startswith("Max core file size") and
               line.split()[4:6] == ["0", "0"]
               for line in limits.splitlines()), "no core dump, " + name,
           limits)


def strangers(tap, server):
    """Who has the daemon's user, and is not root, cannot look into it."""
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with Sync(server.url, key=KEY) as sync:
        subprocess.run(["chown", "-R", "65534:65534", sync.folder],
                       check=True)
        with open(sync.log, "wb") as log, subprocess.Popen(
                [*user, sync.PROGRAM, "--config", sync.config], env=sync.env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log) as daemon:
            until(lambda: "added" in sync.said())
            with open("/proc/%d/status" % daemon.pid) as f:
                owner = [line.split()[1:] for line in f
                         if line.startswith("Uid:")]
            tap.same(owner, [["65534"] * 4], "a daemon of a user's own")
            for what in ("environ", "mem", "fd/0"):
                path = "/proc/%d/%s" % (daemon.pid, what)
                done = sync.run(*user, "head", "-c", "1", path)
                tap.ok(done.code != 0 and "Permission denied" in done.err,
                       "its user may not look into its " + what, done)
            daemon.terminate()
        tap.same(daemon.returncode, 0, "it ends well")


def offline(tap, sync):
    """Commands that ask the server themselves, while no daemon runs."""
    path = os.path.join(sync.folder, "token")
    fresh = os.path.join(sync.folder, "fresh.yaml")
    for config, args in ((sync.config, ("check",)),
                         (fresh, ("init", sync.parts["url"]))):
        done = sync.run(sync.CLIENT, "--config", config, *args,
                        "--token-file", path)
        tap.ok(done.code == 0 and done.out and not has_key(repr(done)),
               "nor opsync " + args[0], done)
    with open(fresh) as f:
        tap.ok(not has_key(f.read()), "nor what it writes")


def kinds(sync, folder):
    """Where the key may come from: a name, the YAML, the environment."""
    path = os.path.join(sync.folder, "token")
    shutil.copy(path, os.path.join(folder, "token"))
    yield "file", "file: %s" % path, {}
    yield "command", 'command: "cat %s"' % path, {}
    yield "credential", "credential: token", {"CREDENTIALS_DIRECTORY": folder}
    yield "env", "env: OPSYNC_KEY", {"OPSYNC_KEY": KEY}


def start(sync, env):
    """The daemon with all that it can say, and with hooks."""
    with open(sync.log, "ab") as log:
        sync.process = subprocess.Popen(
            [sync.PROGRAM, "--config", sync.config, "-vv"],
            env=dict(sync.env, **env), stdin=subprocess.DEVNULL, stdout=log,
            stderr=log)
    until(sync.idle)


def main():
    tap = Tap()
    with StandIn() as server:
        server.side("key", {"user": "admin", "key": KEY})
        with Sync(server.url, key=KEY, server="  max_tries: 1\n", more=HOOK,
                  schedule="{ poll: 1h, overlap: 1s }") as sync, \
                tempfile.TemporaryDirectory() as folder:
            for name, token, env in kinds(sync, folder):
                with open(sync.config) as f:
                    lines = f.read().splitlines(True)
                lines[2] = "  token: { %s }\n" % token
                sync.write("opsync.yaml", "".join(lines))
                start(sync, env)
                server.side("edit", {"id": 26, "set": {
                    "description": "by " + name}})
                sync.opsync("resync", "--wait")
                if name == "file":
                    faults(tap, server, sync)
                hook = os.path.join(sync.folder, "hook")
                tap.ok(until(lambda: os.path.exists(hook)), "a hook, " + name)
                process(tap, sync, name, name != "env")
                sync.env.update(env)
                everything(tap, sync, name)
                for key in env:
                    sync.env.pop(key)
                os.unlink(hook)
                sync.stop()
            offline(tap, sync)
        strangers(tap, server)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
