"""Completion in the shells themselves: bash, zsh and fish offer each command
and each option that opsync --help knows, and what an option may be."""
import os
import re
import subprocess
import sys
import tempfile

from harness import BUILD, ROOT, StandIn, Sync, Tap

BASH = r"""
source completion/$2.bash
read -ra COMP_WORDS <<<"$2 $1"
[[ $1 == *" " || -z $1 ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_$2
printf '%s\n' "${COMPREPLY[@]}"
"""

# What the completion system would be given, cut to what begins as typed.
ZSH = r"""
compadd() { shift; print -rl -- $@ }
_describe() { print -rl -- ${${(P)2}%%:*} }
_files() { print -rl -- *(M) }
words=($2 ${(z)1})
[[ $1 == *" " || -z $1 ]] && words+=("")
CURRENT=$#words
source completion/_$2 | while read -r word; do
    [[ $word == $words[CURRENT]* ]] && print -r -- $word
done
"""


def run(*args, env):
    return subprocess.run(
        args, cwd=ROOT, env=env, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60,
        check=False)


class Shells:
    def __init__(self, folder):
        self.program = "opsync"
        self.env = {"PATH": BUILD + ":" + os.environ["PATH"], "HOME": folder,
                    "LC_ALL": "C.UTF-8", "TERM": "vt100"}

    def bash(self, line):
        done = run("bash", "--norc", "-c", BASH, "-", line,
                   self.program, env=self.env)
        return set(done.stdout.decode().split())

    def fish(self, line):
        done = run("fish", "--no-config", "-c",
                   "source completion/%s.fish; complete -C '%s %s'"
                   % (self.program, self.program, line), env=self.env)
        return {row.split("\t")[0]
                for row in done.stdout.decode().splitlines()}

    def zsh(self, line):
        done = run("zsh", "-f", "-c", ZSH, "-", line, self.program,
                   env=self.env)
        return set(done.stdout.decode().split())

    def offered(self, line):
        return {name: getattr(self, name)(line)
                for name in ("bash", "zsh", "fish")}


def write(path):
    with open(path, "w"):
        pass


def usage(env, *command):
    return run("opsync", *command, "--help", env=env).stdout.decode()


HOSTILE = '''
documents:
- path: "docs/${ id } $(touch ${ project.identifier })/index.md"
'''


def of_the_store(tap, shells):
    """What a work package or a document is called, where one is asked for:
    as it is, whatever a shell would make of it."""
    with StandIn() as server, Sync(server.url, mapping=HOSTILE) as sync:
        sync.once()
        shells.env["XDG_RUNTIME_DIR"] = sync.folder
        where = "-c " + sync.config
        for line in (where + " show ", "show " + where + " ",
                     where + " diff ", where + " withdraw 3397 "):
            for shell, got in shells.offered(line).items():
                tap.ok({"4330", "3397", "3"} <= got,
                       "%s: ids, %s" % (shell, line.split()[-1]), got)
        for shell, got in shells.offered(where + " explain 43").items():
            tap.ok("4330" in got and "3397" not in got,
                   shell + ": ids that begin so", got)
        for shell, got in shells.offered(where + " show docs/33").items():
            got = " ".join(sorted(got))
            tap.ok("docs/3397" in got and "$(touch" in got and
                   "docs/4330" not in got,
                   shell + ": paths", got)
        for shell, got in shells.offered(where + " reload ").items():
            tap.ok("4330" not in got, shell + ": only there", got)
        tap.ok(not os.path.exists(os.path.join(ROOT, "ccm")),
               "and none of it is run")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        shells = Shells(folder)
        table = usage(shells.env).split("\n\n")[1]
        commands = set(re.findall(r"^  ([a-z][a-z-]*)", table, re.M))
        tap.ok({"status", "log"} <= commands, "commands are known", commands)
        for shell, got in shells.offered("").items():
            tap.ok(commands <= got, shell + ": each command",
                   (commands - got, got))
        for shell, got in shells.offered("res").items():
            tap.ok("resync" in got and "status" not in got,
                   shell + ": what begins so", got)
        for command in ("status", "log"):
            wanted = set(re.findall(r"--[a-z-]+", usage(shells.env, command)))
            for shell, got in shells.offered(command + " --").items():
                tap.ok(wanted <= got, "%s: each option of %s" % (
                    shell, command), (wanted - got, got))
                tap.ok("--schema" not in got and
                       ("--check" in got) == (command == "status"),
                       "%s: no other" % shell, got)
        for shell, got in shells.offered("log --level e").items():
            tap.ok("error" in got and "--limit" not in got,
                   shell + ": the value of an option", got)
        kinds = set(re.findall("[a-z]+", re.search(
            r"^KIND is, of documents, (.*?)\.$", usage(shells.env, "log"),
            re.M | re.S)[1])) - {"or", "of", "the", "store", "else"}
        for shell, got in shells.offered("log --event ").items():
            tap.same(sorted(got), sorted(kinds), shell + ": each kind")
        for shell, got in shells.offered("init -t comp").items():
            tap.ok("completion" in {word.rstrip("/") for word in got},
                   shell + ": files, behind a letter", got)
        shells.program = "opsyncd"
        wanted = {"--config", "--once", "--reconcile", "--full", "--verbose"}
        for shell, got in shells.offered("--").items():
            tap.ok(wanted <= got, shell + ": each option of opsyncd",
                   (wanted - got, got))
        for shell, got in shells.offered("-c comp").items():
            tap.ok("completion" in {word.rstrip("/") for word in got} and
                   "--once" not in got, shell + ": and its file", got)
        shells.program = "opsync"
        for shell, got in shells.offered("-c comp").items():
            tap.ok("completion" in {word.rstrip("/") for word in got},
                   shell + ": files", got)
        for shell, got in shells.offered("help res").items():
            tap.ok("resync" in got, shell + ": what help may be about", got)
        for base in (folder + "/own", folder + "/.config"):
            os.makedirs(base + "/opsync")
        write(folder + "/own/opsync/site.yaml")
        write(folder + "/.config/opsync/house.yaml")
        for shell, got in shells.offered("-i ").items():
            tap.same(sorted(got & {"site", "house"}),
                     ["house"] if os.geteuid() != 0 else [],
                     shell + ": whose configuration there is")
        shells.env["XDG_CONFIG_HOME"] = folder + "/own"
        for shell, got in shells.offered("-i s").items():
            tap.same(sorted(got & {"site", "house"}), ["site"],
                     shell + ": and where else it may be")
        of_the_store(tap, shells)
        write(folder + "/own/a b.yaml")
        got = run("bash", "--norc", "-c", BASH, "-", "-c %s/own/a" % folder,
                  "opsync", env=shells.env).stdout.decode().splitlines()
        tap.same(got, [folder + "/own/a b.yaml"], "a file with a blank")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
