#!/usr/bin/python3
"""A slow full read: everything once a day, one request at a time, a part of
the time, beside the polls; it goes on where a kill ended it."""
# waits for most of its time
import contextlib
import signal
import sqlite3
import sys
import time
import urllib.parse

from harness import StandIn, Sync, Tap, until

MAPPING = """
documents:
- name: all
  match: {}
  path: ${ id }.md
  attachments: all
  front_matter: { title: "${ subject }" }
"""
ALWAYS = "{ poll: 1s, overlap: 1s, full: { every: %s, between: 00:00-24:00 } }"


def slices(server):
    """First ids of the batches that were asked for, in order."""
    found = []
    for request in server.requests():
        path = urllib.parse.unquote(request["path"])
        if "/work_packages?" in path and '"id":{' in path:
            ids = path.split('"values":["')[-1].split('"]')[0].split('","')
            found.append((int(ids[0]), len(ids), request["at"]))
    return found


def silent(ident, subject):
    return "edit", {"id": ident, "silent": True, "set": {"subject": subject}}


def finds(tap):
    """What changed without a trace is found, and nothing else is asked."""
    with StandIn("--generate", "500", "--attachments", "500",
                 "--attachment-size", "10") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            schedule=ALWAYS % "3s") as sync:
        sync.start()
        server.side(*silent(333, "Unseen"))
        server.side("requests/reset")
        got = until(lambda: b"Unseen" in sync.tree()["333.md"], 30)
        tap.ok(got, "what changed without a trace is found", sync.said())
        until(lambda: "read again, slowly" in sync.said())
        tap.tree(sync.tree(), sync.scratch(), "as from nothing")
        server.side("requests/reset")
        until(lambda: len(slices(server)) >= 3, 30)
        asked = slices(server)
        tap.ok(sum(n for _, n, _ in asked) >= 500 and
               [i for i, _, _ in asked[:3]] in (
                   [1, 201, 401], [201, 401, 1], [401, 1, 201]),
               "all are read, slice by slice", asked)
        tap.ok(all("attachments" not in r["path"]
                   for r in server.requests()),
               "no list of attachments is asked for again")
        tap.same(sync.stop(), 0, "the daemon ends well")


def yields(tap):
    """Slices take a while: polls come in between, and the pauses are kept."""
    with StandIn("--generate", "700") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING.replace(
                "attachments: all", "attachments: none"),
            schedule=ALWAYS % "3s", server="  share: 25%\n") as sync:
        sync.start()
        server.side("fault", {"match": "%22id%22", "times": -1,
                              "delay_ms": 400})
        server.side("requests/reset")
        until(lambda: len(slices(server)) >= 2, 30)
        server.side("edit", {"id": 7, "set": {"subject": "Polled"}})
        got = until(lambda: b"Polled" in sync.tree()["7.md"], 5)
        tap.ok(got and "read again, slowly" not in sync.said(),
               "polls come in between")
        number = len(slices(server))
        sync.stop(signal.SIGKILL)
        last = slices(server)[number - 1][0]
        server.side("requests/reset")
        sync.start()
        until(lambda: slices(server), 20)
        tap.ok(slices(server)[0][0] >= last - 200 > 0,
               "after a kill it goes on where it was",
               "%r %r" % (last, slices(server)))
        until(lambda: "read again, slowly" in sync.said(), 30)
        times = [at for _, _, at in slices(server)]
        gaps = [b - a for a, b in zip(times, times[1:])]
        tap.ok(gaps and min(gaps) > 1500000,
               "a quarter of the time, at most", gaps)
        tap.same(sync.stop(), 0, "the daemon ends well")


def hours(tap):
    """Only at its time of the day."""
    with StandIn("--generate", "10") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        now = time.time()
        span = "%s-%s" % tuple(
            time.strftime("%H:%M", time.gmtime(now + hours * 3600))
            for hours in (2, 3))
        sync.env["TZ"] = "UTC"
        sync.configure(schedule="{ poll: 1s, full: { every: 1s, between: "
                                "'%s' } }" % span)
        sync.start()
        server.side("requests/reset")
        until(lambda: len(server.requests()) >= 4, 20)
        tap.same(slices(server), [], "not at another time")
        sync.stop()
        sync.configure(schedule="{ poll: 1s, full: { between: nights } }")
        done = sync.once()
        tap.ok(done.code == 78 and "between:" in done.err,
               "what is no time of the day is refused", done)


def clock(tap):
    """The last one ended when this machine's clock was years ahead."""
    with StandIn("--generate", "10") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING,
            schedule=ALWAYS % "1h") as sync:
        sync.once()
        ahead = int((time.time() + 9 * 365 * 86400) * 1e6)
        with contextlib.closing(sqlite3.connect(sync.state_file)) as state:
            known = state.execute(
                "UPDATE value SET value = ? WHERE key = 'slow.ended'",
                (str(ahead),)).rowcount
            state.commit()
        server.side(*silent(3, "Unseen"))
        sync.start()
        got = until(lambda: "read again, slowly" in sync.said(), 10)
        tap.ok(known == 1 and got and b"Unseen" in sync.tree()["3.md"],
               "a clock that was ahead puts off no full read", sync.said())
        server.side("requests/reset")
        until(lambda: len(server.requests()) >= 3)
        tap.same(slices(server), [], "and the next one is due in its time")
        tap.same(sync.stop(), 0, "the daemon ends well")


def main():
    tap = Tap()
    for part in (finds, yields, hours, clock):
        part(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
