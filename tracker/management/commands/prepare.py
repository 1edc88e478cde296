"""Everything between new code and a running site, in one process and as often as one likes."""

import hashlib
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from mlmath.postgresql.turns import one_at_a_time
from mlmath.staticfiles import collect

# Source maps, the second API viewer and the browsable API: nobody here downloads them.
IGNORED_STATIC_FILES = ["*.map", "redoc", "rest_framework"]


class Command(BaseCommand):
    help = "Prepares the database, the catalog and the static files. May be repeated."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--static",
            action="store_true",
            help="only collect the static files, which takes no database: for making an image",
        )

    def handle(self, *args: Any, static: bool, **options: Any) -> None:
        if static:
            self._collect_static_files()
            return
        if settings.IS_PRODUCTION:
            self.stdout.write("Settings: are they fit for a public site? …")
            call_command("check", deploy=True, databases=["default"], stdout=self.stdout)
        with one_at_a_time("prepare"):
            self.stdout.write("Database: tables …")
            call_command("migrate", interactive=False, verbosity=0)
            call_command("createcachetable", verbosity=0)
            call_command("load_catalog", stdout=self.stdout, stderr=self.stderr)
        self._collect_static_files()

    def _collect_static_files(self) -> None:
        """Hashing and compressing takes seconds, so it is left out where no file has changed."""
        sources = _state_of_static_files()
        stamp = settings.STATIC_ROOT.with_suffix(".stamp")
        if stamp.is_file() and settings.STATIC_ROOT.is_dir() and stamp.read_text() == sources:
            self.stdout.write("Static files: nothing to change.")
            return
        self.stdout.write("Static files: hashing and compressing …")
        stamp.unlink(missing_ok=True)
        collect(but=IGNORED_STATIC_FILES)
        stamp.write_text(sources)


def _state_of_static_files() -> str:
    """A digest of the names, sizes and times of all static files where they come from."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(IGNORED_STATIC_FILES):
            changed_at = storage.get_modified_time(name).timestamp()
            digest.update(f"{name} {storage.size(name)} {changed_at}\n".encode())
    return digest.hexdigest()
