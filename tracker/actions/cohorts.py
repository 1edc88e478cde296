"""A new group with the schedule of an old one."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from catalog.graph import current_graph
from tracker.actions.dues import check_year, possible_due
from tracker.actions.groups import create_group
from tracker.actions.locking import lock_leadership
from tracker.models import Assignment, StudyGroup, User, Visibility
from tracker.models.groups import MAXIMUM_GROUP_NAME_LENGTH
from tracker.models.ids import new_public_id
from tracker.summaries.schedule import same_weekday_from


@transaction.atomic
def copy_group(
    *,
    user: User,
    group: StudyGroup,
    first_due_on: date,
    name: str = "",
    at: datetime | None = None,
) -> StudyGroup:
    """Start a private group that `user` leads, with the schedule of `group` and nobody else in it.

    Weekdays stay: all dates move by the same whole weeks, so that the first is due on its weekday
    on `first_due_on` or in the six days after it. Notes and times of day come along and drafts stay
    drafts; so becomes what was for some people. Every call starts another group. Raises
    DueImpossible for days in the past, and as `create_group` does. Locks the old group. A dozen
    queries, however many chapters there are.
    """
    at = at or timezone.now()
    group, _ = lock_leadership(group=group, user=user, is_archive_fine=True)
    check_year(first_due_on.year, at)
    rows = list(Assignment.objects.live().filter(group=group))
    begins = same_weekday_from(first_due_on, like=rows[0].due_on) if rows else first_due_on
    copy = create_group(
        user=user,
        name=name.strip() or _name(group, begins),
        about=group.about,
        time_zone=group.time_zone,
        resource=current_graph().resource_by_id.get(group.resource_id or 0),
        visibility=Visibility.PRIVATE,
        at=at,
    )
    batch = new_public_id()
    made = []
    for row in rows:
        day = row.due_on + (begins - rows[0].due_on)
        due = possible_due(datetime.combine(day, row.due_time), copy, at)
        made.append(
            Assignment(
                group=copy,
                unit_id=row.unit_id,
                due_on=due.on,
                due_time=due.time,
                due_at=due.at,
                position=row.position,
                note=row.note,
                is_draft=row.is_draft or not row.is_for_everyone,
                batch=batch,
                created_at=at,
                changed_at=at,
            )
        )
    Assignment.objects.bulk_create(made)
    return copy


def _name(group: StudyGroup, begins: date) -> str:
    ending = f", from {begins:%B %Y}"
    return group.name[: MAXIMUM_GROUP_NAME_LENGTH - len(ending)] + ending
