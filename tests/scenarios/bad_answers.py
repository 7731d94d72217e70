#!/usr/bin/python3
"""Answers that come whole and are wrong: every status at every address, JSON of
another shape, redirects to anywhere, strangers who speak TLS, and a key that
is revoked amid a pass.  Nothing is removed, nothing crashes, the key goes
nowhere, and when the server is well again so is the store.

  bad_answers.py --seed N --mutations N   repeats mutations
"""
import json
import os
import random
import re
import shutil
import ssl
import subprocess
import sys
import threading
import time
import warnings

from bad_wire import decoded
from faulty import Case, chosen, figure, option, size
from harness import StandIn, Tap, differences, until
from wire import Listener, Wire, made

QUICK = "  max_tries: 1\n"
LISTS = "/api/v3/work_packages?"
CRASHED = set(range(128, 256)) | {70} | set(range(-64, 0))


def kind_of(path):
    """An address without what differs from one to another of its kind."""
    return re.sub(r"/\d+", "/N", path.split("?")[0])


class Daemon(Case):
    """A store in step with its server, both kept."""

    def settle(self):
        done = self.once("--full")
        if done.code != 0:
            raise RuntimeError("a first pass: %r" % done)
        self.wanted = self.tree()
        self.first = self.head()
        self.keep()
        return self

    def unhurt(self, done, codes):
        """What is wrong after a pass that met something bad."""
        wrong = []
        if done.code not in codes:
            wrong.append("the pass: %r" % done)
        if self.key in done.err + done.out:
            wrong.append("the key is said")
        if self.head() != self.first:
            wrong.append("a commit:\n" + self.git("show", "--stat").out)
        return wrong

    def heals(self):
        done = self.once("--full")
        if done.code != 0 or self.tree() != self.wanted:
            return ["afterwards: %r" % done]
        return []


def kinds(wire, sync):
    """The kinds of addresses that a full read asks for."""
    wire.reset()
    sync.once("--full")
    return {kind_of(path) for path in wire.paths}


def all_of(kind, raw):
    """Spoils all answers of a kind."""
    return lambda _, path, good: raw if kind_of(path) == kind else good


def first_of(kind, raw):
    """Spoils the first answer of a kind."""
    left = [raw]
    return lambda _, path, good: (
        left.pop() if left and kind_of(path) == kind else good)


# --- Every status -----------------------------------------------------------


ALL = """
documents:
- name: all
  match: {}
  comments: public
  path: ${ id }/index.md
  attachments: all
  front_matter:
    title: ${ subject }
    relations: { $each: r in relations, is: "${ r.type } ${ r.subject }" }
    comments: { $each: c in comments, by: "${ c.author.name }" }
  body: ${ description.raw }
"""
KINDS = {"/api/v3/" + kind for kind in (
    "users/me", "users/N", "projects", "types", "statuses", "relations",
    "work_packages", "work_packages/schemas", "work_packages/N/attachments",
    "work_packages/N/activities", "attachments/N/content")}
BODIES = (
    (b'{"_type":"Error","errorIdentifier":"urn:openproject-org:api:v3:errors:'
     b'Any","message":"no"}', "application/hal+json"),
    (b"<!DOCTYPE html><html><body>Sign in</body></html>", "text/html"),
    (b"", "text/plain"),
)
AFTER = ("0", "soon", "-5", "Thu, 01 Jan 1970 00:00:00 GMT", "99999999999999",
         "Fri, 31 Dec 9999 23:59:59 GMT")


def with_status(n, status):
    """An answer with a status, its n-th body, and headers that go with it."""
    body, media = BODIES[n % len(BODIES)]
    headers = ["Retry-After: " + AFTER[n % len(AFTER)]] if n % 2 else []
    if n % 3 and 300 <= status < 400:
        headers.append("Location: /api/v3/users/me")
    return made(b"" if status == 304 else body, "%d Any" % status, media,
                headers)


def tried(tap, name, wire, cases, spoils, attempt):
    """Each status at a kind of address: attempt() says what is wrong."""
    bad = {}
    for n, (kind, status) in enumerate(cases):
        wire.reset(spoils(kind, with_status(n, status)))
        found = attempt(kind)
        if found:
            bad.setdefault(kind, []).append("%d: %s" % (
                status, "\n".join(found)))
    wire.reset()
    tap.ok(not bad, "%d statuses, %s" % (len(cases), name), "\n".join(
        "%s %s" % (kind, "\n".join(lines[:3])) for kind, lines in bad.items()))
    return len(cases)


