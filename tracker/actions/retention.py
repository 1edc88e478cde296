"""What is kept for a while only: the daily purge, and accounts that nobody uses.

`tracker.models.retention` holds the numbers. All of it may be repeated and killed in the middle.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from tracker.actions.deletions import delete_some, end_account, erase_group, lock_all_of
from tracker.actions.mail import mail_about_account
from tracker.models import (
    Activity,
    Answer,
    ApiToken,
    CallCount,
    Deletion,
    Delivery,
    Inactivity,
    Invitation,
    KeptAnswer,
    KnownBrowser,
    LeaderAct,
    Membership,
    Notice,
    Nudge,
    Outgoing,
    Question,
    StaffLook,
    StudyGroup,
    StudySession,
    User,
    retention,
)

PEOPLE_AT_ONCE = 100
_DATABASE_CACHE = "mlmath.shared_cache.SharedCache"


def purge(*, seconds: float = 60, at: datetime | None = None) -> bool:
    """Remove what has been kept for long enough, for about so many seconds; whether any is left.

    In steps of a thousand rows, each a transaction.
    """
    at = at or timezone.now()
    end = time.monotonic() + seconds
    for rows in _outdated(at):
        while delete_some(rows):
            if time.monotonic() > end:
                return True
    for group in StudyGroup.objects.filter(deleted_at__lt=at - retention.DELETED_GROUPS):
        while erase_group(group):
            if time.monotonic() > end:
                return True
    _purge_cache(at)
    return _end_unconfirmed_accounts(at)


def _outdated(at: datetime) -> Iterator[QuerySet[Any]]:
    """The rows that have been kept long enough, table by table."""
    devices = apps.get_model("usersessions", "UserSession")._base_manager
    confirmations = apps.get_model("account", "EmailConfirmation")._base_manager
    results = apps.get_model("django_tasks_database", "DBTaskResult")._base_manager
    old = devices.filter(created_at__lt=at - retention.SESSIONS).values("session_key")
    yield Session.objects.filter(Q(expire_date__lt=at) | Q(pk__in=old))
    yield devices.filter(~Exists(Session.objects.filter(pk=OuterRef("session_key"))))
    yield confirmations.filter(created__lt=at - retention.UNCONFIRMED_ACCOUNTS)
    yield KnownBrowser.objects.filter(seen_at__lt=at - retention.BROWSERS)
    yield KeptAnswer.objects.filter(at__lt=at - retention.KEPT_ANSWERS)
    second = int((at - retention.KEPT_ANSWERS).timestamp())
    yield CallCount.objects.filter(began_at__lt=second, wrote_at__lt=second)
    yield Outgoing.objects.filter(ended_at__lt=at - retention.MAIL)
    yield Delivery.objects.filter(created_at__lt=at - retention.DELIVERIES)
    yield LeaderAct.objects.filter(at__lt=at - retention.ACTS)
    yield StaffLook.objects.filter(at__lt=at - retention.ACTS)
    yield Notice.objects.filter(told_at__lt=at - retention.NOTICES)
    yield Nudge.objects.filter(nudged_at__lt=at - retention.NOTICES)
    ended = at - retention.ENDED_INVITATIONS
    is_spent = Q(max_uses__isnull=False, uses__gte=F("max_uses"), created_at__lt=ended)
    yield Invitation.objects.filter(Q(expires_at__lt=ended) | Q(revoked_at__lt=ended) | is_spent)
    yield Answer.objects.filter(deleted_at__lt=at - retention.DELETED_POSTS)
    yield Question.objects.filter(deleted_at__lt=at - retention.DELETED_POSTS)
    yield Deletion.objects.filter(erased_at__lt=at - retention.DELETED_ACCOUNTS)
    yield results.filter(finished_at__lt=at - retention.TASK_RESULTS)


def _purge_cache(at: datetime) -> None:
    """The cache in the database forgets what has run out only when it is written to."""
    cache = settings.CACHES["default"]
    if cache["BACKEND"] == _DATABASE_CACHE:
        table = connection.ops.quote_name(cache["LOCATION"])
        with connection.cursor() as cursor:
            moment = connection.ops.adapt_datetimefield_value(at)
            cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [moment])  # noqa: S608  # nosec B608  # our own name


def _end_unconfirmed_accounts(at: datetime) -> bool:
    """End accounts that were never signed in to because their address was never confirmed; whether
    any is left. Where a site confirms no addresses there are none."""
    if settings.ACCOUNT_EMAIL_VERIFICATION != "mandatory":
        return False
    addresses = apps.get_model("account", "EmailAddress")._base_manager.filter(user=OuterRef("pk"))
    people = User.objects.filter(
        Exists(addresses),
        ~Exists(addresses.filter(verified=True)),
        last_login=None,
        is_active=True,
        is_staff=False,
        joined_at__lt=at - retention.UNCONFIRMED_ACCOUNTS,
    )
    return _end(people, at)


def note_inactive_people(*, at: datetime | None = None) -> int:
    """Tell people that nobody uses their account, twice, and end it if they still do not come.

    Spares those who are in a group and staff. Whoever is back is forgotten to have been told. Each
    person is a transaction. Returns how many were told.
    """
    at = at or timezone.now()
    Inactivity.objects.exclude(user__in=inactive_people(at - retention.INACTIVE_TOLD)).delete()
    again = at - retention.TIME_TO_COME_BACK
    long_gone = inactive_people(at - retention.INACTIVE_TOLD_AGAIN)
    _end(long_gone.filter(inactivity__told_again_at__lte=again), at)
    told = 0
    for user in long_gone.filter(
        inactivity__told_again_at=None, inactivity__told_at__lte=again
    ).order_by("pk")[:PEOPLE_AT_ONCE]:
        with transaction.atomic():
            rows = Inactivity.objects.filter(user=user, told_again_at=None)
            if rows.update(told_again_at=at):
                _tell(user, at, waits=retention.TIME_TO_COME_BACK)
                told += 1
    for user in (
        inactive_people(at - retention.INACTIVE_TOLD)
        .filter(inactivity=None)
        .order_by("pk")[:PEOPLE_AT_ONCE]
    ):
        with transaction.atomic():
            _, is_new = Inactivity.objects.get_or_create(user=user, defaults={"told_at": at})
            if is_new:
                _tell(user, at, waits=2 * retention.TIME_TO_COME_BACK)
                told += 1
    return told


def inactive_people(since: datetime) -> "QuerySet[User]":
    """Those who have done nothing since then, by no way in, and are in no group."""
    return User.objects.filter(
        Q(last_login__lt=since) | Q(last_login=None),
        ~Exists(Membership.objects.filter(user=OuterRef("pk"))),
        ~Exists(ApiToken.objects.filter(user=OuterRef("pk"), last_used_at__gte=since)),
        ~Exists(Activity.objects.filter(user=OuterRef("pk"), at__gte=since)),
        ~Exists(StudySession.objects.filter(user=OuterRef("pk"), started_at__gte=since)),
        joined_at__lt=since,
        is_active=True,
        is_staff=False,
    )


def _tell(user: User, at: datetime, *, waits: timedelta) -> None:
    day = at + waits
    mail_about_account(
        address=user.email,
        subject="Do you still want your mlmath account?",
        text=(
            f"Nobody has used your account for {retention.in_words(retention.INACTIVE_TOLD)} or "
            f"more. If you want to keep it, sign in before {day:%-d %B %Y}:\n\n"
            f"{settings.SITE_URL}/accounts/login/\n\n"
            "Otherwise it will be deleted then, with everything that you have ticked and written. "
            "You need not do anything for that."
        ),
        user=user,
        at=at,
    )


def _end(people: "QuerySet[User]", at: datetime) -> bool:
    """End up to a hundred of these accounts; whether there were as many."""
    keys = list(people.order_by("pk").values_list("pk", flat=True)[:PEOPLE_AT_ONCE])
    for key in keys:
        with transaction.atomic():
            # They may have come back at this moment.
            user = people.filter(pk=key).first()
            if user is not None:
                lock_all_of(user)
                end_account(user=user, at=at)
    return len(keys) == PEOPLE_AT_ONCE
