"""Answering and postponing reviews."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.graph import TopicNode
from mlmath.errors import DomainError
from tracker.actions.locking import lock_person
from tracker.models import Grade, ReviewAnswer, TopicProgress, TopicReview, TopicState, User
from tracker.summaries.calendar import local_day
from tracker.summaries.reviews import FIRST_REVIEW_AFTER, Memory, after_review

# A second grade within a few minutes is a double click or a retried request.
SAME_REVIEW_WITHIN = timedelta(minutes=10)
MAXIMUM_DAYS_POSTPONED = 365


class NotDone(DomainError):
    code = "topic_not_done"


@transaction.atomic
def grade_review(
    *, user: User, topic: TopicNode, grade: Grade, at: datetime | None = None
) -> Memory:
    """Say how well `user` remembers `topic`; returns when it comes back.

    The topic stays done whatever the grade. Within ten minutes only the first grade counts. Raises
    NotDone for a topic that is not done. Locks the person's row.
    """
    lock_person(user)
    at = at or timezone.now()
    _done_at(user, topic)
    row = TopicReview.objects.filter(user=user, topic_id=topic.id).first()
    memory = _memory(row) if row else None
    if memory and memory.reviewed_at and abs(at - memory.reviewed_at) < SAME_REVIEW_WITHIN:
        return memory
    after = after_review(memory, grade, at)
    _save(user, topic, after)
    ReviewAnswer.objects.create(
        user=user, topic_id=topic.id, grade=grade, at=at, day=local_day(user, at)
    )
    return after


@transaction.atomic
def postpone_review(
    *, user: User, topic: TopicNode, days: int = 1, at: datetime | None = None
) -> Memory:
    """Let a review come back `days` from now, or when it was due if that is later.

    Repeating it soon changes nothing to speak of. Raises NotDone for a topic that is not done,
    ValidationError for less than a day or more than a year.
    """
    if not 1 <= days <= MAXIMUM_DAYS_POSTPONED:
        raise ValidationError({"days": f"Postpone by 1 to {MAXIMUM_DAYS_POSTPONED} days."})
    lock_person(user)
    at = at or timezone.now()
    done_at = _done_at(user, topic)
    row = TopicReview.objects.filter(user=user, topic_id=topic.id).first()
    memory = (
        _memory(row)
        if row
        else Memory(
            stability=None, difficulty=None, reviewed_at=None, due_at=done_at + FIRST_REVIEW_AFTER
        )
    )
    after = Memory(
        stability=memory.stability,
        difficulty=memory.difficulty,
        reviewed_at=memory.reviewed_at,
        due_at=max(memory.due_at, at + timedelta(days=days)),
    )
    _save(user, topic, after)
    return after


def _done_at(user: User, topic: TopicNode) -> datetime:
    done_at = (
        TopicProgress.objects.filter(user=user, topic_id=topic.id, state=TopicState.DONE)
        .values_list("changed_at", flat=True)
        .first()
    )
    if done_at is None:
        raise NotDone(f"“{topic.title}” is not done, so there is nothing to review yet.")
    return done_at


def _memory(row: TopicReview) -> Memory:
    return Memory(
        stability=row.stability,
        difficulty=row.difficulty,
        reviewed_at=row.reviewed_at,
        due_at=row.due_at,
    )


def _save(user: User, topic: TopicNode, memory: Memory) -> None:
    TopicReview.objects.update_or_create(
        user=user,
        topic_id=topic.id,
        defaults={
            "stability": memory.stability,
            "difficulty": memory.difficulty,
            "reviewed_at": memory.reviewed_at,
            "due_at": memory.due_at,
        },
    )