def statuses(tap, server):
    """Every status at every kind of address: of a store that is in step
    nothing is lost, and one that is new holds nothing that is wrong."""
    with Wire(server.url) as wire, Daemon(
            wire.url, server=QUICK, mapping=ALL) as sync:
        fresh = kinds(wire, sync)
        sync.settle()
        again = kinds(wire, sync)
        tap.same(fresh, KINDS, "a first read asks for all kinds")
        codes = range(300, 600)

        def settled(kind):
            optional = kind == "/api/v3/users/N"
            return sync.unhurt(sync.once("--full"),
                               (0,) if optional else (3, 69, 77))

        def first(_):
            shutil.rmtree(sync.store)
            done = sync.once()
            found = [] if done.code in (3, 69, 77) else ["%r" % done]
            if set(sync.tree().items()) - set(sync.wanted.items()):
                found.append(differences(sync.tree(), sync.wanted))
            if set(sync.tree()) == set(sync.wanted):
                found.append("all is there")
            wire.reset()
            return found + sync.heals()
        cases = [(k, c) for k in sorted(again) for c in codes]
        n = tried(tap, "of what is in step", wire,
                  chosen(cases, size(48, len(cases))), all_of, settled)
        wrong = sync.heals()
        tap.ok(not wrong, "and then all is well", "\n".join(wrong))
        cases = [(k, c) for k in sorted(fresh - again) for c in codes]
        return n + tried(tap, "of what is new", wire,
                         chosen(cases, size(16, len(cases))), first_of,
                         first)


def confirming(tap, server):
    """Every status where it is asked whether one is gone: none that the API
    does not give in its own words removes it."""
    one = "/api/v3/work_packages/N"
    with Wire(server.url) as wire, Daemon(
            wire.url, server=QUICK, mapping=ALL) as sync:
        sync.settle()
        server.side("delete", {"id": 16})
        wire.forget()

        def stays(_):
            found = sync.unhurt(sync.once("--reconcile"), (0, 69, 77))
            if one not in map(kind_of, wire.paths):
                found.append("nobody asked")
            return found
        cases = chosen([c for c in range(300, 600) if c != 404],
                       size(12, 299))
        cases += [410] * (1 + -len(cases) % 3)
        cases += [404, 404]  # a page, and nothing
        n = tried(tap, "of what may be gone", wire,
                  [(one, status) for status in cases], all_of, stays)
        sync.once("--reconcile")
        tap.ok("16/index.md" not in sync.tree(), "a true 404 does")
    return n


def http_date(seconds):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT",
                         time.gmtime(time.time() + seconds))


def retry_after(tap, server):
    """Asked to wait: by seconds, by a date, and for longer than we do."""
    with Wire(server.url) as wire, Daemon(
            wire.url, schedule="{ poll: 1s, overlap: 1s }") as sync:
        sync.settle()
        for name, value in (("seconds", lambda: "2"),
                            ("a date", lambda: http_date(3))):
            wire.reset(lambda number, _, good, value=value: made(
                b"", "429 Too Many Requests", "text/plain",
                ("Retry-After: " + value(),)) if number == 1 else good)
            begin = time.monotonic()
            done = sync.once()
            seconds = time.monotonic() - begin
            tap.ok(done.code == 0 and 1 < seconds < 20,
                   "429 with Retry-After in " + name, "%.1f s\n%r" % (
                       seconds, done))
        raw = made(b"", "429 Too Many Requests", "text/plain",
                   ("Retry-After: 4000",))
        wire.reset(lambda number, _, good: raw if number == 1 else good)
        done = sync.once(timeout=20)
        tap.ok(done.code == 69 and "4000 s" in done.err and wire.number == 1,
               "one that asks for too long a pause ends the pass", done)
        # A running daemon leaves such a server alone.
        raw = made(b"", "503 Busy", "text/plain", ("Retry-After: 400",))
        wire.reset(lambda number, path, good:
                   raw if "work_packages" in path else good)
        sync.start(wait=False)
        until(lambda: "400 s" in sync.said())
        wire.reset(wire.spoil)
        time.sleep(2.5)
        tap.same(wire.number, 0, "and a daemon does not ask before")
        tap.same(sync.stop(), 0, "the daemon ends well")


# --- JSON of another shape --------------------------------------------------


ODD = (None, True, 0, -1, 1.5, 10 ** 30, "", "x", "\u0000", "\ud800", [], {},
       [[]], {"href": None}, {"a": {"b": []}}, "/api/v3/work_packages/1",
       "2026-13-45T99:99:99Z", "x" * 100000, [1] * 1000, "../../x", "-1")
