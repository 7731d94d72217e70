#!/usr/bin/python3
"""How often a change waits for the disk.  What a file system writes for one
sync takes along the names that were changed before it: only a sync behind
another change of names begins anew."""
# slow: the programs of tests/faults do not go with sanitizers
import os
import re
import sys

from harness import Tap
from kill_calls import Scenario, edit
from power_cut import SYNCS, record

NAMES = ("rename", "link", "unlink", "mkdir", "rmdir")
O_CREAT = 0o100


def one(server, sync):
    edit(server, 3, description="Other words.")
    return ()


def waits(lines):
    """What is synced behind a change of names, from the first object on."""
    found = []
    changed = begun = False
    for line in lines:
        _, call, result, _, value, path = line.rstrip("\n").split("\t")[:6]
        if int(result) < 0 or "state.db" in path:
            continue
        begun |= "tmp_obj" in path
        if call in SYNCS:
            if changed and begun:
                found.append(path)
            changed = False
        elif call.startswith(NAMES) or (
                call.startswith("open") and int(value) & O_CREAT):
            changed = True
    return found


def main():
    tap = Tap()
    scenario = Scenario(one)
    lines = record(scenario)
    found = [os.path.relpath(path, scenario.sync.store)
             for path in waits(lines)]
    wanted = ("objects' contents", r".git/opsync/tmp/tmp_obj_\w+"), (
        "objects' names", r".git/objects/\w\w"), (
        "the index", r".git/(opsync/tmp/tmp_index|opsync/index_spare)"), (
        "all names", r".git")
    tap.ok(len(found) == len(wanted) and all(
        re.fullmatch(w, f) for (_, w), f in zip(wanted, found)),
        "one change waits for " + ", ".join(what for what, _ in wanted),
        "\n".join(found))
    synced = [line for line in lines if line.split("\t")[1] in SYNCS]
    tap.ok(not any(".lock" in line for line in synced),
           "nobody's lock is held while the disk works", "\n".join(synced))
    # Two as it starts, the commit, what hooks were told, that it ended.
    tap.same(sum("state.db-wal" in line for line in synced), 5,
             "the state waits for nothing that is only counted")
    scenario.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
