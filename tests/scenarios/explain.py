#!/usr/bin/python3
"""opsync explain: why a work package makes its document, or none."""
import json
import os
import sys

from harness import StandIn, Sync, Tap

FIXTURE = "tests/fixtures/manual/"
FILE = FIXTURE + "work_package.json"
MAPPING = """
documents:
- name: article
  match: { type: Article }
  path: a.md
- name: best
  match: { where: "${ cf.Rating > 4.8 }" }
  path: b.md
- name: other
  path: c/${ id }.md
  front_matter:
    slug: ${ subject | slug }
    topics: ${ cf.Teaser | json }
    cover: ${ attachments | first | image_format }
  body: ${ description.raw }
"""
ENTRIES = """article does not fit: match.type wants 'Article', but it is 'Recipe'
best does not fit:
  cf.Rating = 4.5
  match.where: cf.Rating > 4.8 = false
other fits
"""
SLUG = """other:
  subject = "Crème brûlée for beginners"
  | slug = "creme-brulee-for-beginners"
front_matter.slug = "creme-brulee-for-beginners"
"""


def explain(sync, *args):
    return sync.run(sync.CLIENT, "explain", "--config", sync.config,
                    "--schema", FIXTURE + "schema.json", *args)


def with_contents(sync, *args):
    return explain(sync, FILE, *args, "--attachments",
                   FIXTURE + "attachments")


def from_file(tap, sync):
    done = explain(sync, FILE)
    tap.same((done.code, done.out, done.err), (0, ENTRIES, ""), "entries")
    done = with_contents(sync, "slug")
    tap.same((done.code, done.out, done.err), (0, SLUG, ""), "a key")
    done = with_contents(sync, "path")
    tap.same(done.out, "other:\n  id = 42\npath = c/42.md\n", "the path")
    done = with_contents(sync, "front_matter.cover")
    tap.ok("| image_format = \"JPEG\"\n" in done.out and
           "note:" not in done.out, "contents are looked at", done)
    done = explain(sync, FILE, "cover")
    tap.ok("cover = null\nnote: contents of attachments" in done.out,
           "or it is said that they are not here", done)
    done = explain(sync, FILE, "topics")
    tap.ok("| json: not JSON at character 1" in done.out and
           "topics = null" not in done.out,
           "a key's error is seen without contents", done)


def as_json(tap, sync):
    for args in (("--json", "explain", FILE), ("explain", FILE, "--json")):
        done = sync.run(sync.CLIENT, "-c", sync.config, *args, "--schema",
                        FIXTURE + "schema.json")
        said = json.loads(done.out)
        tap.same((said["id"], said["key"], said["lines"]),
                 (42, None, ENTRIES.splitlines()), "for programs")
    done = explain(sync, FILE, "slug", "--json")
    tap.same(json.loads(done.out)["key"], "slug", "a key for programs")


def mistakes(tap, sync):
    for name, args, code, words in (
            ("no work package", (), 64, "which work package?"),
            ("too much", (FILE, "slug", "path"), 64, "unexpected argument"),
            ("no such key", (FILE, "slugg"), 64, "has the key 'slugg'"),
            ("no such file", ("none.json",), 65, "none.json"),
            ("no store yet", ("42",), 69, "was never synced")):
        done = explain(sync, *args)
        tap.ok(done.code == code and words in done.err and not done.out,
               name, done)
    sync.configure(mapping=MAPPING.replace("Rating", "Calories"))
    done = explain(sync, FILE)
    tap.ok(done.code == 65 and done.out.startswith("article does not fit") and
           "best: match.where" in done.err and "'Calories'" in done.err,
           "what cannot be decided, behind what could", done)


def from_state(tap):
    with StandIn() as server, Sync(server.url) as sync:
        tap.ok(sync.once().code in (0, 3), "a pass", sync)
        done = sync.run(sync.CLIENT, "-c", sync.config, "explain", "4330")
        tap.ok(done.code == 0 and "curated-content fits\n" in done.out,
               "a work package of the store", done)
        done = sync.run(sync.CLIENT, "-c", sync.config, "explain", "4330",
                        "slug")
        tap.ok(done.code == 0 and "| strip_tld = " in done.out and
               "note:" not in done.out, "with its contents", done)
        done = sync.run(sync.CLIENT, "-c", sync.config, "explain", "999999")
        tap.ok(done.code == 64 and "not known here" in done.err,
               "one that is not there", done)


def main():
    tap = Tap()
    with Sync("http://127.0.0.1:1", projects="[recipes]",
              mapping=MAPPING) as sync:
        os.unlink(os.path.join(sync.folder, "token"))
        from_file(tap, sync)
        as_json(tap, sync)
        mistakes(tap, sync)
    from_state(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
