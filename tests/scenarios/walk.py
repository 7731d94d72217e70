#!/usr/bin/python3
"""A random walk: people change everything that can be changed, the server
fails, the daemon is killed; whenever it gets quiet the store must be what one
made from nothing is.

  walk.py --seed N [--steps N] [--trace]   walks one of them again
"""
import os
import random
import sys

from faulty import CALLS, KILLED, Case, figure, option, size
from harness import StandIn, Tap, differences

WORLD = ("--generate", "14", "--projects", "3", "--attachments", "8",
         "--attachment-size", "300", "--key", "syncbot=walkerkey")
STEPS = 50
SUBJECTS = ("Alpha", "alpha", "Beta", "Beta index", "Über den Wolken",
            "Ein sehr langer Name, der nicht aufhören will", "a/b: \"c\"",
            "Gamma", "ガンマ", "index", "", "x" * 250)
NAMES = ("picture.png", "Picture.PNG", "report.pdf", "notes.txt",
         "a b c.txt", "index.md", "ü.txt")
RENAMED = ("Renamed", "Otherwise", "Done: with \"quotes\"", "Größer", "42")
GUARD = "guard: { max_delete: { share: 100%, count: 100000 } }"
MAPPINGS = ["""
documents:
- name: checked
  match: { where: "${ cf.Checked }" }
  path: checked/${ project.identifier }/${ subject | slug ?? "untitled" }.md
  front_matter: { id: "${ id }", title: "${ subject }" }
  body: ${ description.raw }
- name: all
  match: { where: "${ status.name != 'Rejected' }" }
  path: ${ project.identifier }/${ type.name | slug }/${ subject | slug ?? "untitled" }/index.md
  attachments: all
  front_matter:
    id: ${ id }
    title: ${ subject }
    type: ${ type.name }
    status: ${ status.name }
    closed: ${ status.isClosed }
    category: ${ category.name }
    version: ${ version.name }
    assignee: ${ assignee.name }
    author: ${ author.name }
    priority: ${ priority.name }
    project: ${ project.name }
    audience: ${ cf.Audience }
    source: ${ cf.Source }
    weight: ${ cf.Weight }
    notes: ${ cf.Notes }
    due: ${ dueDate }
    files: ${ attachments | pluck("fileName") }
  body: ${ description.raw }
""", """
documents:
- name: all
  match: {}
  path: ${ project.identifier }/${ id }.md
  attachments: referenced
  front_matter:
    title: ${ subject }
    type: ${ type.name }
    updated: ${ updatedAt }
    parent: ${ parent.subject }
    children: ${ children | pluck("subject") }
  body: ${ description.raw }
""", """
documents:
- name: all
  match: { where: "${ subject != 'Gamma' }" }
  path: ${ project.identifier }/${ id }.md
  comments: public
  front_matter:
    title: ${ subject }
    relations:
      $each: r in relations
      is: ${ r.type } ${ r.subject }
      why: ${ r.description }
    comments:
      $each: c in comments
      by: ${ c.author.name }
      words: ${ c.raw }
"""]
FAULTS = (
    {"status": 500, "body": "oops", "content_type": "text/plain"},
    {"status": 502, "body": "<html>", "content_type": "text/html"},
    {"status": 404, "body": "<html>", "content_type": "text/html"},
    {"status": 401, "body": "{}"}, {"status": 403, "body": "{}"},
    {"status": 200, "body": "<html>Sign in</html>",
     "content_type": "text/html"},
    {"status": 200, "body": "{}"}, {"status": 200, "body": ""},
    {"status": 503, "headers": {"Retry-After": "0"}},
    {"drop": True}, {"garbage": True}, {"cut_after": 100},
    {"cut_after": 1500}, {"redirect": "http://127.0.0.2:9/"},
    {"replace": "\"total\":", "with": "\"total\":9"},
    {"replace": "\"subject\"", "with": "\"subjekt\""},
    {"replace": "\"_links\"", "with": "\"_linx\""},
)
PLACES = ("/api/v3/work_packages?", "/attachments", "/content", "/api/v3/",
          "/schemas", "/projects", "/users/me", "/types", "/statuses")


class Failed(Exception):
    """The store is not what it should be, and why."""


