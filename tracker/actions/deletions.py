"""The end of an account: at once for everybody, and then erased step by step by the worker.

`tracker.models.privacy` says table by table what becomes of it. Every step is a transaction of its
own and may be repeated, so that a worker that is killed leaves nothing half done: the next one goes
on. Who may delete an account is for `tracker.actions.people` to say.
"""

import logging
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from mlmath.markdown import to_html
from tracker.actions.mail import forget_address
from tracker.actions.questions import keys_of_answer
from tracker.models import (
    Answer,
    Deletion,
    DeletionState,
    Delivery,
    EarlierText,
    GroupEvent,
    GroupRole,
    Invitation,
    Membership,
    Mention,
    Notice,
    Question,
    StudyGroup,
    User,
)
from tracker.models.privacy import EMPTIED, End, naming, owned

logger = logging.getLogger("mlmath.deletions")

# Rows that one transaction erases: it is over before anybody notices.
ROWS_AT_ONCE = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class DeletedPerson:
    """An account that was deleted, as it is written down for after a restore."""

    public_id: str
    requested_at: datetime
    empties_posts: bool


_LINE = re.compile(
    r"Account (?P<public_id>[-\w]+) is deleted since (?P<at>[-:+.T\d]+), "
    r"posts (?P<posts>kept|emptied)"
)


def line_of(deleted: DeletedPerson) -> str:
    """How a deletion is written into the log: what there is to know of it, and nothing personal."""
    posts = "emptied" if deleted.empties_posts else "kept"
    at = deleted.requested_at.isoformat()
    return f"Account {deleted.public_id} is deleted since {at}, posts {posts}."


def read_lines(text: str) -> list[DeletedPerson]:
    """The deletions that are written down anywhere in `text`, such as in a log."""
    return [
        DeletedPerson(
            public_id=found["public_id"],
            requested_at=datetime.fromisoformat(found["at"]),
            empties_posts=found["posts"] == "emptied",
        )
        for found in _LINE.finditer(text)
    ]


def end_account(*, user: User, empties_posts: bool = False, at: datetime | None = None) -> Deletion:
    """Let the account of `user` be gone for everybody, from this transaction on.

    Sessions, tokens, feeds, mail, invitations and places in groups are dead, the address is free,
    posts are by a “deleted member”. What only they ever saw is left to `erase_deleted`. For the
    action that has checked that it may be, with the groups they lead and their row locked. May be
    repeated.
    """
    at = at or timezone.now()
    deletion, is_new = Deletion.objects.get_or_create(
        public_id=user.public_id, defaults={"requested_at": at, "empties_posts": empties_posts}
    )
    if is_new:
        # The log outlives the database, for whoever has to restore an older one.
        transaction.on_commit(partial(logger.info, line_of(_person(deletion))))
    others = Membership.objects.filter(group=OuterRef("pk")).exclude(user=user)
    alone = StudyGroup.objects.filter(~Exists(others), memberships__user=user, deleted_at=None)
    StudyGroup.objects.filter(pk__in=list(alone.values_list("pk", flat=True))).update(deleted_at=at)
    # Posts wait for the lock on the membership: what is being written is there after this.
    Membership.objects.filter(user=user).delete()
    if empties_posts:
        _empty_posts(user)
    Invitation.objects.filter(invited_by=user, revoked_at=None).update(revoked_at=at)
    for name, path in [*owned(End.NAMELESS), *naming(End.NAMELESS)]:
        _rows(name, path, user).update(**{path: None})
    rows = _rows("account.EmailAddress", "user", user)
    addresses = [user.email, *rows.values_list("email", flat=True)]
    Invitation.objects.filter(email__in=addresses).delete()
    for address in addresses:
        forget_address(address)
    keys = _rows("usersessions.UserSession", "user", user).values_list("session_key", flat=True)
    Session.objects.filter(session_key__in=list(keys)).delete()
    for name, path in [*owned(End.AT_ONCE), *naming(End.AT_ONCE)]:
        _rows(name, path, user).delete()
    _empty(user)
    return deletion


