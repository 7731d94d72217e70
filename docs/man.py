"""A manual page of the pages in this folder: markdown in, man(7) out.

usage: man.py NAME SECTION DESCRIPTION PROGRAM FILE.md...

It knows what these pages use: headings, paragraphs, lists, tables (a row
becomes a tagged paragraph), fenced blocks, and `code`, **bold**, *italic*
and [links](…) in text.  A line <!-- options --> becomes what PROGRAM --help
says of them; <!-- commands -->, too, with what the help of each says.
"""
import os
import re
import subprocess
import sys
import time

VERSION = re.compile(r'OPSYNC_VERSION "([^"]+)"')
MARK = re.compile(r"`` (.+?) ``|`([^`]+)`|\*\*(.+?)\*\*|\*([^*\s][^*]*)\*|"
                  r"!?\[([^]]*)\]\(([^)]*)\)", re.S)
PAGES = {"configuration.md": "opsync.yaml(5)", "mapping.md": "opsync.yaml(5)",
         "opsync.md": "opsync(1)", "opsyncd.md": "opsyncd(8)"}
THIS = "%s(%s)" % tuple(sys.argv[1:3])


def plain(text):
    """Text that roff takes for nothing else."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    text = text.replace("`", "\\(ga").replace("^", "\\(ha")
    return text.replace("~", "\\(ti").replace("\u00a0", "\\ ")


def link(text, where):
    """Addresses are kept; a file that is a page is named so."""
    file = where.split("#")[0].split("/")[-1]
    page = PAGES.get(file)
    if where.startswith("http"):
        return "%s (%s)" % (inline(text), plain(where))
    if page is None or page == THIS:
        return "below" if text == file and page else inline(text)
    if text in (file, page):
        return plain(page)
    return "%s, in %s" % (inline(text), plain(page))


def inline(text):
    out, at = [], 0
    for m in MARK.finditer(text):
        out.append(plain(text[at:m.start()]))
        at = m.end()
        spaced, code, bold, italic, words, where = m.groups()
        if words is not None:
            out.append(link(words, where))
        elif italic is not None:
            out.append("\\fI%s\\fR" % inline(italic))
        else:
            strong = plain(spaced or code) if bold is None else inline(bold)
            out.append("\\fB%s\\fR" % strong)
    out.append(plain(text[at:]))
    return "".join(out)


def guard(line):
    """A line that begins with a control character of roff."""
    return "\\&" + line if line.startswith((".", "'")) else line


def fenced(lines):
    return [".PP", ".RS 4", ".nf",
            *(guard(plain(line)) for line in lines), ".fi", ".RE"]


def cells(line):
    parts = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return [p.replace("\\|", "|").strip() for p in parts]


def table(lines):
    """A row: the first cell, then the others, named from the third on."""
    head = cells(lines[0])
    out = []
    for line in lines[2:]:
        row = cells(line)
        text = inline(row[1]) if len(row) > 1 else ""
        more = ["%s: %s" % (inline(h), inline(c))
                for h, c in zip(head[2:], row[2:]) if c]
        out += [".TP", guard(inline(row[0])) or "\\&",
                guard("; ".join([t for t in [text, *more] if t])) or "\\&"]
    return out


def items(lines):
    out = []
    for line in lines:
        if line.startswith("- "):
            out += [".IP \\(bu 2", guard(inline(line[2:]))]
        else:
            out[-1] = guard(inline_join(out[-1], line.strip()))
    return out


def inline_join(before, line):
    return before + "\n" + guard(inline(line))


def said(program, *args):
    return subprocess.run([program, *args], stdout=subprocess.PIPE,
                          check=True).stdout.decode()


def two_columns(text, begin):
    """The rows that begin so: the left half, and what the right, or the lines
    below, say of it."""
    rows = []
    for line in text.splitlines():
        row = re.match(r" {2,6}(%s.*?)(?:  +(\S.*))?$" % begin, line)
        if row:
            rows.append([row[1], row[2] or ""])
        elif rows and line.startswith("      ["):
            rows[-1][0] += " " + line.strip()
        elif rows and line.startswith(10 * " "):
            rows[-1][1] += " " + line.strip()
        elif rows:
            break
    return [(left, right.strip()) for left, right in rows]


def tagged(left, right):
    words = ["\\fB%s\\fR" % plain(word) if word.startswith("-") or i == 0
             else plain(word) for i, word in enumerate(left.split())]
    return [".TP", " ".join(words), guard(plain(right))]


def options(text):
    return [line for row in two_columns(text, "-") for line in tagged(*row)]


def own(program, command):
    """What a command's help says between what it does and what all have."""
    parts = said(program, "help", command).split("\n\n")[2:]
    end = [part.startswith("Options of every") for part in parts].index(True)
    return [line for part in parts[:end] for line in options(part) or
            [".PP", *(guard(plain(row)) for row in part.split("\n"))]]


def commands(program):
    out = []
    for left, right in two_columns(said(program, "--help"), "[a-z]"):
        inner = own(program, left.split()[0])
        out += tagged(left, right)
        out += [".RS", *inner, ".RE"] if inner else []
    return out


MADE = {"<!-- commands -->": commands,
        "<!-- options -->": lambda program: options(said(program, "--help"))}


def paragraph(lines):
    """Each line for itself, but for marks that go over the end of one."""
    return [".PP", *(guard(line) for line in
                     inline("\n".join(lines)).split("\n"))]


def block(kind, lines, program):
    if kind == "|":
        return table(lines)
    if kind == "-":
        return items(lines)
    if lines[0] in MADE:
        return MADE[lines[0]](program)
    return paragraph(lines)


def body(text, program, first):
    """The lines of a file; its title is a section if it is not the first."""
    out, lines = [], text.split("\n")
    while lines:
        line = lines.pop(0)
        heading = re.match(r"(#+) (.*)", line)
        if line.startswith("```"):
            end = lines.index("```")
            out += fenced(lines[:end])
            del lines[:end + 1]
        elif heading:
            depth = len(heading[1])
            if depth > 1 or not first:
                kind = ".SH" if depth < 3 else ".SS"
                words = inline(heading[2])
                out.append('%s "%s"' % (kind, words.upper() if depth < 3
                                        and "\\f" not in words else words))
        elif line.strip():
            kind = line[0] if line[:2] in ("| ", "- ") else ""
            found = [line]
            while lines and lines[0].strip() and \
                    not re.match(r"```|#+ ", lines[0]) and \
                    (kind or lines[0][:2] not in ("| ", "- ")):
                found.append(lines.pop(0))
            out += block(kind, found, program)
    return out


def main():
    name, section, description, program, *files = sys.argv[1:]
    with open("base/version.h") as f:
        version = VERSION.search(f.read())[1]
    changed = os.environ.get("SOURCE_DATE_EPOCH") or max(
        os.stat(path).st_mtime for path in files)
    date = time.strftime("%Y-%m-%d", time.gmtime(float(changed)))
    out = ['.TH "%s" "%s" "%s" "opsync %s" "opsync"' % (
        name.upper(), section, date, version), ".nh", ".ad l", ".SH NAME",
        "%s \\- %s" % (name, plain(description))]
    for i, path in enumerate(files):
        with open(path) as f:
            lines = body(f.read(), program, i == 0)
        if i == 0 and not lines[0].startswith(".SH"):
            out.append(".SH DESCRIPTION")
        out += lines
    print("\n".join(line for before, line in zip(["", *out], out)
                    if line != ".PP" or before[:3] not in (".SH", ".SS")))


if __name__ == "__main__":
    main()
