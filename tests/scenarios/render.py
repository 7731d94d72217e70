#!/usr/bin/python3
"""opsync render: a document on standard output, made of files alone."""
import json
import os
import re
import shutil
import sys
import tomllib

import yaml
from harness import Sync, Tap, read

RECORDED = "tests/openproject/recorded/"
SCHEMA = RECORDED + "schema_1_15.json"
NOWHERE = "http://127.0.0.1:1"
STAMPS = re.compile(rb"^((?:date|lastMod): ).*$", re.M)


def without_stamps(text):
    return STAMPS.sub(rb"\1", text)


def render(sync, *args):
    """Without a key, a store or a server."""
    return sync.run(sync.CLIENT, "render", "--config", sync.config, *args)


def seeds(tap, sync, contents):
    for ident, seed in ((4330, "000.md"), (3397, "001.md")):
        done = render(sync, RECORDED + "work_package_%d.json" % ident,
                      "--schema", SCHEMA, "--attachments", contents)
        tap.same((done.code, done.err), (0, ""), "%d renders" % ident)
        tap.same(without_stamps(done.out.encode()),
                 without_stamps(read("tests/fixtures/seeds/" + seed)),
                 "%d is the seed, but for the stamps" % ident)
    done = render(sync, RECORDED + "work_package_3.json",
                  "--schema", SCHEMA, "--attachments", contents)
    tap.same(done.out.encode(), read("tests/fixtures/seeds/article.md"),
             "the article is the seed")
    done = render(sync, "--schema", SCHEMA, "--attachments", contents,
                  RECORDED + "work_package_3397.json")
    tap.same(done.code, 0, "options may come first")


def missing_contents(tap, sync):
    done = render(sync, RECORDED + "work_package_3397.json",
                  "--schema", SCHEMA)
    tap.ok(done.code == 65 and done.out == "" and "9311" in done.err and
           "Curated_Featured_Image.jpg" in done.err and
           "--attachments DIR" in done.err,
           "contents that are needed are asked for", done)
    named = os.path.join(sync.folder, "named")
    os.mkdir(named)
    shutil.copy("tests/openproject/contents/9311",
                os.path.join(named, "Curated_Featured_Image.jpg"))
    done = render(sync, RECORDED + "work_package_3397.json",
                  "--schema", SCHEMA, "--attachments", named)
    tap.ok(done.code == 0 and b"href: 1b161ec0" in done.out.encode(),
           "and found by their names", done)
    sync.configure(mapping="""documents:
- path: a.md
  attachments: all
  body: ${ description.raw }
""")
    done = render(sync, RECORDED + "work_package_14.json")
    tap.ok(done.code == 0 and "(inline_pic.png)" in done.out,
           "and not for files that are only named", done)
    sync.configure(mapping=None)


def ways_out(tap, sync, contents):
    """What a file lacks, and how it is given."""
    item = RECORDED + "work_package_3397.json"
    done = render(sync, item, "--attachments", contents)
    tap.ok(done.code == 65 and "custom fields" in done.err and
           "--schema FILE" in done.err, "a schema that is needed", done)
    sync.configure(mapping="")
    done = render(sync, item, "--attachments", contents)
    tap.same((done.code, done.err), (0, ""), "one that is not")
    sync.configure(mapping="""documents:
- comments: public
  path: a.md
  attachments: none
  body: ["${ comments | length }"]
""")
    done = render(sync, item)
    tap.ok(done.code == 65 and "activities" in done.err,
           "comments that are needed", done)
    sync.configure(mapping=None)


def variant(sync, name, change):
    item = json.loads(read(RECORDED + "work_package_4330.json"))
    change(item)
    return sync.write(name, json.dumps(item))


def without_projects(item):
    item["_embedded"] = {"attachments": item["_embedded"]["attachments"]}
    text = json.dumps(item["_links"]).replace("/projects/ccm/", "/nothing/")
    item["_links"] = json.loads(text)


def linked(item, link):
    without_projects(item)
    item["_links"]["self"]["href"] = link


def identifiers(tap, sync):
    """Which project it is of: embedded, in links, or not said."""
    fits = {"": 0}
    for name, change, code, noted in (
            ("embedded", lambda i: i["_embedded"]["project"].update(
                identifier="other"), 65, False),
            ("links", lambda i: i["_embedded"].pop("project"), 0, False),
            ("other-links", lambda i: (
                i["_embedded"].pop("project"), i.update(_links=json.loads(
                    json.dumps(i["_links"]).replace(
                        "/projects/ccm/", "/projects/other/")))), 65, False),
            ("cut", lambda i: linked(i, "/projects/ccm"), 0, True),
            ("empty", lambda i: linked(i, "/projects//x"), 0, True),
            ("asked", lambda i: linked(i, "/projects/ccm?x"), 0, True),
            ("unsaid", without_projects, 0, True)):
        done = render(sync, variant(sync, name + ".json", change),
                      "--schema", SCHEMA)
        tap.ok(done.code == code and
               ("note: " in done.err and "any match.project fits" in done.err
                ) == noted, "the identifier: " + name, done)
        fits[name] = done.out
    tap.same(fits["links"], fits["unsaid"], "the same document")
    sync.configure(url=NOWHERE + "/projects")
    for ident, code in (("ccm", 0), ("other", 65)):
        done = render(sync, variant(sync, "below.json", lambda i, to=ident: (
            i["_embedded"].pop("project"), i.update(_links=json.loads(
                json.dumps(i["_links"]).replace(
                    "/projects/ccm/", "/projects/%s/" % to).replace(
                        '"href": "/', '"href": "/projects/'))))),
                      "--schema", SCHEMA)
        tap.ok(done.code == code and "note: " not in done.err,
               "of a server below /projects: " + ident, done)
    sync.configure(url=NOWHERE)


