#!/usr/bin/python3
"""A running daemon follows every kind of change with one commit that holds
just that; afterwards the store is what one made from nothing is."""
import sys

from harness import StandIn, Sync, Tap, edit, until

CURATED = "content/communities/chronic-care-management/curated-content/"
TOUCHED = "content/articles/touch-renamed/index.md"
TOPICS = "[\"KLAS: Telehealth\"]"


class Follow:
    """A daemon, and what its commits change."""

    def __init__(self, tap, server, sync):
        self.tap = tap
        self.server = server
        self.sync = sync

    def commit(self, name, changes, order=None, command=None):
        """After an order, or a command, one commit with these changes."""
        sync = self.sync
        commits = sync.commits()
        if order is not None:
            self.server.side(*order)
        if command is not None:
            done = sync.opsync(*command)
            self.tap.same(done.code, 0, name + ": the command")
        until(lambda: sync.commits() > commits)
        self.tap.same((sync.commits() - commits, self.changes()),
                      (1, sorted(changes)), name)
        self.tap.tree(sync.tree(), sync.scratch(), name + ": as from nothing")

    def changes(self):
        got = self.sync.git("-c", "core.quotePath=false", "show", "--format=",
                            "--name-status", "--no-renames", "HEAD").out
        return sorted(got.splitlines())

    def quiet(self, name, order):
        """An order that makes no document: the server was asked, and then."""
        sync = self.sync
        head = sync.head()
        self.server.side(*order)
        tap_code = sync.opsync("resync", "--wait").code
        self.tap.same((tap_code, sync.head()), (0, head), name)


def mdname(sync, ident):
    """The file that a work package of the seeds' mapping has."""
    mark = ("\nid: %d\n" % ident).encode()
    return [p for p, text in sync.tree().items()
            if p.endswith(".md") and mark in text][0]


def attributes(f):
    sync = f.sync
    f.commit("a changed description", ["M\t" + TOUCHED],
             edit(26, description="Other words."))
    f.tap.ok(b"Other words.\n" in sync.tree()[TOUCHED], "it has the words")
    f.commit("a changed subject moves the document", [
        "D\t" + TOUCHED, "A\tcontent/articles/a-new-name/index.md"],
        edit(26, subject="A new name"))
    f.commit("a changed custom field", [
        "M\t" + CURATED + "ae314a10-087e-5172-9ccb-96c60985cfb7.md"],
        edit(4330, customField3=TOPICS))
    old = mdname(sync, 3397)
    f.server.side(*edit(3397, subject="Now called so"))
    until(lambda: mdname(sync, 3397) != old)
    new = mdname(sync, 3397)
    f.tap.same(f.changes(), sorted([
        "D\t" + old, "A\t" + new,
        "D\t" + old.replace(".md", "-featuredImage.jpeg"),
        "A\t" + new.replace(".md", "-featuredImage.jpeg")]),
        "attachments move with their document, in one commit")
    f.tap.tree(sync.tree(), sync.scratch(), "as from nothing")


def closed(f):
    f.commit("a closed work package keeps its document",
             ["M\tcontent/articles/a-new-name/index.md"],
             edit(26, status=26))
    f.commit("and is followed like others",
             ["M\tcontent/articles/a-new-name/index.md"],
             edit(26, description="Written after it was closed."))


def come_and_go(f):
    fields = {"subject": "Brand new", "project": 1, "type": 15,
              "description": "x", "category": 3}
    f.commit("a new work package", ["A\tcontent/articles/brand-new/index.md"],
             ("edit", {"id": 5000, "set": fields}))
    f.quiet("a new one that no entry fits", ("edit", {
        "id": 5001, "set": dict(fields, type=8)}))
    f.server.side("delete", {"id": 5000})
    f.commit("a deleted one", ["D\tcontent/articles/brand-new/index.md"],
             command=("resync", "--full", "--wait"))


