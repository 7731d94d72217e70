"""Running programs and measuring what they take."""
import json
import os
import re
import statistics
import subprocess
import sys
import time

KEY = "adminkey"


def environment():
    """Git undisturbed by the user's settings, quick and without gc."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    settings = {"gc.auto": "0", "maintenance.auto": "false"}
    for i, (key, value) in enumerate(settings.items()):
        env["GIT_CONFIG_KEY_%d" % i] = key
        env["GIT_CONFIG_VALUE_%d" % i] = value
    env.update(
        GIT_CONFIG_COUNT=str(len(settings)), GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1", LC_ALL="C.UTF-8", OPENPROJECT_API_KEY=KEY,
        MALLOC_TOP_PAD_="67108864", MALLOC_TRIM_THRESHOLD_="536870912")
    return env


ENV = environment()
# The settings of malloc are for git, which they make twice as fast.
ENV_OPSYNC = {k: v for k, v in ENV.items() if not k.startswith("MALLOC_")}


STARTER = """
import json, os, sys, time
put = int(sys.argv[1])
os.set_inheritable(put, False)
began = time.monotonic()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(pid, 0)
wall = time.monotonic() - began
os.write(put, json.dumps({
    "code": os.waitstatus_to_exitcode(status), "wall": wall,
    "cpu": used.ru_utime + used.ru_stime,
    "peak": used.ru_maxrss / 1024}).encode())
"""


def run(command, env=ENV, **files):
    """Run a program to its end; what it and its children used.

    peak is that of the largest process among them, in MiB.  A process begins
    with the memory of its parent, which counts as its own: so a small one
    starts it.
    """
    get, put = os.pipe()
    with open(get) as answer:
        process = subprocess.Popen(
            [sys.executable, "-S", "-E", "-c", STARTER, str(put), *command],
            env=env, pass_fds=[put], **files)
        os.close(put)
        said = answer.read()
        process.wait()
    used = json.loads(said) if said else {"code": process.returncode}
    if used.pop("code") != 0:
        raise RuntimeError("%s failed" % command[0])
    return used


def add(a, b):
    """One after the other."""
    return {"wall": a["wall"] + b["wall"], "cpu": a["cpu"] + b["cpu"],
            "peak": max(a["peak"], b["peak"])}


def git(repository, *args):
    return subprocess.run(["git", "-C", repository, *args], env=ENV,
                          check=True, stdout=subprocess.PIPE).stdout


def count_files(repository):
    return git(repository, "ls-tree", "-r", "-z", "HEAD").count(b"\0")


def processor_time(pid):
    """Of a process that runs, in seconds: exact where the system says so."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
            total += int(f.read().split()[0])
    return total / 1e9


def written(pid):
    """Bytes that a process has had written, to files and elsewhere."""
    with open("/proc/%d/io" % pid) as f:
        return int(re.search(r"^write_bytes: (\d+)", f.read(), re.M)[1])


def resident(pid):
    """Memory of a process that runs, in MiB."""
    with open("/proc/%d/statm" % pid) as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def median(values):
    return statistics.median(values) if values else None


def percentile(values, share):
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]
