"""Copying the whole database as it is at one moment, and putting a copy into its place.

Both happen in one piece: a copy shows no half of a transaction, and a database holds either what
was in it or all of the copy, also where a program is killed in between.
"""

import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import IO, BinaryIO, cast

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from mlmath.backup import BackupError
from mlmath.backup.archive import Progress
from mlmath.backup.programs import connection_of, programs, running

_PAGES_AT_ONCE = 2000
_BLOCK = 1024 * 1024

Migrations = list[list[str]]
Counts = dict[str, int]


def engine() -> str:
    return connection.vendor


def server_version() -> str:
    if connection.vendor == "sqlite":
        return sqlite3.sqlite_version
    return f"{_server_number() // 10000}.{_server_number() % 10000}"


def qualified(table: str) -> str:
    """Its name for a statement in which no schema is looked through."""
    return table if connection.vendor == "sqlite" else f"public.{table}"


def tables() -> list[str]:
    return sorted(connection.introspection.table_names())


def counts_now() -> Counts:
    with connection.cursor() as cursor:
        return _counts(cursor, tables())


def copy_database(path: Path, progress: Progress) -> tuple[Counts, Migrations]:
    """Copies the database into `path`: rows by table in the copy, and the migrations it has had.

    Nobody has to wait meanwhile. Raises BackupError.
    """
    if connection.vendor == "sqlite":
        return _copy_sqlite(path, progress)
    return _copy_postgresql(path, progress)


def put_in_place(path: Path, *, statements: list[str], progress: Progress) -> None:
    """Makes the copy in `path` the database, with `statements` run on it; what was there is gone.

    It is one transaction: on BackupError nothing has changed.
    """
    if connection.vendor == "sqlite":
        _put_sqlite(path, statements, progress)
    else:
        _put_postgresql(path, statements, progress)


def _copy_sqlite(path: Path, progress: Progress) -> tuple[Counts, Migrations]:
    connection.ensure_connection()
    name = str(connection.settings_dict["NAME"])
    with (
        closing(sqlite3.connect(name, isolation_level=None)) as source,
        closing(sqlite3.connect(path, isolation_level=None)) as copy,
    ):
        # What others write from here on is not in the copy, and does not make it start again.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(copy, pages=_PAGES_AT_ONCE, progress=_percent(progress))
        # One file, whatever the journal of the database it came from.
        copy.execute("PRAGMA journal_mode = DELETE")
        names = [
            row[0]
            for row in copy.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
        ]
        counts = {
            name: copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608  # nosec B608
            for name in sorted(names)
        }
        rows = copy.execute("SELECT app, name FROM django_migrations ORDER BY id").fetchall()
    return counts, [list(row) for row in rows]


def _put_sqlite(path: Path, statements: list[str], progress: Progress) -> None:
    connection.ensure_connection()
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as copy:
            broken = copy.execute("PRAGMA integrity_check").fetchone()[0]
            if broken != "ok":
                raise BackupError(f"The copy of the database is damaged: {broken}.")
            for statement in statements:
                copy.execute(statement)
            # One transaction of the other side, however many steps it takes.
            copy.backup(connection.connection, pages=_PAGES_AT_ONCE, progress=_percent(progress))
    except sqlite3.Error as error:
        raise BackupError(f"The copy cannot be put in place: {error}.") from error


def _percent(progress: Progress) -> Callable[[int, int, int], None]:
    """Tells `progress` what SQLite says of a copy under way."""
    return lambda _, left, all_: progress(f"{100 * (all_ - left) // max(all_, 1)} %")


def _copy_postgresql(path: Path, progress: Progress) -> tuple[Counts, Migrations]:
    _refuse_a_pooler()
    folder = programs(_server_number() // 10000)
    address, environment = connection_of(connection.get_connection_params())
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # It is idle for as long as the program runs, which sees what it sees.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        counts = _counts(cursor, tables())
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
        migrations = [list(row) for row in cursor.fetchall()]
        with (
            tempfile.TemporaryFile() as complaints,
            running(
                folder / "pg_dump",
                "--format=custom",
                f"--snapshot={snapshot}",
                "--no-password",
                f"--file={path}",
                f"--dbname={address}",
                env=environment,
                stdin=subprocess.DEVNULL,
                stderr=complaints,
            ) as dump,
        ):
            while _is_running(dump):
                progress(f"{path.stat().st_size // 1_000_000 if path.exists() else 0} MB")
            if dump.returncode != 0:
                raise BackupError(f"pg_dump has failed: {_said(complaints)}")
    return counts, migrations


def _put_postgresql(path: Path, statements: list[str], progress: Progress) -> None:
    _refuse_a_pooler()
    folder = programs(_server_number() // 10000)
    address, environment = connection_of(connection.get_connection_params())
    first = "BEGIN;\n"
    if old := ", ".join(qualified(connection.ops.quote_name(table)) for table in tables()):
        # Whoever still works on them has stopped by then, or nothing changes.
        first += f"SET LOCAL lock_timeout = '10s';\nDROP TABLE {old} CASCADE;\n"
    # Without the last line, wherever it breaks off, the server keeps what it had.
    last = "".join(f"{statement};\n" for statement in [*statements, "COMMIT"])
    connection.close()
    with (
        tempfile.TemporaryFile() as complaints,
        running(
            folder / "pg_restore",
            "--no-owner",
            "--no-privileges",
            "--file=-",
            path,
            stdout=subprocess.PIPE,
            stderr=complaints,
        ) as reading,
        running(
            folder / "psql",
            "--no-psqlrc",
            "--quiet",
            "--no-password",
            "--set=ON_ERROR_STOP=1",
            f"--dbname={address}",
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        ) as writing,
    ):
        try:
            _pass_on(reading, writing, first=first, last=last, progress=progress)
        except BrokenPipeError:
            # Its complaint says why it reads no more.
            writing.wait()
        if reading.poll() or writing.wait() != 0:
            raise BackupError(f"PostgreSQL refuses the copy: {_said(complaints)}")


def _refuse_a_pooler() -> None:
    if connection.settings_dict.get("IS_POOLED"):
        raise BackupError(
            "A pooler is between. Name the server itself in DATABASE_URL for this command, and "
            "leave DATABASE_POOLER out."
        )


def _pass_on(
    reading: "subprocess.Popen[bytes]",
    writing: "subprocess.Popen[bytes]",
    *,
    first: str,
    last: str,
    progress: Progress,
) -> None:
    script, shell = cast("BinaryIO", reading.stdout), cast("BinaryIO", writing.stdin)
    shell.write(first.encode())
    done = 0
    while block := script.read(_BLOCK):
        shell.write(block)
        done += len(block)
        progress(f"{done // 1_000_000} MB")
    if reading.wait() == 0:
        shell.write(last.encode())
    shell.close()


def _counts(cursor: CursorWrapper, names: list[str]) -> Counts:
    counts = {}
    for name in names:
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")  # noqa: S608  # nosec B608
        counts[name] = cursor.fetchone()[0]
    return counts


def _server_number() -> int:
    """Such as 150020 for 15.20."""
    connection.ensure_connection()
    return int(connection.connection.info.server_version)


def _is_running(process: "subprocess.Popen[bytes]") -> bool:
    try:
        process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        return True
    return False


def _said(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read().decode(errors="replace").strip().splitlines()
    return "; ".join(lines[:5]) or "it does not say why"
