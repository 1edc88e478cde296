"""Bring the catalog's data files into the database, and people's ticks after them."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from catalog.loading import DATA_DIR, CatalogFaulty, load_catalog
from tracker.actions.progress import carry_ticks


class Command(BaseCommand):
    help = "Loads catalog/data into the database. May be repeated: it writes what has changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--directory", type=Path, default=DATA_DIR)
        parser.add_argument(
            "--all",
            action="store_true",
            help="compare every row, even where the files are those of the last load; "
            "edits made by hand in the admin are overwritten",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                report = load_catalog(options["directory"], compare_all=options["all"])
                carried = carry_ticks(moves=report.moves)
        except CatalogFaulty as error:
            raise CommandError(
                f"The catalog was not loaded, nothing was written:\n{error}"
            ) from None
        if report.is_unchanged:
            self.stdout.write("Catalog: the files have not changed since the last load.")
            return
        for kind, counts in report.counts.items():
            if counts.has_changes or options["verbosity"] > 1:
                self.stdout.write(f"  {kind}: {counts}")
        if carried:
            self.stdout.write(f"  ticks carried to the topics that took over: {carried}")
        self.stdout.write(
            "Catalog: loaded." if report.has_changes else "Catalog: nothing to change."
        )
