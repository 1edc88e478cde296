"""What people want to hear of, and what they have read."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from tracker.actions.locking import lock_membership
from tracker.models import Membership, Question, Reader, StudyGroup, User


@transaction.atomic
def subscribe(*, user: User, question: Question, is_subscribed: bool) -> None:
    """Say whether `user` is told of new answers to a question. May be repeated, by observers too.

    Raises as `lock_membership` does.
    """
    lock_membership(group=question.group, user=user, reads_only=True)
    Reader.objects.update_or_create(
        question=question, user=user, defaults={"is_subscribed": is_subscribed}
    )


@transaction.atomic
def hear_of_questions(*, user: User, group: StudyGroup, wants: bool) -> None:
    """Say whether `user` is told of every new question of the group. May be repeated.

    Raises as `lock_membership` does.
    """
    membership = lock_membership(group=group, user=user, reads_only=True)
    Membership.objects.filter(pk=membership.pk).update(hears_of_questions=wants)


def mark_read(*, user: User, question: Question, at: datetime | None = None) -> None:
    """Write down that `user` has read what is there until `at`. May be repeated. One query."""
    Reader.objects.bulk_create(
        [Reader(question=question, user=user, read_at=at or timezone.now())],
        update_conflicts=True,
        unique_fields=["question", "user"],
        update_fields=["read_at"],
    )


def mark_unread(*, user: User, question: Question) -> None:
    """Let what others wrote to a question count as new again. May be repeated. One query."""
    Reader.objects.filter(question=question, user=user).update(read_at=None)


@transaction.atomic
def mark_all_read(*, user: User, group: StudyGroup, at: datetime | None = None) -> None:
    """The same for every question of the group. May be repeated. Three queries.

    Raises as `lock_membership` does.
    """
    at = at or timezone.now()
    membership = lock_membership(group=group, user=user, reads_only=True)
    questions = Question.objects.filter(group=group).for_reader(
        user=user, joined_at=membership.joined_at
    )
    Reader.objects.bulk_create(
        [Reader(question=one, user=user, read_at=at) for one in questions.unread()],
        update_conflicts=True,
        unique_fields=["question", "user"],
        update_fields=["read_at"],
    )
