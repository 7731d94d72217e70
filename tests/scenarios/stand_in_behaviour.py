#!/usr/bin/python3
"""What recordings cannot show of the stand-in OpenProject.

Paging, filters, conditional requests, what moves updatedAt and what does not,
late commits, keys, and misbehaviour on order.
"""
import gzip
import hashlib
import http.client
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import StandIn, Tap  # noqa: E402

WP = "/api/v3/work_packages/"


def ids(answer):
    return [e["id"] for e in answer.json()["_embedded"]["elements"]]


def equals(name, *values):
    return {name: {"operator": "=", "values": [str(v) for v in values]}}


def updated(low="", high=""):
    return {"updatedAt": {"operator": "<>d", "values": [low, high]}}


def error_of(answer):
    body = answer.json()
    return (answer.status, body["errorIdentifier"].split(":")[-1],
            body["message"])


def paging(tap, server):
    every = ids(server.list([], pageSize=1000))
    tap.ok(every == sorted(every) and len(every) > 20, "by id unless asked")
    pages = []
    for offset in (1, 2, 3, 4):
        pages += ids(server.list([], pageSize=7, offset=offset))
    tap.same(pages, every, "pages make the whole")
    tap.same(len(ids(server.list([]))), 20, "20 on a page unless asked")
    server.side("max_page_size", {"value": 5})
    clamped = server.list([], pageSize=1000).json()
    tap.same((clamped["pageSize"], clamped["count"], clamped["total"]),
             (5, 5, len(every)), "a page is clamped, and says so")
    shown = server.list([], pageSize=1000, select="elements/id").json()
    tap.same((sorted(shown), len(shown["_embedded"]["elements"])),
             (["_embedded"], 5), "select of ids alone hides the clamp")
    server.side("max_page_size", {"value": 1000})
    closed = [i for i in every if i not in ids(server.list(pageSize=1000))]
    tap.same(closed, [19], "without filters, what is closed is hidden")


def filters(tap, server):
    with_sub = ids(server.list([equals("project", 1)], pageSize=100))
    alone = ids(server.list([equals("project", 1)], pageSize=100,
                            includeSubprojects="false"))
    tap.same(sorted(set(with_sub) - set(alone)), [21],
             "a project has its subprojects unless it must not")
    tap.same(ids(server.list([equals("type", 9)])), [18], "by type")
    tap.same(ids(server.list([equals("status", 26)])), [19], "by status")
    tap.same(ids(server.list([equals("id", 5, 3, 4)])), [3, 4, 5], "by ids")
    for name, message in (("project", "Project"), ("type", "Type"),
                          ("status", "Status"), ("id", "Id")):
        tap.same(error_of(server.list([equals(name, 3, 9999)])),
                 (400, "InvalidQuery",
                  message + " filter has invalid values."),
                 "one wrong %s fails all" % name)
    tap.same(error_of(server.list([equals("project", "ccm")]))[:2],
             (400, "InvalidQuery"), "a project by its number only")
    tap.same(error_of(server.list([equals("project", 2)], key="syncbotkey")),
             (400, "InvalidQuery", "Project filter has invalid values."),
             "a project that must not be seen does not exist")
    tap.same(server.list([updated()]).status, 400, "two open ends are a 400")
    tap.same(error_of(server.list([{"wonder": {"operator": "="}}]))[:2],
             (400, "InvalidQuery"), "an unknown filter is a 400")


def stamps(tap, server):
    shown = server.get(WP + "5").json()["updatedAt"]
    tap.ok(5 in ids(server.list([updated(shown)])),
           "the stamp shown, as lower bound, finds its row")
    tap.ok(5 not in ids(server.list([updated("", shown)])),
           "as upper bound it misses it: microseconds are kept")
    tap.same(ids(server.list([updated("2021-01-20T07:01:03.036000Z",
                                      "2021-01-20T07:01:03.036000Z")])),
             [4330], "both ends are inclusive")
    tie = "2025-05-05T05:05:05.123456Z"
    for i in (3, 4, 5):
        server.side("edit", {"id": i, "updatedAt": tie})
    asked = [updated(tie, tie)]
    tap.same(ids(server.list(asked, sortBy='[["updatedAt","asc"]]')),
             [5, 4, 3], "ties without id: the highest id first")
    tap.same(ids(server.list(
        asked, sortBy='[["updatedAt","asc"],["id","asc"]]')),
        [3, 4, 5], "ties with id")
    tap.same(server.get(WP + "3").json()["updatedAt"],
             "2025-05-05T05:05:05.123Z", "milliseconds are cut off")
    tap.same(server.list([updated("2099-01-01")], select="total").status, 500,
             "select=total of nothing is a 500")


