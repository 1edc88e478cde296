"""The entries of a person's calendar that come from assignments and from their own plan.

How they are written down (RFC 5545) is the door's affair.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Exists, FilteredRelation, OuterRef, Q, QuerySet, Subquery

from catalog.graph import CatalogGraph
from mlmath.statements import Statement
from tracker.models import Assignment, GroupRole, Recipient, UnitProgress, User
from tracker.models.people import WEEKDAYS
from tracker.summaries.plan import Plan

# Calendars keep what they have read; what is older than this has long been seen as cancelled.
KEPT_CANCELLED = timedelta(days=90)
KEPT_PAST = timedelta(days=365)
LENGTH_OF_A_DUE_DATE = timedelta(minutes=30)
STUDY_HORIZON = timedelta(days=366)


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedEvent:
    """One entry of a calendar. `starts` and `ends` are days (`ends` not included) or instants.

    `uid` stays the same for ever and `sequence` only grows. `path` is the local address of its
    page. Whole days that repeat do so by `rrule` (RFC 5545), but for the days in `without`.
    `is_busy`: people are occupied then. `has_alarm`: worth a reminder.
    """

    uid: str
    title: str
    starts: date | datetime
    ends: date | datetime
    changed_at: datetime
    sequence: int
    path: str
    description: str = ""
    is_cancelled: bool = False
    has_alarm: bool = False
    is_busy: bool = False
    place: str = ""
    rrule: str = ""
    without: tuple[date, ...] = ()


def in_groups(user_id: int, group_id: str = "") -> Q:
    """What belongs to groups that somebody is in: to the one named, else to all that they do not
    merely observe."""
    theirs = Q(group__deleted_at=None, group__memberships__user=user_id)
    if group_id:
        return theirs & Q(group__public_id=group_id)
    return theirs & Q(group__memberships__role__in=(GroupRole.LEADER, GroupRole.MEMBER))


def _due_of(user_id: int, group_id: str = "") -> QuerySet[Assignment, tuple[Any, ...]]:
    is_mine = Q(is_for_everyone=True) | Exists(
        Recipient.objects.filter(assignment=OuterRef("pk"), user=user_id)
    )
    done = UnitProgress.objects.filter(user=user_id, unit=OuterRef("unit"))
    return (
        Assignment.objects.filter(in_groups(user_id, group_id), is_mine, is_draft=False)
        .annotate(my=FilteredRelation("progress", condition=Q(progress__user=user_id)))
        .values_list(
            "public_id",
            "unit_id",
            "due_at",
            "note",
            "version",
            "created_at",
            "changed_at",
            "deleted_at",
            "group__public_id",
            "group__name",
            "my__due_at",
            "my__changed_at",
            Subquery(done.values("done_at")),
        )
    )


_due = Statement(Assignment, _due_of)
_due_in_one = Statement(Assignment, _due_of, takes_text=True)


def due_dates(
    user: User, graph: CatalogGraph, at: datetime, group_id: str = ""
) -> Iterator[FeedEvent]:
    """What is due for `user` in all groups, or in the one with that id; removed ones as cancelled.

    One query.
    """
    rows = _due_in_one.rows(user.pk, group_id) if group_id else _due.rows(user.pk)
    for (
        public_id, unit_id, groups_due_at, note, version, created_at, changed_at, deleted_at,
        group, group_name, own_due_at, said_at, done_at,
    ) in rows:  # fmt: skip
        unit = graph.unit_by_id.get(unit_id)
        is_past = groups_due_at < at - KEPT_PAST
        if unit is None or is_past or (deleted_at and deleted_at < at - KEPT_CANCELLED):
            continue
        due_at = own_due_at or groups_due_at
        resource = graph.resources.get(unit.resource)
        title = f"{unit.label}: {unit.title}" if unit.label else unit.title
        yield FeedEvent(
            uid=f"assignment-{public_id}@mlmath",
            title=f"✓ {title}" if done_at else f"Due: {title}",
            starts=due_at - LENGTH_OF_A_DUE_DATE,
            ends=due_at,
            changed_at=max(filter(None, (changed_at, said_at, done_at))),
            # Both parts only grow, so the sum does.
            sequence=version - 1 + (_seconds(created_at, said_at) if said_at else 0),
            path=f"/groups/{group}/schedule/",
            description="\n".join(
                filter(None, [group_name, resource.title if resource else "", note])
            ),
            is_cancelled=deleted_at is not None,
            has_alarm=not done_at,
        )


def study_days(user: User, plan: Plan) -> Iterator[FeedEvent]:
    """The days that they mean to study on, as one entry that repeats."""
    if not user.minutes_per_day or not user.study_days_mask:
        return
    first = plan.today
    while not user.study_days_mask >> first.weekday() & 1:
        first += timedelta(days=1)
    finish = plan.forecast.finish_late if user.show_dates else None
    until = min(finish or first + STUDY_HORIZON, first + STUDY_HORIZON)
    weekdays = ",".join(
        day[:2].upper() for bit, day in enumerate(WEEKDAYS) if user.study_days_mask >> bit & 1
    )
    days_off = sorted(date.fromisoformat(day) for day in user.days_off)
    yield FeedEvent(
        uid=f"study-{user.public_id}@mlmath",
        title=f"Study mathematics, {user.minutes_per_day} min",
        starts=first,
        ends=first + timedelta(days=1),
        changed_at=_midnight(plan.today),
        sequence=_days_since_joining(user, plan),
        path="/today/",
        rrule=f"FREQ=WEEKLY;BYDAY={weekdays};UNTIL={max(until, first):%Y%m%d}",
        without=tuple(
            day
            for day in days_off
            if first <= day <= until and user.study_days_mask >> day.weekday() & 1
        ),
    )


def likely_finish(user: User, plan: Plan) -> Iterator[FeedEvent]:
    """The likely finish. It moves with everything one does, so it counts as changed every day."""
    likely = plan.forecast.finish_likely
    if plan.role is None or likely is None or not user.show_dates:
        return
    early, late = plan.forecast.finish_early, plan.forecast.finish_late
    yield FeedEvent(
        uid=f"finish-{user.public_id}@mlmath",
        title=f"Likely done: the maths for {plan.role.title}",
        starts=likely,
        ends=likely + timedelta(days=1),
        changed_at=_midnight(plan.today),
        sequence=_days_since_joining(user, plan),
        path="/today/",
        description=f"One time in five by {early}, four times in five by {late}.",
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _days_since_joining(user: User, plan: Plan) -> int:
    return max((plan.today - user.joined_at.date()).days, 0)


def _seconds(first: datetime, last: datetime) -> int:
    return max(int((last - first).total_seconds()), 0)
