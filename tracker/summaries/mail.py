"""What is waiting to be mailed, to whom, and when they want it."""

import zoneinfo
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from django.core.signing import BadSignature, Signer
from django.db.models import Q, QuerySet
from django.utils import timezone

from mlmath.errors import NotFound
from tracker.models import (
    AssignmentProgress,
    GroupRole,
    MailCategory,
    MailSettings,
    Membership,
    Notice,
    Outgoing,
    StudySession,
    TopicProgress,
    User,
)

# Nobody sends for longer than this; a claim that is older was left by a process that is no more.
CLAIM_LASTS = timedelta(minutes=10)
# Refused that often in a row, an address gets no more than what is about the account.
MOST_REFUSALS = 3
# Who has not been here for so long is not written to every week.
ACTIVE_WITHIN = timedelta(days=28)

_signer = Signer(salt="tracker.unsubscribe", sep=".")


def waiting_mail(at: datetime) -> "QuerySet[Outgoing]":
    """Mail whose time has come and that nobody is sending, the longest waiting first."""
    is_free = Q(claimed_at=None) | Q(claimed_at__lt=at - CLAIM_LASTS)
    return Outgoing.objects.filter(is_free, ended_at=None, not_before__lte=at).order_by(
        "not_before", "pk"
    )


def is_mail_waiting(at: datetime | None = None) -> bool:
    return waiting_mail(at or timezone.now()).exists()


def is_news_waiting(at: datetime | None = None) -> bool:
    return Notice.objects.filter(mail_after__lte=at or timezone.now()).exists()


def mail_settings_of(users: Iterable[int]) -> dict[int, MailSettings]:
    """The settings of each of those people, by default where they have said nothing. One query."""
    keys = list(users)
    kept = {one.user_id: one for one in MailSettings.objects.filter(user__in=keys)}
    return {key: kept.get(key) or MailSettings(user_id=key) for key in keys}


def settings_with(user: User) -> MailSettings:
    """The settings of `user`, by default where they have said nothing. No query where they were
    selected with the person."""
    try:
        return user.mail_settings
    except MailSettings.DoesNotExist:
        return MailSettings(user=user)


def quiet_end(*, user: User, settings: MailSettings, at: datetime) -> datetime | None:
    """When the quiet hours end in which `at` lies on the clock of `user`; None outside of them."""
    zone = zoneinfo.ZoneInfo(user.time_zone)
    local = at.astimezone(zone)
    first, last, now = settings.quiet_from, settings.quiet_until, local.time()
    day = local.date()
    if first <= last:
        is_quiet = first <= now < last
    else:
        is_quiet = now >= first or now < last
        day += timedelta(days=1) if now >= first else timedelta(0)
    return datetime.combine(day, last, zone).astimezone(UTC) if is_quiet else None


def people_with_chapters_due(*, time_zone: str, day: date) -> set[int]:
    """Whoever of a time zone may have a chapter due on their `day`, done or not. Two queries."""
    zone = zoneinfo.ZoneInfo(time_zone)
    first = datetime.combine(day, time(0), zone)
    last = datetime.combine(day + timedelta(days=1), time(0), zone)
    by_group = Membership.objects.filter(
        user__time_zone=time_zone,
        user__is_active=True,
        role__in=[GroupRole.LEADER, GroupRole.MEMBER],
        group__deleted_at=None,
        group__archived_at=None,
        group__assignments__deleted_at=None,
        group__assignments__is_draft=False,
        group__assignments__due_at__gte=first,
        group__assignments__due_at__lt=last,
    )
    by_own_date = AssignmentProgress.objects.filter(
        user__time_zone=time_zone, user__is_active=True, due_at__gte=first, due_at__lt=last
    )
    return {
        *by_group.values_list("user", flat=True).distinct(),
        *by_own_date.values_list("user", flat=True).distinct(),
    }


def people_for_the_week(*, time_zone: str, at: datetime) -> set[int]:
    """Whoever of a time zone is in a group that reads, or has studied of late. Three queries."""
    since = at - ACTIVE_WITHIN
    people = User.objects.filter(time_zone=time_zone, is_active=True)
    members = Membership.objects.filter(
        user__in=people, role__in=[GroupRole.LEADER, GroupRole.MEMBER], group__deleted_at=None
    )
    studied = StudySession.objects.filter(user__in=people, started_at__gte=since)
    ticked = TopicProgress.objects.filter(user__in=people, changed_at__gte=since)
    return {
        *members.values_list("user", flat=True).distinct(),
        *studied.values_list("user", flat=True).distinct(),
        *ticked.values_list("user", flat=True).distinct(),
    }


def has_studied_since(*, user: User, moment: datetime) -> bool:
    """Whether `user` has logged time or ticked something since. At most two queries."""
    return (
        user.study_sessions.filter(started_at__gte=moment).exists()
        or TopicProgress.objects.filter(user=user, changed_at__gte=moment).exists()
    )


def unsubscribe_token(user: User, categories: Iterable[str]) -> str:
    """What switches these categories off for `user`, without a sign-in, and nothing else.

    It is good for ever: people look for the link in old mail.
    """
    return _signer.sign(f"{user.public_id}.{'-'.join(categories)}")


def read_unsubscribe_token(token: str) -> tuple[User, list[MailCategory]]:
    """Whose mail it switches off, and which. One query. Raises NotFound for a forged one, and for
    that of a person who is no longer here."""
    try:
        public_id, _, names = _signer.unsign(token).partition(".")
    except BadSignature:
        raise NotFound from None
    user = User.objects.filter(public_id=public_id, is_active=True).first()
    if user is None:
        raise NotFound
    return user, [MailCategory(name) for name in names.split("-")]