PLAIN = """documents:
- name: plain
  match: { project: [ccm] }
  path: ${ project.identifier ?? "nobody" }/${ id }.md
  body: ${ subject }
"""


def as_json(tap, sync):
    """One object a document, with nothing masked; of a project that is not
    known, as well."""
    sync.configure(mapping=PLAIN)
    wp = variant(sync, "json.json", lambda i: (
        without_projects(i), i.update(subject="a\u009b\u202e\"b")))
    done = render(sync, wp, "--json")
    tap.ok(done.code == 0 and done.out.count("\n") == 1,
           "render --json: an object a line", done)
    one = json.loads(done.out) if done.out[:1] == "{" else {}
    tap.same((one.get("id"), one.get("entry"), one.get("path"),
              "a\u009b\u202e\"b" in one.get("text", "")),
             (4330, "plain", "nobody/4330.md", True),
             "with its path; what is not known is null")
    sync.configure(mapping="")


def strange_schemas(tap, sync):
    wp = RECORDED + "work_package_15.json"
    for schema, noted in (("schema_1_8", False), ("schema_1_15", True)):
        done = render(sync, wp, "--schema", RECORDED + schema + ".json")
        tap.ok(("is of type 15 in project 1, and " + wp + " of type 8" in
                done.err) == noted, "the note on " + schema, done)


def mistakes(tap, sync):
    wp = RECORDED + "work_package_4330.json"
    bare = sync.write("bare.json", "[1, 2")
    huge = sync.write("huge.json", "")
    os.truncate(huge, (64 << 20) + 1)
    for name, args, code, words in (
            ("no work package", (), 64, ["which work package?"]),
            ("two of them", (wp, wp), 64, ["unexpected argument"]),
            ("an unknown option", (wp, "--shema", SCHEMA), 64,
             ["unknown option '--shema' (did you mean '--schema'?)"]),
            ("no such file", ("none.json",), 65, ["none.json"]),
            ("no JSON", (bare,), 65, ["bare.json"]),
            ("a folder", (sync.folder,), 65, [sync.folder, "directory"]),
            ("a number that none has", ("0",), 65, ["0: No such file"]),
            ("more than a work package", (huge,), 65, ["more than 64 MiB"]),
            ("a schema that is none", (wp, "--schema", bare), 65,
             ["bare.json"]),
            ("no such schema", (wp, "--schema", "none.json"), 65,
             ["none.json"]),
            ("no schema", (wp,), 65, []),
            ("one that no entry fits",
             (RECORDED + "work_package_15.json", "--schema",
              RECORDED + "schema_1_8.json"), 65,
             ["no entry of documents: fits work package 15"])):
        done = render(sync, *args)
        tap.ok(done.code == code and done.out == "" and
               all(w in done.err for w in words), name, done)
    done = sync.run(sync.CLIENT, "rendr", wp)
    tap.ok(done.code == 64 and "did you mean 'render'?" in done.err,
           "an unknown command", done)
    done = sync.run(sync.CLIENT, "render", wp)
    tap.ok(done.code in (64, 78) and "--config" in done.err,
           "no configuration", done)


def defaults(tap, sync):
    """The mapping that serves where none is configured."""
    sync.configure(mapping="")
    done = render(sync, RECORDED + "work_package_4330.json")
    tap.ok(done.code == 0 and done.out.startswith("---\ntitle: How Tech") and
           "status: New\n" in done.out and "@" not in done.out.split("---")[1],
           "the default mapping needs no schema and names no people", done)
    tap.same(os.path.exists(sync.store), False, "nothing is written")


DATA = """documents:
- path: data/${ id }.%s
  front_matter: { title: "${ subject }", tags: [a, b] }
  emit: { format: %s }
"""


def data_files(tap, sync):
    """Without a body, a file that is named so holds data and nothing else."""
    item = RECORDED + "work_package_4330.json"
    title = json.loads(read(item))["subject"]
    for ending, form, load in (
            ("yaml", "yaml", yaml.safe_load), ("yml", "yaml", yaml.safe_load),
            ("toml", "toml", tomllib.loads), ("json", "json", json.loads)):
        sync.configure(mapping=DATA % (ending, form))
        done = render(sync, item)
        try:
            tap.same(load(done.out), {"title": title, "tags": ["a", "b"]},
                     "data in a ." + ending)
        except (yaml.YAMLError, tomllib.TOMLDecodeError) as error:
            tap.ok(False, "data in a .%s: %s" % (ending, error), done)
    for name, ending, more in (("another ending", "md", ""),
                               ("a body", "yaml", "  body: x\n")):
        sync.configure(mapping=DATA % (ending, "yaml") + more)
        done = render(sync, item)
        tap.same((done.out.count("---\n"), done.out.startswith("---\n")),
                 (2, True), "with %s it is front matter" % name)
    sync.configure(mapping="")


def main():
    tap = Tap()
    contents = "tests/openproject/contents"
    with Sync(NOWHERE) as sync:
        os.unlink(os.path.join(sync.folder, "token"))
        seeds(tap, sync, contents)
        missing_contents(tap, sync)
        ways_out(tap, sync, contents)
        identifiers(tap, sync)
        strange_schemas(tap, sync)
        mistakes(tap, sync)
        data_files(tap, sync)
        defaults(tap, sync)
        as_json(tap, sync)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
