#!/usr/bin/python3
"""What tests/README.md names is there: each T and R once, each file, and in it
each name."""
import os
import re
import sys

from harness import ROOT, Tap, read

TESTS = os.path.join(ROOT, "tests")


def rows(text):
    """(number, what is said of its tests) of each row."""
    return re.findall(r"^\| ([TR]\d+) \|.*\| ([^|]*) \|$", text, re.M)


def missing(said):
    """Files, and names in them, that are not there: `FILE` name, name; …"""
    out = []
    for path, names in re.findall(r"`([^`]+)`([\w ,]*)", said):
        if not os.path.exists(os.path.join(TESTS, path)):
            out.append(path)
            continue
        text = read("tests/" + path).decode()
        out += ["%s: %s" % (path, name) for name in re.split(r"[ ,]+", names)
                if name and not re.search(r"\b%s\b" % name, text)]
    return out


def main():
    tap = Tap()
    listed = rows(read("tests/README.md").decode())
    wanted = ["T%d" % n for n in range(1, 44)] + [
        "R%d" % n for n in range(1, 26)]
    tap.same([number for number, _ in listed], wanted, "each has its row")
    wrong = ["%s: %s" % (number, what) for number, said in listed
             for what in missing(said)]
    tap.ok(not wrong, "and what covers it is there", "\n".join(wrong))
    untold = [number for number, said in listed
              if "`" not in said and "cannot happen" not in said]
    tap.same(untold, [], "or it is said why it cannot happen")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
