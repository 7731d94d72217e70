"""Where a world is made, and whether it has the room.

ext4 looks for five minutes past the inodes of removed files, and makes each
new file several times as slowly.  So nothing is removed while something is
measured: what is made stays to the end, or each world has a file system of
its own, which goes as a whole.
"""
import contextlib
import os
import shutil
import subprocess

SPARE = .95     # of what is free, an image may get
EACH = 24 << 10  # a work package takes, at most, beside its attachments
COPIES = 2.1    # of an attachment: one in the work tree, one in the repository


@contextlib.contextmanager
def fresh(folder):
    """A new ext4 in an image in the folder; root alone can do that."""
    image, place = os.path.join(folder, "image"), os.path.join(folder, "disk")
    with open(image, "wb") as f:
        f.truncate(int(shutil.disk_usage(folder).free * SPARE))
    try:
        subprocess.run(["mkfs.ext4", "-q", "-F", "-E",
                        "lazy_itable_init=0,lazy_journal_init=0", image],
                       check=True)
        os.mkdir(place)
        subprocess.run(["mount", "-o", "loop", image, place], check=True)
        try:
            device = subprocess.run(
                ["findmnt", "-n", "-o", "SOURCE", place], check=True,
                stdout=subprocess.PIPE, text=True).stdout.strip()
            # Where the image lies may not have it: then it is cached twice.
            subprocess.run(["losetup", "--direct-io=on", device],
                           stderr=subprocess.DEVNULL)
            yield place
        finally:
            subprocess.run(["umount", "-l", place], check=True)
            os.rmdir(place)
    finally:
        os.unlink(image)


def place_of(folder, is_fresh):
    return fresh(folder) if is_fresh else contextlib.nullcontext(folder)


def needed(size, contenders, runs):
    """Bytes that these leave, about: the downloads leave nothing."""
    writers = sum(name != "downloads" for name in contenders)
    return writers * runs * size.n * (
        EACH + COPIES * size.per * (size.bytes if size.per else 0))


def check_room(plan, folder, is_fresh):
    """Before an hour's work: does what comes have room in the folder?"""
    each = [needed(*world) for world in plan]
    need = (max if is_fresh else sum)(each or [0])
    free = shutil.disk_usage(folder).free * SPARE
    if need <= free:
        return
    raise SystemExit(
        "bench: what is to be measured takes up to %.0f GB, and %s has %.0f: "
        "name another folder with --in%s" % (
            need / 1e9, folder, free / 1e9, "" if is_fresh else
            ", or let each world have a disk of its own with --fresh"))
