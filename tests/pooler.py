"""A real PgBouncer in transaction mode before a server of the tests."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.clusters import ACCOUNT, PATIENCE_SECONDS, ROLE, Cluster, free_port
from tests.programs import program

_SETTINGS = """
[databases]
* = host=127.0.0.1 port={server}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir = {folder}
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 500
logfile = {folder}/log
"""


@contextmanager
def pooler(server: Cluster, *, size: int) -> Iterator[int]:
    """The port of a pooler that has at most `size` connections to a database of `server`."""
    pgbouncer = program("pgbouncer", package="pgbouncer")
    with tempfile.TemporaryDirectory(prefix="mlmath-pool-") as name:
        folder, port = Path(name), free_port()
        (folder / "users").write_text(f'"{ROLE}" ""\n')
        settings = _SETTINGS.format(server=server.port, port=port, folder=folder, size=size)
        (folder / "settings").write_text(settings)
        if ACCOUNT is not None:
            # It does not run as root either.
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, ACCOUNT)
        process = subprocess.Popen(
            [pgbouncer, "--quiet", folder / "settings"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=ACCOUNT,
        )
        try:
            _wait_for(f"postgresql://{ROLE}@127.0.0.1:{port}/postgres", folder / "log")
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=PATIENCE_SECONDS)


def _wait_for(address: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            psycopg.connect(address, connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"PgBouncer does not start:\n{log.read_text()}")
