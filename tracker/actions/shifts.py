"""Moving due dates of a group together: for a break, and with its time zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from tracker.actions.dues import (
    due_date,
    possible_due,
    readers_of_group,
    save_due,
    schedule_address,
    set_batch,
    set_due,
)
from tracker.actions.history import NothingToUndo
from tracker.actions.locking import lock_leadership, touch_membership
from tracker.actions.notices import tell
from tracker.actions.webhooks import emit_assignments
from tracker.models import Assignment, GroupEvent, NoticeKind, StudyGroup, User
from tracker.models.ids import new_public_id
from tracker.summaries.schedule import Due, due_of, in_words

FARTHEST_DAYS = 366


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """What moved, with the date that each had before. With `batch` it can be taken back."""

    batch: str
    moved: Sequence[tuple[Assignment, Due]]


@transaction.atomic
def shift_assignments(
    *,
    user: User,
    group: StudyGroup,
    from_day: date,
    days: int,
    is_dry_run: bool = False,
    at: datetime | None = None,
) -> Shift:
    """Move all that is due on `from_day` or after it by so many days, drafts too; negative: nearer.

    Days move and times of day stay; so do later dates of single people. The group is told, once.
    A dry run answers the same and writes nothing. Every call moves them again. Raises
    ValidationError for no days or more than 366, and DueImpossible where that would put into the
    past what was not. Locks the group. Six queries, however many there are.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=group, user=user)
    if not 1 <= abs(days) <= FARTHEST_DAYS:
        sentence = f"Give a number of days from 1 to {FARTHEST_DAYS}, or as many less than 0."
        raise ValidationError({"days": ValidationError(sentence, code="no_shift")})
    rows = list(Assignment.objects.live().filter(group=group, due_on__gte=from_day))
    moved = []
    for row in rows:
        wanted = datetime.combine(row.due_on + timedelta(days=days), row.due_time)
        moved.append((row, due_date(row)))
        set_due(row, possible_due(wanted, group, at, was=row.due_at))
    batch = new_public_id()
    if rows and not is_dry_run:
        set_batch(rows, batch, shifted_days=days)
        save_due(rows, at)
        way = "later" if days > 0 else "earlier"
        plural = "" if abs(days) == 1 else "s"
        what = f"What was due from {in_words(from_day)} on is due {abs(days)} day{plural} {way}."
        _tell(group, what, key=f"shifted:{batch}", by=user, at=at)
        emit_assignments(
            group=group, event=GroupEvent.ASSIGNMENT_MOVED, rows=rows, key=batch, at=at
        )
        touch_membership(leader, at=at)
    return Shift(batch=batch, moved=moved)


@transaction.atomic
def undo_shift(*, user: User, group: StudyGroup, batch: str, at: datetime | None = None) -> int:
    """Take back a shift, but for what has been changed since; the group is told.

    Returns how many went back. Dates may be past again by now, as they were. Raises NothingToUndo
    where none is left to go back, so also when it is repeated. Locks the group.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=group, user=user)
    rows = list(
        Assignment.objects.live().filter(group=group, batch=batch).exclude(shifted_days=None)
    )
    if not rows:
        raise NothingToUndo(
            "No date is left to go back: this was taken back before, or all of it has been changed "
            "since."
        )
    for row in rows:
        day = row.due_on - timedelta(days=row.shifted_days or 0)
        set_due(row, due_of(datetime.combine(day, row.due_time), group.time_zone))
    set_batch(rows, new_public_id())
    save_due(rows, at)
    key = f"unshifted:{batch}"
    _tell(group, "The dates are as they were.", key=key, by=user, at=at)
    emit_assignments(group=group, event=GroupEvent.ASSIGNMENT_MOVED, rows=rows, key=key, at=at)
    touch_membership(leader, at=at)
    return len(rows)


def move_to_zone(*, group: StudyGroup, at: datetime) -> None:
    """Compute the group's due dates anew after its time zone has changed: days and times of day
    stay, their instants move.

    For the action that changes the zone, in its transaction, which has locked the group. Removed
    ones move too, as they may come back. Two queries.
    """
    rows = list(Assignment.objects.filter(group=group))
    for row in rows:
        set_due(row, due_of(datetime.combine(row.due_on, row.due_time), group.time_zone))
    save_due(rows, at)


def _tell(group: StudyGroup, what: str, *, key: str, by: User, at: datetime) -> None:
    tell(
        people=readers_of_group(group),
        kind=NoticeKind.ASSIGNMENT,
        key=key,
        text=f"{group.name}: {what}",
        address=schedule_address(group),
        group=group,
        by=by,
        at=at,
    )
