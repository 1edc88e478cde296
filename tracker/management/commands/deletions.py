"""`manage.py deletions`: which accounts are not to come back with an older backup."""

from typing import Any

from django.core.management.base import BaseCommand

from tracker.actions.deletions import deleted_people, line_of


class Command(BaseCommand):
    help = "Prints the accounts that were deleted, by id, as `restore --deletions` reads them."

    def handle(self, *args: Any, **options: Any) -> None:
        for deleted in deleted_people():
            self.stdout.write(line_of(deleted))
