"""Assigning chapters, what the schedule says of them, and what people were told."""

from datetime import UTC, datetime

from tracker.actions.assignments import assign_units
from tracker.models import Membership, Notice
from tracker.summaries.assignments import assignment_rows

# What the clocks show, wherever they hang.
clock = datetime.fromisoformat
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2027, 3, 2, 12, tzinfo=UTC)
TUESDAY = clock("2027-03-09 23:59")


def assign(user, group, *units, due=TUESDAY, at=NOW, **fields):
    return assign_units(
        user=user, group=group, dates=[(unit, due) for unit in units], at=at, **fields
    )


def rows(user, group, catalog, at=NOW):
    membership = Membership.objects.select_related("group").get(user=user, group=group)
    return assignment_rows(membership=membership, graph=catalog, at=at)


def told(user):
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("text", flat=True))