def attachments(f):
    sync = f.sync
    folder = "content/articles/a-new-name/"
    f.commit("an attachment comes", ["A\t" + folder + "paper.pdf",
                                     "M\t" + folder + "index.md"],
             ("attach", {"id": 900, "work_package": 26,
                         "file_name": "paper.pdf", "content": "first"}))
    f.tap.same(sync.tree().get(folder + "paper.pdf"), b"first",
               "with its bytes")
    commits = sync.commits()
    f.server.side("detach", {"id": 900, "silent": True})
    f.commit("another takes its name", ["M\t" + folder + "paper.pdf",
                                        "M\t" + folder + "index.md"],
             ("attach", {"id": 901, "work_package": 26,
                         "file_name": "paper.pdf", "content": "second"}))
    f.tap.same((sync.tree().get(folder + "paper.pdf"), sync.commits()),
               (b"second", commits + 1), "with the other bytes")
    f.commit("it goes", ["D\t" + folder + "paper.pdf",
                         "M\t" + folder + "index.md"],
             ("detach", {"id": 901}))


def withheld(f):
    """The server's scanner looks at a file after it was published, and a
    large one is there before its bytes are."""
    sync = f.sync
    folder = "content/articles/a-new-name/"
    paper = {"id": 902, "work_package": 26, "file_name": "paper.pdf",
             "content": "ill"}
    f.commit("an attachment that is ill", ["A\t" + folder + "paper.pdf",
                                           "M\t" + folder + "index.md"],
             ("attach", paper))
    f.commit("is found to be", ["D\t" + folder + "paper.pdf",
                                "M\t" + folder + "index.md"],
             ("attach", dict(paper, set={"status": "quarantined"})))
    got = sync.opsync("log", "--json", "--event", "quarantined").json()
    f.tap.ok([e["work_package"] for e in got] == [26] and
             "attachment 902 (paper.pdf)" in got[0]["text"],
             "which is told", got)
    f.commit("and was not, after all", ["A\t" + folder + "paper.pdf",
                                        "M\t" + folder + "index.md"],
             ("attach", dict(paper, set={"status": "scanned"})))
    f.server.side("detach", {"id": 902, "silent": True})
    draft = {"id": 903, "work_package": 26, "file_name": "new.pdf",
             "content": "new"}
    f.server.side("requests/reset")
    f.commit("an upload begins", ["D\t" + folder + "paper.pdf",
                                  "M\t" + folder + "index.md"],
             ("attach", dict(draft, set={
                 "status": "prepared", "fileSize": None, "digest": {
                     "algorithm": "md5", "hash": ""}})))
    f.tap.ok(not [r for r in f.server.requests()
                  if "/attachments/903" in r["path"]],
             "its contents are not asked for", f.server.requests())
    f.commit("and ends", ["A\t" + folder + "new.pdf",
                          "M\t" + folder + "index.md"], ("attach", draft))
    f.commit("and it goes", ["D\t" + folder + "new.pdf",
                             "M\t" + folder + "index.md"],
             ("detach", {"id": 903}))


def retyped(f):
    folder = "content/articles/a-new-name/"
    f.commit("no entry fits any more", ["D\t" + folder + "index.md"],
             edit(26, type=8))
    f.commit("one fits again", ["A\t" + folder + "index.md"],
             edit(26, type=15))
    name = mdname(f.sync, 4)
    f.commit("another entry takes over", [
        "D\t" + name, "A\tcontent/articles/every-custom-field-format/"
        "index.md"], edit(4, customField2=""))


def moved(f):
    folder = "content/articles/a-new-name/"
    f.server.side(*edit(26, project=2))
    f.commit("it moves to a project out of scope",
             ["D\t" + folder + "index.md"],
             command=("resync", "--full", "--wait"))
    f.commit("and back", ["A\t" + folder + "index.md"],
             edit(26, project=1))


def main():
    tap = Tap()
    guard = "guard: { max_delete: { share: 100% } }"
    with StandIn() as server, Sync(server.url, more=guard) as sync:
        sync.start()
        follow = Follow(tap, server, sync)
        for part in (attributes, closed, come_and_go, attachments, withheld,
                     retyped, moved):
            part(follow)
        tap.same(sync.flaws(), [], "a repository without a flaw")
        tap.same(sync.leaks(), [], "the key is nowhere")
        tap.same(sync.stop(), 0, "it ends when told to")
        tap.ok("failed in" not in sync.said().replace(" 0 failed in", ""),
               "and nothing failed", sync.said())
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
