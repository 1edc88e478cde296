"""`manage.py restore`: the database as a backup has it, brought up to this release, and silent."""

import sqlite3
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.db.migrations.loader import MigrationLoader

import mlmath
from mlmath.backup import BackupError, databases
from mlmath.backup.archive import Manifest, read_archive
from mlmath.sealing import fingerprint
from tracker.actions.deletions import (
    DeletedPerson,
    deleted_people,
    line_of,
    read_lines,
    reapply_deletions,
)
from tracker.actions.silence import fall_silent
from tracker.management.steps import Steps
from tracker.models import Deletion, Silence

SILENCES = Silence._meta.db_table
DELETIONS = Deletion._meta.db_table


class Command(BaseCommand):
    help = (
        "Puts a backup in the place of an empty database. The site then sends nothing, no mail and "
        "no call of a webhook, until `manage.py resume`."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--replace",
            action="store_true",
            help="also where the database is not empty: it is lost",
        )
        parser.add_argument(
            "--deletions",
            type=Path,
            help="a log, or what `manage.py deletions` printed: those accounts are deleted again",
        )
        parser.add_argument(
            "--other-secret-key",
            action="store_true",
            help="although SECRET_KEY is lost, with webhooks, second steps and links in mail",
        )

    def handle(self, *args: Any, file: Path, deletions: Path | None, **options: Any) -> None:
        """Whatever is wrong is found before anything is changed; the change itself is one."""
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        try:
            with tempfile.TemporaryDirectory(dir=settings.VAR_DIR, prefix="restore-") as workplace:
                self.stdout.write("Unpacking and checking …")
                steps = Steps(self.stdout)
                manifest, copy = read_archive(file, Path(workplace), settings.BACKUP_KEY, steps)
                _check(manifest, **options)
                deleted = _deletions(deletions)
                because = f"Restored from a backup of {_moment(manifest):%Y-%m-%d %H:%M} UTC."
                self.stdout.write(f"{_rows(manifest)} of {manifest.made_at}. Restoring …")
                statements = [_silence(because)] if SILENCES in manifest.counts else []
                databases.put_in_place(copy, statements=statements, progress=steps)
        except (BackupError, DatabaseError, OSError, sqlite3.Error) as error:
            raise CommandError(f"Nothing was restored. {error}") from error
        _compare(manifest)
        self.stdout.write("Bringing the tables up to this release …")
        call_command("migrate", interactive=False, verbosity=0)
        fall_silent(because=because)
        number = reapply_deletions(deletions=deleted)
        self.stdout.write(f"{len(deleted)} deletions are known; deleted again: {number}.")
        self.stdout.write(
            "Restored. No mail and no call of a webhook leaves this site before `manage.py resume`."
        )


def _check(manifest: Manifest, *, replace: bool, other_secret_key: bool, **options: Any) -> None:
    if manifest.engine != databases.engine():
        raise BackupError(
            f"The backup is of {manifest.engine}, and DATABASE_URL names {databases.engine()}."
        )
    known = MigrationLoader(None).disk_migrations
    if unknown := [
        f"{app}.{name}" for app, name in manifest.migrations if (app, name) not in known
    ]:
        raise BackupError(
            f"The backup was made by mlmath {manifest.version}, which is newer than this one "
            f"({mlmath.VERSION}): {', '.join(unknown[:3])}. Restore it with that release."
        )
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if manifest.secret_key not in map(fingerprint, keys) and not other_secret_key:
        raise BackupError(
            "The backup was made under another SECRET_KEY, without which webhooks, second steps "
            "and links in mail are of no use. Put that key into SECRET_KEY or "
            "SECRET_KEY_FALLBACKS. If it is lost: --other-secret-key."
        )
    if not replace and databases.tables():
        raise BackupError(
            "The database is not empty. Name an empty one in DATABASE_URL, or say --replace to "
            "lose what is in it."
        )


def _deletions(file: Path | None) -> list[DeletedPerson]:
    """Those in `file`, and those in the database that is about to be lost; they outlive it."""
    written = read_lines(file.read_text()) if file else []
    if DELETIONS not in databases.tables():
        return written
    to_be_lost = deleted_people()
    if to_be_lost:
        with (settings.VAR_DIR / "deletions").open("a") as kept:
            kept.writelines(f"{line_of(deleted)}\n" for deleted in to_be_lost)
    return written + to_be_lost


def _silence(because: str) -> str:
    """So that there is no moment in which the restored site could speak."""
    table = databases.qualified(Silence._meta.db_table)
    values = f"(CURRENT_TIMESTAMP, '{because}')"
    return f"INSERT INTO {table} (since, because) VALUES {values}"  # noqa: S608  # nosec B608


def _compare(manifest: Manifest) -> None:
    found = databases.counts_now() | {SILENCES: manifest.counts.get(SILENCES, 0)}
    missing = [name for name, number in manifest.counts.items() if found.get(name) != number]
    if missing:
        raise CommandError(f"Other numbers of rows than in the backup: {', '.join(missing)}.")


def _moment(manifest: Manifest) -> datetime:
    try:
        return datetime.fromisoformat(manifest.made_at)
    except ValueError as error:
        raise BackupError("The backup is damaged: it does not say when it was made.") from error


def _rows(manifest: Manifest) -> str:
    return f"{len(manifest.counts)} tables, {sum(manifest.counts.values())} rows"
