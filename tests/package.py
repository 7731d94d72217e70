#!/usr/bin/python3
"""The Debian package in a clean Debian with a systemd that really runs: a
container made by debootstrap, booted by systemd-nspawn.

Install, configure, enable; ready, status, reload, socket, credential,
watchdog; what a wrong configuration, a missing key and a store elsewhere
lead to; upgrade, remove, purge.  Needs root and Debian's archive.
usage: package.py PACKAGE.deb FOLDER (where the clean Debian is kept)
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(
    os.path.abspath(__file__)), "scenarios"))
from harness import Done, StandIn, Tap, until  # noqa: E402

MIRROR = "http://deb.debian.org/debian"
WITH = "systemd,systemd-sysv,dbus,ca-certificates,libpam-systemd,logrotate"
KEY = "adminkey"


def clean_debian(folder):
    """Made once, and copied for each run."""
    base = os.path.join(folder, "clean")
    if not os.path.exists(base + "/done"):
        shutil.rmtree(base, ignore_errors=True)
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["debootstrap", "--variant=minbase",
                        "--include=" + WITH, "bookworm", base, MIRROR],
                       check=True, stdout=subprocess.DEVNULL)
        # What another run has fetched is not fetched again.
        with open(base + "/etc/apt/apt.conf.d/keep", "w") as f:
            f.write('Binary::apt::APT::Keep-Downloaded-Packages "1";\n')
        open(base + "/done", "w").close()
    return base


def older(deb, folder):
    """The same package as version 0.0.9, with another conffile and unit."""
    tree = os.path.join(folder, "older")
    subprocess.run(["dpkg-deb", "-R", deb, tree], check=True)
    control = tree + "/DEBIAN/control"
    with open(control) as f:
        text = re.sub("^Version: .*$", "Version: 0.0.9", f.read(), flags=re.M)
    with open(control, "w") as f:
        f.write(text)
    for path in ("/etc/logcheck/ignore.d.server/opsync",
                 "/lib/systemd/system/opsyncd@.service",
                 "/lib/systemd/system/opsyncd.service"):
        with open(tree + path, "a") as f:
            f.write("# older\n")
    out = os.path.join(folder, "opsync_0.0.9.deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, out],
                   check=True, stdout=subprocess.DEVNULL)
    return out


class Container:
    """A booted Debian.  A context manager."""

    def __init__(self, base, folder):
        self.root = os.path.join(folder, "root")
        subprocess.run(["cp", "-a", "--reflink=auto", base, self.root],
                       check=True)
        self.folder = folder
        self.process = None
        self.pid = None

    def __enter__(self):
        with open(os.path.join(self.folder, "console"), "w") as log:
            self.process = subprocess.Popen(
                ["systemd-nspawn", "-q", "-D", self.root, "--boot",
                 "--register=no", "--keep-unit", "--console=pipe",
                 "--resolv-conf=copy-host"],
                env=dict(os.environ, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY="1"),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if not until(self.booted, 60):
            raise RuntimeError("it does not boot: " + self.console())
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def console(self):
        with open(os.path.join(self.folder, "console"),
                  errors="replace") as f:
            return f.read()[-3000:]

    def booted(self):
        path = "/proc/%d/task/%d/children" % (
            self.process.pid, self.process.pid)
        with open(path) as f:
            pids = f.read().split()
        self.pid = pids[0] if pids else None
        return self.pid and self.run(
            "systemctl", "is-system-running").out.strip() in (
                "running", "degraded")

    def run(self, *args, timeout=300):
        return Done(subprocess.run(
            ["nsenter", "-t", self.pid, "-m", "-u", "-i", "-n", "-p", "-C",
             "-r", "-w", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
             "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "HOME=/root",
             *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=timeout, check=False))

    def sh(self, command, timeout=300):
        return self.run("sh", "-c", command, timeout=timeout)

    def write(self, path, text, mode=0o644):
        with open(self.root + path, "w") as f:
            f.write(text)
        os.chmod(self.root + path, mode)

    def exists(self, path):
        return os.path.lexists(self.root + path)

    def show(self, unit, what):
        return self.run("systemctl", "show", "-P", what, unit).out.strip()

    def journal(self, unit="opsyncd@site"):
        return self.run("journalctl", "-q", "-o", "cat", "-u", unit).out


def config(url, store="/var/lib/opsync/site/content", more=""):
    return """server: { url: %s, token: { credential: token } }
