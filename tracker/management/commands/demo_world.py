"""A database as large as one likes, to measure on."""

import time
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from catalog.graph import current_graph
from tracker.management.world import GROUP_SIZE, make_world
from tracker.models import User


class Command(BaseCommand):
    help = (
        "Fills the database with made-up people, their progress, a year of activity and study "
        "groups of twenty. Nobody of them can sign in. The same numbers make the same world."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--users", type=int, default=1_000, help="(default: %(default)s)")
        parser.add_argument("--groups", type=int, default=50, help="(default: %(default)s)")
        parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
        parser.add_argument(
            "--until", type=date.fromisoformat, help="the day after its last one (default: today)"
        )
        parser.add_argument(
            "--beside", action="store_true", help="even where people have accounts already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        users, groups = options["users"], options["groups"]
        if groups > 0 and users < GROUP_SIZE:
            raise CommandError(
                f"A group has {GROUP_SIZE} people: use --users {GROUP_SIZE} or more."
            )
        if not current_graph().roles:
            raise CommandError("There is no catalog yet: run `manage.py load_catalog` first.")
        if User.objects.exists() and not options["beside"]:
            raise CommandError(
                "This database has people in it. Use an empty one, or say --beside if they are to "
                "be among made-up ones."
            )
        begun = time.monotonic()
        until = options["until"] or timezone.now().date()
        counts = make_world(users=users, groups=groups, seed=options["seed"], until=until)
        for name, count in counts.items():
            self.stdout.write(f"  {name}: {count:,}")
        self.stdout.write(f"World: made in {time.monotonic() - begun:.0f} s.")
