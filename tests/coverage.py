"""How much of the code the tests reach, and what they do not.

  BUILD=build/coverage python3 tests/coverage.py [FILE]...

after tests/run.py with programs of that build.  Without names a line a
module, and it fails below what is asked for; with names a line for each of
these files, and the lines and branches in them that no test reached.  A
branch is one side of one condition.
"""
import collections
import glob
import json
import os
import subprocess
import sys

BUILD = os.environ.get("BUILD", "build/coverage")
MODULES = ("base", "api", "content", "store", "daemon", "cli")
ASKED = {"lines": 95.0, "branches": 90.0}


def programs():
    """Everything the tests ran that holds the product's code."""
    yield os.path.join(BUILD, "opsyncd")
    yield os.path.join(BUILD, "opsync")
    for folder in ("unit", "fuzz"):
        for source in sorted(glob.glob("tests/%s/*/*.c" % folder)):
            yield os.path.join(BUILD, source[:-2])


def profile(name="*"):
    """The counters of the tests whose name this is, merged; None without."""
    raw = glob.glob(os.path.join(BUILD, "profiles", name + ".profraw"))
    if not raw:
        return None
    merged = os.path.join(BUILD, "profiles", "merged.profdata")
    subprocess.run(["llvm-profdata-14", "merge", "--failure-mode=all", "-o",
                    merged, *raw], check=True)
    return merged


def export(merged, files, objects, *flags):
    first, *others = objects
    command = ["llvm-cov-14", "export", first, "-instr-profile=" + merged]
    for other in others:
        command += ["-object", other]
    done = subprocess.run(command + list(flags) + list(files), check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout)["data"][0]["files"]


def share(counts):
    return 100.0 * counts[0] / counts[1] if counts[1] else 100.0


def summary(name, lines, branches):
    print("%-32s lines %6d of %6d  %5.1f %%   branches %6d of %6d  %5.1f %%"
          % (name, *lines, share(lines), *branches, share(branches)))


def counts(file, kind):
    of = file["summary"][kind]
    return of["covered"], of["count"]


def missed_lines(file):
    """Numbers of lines where a counted region begins or goes on, and none
    that holds it was reached."""
    missed = set()
    segments = file["segments"]
    for here, there in zip(segments, segments[1:]):
        line, _, count, counted, _, gap = here[:6]
        if counted and not gap and not count:
            missed.update(range(line, there[0] + 1))
        elif counted and not gap:
            missed.discard(line)
    return sorted(missed)


def show(file):
    name = os.path.relpath(file["filename"])
    summary(name, counts(file, "lines"), counts(file, "branches"))
    with open(name, encoding="utf-8") as f:
        text = f.read().split("\n")
    sides = collections.defaultdict(lambda: [0, 0])
    for branch in file["branches"]:
        sides[tuple(branch[:4])][0] += branch[4]
        sides[tuple(branch[:4])][1] += branch[5]
    never = collections.defaultdict(list)
    for (line, begin, last, end), (yes, no) in sorted(sides.items()):
        if yes and no:
            continue
        what = text[line - 1][begin - 1:end - 1 if last == line else None]
        never[line].append("%s: never %s" % (
            what, "asked" if not yes and not no
            else "true" if not yes else "false"))
    lines = set(missed_lines(file))
    for line in sorted(lines | set(never)):
        print("%5d%s %s" % (line, "-" if line in lines else " ",
                            text[line - 1].expandtabs(4)))
        for what in never[line]:
            print("          " + what)


def main():
    names = sys.argv[1:]
    merged = profile()
    if merged is None:
        sys.exit("%s/profiles is empty: make coverage" % BUILD)
    files = export(merged, names or MODULES, list(programs()),
                   *([] if names else ["-summary-only"]))
    if names:
        for file in files:
            show(file)
        return 0
    modules = {m: {"lines": [0, 0], "branches": [0, 0]} for m in MODULES}
    for file in files:
        module = os.path.relpath(file["filename"]).split("/")[0]
        for kind in ASKED:
            for i, n in enumerate(counts(file, kind)):
                modules[module][kind][i] += n
    total = {k: [sum(m[k][i] for m in modules.values()) for i in (0, 1)]
             for k in ASKED}
    for file in sorted(files, key=lambda f: share(counts(f, "lines"))):
        summary(os.path.relpath(file["filename"]), counts(file, "lines"),
                counts(file, "branches"))
    print()
    for module, found in modules.items():
        summary(module, found["lines"], found["branches"])
    summary("all", total["lines"], total["branches"])
    failed = 0
    for kind, asked in ASKED.items():
        if share(total[kind]) < asked:
            print("%s: %.1f %%, and %.0f %% are asked for" % (
                kind, share(total[kind]), asked))
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
