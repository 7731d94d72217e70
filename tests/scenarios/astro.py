#!/usr/bin/python3
# slow
"""The example for Astro, built by the real astro over all that was recorded.

npm installs it into build/astro, once; where it cannot, this is skipped.
"""
import os
import shutil
import subprocess
import sys
import tempfile

import sites
from harness import ROOT, StandIn, Tap

ASTRO = "astro@4.16.19"
MODULES = os.path.join(ROOT, "build/astro")
# Each page names its file; the cover is as themes do it.
PAGE = """---
import { getCollection } from 'astro:content';
import { Image } from 'astro:assets';
export async function getStaticPaths() {
  const all = await getCollection('docs');
  return all.map((entry) => ({ params: { slug: entry.slug },
                               props: { entry } }));
}
const { entry } = Astro.props;
const { Content } = await entry.render();
const { title, description, cover } = entry.data;
---
<html><head><title>{title}</title><meta name="file" content={entry.id} />
<meta name="description" content={description} /></head><body>
{cover && <Image src={cover} alt="" />}
<Content />
</body></html>
"""
# What Astro would take for entries of the collection, without what they need.
FILES = {900: ("notes.md", "no head"), 901: ("Notes.MDX", "<"),
         902: ("data.json", "{}"), 903: ("data.YAML", "a: ["),
         904: ("list.markdown", "a"), 905: ("a.md.pdf", "a paper")}


def run(folder, *command):
    return subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL,
        env=dict(os.environ, ASTRO_TELEMETRY_DISABLED="1", CI="1"),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=300, check=False)


def install():
    """Why astro is not here, or None."""
    program = os.path.join(MODULES, "node_modules/astro/astro.js")
    if os.path.exists(program):
        return None
    if not shutil.which("node") or not shutil.which("npm"):
        return "there is no npm"
    sites.write_files(MODULES, {"package.json": '{"private": true}'})
    done = run(MODULES, "npm", "install", "--no-audit", "--no-fund",
               "--fetch-retries=0", "--fetch-timeout=20000", ASTRO)
    if done.returncode == 0 and os.path.exists(program):
        return None
    return "npm cannot install it: " + " ".join(done.stdout.split())[-200:]


def build(folder):
    done = run(folder, "node", "node_modules/astro/astro.js", "build")
    return sites.Site(os.path.join(folder, "dist")), done


def lay_out(folder, tree):
    sites.write_files(folder, dict(
        {"src/content/docs/" + path: tree[path] for path in tree}, **{
            "package.json": '{"private": true, "type": "module"}',
            "src/pages/[...slug].astro": PAGE,
            "src/content/config.ts": sites.asked_of_site(
                sites.example("astro"))}))
    os.symlink(os.path.join(MODULES, "node_modules"),
               os.path.join(folder, "node_modules"))


def check(tap, folder, tree):
    lay_out(folder, tree)
    site, done = build(folder)
    tap.ok(done.returncode == 0 and "[WARN]" not in done.stdout,
           "built without a warning", done.stdout)
    tap.same(set(site.pages), {p for p in tree if p.endswith(".md")},
             "no document is lost to another")
    for number, _, times in sites.PICTURES:
        file = sites.page_of(site, tree, "", number)
        own = [path for path in site.pictures(file) if path]
        tap.ok(len(own) >= times, "pictures of %d are in its page" % number,
               "%s: %s" % (file, site.pages[file].pictures))
    tap.same(site.lost(), {}, "no picture is lost on any page")
    tap.same(site.scripts(), [], "nothing runs on any page")


def main():
    tap = Tap()
    with StandIn() as server, sites.sync_of(server, "astro") as sync:
        sites.be_recorded_here(server)
        sites.attach(server, FILES)
        tap.same(sync.once().code, 0, "all is synced")
        why = install()
        if why:
            tap.ok(True, "astro builds it # SKIP " + why)
            return tap.end()
        folder = tempfile.mkdtemp(prefix="opsync-astro-")
        check(tap, folder, sync.tree())
        shutil.rmtree(folder)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
