#!/usr/bin/python3
"""What opsync --help explains: the options of each command as its usage has
them and as it takes them, its exit codes, and the kinds of events."""
import os
import re
import subprocess
import sys

from harness import BUILD, Tap, read

USED = r"(?<![\w-])(--?[a-z][a-z-]*)(?: ([A-Z]+))?"
EXPLAINED = r"^ {2,6}(?:(-\w), )?(--[a-z-]+)(?: ([A-Z]+))? {2,}\S"


def run(program, *args):
    done = subprocess.run(
        [os.path.join(BUILD, program), *args], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode()


def too_long(text):
    return [line for line in text.splitlines() if len(line) > 80]


def explained(tap, command, text):
    """A command's own part of its help."""
    usage, own = text.split("Options of every command:")[0].split("\n\n", 1)
    used = set(re.findall(USED, usage))
    rows = re.findall(EXPLAINED, own, re.M)
    tap.same({(short if (short, value) in used else name, value)
              for short, name, value in rows}, used,
             "opsync %s: each option of its usage, and no other" % command)
    for _, name, value in rows:
        given, words = (name, "needs a value") if value else (
            name + "=x", "takes no value")
        code, said = run("opsync", command, given)
        tap.ok(code == 64 and words in said,
               "opsync %s %s %s" % (command, name, words), said)
    return own


def kinds(tap, own):
    """Of events, but for those that only the journal has."""
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| (.*) \|$",
                      read("docs/logs.md").decode(), re.M)
    words = re.findall(r"\w+", own[own.index("KIND is"):own.index("T is")])
    tap.ok(len(rows) > 20, "kinds of events are described", rows)
    for kind, what in rows:
        tap.ok((kind in words) != ("in the journal alone" in what),
               "and listed, if the log has it: " + kind, words)


def main():
    tap = Tap()
    code, whole = run("opsync", "--help")
    tap.same((code, too_long(whole)), (0, []), "opsync --help")
    tap.same(run("opsync", "help"), (0, whole), "opsync help is the same")
    tap.same(too_long(run("opsyncd", "--help")[1]), [], "opsyncd --help")
    own = {}
    for command in re.findall(r"^  ([a-z][a-z-]*)", whole, re.M):
        code, text = run("opsync", command, "--help")
        tap.same((code, too_long(text)), (0, []), "opsync %s -h" % command)
        tap.same(run("opsync", "help", command), (0, text),
                 "opsync help %s is the same" % command)
        own[command] = explained(tap, command, text)
    tap.same(sorted(c for c in own if "Exit code" in own[c]),
             re.findall(r"\w+", re.search(r"sysexits\.h; (.*) have more",
                                          whole)[1].replace(" and ", " ")),
             "exit codes of its own")
    kinds(tap, own["log"])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
