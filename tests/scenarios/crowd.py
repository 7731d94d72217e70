#!/usr/bin/python3
"""All places at the control socket are taken by clients that ask nothing."""
# waits for most of its time
import json
import socket
import sys
import time

from harness import StandIn, Sync, Tap


def connect(sync):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(sync.socket)
    return s


def crowded(tap, server, sync):
    server.side("fault", {"match": "/api/v3/work_packages?", "times": 1,
                          "delay_ms": 14000})
    waiting = connect(sync)
    waiting.sendall(b'{"command":"resync","wait":true}\n')
    idle = [connect(sync) for _ in range(127)]
    for s in idle:
        s.sendall(b'{"command":')
    with connect(sync) as s:
        got = s.recv(65536)
        tap.ok(b"too many clients (128)" in got and
               json.loads(got)["code"] == -2 and s.recv(65536) == b"",
               "one too many is told so", got)
    done = sync.opsync("status", "--check")
    tap.ok(done.code == 1 and "too many clients" in done.out,
           "which to monitoring is no dead daemon", done)
    done = sync.opsync("status")
    tap.ok(done.code == 75 and "too many clients" in done.err,
           "nor to people", done)
    time.sleep(10.1)
    done = sync.opsync("status")
    tap.ok(done.code == 0 and "running" in done.out,
           "who has said nothing for a while makes way", done)
    got = idle[0].recv(65536)
    tap.ok(b"nothing was asked for 10 s" in got and
           idle[0].recv(65536) == b"", "and is told why", got)
    idle[1].sendall(b'"hello"}\n')
    got = idle[1].recv(65536)
    tap.ok(b'"end":true,"code":0' in got, "the others are heard", got)
    got = b""
    while b'"end":true' not in got:
        part = waiting.recv(65536)
        if not part:
            break
        got += part
    tap.ok(b'"result":0' in got, "who waits for a pass hears of its end", got)
    for s in [waiting, *idle]:
        s.close()


def main():
    tap = Tap()
    with StandIn() as server:
        with Sync(server.url, schedule="{ poll: 1h, overlap: 1s }") as sync:
            sync.start()
            crowded(tap, server, sync)
            tap.same(sync.stop(), 0, "it ends when told to")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
