#!/usr/bin/python3
"""Every example as it is, over all that was recorded: nothing fails, nothing
is left out, a second pass changes nothing; what the vault and the archive
promise."""
import glob
import os
import re
import sys

import sites
import yaml
from harness import ROOT, StandIn, Tap

PICTURE = re.compile(r"!\[[^]]*\]\((\S+?)(?: [^)]*)?\)|<img[^>]* src=\"([^\"]*)")


def check_sync(tap, server, name):
    """One pass and another; the tree."""
    with sites.sync_of(server, name) as sync:
        done = sync.once()
        there = len(server.state()["workPackages"])
        made = sum(path.endswith(".md") for path in sync.tree())
        tap.ok(done.code == 0 and made == there,
               name + ": every work package makes a document", done)
        head = sync.head()
        done = sync.once("--full")
        tap.ok(done.code == 0 and sync.head() == head,
               name + ": another pass changes nothing", done)
        return sync.tree()


def head_of(text):
    return yaml.safe_load(text.decode().split("---\n")[1])


def check_vault(tap, tree):
    notes = {os.path.basename(p)[:-3] for p in tree if p.endswith(".md")}
    lost = []
    for path in tree:
        if not path.endswith(".md"):
            continue
        text = tree[path].decode()
        lost += [path + ": " + link
                 for link in re.findall(r"\[\[(wp-\d+)\]\]", text)
                 if link not in notes]
        lost += [path + ": " + src for pair in PICTURE.findall(text)
                 for src in pair if src and "://" not in src and
                 os.path.dirname(path) + "/" + src not in tree]
    tap.same(lost, [], "obsidian: links and pictures lead somewhere")
    child = tree["ccm/wp-16.md"]
    tap.same(head_of(child)["up"], "[[wp-15]]", "obsidian: up to the parent")
    tap.ok(b"\n- [[wp-16]] " in tree["ccm/wp-15.md"],
           "obsidian: down to the children", tree["ccm/wp-15.md"].decode())


def check_archive(tap, tree, server):
    files = [f for path in tree if path.endswith("index.md")
             for f in head_of(tree[path])["files"]]
    tap.same(sorted(f["id"] for f in files),
             sorted(a["id"] for a in server.state()["attachments"]),
             "archive: every attachment is kept")
    text = tree["ccm/4/index.md"].decode()
    tap.ok(re.search(r"\n# Comments\n\n\*\*OpenProject Admin\*\*, [-\d]+ "
                     r"[\d:]+\n\nWell said\.\n$", text) and
           "Between us" not in text, "archive: with comments", text)
    keys = {tuple(head_of(tree[path])) for path in tree
            if path.endswith("index.md")}
    tap.same(len(keys), 1, "archive: the keys are always the same")


def main():
    tap = Tap()
    with StandIn() as server:
        sites.be_recorded_here(server)
        for raw, internal in (("Well said.", False), ("Between us", True)):
            server.side("comment", {"work_package": 4, "raw": raw,
                                    "user": 6, "internal": internal})
        for path in sorted(glob.glob(ROOT + "/examples/*.yaml")):
            name = os.path.basename(path)[:-len(".yaml")]
            tree = check_sync(tap, server, name)
            if name == "obsidian":
                check_vault(tap, tree)
            if name == "archive":
                check_archive(tap, tree, server)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
