#!/usr/bin/python3
"""A server below a path of its host that is called like a collection of the
API: all links begin with it, and are read as those of any other."""
import sys

from harness import StandIn, Sync, Tap
from wire import Wire, made, split

GENERATED = ("--generate", "30", "--projects", "2")
MAPPING = """
documents:
- match: { type: [Task, Bug, Feature, Epic, Milestone, Phase, User story] }
  path: ${ project.identifier }/${ id }.md
  front_matter:
    project: ${ project.name }
    type: ${ type.name }
    status: ${ status.name }
    author: ${ author.name }
    assignee: ${ assignee.name }
    version: ${ version.name }
    audience: ${ cf.Audience }
"""


class Below(Wire):
    """Puts a path before those of the server, in requests and in links."""

    def __init__(self, url, path):
        super().__init__(url, plain=True)
        self.path = path.encode()
        self.url += path

    def fetch(self, head, path):
        self.forget()
        head, body = split(super().fetch(
            head.replace(b"GET " + self.path, b"GET ", 1), path))
        status = head.split(b"\r\n")[0].split(b" ", 1)[1].decode()
        return made(body.replace(b'"href":"/', b'"href":"%s/' % self.path),
                    status)


def synced(server, url):
    """What a store has of that address, and after names have changed."""
    with Sync(url, projects="'*'", mapping=MAPPING) as sync:
        trees = []
        for kind, ident, name in ((None, 0, ""), ("user", 8, "Ada"),
                                  ("version", 1, "Nought"),
                                  ("user", 7, "bot@example.org")):
            if kind:
                server.side("rename", {"kind": kind, "id": ident,
                                       "name": name})
            done = sync.once("--reconcile")
            trees.append((done.code, "frozen" in sync.opsync("status").out,
                          sync.tree()))
        return trees


def prepare(server):
    for ident in range(1, 31):
        server.side("edit", {"id": ident, "set": {
            "author": 6 + ident % 3, "assignee": 7, "version": 1 + ident % 2,
            "customField1": 1 + ident % 5}})


def main():
    tap = Tap()
    with StandIn(*GENERATED) as server:
        prepare(server)
        wanted = synced(server, server.url)
    tap.ok(wanted[0][0] == 0 and len(wanted[0][2]) == 30, "as it should be",
           wanted)
    for path in ("/projects", "/users/types", "/op"):
        with StandIn(*GENERATED) as server, Below(server.url, path) as below:
            prepare(server)
            for got, want in zip(synced(server, below.url), wanted):
                tap.same(got[:2], want[:2], path + ": a good pass")
                tap.tree(got[2], want[2], path + ": the same documents")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
