#!/usr/bin/python3
"""Front matter against PyYAML: the same bytes for thousands of generated
values, and the same values when PyYAML reads them back (libyaml reads them
back in the program itself)."""

import json
import os
import random
import re
import subprocess
import sys

import yaml

PROGRAM = os.path.join(
    os.environ.get("BUILD", "build/release"), "tests/unit/content/emit")
COUNT = 28000
SEED = 20201114

WORDS = """a I the care patients clinicians COVID-19 it's “nice” — – … http://x.org/a?b=c#d
e.g. 100% #1 @me a:b a: :b - -- --- ... ? ! & * | > % ` [x] {y} "q" 'q' , ; \\ / ~ = < <<
Ünï çödé 日本 東京 🚀 👩‍🔬 مرحبا Привет \u00a0 \u200b \u202e é e\u0301 KLAS: {{< x >}} <p> </p> &nbsp;
null true yes no on off y n 1 12 0777 0o7 0x1F 1e3 1_000 1.5 .5 -.inf 18:30 2020-01-01 3.14159
averyveryveryveryverylongwordthatdoesnotfitintoanylineatallbecauseitismuchlongerthaneightycolumnsofaline""".split(" ")
ODD = ["\n", "\n\n", " ", "  ", "\t", "\r", "\r\n", "\0", "\x01", "\x07",
       "\x1b", "\x7f", "\x80", "\x85", "\u2028", "\u2029", "\ufeff", "\ufffe",
       "\U0001F600", "\U0010FFFF", "'", "''", '"', "\\", ": ", " #", "- "]
AMBIGUOUS = re.compile(
    r"""^(?:y|Y|n|N|[-+]?[0-9_]+(?:\.[0-9_]*)?(?:[eE][-+]?[0-9_]+)?
    |[-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9_]+)?|\+?\.(?:inf|Inf|INF)
    |[-+]?0[oO][0-7_]+|[-+]?0[xX][0-9a-fA-F_]+|[-+]?0[bB][01_]+
    |[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:(?:[Tt]|[ \t]+)[0-9:.]+)?)$""", re.X)
BREAKS_OF_1_1 = re.compile("[\x85\u2028\u2029]")


class Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


class Indented(Dumper):
    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)


def texts(v):
    if isinstance(v, str):
        yield v
    elif isinstance(v, list):
        for x in v:
            yield from texts(x)
    elif isinstance(v, dict):
        for k, x in v.items():
            yield k
            yield from texts(x)


def agreed(v):
    """PyYAML's bytes mean the same to every reader."""
    for s in texts(v):
        resolved = yaml.SafeLoader("").resolve(
            yaml.ScalarNode, s, (True, False))
        if BREAKS_OF_1_1.search(s):
            return False
        if AMBIGUOUS.match(s) and resolved == "tag:yaml.org,2002:str":
            return False
        if len(s) > 99 and re.search("[\0-\x1f\x7f-\x9f\ufeff\ufffe]", s):
            return False
    return True


def string(rng):
    """A text; seldom one on which PyYAML and others disagree."""
    s = any_string(rng)
    while not agreed(s) and rng.random() < 0.95:
        s = any_string(rng)
    return s


def any_string(rng):
    kind = rng.random()
    if kind < 0.15:
        return rng.choice(WORDS + ODD + [""])
    if kind < 0.3:
        return "".join(rng.choice("0123456789-+._:eExobyn T~=") for _ in
                       range(rng.randint(1, 8)))
    parts = []
    for _ in range(rng.choice((2, 5, 20, 60))):
        if rng.random() < 0.07 and kind > 0.6:
            parts.append(rng.choice(ODD))
        else:
            parts.append(rng.choice(WORDS))
        if rng.random() < 0.9:
            parts.append(" " if rng.random() < 0.97 else "  ")
    return "".join(parts).strip(" ") if kind < 0.8 else "".join(parts)


def value(rng, depth):
    kind = rng.random()
    if depth < 4 and kind < 0.12:
        return [value(rng, depth + 1) for _ in range(rng.randint(0, 4))]
    if depth < 4 and kind < 0.24:
        return mapping(rng, depth + 1, rng.randint(0, 4))
    if kind < 0.30:
        return rng.choice((None, True, False))
    if kind < 0.36:
        return rng.choice((0, 7, -12, 10**17 + 1, 2.5, 1e-7, 1e20, -0.125,
                           rng.randint(-10**9, 10**9), rng.random()))
    return string(rng)


def mapping(rng, depth, n):
    out = {}
    for _ in range(n):
        key = rng.choice(KEYS) if rng.random() < 0.8 else string(rng).replace("\0", "")
        if rng.random() < 0.02:
            key = "k" * rng.randint(115, 130)
        out[key] = value(rng, depth)
    return out


KEYS = [w for w in WORDS if agreed(w)]


def to_wire(v):
    if isinstance(v, bool) or v is None or isinstance(v, str):
        return v
    if isinstance(v, (int, float)):
        return {"$number": repr(v)}
    if isinstance(v, list):
        return [to_wire(x) for x in v]
    return {k: to_wire(x) for k, x in v.items()}


def count(v):
    if isinstance(v, list):
        return 1 + sum(count(x) for x in v)
    if isinstance(v, dict):
        return 1 + sum(1 + count(x) for x in v.values())
    return 1


def jobs(rng):
    values = 0
    while values < COUNT:
        job = {"sorted": rng.random() < 0.5, "indent": rng.random() < 0.1,
               "width": rng.choice((80, 80, 80, 40, 0)),
               "map": mapping(rng, 0, rng.randint(1, 4))}
        values += count(job["map"])
        yield job


def reference(job):
    return yaml.dump(
        job["map"], Dumper=Indented if job["indent"] else Dumper,
        allow_unicode=True, default_flow_style=False,
        sort_keys=job["sorted"], width=job["width"] or 10**9)


def main():
    rng = random.Random(SEED)
    todo = list(jobs(rng))
    wire = "".join(json.dumps(dict(
        to_wire(job), width={"$number": str(job["width"])})) + "\n"
        for job in todo)
    done = subprocess.run([PROGRAM, "--emit"], input=wire.encode(),
                          stdout=subprocess.PIPE, check=False)
    got = done.stdout.split(b"\0")[:-1]
    values = sum(count(job["map"]) for job in todo)
    compared = other = unread = 0
    for job, text in zip(todo, got):
        text = text.decode()
        if agreed(job["map"]):
            compared += count(job["map"])
            want = reference(job)
            if text != want:
                other += 1
                if other < 4:
                    print("# want\n%r\n# got\n%r" % (want, text))
        back = yaml.load(text, Loader=yaml.SafeLoader)
        if back != job["map"] or (
                job["sorted"] and list(back) != sorted(back)):
            unread += 1
            if unread < 4:
                print("# of %r\n# read %r" % (job["map"], back))
    print("1..4")
    checks = (
        (done.returncode == 0 and len(got) == len(todo),
         "%d values are written, and libyaml reads them back" % values),
        (other == 0, "%d values in PyYAML's bytes" % compared),
        (compared >= 20000, "at least 20000 values are compared"),
        (unread == 0, "%d values read back by PyYAML" % values))
    for i, (ok, name) in enumerate(checks, 1):
        print("%sok %d - %s" % ("" if ok else "not ", i, name))
    return 0 if all(ok for ok, _ in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
