#!/usr/bin/python3
"""More projects and types than are asked for each time: a custom field that
none has is an error there, too, and one that some have is found."""
import os
import sys

from harness import StandIn, Sync, Tap

PROJECTS = 290  # of seven types each
MAPPING = """
documents:
- path: ${ project.identifier }/${ id }.md
  front_matter: { x: "${ cf.%s }" }
"""


def asked(server):
    """How many lists of schemas."""
    n = sum("/schemas?" in r["path"] for r in server.requests())
    server.side("requests/reset")
    return n


def synced(tap, server):
    with Sync(server.url, projects="'*'", mapping=MAPPING % "Wieght") as sync:
        asked(server)
        done = sync.once()
        tap.ok(done.code == 78 and "no custom field 'Wieght' (did you mean "
               "'Weight'?)" in done.err, "a name that no schema has", done)
        tap.same(asked(server), 21, "it was looked for everywhere")
    with Sync(server.url, projects="'*'", mapping=MAPPING % "Weight") as sync:
        tap.same(sync.once().code, 0, "one that is there")
        tap.ok(asked(server) < 4, "is found with few questions")
        tap.same(sync.once("--reconcile").code, 0, "and known later")
        tap.ok(asked(server) < 4, "with few questions, too")
        tree = sync.tree()
        sync.configure(mapping=MAPPING % "Wieght")
        done = sync.once()
        tap.ok(done.code == 78 and "'Wieght'" in done.err,
               "another mapping has a mistake", done)
        tap.same(sync.tree(), tree, "and touches nothing")
        asked(server)
        sync.configure(mapping=MAPPING % "Late")
        done = sync.once()
        tap.ok(done.code == 0 and "12 changed" in done.err,
               "one that only the last project has", done)
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        sought(tap, server, sync)


def sought(tap, server, sync):
    """What was asked for all is not asked for ever after."""
    asked(server)
    tap.same(sync.once("--reconcile").code, 0, "all were asked for once")
    tap.ok(asked(server) < 4, "and later those that were met")
    server.side("field", {
        "project": PROJECTS, "type": 7, "key": "customField78",
        "schema": {"type": "String", "name": "Young"}})
    sync.configure(mapping=MAPPING % "Young")
    tap.same(sync.once().code, 0, "one that came where nothing was met is found")
    asked(server)
    tap.same(sync.once("--reconcile").code, 0, "and known later")
    tap.ok(asked(server) < 4, "with few questions")


def at_once(tap, server):
    """opsync check and init ask for all."""
    with Sync(server.url, projects="'*'", mapping=MAPPING % "Late") as sync:
        done = sync.opsync("check")
        tap.ok(done.code == 0 and "reads the custom fields Late (text)" in
               done.out and "so are all names that it uses" in done.out,
               "check finds it", done)
        sync.configure(mapping=MAPPING % "Lately")
        done = sync.opsync("check")
        tap.ok(done.code == 78 and "'Lately' (did you mean 'Late'?)" in
               done.err, "and says what is nowhere", done)
        config = os.path.join(sync.folder, "new.yaml")
        done = sync.run(sync.CLIENT, "--config", config, "init", server.url,
                        "--token-file", os.path.join(sync.folder, "token"))
        with open(config, encoding="utf-8") as f:
            text = f.read()
        tap.ok(done.code == 0 and "Weight" in text and "Late" in text,
               "init writes the custom fields", done)


def main():
    tap = Tap()
    with StandIn("--generate", "12", "--projects", str(PROJECTS)) as server:
        server.side("field", {
            "project": PROJECTS, "type": 7, "key": "customField77",
            "schema": {"type": "String", "name": "Late"}})
        synced(tap, server)
        at_once(tap, server)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
