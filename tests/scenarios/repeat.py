#!/usr/bin/python3
"""Syncing again where nothing changed: one request a poll, nothing written,
nothing committed."""
import os
import sys
import urllib.parse

from harness import StandIn, Sync, Tap, until


def written(sync):
    """Size and time of everything in the store, folders included."""
    found = {}
    for folder, _, names in os.walk(sync.store):
        for path in [folder] + [os.path.join(folder, n) for n in names]:
            seen = os.lstat(path)
            found[path] = (seen.st_size, seen.st_mtime_ns)
    return found


def changed(before, after):
    return sorted(p for p in set(before) | set(after)
                  if before.get(p) != after.get(p))


def is_poll(request):
    path = urllib.parse.unquote(request["path"])
    return (request["method"] == "GET" and request["status"] == 200 and
            path.startswith("/api/v3/work_packages?filters=[") and
            "updatedAt" in path and "includeSubprojects=false" in path)


def once(tap, server, sync):
    sync.once()
    head = sync.head()
    tree = sync.tree()
    server.side("requests/reset")
    done = sync.once()
    asked = server.requests()
    tap.same(done.code, 0, "a second pass goes well")
    tap.same([is_poll(r) for r in asked], [True],
             "it asks one question: the poll")
    tap.same((sync.head(), sync.commits()), (head, 1), "it commits nothing")
    server.side("requests/reset")
    sync.once("--full")
    tap.ok(any("elements" in r["path"] for r in server.requests()),
           "a full pass asks for all ids")
    tap.same((sync.head(), sync.commits()), (head, 1),
             "and commits nothing either")
    tap.same([r["path"] for r in server.requests()
              if r["path"].endswith("/content")], [],
             "attachments are not fetched again")
    tap.tree(sync.tree(), tree, "the same tree")
    tap.tree(sync.scratch(), tree, "which a store from nothing has, too")


def settled(server):
    """Is the overlap over, so that a poll gets nothing at all?"""
    polls = [r for r in server.requests() if is_poll(r)]
    return len(polls) >= 4


def daemon(tap, server, sync):
    sync.start()
    server.side("requests/reset")
    until(lambda: settled(server))
    server.side("requests/reset")
    before = written(sync)
    until(lambda: len(server.requests()) >= 3)
    asked = server.requests()
    tap.same([r for r in asked if not is_poll(r)], [],
             "a daemon only polls")
    tap.same(changed(before, written(sync)), [],
             "and writes nothing while nothing changes")
    low = [urllib.parse.unquote(r["path"]) for r in asked][-1]
    tap.ok('"2026-11-22T08:02:42.483000Z"' in low,
           "from behind the last change: the server sends nothing", low)
    tap.same(sync.stop(), 0, "it ends when told to")
    tap.same(sync.commits(), 1, "still one commit")
    tap.same(sync.flaws(), [], "in a repository without a flaw")


def main():
    tap = Tap()
    with StandIn() as server, Sync(server.url) as sync:
        once(tap, server, sync)
        daemon(tap, server, sync)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
