#!/usr/bin/python3
"""A daemon killed before and after each system call that changes a file, in
every kind of pass, and killed again while it recovers: when it is started
again the store is that of one that nobody disturbed.

  kill_calls.py --scenario NAME --at "N before [M after]"   repeats one case
"""
# slow: much to start, and sanitizers do not go with being traced
import os
import random
import subprocess
import sys

from faulty import (CALLS, KILLED, MAPPING, Case, Remote, chosen, contents,
                    figure, option, size)
from harness import StandIn, Tap
from upgrade import earlier

WORLD = ("--generate", "60", "--attachments", "60", "--attachment-size",
         "3000")
HOWS = ("before", "after")


def edit(server, ident, **values):
    server.side("edit", {"id": ident, "set": values})


def attach(server, ident, name, text):
    server.side("attach", {"work_package": ident, "file_name": name,
                           "content": text})


def file_of(server, ident):
    return [a["id"] for a in server.state()["attachments"]
            if a["_links"]["container"]["href"].endswith("/%d" % ident)][0]


# --- The passes: what happens on the server, and how the pass is made -------


def first(_server, _sync):
    return ()


def edits(server, _sync):
    for ident in (3, 9, 27):
        edit(server, ident, description="Other words of %d." % ident)
    edit(server, 4000, subject="Made anew", project=1, type=1)
    return ()


def deletion(server, _sync):
    for ident in (5, 6):
        server.side("delete", {"id": ident})
    return ("--full",)


def rename(server, _sync):
    for ident in (7, 8):
        edit(server, ident, subject="Called %d differently" % ident)
    return ()


def attachment(server, _sync):
    attach(server, 10, "new.txt", "new")
    server.side("detach", {"id": file_of(server, 11)})
    attach(server, 11, "another.txt", "other")
    attach(server, 12, "large.bin", "0123456789abcdef" * 200000)
    return ()


def render(_server, sync):
    sync.configure(mapping=MAPPING.replace("title:", "name:"))
    return ()


def mixed(server, sync):
    for step in (edits, rename, attachment):
        step(server, sync)
    edit(server, 13, type=2, description="")
    server.side("delete", {"id": 14})
    return ("--full",)


def push(server, sync):
    edits(server, sync)
    return ()


def littered(sync):
    """Files of a person: loose objects and packs enough to consolidate."""
    folder = os.path.join(sync.store, "foreign")
    os.makedirs(folder)
    for n in range(2001):
        with open(os.path.join(folder, str(n)), "w") as f:
            f.write("%d" % n)
    sync.git("add", "foreign")
    sync.git("-c", "user.name=Ida", "-c", "user.email=ida@example.org",
             "commit", "-qm", "Files of a person")
    for blob in list(sync.blobs())[:52]:
        subprocess.run(["git", "-C", sync.store, "pack-objects", "-q",
                        ".git/objects/pack/pack"], env=sync.env, check=True,
                       stdout=subprocess.DEVNULL, input=blob.encode())


def consolidation(server, sync):
    """Of what littered() left behind."""
    edits(server, sync)
    return ()


def upgrade(server, sync):
    """Of the state of the first schema, through all others."""
    edits(server, sync)
    return ()


SCENARIOS = (first, edits, deletion, rename, attachment, render, mixed, push,
             consolidation, upgrade)


class Scenario:
    """A pass that can be made again and again from the same start."""

    def __init__(self, scenario):
        self.name = scenario.__name__
        self.server = StandIn(*WORLD).start()
        self.sync = Case(self.server.url, projects="[demo-1]",
                         mapping=MAPPING)
        if scenario is push:
            self.sync.push_to_remote(Remote(self.sync.folder))
        if scenario is not first:
            self.well(())
        if scenario is consolidation:
            littered(self.sync)
        if scenario is upgrade:
            earlier(self.sync.state_file, 1)
        self.sync.keep()
        self.args = scenario(self.server, self.sync)
        self.n_calls = self.sync.count_calls(*self.args)
        self.wanted = self.sync.shape()
        self.blobs = self.sync.blobs()
        self.bad = self.sync.faults(self.wanted)

    def well(self, args):
        done = self.sync.once(*args)
        if done.code != 0:
            raise RuntimeError("%s: %r" % (self.name, done))

    def close(self):
        if self.sync.remote:
            self.sync.remote.close()
        self.sync.__exit__(None)
        self.server.stop()

    def kill(self, at, how):
        """Kill a pass; whether it was, and what is wrong if it was not."""
        code, said = self.sync.under(CALLS, "-n", str(at), "-a", how,
                                     args=self.args)
        wrong = [] if code in (0, KILLED) else ["exit %d: %s" % (code, said)]
        return code == KILLED, wrong

    def attempt(self, kills):
        """Kill as often as told, then let it run; how many kills there
        were, and what is wrong."""
        n = 0
        self.sync.put_back()
        for at, how in kills:
            killed, wrong = self.kill(at, how)
            if wrong:
                return n, wrong
            n += killed
        return n, self.recover()

    def recover(self):
        missing = len(self.blobs - self.sync.blobs())
        self.server.side("requests/reset")
        done = self.sync.once(*self.args)
        if done.code != 0:
            return ["it does not go on: %r" % done]
        asked = contents(self.server)
        wrong = self.sync.faults(self.wanted)
        if len(asked) > missing or len(asked) != len(set(asked)):
            wrong.append("%d contents fetched, %d missing" % (
                len(asked), missing))
        head = self.sync.head()
        done = self.sync.once()
        if (done.code, self.sync.head()) != (0, head):
            wrong.append("once more is not quiet: %r" % done)
        return wrong


def told(tap, scenario, cases):
    """Go through cases of one scenario; the number of first kills, and of
    those that hit what recovered from one."""
    n = again = 0
    wrong = list(scenario.bad)
    for kills in cases:
        killed, found = scenario.attempt(kills)
        n += killed > 0
        again += max(0, killed - 1)
        if found:
            wrong += ["--scenario %s --at \"%s\"" % (
                scenario.name, " ".join("%d %s" % k for k in kills))] + found
    tap.ok(n and not wrong, "%s: %d kills at %d calls, %d of recovery" % (
        scenario.name, n, scenario.n_calls, again), "\n".join(wrong))
    return n, again


def repeat(name, at):
    words = at.split()
    kills = [(int(words[i]), words[i + 1]) for i in range(0, len(words), 2)]
    tap = Tap()
    scenario = Scenario([s for s in SCENARIOS if s.__name__ == name][0])
    told(tap, scenario, [kills])
    scenario.close()
    return tap.end()


def main():
    if option("--at"):
        return repeat(option("--scenario"), option("--at"))
    tap = Tap()
    seed = int(option("--seed") or 1)
    dice = random.Random(seed)
    kills = []
    for part in SCENARIOS:
        scenario = Scenario(part)
        places = [(n, how) for n in range(1, scenario.n_calls + 1)
                  for how in HOWS]
        cases = [[k] for k in chosen(places, size(12, len(places)))]
        cases += [[k, (dice.randint(1, 40), dice.choice(HOWS))]
                  for k in chosen(places, size(2, 60))]
        kills.append(told(tap, scenario, cases))
        scenario.close()
    figure(sum(n + again for n, again in kills), "kills survived")
    figure(sum(again for _, again in kills), "of them during recovery")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
