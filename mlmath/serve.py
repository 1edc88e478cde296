"""Serves the application by granian: `python -m mlmath.serve --host 127.0.0.1 --port 8000`.

The parent process only looks after its workers, so it loads neither Django nor settings.
"""

import argparse
import os
import socket
import sys

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

# Django spends its time in Python, where a process runs one thread at once: a few threads fill the
# waits for the database, and more would only wait for each other.
THREADS = 4
# Requests that a worker takes in at once; the rest waits in the kernel, where waiting is free.
BACKPRESSURE = 64
# A worker that does not end by itself within this many seconds is ended.
PATIENCE = 10


def main() -> None:
    options = _options()
    address = _address(options.host, options.port)
    site = f"http://{_name(options.host)}:{options.port}"
    # Links in mails lead to where the site is; whoever sets SITE_URL knows better.
    os.environ.setdefault("SITE_URL", site)
    server = Server(
        "mlmath.wsgi:application",
        address=address,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=options.workers,
        blocking_threads=THREADS,
        backpressure=BACKPRESSURE,
        http=HTTPModes.http1,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=PATIENCE,
    )
    server.on_startup(lambda: print(f"mlmath is at {site} (Ctrl-C ends it)", flush=True))  # noqa: T201
    server.serve()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mlmath.serve")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=8000)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port. Use a number from 1 to 65535.")
    return int(text)


def _address(host: str, port: int) -> str:
    """The number behind `host`, on which nobody else listens; ends the process where there is none.

    The server would share the port with another one of its kind and answer every second request.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        sys.exit(f"HOST {host!r} is no address of this machine: {error.strerror}.")
    family, _, _, _, endpoint = min(found, key=lambda one: one[0] != socket.AF_INET)
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(endpoint)
        except OSError as error:
            sys.exit(
                f"Cannot listen on port {port} of {host}: {error.strerror}. "
                f"Try another one: make run PORT={port + 1}"
            )
    return str(endpoint[0])


def _name(host: str) -> str:
    """How people reach `host`: passkeys need a name, and a browser finds no 0.0.0.0."""
    if host in {"127.0.0.1", "0.0.0.0", "::", "::1"}:  # noqa: S104  # named, not bound
        return "localhost"
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    main()
