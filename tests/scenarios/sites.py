"""What the tests of the examples share: a site generator's pages, and a
daemon that runs an example as it is."""
import os
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

from harness import Sync, read

RECORDED_AT = "http://127.0.0.1:60080"
# Work packages, the pictures that their pages show, and how often at least.
PICTURES = [(3, 2, 1), (14, 4, 5), (3397, 9311, 1)]
ATTACHED = 4330
ALIAS = re.compile(r'http-equiv="refresh" content="0; url=([^"]*)"')


class Page(HTMLParser):
    """The file that a page was made of, its pictures and links."""

    def __init__(self, html):
        super().__init__()
        self.file = None
        self.pictures = []
        self.links = []
        self.scripts = 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "meta" and attrs.get("name") == "file":
            self.file = attrs["content"]
        if tag == "script" or "onerror" in attrs:
            self.scripts += 1
        if tag == "a":
            self.links.append(attrs.get("href", ""))
        if tag == "img":
            self.pictures.append(attrs.get("src", ""))


class Site:
    """A built site: its pages by the file that each was made of."""

    def __init__(self, public):
        self.public = public
        self.pages, self.addresses, self.aliases = {}, {}, {}
        for folder, _, names in os.walk(public):
            for name in names:
                if name.endswith(".html"):
                    self.take(os.path.join(folder, name))

    def take(self, path):
        address = "/" + os.path.relpath(path, self.public)
        with open(path, encoding="utf-8") as f:
            html = f.read()
        alias = ALIAS.search(html)
        if alias:
            self.aliases[address] = urlsplit(alias.group(1)).path
            return
        page = Page(html)
        if page.file:
            self.pages[page.file] = page
            self.addresses[page.file] = address

    def file_of(self, address):
        """The file that an address leads to, or None."""
        path = self.public + unquote(urlsplit(address).path)
        if path.endswith("/"):
            path += "index.html"
        return path if os.path.isfile(path) else None

    def pictures(self, file):
        """The files of our pictures in a page; None for one that is lost."""
        return self.files_of(file, self.pages[file].pictures)

    def linked(self, file):
        """The files that a page leads to, in the same way."""
        return self.files_of(file, self.pages[file].links)

    def files_of(self, file, addresses):
        return [self.file_of(urljoin(self.addresses[file], address))
                for address in addresses if not urlsplit(address).netloc]

    def scripts(self):
        """Pages in which something runs."""
        return [file for file, page in self.pages.items() if page.scripts]

    def lost(self):
        """Pages with pictures of ours that lead nowhere."""
        return {file: page.pictures for file, page in self.pages.items()
                if None in self.pictures(file)}


def write_files(folder, files):
    """Files of text or bytes, by their path in a folder."""
    for path, content in files.items():
        path = os.path.join(folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes)
                    else content.encode())


def example(name):
    return read("examples/%s.yaml" % name).decode()


def asked_of_site(text):
    """What the head of an example asks the site's configuration to say."""
    head = text[:text.index("\nserver:")].splitlines()
    return "".join(line[4:] + "\n" for line in head
                   if line.startswith("#   ") and not re.search(
                       r"^#   \S+/\S+$", line))


def sync_of(server, name):
    """A daemon with an example as it is, but for where things are."""
    text = example(name)
    return Sync(server.url, projects="'*'",
                mapping=text[text.index("\ndocuments:"):])


def page_of(site, tree, prefix, work_package):
    """The file of a work package's page."""
    mark = re.compile(rb"^(workPackage|id): %d$" % work_package, re.M)
    return [f for f in site.pages if mark.search(tree[prefix + f])][0]


def be_recorded_here(server):
    """Let addresses in the recorded text be those of this server."""
    for wp in server.state()["workPackages"]:
        raw = wp["description"]["raw"] or ""
        if RECORDED_AT in raw:
            server.side("edit", {"id": wp["id"], "silent": True, "set": {
                "description": raw.replace(RECORDED_AT, server.url)}})


def attach(server, files):
    """Files (name, text) of ATTACHED, by number; its text leads to each."""
    for number, (name, text) in files.items():
        server.side("attach", {"work_package": ATTACHED, "id": number,
                               "file_name": name, "content": text})
    server.side("edit", {"id": ATTACHED, "set": {"description": " ".join(
        "[x](/api/v3/attachments/%d/content)" % n for n in files)}})
