"""Changing what several people edit, without losing what another has changed meanwhile."""

from typing import Any

from django.db.models import F

from mlmath.errors import Changed
from tracker.models.versions import Versioned


def write_version(row: Versioned, *, version: int | None, **changes: Any) -> bool:
    """Write `changes` to `row` and move its version by one; False where they change nothing.

    Raises Changed, and writes nothing, if the row is no longer in `version`; None takes any. The
    UPDATE itself compares, so that of many writers with one version exactly one gets through.
    Without `changes` it only compares. One or two queries.
    """
    rows = type(row)._base_manager.filter(pk=row.pk)
    if version is not None:
        rows = rows.filter(version=version)
    changes = {name: value for name, value in changes.items() if getattr(row, name) != value}
    is_there = rows.update(**changes, version=F("version") + 1) if changes else rows.exists()
    if not is_there:
        raise Changed(
            "Somebody else has changed this since you read it. Look at it as it is now, and make "
            "your change again if it still makes sense."
        )
    if changes:
        row.refresh_from_db(fields=[*changes, "version"])
    return bool(changes)
