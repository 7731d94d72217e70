#!/usr/bin/python3
"""Front matter against others, for thousands of generated values: as YAML it
has the bytes that PyYAML writes; and PyYAML, libyaml (in the program itself),
Python's readers of TOML and JSON, and Hugo read the same values back."""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import tomllib

import yaml

PROGRAM = os.path.join(
    os.environ.get("BUILD", "build/release"), "tests/unit/content/emit")
COUNT = 28000
SEED = 20201114

WORDS = """a I the care patients clinicians COVID-19 it's “nice” — – … http://x.org/a?b=c#d
e.g. 100% #1 @me a:b a: :b - -- --- ... ? ! & * | > % ` [x] {y} "q" 'q' , ; \\ / ~ = < <<
Ünï çödé 日本 東京 🚀 👩‍🔬 مرحبا Привет \u00a0 \u200b \u202e é e\u0301 KLAS: {{< x >}} <p> </p> &nbsp;
!!python/object/apply:os.system &a *a <script>alert(1)</script> {{% x %}}
null true yes no on off tRuE :a 1,000 08:30 y n 1 12 0777 0o7 0x1F 1e3 1_000 1.5 .5 -.inf 18:30 2020-01-01 3.14159
averyveryveryveryverylongwordthatdoesnotfitintoanylineatallbecauseitismuchlongerthaneightycolumnsofaline""".split(" ")
ODD = ["\n", "\n\n", " ", "  ", "\t", "\r", "\r\n", "\0", "\x01", "\x07",
       "\x1b", "\x7f", "\x80", "\x85", "\u2028", "\u2029", "\ufeff", "\ufffe",
       "\U0001F600", "\U0010FFFF", "'", "''", '"', "\\", ": ", " #", "- "]
AMBIGUOUS = re.compile(
    r"""^(?:(?i:y|n|yes|no|on|off|true|false|null|\.nan|[-+]?\.inf)
    |[-+]?[0-9_,]+(?:\.[0-9_,]*)?(?:[eE][-+]?[0-9_,]+)?
    |[-+]?\.[_0-9]*[0-9][0-9_,]*(?:[eE][-+]?[0-9_,]+)?
    |[-+]?0[oO][0-7_,]+|[-+]?0[xX][0-9a-fA-F_,]+|[-+]?0[bB][01_,]+
    |-?[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:(?:[Tt]|[ \t]+)[0-9:.]+)?
    |:.+|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)$""", re.X | re.S)
SPECIAL = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff\U0010ffff]"
                     "| \n|\n ")
BREAKS_OF_1_1 = re.compile("[\x85\u2028\u2029]")


class Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


class Indented(Dumper):
    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)


