"""PostgreSQL's own programs, of the version of the server that they talk to."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from psycopg.conninfo import make_conninfo

from mlmath.backup import BackupError

# Where packages put them; the first is Debian's and Ubuntu's, then Red Hat's and Homebrew's.
_FOLDERS = (
    "/usr/lib/postgresql/{major}/bin",
    "/usr/pgsql-{major}/bin",
    "/opt/homebrew/opt/postgresql@{major}/bin",
)
# What psycopg takes and libpq does not know; and the password, for every process can be listed.
_NOT_FOR_LIBPQ = {"password", "client_encoding", "prepare_threshold", "cursor_factory", "context"}


def programs(major: int) -> Path:
    """The folder with pg_dump, pg_restore and psql of this version. Raises BackupError."""
    places = [Path(folder.format(major=major)) for folder in _FOLDERS]
    places += [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    for place in places:
        if all(_version(place / name) == major for name in ("pg_dump", "pg_restore", "psql")):
            return place
    raise BackupError(
        f"The server is PostgreSQL {major}, and pg_dump, pg_restore and psql of that version are "
        f"not here. Debian, Ubuntu: apt install postgresql-client-{major}. Elsewhere: put their "
        "folder into PATH."
    )


def connection_of(parameters: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """How a program reaches the database: an address without the password, its environment."""
    known = {name: value for name, value in parameters.items() if name not in _NOT_FOR_LIBPQ}
    environment = dict(os.environ)
    if parameters.get("password"):
        environment["PGPASSWORD"] = str(parameters["password"])
    return make_conninfo(**known), environment


def _version(program: Path) -> int | None:
    if shutil.which(program) is None:
        return None
    with running(program, "--version", stdout=subprocess.PIPE) as process:
        said = process.communicate(timeout=30)[0].decode()
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if found else None


@contextmanager
def running(
    program: Path, *arguments: str | Path, **options: Any
) -> Iterator["subprocess.Popen[bytes]"]:
    """The program as it runs. None is left behind, whatever goes wrong in the block."""
    process: subprocess.Popen[bytes] = subprocess.Popen([program, *arguments], **options)  # noqa: S603
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
