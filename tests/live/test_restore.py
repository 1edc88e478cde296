"""The drill: a backup of a site that is written to, restored elsewhere, serves and is silent."""

import dataclasses
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

import psycopg
import pytest
from django.conf import settings

from mlmath.backup.archive import digest_of, read_archive, write_archive
from tests.clusters import BIN
from tests.live.drill import TOPICS
from tests.server import PATIENCE_SECONDS, ROOT, prepare

KEY = "kept-by-the-operator-0123456789-abcdefghijklmnopqrstuvwxyz"
# The wheel brings several versions, and the private server is of one of them.
PROGRAMS = [str(path) for path in BIN.parent.parent.glob("pginstall*/bin")]
EMMY = "SELECT 1 FROM tracker_user WHERE email = 'emmy@example.org'"
DELETE_EMMY = """
from django.core.management import call_command
from tracker.actions.people import delete_account
from tracker.models import User
delete_account(user=User.objects.get(email="emmy@example.org"))
call_command("deletions")
"""
# The state of a topic and the newest line about it in the history are written together, or not.
STATES_AND_LINES = """
SELECT state, after_state, changed_at = after_changed_at
FROM (
    SELECT user_id, topic_id, after_state, after_changed_at,
        row_number() OVER (PARTITION BY user_id, topic_id ORDER BY id DESC) AS place
    FROM tracker_activity WHERE topic_id IS NOT NULL
) AS lines
FULL JOIN tracker_topicprogress AS states USING (user_id, topic_id)
WHERE place = 1 OR place IS NULL
"""
WAITING = """
SELECT 1 FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'psql'
"""
LINES_OF_ADA = """
SELECT count(*) FROM tracker_activity
WHERE user_id = (SELECT id FROM tracker_user WHERE email = 'ada@example.org')
"""


@contextmanager
def written_to(database):
    """A process that ticks in `database`, ended with the block; it says how much is committed."""
    with start("tick_until_told()", database, stdin=PIPE, stdout=PIPE) as process:
        try:
            yield process
        finally:
            process.stdin.close()
            process.wait(PATIENCE_SECONDS)


def committed(process):
    process.stdin.write("\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def start(script, database, **options):
    """A process that does something of `tests.live.drill`."""
    environment = dict(os.environ) | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TEST_DATABASE_URL": database,
    }
    setup = "import django; django.setup(); from tests.live.drill import *"
    command = [sys.executable, "-c", f"{setup}; {script}"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **options)


def until(is_so, seconds=PATIENCE_SECONDS):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def rows(database, query):
    if database.startswith("sqlite"):
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as line:
            found = line.execute(query).fetchall()
            line.commit()
            return found
    with psycopg.connect(database.replace("postgres:", "postgresql:")) as connection:
        return connection.execute(query).fetchall()


def contents(database):
    """Every row of an SQLite database, and how its tables were made."""
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as line:
        return list(line.iterdump())


def lines_of_ada(database):
    return rows(database, LINES_OF_ADA)[0][0]