class Walk:
    """A small OpenProject, people who change it, and a store."""

    QUIET = 0.2  # of the steps

    def __init__(self, seed, trace=False):
        self.dice = random.Random(seed)
        self.trace = trace
        self.server = StandIn(*WORLD).start()
        self.sync = Case(
            self.server.url, projects="[demo-1, demo-2]", more=GUARD,
            mapping=MAPPINGS[seed % len(MAPPINGS)], key="walkerkey",
            server="  max_tries: 1\n", schedule="{ poll: 1s }")
        self.mapping = seed % len(MAPPINGS)
        self.side("grant", user="syncbot", project=2)
        self.ids = list(range(1, 15))
        self.files = {n: n for n in range(1, 9)}  # id to work package
        self.relations = {}  # id to both ends
        self.things = {"version": [1, 2], "option": [1, 2, 3],
                       "user": [8, 9, 10]}  # 7 has the key
        self.next_id = 100
        self.late = 0
        self.late_ids = set()
        self.silent = True   # something changed that no poll can see
        self.hidden = False  # the second project
        self.clock = self.latest = 0
        self.behind = False  # changes older than what was seen
        self.kills = self.faults = self.compared = 0

    def end(self):
        pass

    def close(self):
        self.sync.__exit__(None)
        self.server.stop()

    def side(self, order, **values):
        if self.trace:
            print("#   %s %r" % (order, values), flush=True)
        return self.server.side(order, values)

    # --- What people do -----------------------------------------------------

    def any_id(self):
        return self.dice.choice(self.ids)

    def text(self):
        dice = self.dice
        lines = ["Words %d." % dice.randint(1, 99)]
        if self.files and dice.random() < 0.5:
            lines.append("![](/api/v3/attachments/%d/content)" % dice.choice(
                list(self.files)))
        if dice.random() < 0.2:
            lines.append("See ##%d and {{< x >}}." % self.any_id())
        return "\n\n".join(lines)

    def some_values(self):
        dice = self.dice
        every = {
            "subject": lambda: dice.choice(SUBJECTS),
            "description": self.text,
            "type": lambda: dice.randint(1, 7),
            "status": lambda: dice.randint(1, 9),
            "priority": lambda: dice.randint(1, 4),
            "version": lambda: dice.choice([None] + self.things["version"]),
            "assignee": lambda: dice.choice([None] + self.things["user"]),
            "customField1": lambda: dice.choice(
                [None] + self.things["option"]),
            "customField2": self.text,
            "customField3": lambda: dice.choice((None, "a", "b: c")),
            "customField4": lambda: dice.choice((None, 1, 2.5)),
            "customField5": lambda: dice.choice((None, True, False)),
            "dueDate": lambda: dice.choice((None, "2026-02-03")),
        }
        names = dice.sample(sorted(every), dice.randint(1, 3))
        return {name: every[name]() for name in names}

    def edit(self):
        self.side("edit", id=self.any_id(), set=self.some_values())

    def edit_tied(self):
        """Many at one moment."""
        stamp = "%s123Z" % self.server.state()["now"][:23]
        for ident in self.dice.sample(self.ids, min(6, len(self.ids))):
            self.side("edit", id=ident, set=self.some_values(),
                      updatedAt=stamp)

    def edit_late(self):
        ident = self.any_id()
        late = self.dice.randint(1, 3)
        self.side("edit", id=ident, set=self.some_values(), late=late)
        self.late_ids.add(ident)
        self.late = max(self.late, late + 1)

    def create(self):
        values = dict(self.some_values(), project=self.dice.choice((1, 2)))
        self.side("edit", id=self.next_id, set=values)
        self.ids.append(self.next_id)
        self.next_id += self.dice.randint(1, 3)

    def delete(self):
        ident = self.any_id()
        if len(self.ids) < 8 or ident in self.late_ids:
            return
        self.side("delete", id=ident)
        self.ids.remove(ident)
        self.files = {f: w for f, w in self.files.items() if w != ident}
        self.relations = {r: ends for r, ends in self.relations.items()
                          if ident not in ends}
        self.silent = True

    def move(self):
        project = self.dice.choice((1, 2, 3))
        self.silent = True  # out of scope, or out of a hidden project
        self.side("edit", id=self.any_id(), set={"project": project})

    def parent(self):
        child, parent = self.dice.sample(self.ids, 2)
        if child > parent:  # no rings
            self.side("edit", id=child,
                      set={"parent": self.dice.choice((None, parent))})
            self.silent = True  # the parent's children do not move it

    def attach(self):
        ident = self.any_id()
        got = self.side("attach", work_package=ident,
                        file_name=self.dice.choice(NAMES),
                        content="content %d" % self.dice.randint(1, 5))
        self.files[got["id"]] = ident

    def detach(self):
        if self.files:
            ident = self.dice.choice(sorted(self.files))
            self.side("detach", id=ident)
            del self.files[ident]

    def replace(self):
        """Under the same name, at one moment."""
        if self.files:
            old = self.dice.choice(sorted(self.files))
            name = [a["fileName"] for a in self.server.state()["attachments"]
                    if a["id"] == old][0]
            self.side("detach", id=old, silent=True)
            got = self.side("attach", work_package=self.files[old],
                            file_name=name,
                            content="anew %d" % self.dice.randint(1, 5))
            self.files[got["id"]] = self.files.pop(old)

    def relate(self):
        dice = self.dice
        ident = dice.randint(1, 12)
        ends = self.relations.setdefault(ident, dice.sample(self.ids, 2))
        kind, back = dice.choice((("precedes", "follows"),
                                  ("blocks", "blocked"),
                                  ("relates", "relates")))
        self.side("relate", id=ident, to=ends[0], type=kind,
                  reverseType=back, description=dice.choice((None, "why")),
                  **{"from": ends[1]})
        self.silent = True  # it moves no work package

    def unrelate(self):
        if self.relations:
            ident = self.dice.choice(sorted(self.relations))
            self.side("unrelate", id=ident)
            del self.relations[ident]
            self.silent = True

    def comment(self):
        self.side("comment", work_package=self.any_id(), raw=self.text(),
                  user=self.dice.choice(self.things["user"]),
                  internal=self.dice.random() < 0.2)

    def rename(self):
        kind, first, last = self.dice.choice((
            ("project", 1, 2), ("type", 1, 7), ("status", 1, 9),
            ("priority", 1, 4), ("version", 0, 0), ("user", 0, 0),
            ("option", 0, 0)))
        ident = self.dice.randint(first, last) if last > 0 else (
            self.dice.choice(self.things[kind]))
        self.side("rename", kind=kind, id=ident,
                  name=self.dice.choice(RENAMED))
        self.silent = True

    def forget(self):
        """One is deleted, and another made."""
        kind = self.dice.choice(sorted(self.things))
        ident = self.dice.choice(self.things[kind])
        self.side("forget", kind=kind, id=ident)
        self.things[kind].remove(ident)
        self.things[kind].append(self.side(
            "thing", kind=kind, name=self.dice.choice(RENAMED))["id"])
        self.silent = True

    def retitle(self):
        """Renames a work package as parents and children show it."""
        self.side("edit", id=self.any_id(),
                  set={"subject": self.dice.choice(SUBJECTS)})
        self.silent = True

    def page_size(self):
        self.side("max_page_size", value=self.dice.choice((1, 2, 3, 7, 1000)))

    def hide(self):
        """The second project: archived, or its permission lost, and back."""
        if not os.path.exists(self.sync.state_file):
            return
        self.hidden = not self.hidden
        if self.dice.random() < 0.5:
            self.side("archive", project=2, archived=self.hidden)
        else:
            self.side("grant", user="syncbot", project=2,
                      sees=not self.hidden)
        if not self.hidden:
            self.side("archive", project=2, archived=False)
            self.side("grant", user="syncbot", project=2)
        self.silent = True

    def skew(self):
        """The server's clock is another."""
        self.clock = self.dice.choice((0, 3600, 5400)) * 1000
        self.side("clock", offset_ms=self.clock)
        self.latest = max(self.latest, self.clock)
        self.behind |= self.clock < self.latest or self.late > 0

    def remap(self):
        self.mapping = self.dice.choice(
            [n for n in range(len(MAPPINGS)) if n != self.mapping])
        if self.trace:
            print("#   mapping %d" % self.mapping, flush=True)
        self.sync.configure(mapping=MAPPINGS[self.mapping])
        self.silent = True  # the other reads what was not asked for

    # --- What happens meanwhile ---------------------------------------------

    def args(self):
        return self.dice.choice(((), (), ("--full",), ("--reconcile",)))

    def run(self, *wrapper, args=()):
        code, said = self.sync.under(*wrapper, args=args)
        if self.trace:
            print("#   pass %r: %d\n%s" % (args, code, "".join(
                "#     %s\n" % s for s in said.splitlines())), end="")
        if code not in (0, 3, 69, 77, 78, KILLED):
            raise Failed("exit %d\n%s" % (code, said))
        return code, said

    def poll(self):
        self.run(args=self.args())

    def kill(self):
        at = int(self.dice.expovariate(1 / 120)) + 1
        how = self.dice.choice(("before", "after"))
        if self.trace:
            print("#   kill %s %d" % (how, at), flush=True)
        code, _ = self.run(CALLS, "-n", str(at), "-a", how, args=self.args())
        self.kills += code == KILLED

    def fault(self):
        for _ in range(self.dice.randint(1, 3)):
            self.side("fault", match=self.dice.choice(PLACES),
                      after=self.dice.choice((0, 0, 1, 3)),
                      times=self.dice.choice((1, 2, -1)),
                      **self.dice.choice(FAULTS))
            self.faults += 1
        self.run(args=self.args())
        self.side("faults/clear")

    def revoked(self):
        self.side("key", user="syncbot", key=None)
        self.run(args=self.args())
        self.side("key", user="syncbot", key="walkerkey")

    def lost_state(self):
        """The index of it all is gone; what a release would let go, too."""
        if self.hidden:
            return  # what is hidden can only be made again when it is shown
        for more in ("", "-wal", "-shm"):
            if os.path.exists(self.sync.state_file + more):
                os.unlink(self.sync.state_file + more)
        self.silent = True

    def stale(self):
        """What a killed git left."""
        folder = os.path.join(self.sync.store, ".git")
        if os.path.isdir(folder):
            open(os.path.join(folder, self.dice.choice((
                "index.lock", "HEAD.lock", "refs/heads/main.lock"))),
                 "w").close()

    STEPS = (
        (30, edit), (4, edit_tied), (5, edit_late), (8, create), (5, delete),
        (6, move), (5, parent), (8, attach), (4, detach), (4, replace),
        (6, relate), (3, unrelate), (4, comment), (8, rename), (3, forget),
        (3, retitle), (2, page_size), (3, hide), (2, skew), (3, remap),
        (12, poll), (10, kill), (10, fault), (2, revoked),
        (1, lost_state), (2, stale))

    def step(self):
        weights = [w for w, _ in self.STEPS]
        self.dice.choices(self.STEPS, weights)[0][1](self)

    # --- Quiet --------------------------------------------------------------

    def visible(self, tree):
        """Without what is hidden, and so neither here nor there."""
        return {path: text for path, text in tree.items()
                if not (self.hidden and "/demo-2/" in "/" + path)}

    def well(self, *args, codes=(0,)):
        """A pass with nothing in its way."""
        code, said = self.run(args=args)
        if code == 78 and self.hidden and self.sync.head() is None:
            return  # it never saw that project
        if code not in codes:
            raise Failed("a quiet pass %r ends with %d:\n%s" % (
                args, code, said))

    def quiet(self):
        """No more changes, until all of them must have been seen.  Until
        that is read in full, a pass may meet what is gone."""
        gone = (0, 3) if self.silent or self.hidden else (0,)
        for _ in range(self.late + 1):
            self.well(codes=gone)
        self.late = 0
        self.late_ids.clear()
        if self.silent or self.behind:
            self.well("--full" if self.behind else self.dice.choice((
                "--full", "--reconcile")), codes=gone)
        self.silent = False
        self.behind = self.clock < self.latest
        self.compare()

    def compare(self):
        if self.hidden and self.sync.head() is None:
            return
        self.compared += 1
        shown = "[demo-1]" if self.hidden else "[demo-1, demo-2]"
        with self.sync.sibling(projects=shown) as other:
            done = other.once("--full")
            if done.code != 0:
                raise Failed("a store from nothing: %r" % done)
            # What is hidden is here still, for those that link to it.
            linked = self.hidden and self.mapping > 0
            if other.shape()[0] != self.sync.shape()[0] and not linked:
                why = differences(self.visible(self.sync.tree()),
                                  self.visible(other.tree()))
                if why:
                    raise Failed(why)
        flaws = self.sync.flaws()
        if flaws:
            raise Failed("\n".join(flaws))
        head = self.sync.head()
        self.well(*self.args())
        if self.sync.head() != head:
            raise Failed("a commit without a change:\n%s" % self.sync.git(
                "show", "--stat", "HEAD").out)