projects: [ccm]
store: %s
schedule: { poll: 1s, overlap: 1s }
%s""" % (url, store, more)


def install(tap, c, deb):
    shutil.copy(deb, c.root + "/root/opsync.deb")
    c.run("apt-get", "update", "-q")
    done = c.run("apt-get", "install", "-y", "-q", "/root/opsync.deb",
                 timeout=600)
    tap.ok(done.code == 0, "the package installs", done)
    done = c.run("getent", "passwd", "opsync")
    tap.ok("/var/lib/opsync" in done.out and "nologin" in done.out,
           "its user is there", done)
    tap.same(c.run("systemctl", "is-enabled", "opsyncd").out.strip(),
             "disabled", "nothing is enabled")
    tap.same(c.run("systemctl", "--failed", "--plain", "--no-legend").out, "",
             "nothing failed")


def start(tap, c, server):
    c.write("/etc/opsync/site.yaml", config(server.url))
    done = c.run("systemctl", "start", "opsyncd@site")
    tap.ok(done.code != 0 and "/etc/opsync/site.token" in c.journal(),
           "without a key it says where to put it", c.journal())
    c.write("/etc/opsync/site.token", KEY + "\n", 0o600)
    c.run("systemctl", "reset-failed", "opsyncd@site")
    done = c.run("systemctl", "enable", "--now", "opsyncd@site")
    tap.ok(done.code == 0, "enable --now is all that is left", c.journal())
    tap.same(c.show("opsyncd@site", "ActiveState"), "active", "it runs")
    tap.ok(until(lambda: "in step" in c.show("opsyncd@site", "StatusText")),
           "and says that it is in step", c.journal())
    done = c.run("opsync", "status", "--check")
    tap.ok(done.code == 0 and "OPSYNC OK - site: 21 documents" in done.out,
           "opsync status --check", done)
    user = c.sh("ps -o user= -C opsyncd || stat -c %%U /proc/%s" %
                c.show("opsyncd@site", "MainPID")).out.strip()
    tap.same(user, "opsync", "as its own user")
    tap.same(c.sh("stat -c '%U %a' /var/lib/opsync/site /run/opsync/site "
                  "/run/opsync/site/control.sock").out,
             "opsync 750\nopsync 755\nopsync 660\n", "its folders")
    tap.ok(int(c.show("opsyncd@site", "WatchdogTimestampMonotonic") or 0) > 0,
           "the watchdog is fed")
    tap.ok(KEY not in c.run("journalctl", "-o", "export").out,
           "the key is not in the journal")
    where = c.root + "/var/lib/opsync"
    done = subprocess.run(["grep", "-r", KEY, where], check=False,
                          stdout=subprocess.PIPE)
    tap.same(done.stdout, b"", "nor beside the store")


def control(tap, c):
    c.sh("useradd friend; usermod -aG opsync friend; useradd stranger")
    for name, good in (("friend", True), ("stranger", False)):
        done = c.run("runuser", "-u", name, "--", "opsync", "-i", "site",
                     "resync", "--wait")
        tap.ok((done.code == 0) is good, "resync as a " + name, done)


def reload(tap, c, server):
    c.write("/etc/opsync/site.yaml", config(
        server.url).replace("poll: 1s", "poll: 2s"))
    pid = c.show("opsyncd@site", "MainPID")
    done = c.run("systemctl", "reload", "opsyncd@site")
    tap.ok(done.code == 0 and "is read again" in c.journal(), "reload",
           c.journal())
    c.write("/etc/opsync/site.yaml", config(server.url) + "shedule: {}\n")
    done = c.run("systemctl", "reload", "opsyncd@site")
    tap.ok(done.code != 0 and "did you mean 'schedule'" in c.journal(),
           "a wrong configuration fails the reload, with the reason",
           c.journal())
    c.write("/etc/opsync/site.yaml", config(server.url, "/srv/other"))
    done = c.run("systemctl", "reload", "opsyncd@site")
    tap.ok(done.code != 0 and "store: changed, and that needs a restart" in
           c.journal(), "and so does another store", c.journal())
    c.write("/etc/opsync/site.yaml", config(server.url) + "shedule: {}\n")
    c.run("systemctl", "kill", "-s", "HUP", "--kill-who=main", "opsyncd@site")
    tap.ok(until(lambda: "old configuration stays" in c.journal()),
           "by SIGHUP as well", c.journal())
    tap.same((c.show("opsyncd@site", "ActiveState"),
              c.show("opsyncd@site", "MainPID")), ("active", pid),
             "and it goes on")


def failing(tap, c, server):
    c.run("systemctl", "restart", "opsyncd@site")
    time.sleep(1)
    tap.same((c.show("opsyncd@site", "ActiveState"),
              c.show("opsyncd@site", "NRestarts"),
              c.show("opsyncd@site", "ExecMainStatus")),
             ("failed", "0", "78"), "a wrong configuration: 78, no loop")
    c.write("/etc/opsync/site.yaml", config("http://127.0.0.1:9"))
    done = c.run("systemctl", "restart", "opsyncd@site")
    tap.ok(done.code == 0 and until(lambda: "127.0.0.1:9" in c.show(
        "opsyncd@site", "StatusText")), "a server that is not there: ready",
        c.journal())
    c.write("/etc/opsync/site.yaml", config(server.url))
    c.run("systemctl", "restart", "opsyncd@site")
    c.run("systemctl", "kill", "-s", "KILL", "--kill-who=main", "opsyncd@site")
    tap.ok(until(lambda: c.show("opsyncd@site", "NRestarts") == "1" and
                 c.show("opsyncd@site", "ActiveState") == "active", 30),
           "killed, it is started again", c.journal())


def allow(c, text):
    """The drop-in, or none."""
    folder = "/etc/systemd/system/opsyncd@site.service.d"
    shutil.rmtree(c.root + folder, ignore_errors=True)
    if text:
        os.makedirs(c.root + folder)
        c.write(folder + "/store.conf", text)
    c.run("systemctl", "daemon-reload")
    c.run("systemctl", "reset-failed", "opsyncd@site")


def elsewhere(tap, c, server):
    """A store where the sandbox does not let it write."""
    c.sh("install -d -o friend /home/site; install -d -o friend /srv/theirs")
    for store, words in (
            ("/home/site", '"[Service]", "ProtectHome=read-only", '
             '"ReadWritePaths=/home/site"'),
            ("/srv/theirs", "Permission denied; allow it with a drop-in "
             '(systemctl edit opsyncd@site.service): "[Unit]", '
             '"RequiresMountsFor=/srv/theirs", "[Service]", '
             '"User=ITS OWNER" (or chown it to opsync), '),
            ("/srv/new", "make the folder, owned by opsync, and allow it")):
        c.write("/etc/opsync/site.yaml", config(server.url, store))
        if "theirs" in store:
            allow(c, "[Service]\nReadWritePaths=/srv/theirs\n")
        c.run("systemctl", "restart", "opsyncd@site")
        tap.ok(any(words in x for x in c.journal().splitlines()[-6:]),
               "the store %s: a way out" % store, c.journal()[-1500:])
        allow(c, None)
    c.write("/etc/opsync/site.yaml", config(server.url, "/srv/site"))
    c.sh("install -d -o opsync -g opsync /srv/site")
    c.run("systemctl", "restart", "opsyncd@site")
    said = c.journal().splitlines()[-12:]
    line = [x for x in said if "Read-only file system" in x]
    tap.ok(line and '"ReadWritePaths=/srv/site"' in line[0] and
           "systemctl edit opsyncd@site.service" in line[0],
           "a store elsewhere: the drop-in is printed", said)
    words = re.findall(r'"([^"]+)"', line[0] if line else "")
    allow(c, "\n".join(words) + "\n")
    done = c.run("systemctl", "restart", "opsyncd@site")
    tap.ok(done.code == 0 and until(
        lambda: c.exists("/srv/site/.git/refs/heads/main")),
        "which lets it", c.journal())
    allow(c, None)
    c.sh("install -d -o opsync /var/lib/metrics")
    c.write("/etc/opsync/site.yaml", config(
        server.url, more="status: { textfile: /var/lib/metrics/site.prom }\n"))
    c.run("systemctl", "restart", "opsyncd@site")
    tap.ok(until(lambda: "status.textfile: cannot write /var/lib/metrics/"
                 "site.prom: Read-only file system; allow it with a drop-in "
                 "(systemctl edit opsyncd@site.service): \"[Service]\", "
                 "\"ReadWritePaths=/var/lib/metrics\"" in c.journal()),
           "so it is for the metrics", c.journal()[-1500:])
    allow(c, "[Service]\nReadWritePaths=/var/lib/metrics\n")
    c.run("systemctl", "restart", "opsyncd@site")
    tap.ok(until(lambda: c.exists("/var/lib/metrics/site.prom")),
           "which lets it", c.journal()[-1500:])
    allow(c, None)
    c.write("/etc/opsync/site.yaml", config(server.url))
    c.run("systemctl", "restart", "opsyncd@site")


REMOTE = """
printf 'Port 2222\nListenAddress 127.0.0.1\n' >>/etc/ssh/sshd_config
systemctl restart ssh
useradd -m -s /bin/bash web
runuser -u web -- git init -q --bare /home/web/site.git
ssh-keygen -q -t ed25519 -N '' -f /etc/opsync/deploy_key
chown opsync /etc/opsync/deploy_key
install -d -m 700 -o web -g web /home/web/.ssh
install -m 600 -o web -g web /etc/opsync/deploy_key.pub \
    /home/web/.ssh/authorized_keys