class Double(Dumper):
    def choose_scalar_style(self):
        style = super().choose_scalar_style()
        return '"' if style == "'" else style


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
        if SPECIAL.search(s) and re.search("[\U00010000-\U0010fffe]", s):
            return False  # PyYAML's double quotes have no emoji
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
        return "".join(rng.choice("0123456789-+._,:eExobyn T~=") for _ in
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
        if not job["indent"] and rng.random() < 0.1:
            job["quotes"] = "double"
        values += count(job["map"])
        yield job


def agreed_in(job):
    """So too in the job's quotes."""
    if job.get("quotes") != "double":
        return agreed(job["map"])
    return agreed(job["map"]) and not any(
        re.search("[\U00010000-\U0010ffff]", s) for s in texts(job["map"]))


def reference(job):
    dumper = Indented if job["indent"] else Dumper
    if job.get("quotes") == "double":
        dumper = Double
    return yaml.dump(
        job["map"], Dumper=dumper,
        allow_unicode=True, default_flow_style=False,
        sort_keys=job["sorted"], width=job["width"] or 10**9)


def emitted(todo, **style):
    """What the program writes for each job, or too little if it fails."""
    wire = "".join(json.dumps(dict(
        to_wire(job), width={"$number": str(job["width"])}, **style)) + "\n"
        for job in todo)
    done = subprocess.run([PROGRAM, "--emit"], input=wire.encode(),
                          stdout=subprocess.PIPE, check=False)
    return [text.decode() for text in done.stdout.split(b"\0")[:-1]]


def without_null(v):
    """What TOML can say of a value."""
    if isinstance(v, list):
        return [without_null(x) for x in v if x is not None]
    if isinstance(v, dict):
        return {k: without_null(x) for k, x in v.items() if x is not None}
    return v


def as_floats(v):
    """What a reader has that knows only doubles."""
    if isinstance(v, list):
        return [as_floats(x) for x in v]
    if isinstance(v, dict):
        return {k: as_floats(x) for k, x in v.items()}
    return float(v) if type(v) is int else v


RUBY = """
texts = STDIN.read.split("\\0", -1)[0..-2]
texts.each { |text| puts JSON.generate(YAML.safe_load(text)) }
"""


def ruby_reads(all_texts):
    """What Ruby has of all that."""
    done = subprocess.run(
        ["ruby", "-EUTF-8", "-ryaml", "-rjson", "-e", RUBY],
        input="".join(text + "\0" for text in all_texts).encode(),
        stdout=subprocess.PIPE, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def shown(name, want, read):
    print("# %s: of %r\n# read %r" % (name, want, read))


def differing(name, wants, reads):
    """How many values came back as others; the first few are shown."""
    if len(wants) != len(reads):
        print("# %s: %d of %d" % (name, len(reads), len(wants)))
        return max(1, len(wants) - len(reads))
    wrong = [(w, r) for w, r in zip(wants, reads) if w != r]
    for want, read in wrong[:3]:
        shown(name, want, read)
    return len(wrong)


def hugo_reads(texts_by_format):
    """What Hugo has of all that, as data: {format: [value]}."""
    with tempfile.TemporaryDirectory() as site:
        os.makedirs(site + "/layouts")
        os.makedirs(site + "/data")
        with open(site + "/config.toml", "w") as f:
            f.write('disableKinds = ["taxonomy", "term", "RSS", "sitemap"]\n')
        with open(site + "/layouts/index.html", "w") as f:
            f.write("{{ site.Data | jsonify }}")
        for kind, all_texts in texts_by_format.items():
            for i, text in enumerate(all_texts):
                name = "%s/data/%s%d.%s" % (site, kind, i, kind)
                with open(name, "w", newline="") as f:
                    f.write(text)
        done = subprocess.run(["hugo", "--quiet", "--source", site],
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            print("# hugo: %s" % done.stdout.decode()[-2000:])
            return {kind: [] for kind in texts_by_format}
        with open(site + "/public/index.html") as f:
            data = json.load(f)
    return {kind: [data["%s%d" % (kind, i)] for i in range(len(all_texts))]
            for kind, all_texts in texts_by_format.items()}


def compare_bytes(todo, got):
    compared = other = 0
    for job, text in zip(todo, got):
        if not agreed_in(job):
            continue
        compared += count(job["map"])
        want = reference(job)
        if text != want:
            other += 1
            if other < 4:
                print("# want\n%r\n# got\n%r" % (want, text))
    return compared, other


def main():
    todo = list(jobs(random.Random(SEED)))
    maps = [job["map"] for job in todo]
    values = sum(count(m) for m in maps)
    got = {kind: emitted(todo, format=kind)
           for kind in ("yaml", "toml", "json")}
    compared, other = compare_bytes(todo, got["yaml"])
    read = [yaml.load(text, Loader=yaml.CSafeLoader if i % 2 else
                      yaml.SafeLoader) for i, text in enumerate(got["yaml"])]
    unsorted = [r for job, r in zip(todo, read)
                if job["sorted"] and list(r) != sorted(r)]
    short = [without_null(m) for m in maps]
    floats = [as_floats(m) for m in maps]
    hugo = hugo_reads(got)
    checks = (
        (len(got["yaml"]) == len(todo),
         "%d values are written, and libyaml reads them back" % values),
        (other == 0, "%d values in PyYAML's bytes" % compared),
        (compared >= 20000, "at least 20000 values are compared"),
        (differing("PyYAML", maps, read) == 0 and not unsorted,
         "PyYAML reads them"),
        (differing("ruby", maps, ruby_reads(got["yaml"])) == 0,
         "Ruby reads them"),
        (differing("tomllib", short, [
            tomllib.loads(text) for text in got["toml"]]) == 0,
         "tomllib reads them, but null"),
        (differing("json", maps, [
            json.loads(text) for text in got["json"]]) == 0,
         "json reads them"),
        (differing("hugo yaml", maps, hugo["yaml"]) == 0,
         "Hugo reads them from YAML"),
        (differing("hugo toml", short, hugo["toml"]) == 0,
         "Hugo reads them from TOML"),
        (differing("hugo json", floats, [
            as_floats(r) for r in hugo["json"]]) == 0,
         "Hugo reads them from JSON"))
    print("1..%d" % len(checks))
    for i, (ok, name) in enumerate(checks, 1):
        print("%sok %d - %s" % ("" if ok else "not ", i, name))
    return 0 if all(ok for ok, _ in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
