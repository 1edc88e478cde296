"""What the clock brings about: events that no click makes. Run by the worker."""

import zoneinfo
from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from catalog.graph import current_graph
from tracker.actions.webhooks import emit_assignments
from tracker.models import (
    Assignment,
    GroupEvent,
    GroupRole,
    Membership,
    Recipient,
    StudyGroup,
    UnitProgress,
)

# In the group's zone: people hear of tomorrow in the morning, not at midnight.
HOUR_OF_TOMORROW = 9
FINISHED_WINDOW = timedelta(days=60)


def announce(*, at: datetime | None = None) -> None:
    """Tell the webhooks of every group what is due tomorrow and what everybody has finished.

    May be repeated: each is told once. Four queries and two for each thing to tell.
    """
    at = at or timezone.now()
    groups = {
        group.pk: group
        for group in StudyGroup.objects.filter(
            webhooks__disabled_at=None, webhooks__isnull=False, deleted_at=None, archived_at=None
        ).distinct()
    }
    if not groups:
        return
    graph = current_graph()
    live = [
        one
        for one in Assignment.objects.filter(
            group__in=groups,
            deleted_at=None,
            is_draft=False,
            due_at__gte=at - FINISHED_WINDOW,
            due_at__lte=at + FINISHED_WINDOW,
        )
        if one.unit_id in graph.unit_by_id
    ]
    for assignment in live:
        group = groups[assignment.group_id]
        local = at.astimezone(zoneinfo.ZoneInfo(group.time_zone))
        if local.hour >= HOUR_OF_TOMORROW and assignment.due_on == local.date() + timedelta(days=1):
            key = f"{assignment.public_id}:{assignment.due_on}"
            _tell(group, GroupEvent.ASSIGNMENT_DUE_TOMORROW, key, assignment, at)
    for assignment in _finished(live):
        group = groups[assignment.group_id]
        key = assignment.public_id
        _tell(group, GroupEvent.ASSIGNMENT_FINISHED, key, assignment, at)


def _tell(
    group: StudyGroup,
    event: GroupEvent,
    key: str,
    assignment: Assignment,
    at: datetime,
) -> None:
    with transaction.atomic():
        emit_assignments(group=group, event=event, rows=[assignment], key=key, at=at)


def _finished(assignments: list[Assignment]) -> list[Assignment]:
    """Those whose unit everybody has done whom they are for."""
    groups = {one.group_id for one in assignments}
    members: dict[int, set[int]] = defaultdict(set)
    for group_id, user_id in Membership.objects.filter(
        group__in=groups, role__in=[GroupRole.LEADER, GroupRole.MEMBER]
    ).values_list("group_id", "user_id"):
        members[group_id].add(user_id)
    chosen: dict[int, set[int]] = defaultdict(set)
    for assignment_id, user_id in Recipient.objects.filter(
        assignment__in=[one.pk for one in assignments]
    ).values_list("assignment_id", "user_id"):
        chosen[assignment_id].add(user_id)
    readers = {
        one.pk: members[one.group_id]
        if one.is_for_everyone
        else chosen[one.pk] & members[one.group_id]
        for one in assignments
    }
    everybody = set().union(*readers.values()) if readers else set()
    done: dict[int, set[int]] = defaultdict(set)
    for unit_id, user_id in UnitProgress.objects.filter(
        unit__in={one.unit_id for one in assignments}, user__in=everybody
    ).values_list("unit_id", "user_id"):
        done[unit_id].add(user_id)
    return [one for one in assignments if readers[one.pk] and readers[one.pk] <= done[one.unit_id]]
