"""What is said in which mail. It is looked up when the mail is sent, so that it is true by then."""

import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.conf import settings as site
from django.db.models import F, Q
from django.utils.text import Truncator

from catalog.graph import CatalogGraph, TopicNode, current_graph
from tracker.models import (
    Invitation,
    MailCategory,
    MailKind,
    MailSettings,
    Notice,
    NoticeKind,
    Outgoing,
    StudyGroup,
    User,
)
from tracker.summaries.agenda import DueChapter, due_chapters
from tracker.summaries.calendar import local_day
from tracker.summaries.mail import ACTIVE_WITHIN, MOST_REFUSALS, has_studied_since, mail_settings_of
from tracker.summaries.members import shown_name
from tracker.summaries.my_assignments import topics_soon
from tracker.summaries.plan import plan_of

READY_TOPICS = 3
DAYS_AHEAD = 7
LONGEST_SUBJECT = 120
# Names of groups are people's own words, and an invitation goes to strangers.
LONGEST_NAME_FOR_STRANGERS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A mail in words. `text` and `html` are names of templates, both with the same `context`.

    `categories` are what its link to unsubscribe switches off; without any it always comes.
    `finish` is the likely finish that it names.
    """

    subject: str
    text: str
    html: str
    context: Mapping[str, object] = field(default_factory=dict)
    categories: Sequence[str] = ()
    finish: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupWeek:
    """One group's line: its undone chapters of the next seven days, and how many are late."""

    name: str
    address: str
    chapters: tuple[DueChapter, ...]
    late: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Week:
    """The week to come. `moved` is by how many days the likely finish has moved since the last
    weekly mail, less than zero for the better; None where there is nothing to compare."""

    groups: tuple[GroupWeek, ...]
    ready: tuple[TopicNode, ...]
    percent: int | None
    finish: date | None
    moved: int | None

    @property
    def moved_days(self) -> int:
        return abs(self.moved or 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reader:
    """Whom a mail is for, and what they want at this moment."""

    user: User
    settings: MailSettings

    def wants(self, category: str, group: StudyGroup | None = None) -> bool:
        return self.settings.wants(category, group.public_id if group else "")


def letter_of(mail: Outgoing, *, at: datetime) -> Letter | None:
    """What `mail` says at the moment `at`; None when nobody wants to hear it any more."""
    kind, user = MailKind(mail.kind), mail.user
    if user is None:
        return _PLAIN[kind](mail, at)
    # Asked for once more: they may have unsubscribed since it was claimed.
    settings = mail_settings_of([user.pk])[user.pk]
    is_refused = settings.refusals >= MOST_REFUSALS and kind != MailKind.ACCOUNT
    if not user.is_active or is_refused:
        return None
    if kind in _PLAIN:
        return _PLAIN[kind](mail, at)
    return _personal(mail, _Reader(user=user, settings=settings), at)


def _account(mail: Outgoing, at: datetime) -> Letter:
    return Letter(
        subject=mail.payload["subject"],
        text="mail/account.txt",
        html="mail/account.html",
        context={"text": mail.payload["text"]},
    )


def _sign_in(mail: Outgoing, at: datetime) -> Letter:
    return Letter(
        subject="A new sign-in to mlmath",
        text="mail/sign_in.txt",
        html="mail/sign_in.html",
        context={
            "browser": mail.payload["browser"],
            "moment": datetime.fromisoformat(mail.payload["at"]),
        },
    )


def _token(mail: Outgoing, at: datetime) -> Letter:
    return Letter(
        subject="A new API token for your account",
        text="mail/token.txt",
        html="mail/token.html",
        context={"name": mail.payload["name"], "scopes": mail.payload["scopes"]},
    )


def _invitation(mail: Outgoing, at: datetime) -> Letter | None:
    is_open = Q(max_uses=None) | Q(uses__lt=F("max_uses"))
    invitation = (
        Invitation.objects.filter(
            is_open,
            public_id=mail.payload["invitation"],
            revoked_at=None,
            expires_at__gt=at,
            group__deleted_at=None,
            group__archived_at=None,
        )
        .select_related("group", "invited_by")
        .first()
    )
    if invitation is None:
        return None
    group = Truncator(invitation.group.name).chars(LONGEST_NAME_FOR_STRANGERS)
    inviter = shown_name(invitation.invited_by) if invitation.invited_by else ""
    inviter = Truncator(inviter).chars(LONGEST_NAME_FOR_STRANGERS)
    return Letter(
        subject=f"{inviter or 'Somebody'} invites you to “{group}”",
        text="mail/invitation.txt",
        html="mail/invitation.html",
        context={
            "inviter": inviter,
            "group": group,
            "link": f"{site.SITE_URL}/join/{mail.payload['code']}/",
            "expires_at": invitation.expires_at,
        },
    )


def _personal(mail: Outgoing, reader: _Reader, at: datetime) -> Letter | None:
    """What somebody was told, and in the morning what is due tomorrow and the week."""
    news = _still_news(mail, reader)
    due, week = _morning(mail, reader, at) if mail.kind == MailKind.MORNING else ([], None)
    if not (news or due or week):
        return None
    categories = {notice.kind for notice in news}
    categories |= {MailCategory.DUE.value} if due else set()
    categories |= {MailCategory.DIGEST.value} if week else set()
    return Letter(
        subject=_subject(news=[notice.text for notice in news], due=due, week=week),
        text="mail/personal.txt",
        html="mail/personal.html",
        context={"due": due, "week": week, "news": news},
        categories=[name for name in MailCategory.values if name in categories],
        finish=week.finish if week else None,
    )


def _still_news(mail: Outgoing, reader: _Reader) -> list[Notice]:
    """The notices that `mail` took along, but what has been read since, is no longer wanted, or
    belongs to a group that they have left."""
    unread = mail.notices.filter(read_at=None).select_related("group").order_by("told_at", "pk")
    notices = list(unread)
    groups = {notice.group_id for notice in notices} - {None}
    memberships = reader.user.memberships.filter(group__in=groups, group__deleted_at=None)
    # Django asks nothing for an empty set.
    inside = set(memberships.values_list("group", flat=True))
    return [
        notice
        for notice in notices
        if reader.wants(notice.kind, notice.group)
        and (
            notice.group is None
            or notice.group_id in inside
            or notice.kind == NoticeKind.MEMBERSHIP
        )
    ]


def _morning(mail: Outgoing, reader: _Reader, at: datetime) -> tuple[list[DueChapter], Week | None]:
    user, day, graph = reader.user, date.fromisoformat(mail.payload["day"]), current_graph()
    zone = zoneinfo.ZoneInfo(user.time_zone)
    before = datetime.combine(day + timedelta(days=DAYS_AHEAD), time(0), zone)
    chapters = due_chapters(user=user, graph=graph, before=before, at=at)
    due = [
        chapter
        for chapter in chapters
        if local_day(user, chapter.due_at) == day + timedelta(days=1)
        # A mail that was held up for a day would call today tomorrow.
        and local_day(user, at) == day
        and reader.wants(MailCategory.DUE, chapter.group)
    ]
    has_week = mail.payload["has_week"] and reader.wants(MailCategory.DIGEST)
    return due, _week(reader, graph, chapters, at) if has_week else None


def _week(
    reader: _Reader, graph: CatalogGraph, chapters: Sequence[DueChapter], at: datetime
) -> Week | None:
    """None when there is nothing to say: no group reads, and they have not studied for long."""
    user = reader.user
    soon = topics_soon(user=user, graph=graph, at=at)
    plan = plan_of(user=user, graph=graph, at=at, due=soon)
    by_group: dict[int, list[DueChapter]] = {}
    for chapter in chapters:
        if reader.wants(MailCategory.DIGEST, chapter.group):
            by_group.setdefault(chapter.group.pk, []).append(chapter)
    is_active = plan.role is not None and has_studied_since(user=user, moment=at - ACTIVE_WITHIN)
    if not by_group and not is_active:
        return None
    finish = plan.forecast.finish_likely if user.show_dates and plan.next else None
    before = reader.settings.finish_told_on
    return Week(
        groups=tuple(
            GroupWeek(
                name=found[0].group.name,
                address=f"/groups/{found[0].group.public_id}/",
                chapters=tuple(chapter for chapter in found if not chapter.is_late),
                late=sum(chapter.is_late for chapter in found),
            )
            for found in by_group.values()
        ),
        ready=tuple(plan.next[:READY_TOPICS]) if plan.role else (),
        percent=plan.progress.readiness.percent if plan.progress else None,
        finish=finish,
        moved=(finish - before).days if finish and before else None,
    )


def _subject(*, news: Sequence[str], due: Sequence[DueChapter], week: Week | None) -> str:
    parts = []
    if week:
        parts.append("Your week on mlmath")
    if len(due) == 1:
        parts.append(f"Due tomorrow: {due[0].unit.label}")
    elif due:
        parts.append(f"{len(due)} chapters due tomorrow")
    if len(news) == 1:
        parts.append(news[0])
    elif news:
        parts.append(f"{len(news)} notifications")
    return " · ".join(parts)


# What does not depend on what its reader wants.
_PLAIN: Mapping[MailKind, Callable[[Outgoing, datetime], Letter | None]] = {
    MailKind.ACCOUNT: _account,
    MailKind.SIGN_IN: _sign_in,
    MailKind.TOKEN: _token,
    MailKind.INVITATION: _invitation,
}