def erase_deleted(*, seconds: float = 60, at: datetime | None = None) -> bool:
    """Erase what deleted accounts did, for about so many seconds; whether anything is left.

    May be repeated, killed in the middle and run by several workers.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not _erase_some(at or timezone.now()):
            return False
    return is_erasing_due()


def is_erasing_due() -> bool:
    return Deletion.objects.exclude(state=DeletionState.ERASED).exists()


def deleted_people() -> list[DeletedPerson]:
    """The accounts that were deleted and may still be in a backup, the oldest first."""
    return [_person(deletion) for deletion in Deletion.objects.order_by("requested_at", "pk")]


def _person(deletion: Deletion) -> DeletedPerson:
    return DeletedPerson(
        public_id=deletion.public_id,
        requested_at=deletion.requested_at,
        empties_posts=deletion.empties_posts,
    )


def reapply_deletions(*, deletions: Iterable[DeletedPerson]) -> int:
    """Delete again the accounts that a restored backup has brought back; returns how many.

    Nobody asks whether they lead a group: where nobody else does, whoever has been in it longest
    leads it now. Erasing is the worker's. May be repeated.
    """
    number = 0
    for deleted in deletions:
        with transaction.atomic():
            user = User.objects.filter(public_id=deleted.public_id).first()
            is_known = Deletion.objects.filter(public_id=deleted.public_id).exists()
            if user is not None and not is_known:
                lock_all_of(user)
                for group in leaderless_without(user):
                    _let_somebody_lead(group, but=user)
                end_account(user=user, empties_posts=deleted.empties_posts, at=deleted.requested_at)
                number += 1
            elif user is None and not is_known:
                Deletion.objects.create(
                    public_id=deleted.public_id,
                    empties_posts=deleted.empties_posts,
                    requested_at=deleted.requested_at,
                    state=DeletionState.ERASED,
                    erased_at=timezone.now(),
                )
    return number


def lock_all_of(user: User) -> None:
    """Lock the groups that `user` leads or is invited to, then their places, then their row: in
    the order of every action, so that no two wait for each other."""
    places = Membership.objects.filter(user=user)
    groups = StudyGroup.objects.filter(
        Q(pk__in=places.filter(role=GroupRole.LEADER).values("group"))
        | Q(pk__in=Invitation.objects.filter(email=user.email).values("group"))
    )
    list(groups.select_for_update(no_key=True).order_by("pk"))
    list(places.select_for_update().order_by("pk"))
    User.objects.select_for_update().get(pk=user.pk)


def leaderless_without(user: User) -> "models.QuerySet[StudyGroup]":
    """The groups that nobody else leads and in which there are others."""
    led = StudyGroup.objects.filter(
        memberships__user=user, memberships__role=GroupRole.LEADER, deleted_at=None
    )
    others = Membership.objects.filter(group=OuterRef("pk")).exclude(user=user)
    return led.filter(~Exists(others.filter(role=GroupRole.LEADER)), Exists(others))


def erase_group(group: StudyGroup) -> bool:
    """Erase a group that is deleted, a part of it in a transaction; whether anything is left."""
    if delete_some(Question.objects.filter(group=group)):
        return True
    group.delete()
    return False


@transaction.atomic
def delete_some(rows: "models.QuerySet[Any]") -> bool:
    """Delete up to a thousand of `rows`; whether there were any."""
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:ROWS_AT_ONCE])
    if keys:
        rows.model._base_manager.filter(pk__in=keys).delete()
    return bool(keys)


def _let_somebody_lead(group: StudyGroup, *, but: User) -> None:
    others = group.memberships.exclude(user=but)
    longest = others.exclude(role=GroupRole.OBSERVER).order_by("joined_at", "pk").first()
    next_leader = longest or others.order_by("joined_at", "pk").first()
    if next_leader is not None:
        next_leader.role = GroupRole.LEADER
        next_leader.save(update_fields=["role"])


def _empty_posts(user: User) -> None:
    """Take the texts out of what `user` wrote to groups, wherever they are kept or were told."""
    questions = Question.objects.filter(author=user, deleted_at=None)
    answers = Answer.objects.filter(author=user, deleted_at=None)
    asked = list(questions.values_list("public_id", flat=True))
    answered = set(answers.values_list("public_id", flat=True))
    # What was told of the answers to their questions names the question.
    answered |= set(
        Answer.objects.filter(question__in=questions).values_list("public_id", flat=True)
    )
    of_theirs = Q(question__author=user) | Q(answer__author=user)
    EarlierText.objects.filter(of_theirs).delete()
    Mention.objects.filter(of_theirs).delete()
    notices = [f"{what}:{one}" for one in asked for what in ("question", "mention")]
    notices += [key for one in answered for key in keys_of_answer(one)]
    Notice.objects.filter(key__in=notices).delete()
    told = [f"{GroupEvent.QUESTION_ASKED}:{one}" for one in asked]
    told += [f"{GroupEvent.QUESTION_ANSWERED}:{one}" for one in answered]
    Delivery.objects.filter(key__in=told).delete()
    html = to_html(EMPTIED)
    questions.update(title=EMPTIED, body=EMPTIED, body_html=html, version=models.F("version") + 1)
    answers.update(body=EMPTIED, body_html=html, version=models.F("version") + 1)


def _empty(user: User) -> None:
    """Leave nothing of the account but a row that nobody can sign in to."""
    shell = User(
        pk=user.pk,
        public_id=user.public_id,
        email=f"{user.public_id}@deleted.invalid",
        is_active=False,
    )
    shell.set_unusable_password()
    shell.save(force_update=True)


@transaction.atomic
def _erase_some(at: datetime) -> bool:
    """One step; False when there is nothing left to do. Workers take turns at one account."""
    deletion = (
        Deletion.objects.select_for_update()
        .exclude(state=DeletionState.ERASED)
        .order_by("requested_at", "pk")
        .first()
    )
    if deletion is None:
        return False
    user = User.objects.filter(public_id=deletion.public_id).first()
    if user is None or not _erase_rows_of(user):
        deletion.state, deletion.erased_at = DeletionState.ERASED, at
    else:
        deletion.state = DeletionState.ERASING
    deletion.save(update_fields=["state", "erased_at"])
    return True


def _erase_rows_of(user: User) -> bool:
    """Some of what is left of an account that has ended; False once it is gone itself."""
    for name, path in owned(End.ERASED):
        if path != "pk" and delete_some(_rows(name, path, user)):
            return True
    for group in StudyGroup.objects.filter(memberships=None).exclude(deleted_at=None)[:1]:
        erase_group(group)
        return True
    # Whoever was let in before the account ended has written by now.
    User.objects.select_for_update().get(pk=user.pk).delete()
    return False


def _rows(name: str, path: str, user: User) -> "models.QuerySet[Any]":
    found: models.QuerySet[Any] = apps.get_model(name)._base_manager.filter(**{path: user.pk})
    return found