def conditional(tap, server):
    for path in (WP + "4", "/api/v3/work_packages?filters=%5B%5D",
                 "/api/v3/types", WP + "schemas/1-15"):
        first = server.get(path)
        again = server.get(path, {"If-None-Match": first.headers["etag"]})
        tap.same((again.status, again.body), (304, b""), "304 of " + path)
    tag = server.get(WP + "4").headers["etag"]
    server.side("edit", {"id": 4, "set": {"subject": "Another"}})
    tap.same(server.get(WP + "4", {"If-None-Match": tag}).status, 200,
             "an edit has another ETag")


def compressed(tap, server):
    for path in ("/api/v3/work_packages?filters=%5B%5D", WP + "4",
                 "/api/v3/attachments/9311/content"):
        plain = server.get(path)
        packed = server.get(path, {"Accept-Encoding": "gzip"})
        tap.ok("content-length" not in packed.headers and
               packed.headers["content-encoding"] == "gzip" and
               gzip.decompress(packed.body) == plain.body,
               "gzip, chunked: " + path)


def authentication(tap, server):
    for sent, why in (({"Authorization": "Bearer adminkey"}, "Bearer"),
                      ({"Authorization": "Basic QXBpS2V5OmFkbWlua2V5"},
                       "ApiKey for apikey")):
        tap.same(server.get("/api/v3/users/me", sent).status, 401,
                 "%s is a 401" % why)
    tap.same(server.get("/api/v3/users/me", key="syncbotkey").json()["id"],
             7, "two users")
    server.side("key", {"user": "syncbot", "key": None})
    tap.same(server.get("/api/v3/users/me", key="syncbotkey").status, 401,
             "a revoked key is a 401")
    server.side("key", {"user": "syncbot", "key": "another"})
    tap.same(server.get("/api/v3/users/me", key="another").status, 200,
             "a new key works")
    tap.same(server.get("/api/v3/projects/2", key="another").status, 404,
             "a project out of sight")
    server.side("grant", {"user": "syncbot", "project": 2, "sees": True})
    tap.same(server.get(WP + "20", key="another").status, 200, "granted")
    server.side("grant", {"user": "syncbot", "project": 2, "sees": False})
    tap.same(server.get(WP + "20", key="another").status, 404, "and not")
    tap.same(server.get("/api/v3/configuration", key=None).status, 200,
             "the configuration is public")
    tap.same((server.get(WP + "4?x=" + "y" * 12000).status,
              server.get(WP + "4?x=" + "y" * 12000).body), (400, b""),
             "a URL of 12 kB is an empty 400")
    head = server.request("HEAD", WP + "4", {"Content-Type": "x/y"})
    tap.same((head.status, head.body), (200, b""), "HEAD with a type")
    tap.same(server.request("PATCH", WP + "4", None, b"{}").status, 405,
             "it is only read")


