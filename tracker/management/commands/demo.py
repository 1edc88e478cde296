"""An account to look around with: somebody in the middle of the way to data scientist."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from catalog.graph import current_graph
from catalog.models import Role
from tracker.actions import people, progress
from tracker.actions.progress import Mark
from tracker.models import Source, TopicState, User

EMAIL = "ada@example.org"
PASSWORD = "learning by doing"  # noqa: S105  # for a local trial; refused in production
ROLE = "data-scientist"

# Their foundations come along as known; what is in progress was ready before.
KNOWN = ("matrix-multiplication", "derivatives", "conditional-probability")
LEARNING = ("linear-systems-and-elimination", "bayes-theorem")
STUCK = "random-variables"


class Command(BaseCommand):
    help = "Makes or refreshes a demo account with some progress, and says how to sign in."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("A public site needs no account whose password everybody knows.")
        self._fill()
        self.stdout.write(f"Demo account: sign in as {EMAIL} with the password “{PASSWORD}”.")

    @transaction.atomic
    def _fill(self) -> None:
        user = User.objects.filter(email=EMAIL).first()
        if user is None:
            user = User.objects.create_user(EMAIL)
        user.set_password(PASSWORD)
        user.save()
        people.update_profile(
            user=user,
            name="Ada Lovelace",
            role=Role.objects.get(slug=ROLE),
            minutes_per_day=90,
            study_days=["mon", "tue", "wed", "thu", "sat"],
        )
        graph = current_graph()
        progress.mark_topics(
            user=user,
            marks=[Mark(topic=graph.topic_by_slug[slug], state=TopicState.DONE) for slug in KNOWN],
            source=Source.SELF_ASSESSMENT,
            with_prerequisites=True,
        )
        progress.mark_topics(
            user=user,
            marks=[
                Mark(
                    topic=graph.topic_by_slug[slug],
                    state=TopicState.LEARNING,
                    is_stuck=slug == STUCK,
                )
                for slug in (*LEARNING, STUCK)
            ],
            source=Source.MANUAL,
        )
