#!/usr/bin/python3
"""Paths that work packages ask for: over-long, reserved, twins in all but
case or composition, folders where files are; they keep to the store, and a
document takes its attachments along."""
import os
import sys

from harness import StandIn, Sync, Tap

MAPPING = """
documents:
- name: all
  match: {}
  path: "${ subject }.md"
  attachments: all
  body: "${ id }"
  emit: { final_newline: false }
"""
FOLDERS = MAPPING.replace('"${ subject }.md"', '"${ subject }/index.md"')
GUARD = "guard: { max_delete: { share: 100%, count: 1000 } }"
COUNT = 12
NAMES = ("n" * 300, "\u6771" * 200, "CON", "aux.txt", "..", ".", ".git",
         "../../up", "a//b", "/absolute", "trailing. ", " space ",
         "tab\there", "line\nbreak", "nul\x01", "a:b*c?d", "\\back\\slash",
         "-rf", ".hidden", "git~1", "COM1", "e\u0301", "\u00e9",
         "\u202eevil", "~", "index", "\u200b", "100%", "a&b", "'quoted'")


def edit(ident, subject):
    return "edit", {"id": ident, "set": {"subject": subject}}


def holder(sync, ident):
    """The path of a work package's document."""
    found = [p for p, text in sync.tree().items()
             if p.endswith(".md") and
             text.split(b"---")[-1].strip() == b"%d" % ident]
    return found[0] if len(found) == 1 else found


def is_safe(path):
    return all(part not in ("", ".", "..") and len(part.encode()) <= 255 and
               part.lower() not in (".git", "git~1") and
               all(ord(c) >= 32 and c != "\\" for c in part)
               for part in path.split("/"))


def files(folder):
    """All files below a folder, but for git's."""
    return {os.path.relpath(os.path.join(at, name), folder)
            for at, folders, names in os.walk(folder)
            if ".git" not in os.path.relpath(at, folder).split("/")
            for name in names}


class World:
    def __init__(self, tap, server, sync):
        self.tap = tap
        self.server = server
        self.sync = sync

    def after(self, name, *orders, args=()):
        for order in orders:
            self.server.side(*order)
        commits = self.sync.commits()
        done = self.sync.once(*args)
        self.tap.same((done.code, self.sync.commits() - commits), (0, 1),
                      name)
        self.tap.tree(self.sync.tree(), self.sync.scratch(),
                      name + ": as from nothing")
        self.tap.same(files(self.sync.store), set(self.sync.tree()),
                      name + ": nothing else is in the work tree")


def odd(tap, mapping):
    """Every odd name, all at once, then taken away one by one."""
    with StandIn("--generate", str(len(NAMES))) as server, Sync(
            server.url, projects="[demo-1]", mapping=mapping,
            more=GUARD) as sync:
        for number, name in enumerate(NAMES):
            server.side(*edit(number + 1, name))
        done = sync.once()
        tree = sync.tree()
        tap.ok(done.code in (0, 3), "odd names are no crash", done)
        tap.same([p for p in tree if not is_safe(p)], [],
                 "they lead nowhere")
        tap.same(len({p.lower() for p in tree}), len(tree),
                 "no two are twins")
        made = sum(bool(holder(sync, n + 1)) for n in range(len(NAMES)))
        failed = len(sync.opsync("--json", "status").json()[0]["errors"])
        tap.same(made + failed, len(NAMES),
                 "each has a document, or says why not")
        tap.ok(made >= 10 and failed >= 10, "some of them one way each",
               sync.opsync("status"))
        tap.tree(tree, sync.scratch(), "as from nothing")
        tap.same(files(sync.store), set(tree), "the work tree has just them")
        tap.same(sync.flaws(), [], "a repository without a flaw")
        for number in range(len(NAMES)):
            server.side(*edit(number + 1, "plain %d" % number))
        tap.same(sync.once().code, 0, "plain names again")
        tap.same(set(sync.tree()) & set(tree), set(), "the odd are gone")
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        tap.same(files(sync.store), set(sync.tree()),
                 "and left nothing behind")


def twins(w):
    w.after("one path", edit(1, "Same"), edit(2, "other"))
    w.after("the same but for case", edit(2, "same"))
    w.after("they change places", edit(1, "same"), edit(2, "Same"))
    w.after("case alone changes", edit(1, "SAME"))
    w.after("composition alone", edit(3, "caf\u00e9"), edit(4, "cafe\u0301"))
    w.after("the first is deleted", ("delete", {"id": 1}),
            args=("--reconcile",))
    w.tap.ok(holder(w.sync, 2).startswith("Same"), "the second has the path",
             sorted(w.sync.tree()))


def rings(w):
    for ident in range(1, 7):
        w.server.side("attach", {"id": 900 + ident, "work_package": ident,
                                 "file_name": "a.txt",
                                 "content": "of %d" % ident})
    w.after("with attachments", *[edit(n, "p%d" % n) for n in range(1, 7)])
    w.after("six in a ring", *[edit(n, "p%d" % (n % 6 + 1))
                               for n in range(1, 7)])
    tree = w.sync.tree()
    own = [tree.get(os.path.dirname(holder(w.sync, n)) + "/a.txt")
           for n in range(1, 7)]
    w.tap.same(own, [b"of %d" % n for n in range(1, 7)],
               "each took its attachment along")
    w.after("all want one path", *[edit(n, "one") for n in range(1, 7)])
    w.after("and part", *[edit(n, "q%d" % n) for n in range(1, 7)])


def attachment_folder(w):
    """An attachment's name is the folder of another's document."""
    w.server.side("attach", {"id": 950, "work_package": 1,
                             "file_name": "sub", "content": "a file"})
    w.after("a file", edit(1, "top"))
    w.server.side("detach", {"id": 950})
    w.after("becomes a folder", edit(2, "top/sub"))
    w.after("and is no more", edit(2, "elsewhere"))


def recorded(tap):
    """Removal goes by what was recorded, whatever the mapping says now."""
    with StandIn("--generate", str(COUNT)) as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            more=GUARD) as sync:
        for ident in range(1, COUNT + 1):
            server.side(*edit(ident, "wp%d" % ident))
        sync.once()
        server.side("delete", {"id": 3})
        server.side(*edit(4, "moved"))
        sync.configure(mapping=MAPPING.replace(
            "${ subject }.md", "new/${ subject | upper }.md"))
        done = sync.once("--reconcile")
        tap.same(done.code, 0, "another mapping, and one deleted")
        tap.ok(not any(p.startswith("wp") for p in sync.tree()),
               "no old path is left", sorted(sync.tree()))
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        tap.same(files(sync.store), set(sync.tree()), "nor in the work tree")


def main():
    tap = Tap()
    odd(tap, MAPPING)
    odd(tap, FOLDERS)
    for part, mapping in ((twins, MAPPING), (rings, FOLDERS),
                          (attachment_folder, FOLDERS)):
        with StandIn("--generate", str(COUNT)) as server, Sync(
                server.url, projects="[demo-1]", mapping=mapping,
                more=GUARD) as sync:
            for ident in range(1, COUNT + 1):
                server.side(*edit(ident, "wp%d" % ident))
            sync.once()
            part(World(tap, server, sync))
            tap.same(sync.flaws(), [], "a repository without a flaw")
    recorded(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