def edits(tap, server):
    before = server.get(WP + "8").json()
    server.side("edit", {"id": 8, "set": {
        "subject": "A \"new\" name", "description": "One <b>.\n\nTwo & 3.",
        "customField1": "text", "customField3": "*long*",
        "customField8": 0.5, "customField9": 2, "customField10": [4, 6],
        "customField11": 8, "status": 26, "assignee": None}})
    after = server.get(WP + "8").json()
    links = after["_links"]
    tap.ok(after["updatedAt"] > before["updatedAt"] and
           after["lockVersion"] == before["lockVersion"] + 1,
           "an edit moves updatedAt")
    tap.same((after["subject"], links["self"]["title"],
              links["move"]["title"]),
             ("A \"new\" name", "A \"new\" name", "Move A \"new\" name"),
             "the subject, and what repeats it")
    tap.same(after["description"], {
        "format": "markdown", "raw": "One <b>.\n\nTwo & 3.",
        "html": "<p class=\"op-uc-p\">One &lt;b&gt;.</p>\n\n"
                "<p class=\"op-uc-p\">Two &amp; 3.</p>"}, "description")
    tap.same((after["customField1"], after["customField3"]["raw"],
              after["customField8"], links["customField9"]["title"],
              [o["title"] for o in links["customField10"]],
              links["customField11"]["href"]),
             ("text", "*long*", 0.5, "Beta", ["Foo", "Baz, with comma"],
              "/api/v3/users/8"), "custom fields of all sorts")
    tap.same(after["_embedded"]["status"]["isClosed"], True,
             "what is embedded goes along")
    server.side("edit", {"id": 8, "set": {"subject": "quiet"},
                         "silent": True})
    quiet = server.get(WP + "8").json()
    tap.same((quiet["subject"], quiet["updatedAt"]),
             ("quiet", after["updatedAt"]), "silently, updatedAt stays")
    server.side("edit", {"id": 8, "set": {"type": 8, "project": 3}})
    moved = server.get(WP + "8").json()
    tap.ok(moved["_links"]["schema"]["href"].endswith("/3-8") and
           "customField1" not in moved and
           moved["_embedded"]["project"]["identifier"] == "bulk",
           "moved to another project and type")
    server.side("edit", {"id": 8, "raw": "{\"id\":8,\"subject\":\"\\ud800\"}"})
    tap.ok(b'{"id":8,"subject":"\\ud800"}' in
           server.list([equals("id", 8)]).body, "raw bytes of an element")
    try:
        server.side("edit", {"id": 8, "set": {"subject": "whole?"}})
        tap.ok(False, "what is broken cannot be set")
    except RuntimeError as e:
        tap.ok("give it as raw" in str(e), "what is broken cannot be set", e)
    server.side("edit", {"id": 8, "raw": '{"_links":{},"subject":"no id"}'})
    for what in ({"set": {"subject": "once"}}, {"set": {"parent": 5}}):
        try:
            server.side("edit", {"id": 8, **what})
            tap.ok(False, "nor what has no id")
        except RuntimeError as e:
            tap.ok("give it as raw" in str(e), "nor what has no id", e)
    server.side("edit", {"id": 8, "raw": json.dumps(after)})
    tap.same(server.get(WP + "8").status, 200, "but mended")
    made = server.side("edit", {"set": {
        "project": 4, "type": 15, "subject": "New", "parent": 15}})["id"]
    new = server.get(WP + str(made)).json()
    tap.same((new["subject"], new["customField1"],
              new["_links"]["customField10"],
              new["_embedded"]["parent"]["id"],
              server.get(WP + "15").json()["_links"]["children"][-1]["title"]),
             ("New", None, [], 15, "New"), "a new one, with a parent")
    five = server.get(WP + "5").json()
    like = server.side("edit", {"set": {"project": 1, "type": 15}})["id"]
    like = server.get(WP + str(like)).json()
    tap.same((sorted(like), sorted(like["_links"])),
             (sorted(five), sorted(five["_links"])),
             "a new one has what a recorded one has")
    server.side("edit", {"id": 15, "set": {"subject": "Same"}})
    server.side("edit", {"id": made, "set": {"subject": "Same"}})
    server.side("edit", {"id": made, "set": {"subject": "Other"}})
    new = server.get(WP + str(made)).json()["_links"]
    tap.same((new["parent"]["title"], new["ancestors"][-1]["title"],
              new["self"]["title"], new["move"]["title"]),
             ("Same", "Same", "Other", "Move Other"),
             "a parent of the same name keeps it")
    server.side("delete", {"id": made})
    tap.same(error_of(server.get(WP + str(made)))[0], 404, "and deleted")