def walk(kind, seed, steps, trace=False):
    """One walk: the walk that ended, and why it failed, or None."""
    w = kind(seed, trace)
    try:
        for number in range(1, steps + 1):
            if trace:
                print("# step %d" % number, flush=True)
            w.step()
            if w.dice.random() < w.QUIET or number == steps:
                w.quiet()
        w.end()
    except Failed as failed:
        return w, "seed %d, step %d: %s\n%s --seed %d --steps %d" % (
            seed, number, failed, os.path.basename(sys.argv[0]), seed, number)
    finally:
        w.close()
    return w, None


def main(kind, steps, numbers, where):
    """Walks of a kind: a few, or in a soak many."""
    tap = Tap()
    if option("--seed"):
        _, why = walk(kind, int(option("--seed")),
                      int(option("--steps") or steps), "--trace" in sys.argv)
        tap.ok(why is None, "seed " + option("--seed"), why)
        return tap.end()
    first = int(option("--first") or 1)
    walks = []
    for seed in range(first, first + size(*numbers)):
        w, why = walk(kind, seed, steps)
        walks.append(w)
        if why or not seed % 10 or seed < 10:
            tap.ok(why is None, "walk %d" % seed, why)
    figure(steps * len(walks), "steps walked" + where)
    figure(sum(w.compared for w in walks), "comparisons with a store from "
           "nothing" + where)
    figure(sum(w.kills for w in walks), "kills survived on the walk" + where)
    figure(sum(w.faults for w in walks), "faults met on the walk" + where)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main(Walk, STEPS, (6, 200), ""))