TEXTS = (b"1e400", b"9223372036854775808", b"tru", b"[" * 5000, b"\"\\ud800\"",
         b"\xff\xfe", b"{\"a\":1,\"a\":2}", b"NaN", b"\x00", b"'x'", b"")
MARK = "odd-value-here"


def nodes(value, path=()):
    """All places in a value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(
        value) if isinstance(value, list) else ()
    for key, child in items:
        yield from nodes(child, path + (key,))


def mutated(dice, body):
    """A body with one thing in it that is not as it was, and what."""
    if dice.random() < 0.15:
        return damaged(dice, body)
    value = json.loads(body)
    places = list(nodes(value))
    path = dice.choice(places)
    if not path:
        return json.dumps(dice.choice(ODD)).encode(), "all of it"
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    how = dice.random()
    if how < 0.2:
        del holder[path[-1]]
    elif how < 0.3 and isinstance(holder, list):
        holder.append(holder[path[-1]])
    elif how < 0.4 and isinstance(holder, dict):
        holder["x" + str(path[-1])] = holder.pop(path[-1])
    elif how < 0.55:
        holder[path[-1]] = MARK
        return json.dumps(value).encode().replace(
            ('"%s"' % MARK).encode(), dice.choice(TEXTS)), path
    else:
        holder[path[-1]] = dice.choice(ODD)
    return json.dumps(value).encode(), path


def damaged(dice, body):
    """Bytes lost, doubled or turned."""
    start = dice.randrange(len(body))
    end = min(len(body), start + dice.choice((1, 1, 2, 100)))
    middle = dice.choice((b"", body[start:end] * 2, bytes(
        b ^ 1 << dice.randrange(8) for b in body[start:end])))
    return body[:start] + middle + body[end:], "bytes %d to %d" % (start, end)


def mutations(tap, server, seed, n):
    """Full reads with one answer mutated; every so often a good one."""
    wrong = []
    recent = []
    guard = "guard: { max_delete: { share: 100%, count: 100000 } }"
    with Wire(server.url) as wire, Daemon(
            wire.url, server=QUICK, more=guard) as sync:
        sync.settle()
        for number in range(seed, seed + n):
            dice = random.Random(number)
            # Where the attachments are asked for again, once in a while.
            args = ("--full",) if number % 4 else ()
            if not number % 4:
                sync.put_back()
                sync.git("config", "x.y", "z")
            wire.reset(mutate(dice, recent, number))
            done = sync.once(*args)
            if done.code in CRASHED:
                wrong.append("%s:\n%r" % (recent[-1], done))
            if number % 12 == 11:
                wire.reset()
                found = sync.heals() + sync.flaws()
                if found:
                    wrong += ["one of:"] + recent + found
                recent.clear()
                sync.put_back()
            if len(wrong) > 50:
                break
        wire.reset()
        wrong += sync.heals()
    tap.ok(not wrong, "%d mutations from %d" % (n, seed),
           "\n".join(wrong[:60]))
    return n


def mutate(dice, recent, seed):
    """Spoils the answer at a random place; notes what."""
    place = dice.randint(1, 8)

    def spoil(number, path, raw):
        if number != place or path.endswith("/content"):
            return raw
        body, what = mutated(dice, decoded(raw))
        recent.append("--seed %d: answer %d (%s): %s" % (
            seed, number, kind_of(path), what))
        return made(body)
    recent.append("--seed %d: none" % seed)
    return spoil


# --- Redirects --------------------------------------------------------------


def targets(other):
    port = other.rsplit(":", 1)[1]
    return ("http://127.0.0.1:%s/stolen" % port,
            "//127.0.0.1:%s/stolen" % port,
            "http://localhost:%s/stolen" % port,
            "https://127.0.0.1:%s/stolen" % port,
            "http://apikey:x@127.0.0.1:%s/stolen" % port,
            "http://127.1:%s/stolen" % port, "http://0:%s/stolen" % port,
            "http://[::1]:%s/stolen" % port,
            "http://[::ffff:127.0.0.1]:%s/stolen" % port,
            "http://2130706433:%s/stolen" % port,
            "http://169.254.169.254/latest/meta-data", "file:///etc/passwd",
            "gopher://127.0.0.1:%s/_GET" % port, "ftp://127.0.0.1/x",
            "dict://127.0.0.1:%s/x" % port, "\\\\127.0.0.1\\x", "", "http://",
            "javascript:1", "http://127.0.0.1:%s\r\nX: y" % port,
            "http://" + "a" * 20000)


def led_astray(sync, wanted):
    """What is wrong with a first pass that is sent elsewhere."""
    shutil.rmtree(sync.store, ignore_errors=True)
    done = sync.once()
    wrong = [] if done.code in (0, 3, 69, 77) else ["%r" % done]
    if sync.key in done.err + done.out:
        wrong.append("the key is said")
    tree = sync.tree()
    if any(b"root:x:0" in text for text in tree.values()):
        wrong.append("a file of this machine is in the store")
    if set(tree) - set(wanted):
        wrong.append("files: %s" % (set(tree) - set(wanted)))
    return wrong


def redirects(tap, server):
    """From each kind of address to all that is not the server; and lists
    whose links lead there."""
    wrong = []
    with StandIn() as other, Wire(server.url) as wire, Daemon(
            wire.url, server=QUICK, mapping=ALL) as sync:
        asked = kinds(wire, sync)
        tap.same(asked, KINDS, "a first read asks for all kinds")
        sync.settle()
        cases = [(kind, where, status) for kind in sorted(asked)
                 for where in targets(other.url)
                 for status in (301, 302, 303, 307, 308)]
        cases = chosen(cases, size(44, len(cases)))
        for kind, where, status in cases:
            wire.reset(all_of(kind, made(
                b"", "%d Elsewhere" % status, "text/html",
                ("Location: " + where,))))
            found = led_astray(sync, sync.wanted)
            if found:
                wrong += ["%s %d to %.80s:" % (kind, status, where)] + found
        tap.ok(not wrong, "%d redirects" % len(cases), "\n".join(wrong[:60]))
        wrong = []
        for where in targets(other.url):
            wire.reset(links_to(where))
            found = led_astray(sync, sync.wanted)
            if found:
                wrong += ["links to %.80s:" % where] + found
        tap.ok(not wrong, "links to elsewhere", "\n".join(wrong[:60]))
        asked = [r for r in other.requests() if r["path"] != "/side/requests"]
        tap.same(asked, [], "nobody else is asked anything")
        wire.reset()
        wrong = sync.heals()
        tap.ok(not wrong, "and then all is well", "\n".join(wrong))
        loops(tap, wire, sync)
    return len(cases)


def links_to(where):
    """Has all links in JSON lead elsewhere."""
    base = '"href":' + json.dumps(where)[:-1] + "/"

    def spoil(_, path, raw):
        if path.endswith("/content"):
            return raw
        return made(decoded(raw).replace(b'"href":"/', base.encode()))
    return spoil


def loops(tap, wire, sync):
    """A content that is always elsewhere."""
    wire.reset()
    wire.forget()
    begin = time.monotonic()

    def spoil(_, path, raw):
        if "/content" not in path:
            return raw
        return made(b"", "302 Found", "text/html",
                    ("Location: %s/../content?x" % path.split("?")[0],))
    sync.put_back()
    wire.reset(spoil)
    with sync.sibling() as fresh:
        done = fresh.once()
        asked = [p.split("?")[0] for p in wire.paths if "/content" in p]
        tap.ok(done.code == 3 and time.monotonic() - begin < 10 and
               0 < len(asked) <= 6 * len(set(asked)),
               "redirects that go in a circle end", done)


# --- Strangers --------------------------------------------------------------


class Stranger(Listener):
    """With a certificate and a version of TLS as told."""

    def __init__(self, folder, name, days, version=None):
        self.pem = os.path.join(folder, name + ".pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name,
             "-days", "1", "-keyout", self.pem, "-out", self.pem + ".crt"],
            check=True, stderr=subprocess.DEVNULL)
        if days < 0:
            self.expire(folder, name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if version is not None:
            warnings.simplefilter("ignore", DeprecationWarning)
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = version
        super().__init__(self.pem, context)

    def expire(self, folder, name):
        """The same, of a day that is over."""
        config = os.path.join(folder, "ca.cnf")
        with open(config, "w") as f:
            f.write("[ca]\ndefault_ca=d\n[d]\nnew_certs_dir=%s\ndatabase=%s/"
                    "index\nserial=%s/serial\ndefault_md=sha256\npolicy=p\n"
                    "[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:%s\n"
                    "basicConstraints=CA:TRUE\n" % (
                        folder, folder, folder, name))
        open(os.path.join(folder, "index"), "w").close()
        with open(os.path.join(folder, "serial"), "w") as f:
            f.write("01\n")
        request = self.pem + ".csr"
        for command in (
                ["req", "-new", "-key", self.pem, "-subj", "/CN=" + name,
                 "-out", request],
                ["ca", "-batch", "-selfsign", "-config", config, "-keyfile",
                 self.pem, "-in", request, "-out", self.pem + ".crt",
                 "-notext", "-extensions", "e", "-startdate",
                 "20200101000000Z", "-enddate", "20210101000000Z"]):
            subprocess.run(["openssl", *command], check=True,
                           stderr=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL)


LENIENT = """openssl_conf = a
[a]
ssl_conf = b
[b]
system_default = c
[c]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
"""


def strangers(tap):
    """Trusted by ca_file:, and still not who was asked for; nor where the
    system's OpenSSL is content with anything."""
    for what, name, days, version, said in (
            ("a certificate of yesterday", "localhost", -1, None,
             "certificate has expired"),
            ("a certificate of another name", "elsewhere.example", 1, None,
             "localhost"),
            ("TLS 1.1", "localhost", 1, ssl.TLSVersion.TLSv1_1, "protocol"),
            ("TLS 1.0", "localhost", 1, ssl.TLSVersion.TLSv1, "protocol"),
            ("TLS 1.2", "localhost", 1, ssl.TLSVersion.TLSv1_2, None)):
        with Case("https://localhost", server=QUICK) as sync:
            other = Stranger(sync.folder, name, days, version)
            sync.configure(url="https://localhost:%d" % other.port.number,
                           server=QUICK + "  ca_file: %s.crt\n" % other.pem)
            sync.env["OPENSSL_CONF"] = sync.write("openssl.cnf", LENIENT)
            done = sync.once()
            other.port.close()
            if said is None:
                tap.ok(b"\r\nAuthorization: " in other.heard,
                       what + ": it goes to whom it belongs", done)
                continue
            tap.ok(done.code == 69 and other.contacts and
                   other.heard == b"" and said in done.err,
                   what + ": no byte of the key goes there", "%r %r" % (
                       other.heard, done))


