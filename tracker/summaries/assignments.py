"""What a group reads by when, as somebody in it sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.utils import timezone

from catalog.graph import CatalogGraph, ResourceNode, UnitNode
from mlmath.errors import NotFound
from tracker.models import (
    AnswerToAssignment,
    Assignment,
    AssignmentProgress,
    AssignmentState,
    Membership,
    Recipient,
    UnitProgress,
    User,
)
from tracker.models.assignments import AssignmentQuerySet
from tracker.summaries.members import GroupHead, shown_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Mine:
    """What I say about an assignment that I have. `answer` is "" before I have said any.

    `own_due_at` is a later date that a leader gave me, None where the group's holds for me.
    `is_late`: it was due, by my date, is not done, and I take part.
    """

    state: AssignmentState
    answer: str
    own_due_at: datetime | None
    is_late: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonalDate:
    """A later date of one person."""

    user: User
    due_at: datetime

    @property
    def name(self) -> str:
        return shown_name(self.user)


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignmentRow:
    """An assignment in a list. `due_on` and `due_time` are by the group's clock.

    `resource` is None once it is no longer in the catalog; `mine` where I do not have it: I look
    on, or it is a draft or for others. Who the `recipients` of one for some are, and who has a
    date of their own, is empty for all but leaders.
    """

    key: int
    id: str
    unit: UnitNode
    resource: ResourceNode | None
    due_on: date
    due_time: time
    due_at: datetime
    note: str
    is_draft: bool
    is_for_everyone: bool
    version: int
    mine: Mine | None
    recipients: tuple[User, ...] = ()
    personal_dates: tuple[PersonalDate, ...] = ()

    @property
    def recipient_names(self) -> str:
        return ", ".join(shown_name(user) for user in self.recipients)


def assignment_at(head: GroupHead, public_id: str, *, is_removed_fine: bool = False) -> Assignment:
    """The assignment with that public id; raises NotFound for one that they do not see. One query.

    Leaders may mean a removed one, where that `is_removed_fine`.
    """
    found = Assignment.objects.select_related("group").filter(public_id=public_id)
    if is_removed_fine and head.leads:
        found = found.filter(group=head.group)
    else:
        found = found.seen_by(head.membership)
    assignment = found.first()
    if assignment is None:
        raise NotFound
    return assignment


def assignment_rows(
    *,
    membership: Membership,
    graph: CatalogGraph,
    among: AssignmentQuerySet | None = None,
    at: datetime | None = None,
) -> list[AssignmentRow]:
    """What somebody sees of the assignments of their group, or only of those `among`; the first
    due first. One query, three for leaders."""
    seen = (Assignment.objects.all() if among is None else among).seen_by(membership)
    return rows_of(with_mine(seen, membership.user_id), membership=membership, graph=graph, at=at)


def with_mine(assignments: AssignmentQuerySet, user_id: int) -> QuerySet[Assignment, Assignment]:
    """Beside each assignment what one person says about it, and whether they have done its unit."""
    return assignments.annotate(
        my=FilteredRelation("progress", condition=Q(progress__user=user_id)),
        my_is_reading=F("my__is_reading"),
        my_answer=F("my__answer"),
        my_due_at=F("my__due_at"),
        my_is_done=Exists(UnitProgress.objects.filter(user=user_id, unit=OuterRef("unit"))),
    )


def mine_of(
    *,
    is_done: bool,
    is_reading: bool,
    answer: str,
    own: datetime | None,
    due_at: datetime,
    at: datetime,
) -> Mine:
    """What somebody says about an assignment: done is done, on whatever page it was ticked, and a
    date of their own holds where it is later than the group's."""
    own = own if own and own > due_at else None
    state = AssignmentState.READING if is_reading else AssignmentState.TODO
    return Mine(
        state=AssignmentState.DONE if is_done else state,
        answer=answer,
        own_due_at=own,
        is_late=not is_done and answer != AnswerToAssignment.OUT and (own or due_at) <= at,
    )


def rows_of(
    assignments: QuerySet[Assignment, Assignment],
    *,
    membership: Membership,
    graph: CatalogGraph,
    at: datetime | None = None,
) -> list[AssignmentRow]:
    """The rows of what `with_mine` has made. One query, three for leaders."""
    at = at or timezone.now()
    found: Sequence[Any] = list(assignments)
    recipients: dict[int, list[User]] = {}
    dates: dict[int, list[PersonalDate]] = {}
    if membership.leads and found:
        keys = [one.pk for one in found]
        for recipient in (
            Recipient.objects.filter(assignment__in=keys)
            .select_related("user")
            .order_by("user__name", "user")
        ):
            recipients.setdefault(recipient.assignment_id, []).append(recipient.user)
        for own in (
            AssignmentProgress.objects.filter(
                assignment__in=keys, due_at__gt=F("assignment__due_at")
            )
            .select_related("user")
            .order_by("due_at", "user")
        ):
            assert own.due_at is not None  # noqa: S101  # the filter leaves no other
            dates.setdefault(own.assignment_id, []).append(
                PersonalDate(user=own.user, due_at=own.due_at)
            )
    rows = []
    for one in found:
        unit = graph.unit_by_id[one.unit_id]
        people = recipients.get(one.pk, [])
        is_mine = not membership.observes and not one.is_draft
        if membership.leads and not one.is_for_everyone:
            is_mine = is_mine and membership.user_id in {person.pk for person in people}
        mine = mine_of(
            is_done=one.my_is_done,
            is_reading=bool(one.my_is_reading),
            answer=one.my_answer or "",
            own=one.my_due_at,
            due_at=one.due_at,
            at=at,
        )
        rows.append(
            AssignmentRow(
                key=one.pk,
                id=one.public_id,
                unit=unit,
                resource=graph.resources.get(unit.resource),
                due_on=one.due_on,
                due_time=one.due_time,
                due_at=one.due_at,
                note=one.note,
                is_draft=one.is_draft,
                is_for_everyone=one.is_for_everyone,
                version=one.version,
                mine=mine if is_mine else None,
                recipients=tuple(people),
                personal_dates=tuple(dates.get(one.pk, ())),
            )
        )
    return rows