def names(tap, server):
    def moments():
        return {e["id"]: (e["updatedAt"], e["_updated"])
                for e in server.state()["workPackages"]}

    state = moments()
    for kind, number, link in (("type", 15, "type"), ("status", 15, "status"),
                               ("project", 1, "project"),
                               ("category", 3, "category"),
                               ("version", 2, "version"), ("user", 8, "cf"),
                               ("option", 2, "cf"), ("priority", 21, "p")):
        server.side("rename", {"kind": kind, "id": number,
                               "name": "New " + kind})
    four = server.get(WP + "4").json()
    links = four["_links"]
    tap.same([links[k]["title"] for k in (
        "type", "status", "project", "category", "version", "customField11",
        "customField9", "priority")],
        ["New " + k for k in ("type", "status", "project", "category",
                              "version", "user", "option", "priority")],
        "all names are new")
    tap.same(four["_embedded"]["type"]["name"], "New type", "embedded, too")
    tap.same(moments(), state, "names do not move updatedAt")
    server.side("rename", {"key": "customField2", "name": "cleaner"})
    tap.same(server.get(WP + "schemas/1-15").json()["customField2"]["name"],
             "cleaner", "a custom field is renamed in its schema")
    server.side("forget", {"kind": "option", "id": 2})
    tap.same(server.get(WP + "4").json()["_links"]["customField9"]["title"],
             "2 not found", "a deleted option")
    server.side("archive", {"project": 4})
    tap.same(server.get(WP + "21").status, 404, "archived: gone")
    server.side("archive", {"project": 4, "archived": False})
    tap.same(server.get(WP + "21").json()["updatedAt"], state[21][0],
             "unarchived: back, and not moved")
    made = server.side("thing", {"kind": "project", "name": "Sub",
                                 "identifier": "sub", "parent": 1})["id"]
    one = server.side("edit", {"set": {"project": made, "subject": "In sub"}})
    tap.ok(one["id"] in ids(server.list([equals("project", 1)], pageSize=99)),
           "a new subproject is in its parent's list")


def attachments(tap, server):
    before = server.get(WP + "5").json()
    made = server.side("attach", {"work_package": 5, "content": "hällo",
                                  "file_name": "../b\"\n.txt"})["id"]
    after = server.get(WP + "5").json()
    tap.ok(after["updatedAt"] > before["updatedAt"] and
           after["lockVersion"] == before["lockVersion"],
           "an attachment moves updatedAt, not lockVersion")
    listed = server.get(WP + "5/attachments").json()["_embedded"]["elements"]
    tap.same((listed[0]["fileName"], listed[0]["fileSize"],
              listed[0]["digest"]["hash"]),
             ("../b\"\n.txt", 6, hashlib.md5("hällo".encode()).hexdigest()),
             "a name verbatim, size and digest")
    server.side("attach", {"work_package": 5, "base64": "AAEC",
                           "file_name": "a.bin", "set": {"fileSize": 9}})
    listed = server.get(WP + "5/attachments").json()["_embedded"]["elements"]
    tap.same([(a["fileName"], a["fileSize"]) for a in listed],
             [("../b\"\n.txt", 6), ("a.bin", 9)], "sorted; one lies")
    tap.same(server.get(
        "/api/v3/attachments/%d/content" % listed[1]["id"]).body,
        b"\0\1\2", "bytes by base64")
    server.side("detach", {"id": made})
    tap.same(server.get("/api/v3/attachments/%d" % made).status, 404,
             "removed")


def late(tap, server):
    old = server.get(WP + "6").json()["updatedAt"]
    server.side("edit", {"id": 6, "set": {"subject": "late"}, "late": 2})
    stamp = server.state()["now"]
    time.sleep(0.01)
    seen = []
    for _ in range(3):
        rows = server.list([equals("id", 6)]).json()["_embedded"]["elements"]
        seen.append((rows[0]["subject"], rows[0]["updatedAt"] > old))
    tap.same([s[1] for s in seen], [False, False, True],
             "a late commit is seen two lists later")
    # The server cuts a stamp off at milliseconds: compare no more than those.
    tap.ok(server.get(WP + "6").json()["updatedAt"][:23] <= stamp[:23],
           "with the stamp of when it was made")
    real = server.state()["now"]
    server.side("clock", {"offset_ms": 86400000})
    server.side("edit", {"id": 6, "set": {"subject": "tomorrow"}})
    server.side("clock", {"offset_ms": 0})
    tap.ok(server.get(WP + "6").json()["updatedAt"][:10] > real[:10],
           "the clock can be a day ahead")