sleep 1
ssh-keyscan -p 2222 127.0.0.1 >/etc/opsync/known_hosts
"""


GIT = "git -c safe.directory='*' -C "
SITE = "/var/lib/opsync-published/site"


def renamed(c, server, text, store="/var/lib/opsync/site/content"):
    """Another subject: the commit's id."""
    command = GIT + store + " rev-parse HEAD"
    before = c.sh(command).out
    server.side("edit", {"id": 3, "set": {"subject": text}})
    until(lambda: c.sh(command).out != before)
    return c.sh(command).out


def shown(c, text, site=SITE):
    """Does the site come to say so, to a web server of any user?"""
    return until(lambda: "title: %s\n" % text in c.run(
        "runuser", "-u", "nobody", "--", "sh", "-c", "cat $(find %s/public/ "
        "-path '*/3-*/index.md')" % site).out, 30)


def again(tap, c, server):
    """A build that failed is done again, without another commit."""
    folder = "/etc/systemd/system/opsync-published@site.service.d"
    os.makedirs(c.root + folder)
    c.write(folder + "/soon.conf", "[Service]\nRestartSec=1s\n")
    c.run("systemctl", "daemon-reload")
    c.write("/etc/broken", "")
    renamed(c, server, "five")
    tap.ok(until(lambda: c.show("opsync-published@site.service", "NRestarts")
                 not in ("", "0")), "a build that fails is tried again",
           c.journal("opsync-published@site.service"))
    c.run("rm", "/etc/broken")
    tap.ok(shown(c, "five"), "and goes well at last",
           c.journal("opsync-published@site.service"))


