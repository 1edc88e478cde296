"""Where it is measured: a PostgreSQL with a database for each size, and the site on it."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.bench.load import Watched, is_local
from tests.clusters import cluster
from tests.server import Server, prepare, running_pages

PEOPLE_IN_A_GROUP = 20
# As for a machine with a few gigabytes; what is not named is as PostgreSQL has it.
SITE = {
    "MLMATH_ENV": "production",
    "SECRET_KEY": "a key for the bench only, as long as a real one has to be 0123456789",
    "ALLOWED_HOSTS": "localhost",
    "SITE_URL": "https://localhost",
    "MAIL_FROM": "mlmath <mlmath@mlmath.example>",
    "TRUSTED_PROXIES": "1",
    # One person calls as often as thirty would.
    "API_CALLS_PER_MINUTE": "1000000",
}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The site on one database. `observer` is a connection of ours to it."""

    users: int
    site: Server
    floor: Server
    observer: psycopg.Connection
    people: dict[str, Any]
    rows: dict[str, int]
    fill_seconds: float

    def watched(self, server: Server) -> Watched:
        database = self.observer if is_local(self.observer) else None
        return Watched(address=server.address, workers=server.workers, database=database)


@contextmanager
def database_server(named: str) -> Iterator[str]:
    """The address of a database from which others can be made: the named one, else our own."""
    if named:
        yield named
        return
    # As for a machine with a few gigabytes; what is not named is as PostgreSQL has it.
    with cluster(
        shared_buffers="512MB",
        effective_cache_size="2GB",
        maintenance_work_mem="256MB",
        max_wal_size="4GB",
        checkpoint_timeout="30min",
        random_page_cost="1.1",
    ) as server:
        yield server.url()


@contextmanager
def stage(
    server: str, folder: Path, *, users: int, seed: int, workers: int, mail: str
) -> Iterator[Stage]:
    """The site with so many people, on a database of the server at `server`.

    A database that is there already is used again.
    """
    with ExitStack() as stack:
        address, observer = _database(server, f"mlmath_bench_{users}")
        stack.enter_context(observer)
        settings = SITE | {"DATABASE_URL": address, "EMAIL_URL": mail}
        prepare(folder, **settings)
        site = stack.enter_context(running_pages(folder, settings, workers=workers))
        seconds = _fill(site, observer, users=users, seed=seed)
        people = json.loads(_told(site, "from tests.bench.people import choose; choose()"))
        stock = settings | {"DJANGO_SETTINGS_MODULE": "tests.bench.floor"}
        floor = stack.enter_context(running_pages(folder, stock, workers=workers))
        yield Stage(
            users=users,
            site=site,
            floor=floor,
            observer=observer,
            people=people,
            rows=_rows(observer),
            fill_seconds=seconds,
        )


def queries_of(stage: Stage, only: list[str]) -> dict[str, Any]:
    """What `tests.bench.queries` says about each scenario."""
    path = stage.site.folder / "people.json"
    path.write_text(json.dumps(stage.people))
    said = _told(stage.site, f"from tests.bench.queries import count; count({str(path)!r}, {only})")
    found: dict[str, Any] = json.loads(said)
    return found


def _told(site: Server, program: str) -> str:
    """The last line that a program prints inside the site; the site's log may stand before it."""
    return site.manage("shell", "-v0", "-c", program).splitlines()[-1]


def _database(server: str, name: str) -> tuple[str, psycopg.Connection]:
    with psycopg.connect(server, autocommit=True) as connection:
        exists = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(exists, [name]).fetchone() is None:
            connection.execute(f'CREATE DATABASE "{name}"')
    address = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    return address, psycopg.connect(address, autocommit=True)


def _fill(site: Server, observer: psycopg.Connection, *, users: int, seed: int) -> float:
    """The seconds it took; 0 where people are there already."""
    if observer.execute("SELECT 1 FROM tracker_user LIMIT 1").fetchone():
        return 0.0
    begun = time.monotonic()
    groups = users // PEOPLE_IN_A_GROUP
    said = site.manage("demo_world", f"--users={users}", f"--groups={groups}", f"--seed={seed}")
    # Between the counts the site may tell of slow statements.
    print(*(line for line in said.splitlines() if not line.startswith("{")), sep="\n", flush=True)
    observer.execute("CHECKPOINT")
    return time.monotonic() - begun


def _rows(observer: psycopg.Connection) -> dict[str, int]:
    tables = ("user", "topicprogress", "activity", "studysession", "studygroup", "assignment")
    counts = {}
    for table in tables:
        row = observer.execute(f"SELECT count(*) FROM tracker_{table}").fetchone()  # noqa: S608
        counts[table] = int(row[0]) if row else 0
    return counts


def unused_indexes(observer: psycopg.Connection) -> list[tuple[str, float]]:
    """Indexes of more than 10 MB that hold no rule and that nobody has used, with their MB."""
    rows = observer.execute(
        "SELECT indexrelname, pg_relation_size(indexrelid) / 1e6 FROM pg_stat_user_indexes"
        " JOIN pg_index USING (indexrelid)"
        " WHERE idx_scan = 0 AND NOT indisunique AND pg_relation_size(indexrelid) > 1e7"
        " ORDER BY 1"
    )
    return [(name, float(megabytes)) for name, megabytes in rows]


def machine(observer: psycopg.Connection) -> dict[str, str]:
    """What it was measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    processor = next((line.split(": ")[1] for line in lines if line.startswith("model name")), "?")
    version = observer.execute("SHOW server_version").fetchone()
    return {
        "processor": processor,
        "cores": str(len(os.sched_getaffinity(0))),
        "postgresql": version[0] if version else "?",
    }
