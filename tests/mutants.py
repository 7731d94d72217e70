"""Break the code, one place at a time, and see whether a test notices.

  python3 tests/mutants.py [--number N] [--seed N] [--seconds N] FILE...

takes N places (200) of these files that `make coverage` saw a test reach,
and for each builds the programs with that place broken and runs the tests
that reach its line, quickest first, until one fails or SECONDS (120) of tests
went by.  It ends with those that no test noticed: a gap in the tests, code
that does nothing, or a change that means the same.

A broken program may kill or remove anything, so that it runs as root in
namespaces of its own, where all but a copy of the tree and an empty /tmp
cannot be written.
"""
import argparse
import concurrent.futures
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time

import coverage

LANES = 2
BUILD = "build/release"  # in each lane's copy of the tree
TREES = os.path.abspath("build/mutants")

SWAPS = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">",
         "&&": "||", "||": "&&", "+": "-", "-": "+", "true": "false",
         "false": "true"}
OPERATOR = re.compile(r"(?<= )(==|!=|<=|>=|<|>|&&|\|\||\+|-)(?= )|"
                      r"\b(true|false)\b|(?<=\()(!)(?=[a-z(])")
STATEMENT = re.compile(r"^(\t+)([a-z_]\w*\(.*\)|[a-z][\w.>\[\]-]* [|&+-]?= .*|"
                       r"[a-z][\w.>\[\]-]*(?:\+\+|--));$")
# What a release build does not tell: memory that is not freed, and asserts.
UNSEEN = re.compile(r"\b(\w*free|\w+_fini|assert)\(")
CONDITION = re.compile(r"^(\t+(?:\} else )?(?:if|while) )(\(.*\))( \{)?$")


def hidden(text):
    """The text with comments and strings blanked, as long as it was."""
    return re.sub(
        r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|'
        r'^#[^\n]*',
        lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S | re.M)


def places(name):
    """Each (file, line, what is there, what is put there instead)."""
    with open(name, encoding="utf-8") as f:
        text = f.read()
    lines = text.split("\n")
    depth = 0
    for number, bare in enumerate(hidden(text).split("\n"), 1):
        line = lines[number - 1]
        inside = depth > 0
        depth += bare.count("{") - bare.count("}")
        if not inside or UNSEEN.search(bare) or re.match(
                r"\s*(static )?const\b.*\[\]", bare):
            continue
        for match in OPERATOR.finditer(bare):
            instead = SWAPS.get(match[0], "")
            yield name, number, line, (
                line[:match.start()] + instead + line[match.end():])
        if STATEMENT.match(bare) and bare.count("(") == bare.count(")"):
            yield name, number, line, STATEMENT.match(bare)[1] + ";"
        match = CONDITION.match(bare)
        if match and bare.count("(") == bare.count(")"):
            yield name, number, line, "%s(!%s)%s" % (
                match[1], line[match.start(2):match.end(2)], match[3] or "")


def reaching(files):
    """{(file, line): [(seconds, test)]} of the tests, quickest first."""
    found = {}
    with open("build/coverage/tests.log", encoding="utf-8") as f:
        for test, seconds in re.findall(
                r"^(\S+) +\d+ passed, 0 failed +([\d.]+) s$", f.read(), re.M):
            merged = coverage.profile(test.replace("/", "_") + "-*")
            if merged is None:
                continue
            programs = [os.path.join(coverage.BUILD, p) for p in (
                ("opsyncd", "opsync") if test.endswith(".py")
                else (test[:-2],))]
            for file in coverage.export(merged, files, programs):
                name = os.path.relpath(file["filename"])
                for line in reached(file["segments"]):
                    found.setdefault((name, line), []).append(
                        (float(seconds), test))
    for tests in found.values():
        tests.sort()
    return found


def reached(segments):
    lines = set()
    for here, there in zip(segments, segments[1:]):
        if here[3] and here[2]:
            lines.update(range(here[0], there[0] + 1))
    return lines


