"""`manage.py reseal`: the step between a new SECRET_KEY and forgetting the former one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracker.actions.sealing import reseal_all


class Command(BaseCommand):
    help = (
        "Seals webhooks and second steps under SECRET_KEY, so that the keys in "
        "SECRET_KEY_FALLBACKS are no longer needed for them. May be repeated."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        resealed, unreadable = reseal_all()
        self.stdout.write(f"Webhooks and second steps sealed under SECRET_KEY: {resealed}.")
        if unreadable:
            raise CommandError(
                f"{unreadable} were sealed under a key that is neither SECRET_KEY nor among "
                "SECRET_KEY_FALLBACKS. Add that key and repeat; without it, their owners have to "
                "make them anew."
            )
