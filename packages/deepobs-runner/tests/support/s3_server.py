"""An S3 server on this machine, moto's, that can be told to fail.

As a program it serves until its standard input is closed; its first line of output is the port.
"""

import json
import subprocess
import sys
import threading
import time
import urllib.request

FAULTS = "/-/fault"


class Faulty:
    """Passes requests on to an application, or lets them fail as it was told last.

    Args:
        application: The application that answers requests.
    """

    def __init__(self, application):
        self._application = application
        self._fault = {}
        self._lock = threading.Lock()

    def __call__(self, environ, start_response):
        """Answers one request."""
        if environ["PATH_INFO"] == FAULTS:
            self._fault = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            return _empty(start_response, "200 OK")
        with self._lock:
            fault = dict(self._fault) if self._strikes(environ) else {}
        time.sleep(fault.get("seconds", 0))
        if fault.get("ignores_conditions"):
            environ.pop("HTTP_IF_NONE_MATCH", None)
        if fault.get("loses_answer"):
            b"".join(self._application(environ, lambda *_: None))
        if status := fault.get("status"):
            return _empty(start_response, f"{status} Told to")
        return self._application(environ, start_response)

    def _strikes(self, environ):
        """Whether a request is one of those that fail; counts them."""
        if environ["REQUEST_METHOD"] not in self._fault.get("methods", ()):
            return False
        if self._fault.get("containing", "") not in environ["PATH_INFO"]:
            return False
        self._fault["times"] = self._fault.get("times", sys.maxsize) - 1
        return self._fault["times"] >= 0


def _empty(start_response, status):
    start_response(status, [("Content-Length", "0")])
    return [b""]


class Server:
    """The server in a process of its own."""

    def __enter__(self):
        """Starts it."""
        self._process = subprocess.Popen(
            (sys.executable, "-W", "ignore", __file__),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        return self

    def __exit__(self, *error):
        """Stops it."""
        self._process.kill()
        self._process.communicate()

    def create(self, bucket):
        """Creates a bucket."""
        self._put(f"/{bucket}")

    def fail(self, methods=(), **fault):
        """Makes requests of some HTTP methods fail from now on; without arguments, none.

        Args:
            methods: The methods.
            **fault: How: `status` of the answer, `seconds` before it, `loses_answer` after the
                request was carried out, `ignores_conditions`; `times` for that many requests only,
                `containing` for those alone whose path contains a text.
        """
        content = json.dumps({"methods": list(methods), **fault}).encode()
        self._put(FAULTS, content)

    def _put(self, path, content=b""):
        request = urllib.request.Request(f"{self.url}{path}", content, method="PUT")
        without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        without_proxy.open(request, timeout=60).close()


def main():
    """Serves until the standard input ends."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    application = Faulty(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
