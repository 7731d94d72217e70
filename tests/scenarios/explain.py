#!/usr/bin/python3
"""opsync explain: why a work package makes its document, or none."""
import json
import os
import socket
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
    done = explain(sync, FILE, "body")
    tap.ok("\nbody = \"Sugar, cream & fire.\\n\\n![The crust](crust.png)" in
           done.out and "[shopping list](/api/v3/attachments/72/content)" in
           done.out and "in the document = " in done.out and
           "[shopping list](shopping_list.pdf)" in
           done.out.split("in the document = ")[1],
           "the body, as it is read and as it is written", done)
    sync.configure(mapping=MAPPING.replace("body: ", "body: Plain. # "))
    done = explain(sync, FILE, "body")
    tap.same(done.out, "other:\nbody = \"Plain.\"\n"
             "in the document = \"Plain.\"\n", "one without references")
    sync.configure(mapping=MAPPING)
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
        left_out(tap, server, sync)


def left_out(tap, server, sync):
    """What makes no document is asked for: with the key, or by the daemon."""
    items = server.state()["workPackages"]

    def in_project(name):
        project = next(p["id"] for p in server.state()["projects"]
                       if p["identifier"] == name)
        return [w["id"] for w in items if w["_links"]["project"]["href"]
                .endswith("/%d" % project)]
    made = {int(d["work_package"]) for d in sync.opsync(
        "--json", "log", "--event", "added").json()}
    task = next(i for i in in_project("ccm") if i not in made)
    foreign = in_project("ccm-sub")[0]

    def asks(how):
        done = sync.opsync("explain", str(task))
        tap.ok(done.code == 0 and "curated-content does not fit:\n"
               "  match.where: cf.cleanUrl = null\n" in done.out,
               "one that makes no document, " + how, done)
        done = sync.opsync("render", str(task))
        tap.ok(done.code == 65 and "no entry of documents: fits" in done.err,
               "to render it, " + how, done)
        for ident in (foreign, 999999):
            done = sync.opsync("explain", str(ident))
            tap.ok(done.code == 64 and not done.out and
                   str(ident) in done.err, "%d, which is not ours, %s" % (
                       ident, how), done)
    asks("with the key")
    sync.start()
    os.rename(sync.folder + "/token", sync.folder + "/away")
    asks("by the daemon")
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(sync.socket)
        said = s.makefile()
        for ident, code in ((task, 0), (foreign, -5), (999999, -5), (0, -10)):
            s.sendall(b'{"command":"work_package","work_package":%d}\n' %
                      ident)
            lines = [json.loads(said.readline())]
            while "end" not in lines[-1]:
                lines.append(json.loads(said.readline()))
            tap.ok(lines[-1]["code"] == code and
                   len(lines) == (2 if code == 0 else 1) and
                   "@example" not in str(lines),
                   "%d, asked of it directly" % ident, lines)
    sync.stop()
    done = sync.opsync("explain", str(task))
    tap.ok(done.code == 78 and "makes no document; and what it says could not "
           "be asked for: the key's file" in done.err, "by nobody", done)


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
