"""Migrations that are killed on their way and started again."""

import os
import random
import signal
import subprocess
import sys
from time import monotonic, sleep

import psycopg

from tests.clusters import BIN
from tests.faults.site import Site
from tests.server import ROOT

PATIENCE_SECONDS = 120
# So many migrations are done when the process is killed in the next one.
KILLED_AFTER = (3, 18, 24)


def broken_by_kills(site: Site, *, mutant: str = "") -> list[str]:
    """What is other than after migrations that nobody has killed; nothing where all is well."""
    _make(site, "whole")
    if _migrate(site, "whole", mutant).wait(PATIENCE_SECONDS) != 0:
        return ["migrations fail"]
    wanted = _schema(site, "whole")
    found = []
    for count in KILLED_AFTER:
        name = f"killed_after_{count}"
        _make(site, name)
        process = _migrate(site, name, mutant)
        _wait_for(site, name, count, process)
        sleep(random.uniform(0.0, 0.1))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        if _migrate(site, name, mutant).wait(PATIENCE_SECONDS) != 0:
            found.append(f"stuck after {count} migrations")
        elif _schema(site, name) != wanted:
            found.append(f"another schema after {count} migrations")
    return found


def _make(site: Site, name: str) -> None:
    site.cluster.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    site.cluster.sql(f"CREATE DATABASE {name}")


def _migrate(site: Site, name: str, mutant: str) -> "subprocess.Popen[bytes]":
    settings = {"DATABASE_URL": site.cluster.url(name), "FAULTS_MUTANT": mutant}
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=ROOT,
        env=os.environ | {"MLMATH_VAR": str(site.folder)} | site.settings | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait_for(site: Site, name: str, count: int, process: "subprocess.Popen[bytes]") -> None:
    """Until so many migrations are done, or the process has ended."""
    end = monotonic() + PATIENCE_SECONDS
    while monotonic() < end and process.poll() is None:
        try:
            if site.cluster.sql(_DONE, database=name)[0][0] >= count:
                return
        except psycopg.errors.UndefinedTable:
            pass
        sleep(0.01)


_DONE = "SELECT count(*) FROM django_migrations"


def _schema(site: Site, name: str) -> str:
    done = subprocess.run(
        [BIN / "pg_dump", "--schema-only", site.cluster.url(name, scheme="postgresql")],
        check=True,
        capture_output=True,
        text=True,
    )
    # Each dump has a key of its own, against programs in its text.
    return "\n".join(line for line in done.stdout.splitlines() if "restrict " not in line)
