"""Taking back what was done."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mlmath.errors import DomainError
from tracker.actions.locking import lock_person
from tracker.models import Activity, TopicProgress, UnitProgress, User
from tracker.models.ids import new_public_id


class NothingToUndo(DomainError):
    code = "nothing_to_undo"


class UndoOutdated(DomainError):
    code = "undo_outdated"


@transaction.atomic
def undo(*, user: User, batch: str, at: datetime | None = None) -> int:
    """Restore exactly what was before the action `batch`, times and sources included.

    Returns how many topics and units went back. Undoing twice changes nothing the second time.
    Raises NothingToUndo for a batch that `user` has not made, UndoOutdated when one of its topics
    or units has been changed since. Locks the person's row.
    """
    lock_person(user)
    rows = list(Activity.objects.filter(user=user, batch=batch)) if batch else []
    if not rows:
        raise NothingToUndo("There is nothing to undo here.")
    if Activity.objects.filter(user=user, undoes=batch).exists():
        return 0
    same_things = Q(topic__in=[row.topic_id for row in rows if row.topic_id]) | Q(
        unit__in=[row.unit_id for row in rows if row.unit_id]
    )
    newer = Activity.objects.filter(same_things, user=user, id__gt=max(row.id for row in rows))
    if newer.exists():
        raise UndoOutdated(
            "Something here has been changed since, so undoing would lose that. "
            "Change the topics or chapters one by one instead."
        )
    _log_reversal(user, rows, undoes=batch, at=at or timezone.now())
    _restore_topics(user, [row for row in rows if row.topic_id])
    _restore_units(user, [row for row in rows if row.unit_id])
    return len(rows)


def _log_reversal(user: User, rows: Sequence[Activity], *, undoes: str, at: datetime) -> None:
    batch = new_public_id()
    Activity.objects.bulk_create(
        Activity(
            user=user,
            topic_id=row.topic_id,
            unit_id=row.unit_id,
            batch=batch,
            undoes=undoes,
            before_state=row.after_state,
            before_is_stuck=row.after_is_stuck,
            before_source=row.source,
            before_changed_at=row.at,
            after_state=row.before_state,
            after_is_stuck=row.before_is_stuck,
            source=row.before_source or row.source,
            at=at,
        )
        for row in rows
    )


def _restore_topics(user: User, rows: Sequence[Activity]) -> None:
    fresh = [row.topic_id for row in rows if row.before_changed_at is None]
    if fresh:
        TopicProgress.objects.filter(user=user, topic_id__in=fresh).delete()
    TopicProgress.objects.bulk_create(
        [
            TopicProgress(
                user=user,
                topic_id=row.topic_id,
                state=row.before_state,
                is_stuck=row.before_is_stuck,
                source=row.before_source,
                changed_at=row.before_changed_at,
            )
            for row in rows
            if row.before_changed_at is not None
        ],
        update_conflicts=True,
        unique_fields=["user", "topic"],
        update_fields=["state", "is_stuck", "source", "changed_at"],
    )


def _restore_units(user: User, rows: Sequence[Activity]) -> None:
    for row in rows:
        if row.before_changed_at is None:
            UnitProgress.objects.filter(user=user, unit_id=row.unit_id).delete()
        else:
            UnitProgress.objects.get_or_create(
                user=user, unit_id=row.unit_id, defaults={"done_at": row.before_changed_at}
            )
