#!/usr/bin/python3
"""The manual of the mapping language: every example in it is run.

In docs/mapping.md,
  ```expression  has lines EXPRESSION → JSON, or EXPRESSION → error: WORDS;
  ```yaml        is a mapping, which must be accepted; the next fence, if it
                 follows before another heading, says what comes of it:
  ```markdown    the documents, byte for byte;
  ```error       the words of the error, and the place.
All are tried on the work package in tests/fixtures/manual.
"""
import json
import os
import re
import sys

import yaml

from harness import Sync, Tap, read

MANUAL = "docs/mapping.md"
FIXTURE = "tests/fixtures/manual/"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$|^(#+ )", re.M | re.S)
ARROW = re.compile(r"\s+→\s+")
NO_FIT = "no entry of documents: fits"
CONFIG_TAIL = """
server: { url: https://openproject.example.org, token: { env: NONE } }
projects: [recipes]
store: /nonexistent
"""


def blocks(text):
    """(line, kind, text) of each fenced block; kind "" for a heading."""
    for m in FENCE.finditer(text):
        line = text.count("\n", 0, m.start()) + 1
        yield line, m.group(1) or "", m.group(2)


def opsync(sync, mapping, command="render", *more):
    path = sync.write("manual.yaml", mapping + CONFIG_TAIL)
    return sync.run(sync.CLIENT, command, "--config", path,
                    FIXTURE + "work_package.json", "--schema",
                    FIXTURE + "schema.json", "--attachments",
                    FIXTURE + "attachments", *more)


def front_matter(values):
    """A mapping whose front matter has these expressions."""
    return "documents: " + json.dumps([
        {"path": "p.md", "attachments": "none", "front_matter": {
            "e%d" % i: "${ %s }" % v for i, v in enumerate(values)}}],
        ensure_ascii=False)


def rows(text):
    for line in text.splitlines():
        if line.strip():
            expression, result = ARROW.split(line)
            yield expression, result


def try_values(tap, sync, line, given):
    done = opsync(sync, front_matter([e for e, _ in given]))
    if done.code != 0:
        tap.ok(False, "expressions in line %d" % line, done)
        return
    made = yaml.safe_load(done.out.split("---\n")[1])
    for i, (expression, result) in enumerate(given):
        tap.same(json.dumps(made["e%d" % i], ensure_ascii=False),
                 json.dumps(json.loads(result), ensure_ascii=False),
                 "line %d: %s" % (line, expression))


def try_error(tap, sync, line, expression, words):
    done = opsync(sync, front_matter([expression]))
    tap.ok(done.code in (65, 78) and words in done.err,
           "line %d: %s fails" % (line, expression), done)


def try_expressions(tap, sync, line, text):
    values = []
    for expression, result in rows(text):
        if result.startswith("error: "):
            try_error(tap, sync, line, expression, result[7:])
        else:
            values.append((expression, result))
    if values:
        try_values(tap, sync, line, values)


def try_mapping(tap, sync, line, mapping, result):
    """result: (kind, text) of what the manual says, or None."""
    done = opsync(sync, mapping)
    name = "mapping in line %d" % line
    if result is None:
        tap.ok(done.code == 0 or NO_FIT in done.err, name, done)
    elif result[0] == "markdown":
        tap.same((done.err, done.out), ("", result[1]), name)
    else:
        said = done.err.replace(os.path.join(sync.folder, "manual.yaml"),
                                "opsync.yaml")
        said = said.replace(FIXTURE, "")
        tap.same((done.code in (65, 78), said), (True, result[1]), name)


def try_all(tap, sync, text):
    all_blocks = list(blocks(text))
    for i, (line, kind, block) in enumerate(all_blocks):
        if kind == "expression":
            try_expressions(tap, sync, line, block)
        elif kind == "yaml":
            after = all_blocks[i + 1] if i + 1 < len(all_blocks) else (0, "")
            says = after[1] in ("markdown", "error")
            try_mapping(tap, sync, line, block,
                        (after[1], after[2]) if says else None)


def all_filters():
    """The names in the table of filters."""
    table = read("content/filters.c").decode()
    return re.findall(r'^\t\{"(\w+)", \d', table, re.M)


def main():
    tap = Tap()
    text = read(MANUAL).decode()
    with Sync("http://127.0.0.1:1") as sync:
        try_all(tap, sync, text)
    for name in all_filters():
        tap.ok("| `%s" % name in text, "the filter %s has a row" % name)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
