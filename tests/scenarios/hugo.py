#!/usr/bin/python3
"""The examples for Hugo, built by the real hugo over all that was recorded:
no warning, no document lost to another, and every picture in its page."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import sites
from harness import StandIn, Tap, read

SITE = """baseURL = "http://site.example/"
title = "Site"
disableKinds = ["RSS", "sitemap"]
"""
# Each page names its file; pictures of the front matter are as themes do it.
PAGE = """<html><head><title>{{ .Title }}</title>
{{ with .File }}<meta name="file" content="{{ .Path }}">{{ end }}
</head><body>
{{ with .Params.cover }}<img src="{{ .image }}">{{ end }}
{{ with .Params.featuredImage -}}
<img src="/{{ path.Join $.File.Dir .href }}">{{ end }}
{{ .Content }}
</body></html>
"""
# What Hugo would take for pages, and fail at.
FILES = {900: ("notes.md", "{{< unknown >}}"),
         901: ("Page.HTML", "---\ntitle: [\n---\n"),
         902: ("list.org", "{{% nothing %}}"),
         903: ("amd", "of no kind"), 904: ("a.md.pdf", "a paper")}
LIST = """<html><head><title>{{ .Title }}</title></head><body>
{{ range .Pages }}<a href="{{ .RelPermalink }}">{{ .Title }}</a>
{{ end }}</body></html>
"""


def build(folder, tree, config, *options):
    """Have hugo build a site; what it made and what it said."""
    sites.write_files(folder, dict(tree, **{
        "hugo.toml": SITE + config,
        "layouts/_default/single.html": PAGE,
        "layouts/_default/list.html": LIST}))
    done = subprocess.run(
        ["hugo", "--source", folder, "--printPathWarnings", *options],
        env=dict(os.environ, HOME=folder), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return sites.Site(os.path.join(folder, "public")), done


def documents(tree):
    return {path[len("content/"):] for path in tree
            if path.startswith("content/") and path.endswith(".md")}


def aliases_of(text):
    """The aliases that a document asks for."""
    head = text.decode().split("\n---\n")[0]
    found = re.search(r"^aliases:((?:\n- .*)+| .*)$", head, re.M)
    return re.findall(r"/\S*", found.group(1)) if found else []


def check_aliases(tap, site, tree, name):
    """Each alias of a document leads to its page, and to no other's."""
    wrong = []
    for file, address in site.addresses.items():
        for alias in aliases_of(tree["content/" + file]):
            at = alias.rstrip("/") + "/index.html"
            leads = site.file_of(site.aliases.get(at, "/none"))
            if leads != site.file_of(address):
                wrong.append("%s of %s leads to %s" % (alias, file, leads))
    tap.ok(site.aliases and not wrong, name + ": aliases lead to their pages",
           "\n".join(wrong))


def check_pictures(tap, site, tree, name):
    for number, attachment, times in sites.PICTURES:
        file = sites.page_of(site, tree, "content/", number)
        own = [read(path) for path in site.pictures(file) if path]
        wanted = read("tests/openproject/contents/%d" % attachment)
        tap.ok(len(own) >= times and set(own) == {wanted},
               "%s: pictures of %d are in its page" % (name, number),
               "%s: %s" % (file, site.pages[file].pictures))
    tap.same(site.lost(), {}, name + ": no picture is lost on any page")
    if "unsafe" not in sites.example(name):
        tap.same(site.scripts(), [], name + ": nothing runs on any page")


def check_files(tap, site, tree, name):
    """A page leads to files as they are, whatever their names."""
    page = sites.page_of(site, tree, "content/", sites.ATTACHED)
    own = [text for _, text in FILES.values()]
    tap.same([read(f).decode() if f else None
              for f in site.linked(page)][-len(own):], own,
             name + ": attachments are no pages, and can be had")


