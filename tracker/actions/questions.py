"""Asking in a group, and what is done to a question afterwards. Answers have their own module."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from catalog.graph import TopicNode, UnitNode
from catalog.models import Topic, Unit
from mlmath.errors import NotFound, PermissionDenied
from tracker.actions.acts import record_act
from tracker.actions.locking import lock_leadership, lock_membership, touch_membership
from tracker.actions.notices import take_back, tell
from tracker.actions.posts import (
    address_of,
    checked_body,
    keep_earlier,
    mention,
    mention_key,
    refuse_haste,
    refuse_others,
    refuse_unless_own_or_led,
    subscribe_author,
)
from tracker.actions.versions import write_version
from tracker.actions.webhooks import emit, retract
from tracker.models import (
    ActKind,
    Answer,
    EarlierText,
    GroupEvent,
    GroupRole,
    NoticeKind,
    Question,
    StudyGroup,
    User,
)
from tracker.models.questions import MAXIMUM_TITLE_LENGTH, check_title
from tracker.summaries.members import shown_name
from tracker.summaries.mentions import rendered


@transaction.atomic
def ask_question(
    *,
    user: User,
    group: StudyGroup,
    title: str,
    body: str,
    unit: UnitNode | None = None,
    topic: TopicNode | None = None,
    at: datetime | None = None,
) -> Question:
    """Ask, and tell those who are mentioned and those who want to hear of every question.

    Every call asks another. Raises ValidationError for a title or text that does not fit,
    TooManyPosts, and as `lock_membership`.
    """
    at = at or timezone.now()
    title, body = _checked_title(title), checked_body(body)
    membership = lock_membership(group=group, user=user)
    group = membership.group
    refuse_haste(user=user, group=group, at=at)
    body_html, mentioned = rendered(group=group, body=body)
    question = Question.objects.create(
        group=group,
        author=user,
        title=title,
        body=body,
        body_html=body_html,
        unit_id=unit.id if unit else None,
        topic_id=topic.id if topic else None,
        written_at=at,
        last_post_at=at,
    )
    touch_membership(membership, at=at)
    subscribe_author(user=user, question=question, at=at)
    mention(post=question, question=question, group=group, people=mentioned, by=user, at=at)
    listeners = group.memberships.filter(
        Q(hears_of_questions=True) | Q(hears_of_questions=None, role=GroupRole.LEADER)
    ).select_related("user")
    tell(
        people=[one.user for one in listeners if one.user not in mentioned],
        kind=NoticeKind.QUESTION,
        key=_asked_key(question),
        text=f"{shown_name(user)} asks in {group.name}: “{title}”",
        address=address_of(group, question, question),
        group=group,
        by=user,
        at=at,
    )
    emit(
        group=group,
        event=GroupEvent.QUESTION_ASKED,
        key=question.public_id,
        data={
            "id": question.public_id,
            "title": title,
            "path": address_of(group, question, question),
        },
        at=at,
    )
    return question


@transaction.atomic
def edit_question(
    *,
    user: User,
    question: Question,
    title: str,
    body: str,
    unit: UnitNode | Unit | None,
    topic: TopicNode | Topic | None,
    version: int | None = None,
    at: datetime | None = None,
) -> Question:
    """Change the text of a question, which only its author can; the earlier one is kept.

    Saying what it says already changes nothing. Raises Changed when `version` is not the
    present one, ValidationError for a title or text that does not fit, NotFound for a deleted
    question, PermissionDenied for everybody else, and as `lock_membership`. Locks the question.
    """
    at = at or timezone.now()
    title, body = _checked_title(title), checked_body(body)
    membership = lock_membership(group=question.group, user=user)
    group = membership.group
    question = lock_question(question)
    refuse_others(user=user, post=question)
    unit_id, topic_id = (unit.id if unit else None), (topic.id if topic else None)
    is_same_text = (question.title, question.body) == (title, body)
    if is_same_text and (question.unit_id, question.topic_id) == (unit_id, topic_id):
        return question
    if not is_same_text:
        keep_earlier(question)
    body_html, mentioned = rendered(group=group, body=body)
    write_version(
        question,
        version=version,
        title=title,
        body=body,
        body_html=body_html,
        unit_id=unit_id,
        topic_id=topic_id,
        edited_at=question.edited_at if is_same_text else at,
    )
    touch_membership(membership, at=at)
    mention(post=question, question=question, group=group, people=mentioned, by=user, at=at)
    return question


@transaction.atomic
def delete_question(
    *, user: User, question: Question, version: int | None = None, at: datetime | None = None
) -> None:
    """Take a question out of the group with all its answers: their texts are gone for good.

    So are earlier versions, mentions and what people were told of it. May be repeated by those who
    may do it: its author and the leaders; PermissionDenied is raised for others, Changed when
    `version` is not the present one, and as `lock_membership`. Locks the question.
    """
    membership = lock_membership(group=question.group, user=user)
    question = Question.objects.select_for_update(no_key=True, of=("self",)).get(pk=question.pk)
    refuse_unless_own_or_led(user=user, post=question, membership=membership)
    if question.deleted_at is not None:
        return
    at = at or timezone.now()
    write_version(
        question,
        version=version,
        title="",
        body="",
        body_html="",
        accepted_id=None,
        deleted_at=at,
    )
    answers = list(question.answers.values_list("public_id", flat=True))
    if question.author_id != user.pk:
        written = question.answers.filter(deleted_at=None).select_related("author")
        authors = {one for one in (question.author, *(post.author for post in written)) if one}
        record_act(group=question.group, by=user, members=authors, kind=ActKind.POST_DELETED, at=at)
    retract(group=question.group, event=GroupEvent.QUESTION_ASKED, keys=[question.public_id])
    retract(group=question.group, event=GroupEvent.QUESTION_ANSWERED, keys=answers)
    of_it = Q(question=question) | Q(answer__question=question)
    EarlierText.objects.filter(of_it).delete()
    question.mentions.all().delete()
    for answer in question.answers.filter(mentions__isnull=False).distinct():
        answer.mentions.all().delete()
    question.answers.update(body="", body_html="", deleted_at=at, version=F("version") + 1)
    take_back(
        group=question.group,
        keys=[_asked_key(question), mention_key(question)]
        + [key for answer in answers for key in keys_of_answer(answer)],
    )


@transaction.atomic
def accept_answer(
    *,
    user: User,
    question: Question,
    answer: Answer | None,
    version: int | None = None,
    at: datetime | None = None,
) -> Question:
    """Make `answer` the one that helped, instead of any other; None: none of them did.

    For the asker and the leaders; PermissionDenied is raised for others, NotFound for what is
    deleted, Changed when `version` is not the present one, and as `lock_membership`. Repeating
    it changes nothing. Locks the question, so one answer at most is ever accepted.
    """
    membership = lock_membership(group=question.group, user=user)
    question = lock_question(question)
    if question.author_id != user.pk and not membership.leads:
        raise PermissionDenied("Only the person who asked and the leaders can accept an answer.")
    if answer is not None:
        answer = question.answers.filter(pk=answer.pk, deleted_at=None).first()
        if answer is None:
            raise NotFound
    at = at or timezone.now()
    before = question.accepted
    if not write_version(question, version=version, accepted_id=answer.pk if answer else None):
        return question
    touch_membership(membership, at=at)
    # Of members only leaders get so far with the question of somebody else.
    record_act(
        group=membership.group, by=user, members=[question.author], kind=ActKind.ANSWERED, at=at
    )
    if before is not None:
        take_back(group=membership.group, keys=[_accepted_key(before)])
    if answer is not None and answer.author is not None:
        is_inside = membership.group.memberships.filter(user=answer.author).exists()
        tell(
            people=[answer.author] if is_inside else [],
            kind=NoticeKind.QUESTION,
            key=_accepted_key(answer),
            text=f"Your answer to “{question.title}” was accepted.",
            address=address_of(membership.group, question, answer),
            group=membership.group,
            by=user,
            at=at,
        )
    return question


@transaction.atomic
def pin_question(
    *, user: User, question: Question, is_pinned: bool, version: int | None = None
) -> Question:
    """Say whether a question stays at the top of the list. For leaders; may be repeated.

    Raises Changed when `version` is not the present one, NotFound for a deleted question, and
    as `lock_leadership`. Locks the question.
    """
    lock_leadership(group=question.group, user=user)
    question = lock_question(question)
    if write_version(question, version=version, is_pinned=is_pinned):
        kind = ActKind.PINNED if is_pinned else ActKind.UNPINNED
        record_act(group=question.group, by=user, members=[question.author], kind=kind)
    return question


@transaction.atomic
def close_question(
    *, user: User, question: Question, is_locked: bool, version: int | None = None
) -> Question:
    """Say whether a question takes no more answers. For leaders; may be repeated.

    Raises Changed when `version` is not the present one, NotFound for a deleted question, and
    as `lock_leadership`. Locks the question's row.
    """
    lock_leadership(group=question.group, user=user)
    question = lock_question(question)
    if write_version(question, version=version, is_locked=is_locked):
        kind = ActKind.LOCKED if is_locked else ActKind.UNLOCKED
        record_act(group=question.group, by=user, members=[question.author], kind=kind)
    return question


def lock_question(question: Question) -> Question:
    """The question as it is now, which nobody changes until the transaction ends. One query.

    Raises NotFound when it has been deleted.
    """
    locked = (
        Question.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk=question.pk, deleted_at=None)
        .first()
    )
    if locked is None:
        raise NotFound
    return locked


def keys_of_answer(public_id: str) -> list[str]:
    """What people are told of an answer goes by: that it is there, mentions them, is accepted."""
    return [f"answer:{public_id}", f"mention:{public_id}", f"accepted:{public_id}"]


def _asked_key(question: Question) -> str:
    return f"question:{question.public_id}"


def _accepted_key(answer: Answer) -> str:
    return keys_of_answer(answer.public_id)[2]


def _checked_title(title: str) -> str:
    title = title.strip()
    if len(title) > MAXIMUM_TITLE_LENGTH:
        raise ValidationError({"title": f"Keep it to {MAXIMUM_TITLE_LENGTH} characters."})
    try:
        check_title(title)
    except ValidationError as error:
        raise ValidationError({"title": error}) from None
    return title
