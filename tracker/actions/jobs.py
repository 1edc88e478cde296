"""Taking turns with work that comes round by the clock."""

from datetime import UTC, datetime

from django.db import transaction

from tracker.models import JobRun

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@transaction.atomic
def take_slot(*, name: str, slot: datetime) -> bool:
    """Whether the caller is to do the job for the slot of time that starts at `slot`.

    True once for a slot, whoever asks, and never for one before the last that was taken. If the
    transaction fails, the slot is free again. One query, two where the slot was taken before.
    """
    if _move(name, slot):
        return True
    if JobRun.objects.filter(name=name).exists():
        return False
    JobRun.objects.bulk_create([JobRun(name=name, slot=_LONG_AGO)], ignore_conflicts=True)
    return _move(name, slot)


def hold_back(*, name: str, until: datetime) -> None:
    """Let nobody take a slot of the job before `until`. May be repeated."""
    _move(name, until)


def _move(name: str, slot: datetime) -> bool:
    return JobRun.objects.filter(name=name, slot__lt=slot).update(slot=slot) == 1
