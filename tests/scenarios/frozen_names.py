#!/usr/bin/python3
"""Wherever the mapping decides by a name: when the server calls that thing
otherwise, what depends on it stays as it is."""
import sys

from harness import StandIn, Sync, Tap

WORLD = ("--generate", "20", "--projects", "2")
SECTIONS = """
constants:
  %s: { section: kitchen }
  '*': { section: misc }
documents:
- path: content/${ const.section }/${ id }.md
  front_matter: { title: "${ subject }" }
"""


def stays(tap, sync, before, said, name, known=False):
    done = sync.once("--reconcile")
    tap.ok((said in done.err and ("stays as it is" in done.err or
                                 "stay as they are" in done.err)) != known,
           name + ": is said, once", done)
    tap.tree(sync.tree(), before, name + ": nothing goes, nothing changes")
    status = sync.opsync("status")
    tap.ok("frozen" in status.out and said in status.out,
           name + ": status says so", status)
    sync.once()
    tap.tree(sync.tree(), before, name + ": after a new start, too")


def thaws(tap, sync, name):
    done = sync.once("--reconcile")
    tap.ok(done.code == 0 and "frozen" not in sync.opsync("status").out,
           name + ": thaws it", done)
    tap.tree(sync.tree(), sync.scratch(), name + ": as from nothing")


def constants(tap, projects):
    """A project has constants of its own, by its identifier."""
    with StandIn(*WORLD) as server, Sync(
            server.url, projects=projects,
            mapping=SECTIONS % "demo-1") as sync:
        sync.once()
        before = sync.tree()
        for name in ("new-1", "demo-1"):
            server.side("rename", {"kind": "project", "id": 1,
                                   "name": "Demo 1", "identifier": name})
            if name == "new-1":
                stays(tap, sync, before, "'demo-1', which the server calls "
                      "'new-1' now", "constants, projects: " + projects)
                server.side("edit", {"id": 1, "set": {"subject": "Other"}})
                server.side("edit", {"id": 2, "set": {"subject": "Other"}})
                done = sync.once("--reconcile")
                tap.ok("it is called 'new-1' now" in done.err,
                       "that it is known so no more is said, too", done)
                tap.same(sum(b"Other" in t for t in sync.tree().values()), 1,
                         "the other project goes on")
        thaws(tap, sync, "the old identifier")
        server.side("rename", {"kind": "project", "id": 1, "name": "Demo 1",
                               "identifier": "new-1"})
        sync.once("--reconcile")
        sync.configure(mapping=SECTIONS % "new-1")
        thaws(tap, sync, "the new one in the constants")


PLAIN = """
documents:
- path: ${ id }.md
  front_matter: { title: "${ subject }" }
"""

# Where a status may be named, with @ for New.
PLACES = {
    "in front matter": PLAIN.replace(
        "title:", "draft: \"${ status.name == '@' }\", title:"),
    "in if()": PLAIN.replace(
        "title:", "state: \"${ if(not (status.name in ['@', 'Closed']), "
        "'live', 'draft') }\", title:"),
    "in $when": PLAIN.replace(
        "title:", "draft: { $when: \"${ status.name == '@' }\", "
        "$value: true }, title:"),
    "in let": PLAIN.replace(
        "- path: ", "- let: { draft: \"${ status.name | match('@') }\" "
        "}\n  path: ${ if(draft, 'drafts', 'live') }/"),
    "in a list of let": PLAIN.replace(
        "- path:", "- let: { drafts: [Closed, '@'], "
        "state: \"${ status.name }\" }\n  path:").replace(
        "title:", "draft: \"${ state in drafts }\", title:"),
    "in the body": PLAIN + "  body: \"${ if(status.name != '@', "
        "'live', 'draft') }\"\n",
    "as a key": "constants: { '*': { words: { '@': draft, Closed: done "
        "} } }\n" + PLAIN.replace(
            "title:", "state: \"${ const.words[status.name] ?? 'live' }\", "
            "title:"),
    "in a constant that is one": "constants: { '*': { pub: '@' } }\n" +
        PLAIN.replace("- path:", "- match: { where: "
                      "'${ status.name == const.pub }' }\n  path:"),
    "in a constant that is a list": "constants: { '*': { pub: [Closed, "
        "'@'] } }\n" + PLAIN.replace(
            "- path:", "- match: { where: '${ status.name in const.pub }' "
            "}\n  path:"),
}


def places(tap):
    """A status that is named wherever an expression may name it."""
    with StandIn("--generate", "20") as server:
        for place, mapping in PLACES.items():
            with Sync(server.url, projects="[demo-1]",
                      mapping=mapping.replace("@", "New")) as sync:
                sync.once()
                before = sync.tree()
                server.side("rename", {"kind": "status", "id": 1,
                                       "name": "Fresh"})
                stays(tap, sync, before,
                      "'New', which the server calls 'Fresh' now", place)
                sync.configure(mapping=mapping.replace("@", "Fresh"))
                thaws(tap, sync, place + ": the new name")
                sync.configure(mapping=mapping.replace("@", "New"))
                server.side("rename", {"kind": "status", "id": 1,
                                       "name": "New"})
                thaws(tap, sync, place + ": the old one")


def followed_in_part(tap):
    """The configuration follows in match:, but not in front matter."""
    mapping = PLAIN.replace("- path:", "- match: { status: [New] }\n  path:")
    mapping = mapping.replace("title:", "draft: \"${ status.name == 'New' }\","
                              " title:")
    with StandIn("--generate", "20") as server, Sync(
            server.url, projects="[demo-1]", mapping=mapping) as sync:
        sync.once()
        before = sync.tree()
        server.side("rename", {"kind": "status", "id": 1, "name": "Fresh"})
        sync.once("--reconcile")
        sync.configure(mapping=mapping.replace("[New]", "[Fresh]"))
        stays(tap, sync, before, "'New', which the server calls 'Fresh' now",
              "followed in part", known=True)
        sync.configure(mapping=mapping.replace("New", "Fresh"))
        thaws(tap, sync, "followed")


def other_texts(tap):
    """A text that is compared with something else is no status."""
    mapping = PLAIN.replace(
        "title:", "new: \"${ type.name == 'New' or subject == 'New' }\", "
        "label: \"${ if(status.isClosed, 'Closed', 'New') }\", "
        "state: \"${ status.name }\", title:")
    with StandIn("--generate", "20") as server, Sync(
            server.url, projects="[demo-1]", mapping=mapping) as sync:
        sync.once()
        server.side("rename", {"kind": "status", "id": 1, "name": "Fresh"})
        thaws(tap, sync, "a text that is no status: nothing")
        tap.ok(any(b"state: Fresh" in t for t in sync.tree().values()),
               "what only shows the name follows")


def main():
    tap = Tap()
    places(tap)
    followed_in_part(tap)
    other_texts(tap)
    for projects in ("'*'", '["1", "2"]'):
        constants(tap, projects)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
