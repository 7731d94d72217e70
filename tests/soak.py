"""The long forms of the tests of faults, and the sum of what they met.

  BUILD=build/release SOAK=1 python3 tests/soak.py [NAME]…

SOAK is their size: 1 is all of it (about an hour and a half), 0.1 a tenth.
Each program's output goes to $BUILD/soak/NAME.log; what it says of failures
tells how to repeat them.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import time

BUILD = os.environ.get("BUILD", "build/release")
PARALLEL = 2
TESTS = ("walk", "live_walk", "kill_calls", "broken_disk", "bad_wire",
         "bad_answers", "power_cut", "push_rounds", "readers", "long_run")


def run(name):
    begin = time.monotonic()
    path = os.path.join(BUILD, "soak", name + ".log")
    with open(path, "w") as log:
        done = subprocess.run(
            [sys.executable, "tests/scenarios/%s.py" % name],
            env=dict(os.environ, BUILD=BUILD, LC_ALL="C.UTF-8",
                     SOAK=os.environ.get("SOAK") or "1"),
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            check=False)
    with open(path, errors="replace") as log:
        text = log.read()
    failed = len(re.findall(r"^not ok", text, re.M))
    if not failed and (done.returncode or not re.search(r"^ok", text, re.M)):
        failed = 1  # it died
    return name, failed, text, time.monotonic() - begin


def main():
    names = sys.argv[1:] or TESTS
    os.makedirs(os.path.join(BUILD, "soak"), exist_ok=True)
    bad = 0
    figures = []
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        for name, failed, text, seconds in pool.map(run, names):
            print("%-12s %4d passed, %d failed  %6.0f s" % (
                name, len(re.findall(r"^ok", text, re.M)), failed, seconds),
                flush=True)
            if failed:
                print("".join(re.findall(r"^not ok.*\n(?:#.*\n)*", text,
                                         re.M))[:6000] or text[-3000:])
            bad += failed
            figures += re.findall(r"^# figure: (\d+) (.*)", text, re.M)
    for number, what in figures:
        print("%8s %s" % (number, what))
    print("%d failed" % bad)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
