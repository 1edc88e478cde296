"""Taking back what was done."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from mlmath.errors import DomainError
from tracker.actions.locking import lock_person
from tracker.models import Activity, TopicProgress, UnitProgress, User
from tracker.models.ids import new_public_id
from tracker.summaries.timeline import Present, present_of


class NothingToUndo(DomainError):
    code = "nothing_to_undo"


class UndoOutdated(DomainError):
    code = "undo_outdated"


@transaction.atomic
def undo(*, user: User, batch: str, at: datetime | None = None) -> int:
    """Restore exactly what was before the action `batch`: times, sources and notes included.

    Returns how many topics and units went back; what was undone before stays so, with 0. An undo
    can be undone as well. Raises NothingToUndo for a batch that `user` has not made, UndoOutdated
    when one of its topics or units is no longer as the batch left it. Locks the person's row.
    """
    lock_person(user)
    rows = list(Activity.objects.filter(user=user, batch=batch)) if batch else []
    if not rows:
        raise NothingToUndo("There is nothing to undo here.")
    present = present_of(user=user, rows=rows)
    if not all(present.is_as_left_by(row) for row in rows):
        if Activity.objects.filter(user=user, undoes=batch).exists():
            return 0
        raise UndoOutdated(
            "Something here has been changed since, so undoing would lose that. "
            "Change the topics or chapters one by one instead."
        )
    _log_reversal(user, rows, present, undoes=batch, at=at or timezone.now())
    _restore_topics(user, rows)
    _restore_units(user, rows)
    return len(rows)


def _log_reversal(
    user: User, rows: Sequence[Activity], present: Present, *, undoes: str, at: datetime
) -> None:
    batch = new_public_id()
    reversals = []
    for row in rows:
        now = present.topics.get(row.topic_id) if row.topic_id else None
        reversals.append(
            Activity(
                user=user,
                topic_id=row.topic_id,
                unit_id=row.unit_id,
                batch=batch,
                undoes=undoes,
                before_state=row.after_state,
                before_is_stuck=row.after_is_stuck,
                before_stuck_note=now.stuck_note if now else "",
                before_source=now.source if now else "",
                before_changed_at=row.after_changed_at,
                after_state=row.before_state,
                after_is_stuck=row.before_is_stuck,
                after_changed_at=row.before_changed_at,
                source=row.before_source or row.source,
                at=at,
            )
        )
    Activity.objects.bulk_create(reversals)


def _restore_topics(user: User, rows: Sequence[Activity]) -> None:
    fresh = [row.topic_id for row in rows if row.topic_id and row.before_changed_at is None]
    if fresh:
        TopicProgress.objects.filter(user=user, topic_id__in=fresh).delete()
    TopicProgress.objects.bulk_create(
        [
            TopicProgress(
                user=user,
                topic_id=row.topic_id,
                state=row.before_state,
                is_stuck=row.before_is_stuck,
                stuck_note=row.before_stuck_note,
                source=row.before_source,
                changed_at=row.before_changed_at,
            )
            for row in rows
            if row.topic_id and row.before_changed_at is not None
        ],
        update_conflicts=True,
        unique_fields=["user", "topic"],
        update_fields=["state", "is_stuck", "stuck_note", "source", "changed_at"],
    )


def _restore_units(user: User, rows: Sequence[Activity]) -> None:
    """What stands now is what the batch left, so nothing else goes with it."""
    UnitProgress.objects.filter(
        user=user, unit_id__in=[row.unit_id for row in rows if row.unit_id]
    ).delete()
    UnitProgress.objects.bulk_create(
        UnitProgress(user=user, unit_id=row.unit_id, done_at=row.before_changed_at)
        for row in rows
        if row.unit_id and row.before_changed_at is not None
    )
