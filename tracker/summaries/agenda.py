"""What one person has to read by when, in all their groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from catalog.graph import CatalogGraph, UnitNode
from tracker.models import AnswerToAssignment, Assignment, GroupRole, StudyGroup, User
from tracker.summaries.assignments import mine_of, with_mine


@dataclass(frozen=True, kw_only=True, slots=True)
class DueChapter:
    """A chapter that is not done. `due_at` is by their own date where they have a later one."""

    id: str
    group: StudyGroup
    unit: UnitNode
    due_at: datetime
    is_late: bool


def due_chapters(
    *, user: User, graph: CatalogGraph, before: datetime, at: datetime | None = None
) -> list[DueChapter]:
    """What `user` has not done of what is due before that moment, late ones too, in order.

    Left out are chapters that they do not take part in and groups that are archived. One query.
    """
    at = at or timezone.now()
    assignments = with_mine(
        Assignment.objects.assigned_to(user.pk).filter(
            due_at__lt=before,
            group__memberships__user=user.pk,
            group__memberships__role__in=[GroupRole.LEADER, GroupRole.MEMBER],
            group__deleted_at=None,
            group__archived_at=None,
        ),
        user.pk,
    ).select_related("group")
    rows: Sequence[Any] = list(assignments)
    found = []
    for one in rows:
        mine = mine_of(
            is_done=one.my_is_done,
            is_reading=bool(one.my_is_reading),
            answer=one.my_answer or "",
            own=one.my_due_at,
            due_at=one.due_at,
            at=at,
        )
        due_at = mine.own_due_at or one.due_at
        if one.my_is_done or mine.answer == AnswerToAssignment.OUT or due_at >= before:
            continue
        found.append(
            DueChapter(
                id=one.public_id,
                group=one.group,
                unit=graph.unit_by_id[one.unit_id],
                due_at=due_at,
                is_late=mine.is_late,
            )
        )
    return sorted(found, key=lambda chapter: (chapter.due_at, chapter.group.pk, chapter.id))
