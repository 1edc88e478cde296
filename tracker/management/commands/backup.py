"""`manage.py backup`: the whole database in one file."""

import sqlite3
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

import mlmath
from mlmath.backup import BackupError, databases
from mlmath.backup.archive import FORMAT, Manifest, digest_of, prune, write_archive
from mlmath.sealing import fingerprint
from tracker.management.steps import Steps


class Command(BaseCommand):
    help = "Copies the whole database into one file, as it is at one moment, while the site runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, help="the folder; else `backups` in MLMATH_VAR")
        parser.add_argument("--keep", type=int, help="keep only so many of the newest files there")

    def handle(self, *args: Any, to: Path | None, keep: int | None, **options: Any) -> None:
        if keep is not None and keep < 1:
            raise CommandError("--keep has to leave one file at least.")
        folder = to or settings.VAR_DIR / "backups"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._backup(folder)
            old = prune(folder, keep) if keep else []
        except (BackupError, DatabaseError, OSError, sqlite3.Error) as error:
            raise CommandError(f"No backup was made. {error}") from error
        kind = "encrypted" if settings.BACKUP_KEY else "not encrypted"
        self.stdout.write(f"{path}: {path.stat().st_size / 1_000_000:.1f} MB, {kind}.")
        if old:
            self.stdout.write(f"Removed {len(old)} older.")

    def _backup(self, folder: Path) -> Path:
        moment = datetime.now(UTC).replace(microsecond=0)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".mlmath-") as workplace:
            copy = Path(workplace) / "copy"
            self.stdout.write("Copying the database …")
            counts, migrations = databases.copy_database(copy, Steps(self.stdout))
            self.stdout.write(f"{len(counts)} tables, {sum(counts.values())} rows. Packing …")
            manifest = Manifest(
                format=FORMAT,
                version=mlmath.VERSION,
                made_at=moment.isoformat().replace("+00:00", "Z"),
                engine=databases.engine(),
                server=databases.server_version(),
                migrations=migrations,
                counts=counts,
                secret_key=fingerprint(settings.SECRET_KEY),
                copy=f"database.{'sqlite3' if databases.engine() == 'sqlite' else 'dump'}",
                size=copy.stat().st_size,
                sha256=digest_of(copy),
            )
            return write_archive(folder, manifest, copy, settings.BACKUP_KEY)