# --- A key that is revoked --------------------------------------------------


def revoked(tap, server):
    """At each request of a pass; a daemon goes on with the next key."""
    wrong = []
    denied = made(b'{"_type":"Error","errorIdentifier":"urn:openproject-org:'
                  b'api:v3:errors:Unauthenticated","message":"no"}',
                  "401 Unauthorized")
    forbidden = made(b'{"_type":"Error","errorIdentifier":"urn:openproject-'
                     b'org:api:v3:errors:MissingPermission","message":"no"}',
                     "403 Forbidden")
    missing = made(b'{"_type":"Error","errorIdentifier":"urn:openproject-org:'
                   b'api:v3:errors:NotFound","message":"gone"}',
                   "404 Not Found")
    with Wire(server.url) as wire, Daemon(wire.url, server=QUICK) as sync:
        sync.settle()
        wire.reset()
        sync.once("--full")
        n = 0
        for place in range(1, wire.number + 1):
            for raw in (denied, forbidden, missing):
                wire.reset(lambda number, _, good, p=place, raw=raw:
                           raw if number >= p else good)
                n += 1
                wrong += sync.unhurt(sync.once("--full"), (0, 3, 69, 77))
        wire.reset()
        wrong += sync.heals()
    tap.ok(not wrong, "a key that is revoked at one of %d requests" % n,
           "\n".join(wrong[:60]))
    with StandIn() as own, Case(own.url, server=QUICK) as sync:
        sync.start()
        head = sync.head()
        own.side("key", {"user": "admin", "key": "another"})
        tap.ok(until(lambda: "401" in sync.said()), "a key that is refused",
               sync.said())
        own.side("edit", {"id": 26, "set": {"description": "meanwhile"}})
        sync.write("token", "another\n", 0o600)
        sync.opsync("reload")
        tap.ok(until(lambda: sync.head() != head), "is replaced by another, "
               "while the daemon runs", sync.said())
        tap.same(sync.stop(), 0, "the daemon ends well")
    return n


def main():
    tap = Tap()
    n = 0
    with StandIn() as server:  # of its own, as it has people of its own
        server.side("thing", {"kind": "user", "id": 1001, "name": "Seldom"})
        server.side("comment", {"work_package": 26, "raw": "x", "user": 1001})
        n += statuses(tap, server)
        n += confirming(tap, server)
        n += redirects(tap, server)
    with StandIn() as server:
        if option("--seed"):
            mutations(tap, server, int(option("--seed")),
                      int(option("--mutations") or 1))
            return tap.end()
        retry_after(tap, server)
        n += revoked(tap, server)
        strangers(tap)
        shapes = sum(mutations(tap, server, first, size(60, 500))
                     for first in chosen(range(0, 10000, 500),
                                         size(1, 20)))
    tap.same([t for t in threading.enumerate() if t.name == "listen"], [],
             "nobody listens any more, to answer for who came later")
    figure(n, "wrong answers tried")
    figure(shapes, "answers of another shape tried")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
