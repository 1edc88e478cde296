"""What somebody has to read in all of their groups, and by when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from catalog.graph import CatalogGraph, ResourceNode, UnitNode
from mlmath.statements import Statement
from tracker.models import AnswerToAssignment, Assignment, AssignmentState, GroupRole, User
from tracker.summaries.assignments import Mine, mine_of, with_mine

SOON = timedelta(days=14)


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupName:
    """As much of a group as names it and reads its clock."""

    public_id: str
    name: str
    time_zone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MyAssignment:
    """An assignment that is for me; `due_on` is the day on the group's wall.

    `resource` is None once it is no longer in the catalog. `due_at` is when it is due for me, which
    may be later than for the group.
    """

    id: str
    group: GroupName
    unit: UnitNode
    resource: ResourceNode | None
    due_on: date
    due_at: datetime
    note: str
    mine: Mine

    @property
    def is_open(self) -> bool:
        """Neither done nor declined."""
        return (
            self.mine.state != AssignmentState.DONE and self.mine.answer != AnswerToAssignment.OUT
        )


def _all_of(user_id: int) -> QuerySet[Any, tuple[Any, ...]]:
    theirs: QuerySet[Any, Any] = with_mine(
        Assignment.objects.assigned_to(user_id).filter(
            group__deleted_at=None,
            group__archived_at=None,
            group__memberships__user=user_id,
            group__memberships__role__in=(GroupRole.LEADER, GroupRole.MEMBER),
        ),
        user_id,
    )
    return theirs.order_by("due_at", "group_id", "position", "id").values_list(
        "public_id",
        "unit_id",
        "due_on",
        "due_at",
        "note",
        "group__public_id",
        "group__name",
        "group__time_zone",
        "my_is_reading",
        "my_answer",
        "my_due_at",
        "my_is_done",
    )


_mine = Statement(Assignment, _all_of)


def my_assignments(
    *, user: User, graph: CatalogGraph, at: datetime, open_until: datetime | None = None
) -> list[MyAssignment]:
    """All that `user` has in groups that go on, done or not, by the date that holds for them. One
    query.

    With `open_until`, what is done or due later is left out: it is due for nobody before it is for
    the group.
    """
    found = []
    for (
        public_id, unit_id, due_on, due_at, note, group_id, name, time_zone,
        is_reading, answer, own, is_done,
    ) in _mine.rows(user.pk):  # fmt: skip
        unit = graph.unit_by_id.get(unit_id)
        if unit is None or (open_until is not None and (is_done or due_at > open_until)):
            continue
        mine = mine_of(
            is_done=is_done,
            is_reading=bool(is_reading),
            answer=answer or "",
            own=own,
            due_at=due_at,
            at=at,
        )
        found.append(
            MyAssignment(
                id=public_id,
                group=GroupName(public_id=group_id, name=name, time_zone=time_zone),
                unit=unit,
                resource=graph.resources.get(unit.resource),
                due_on=due_on,
                due_at=mine.own_due_at or due_at,
                note=note,
                mine=mine,
            )
        )
    return sorted(found, key=lambda one: one.due_at)


def due_soon(
    assignments: Iterable[MyAssignment], at: datetime, *, read: UnitNode | None = None
) -> list[MyAssignment]:
    """The open ones that were due, or are within two weeks; and `read`, which was open just now."""
    return [
        one
        for one in assignments
        if (one.is_open and one.due_at <= at + SOON) or (read is not None and one.unit is read)
    ]


def topics_soon(*, user: User, graph: CatalogGraph, at: datetime) -> int:
    """The topics that the groups of `user` read soon, as a bit mask. One query."""
    soon = my_assignments(user=user, graph=graph, at=at, open_until=at + SOON)
    return topics_of(due_soon(soon, at))


def topics_of(assignments: Iterable[MyAssignment]) -> int:
    """The topics that they teach, as a bit mask."""
    mask = 0
    for one in assignments:
        for index in one.unit.topics:
            mask |= 1 << index
    return mask