def check_example(tap, server, name):
    folder = tempfile.mkdtemp(prefix="opsync-hugo-")
    config = sites.asked_of_site(sites.example(name))
    with sites.sync_of(server, name) as sync:
        done = sync.once()
        tap.same(done.code, 0, name + ": all is synced")
        tree = sync.tree()
    site, done = build(os.path.join(folder, "all"), tree, config,
                       "--buildDrafts", "--buildFuture")
    tap.ok(done.returncode == 0 and "WARN" not in done.stdout and
           "ERROR" not in done.stdout, name + ": built without a warning",
           done.stdout)
    tap.same(set(site.pages), documents(tree),
             name + ": no document is lost to another")
    check_aliases(tap, site, tree, name)
    check_pictures(tap, site, tree, name)
    check_files(tap, site, tree, name)
    public, done = build(os.path.join(folder, "public"), tree, config)
    tap.ok(set(public.pages) < set(site.pages) and public.pages,
           name + ": drafts are left out unless asked for", done.stdout)
    shutil.rmtree(folder)


LANGUAGES = """defaultContentLanguage = "en"
[languages.en]
[languages.de]
"""
# Where the links of a page lead, by what "links: relative" makes of them.
LINKS = {
    "recipes/1/index.en.md": (
        "[a](../2/index.en.md#x) [b](../2/index.de.md) [c](index.de.md) "
        "[d](index.en.md) [e](../../notes/C%23%20tips.md) [f](x.pdf) "
        "[g](../3/index.en.md) [h](https://x.example/1) [i](#x)",
        ["/recipes/2/#x", "/de/recipes/2/", "/de/recipes/1/", "/recipes/1/",
         "/notes/c#-tips/", "x.pdf", "../3/index.en.md",
         "https://x.example/1", "#x"]),
    "recipes/1/index.de.md": (
        "[a](../2/index.de.md) [b](../2/index.en.md) [c](index.de.md)",
        ["/de/recipes/2/", "/recipes/2/", "/de/recipes/1/"]),
    "recipes/2/index.en.md": ("[a](../1/index.en.md)", ["/recipes/1/"]),
    "recipes/2/index.de.md": ("[a](../1/index.de.md)", ["/de/recipes/1/"]),
    "notes/C# tips.md": ("[a](../recipes/1/index.en.md), [b](4.md).",
                         ["/recipes/1/", "/notes/4/"]),
    "notes/4.md": ("[a](C%23%20tips.md)", ["/notes/c#-tips/"]),
    "about.en.md": ("[a](recipes/1/index.de.md)", ["/de/recipes/1/"]),
}


def check_hook(tap):
    """The manual's hook: links between documents, of whatever languages."""
    hook = re.search(r"render-link\.html`.*?```text\n(.*?)```",
                     read("docs/mapping.md").decode(), re.S).group(1)
    folder = tempfile.mkdtemp(prefix="opsync-hook-")
    tree = {"content/" + path: "---\ntitle: %s\n---\n%s\n" % (path, text)
            for path, (text, _) in LINKS.items()}
    tree["layouts/_default/_markup/render-link.html"] = hook
    site, done = build(folder, {p: t.encode() for p, t in tree.items()},
                       LANGUAGES)
    tap.ok(done.returncode == 0 and "ERROR" not in done.stdout,
           "the manual's hook for links builds", done.stdout)
    for path, (_, wanted) in LINKS.items():
        page = read(site.public + site.addresses[path]).decode()
        tap.same(re.findall('<a href="([^"]*)">.</a>', page), wanted,
                 "the links of " + path)
    page = read(site.public + site.addresses["notes/C# tips.md"]).decode()
    tap.ok("a</a>, <a" in page and "b</a>.<" in page,
           "what stands behind a link stands right behind it", page)
    shutil.rmtree(folder)


def main():
    tap = Tap()
    check_hook(tap)
    with StandIn() as server:
        sites.be_recorded_here(server)
        # Of one title, one brand and one type.
        for number in (3397, 4330, 14):
            wp = server.get("/api/v3/work_packages/%d" % number).json()
            server.side("edit", {"set": {
                "subject": wp["subject"], "project": 1, "type": 15,
                "status": 1, "description": "Another",
                "customField1": wp["customField1"],
                "customField2": wp["customField2"]}})
        sites.attach(server, FILES)
        for name in ("hugo-bundles", "hugo-flat"):
            check_example(tap, server, name)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