def published(tap, c, server):
    """A new commit starts a unit; and goes to a remote, by ssh from the
    sandbox."""
    c.run("apt-get", "install", "-y", "-q", "--no-install-recommends",
          "openssh-server")
    done = c.sh(REMOTE)
    tap.ok(done.code == 0, "a remote", done)
    c.write("/etc/opsync/site.yaml", config(
        server.url, "{ path: /var/lib/opsync/site/content, push: { remote: "
        "'ssh://web@127.0.0.1:2222/home/web/site.git', ssh_key: "
        "/etc/opsync/deploy_key, known_hosts: /etc/opsync/known_hosts } }",
        "hooks: { settle: 100ms }\n"))
    c.run("systemctl", "restart", "opsyncd@site")
    examples = "/usr/share/doc/opsync/examples/"
    c.sh("cp %sopsync-published@.service /etc/systemd/system && "
         "cp %spublish-hugo /usr/local/bin" % (examples, examples))
    # What Hugo would make of it: here, a copy.
    c.write("/usr/local/bin/hugo", "#!/bin/sh\nsleep 1\n! test -e /etc/broken "
            "|| exit 1\ncp -R \"$3\" \"$5\"\n", 0o755)
    c.run("useradd", "--system", "--home-dir", "/var/lib/opsync-published",
          "opsync-published")
    done = c.run("systemctl", "enable", "--now", "opsync-published@site.path")
    tap.ok(done.code == 0, "the path unit starts", done)
    for text in ("one", "two"):
        head = renamed(c, server, text)
        tap.ok(shown(c, text), "a new commit builds the site: " + text,
               c.journal("opsync-published@site.service"))
        tap.ok(until(lambda: c.sh(
            GIT + "/home/web/site.git rev-parse main").out == head),
            "and is pushed: " + text, c.journal())
    renamed(c, server, "three")
    tap.ok(until(lambda: c.sh("ls -d /var/lib/opsync-published/site/work.*")
                 .code == 0), "it is being built")
    renamed(c, server, "four")
    tap.ok(shown(c, "four"), "a commit that comes meanwhile is built, too",
           c.journal("opsync-published@site.service"))
    again(tap, c, server)


