#!/usr/bin/python3
"""commit: { author: last-editor }: a commit has the person as its author who
made the change in OpenProject, if it was one; for one request a change, and
without an e-mail address."""
import socket
import sys
import threading

from harness import StandIn, Sync, Tap

MAPPING = """
documents:
- name: all
  match: {}
  path: ${ id }.md
  front_matter: { title: "${ subject }" }
"""
COMMIT = "commit: { author: last-editor, by: %s }"
DAEMON = "opsync <opsync@localhost>"


def edit(server, ident, subject, user, **more):
    """An edit, and the activity that tells of it."""
    server.side("edit", {"id": ident, "set": {"subject": subject}})
    server.side("comment", dict({"work_package": ident, "raw": "",
                                 "user": user, "silent": True}, **more))


def log(sync, form="%an <%ae>", *more):
    return sync.git("log", "--format=" + form, *more).out.splitlines()


def asked(server, what):
    return len([r for r in server.requests() if what in r["path"]])


def passes(tap, server, sync, wanted, name):
    done = sync.once()
    tap.same((done.code, log(sync)[0]), (0, wanted), name)


def one_a_pass(tap, server, sync, ida):
    tap.same((sync.once().code, log(sync)), (0, [DAEMON]),
             "where nobody is known it is the daemon")
    server.side("requests/reset")
    edit(server, 1, "By one", 6)
    passes(tap, server, sync, ida, "one person's change")
    tap.same(log(sync, "%cn <%ce>")[0], DAEMON, "committed by the daemon")
    tap.same((asked(server, "/activities"), asked(server, "/users/6")),
             (1, 1), "one request for it, and one for a name")
    server.side("requests/reset")
    edit(server, 1, "By one again", 6)
    edit(server, 2, "By the same", 6)
    passes(tap, server, sync, ida, "two more of theirs")
    tap.same((asked(server, "/activities"), asked(server, "/users/6")),
             (2, 0), "one request each, and none for the name")
    edit(server, 1, "By another", 7)
    edit(server, 2, "By the first", 6)
    passes(tap, server, sync, DAEMON, "two people's changes")
    edit(server, 3, "By one", 6)
    server.side("comment", {"work_package": 3, "raw": "secret", "user": 7,
                            "internal": True})
    passes(tap, server, sync, ida, "who wrote internally is not told")
    edit(server, 3, "By nobody who is shown", 4242)
    passes(tap, server, sync, DAEMON, "somebody who is not shown")
    edit(server, 3, "By one again", 6)
    server.side("delete", {"id": 4})
    done = sync.once("--full")
    tap.same((done.code, log(sync)[0]), (0, DAEMON),
             "who removed a work package is not known")
    server.side("fault", {"match": "/activities", "status": 500,
                          "times": -1})
    edit(server, 3, "Whoever it was", 6)
    passes(tap, server, sync, DAEMON, "a commit can do without")
    server.side("faults/clear")
    server.side("requests/reset")
    tap.same(sync.once("--full").code, 0, "all is read again")
    tap.same(asked(server, "/activities"), 0,
             "and nobody asked for who changed nothing")
    tap.tree(sync.tree(), sync.scratch(), "as from nothing")
    tap.same(sync.flaws(), [], "without a flaw")


def one_a_change(tap, server, ida):
    with Sync(server.url, projects="[demo-1]",
              mapping=MAPPING.replace("path:", "comments: public\n  path:"),
              more=COMMIT % "work-package") as sync:
        sync.once()
        head = sync.head()
        server.side("requests/reset")
        edit(server, 1, "By the one", 6)
        edit(server, 2, "By the other", 7)
        other = server.get("/api/v3/users/7").json()["name"]
        tap.same(sync.once().code, 0, "a commit a change")
        tap.same(sorted(log(sync, "%s|%an", head + "..")), [
            "1: By the one|" + ida.split(" <")[0],
            "2: By the other|" + other], "each with its own author")


def shown_by_address(tap, server):
    """Whose name is an address has none."""
    server.side("rename", {"kind": "user", "id": 7, "name": "ada@example.org"})
    with Sync(server.url, projects="[demo-1]", mapping=MAPPING,
              more=COMMIT % "pass") as sync:
        sync.once()
        edit(server, 1, "By who has an address", 7)
        passes(tap, server, sync, DAEMON, "a person shown by an address")


def by_address(tap, server):
    """A server that has no name, but an address with colons."""
    def relay(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        target.close()

    def accept():
        while True:
            try:
                one = door.accept()[0]
            except OSError:
                return
            other = socket.create_connection(
                ("127.0.0.1", int(server.url.split(":")[-1])))
            for pair in ((one, other), (other, one)):
                threading.Thread(target=relay, args=pair, daemon=True).start()

    door = socket.create_server(("::1", 0), family=socket.AF_INET6)
    threading.Thread(target=accept, daemon=True).start()
    with Sync("http://[::1]:%d" % door.getsockname()[1],
              projects="[demo-1]", mapping=MAPPING,
              more=COMMIT % "pass") as sync:
        sync.once()
        edit(server, 1, "By an address", 6)
        sync.once()
        tap.ok(log(sync)[0].endswith(" <user-6@noreply.[::1]>"),
               "a server at an address", log(sync))
    door.close()


def main():
    tap = Tap()
    with StandIn("--generate", "6") as server:
        name = server.get("/api/v3/users/6").json()["name"]
        ida = "%s <user-6@noreply.127.0.0.1>" % name
        with Sync(server.url, projects="[demo-1]", mapping=MAPPING,
                  more=COMMIT % "pass") as sync:
            one_a_pass(tap, server, sync, ida)
            sync.configure(more="commit: { author: ida }")
            done = sync.once()
            tap.ok(done.code == 78 and
                   "author: is daemon or last-editor" in done.err,
                   "another word is an error", done)
        one_a_change(tap, server, ida)
        by_address(tap, server)
        shown_by_address(tap, server)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
