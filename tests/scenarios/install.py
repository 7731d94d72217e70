"""make install puts programs, documentation, examples and units where they
belong; make uninstall takes all of them away again."""
import os
import subprocess
import sys
import tempfile

from harness import Tap, make_target


def make(target, folder):
    return make_target(target, "DESTDIR=" + folder, "PREFIX=/usr")


def files(folder):
    return sorted(os.path.relpath(os.path.join(at, name), folder)
                  for at, _, names in os.walk(folder) for name in names)


def folders(folder):
    return [os.path.relpath(at, folder) for at, _, _ in os.walk(folder)]


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        done = make("install", folder)
        tap.ok(done.returncode == 0, "make install", done.stdout.decode())
        found = files(folder)
        for path in ("usr/bin/opsyncd", "usr/bin/opsync",
                     "usr/share/man/man1/opsync.1",
                     "usr/share/man/man5/opsync.yaml.5",
                     "usr/share/man/man8/opsyncd.8",
                     "usr/share/bash-completion/completions/opsync",
                     "usr/share/bash-completion/completions/opsyncd",
                     "usr/share/doc/opsync/README.md",
                     "usr/share/doc/opsync/mapping.md",
                     "usr/share/doc/opsync/examples/hugo-bundles.yaml",
                     "usr/share/doc/opsync/examples/opsync-published.service",
                     "usr/lib/systemd/system/opsync-published.path",
                     "usr/lib/systemd/system/opsyncd@.service"):
            tap.ok(path in found, path, found)
        said = subprocess.run(
            [os.path.join(folder, "usr/bin/opsyncd"), "--version"],
            stdout=subprocess.PIPE, check=False).stdout.decode()
        tap.ok(said.startswith("opsyncd "), "the program runs", said)
        with open(os.path.join(
                folder, "usr/lib/systemd/system/opsyncd@.service")) as f:
            unit = f.read()
        tap.ok("ExecStart=/usr/bin/opsyncd " in unit and
               "/usr/local" not in unit, "the unit names the prefix", unit)
        mine = "usr/share/doc/opsync/mine"
        with open(os.path.join(folder, mine), "w") as f:
            f.write("A person's\n")
        make("uninstall", folder)
        tap.same(files(folder), [mine],
                 "make uninstall leaves nothing but what is a person's")
        tap.same([f for f in folders(folder) if "opsync" in f],
                 [os.path.dirname(mine)], "nor folders of its own")
        tap.ok("usr/bin" in folders(folder), "but those of others")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
