"""Rendering alone: from JSON in memory to documents in memory, beside what
Python's json.loads and PyYAML's dumper in C take for the same documents."""
import json
import os
import subprocess
import tempfile
import time

import yaml

from contenders import BUILD

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
RECORDED = os.path.join(ROOT, "tests/openproject/recorded")
CONTENTS = os.path.join(ROOT, "tests/openproject/contents")
MAPPING = os.path.join(ROOT, "tests/fixtures/mapping/seeds.yaml")
WORK_PACKAGES = [4330, 3397, 3]
SECONDS = 2  # of each side, at least


def recorded(name):
    with open(os.path.join(RECORDED, name + ".json")) as f:
        return json.load(f)


def compact(value):
    """As a server writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def elements():
    """The work packages as a list shows them, and their attachments."""
    for number in WORK_PACKAGES:
        wp = recorded("work_package_%d" % number)
        wp.pop("_embedded", None)
        yield (compact(wp),
               compact(recorded("work_package_%d_attachments" % number)))


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as f:
        f.write(text)
    return path


def python_time(texts, fronts):
    """Seconds of processor time a document, of loading and dumping alone."""
    times = 0
    began = time.process_time()
    while time.process_time() - began < SECONDS:
        for (element, attachments), front in zip(texts, fronts):
            json.loads(element)
            json.loads(attachments)
            yaml.dump(front, Dumper=yaml.CSafeDumper, allow_unicode=True,
                      default_flow_style=False)
        times += 1
    return (time.process_time() - began) / times / len(fronts)


def rendering():
    texts = list(elements())
    with tempfile.TemporaryDirectory() as folder:
        files = [write(folder, "%d-%d" % (i, k), text)
                 for i, pair in enumerate(texts)
                 for k, text in enumerate(pair)]
        command = [os.path.join(BUILD, "tests/bench/render"), MAPPING,
                   os.path.join(RECORDED, "schema_1_15.json"), CONTENTS]

        def run(times):
            return subprocess.run([*command, str(times), *files], check=True,
                                  stdout=subprocess.PIPE).stdout.decode()

        documents = run(0).split("---\n")[1::2]
        fronts = [yaml.safe_load(d.split("\n---")[0]) for d in documents]
        times = 1000
        seconds = 0
        while seconds < SECONDS:
            seconds, size, early, late = map(float, run(times).split())
            made = times * len(texts)
            times *= 4
    ours = seconds / made
    theirs = python_time(texts, fronts)
    return ["rendering: %.1f us a document of %.1f KiB (%.0f MB/s of JSON); "
            "json.loads and PyYAML's C dumper alone %.1f us (%.1f times)" % (
                ours * 1e6, size / made / 1024,
                sum(len(t.encode()) for pair in texts for t in pair) /
                len(texts) / ours / 1e6, theirs * 1e6, theirs / ours),
            "resident memory after %d documents %.1f MiB, after %d %.1f MiB"
            % (made / 10, early / 1024, made, late / 1024)]
