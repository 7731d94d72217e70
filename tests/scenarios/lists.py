#!/usr/bin/python3
"""Lists of attachments are asked for only where a document reads them."""
import re
import sys

from harness import StandIn, Sync, Tap

LIST = re.compile(r"/work_packages/(\d+)/attachments$")
ENTRY = """
documents:
- path: "${ id }.md"
  %s
"""


def asked(server):
    """The work packages whose lists were asked for."""
    found = (LIST.search(r["path"]) for r in server.requests())
    return [int(m.group(1)) for m in found if m]


def listed(tap, name, mapping, wanted):
    """A pass with a mapping: wanted judges how many lists it asked for."""
    with StandIn() as server, Sync(server.url, mapping=mapping) as sync:
        done = sync.once()
        lists = asked(server)
        documents = [p for p in sync.tree() if p.endswith(".md")]
        tap.ok(done.code in (0, 3) and
               wanted(len(lists), len(documents)), name,
               "%d lists, %d documents\n%r" % (
                   len(lists), len(documents), done))
        tap.same(len(lists), len(set(lists)), name + ": none twice")


def main():
    tap = Tap()
    listed(tap, "all, where all are saved", ENTRY % "attachments: all",
           lambda lists, documents: lists == documents > 10)
    listed(tap, "none, where none are",
           ENTRY % "attachments: none\n  body: ${ description.raw }",
           lambda lists, documents: lists == 0 and documents > 10)
    listed(tap, "some, where bodies may refer to them",
           ENTRY % "body: ${ description.raw }",
           lambda lists, documents: 0 < lists < documents)
    listed(tap, "none, where no condition fits",
           ENTRY % "match: { where: \"${ id < 0 }\" }\n  attachments: all",
           lambda lists, documents: (lists, documents) == (0, 0))
    listed(tap, "all, where a condition reads them",
           ENTRY % "match: { where: \"${ attachments | length < 0 }\" }",
           lambda lists, documents: lists > 10 and documents == 0)
    listed(tap, "one, where the condition comes to read it",
           ENTRY % "match: { where: \"${ id == 4330 and attachments }\" }",
           lambda lists, documents: (lists, documents) == (1, 0))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
