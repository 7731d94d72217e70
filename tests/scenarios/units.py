"""The units: as hardened as promised, and what they name is there."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

from harness import ROOT, StandIn, Sync, Tap, read, until

LIMIT = 1.3


def exposure(unit):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    said = done.stdout.decode()
    found = re.search(r"exposure level for \S+ (\d+\.\d+)", said)
    return float(found.group(1)) if found else None, said


def watches(pid):
    """Folders that the kernel watches for a process."""
    try:
        return sum(read(path).count(b"inotify wd:")
                   for path in glob.glob("/proc/%s/fdinfo/*" % pid))
    except OSError:  # closed just now
        return 0


def watched(tap):
    """With no more of /proc than ProcSubset=pid leaves."""
    bare = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c",
            "mount -t proc -o subset=pid proc /proc && exec \"$@\"", "-")
    with StandIn() as server, Sync(server.url) as sync:
        if sync.run(*bare, "true").code != 0:
            tap.ok(True, "a bare /proc # SKIP it cannot be mounted")
            return
        process = subprocess.Popen(
            [*bare, sync.PROGRAM, "--config", sync.config], env=sync.env,
            stderr=subprocess.DEVNULL)
        try:
            children = "/proc/%d/task/%d/children" % (process.pid, process.pid)
            tap.ok(until(lambda: any(
                watches(pid) for pid in read(children).decode().split())),
                   "the unit's daemon has its folders watched")
        finally:
            process.kill()
            process.wait()


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["make", "--no-print-directory", "stage-units", "PREFIX=/usr",
             "STAGE=" + folder], cwd=ROOT, check=True,
            stdout=subprocess.DEVNULL)
        for name in ("opsyncd@.service", "opsyncd.service"):
            unit = os.path.join(folder, "lib/systemd/system", name)
            level, said = exposure(unit)
            tap.ok(level is not None and level <= LIMIT,
                   "%s: exposure %s, at most %s" % (name, level, LIMIT), said)
            tap.ok("gnor" not in said and "nknown" not in said,
                   "%s: nothing in it is ignored" % name, said)
            with open(unit) as f:
                text = f.read()
            tap.ok("%i" not in text or "@" in name, "%s: no instance" % name,
                   text)
            for word in ("ExecStart=/usr/bin/opsyncd --config /etc/opsync/",
                         "Restart=on-failure",
                         "RestartPreventExitStatus=64 78", "Type=notify",
                         "WatchdogSec=", "LoadCredential=token:/etc/opsync/",
                         "User=opsync\n"):
                tap.ok(word in text, "%s: %s" % (name, word.strip()), text)
        for name, head in (("opsync-published@.path", "/run/opsync/%i/head"),
                           ("opsync-published.path", "/run/opsync/head")):
            with open(os.path.join(folder, "lib/systemd/system", name)) as f:
                text = f.read()
            tap.ok("\nPathChanged=%s\n" % head in text,
                   "%s watches %s" % (name, head), text)
        done = subprocess.run(
            ["systemd-tmpfiles", "--create", "--root=" + folder, "-"],
            input=read("systemd/tmpfiles.conf"), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False)
        tap.ok(os.path.isdir(folder + "/etc/opsync"),
               "tmpfiles makes the configuration's folder", done)
    tap.ok(re.search(rb"^u opsync ", read("systemd/sysusers.conf"), re.M),
           "sysusers makes the user")
    watched(tap)
    return tap.end()


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        sys.exit("systemd-analyze is missing")
    sys.exit(main())
