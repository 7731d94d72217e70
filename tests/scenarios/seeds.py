#!/usr/bin/python3
"""The documents that a real pipeline made, from OpenProject to the commit:
byte for byte, with their attachments, in a repository without a flaw."""
import os
import re
import sys

from harness import StandIn, Sync, Tap, read

CURATED = "content/communities/chronic-care-management/curated-content/"
FIRST = "ae314a10-087e-5172-9ccb-96c60985cfb7"
SECOND = "1b161ec0-bbcf-5822-bc37-2e077a1b3ceb"
ARTICLE = ("content/articles/part-3-diving-deeper-into-the-role-of-human-"
           "connection-between-providers-patients/")
FRAGMENT = (b"/ways-to-increase-patient-retention-with-ccm/#:~:text=Patient%20"
            b"retention%20is%20one%20of,and%20higher%20quality%20of%20care")


def documents(tap, tree):
    tap.same(tree.get(CURATED + FIRST + ".md"),
             read("tests/fixtures/seeds/000.md"), "the first seed")
    tap.same(tree.get(CURATED + SECOND + ".md"),
             read("tests/fixtures/seeds/001.md"), "the second seed")
    picture = CURATED + SECOND + "-featuredImage.jpeg"
    tap.ok(tree.get(picture) == read("tests/openproject/contents/9311"),
           "its featured image, under its name", picture)
    tap.ok(CURATED + FIRST + "-featuredImage.jpeg" not in tree,
           "a document without a picture has none")


def article(tap, tree):
    text = tree.get(ARTICLE + "index.md", b"")
    tap.same(text, read("tests/fixtures/seeds/article.md"),
             "the article, whole")
    tap.ok(FRAGMENT in text, "a reference keeps its #:~:text= fragment")
    tap.ok(b"src=\"hero.png\"" in text, "its body shows the hero image")
    tap.ok(b"- professional\n- organization-development\n" in text,
           "its category")
    tap.ok(tree.get(ARTICLE + "hero.png") ==
           read("tests/openproject/contents/2"), "the hero image beside it")
    tap.ok(tree.get(ARTICLE + "references.pdf") ==
           read("tests/openproject/contents/3"), "and its PDF")


def repository(tap, sync):
    tap.same(sync.flaws(), [], "fsck is content, work tree and HEAD agree, "
             "all files are 100644")
    files = {}
    for folder, _, names in os.walk(sync.store):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), sync.store)
            if not path.startswith(".git/"):
                files[path] = read(os.path.join(folder, name))
    tap.tree(files, sync.tree(), "the work tree holds the same bytes")
    tap.same(sync.commits(), 1, "one commit")
    message = sync.git("log", "-1", "--format=%B").out
    tap.ok(re.fullmatch(
        r"Add 5 documents\n\n"
        r"Opsync-Instance: opsync\n"
        r"Opsync-Run: 1\n"
        r"Opsync-Cursor: 2026-11-22T08:02:42\.482000Z\n"
        r"Opsync-Mapping: [0-9a-f]{64}\n*", message),
        "its subject and trailers", message)
    tap.same(sync.git("log", "-1", "--format=%aI").out.strip(),
             "2026-11-22T07:53:00+00:00",
             "its author date is the newest change that it holds")
    tap.same(sync.leaks(), [], "the key is nowhere")


def reader(tap, server):
    """A key that sees one project only makes the same documents."""
    with Sync(server.url, key="syncbotkey") as bot, Sync(server.url) as admin:
        tap.same((bot.once().code, admin.once().code), (0, 0),
                 "a key that sees less is enough")
        tap.tree(bot.tree(), admin.tree(), "and makes the same")


def main():
    tap = Tap()
    with StandIn() as server:
        with Sync(server.url) as sync:
            done = sync.once()
            tap.same(done.code, 0, "a pass goes well")
            tap.ok("5 added" in done.err and "0 failed" in done.err,
                   "and says what it did", done)
            tree = sync.tree()
            documents(tap, tree)
            article(tap, tree)
            tap.same(len(tree), 8, "and nothing else")
            repository(tap, sync)
        tap.same({r["method"] for r in server.requests()}, {"GET"},
                 "the server was only read from")
        reader(tap, server)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
