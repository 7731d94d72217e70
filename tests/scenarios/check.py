#!/usr/bin/python3
"""opsync check: the configuration by itself, and against the server's names
as the state remembers them."""
import json
import os
import sys

from harness import StandIn, Sync, Tap

MAPPING = """
documents:
- name: curated
  match: { project: ccm, type: Curated Content, where: "${ cf.cleanUrl }" }
  path: c/${ id }.md
  front_matter: { topics: "${ cf.medigyTopics }" }
- name: rest
  path: ${ id }.md
"""
OUTLINE = """curated: project 'ccm', type 'Curated Content', where cf.cleanUrl
  makes c/${ id }.md
  reads the custom fields 'cleanUrl', 'medigyTopics'
rest: every work package
  makes ${ id }.md
"""


def check(sync, *args):
    return sync.run(sync.CLIENT, "check", "--config", sync.config, *args)


def by_itself(tap, sync):
    done = check(sync)
    tap.same((done.code, done.err), (0, ""), "right by itself")
    tap.same(done.out, OUTLINE + sync.config + " is right by itself; the "
             "server's names are not known here yet\n", "what it says")
    tap.same(os.path.exists(sync.store), False, "nothing is written")
    sync.configure(mapping=MAPPING.replace("type:", "tpye:"))
    done = check(sync)
    tap.ok(done.code == 78 and "did you mean 'type'?" in done.err and
           done.out == "", "a mistake", done)
    sync.configure(mapping=MAPPING)
    done = check(sync, "more")
    tap.ok(done.code == 64, "wrong arguments", done)


def against_names(tap, sync):
    done = check(sync)
    tap.ok(done.code == 0 and done.out.startswith(OUTLINE) and
           "and so are all names that it uses\n" in done.out, "all right",
           done)
    done = check(sync, "--json")
    said = json.loads(done.out)
    tap.same((said["lines"], said["held_against"]),
             (OUTLINE.splitlines(), "names and custom fields"),
             "for programs")
    for name, right, wrong, words in (
            ("type", "Curated Content", "Curated Contents",
             "no type 'Curated Contents' (did you mean 'Curated Content'?)"),
            ("field", "cf.medigyTopics", "cf.medigyTopic",
             "'medigyTopic'"),
            ("project", "project: ccm", "project: cmm", "'cmm'")):
        sync.configure(mapping=MAPPING.replace(right, wrong))
        done = check(sync)
        tap.ok(done.code == 78 and words in done.err and
               "opsync.yaml:" in done.err and done.out == "",
               "an unknown " + name, done)
    sync.configure(mapping=MAPPING, projects="[ccm, nowhere]")
    done = check(sync)
    tap.ok(done.code == 78 and "'nowhere'" in done.err,
           "a project that is not there", done)


def main():
    tap = Tap()
    with StandIn() as server, Sync(server.url, mapping=MAPPING) as sync:
        by_itself(tap, sync)
        done = sync.once()
        tap.ok(done.code in (0, 3), "a pass", done)
        against_names(tap, sync)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
