"""The entries of a person's calendar that come from assignments and from their own plan.

How they are written down (RFC 5545) is the door's affair.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from catalog.graph import CatalogGraph
from tracker.models import Assignment, AssignmentProgress, Recipient, StudyGroup, User
from tracker.models.people import WEEKDAYS
from tracker.summaries.plan import Plan
from tracker.summaries.units import done_units

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


def due_dates(
    user: User, groups: Sequence[StudyGroup], graph: CatalogGraph, at: datetime
) -> Iterator[FeedEvent]:
    """What is due for `user` in `groups`, removed ones as cancelled. Three queries, none without
    a group."""
    if not groups:
        return
    by_id = {group.pk: group for group in groups}
    is_mine = Q(is_for_everyone=True) | Exists(
        Recipient.objects.filter(assignment=OuterRef("pk"), user=user.pk)
    )
    is_shown = Q(deleted_at=None) | Q(deleted_at__gte=at - KEPT_CANCELLED)
    assignments = list(
        Assignment.objects.filter(
            is_mine, is_shown, group__in=by_id, is_draft=False, due_at__gte=at - KEPT_PAST
        )
    )
    said = {
        row.assignment_id: row
        for row in AssignmentProgress.objects.filter(
            user=user.pk, assignment__group__in=by_id, assignment__due_at__gte=at - KEPT_PAST
        )
    }
    done = done_units(user=user)
    for assignment in assignments:
        unit = graph.unit_by_id.get(assignment.unit_id)
        if unit is None:
            continue
        group, mine = by_id[assignment.group_id], said.get(assignment.pk)
        due_at = (mine and mine.due_at) or assignment.due_at
        changes = [assignment.changed_at, *([mine.changed_at] if mine else [])]
        is_done = assignment.unit_id in done
        resource = graph.resources.get(unit.resource)
        title = f"{unit.label}: {unit.title}" if unit.label else unit.title
        yield FeedEvent(
            uid=f"assignment-{assignment.public_id}@mlmath",
            title=f"✓ {title}" if is_done else f"Due: {title}",
            starts=due_at - LENGTH_OF_A_DUE_DATE,
            ends=due_at,
            changed_at=max([*changes, done[assignment.unit_id]] if is_done else changes),
            # Both parts only grow, so the sum does.
            sequence=assignment.version
            - 1
            + (_seconds(assignment.created_at, mine.changed_at) if mine else 0),
            path=f"/groups/{group.public_id}/schedule/",
            description="\n".join(
                filter(None, [group.name, resource.title if resource else "", assignment.note])
            ),
            is_cancelled=assignment.deleted_at is not None,
            has_alarm=not is_done,
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