def torn(database):
    """The states that the history does not confirm, and lines whose state is not there."""
    found = rows(database, STATES_AND_LINES)
    assert len(found) > 20
    whole = [
        state
        for state, line, is_same_time in found
        if (state == line and is_same_time) or (state is None and line == "todo")
    ]
    return len(found) - len(whole)


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where commands work on a database, as an operator gives them."""

    folder: Path
    database: str

    @property
    def environment(self):
        return {
            "SECRET_KEY": settings.SECRET_KEY,
            "BACKUP_KEY": KEY,
            "DATABASE_URL": self.database,
            "MLMATH_VAR": str(self.folder),
            "EMAIL_URL": f"filemail:///{self.folder / 'mail'}",
            "PATH": os.pathsep.join([*PROGRAMS, os.environ["PATH"]]),
        }

    @property
    def mails(self):
        return sorted((self.folder / "mail").glob("*"))

    def start(self, *arguments):
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def manage(self, *arguments, fails=False):
        with self.start(*arguments) as process:
            said = process.communicate(timeout=PATIENCE_SECONDS)[0]
        assert process.returncode == int(fails), said
        return said


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request, tmp_path):
    """The addresses of the database in use, and of an empty one to restore into."""
    if request.param == "sqlite":
        return [f"sqlite:///{tmp_path / name}.sqlite3" for name in ("used", "restored")]
    make = request.getfixturevalue("make_database")
    return [make(), make()]


def test_a_backup_made_under_load_restores_to_a_whole_and_silent_site(databases, tmp_path):
    used, restored = databases
    site = Site(folder=tmp_path, database=used)
    prepare(tmp_path, **site.environment)
    with written_to(used) as writer:
        token, start_lines = json.loads(writer.stdout.readline())
        until(lambda: committed(writer) > 20)
        before = committed(writer)
        site.manage("backup", "--keep", "3")
        after = committed(writer)
        # It really was written to, before the copy and behind it.
        until(lambda: committed(writer) > after + 20)
    (backup,) = (tmp_path / "backups").iterdir()
    (tmp_path / "deletions").write_text(site.manage("shell", "-v0", "-c", DELETE_EMMY))

    site = Site(folder=tmp_path, database=restored)
    said = site.manage("restore", str(backup), "--deletions", str(tmp_path / "deletions"))

    assert "before `manage.py resume`" in said
    assert rows(restored, EMMY) == []
    assert torn(restored) == 0
    lines = lines_of_ada(restored)
    # Each thread may have committed one of which it had not told.
    assert before <= lines - start_lines <= after + len(TOPICS)
    _people_come_in_as_before(restored, token)
    _nothing_leaves_before_it_is_told_to(site)
    _a_copy_that_is_no_database_changes_nothing(site, backup)
    if restored.startswith("postgres"):
        _a_restore_that_is_killed_changes_nothing(site, backup)
    else:
        _one_that_is_killed_half_way_leaves_the_file_as_it_was(site, backup)
    _a_torn_copy_would_be_seen(restored)
    site.manage("restore", str(backup), "--replace")
    assert (torn(restored), lines_of_ada(restored)) == (0, lines)
    # She is deleted in what was replaced, so she is here too.
    assert rows(restored, EMMY) == []


def _a_torn_copy_would_be_seen(database):
    before = torn(database)
    rows(
        database,
        "UPDATE tracker_topicprogress SET state = 'skipped' WHERE state = 'done' RETURNING 1",
    )
    assert torn(database) > before


def _people_come_in_as_before(database, token):
    with start(f"visit({token!r})", database, stdout=PIPE) as process:
        found = json.loads(process.communicate(timeout=PATIENCE_SECONDS)[0])

    assert found.pop("sign-in") == "/today/"
    assert set(found.values()) == {"200"}, found


def _nothing_leaves_before_it_is_told_to(site):
    """The sign-in just now was from a new browser, of which a mail tells."""
    assert rows(site.database, "SELECT 1 FROM tracker_outgoing WHERE ended_at IS NULL")
    with site.start("work") as worker:
        try:
            # It looks every second, and has begun once it has said why it does nothing.
            assert "Nothing leaves: Restored from a backup" in worker.stdout.readline()
            time.sleep(2.5)
            assert site.mails == []

            site.manage("resume")
            # The file is there before what is in it.
            until(lambda: any("ada@example.org" in mail.read_text() for mail in site.mails))
        finally:
            worker.terminate()


def _a_copy_that_is_no_database_changes_nothing(site, backup):
    """Damaged before it was packed, so that nobody but the database can find out."""
    folder = site.folder / "damaged"
    folder.mkdir()
    manifest, copy = read_archive(backup, folder, KEY, lambda done: None)
    copy.write_bytes(copy.read_bytes()[: manifest.size * 3 // 4])
    changed = dataclasses.replace(manifest, size=copy.stat().st_size, sha256=digest_of(copy))
    damaged = write_archive(folder, changed, copy, "")
    found = lines_of_ada(site.database)

    assert "Nothing was restored." in site.manage("restore", str(damaged), "--replace", fails=True)
    assert lines_of_ada(site.database) == found


def _a_restore_that_is_killed_changes_nothing(site, backup):
    found = lines_of_ada(site.database)
    with psycopg.connect(site.database.replace("postgres:", "postgresql:")) as reader:
        # As long as somebody reads it, the table cannot make room.
        reader.execute("SELECT count(*) FROM tracker_user")
        with site.start("restore", str(backup), "--replace") as restore:
            until(lambda: rows(site.database, WAITING))
            restore.kill()
    until(lambda: not rows(site.database, WAITING))
    assert lines_of_ada(site.database) == found


def _one_that_is_killed_half_way_leaves_the_file_as_it_was(site, backup):
    found = contents(site.database)
    script = "from tests.live.drill import restore_and_die_half_way as restore"
    with site.start("shell", "-v0", "-c", f"{script}; restore({str(backup)!r})") as restore:
        said = restore.communicate(timeout=PATIENCE_SECONDS)[0]
    assert restore.returncode == -signal.SIGKILL, said
    assert rows(site.database, "PRAGMA integrity_check") == [("ok",)]
    assert contents(site.database) == found
