"""A door before the server that lets some requests through twice, and some late."""

import contextlib
import http.client
import random
import threading
import time
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Method, path, body, headers.
Call = tuple[str, str, bytes, dict[str, str]]

TWICE = LATE = 0.1
# Late enough to come after the next request of the same person, and many others.
LATE_SECONDS = 1.0


@contextlib.contextmanager
def echo(address: str) -> Iterator[str]:
    """The address of a door to the server at `address`."""
    host = urllib.parse.urlsplit(address).netloc
    chance = random.Random(8)

    def forward(
        call: tuple[str, str, bytes, dict[str, str]],
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        method, path, body, headers = call
        line = http.client.HTTPConnection(host, timeout=60)
        try:
            line.request(method, path, body or None, headers)
            answer = line.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            line.close()

    def again(call: Call, seconds: float) -> None:
        time.sleep(seconds)
        with contextlib.suppress(OSError, http.client.HTTPException):
            forward(call)

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = (self.command, self.path, body, dict(self.headers.items()))
            if chance.random() < TWICE:
                seconds = chance.choice([0.0, chance.uniform(0, LATE_SECONDS)])
                threading.Thread(target=again, args=(call, seconds), daemon=True).start()
            if chance.random() < LATE:
                time.sleep(chance.uniform(0, LATE_SECONDS))
            status, headers, content = forward(call)
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815  # the library asks for these names

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Door) as server:
        carrier = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        carrier.start()
        try:
            yield f"http://localhost:{server.server_address[1]}"
        finally:
            server.shutdown()
            carrier.join()