def faults(tap, server):
    def order(**what):
        server.side("fault", dict(what, match="work_packages/4"))

    whole = server.get(WP + "4").body
    order(status=503, headers={"Retry-After": "7"}, body="busy", times=2)
    for _ in range(2):
        got = server.get(WP + "4")
        tap.same((got.status, got.headers["retry-after"], got.body),
                 (503, "7", b"busy"), "503 with Retry-After")
    tap.same(server.get(WP + "4").status, 200, "two times, no more")
    order(cut_after=100)
    try:
        server.get(WP + "4")
        tap.ok(False, "cut short")
    except http.client.IncompleteRead as e:
        tap.same(e.partial, whole[:100], "cut short after 100 bytes")
    order(cut_after=100)
    try:
        server.get(WP + "4", {"Accept-Encoding": "gzip"})
        tap.ok(False, "cut short, compressed")
    except http.client.IncompleteRead:
        tap.ok(True, "cut short, compressed")
    order(drop=True)
    try:
        server.get(WP + "4")
        tap.ok(False, "dropped")
    except (http.client.RemoteDisconnected, ConnectionError):
        tap.ok(True, "dropped without a word")
    order(redirect="http://127.0.0.1:9/x", status=307)
    got = server.get(WP + "4")
    tap.same((got.status, got.headers["location"]),
             (307, "http://127.0.0.1:9/x"), "sent elsewhere")
    order(garbage=True)
    got = server.get(WP + "4")
    tap.ok(got.status == 200 and len(got.body) == 4096, "garbage with a 200")
    order(body="<html>", content_type="text/html")
    got = server.get(WP + "4")
    tap.same((got.status, got.headers["content-type"], got.body),
             (200, "text/html", b"<html>"), "a login page with a 200")
    order(**{"replace": "\"id\":4,", "with": "\"id\":5,"})
    tap.same(server.get(WP + "4").json()["id"], 5, "a lie in the body")
    order(delay_ms=300)
    start = time.monotonic()
    server.get(WP + "4")
    tap.ok(0.3 <= time.monotonic() - start < 2, "late by 300 ms")
    order(trickle_ms=20, body="ten bytes.")
    start = time.monotonic()
    got = server.get(WP + "4")
    tap.ok(got.body == b"ten bytes." and
           0.15 <= time.monotonic() - start < 2, "byte by byte")
    last = server.requests()[-1]
    while last["sent"] == 0 and time.monotonic() - start < 10:
        time.sleep(0.01)  # its reader had the last byte before it knew
        last = server.requests()[-1]
    tap.ok(last["sent"] - last["at"] >= 150000,
           "worked out at once, and sent when the last byte was")
    order(status=500, after=1)
    tap.same([server.get(WP + "4").status for _ in range(3)],
             [200, 500, 200], "the second, not the first")
    order(status=500, times=-1)
    tap.same([server.get(WP + "4").status for _ in range(3)],
             [500, 500, 500], "without end")
    server.side("faults/clear")
    tap.same(server.get(WP + "4").status, 200, "cleared")


def memory(tap, server):
    server.side("requests/reset")
    server.get("/api/v3/types", {"User-Agent": "me"})
    server.get("/api/v3/nonesuch", key=None)
    tap.same([(r["method"], r["path"], r["status"], r["authorization"],
               r.get("userAgent")) for r in server.requests()],
             [("GET", "/api/v3/types", 200, True, "me"),
              ("GET", "/api/v3/nonesuch", 401, False, None)],
             "requests are remembered")


def generated(tap):
    size = ("--generate", "300", "--attachments", "30",
            "--attachment-size", "5000", "--projects", "3")
    with StandIn(*size) as one, StandIn(*size) as two:
        tap.same(one.state()["workPackages"], two.state()["workPackages"],
                 "generated twice, the same")
        tap.same(one.list([equals("project", 2)],
                          select="total").json()["total"], 100,
                 "a third of them in each project")
        got = one.get("/api/v3/attachments/30/content").body
        said = one.get("/api/v3/attachments/30").json()["digest"]["hash"]
        tap.same((len(got), hashlib.md5(got).hexdigest()), (5000, said),
                 "generated contents have their digests")
        low = one.get(WP + "290").json()["updatedAt"]
        tap.same(ids(one.list([updated(low)], pageSize=99)),
                 list(range(290, 301)), "stamps go up with ids")
        one.side("edit", {"id": 7, "set": {"subject": "x"}})
        tap.same(one.get(WP + "7").json()["subject"], "x", "and are edited")
    with StandIn("--generate", "40", "--cost") as slow:
        start = time.monotonic()
        slow.list([], pageSize=40)
        tap.ok(0.3 < time.monotonic() - start < 3, "slow as the real one")
        tap.same(slow.stop(), 0, "it ends cleanly")


def main():
    tap = Tap()
    for part in (paging, filters, stamps, conditional, compressed,
                 authentication, edits, names, attachments, late, faults,
                 memory):
        with StandIn() as server:
            part(tap, server)
    generated(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
