"""What scenario tests share: the stand-in OpenProject, and TAP lines."""
import base64
import http.client
import json
import os
import subprocess
import tempfile
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build/release"))
RECORDED = os.path.join(ROOT, "tests/openproject/recorded")


class Answer:
    """A status, headers (lower-case names) and the body's bytes."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class StandIn:
    """The stand-in OpenProject, started with its options.

    A context manager; without options it serves the recorded answers.
    """

    def __init__(self, *args):
        self.args = args or ("--recorded", RECORDED)
        self.process = None
        self.url = None

    def start(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "port")
            program = os.path.join(BUILD, "tests/openproject/openproject")
            self.process = subprocess.Popen(
                [program, "--port-file", path, "--die-with-parent",
                 *self.args])
            while not os.path.exists(path):
                if self.process.poll() is not None:
                    raise RuntimeError("the stand-in did not start")
                time.sleep(0.01)
            with open(path) as f:
                self.url = "http://127.0.0.1:%d" % int(f.read())
        return self

    def stop(self):
        """End it; its exit status."""
        self.process.terminate()
        return self.process.wait(10)

    def __enter__(self):
        return self.start()

    def __exit__(self, failure, *_):
        if self.process.returncode is None and self.stop() and not failure:
            raise RuntimeError("the stand-in ended badly")

    def request(self, method, path, headers=None, body=None, key="adminkey"):
        """Ask it anything; with key None, without Authorization."""
        headers = dict(headers or {})
        if key is not None and "Authorization" not in headers:
            basic = base64.b64encode(("apikey:" + key).encode()).decode()
            headers["Authorization"] = "Basic " + basic
        connection = http.client.HTTPConnection(
            urllib.parse.urlsplit(self.url).netloc, timeout=30)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            if body is not None:
                headers["Content-Length"] = str(len(body))
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, headers=None, key="adminkey"):
        return self.request("GET", path, headers, None, key)

    def list(self, filters=None, key="adminkey", **params):
        """A list of work packages: filters is [{…}], or None for none."""
        if filters is not None:
            params["filters"] = json.dumps(filters)
        return self.get("/api/v3/work_packages?" +
                        urllib.parse.urlencode(params), key=key)

    def side(self, path, body=None):
        """An order to the side door: what it says to it."""
        answer = self.request("POST", "/side/" + path, None,
                              json.dumps(body or {}).encode(), None)
        if answer.status != 200:
            raise RuntimeError("/side/%s: %s" % (path, answer.body.decode()))
        return answer.json()

    def state(self):
        return self.get("/side/state", key=None).json()

    def requests(self):
        """All requests since the last reset, the side door's left out."""
        return self.get("/side/requests", key=None).json()


class Tap:
    """Counts and prints test points; exit with tap.end()."""

    def __init__(self):
        self.n = 0
        self.failed = 0

    def ok(self, good, name, why=""):
        self.n += 1
        self.failed += not good
        print("%s %d - %s" % ("ok" if good else "not ok", self.n, name),
              flush=True)
        for line in str(why).splitlines() if not good else ():
            print("# " + line, flush=True)

    def same(self, got, wanted, name):
        self.ok(got == wanted, name, "got %r\nnot %r" % (got, wanted))

    def end(self):
        print("1..%d" % self.n, flush=True)
        return 1 if self.failed else 0
