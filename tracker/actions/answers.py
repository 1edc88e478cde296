"""Answering questions in a group."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from mlmath.errors import DomainError, NotFound
from tracker.actions.acts import record_act
from tracker.actions.locking import lock_membership, touch_membership
from tracker.actions.notices import take_back, tell
from tracker.actions.posts import (
    address_of,
    checked_body,
    keep_earlier,
    mention,
    refuse_haste,
    refuse_others,
    refuse_unless_own_or_led,
    subscribe_author,
    those_in,
)
from tracker.actions.questions import keys_of_answer, lock_question
from tracker.actions.versions import write_version
from tracker.actions.webhooks import emit, retract
from tracker.models import ActKind, Answer, GroupEvent, NoticeKind, Question, User
from tracker.summaries.members import shown_name
from tracker.summaries.mentions import rendered


class QuestionLocked(DomainError):
    code = "question_locked"


@transaction.atomic
def answer_question(
    *, user: User, question: Question, body: str, at: datetime | None = None
) -> Answer:
    """Answer, and tell those who are mentioned and those who have subscribed to the question.

    Every call adds another. Raises QuestionLocked for a locked question, unless `user` leads,
    NotFound for a deleted one, ValidationError for a text that does not fit, TooManyPosts, and as
    `lock_membership`. Locks the question.
    """
    at = at or timezone.now()
    body = checked_body(body)
    membership = lock_membership(group=question.group, user=user)
    group = membership.group
    question = lock_question(question)
    if question.is_locked and not membership.leads:
        raise QuestionLocked(
            "A leader has locked this question: it takes no more answers. Ask a new one if "
            "something is left to say."
        )
    refuse_haste(user=user, group=group, at=at)
    body_html, mentioned = rendered(group=group, body=body)
    answer = Answer.objects.create(
        question=question, author=user, body=body, body_html=body_html, written_at=at
    )
    question.last_post_at = max(question.last_post_at, at)
    question.save(update_fields=["last_post_at"])
    touch_membership(membership, at=at)
    subscribers = set(question.readers.filter(is_subscribed=True).values_list("user_id", flat=True))
    subscribe_author(user=user, question=question, at=question.last_post_at)
    mention(post=answer, question=question, group=group, people=mentioned, by=user, at=at)
    tell(
        people=those_in(group, subscribers - {person.pk for person in mentioned}),
        kind=NoticeKind.QUESTION,
        key=keys_of_answer(answer.public_id)[0],
        text=f"{shown_name(user)} answers “{question.title}”.",
        address=address_of(group, question, answer),
        group=group,
        by=user,
        at=at,
    )
    emit(
        group=group,
        event=GroupEvent.QUESTION_ANSWERED,
        key=answer.public_id,
        data={
            "id": answer.public_id,
            "question": question.public_id,
            "title": question.title,
            "path": address_of(group, question, answer),
        },
        at=at,
    )
    return answer


@transaction.atomic
def edit_answer(
    *,
    user: User,
    answer: Answer,
    body: str,
    version: int | None = None,
    at: datetime | None = None,
) -> Answer:
    """Change the text of an answer, which only its author can; the earlier one is kept.

    Saying what it says already changes nothing. Raises Changed when `version` is not the
    present one, ValidationError for a text that does not fit, NotFound for a deleted answer,
    PermissionDenied for everybody else, and as `lock_membership`. Locks the answer.
    """
    at = at or timezone.now()
    body = checked_body(body)
    question = answer.question
    membership = lock_membership(group=question.group, user=user)
    group = membership.group
    locked = _lock_answer(answer)
    if locked is None or locked.deleted_at is not None:
        raise NotFound
    answer = locked
    refuse_others(user=user, post=answer)
    if answer.body == body:
        return answer
    keep_earlier(answer)
    body_html, mentioned = rendered(group=group, body=body)
    write_version(answer, version=version, body=body, body_html=body_html, edited_at=at)
    touch_membership(membership, at=at)
    mention(post=answer, question=question, group=group, people=mentioned, by=user, at=at)
    return answer


@transaction.atomic
def delete_answer(
    *, user: User, answer: Answer, version: int | None = None, at: datetime | None = None
) -> None:
    """Delete an answer: its text is gone for good, with its history and what people were told.

    An accepted one leaves its question open again. May be repeated by those who may do it: its
    author and the leaders; PermissionDenied is raised for others, Changed when `version` is not
    the present one, and as `lock_membership`. Locks the question.
    """
    question = answer.question
    membership = lock_membership(group=question.group, user=user)
    question = lock_question(question)
    locked = _lock_answer(answer)
    if locked is None:
        raise NotFound
    refuse_unless_own_or_led(user=user, post=locked, membership=membership)
    if locked.deleted_at is not None:
        return
    record_act(
        group=question.group, by=user, members=[locked.author], kind=ActKind.POST_DELETED, at=at
    )
    locked.earlier.all().delete()
    locked.mentions.all().delete()
    write_version(locked, version=version, body="", body_html="", deleted_at=at or timezone.now())
    if question.accepted_id == locked.pk:
        write_version(question, version=None, accepted_id=None)
    newest = question.answers.filter(deleted_at=None).aggregate(newest=Max("written_at"))["newest"]
    question.last_post_at = max(question.written_at, newest or question.written_at)
    question.save(update_fields=["last_post_at"])
    take_back(group=question.group, keys=keys_of_answer(locked.public_id))
    retract(group=question.group, event=GroupEvent.QUESTION_ANSWERED, keys=[locked.public_id])


def _lock_answer(answer: Answer) -> Answer | None:
    return Answer.objects.select_for_update(no_key=True, of=("self",)).filter(pk=answer.pk).first()
