#!/usr/bin/python3
"""What people would write instead: mirror the work packages of an OpenProject
into a git repository, with requests, PyYAML (libyaml's dumper), the git
command line and a state file.  Here to be measured against, by bench.py.

  script.py URL STORE [--threads N] [--no-attachments] [--once | --interval S]

The key is in $OPENPROJECT_API_KEY.  The first round copies everything; later
ones ask only for what changed since.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import threading
import time

import requests
import yaml

Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
local = threading.local()


def session():
    if not hasattr(local, "session"):
        local.session = requests.Session()
        local.session.auth = ("apikey", os.environ["OPENPROJECT_API_KEY"])
    return local.session


def get(url, **options):
    for attempt in range(5):
        answer = session().get(url, timeout=60, **options)
        if answer.status_code not in (429, 502, 503, 504):
            break
        time.sleep(2 ** attempt)
    answer.raise_for_status()
    return answer


def title(links, key):
    link = links.get(key)
    return link.get("title") if isinstance(link, dict) else None


def front_matter(w):
    links = w["_links"]
    d = {"id": w["id"], "subject": w["subject"]}
    for key in ("type", "status", "priority", "project", "author", "assignee",
                "responsible", "version", "parent"):
        d[key] = title(links, key)
    d.update({
        "start_date": w.get("startDate"), "due_date": w.get("dueDate"),
        "estimated_time": w.get("estimatedTime"),
        "percentage_done": w.get("percentageDone"),
        "created_at": w["createdAt"], "updated_at": w["updatedAt"],
        "lock_version": w["lockVersion"]})
    for key, value in w.items():
        if key.startswith("customField"):
            d[key] = value.get("raw") if isinstance(value, dict) else value
    return d


def safe(name):
    return re.sub(r"[^\w. -]", "_", name).strip(". ")[:200] or "file"


class Mirror:
    def __init__(self, url, store, threads, page, attachments):
        self.url = url.rstrip("/")
        self.api = self.url + "/api/v3"
        self.store = store
        self.page = page
        self.attachments = attachments
        self.first = True
        self.pool = None
        if threads > 1:
            self.pool = concurrent.futures.ThreadPoolExecutor(threads)

    def git(self, *args, check=True):
        return subprocess.run(
            ["git", "-C", self.store, "-c", "user.name=sync", "-c",
             "user.email=sync@localhost", *args],
            check=check, stdout=subprocess.PIPE)

    def write(self, path, content):
        path = os.path.join(self.store, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            with open(path, "rb") as f:
                if f.read() == content:
                    return False
        except FileNotFoundError:
            pass
        with open(path + ".tmp", "wb") as f:
            f.write(content)
        os.replace(path + ".tmp", path)
        return True

    def download(self, attachment, path):
        path = os.path.join(self.store, path)
        if (os.path.exists(path) and
                os.path.getsize(path) == attachment["fileSize"]):
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        href = attachment["_links"]["downloadLocation"]["href"]
        md5 = hashlib.md5()
        with get(href if "://" in href else self.url + href,
                 stream=True) as answer, open(path + ".tmp", "wb") as f:
            for chunk in answer.iter_content(1 << 16):
                f.write(chunk)
                md5.update(chunk)
        if md5.hexdigest() != attachment["digest"]["hash"]:
            raise RuntimeError("digest mismatch " + path)
        os.replace(path + ".tmp", path)

    def download_all(self, number):
        listed = get(self.api + f"/work_packages/{number}/attachments").json()
        for a in listed["_embedded"]["elements"]:
            path = (f"attachments/{number // 1000:03d}/{number}/"
                    f"{a['id']}-{safe(a['fileName'])}")
            self.download(a, path)
            yield {"id": a["id"], "name": a["fileName"],
                   "size": a["fileSize"], "path": path}

    def one(self, w):
        number = w["id"]
        attachments = list(self.download_all(number)
                           if self.attachments else [])
        d = front_matter(w)
        if attachments:
            d["attachments"] = attachments
        text = ("---\n" + yaml.dump(d, Dumper=Dumper, allow_unicode=True,
                                    sort_keys=False) + "---\n\n# " +
                w["subject"] + "\n\n" + (w["description"]["raw"] or "") + "\n")
        return self.write(f"work_packages/{number // 1000:03d}/{number}.md",
                          text.encode())

    def pages(self, since):
        """The work packages, closed ones too, a page at a time."""
        changed = [{"updatedAt": {"operator": "<>d", "values": [since, ""]}}]
        asked = {"offset": 1, "pageSize": self.page,
                 "sortBy": '[["id","asc"]]',
                 "filters": json.dumps(changed if since else [])}
        seen = 0
        while True:
            page = get(self.api + "/work_packages", params=asked).json()
            elements = page["_embedded"]["elements"]
            yield elements
            seen += len(elements)
            asked["offset"] += 1
            if not elements or seen >= page["total"]:
                return

    def prepare(self):
        os.makedirs(self.store, exist_ok=True)
        if not os.path.isdir(self.store + "/.git"):
            self.git("init", "-q", "-b", "main")
            with open(self.store + "/.git/info/exclude", "a") as f:
                f.write(".sync-state.json\n*.tmp\n")

    def commit(self, changed):
        # The first round also picks up what a killed one left.
        if not changed and not self.first:
            return
        self.git("add", "-A")
        self.first = False
        if self.git("diff", "--cached", "--quiet", check=False).returncode:
            self.git("commit", "-q", "-m", f"Sync: {changed} changed")

    def round(self):
        self.prepare()
        path = self.store + "/.sync-state.json"
        newest = ""
        if os.path.exists(path):
            with open(path) as f:
                newest = json.load(f)["since"]
        read = changed = 0
        for elements in self.pages(newest):
            one = self.pool.map if self.pool else map
            changed += sum(one(self.one, elements))
            newest = max([newest, *(w["updatedAt"] for w in elements)])
            read += len(elements)
        self.commit(changed)
        with open(path + ".tmp", "w") as f:
            json.dump({"since": newest}, f)
        os.replace(path + ".tmp", path)
        return read, changed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("store")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--page", type=int, default=1000)
    parser.add_argument("--no-attachments", action="store_true")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--interval", type=float, default=60)
    a = parser.parse_args()
    mirror = Mirror(a.url, a.store, a.threads, a.page, not a.no_attachments)
    while True:
        began = time.monotonic()
        read, changed = mirror.round()
        print(f"{read} read, {changed} changed, "
              f"{time.monotonic() - began:.4f} s", flush=True)
        if a.once:
            return
        time.sleep(a.interval)


if __name__ == "__main__":
    main()
