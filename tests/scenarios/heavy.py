#!/usr/bin/python3
"""Work packages with very many attachments: in little memory, and in time
though most contents are the same."""
# slow: sanitizers take many times the memory
import re
import sys

from harness import StandIn, Sync, Tap

MOST = 145  # MiB

MAPPING = """
documents:
- path: "${ id }/index.md"
  attachments: all
"""


def main():
    tap = Tap()
    with StandIn("--generate", "60", "--attachments", "60000",
                 "--attachment-size", "10") as server, Sync(
            server.url, projects="[demo-1]", mapping=MAPPING) as sync:
        path = sync.store
        sync.store = "{ path: %s, bare: true }" % path
        sync.configure()
        sync.start()
        with open("/proc/%d/status" % sync.process.pid) as f:
            most = int(re.search(r"VmHWM:\s+(\d+)", f.read())[1]) >> 10
        files = sync.run("git", "-C", path, "ls-tree", "-r", "HEAD")
        tap.ok(most < MOST, "sixty with a thousand each in little memory",
               "%d MiB" % most)
        tap.same(files.out.count("\n"), 60060, "and all of them")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
