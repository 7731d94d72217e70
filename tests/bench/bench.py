#!/usr/bin/python3
"""What a first sync, an idle poll and one change cost; beside them the floor
and the script that people would write instead, against the same stand-in.

  make bench                                  a look, some minutes
  make bench BENCH="--all --fresh"            everything, more than an hour
  make bench BENCH="--worlds 2000x1 --runs 5 --only opsync,script"
  make bench BENCH="--worlds 10000 --special latency,idle"

A world is its number of work packages, then how many attachments each has,
then their size: 10000, 10000x1, 1000x5x1M.  Each first sync has a folder of
its own and nothing is removed while a world is measured (disk.py says why).
So give it a file system where nothing else is removed meanwhile (--in
/mnt/bench), or leave the machine alone for five minutes before, or let it
make one for each world (--fresh, as root).
"""
import argparse
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import contenders  # noqa: E402
import disk  # noqa: E402
import rendering  # noqa: E402
import report  # noqa: E402
import special  # noqa: E402
from contenders import BUILD, CONTENDERS  # noqa: E402
from world import Size, World  # noqa: E402

# Name of the world, contenders, runs, at the real server's cost?
LOOK = [("2000x1", "opsync,bare,downloads,floor,script", 1, False),
        ("10000x1", "opsync,bare,downloads,floor,script", 1, False),
        ("10000", "opsync,bare,downloads,script", 1, False)]
ALL = [(world, ",".join(CONTENDERS), 5, False) for world in (
           "1000", "1000x1", "1000x5", "10000", "10000x1")] + [
       ("1000x5x1k", ",".join(CONTENDERS), 5, False),
       ("100x1x10M", ",".join(CONTENDERS), 5, False),
       ("10000x5", "opsync,bare,downloads", 5, False),
       ("100000", "opsync,bare,downloads", 5, False),
       ("100000x1", "opsync,bare,downloads", 1, False),
       ("100000x5", "bare,downloads", 1, False),  # 26 GB
       ("2000", "opsync,downloads", 5, True),
       ("500x1", "opsync,downloads", 5, True)]
SPECIAL_WORLDS = {"latency": ["10000", "100000"], "rerender": ["10000"],
                  "repository": ["10000", "1000x1"], "calls": ["1000"],
                  "passes": ["1000"], "idle": ["1000"],
                  "interrupted": ["20000"], "start": ["100000"]}


def measure(world, names, runs):
    """In turn, so that a machine that gets slower or quicker does so for all;
    the scripts come last: their git gc removes thousands of files."""
    results = {name: [] for name in names}
    scripts = [name for name in names if name.startswith("script")]
    others = [name for name in names if name not in scripts]
    for name in others * runs + scripts * runs:
        results[name].append(CONTENDERS[name](world))
        print("# %s %s: %.2f s" % (world.size.name, name,
                                   results[name][-1]["wall"]), flush=True)
    return results


def run_worlds(plan, folder, fresh):
    """Tables as they come; the results by number of work packages."""
    grown = {}
    for size, names, runs, cost in plan:
        with disk.place_of(folder, fresh) as place, \
                World(size, place, cost) as world:
            results = measure(world, names, runs)
        report.print_table(size.words() + (
            ", at the real server's cost" if cost else ""), results)
        if not cost and size.per == 0:
            grown[size.n] = results
    return grown


def run_specials(names, worlds, folder, fresh):
    for name in names:
        for text in worlds or SPECIAL_WORLDS[name]:
            with disk.place_of(folder, fresh) as place, \
                    World(Size(text), place) as world:
                lines = special.SPECIALS[name](world)
            for line in lines:
                print("%s: %s" % (text, line), flush=True)


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--all", action="store_true")
    p.add_argument("--worlds", help="instead of a first look's")
    p.add_argument("--cost", action="store_true",
                   help="a server as slow as a real one")
    p.add_argument("--runs", type=int, default=1)
    p.add_argument("--only", default=",".join(CONTENDERS),
                   help="some of " + ",".join(CONTENDERS))
    p.add_argument("--special",
                   help="some of %s,big,rendering; or all" % ",".join(
        special.SPECIALS))
    p.add_argument("--in", dest="where", default=BUILD, metavar="FOLDER",
                   help="where to work (%(default)s)")
    p.add_argument("--fresh", action="store_true",
                   help="each world on a new file system there (as root)")
    p.add_argument("--keep", action="store_true", help="remove nothing")
    a = p.parse_args()
    names = a.only.split(",")
    if {"downloads", "floor"} & set(names) and \
            not {"opsync", "bare"} & set(names):
        p.error("downloads need opsync or bare, whose requests they repeat")
    return a


def planned(a, worlds):
    plan = ALL if a.all else LOOK
    if worlds:
        plan = [(w, a.only, a.runs, a.cost) for w in worlds]
    return [(Size(text), [name for name in CONTENDERS
                          if name in only.split(",")], runs, cost)
            for text, only, runs, cost in plan]


def main():
    a = arguments()
    worlds = a.worlds.split(",") if a.worlds else None
    plan = planned(a, worlds) if a.all or not a.special else []
    disk.check_room([world[:3] for world in plan], a.where, a.fresh)
    folder = tempfile.mkdtemp(
        prefix="runs-", dir=os.path.abspath(a.where))
    specials = (a.special or ("all" if a.all else "")).split(",")
    if specials == ["all"]:
        specials = [*special.SPECIALS, "big", "rendering"]
    try:
        grown = run_worlds(plan, folder, a.fresh)
        if len(grown) > 1:
            path = os.path.join(BUILD, "bench.svg")
            report.write_plot(path, grown)
            print("\nplotted in " + path)
        run_specials([s for s in specials if s in special.SPECIALS],
                     worlds, folder, a.fresh)
        if "big" in specials:
            with disk.place_of(folder, a.fresh) as place:
                print("\n".join(special.big_file(place)))
        if "rendering" in specials or not a.special:
            print("\n".join(rendering.rendering()))
    finally:
        if not a.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
