"""From the database of the previous release to this one, also where the way is cut short."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import psycopg
import pytest

from tests.server import PATIENCE_SECONDS, ROOT
from tests.upgrades import RELEASES

# What a release has taken away, and why: nothing so far.
TAKEN_AWAY: set[str] = set()


def start(database, folder, *arguments):
    environment = dict(os.environ) | {"DATABASE_URL": database, "MLMATH_VAR": str(folder)}
    environment["DJANGO_SETTINGS_MODULE"] = "mlmath.settings"
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )


def run(database, folder, *arguments):
    """What a command prints."""
    with start(database, folder, *arguments) as process:
        printed = process.communicate(timeout=PATIENCE_SECONDS)[0]
    assert process.returncode == 0
    return printed


def applied(database):
    """How many migrations are written down as done."""
    query = "SELECT count(*) FROM django_migrations"
    if database.startswith("sqlite"):
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"), timeout=20)) as line:
            return line.execute(query).fetchone()[0]
    with psycopg.connect(database.replace("postgres:", "postgresql:")) as line:
        return line.execute(query).fetchone()[0]


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request, tmp_path):
    """The addresses of two empty databases."""
    if request.param == "sqlite":
        return [f"sqlite:///{tmp_path / name}.sqlite3" for name in ("upgraded", "fresh")]
    make = request.getfixturevalue("make_database")
    return [make(), make()]


@pytest.mark.parametrize("release", [path.stem for path in sorted(RELEASES.glob("*.json"))])
def test_an_upgrade_that_is_killed_ends_with_every_row_and_the_same_tables(
    databases, tmp_path, release
):
    upgraded, fresh = databases
    laid = tmp_path / "laid.json"
    laid.write_text(run(upgraded, tmp_path, "-m", "tests.upgrades", "lay", release))
    first = applied(upgraded)
    expected = json.loads(run(fresh, tmp_path, "-m", "tests.upgrades", "finish"))["schema"]
    last = applied(fresh)
    assert first < last

    for number in (1, (last - first + 1) // 2):
        before = applied(upgraded)
        arguments = ("-m", "tests.upgrades", "migrate_until_killed", str(number))
        with start(upgraded, tmp_path, *arguments) as killed:
            assert killed.wait(PATIENCE_SECONDS) == -signal.SIGKILL
        assert applied(upgraded) == before + number - 1
    found = json.loads(run(upgraded, tmp_path, "-m", "tests.upgrades", "finish", str(laid)))

    assert applied(upgraded) == last
    assert [one for one in found["lost"] if one.split(":")[0] not in TAKEN_AWAY] == []
    assert set(found["other number"]) <= TAKEN_AWAY
    assert found["schema"] == expected
    assert all(valid == "True" for *_, valid in expected.get("definitions", []))
