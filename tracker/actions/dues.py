"""Due dates of a group: which ones can be meant, and writing them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time

from catalog.graph import UnitNode
from mlmath.errors import DomainError
from tracker.models import Assignment, GroupRole, StudyGroup, User
from tracker.summaries.schedule import Due, Rule, due_of, in_words, plan_dates

FARTHEST_YEARS = 10


class DueImpossible(DomainError):
    """Nobody can mean that due date; doors show the sentence beside its field."""

    code = "due_impossible"


def possible_due(
    moment: datetime, group: StudyGroup, at: datetime, *, was: datetime | None = None
) -> Due:
    """The due date that `moment` means in the group. Raises DueImpossible for the past, unless it
    `was` past already, and for a time that is farther away than anybody plans."""
    check_year(moment.year, at)
    due = due_of(moment, group.time_zone)
    check_due(due, at, was=was)
    return due


def check_year(year: int, at: datetime) -> None:
    if abs(year - at.year) > FARTHEST_YEARS:
        raise DueImpossible(
            f"That is more than {FARTHEST_YEARS} years away. Give a date that is nearer."
        )


def check_due(due: Due, at: datetime, *, was: datetime | None) -> None:
    if due.at <= at and (was is None or was > at):
        raise DueImpossible(f"{in_words(due.on)} is in the past. Give a later date.")


def dates_by_rule(
    units: Sequence[UnitNode], rule: Rule, due_time: time, at: datetime
) -> list[tuple[UnitNode, datetime]]:
    """Each unit with the day and time by the group's clock on which `rule` lets it be due.

    Raises DueImpossible for a first day that is farther away than anybody plans.
    """
    check_year(rule.first_due_on.year, at)
    days = plan_dates(rule, len(units))
    return [(unit, datetime.combine(day, due_time)) for unit, day in zip(units, days, strict=True)]


def due_date(row: Assignment) -> Due:
    return Due(on=row.due_on, time=row.due_time, at=row.due_at)


def set_due(row: Assignment, due: Due) -> None:
    row.due_on, row.due_time, row.due_at = due.on, due.time, due.at


def set_batch(rows: Iterable[Assignment], batch: str, *, shifted_days: int | None = None) -> None:
    for row in rows:
        row.batch, row.shifted_days = batch, shifted_days


def save_due(rows: Sequence[Assignment], at: datetime, *fields: str) -> None:
    """Write the due dates, batches and `fields` of `rows` in one query, each as a new version."""
    for row in rows:
        row.version += 1
        row.changed_at = at
    due = ["due_on", "due_time", "due_at", "batch", "shifted_days"]
    Assignment.objects.bulk_update(rows, [*due, "version", "changed_at", *fields])


def readers_of_group(group: StudyGroup) -> list[User]:
    """Everybody in the group but those who look on. One query."""
    return list(
        User.objects.filter(
            memberships__group=group, memberships__role__in=[GroupRole.LEADER, GroupRole.MEMBER]
        ).order_by("pk")
    )


def schedule_address(group: StudyGroup) -> str:
    return f"/groups/{group.public_id}/schedule/"
