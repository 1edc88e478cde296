"""An account to look around with: somebody in the middle of the way, who leads a study group."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from catalog.graph import CatalogGraph, TopicNode, current_graph
from catalog.models import Role
from tracker.actions import notes, people, progress, reviews, sessions, units
from tracker.actions.deletions import erase_deleted
from tracker.actions.progress import Mark
from tracker.management.demo_group import make_demo_group, remove_demo_group
from tracker.models import Grade, Source, TopicState, User
from tracker.summaries.reading import readings

EMAIL = "ada@example.org"
PASSWORD = "learning by doing"  # noqa: S105  # for a local trial; refused in production
ROLE = "data-scientist"

# Their foundations come along as known; what is in progress was ready before.
KNOWN = ("matrices-and-matrix-arithmetic", "derivatives")
# One in each of the weeks before this one, the oldest first.
LEARNT = (
    "dot-products-and-norms",
    "matrix-multiplication",
    "linear-systems-and-elimination",
    "probability-basics",
    "conditional-probability",
    "statistical-independence",
    "descriptive-statistics",
    "linear-transformations",
)
LEARNING = ("inverse-and-transpose", "bayes-theorem")
STUCK = "random-variables"
STUCK_NOTE = "Why is it a function, when nothing about it seems to vary?"
NOTE = """\
**Done** by elimination, then back substitution. Pivots in *every* column means one solution:

$$ A x = b \\iff x = A^{-1} b $$
"""


class Command(BaseCommand):
    help = "Makes a demo account with progress and a study group, anew, and says how to sign in."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("A public site needs no account whose password everybody knows.")
        self._fill(timezone.now())
        self.stdout.write(f"Demo account: sign in as {EMAIL} with the password “{PASSWORD}”.")

    @transaction.atomic
    def _fill(self, now: datetime) -> None:
        for old in User.objects.filter(email=EMAIL):
            remove_demo_group(old)
            people.delete_account(user=old)
            erase_deleted()
        start = now - timedelta(weeks=len(LEARNT))
        user = User.objects.create_user(EMAIL, PASSWORD, joined_at=start)
        people.update_profile(
            user=user,
            name="Ada Lovelace",
            role=Role.objects.get(slug=ROLE),
            minutes_per_day=90,
            study_days=["mon", "tue", "wed", "thu", "sat"],
            reviews_per_day=5,
        )
        graph = current_graph()
        _mark(user, graph, KNOWN, Source.SELF_ASSESSMENT, start, with_prerequisites=True)
        for week, slug in enumerate(LEARNT, start=1):
            _learn(user, graph.topic_by_slug[slug], graph, start + timedelta(weeks=week))
        for slug, grade in zip(LEARNT, (Grade.GOOD, Grade.EASY, Grade.HARD), strict=False):
            at = now - timedelta(days=3)
            reviews.grade_review(user=user, topic=graph.topic_by_slug[slug], grade=grade, at=at)
        progress.mark_topics(
            user=user,
            marks=[
                *(
                    Mark(topic=graph.topic_by_slug[slug], state=TopicState.LEARNING)
                    for slug in LEARNING
                ),
                Mark(
                    topic=graph.topic_by_slug[STUCK],
                    state=TopicState.LEARNING,
                    is_stuck=True,
                    stuck_note=STUCK_NOTE,
                ),
            ],
            source=Source.MANUAL,
            at=now - timedelta(days=2),
        )
        notes.write_note(user=user, topic=graph.topic_by_slug[LEARNT[2]], body=NOTE, at=start)
        make_demo_group(user, now)


def _mark(
    user: User,
    graph: CatalogGraph,
    slugs: Sequence[str],
    source: Source,
    at: datetime,
    *,
    with_prerequisites: bool = False,
) -> None:
    progress.mark_topics(
        user=user,
        marks=[Mark(topic=graph.topic_by_slug[slug], state=TopicState.DONE) for slug in slugs],
        source=source,
        with_prerequisites=with_prerequisites,
        at=at,
    )


def _learn(user: User, topic: TopicNode, graph: CatalogGraph, until: datetime) -> None:
    """A week with `topic`: some evenings, the chapters about it, and the tick at the end."""
    for day in range(7, 0, -1):
        at = until - timedelta(days=day)
        is_missed = (at.toordinal() * 7) % 10 < 2
        if f"{at:%a}".lower() in user.study_days and not is_missed:
            minutes = 45 + at.toordinal() * 11 % 60
            sessions.log_session(user=user, minutes=minutes, topic=topic, at=at)
    for unit in next(iter(readings(graph, topic))).units[:2]:
        units.mark_unit(user=user, unit=unit, is_done=True, at=until - timedelta(days=1))
    _mark(user, graph, [topic.slug], Source.MANUAL, until - timedelta(hours=20))
