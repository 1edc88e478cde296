"""Serves the application by granian: `python -m mlmath.serve --host 127.0.0.1 --port 8000`.

The parent process only looks after its workers, so it loads neither Django nor settings.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

from mlmath.patience import PLACES, Places

if TYPE_CHECKING:
    from django.core.handlers.wsgi import WSGIHandler

# Django spends its time in Python, where a process runs one thread at once: a few threads fill the
# waits for the database, and more would only wait for each other. One more can still answer where
# the database does not.
THREADS = PLACES + 1
# Requests that a worker takes in at once; the rest waits in the kernel, where waiting is free.
BACKPRESSURE = 64
# A worker that does not end by itself within this many seconds is ended.
PATIENCE = 10
# Seconds until background work that has fallen is started again.
PAUSE = 3
MANAGE = Path(__file__).resolve().parent.parent / "manage.py"


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
        log_dictconfig=_log(),
        respawn_failed_workers=True,
        workers_kill_timeout=PATIENCE,
    )

    def say_where() -> None:
        if sys.stdin.isatty():
            # Elsewhere this signal means "reload"; here somebody has closed the window.
            signal.signal(signal.SIGHUP, server.signal_handler_interrupt)
        print(f"mlmath is at {site} (Ctrl-C ends it)", flush=True)  # noqa: T201

    _let_workers_end_from_the_start()
    server.on_startup(say_where)
    with _counts(), _background_work() if options.work else nullcontext():
        server.serve(target_loader=_application_for_a_worker)


def _let_workers_end_from_the_start() -> None:
    """Until a worker listens to signals itself, it has nothing to bring to an end.

    With the ears that it inherits from its parent it would hear none and be waited for in vain, and
    one that comes while it is being made would be lost.
    """
    ending = {signal.SIGTERM}

    def in_the_worker() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ending)

    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ending),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, ending),
        after_in_child=in_the_worker,
    )


def _log() -> dict[str, Any]:
    """What the server says of itself looks like what the application says."""
    lines = "JsonLines" if os.environ.get("MLMATH_ENV") == "production" else "Lines"
    return {
        "formatters": {"line": {"()": f"mlmath.logs.{lines}"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
    }


@contextmanager
def _counts() -> Iterator[None]:
    """A folder in which the workers count together what /metrics says, where anybody may ask."""
    if not os.environ.get("METRICS_TOKEN"):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="mlmath-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield


@contextmanager
def _background_work() -> Iterator[None]:
    """`manage.py work` beside the server: started again when it falls, ended with the server."""
    is_over = threading.Event()
    # Out of the reach of Ctrl-C: hearing it twice, the worker would drop what it is doing.
    command = [sys.executable, str(MANAGE), "work", "--parent", str(os.getpid())]
    worker = subprocess.Popen(command, start_new_session=True)  # noqa: S603  # our own command

    def watch() -> None:
        nonlocal worker
        while True:
            worker.wait()
            if is_over.wait(PAUSE):
                return
            worker = subprocess.Popen(command, start_new_session=True)  # noqa: S603

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        worker.terminate()
        try:
            worker.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            worker.kill()
        watcher.join(PATIENCE)


def _application_for_a_worker(target: str) -> "WSGIHandler":
    """Runs in each worker, out of the reach of Ctrl-C.

    The parent ends its workers. One that got the keyboard's signal as well would sometimes hang.
    """
    os.setpgid(0, 0)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    from mlmath.wsgi import application  # Django belongs into the workers, not into the parent

    _warm_up()
    return application


def _warm_up() -> None:
    """Spare the first visitors what takes long. Without its database the process starts as well."""
    from django.conf import settings
    from django.db import DatabaseError, connections
    from django.utils.module_loading import import_string

    with Places().one():
        for name in settings.WARM_UP:
            with suppress(DatabaseError):
                import_string(name)()
        connections.close_all()


def _end_with(parent: int) -> None:
    """A parent that is killed cannot end its workers, and they would keep the port."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def cores() -> int:
    """How many cores this process may use; all of them where the system does not tell."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mlmath.serve")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=8000)
    parser.add_argument("--workers", type=int, default=cores())
    parser.add_argument(
        "--work", action="store_true", help="run `manage.py work` as well, which sends the mail"
    )
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
    if host in {"127.0.0.1", "0.0.0.0", "::", "::1"}:  # noqa: S104  # nosec B104  # named, not bound
        return "localhost"
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    main()
