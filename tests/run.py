"""Run every test and end with a line "N passed, N failed".

Unit tests are cmocka programs, scenarios are Python programs that print TAP,
and each fuzz target replays its corpus.  A program that dies, hangs, or
prints no test point counts as a failed test.  With --quick, scenarios that
say so (a comment "slow" in the first lines) are left out; what mostly waits
("waits") runs beside all else.  With names, only tests whose path holds one
of them.
"""
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import time

BUILD = os.environ.get("BUILD", "build/release")
POINT = re.compile(r"^(not )?ok \d+", re.M)
SKIPPED = re.compile(r"^ok \d+ - (.* # SKIP .*)$", re.M)
TIME_LIMIT = 600
PARALLEL = 2


def says(source, word):
    """In a comment of its first lines."""
    with open(source) as f:
        return re.search(r"^(#| \*) %s\b" % word, f.read(4000), re.M) is not None


def programs(quick):
    for source in sorted(glob.glob("tests/unit/*/*.c")):
        yield source, [os.path.join(BUILD, source[:-2])]
    for source in sorted(glob.glob("tests/fuzz/*/*.c")):
        target = os.path.basename(source)[:-2]
        corpus = sorted(glob.glob("tests/fuzz/corpus/%s/*" % target))
        yield source, [os.path.join(BUILD, source[:-2]), *corpus]
    for source in sorted(glob.glob("tests/scenarios/*.py")):
        with open(source) as f:
            if "__main__" not in f.read():
                continue
        if not (quick and says(source, "slow")):
            yield source, [sys.executable, source]


def run(program):
    name, command = program
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", BUILD=BUILD,
               LC_ALL="C.UTF-8",
               LLVM_PROFILE_FILE=os.path.abspath(os.path.join(
                   BUILD, "profiles",
                   name.replace("/", "_") + "-%c%m.profraw")))
    begin = time.monotonic()
    try:
        done = subprocess.run(
            command, env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=TIME_LIMIT)
        out = done.stdout.decode(errors="replace")
        err = done.stderr.decode(errors="replace")
        status = done.returncode
    except subprocess.TimeoutExpired as timeout:
        out = (timeout.stdout or b"").decode(errors="replace")
        err, status = "no end after %d s" % TIME_LIMIT, -1
    except OSError as error:
        out, err, status = "", str(error), -1
    points = POINT.findall(out)
    failed = sum(1 for p in points if p)
    passed = len(points) - failed
    if status != 0 and failed == 0 or not points:
        failed += 1
    return name, passed, failed, out, err, status, time.monotonic() - begin


def main():
    quick = "--quick" in sys.argv
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    todo = [p for p in programs(quick)
            if not names or any(n in p[0] for n in names)]
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool, \
            concurrent.futures.ThreadPoolExecutor(PARALLEL) as waiting:
        running = [(waiting if says(p[0], "waits") else pool).submit(run, p)
                   for p in todo]
        for one in running:
            name, good, bad, out, err, status, seconds = one.result()
            passed += good
            failed += bad
            print("%-44s %4d passed, %d failed  %5.1f s" % (
                name, good, bad, seconds), flush=True)
            for point in SKIPPED.findall(out):
                print("    " + point, flush=True)
            if bad:
                lines = [line for line in out.splitlines()
                         if not line.startswith("ok ")]
                print("\n".join(lines[-60:]))
                print(err[-6000:])
                print("exit status %d" % status, flush=True)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
