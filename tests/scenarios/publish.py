"""The example that builds a site with Hugo from the commit in the file head:
a clean checkout, nothing of the work tree; the new site replaces the old at
once, and a failed build leaves it alone."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from harness import ROOT, Tap, until

SCRIPT = os.path.join(ROOT, "examples/publish-hugo")
LAYOUT = "<title>{{ .Title }}</title>{{ range .Site.RegularPages }}{{ .Title }};{{ end }}"


def git(store, *args):
    done = subprocess.run(
        ["git", "-C", store, "-c", "user.name=t", "-c", "user.email=t@t",
         *args], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def commit(store, name, text):
    write(os.path.join(store, "content", name + ".md"), text)
    git(store, "add", "-A")
    git(store, "commit", "-q", "-m", name)
    return git(store, "rev-parse", "HEAD")


# The first build is when the next commit comes: its head is in "next".
SLOW_HUGO = """#!/bin/sh
! test -e "$HOME/next" || mv "$HOME/next" "$HOME/head"
exec %s "$@"
""" % shutil.which("hugo")


def publish(folder, head, **env):
    write(os.path.join(folder, "head"), head + "\n")
    return subprocess.run(
        [SCRIPT, os.path.join(folder, "store"), os.path.join(folder, "head"),
         os.path.join(folder, "site")],
        env=dict(os.environ, HOME=folder, **env), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False)


def index(folder):
    with open(os.path.join(folder, "site/public/index.html")) as f:
        return f.read()


def meanwhile(tap, folder, store):
    """A commit that comes while another is built is not left for later."""
    fourth = commit(store, "bad", "---\ntitle: Good\n---\n")
    fifth = commit(store, "five", "---\ntitle: Five\n---\n")
    write(folder + "/next", fifth + "\n")
    write(folder + "/bin/hugo", SLOW_HUGO)
    os.chmod(folder + "/bin/hugo", 0o755)
    done = publish(folder, fourth,
                   PATH=folder + "/bin:" + os.environ["PATH"])
    tap.ok(done.returncode == 0 and "Five;" in index(folder),
           "what is committed meanwhile is built as well", done.stdout)
    tap.same(sorted(os.listdir(folder + "/site")),
             ["public", "public." + fifth, "skeleton"],
             "and nothing is left over")


# It says that it begins, and goes on until it is ended, or may go on.
STUCK_HUGO = """#!/bin/sh
echo $$ >"$HOME/began"
until test -e "$HOME/goes-on"; do test -d "$HOME" && sleep 0.05 || exit; done
exec %s "$@"
""" % shutil.which("hugo")


def heed():
    """Signals that who started the tests ignores, a shell cannot trap."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def ended(tap, folder, store):
    """By a signal, as a service is that stops."""
    commits = [commit(store, n, "---\ntitle: %s\n---\n" % n)
               for n in ("six", "seven")]
    write(folder + "/bin/hugo", STUCK_HUGO)
    os.chmod(folder + "/bin/hugo", 0o755)
    site, began = folder + "/site", folder + "/began"
    env = dict(os.environ, HOME=folder,
               PATH=folder + "/bin:" + os.environ["PATH"])
    command = [SCRIPT, store, folder + "/head", site]

    def start():
        built = subprocess.Popen(command, env=env, start_new_session=True,
                                 preexec_fn=heed)
        if not until(lambda: os.path.exists(began)):
            raise RuntimeError("no build began")
        os.unlink(began)
        return built

    def left():
        return sorted(n for n in os.listdir(site) if n.startswith("work."))
    write(folder + "/head", commits[0] + "\n")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        built = start()
        os.killpg(built.pid, number)
        tap.ok(built.wait(20) != 0 and left() == [],
               "one that is ended by signal %d leaves nothing" % number,
               left())
    for _ in range(2):
        built = start()
        os.killpg(built.pid, signal.SIGKILL)
        built.wait(20)
    tap.same(len(left()), 1, "what is killed leaves it to the next")
    built = start()
    mine = left()
    write(folder + "/head", commits[1] + "\n")
    other = subprocess.Popen(command, env=env)
    time.sleep(0.3)
    tap.ok(left() == mine and other.poll() is None,
           "which waits for one that is at work", (mine, left()))
    write(folder + "/goes-on", "")
    tap.same((built.wait(20), other.wait(20)), (0, 0), "both end well")
    tap.ok("seven;" in index(folder), "with the newest site", index(folder))
    tap.same(sorted(os.listdir(site)),
             ["public", "public." + commits[1], "skeleton"],
             "and nothing is left over")


def main():
    tap = Tap()
    if shutil.which("hugo") is None:
        sys.exit("hugo is missing")
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "store")
        skeleton = os.path.join(folder, "site/skeleton")
        git(folder, "init", "-q", "store")
        write(skeleton + "/config.toml", "title = 'Soup'\n")
        write(skeleton + "/layouts/index.html", LAYOUT)
        write(skeleton + "/layouts/_default/single.html", LAYOUT)
        first = commit(store, "one", "---\ntitle: One\n---\n")
        done = publish(folder, first)
        tap.ok(done.returncode == 0, "a site is built", done.stdout)
        tap.ok("One;" in index(folder), "of the store's pages", index(folder))

        second = commit(store, "two", "---\ntitle: Two\n---\n")
        write(store + "/content/three.md", "---\ntitle: Three\n---\n")
        tap.same(publish(folder, second).returncode, 0, "built anew")
        tap.ok("Two;" in index(folder), "with the new page", index(folder))
        tap.ok("Three;" not in index(folder), "and only what is committed")

        third = commit(store, "bad", "---\ntitle: {{ }\n---\n")
        done = publish(folder, third)
        tap.ok(done.returncode != 0, "a build that fails says so")
        tap.ok("Two;" in index(folder), "and leaves the site as it was")
        tap.same(publish(folder, second).returncode, 0, "again the good one")
        tap.same(sorted(os.listdir(folder + "/site")),
                 ["public", "public." + second, "skeleton"],
                 "nothing is left over")
        meanwhile(tap, folder, store)
        ended(tap, folder, store)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