def lane(number):
    """A copy of the tree, with programs that are built."""
    tree = os.path.join(TREES, "lane%d" % number)
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(tree)
    files = subprocess.run(["git", "ls-files", "-z"], check=True,
                           stdout=subprocess.PIPE).stdout
    tar = subprocess.run(["tar", "-c", "--null", "-T", "-"], input=files,
                         check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-x", "-C", tree], input=tar, check=True)
    make(tree, "-j2", "test-programs")
    return tree


def make(tree, *goals):
    return subprocess.run(
        ["make", "-s", "CC=gcc", "CFLAGS=-w", "BUILD=" + BUILD, *goals],
        cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        check=False).returncode == 0


# What a broken program may write: the copy of the tree, and what goes away.
ALONE = """
mount --make-rprivate /
mount -t tmpfs tmpfs /tmp
mount --bind "$1" "$1"
mount -o remount,ro,bind /
cd "$1" && shift && exec "$@"
"""


def passes(tree, test, seconds):
    command = ["unshare", "--pid", "--mount", "--fork", "--kill-child",
               "--mount-proc", "sh", "-ec", ALONE, "sh", tree,
               sys.executable, "tests/run.py", test]
    begin = time.monotonic()
    child = subprocess.Popen(
        command, env=dict(os.environ, BUILD=BUILD), start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    try:
        return child.wait(3 * seconds + 20) == 0, time.monotonic() - begin
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return False, time.monotonic() - begin


class Hunt:
    def __init__(self, tests, seconds):
        self.tests = tests
        self.seconds = seconds
        self.trees = [lane(i) for i in range(LANES)]
        self.lock = threading.Lock()
        self.sound = {}  # {test: whether it passes where nothing is broken}

    def broken(self, place):
        """What noticed: a test, "compiler", or None."""
        with self.lock:
            tree = self.trees.pop()
        try:
            left = self.seconds
            for seconds, test in self.tests[place[:2]]:
                if self.sound.get(test) is False or seconds > left:
                    continue
                goals = ["all"] if test.endswith(".py") else [
                    os.path.join(BUILD, test[:-2])]
                break_at(tree, place)
                if not make(tree, *goals):
                    return "compiler"
                good, spent = passes(tree, test, seconds)
                left -= spent
                if not good and self.is_sound(tree, place, goals, test,
                                              seconds):
                    return test
            return None
        finally:
            mend_at(tree, place)
            with self.lock:
                self.trees.append(tree)

    def is_sound(self, tree, place, goals, test, seconds):
        """Whether a test passes here where nothing is broken."""
        if test not in self.sound:
            mend_at(tree, place)
            make(tree, *goals)
            self.sound[test] = passes(tree, test, seconds)[0]
            if not self.sound[test]:
                print("# not used, fails here: " + test, flush=True)
        return self.sound[test]


def break_at(tree, place):
    name, number, was, instead = place
    put(os.path.join(tree, name), number, was, instead)


def mend_at(tree, place):
    name, number, was, instead = place
    put(os.path.join(tree, name), number, instead, was)


def put(path, number, there, instead):
    """Put a line in another's place, where that is not done."""
    with open(path, encoding="utf-8") as f:
        text = f.read().split("\n")
    if text[number - 1] == there:
        text[number - 1] = instead
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(text))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--number", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--seconds", type=float, default=120)
    options.add_argument("files", nargs="+")
    options = options.parse_args()
    files = [f for name in options.files
             for f in (sorted(glob.glob(name + "/*.c"))
                       if os.path.isdir(name) else [name])]
    tests = reaching(files)
    found = [p for f in files for p in places(f) if p[:2] in tests]
    chosen = random.Random(options.seed).sample(
        found, min(options.number, len(found)))
    print("# %d places, %d of them broken in turn" % (
        len(found), len(chosen)), flush=True)
    hunt = Hunt(tests, options.seconds)
    noticed = 0
    survived = []
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        for place, by in zip(chosen, pool.map(hunt.broken, chosen)):
            if by == "compiler":
                continue
            if by:
                noticed += 1
            else:
                survived.append(place)
            print("%s %s:%d %s" % ("noticed" if by else "NOT noticed",
                                   place[0], place[1], by or ""), flush=True)
    for name, number, was, instead in sorted(survived):
        print("%s:%d\n-%s\n+%s" % (name, number, was, instead))
    print("%d noticed, %d not" % (noticed, len(survived)))


if __name__ == "__main__":
    main()
