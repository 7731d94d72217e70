"""The manual pages: without a fault for mandoc, and with each filter, key,
command and option that the programs know."""
import glob
import os
import re
import subprocess
import sys

from harness import BUILD, ROOT, Tap, make_target, read


def shown(page):
    """A page as a reader sees it, and what mandoc has against it."""
    path = os.path.join(BUILD, "man", page)
    text = subprocess.run(
        ["mandoc", "-T", "utf8", "-O", "width=200", path],
        stdout=subprocess.PIPE, check=False).stdout.decode()
    faults = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", path],
        stdout=subprocess.PIPE, check=False).stdout.decode()
    return re.sub(".\b", "", text), faults


def keys():
    """The keys of the configuration, from the tables that read it."""
    found = set()
    for path in glob.glob(os.path.join(ROOT, "daemon/config*.c")):
        text = read(path).decode()
        found |= set(re.findall(r'KEY\("(\w+)"', text))
        found |= set(re.findall(r'^\t\{"(\w+)", read_', text, re.M))
        for names in re.findall(r'\*const (?:more|names)\[\] = \{([^}]*)\}',
                                text):
            found |= set(re.findall(r'"(\w+)"', names))
    return found


def filters():
    return re.findall(r'^\t\{"(\w+)", \d', read("content/filters.c").decode(),
                      re.M)


def said(program, *args):
    return subprocess.run(
        [os.path.join(BUILD, program), *args, "--help"],
        stdout=subprocess.PIPE, check=False).stdout.decode()


def tagged(page, section):
    """(depth, what, words) of each tagged paragraph of a section."""
    roff = read(os.path.join(BUILD, "man", page)).decode()
    lines = re.search(r'^\.SH "%s"\n(.*?)^\.SH' % section, roff,
                      re.M | re.S)[1]
    lines = re.sub(r"\\f[BIR]|\\(?=-)", "", lines).split("\n")
    depth, out = 0, []
    for line, what, words in zip(lines, lines[1:], lines[2:]):
        depth += {".RS": 1, ".RE": -1}.get(line, 0)
        if line == ".TP":
            out.append((depth, what, words))
    return out


def explained(commands):
    """The same, from the help of each command."""
    for command in commands:
        usage, does, own = said("opsync", command).split("\n\n", 2)
        yield 0, " ".join(usage.split()[2:]), does.strip()
        for what, words in re.findall(
                r"^ {2,6}(-.*?)  +(.*(?:\n {20}.*)*)",
                own[:own.index("every command:")], re.M):
            yield 1, what, " ".join(words.split())


def missing(text, words):
    return [w for w in words if not re.search(
        r"(?<![\w-])%s(?![\w-])" % re.escape(w), text)]


def main():
    tap = Tap()
    done = make_target("man")
    tap.ok(done.returncode == 0, "make man", done.stdout.decode())
    pages = {}
    for page in ("opsync.1", "opsyncd.8", "opsync.yaml.5"):
        pages[page], faults = shown(page)
        tap.same(faults, "", page + ": nothing to complain about")
        tap.same(re.findall(r"\*\*|\]\((?:#|[a-z]+\.md)|\\f[BIR]|^\|", pages[page], re.M), [],
                 page + ": no mark of markdown is left")
    tap.ok(len(keys()) > 25 and len(filters()) > 30, "they were found",
           (keys(), filters()))
    tap.same(missing(pages["opsync.yaml.5"], sorted(keys())), [],
             "each key of the configuration")
    tap.same(missing(pages["opsync.yaml.5"], filters()), [], "each filter")
    examples = "\n".join(re.findall(r"```(?:expression|yaml)\n(.*?)```",
                                    read("docs/mapping.md").decode(), re.S))
    tap.same([f for f in filters()
              if not re.search(r"\| *%s\b|map\(\"%s\"" % (f, f), examples)],
             [], "and an example of it, which make check runs")
    help_text = said("opsync")
    commands = re.findall(r"^  ([a-z][a-z-]*)", help_text, re.M)
    tap.same(missing(pages["opsync.1"], commands), [], "each command")
    tap.same(tagged("opsync.1", "COMMANDS"), list(explained(commands)),
             "each with what it does, and its options below")
    options = {o for c in commands
               for o in re.findall(r"--[a-z-]+", said("opsync", c))}
    tap.same(missing(pages["opsync.1"], sorted(options)), [],
             "each option of opsync")
    options = re.findall(r"--[a-z-]+", said("opsyncd"))
    tap.same(missing(pages["opsyncd.8"], options), [],
             "each option of opsyncd")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