def single(tap, c, server):
    c.write("/etc/opsync/opsync.yaml", config(
        server.url, "/var/lib/opsync/content"))
    c.write("/etc/opsync/opsync.token", KEY + "\n", 0o600)
    done = c.run("systemctl", "start", "opsyncd")
    tap.ok(done.code == 0 and until(lambda: c.run(
        "opsync", "-i", "opsync", "status", "--check").code == 0),
        "opsyncd.service beside it", c.journal("opsyncd"))
    c.sh("cp /usr/share/doc/opsync/examples/opsync-published.service "
         "/etc/systemd/system")
    c.run("systemctl", "enable", "--now", "opsync-published.path")
    renamed(c, server, "six", "/var/lib/opsync/content")
    tap.ok(shown(c, "six", "/var/lib/opsync-published"), "and its site",
           c.journal("opsync-published.service"))
    c.run("systemctl", "stop", "opsyncd")
    tap.ok(c.run("opsync", "-i", "site", "status", "--check").code == 0,
           "its end leaves the other alone")
    done = c.run("opsync", "-i", "opsync", "status")
    tap.ok("systemctl start opsyncd starts it" in done.out,
           "stopped, it says what starts it", done)
    c.run("systemctl", "start", "opsyncd")


def quiet(tap, c):
    """What logcheck would send of the last lines: nothing."""
    c.run("systemctl", "restart", "opsyncd@site")
    until(lambda: "in step" in c.show("opsyncd@site", "StatusText"))
    lines = c.sh("journalctl -q -o short -n 12 SYSLOG_IDENTIFIER=opsyncd "
                 "_SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID "
                 "opsyncd@site) >/root/day; cat /root/day").out
    left = c.sh("grep -Evf /etc/logcheck/ignore.d.server/opsync /root/day")
    tap.ok(lines and not left.out, "a normal start says nothing to logcheck",
           left.out or "no lines")


def upgrade(tap, c, deb):
    ours = "/etc/logcheck/ignore.d.server/opsync"
    c.sh("echo '# mine' >>" + ours)
    units = ("opsyncd@site", "opsyncd")
    pids = [c.show(unit, "MainPID") for unit in units]
    shutil.copy(deb, c.root + "/root/opsync.deb")
    done = c.run("apt-get", "install", "-y", "-q", "-o",
                 "Dpkg::Options::=--force-confdef", "-o",
                 "Dpkg::Options::=--force-confold", "/root/opsync.deb")
    tap.ok(done.code == 0, "an upgrade", done)
    tap.ok("# mine" in c.sh("cat " + ours).out, "a changed conffile stays")
    for unit, pid in zip(units, pids):
        tap.ok(pid != "0" and until(
            lambda u=unit, p=pid: c.show(u, "ActiveState") == "active" and
            c.show(u, "MainPID") not in ("0", p)),
            unit + " goes on with the new program", c.journal(unit))
        tap.same(c.show(unit, "NeedDaemonReload"), "no",
                 unit + " goes on as the new unit says")
    tap.ok(until(lambda: c.run("opsync", "status", "-i", "site",
                               "--check").code == 0), "and is in step")


def leave(tap, c):
    done = c.run("apt-get", "remove", "-y", "-q", "opsync")
    tap.ok(done.code == 0, "remove", done)
    tap.ok(not c.sh("grep -lx opsyncd /proc/[0-9]*/comm").out and
           not c.exists("/usr/bin/opsyncd"),
           "nothing of it runs, or is there")
    tap.ok(c.exists("/etc/opsync/site.yaml"), "the configuration stays")
    done = c.run("apt-get", "purge", "-y", "-q", "opsync")
    tap.ok(done.code == 0 and "/var/lib/opsync stay" in done.out, "purge",
           done)
    left = c.sh("find / -xdev -path /proc -prune -o -name '*opsync*' -print"
                " | grep -vE '^/(root|proc|sys|var/log|var/cache/apt|"
                "var/lib/apt)/'").out.split()
    tap.same(sorted(p for p in left if not p.startswith(
        ("/var/lib/opsync", "/srv/",
         "/etc/systemd/system/opsync-published"))),
        [], "then nothing is left but stores and units of one's own")
    tap.ok(c.exists("/var/lib/opsync/site/content/.git"), "a store stays")


def main():
    deb, folder = (os.path.abspath(a) for a in sys.argv[1:3])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    tap = Tap()
    base = clean_debian(folder)
    with tempfile.TemporaryDirectory(dir=folder) as scratch, \
            StandIn() as server, Container(base, scratch) as c:
        install(tap, c, older(deb, scratch))
        start(tap, c, server)
        control(tap, c)
        reload(tap, c, server)
        failing(tap, c, server)
        elsewhere(tap, c, server)
        published(tap, c, server)
        single(tap, c, server)
        quiet(tap, c)
        upgrade(tap, c, deb)
        leave(tap, c)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
