"""Who in a group is where: its people × its assignments, as one of them may see it."""

import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from itertools import compress
from typing import Any, Literal

from django.db.models import (
    CharField,
    Count,
    DateTimeField,
    Exists,
    F,
    Max,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)

from catalog.graph import CatalogGraph, TopicNode, UnitNode
from mlmath.statements import Statement
from tracker.models import (
    Answer,
    AnswerToAssignment,
    Assignment,
    AssignmentProgress,
    AssignmentState,
    GroupRole,
    Membership,
    Nudge,
    Question,
    TopicProgress,
    UnitProgress,
)
from tracker.summaries.assignments import Mine, mine_of
from tracker.summaries.group_pace import GroupPace, group_pace
from tracker.summaries.members import GroupHead, name_shown
from tracker.summaries.my_assignments import GroupName, MyAssignment

Who = Literal["all", "behind", "asking"]
Which = Literal["all", "due"]


class CellState(StrEnum):
    """Where somebody is with an assignment. Done outweighs all, then not taking part, then late."""

    TODO = "todo"
    READING = "reading"
    DONE = "done"
    LATE = "late"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Cell:
    """One person and one assignment that is for them.

    `is_reading` is also said of a late one. `own_due_at` is a later date than the group's, which
    they were given; only they themselves and leaders see it.
    """

    state: CellState
    is_reading: bool = False
    asks_for_time: bool = False
    own_due_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StuckTopic:
    """A topic of a chapter, and how many of those who share it are stuck there."""

    topic: TopicNode
    people: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignmentColumn:
    """An assignment, and how many of the people shown are where with it.

    `total` leaves out those whom it is not for and those who do not take part. `is_due` goes by
    the group's date. `hours` is how long the unit takes, None where nobody can say.
    """

    id: str
    unit: UnitNode
    due_on: date
    due_at: datetime
    note: str
    is_due: bool
    hours: float | None
    done: int
    reading: int
    asking: int
    total: int
    stuck: tuple[StuckTopic, ...] = ()

    @property
    def sentence(self) -> str:
        """Such as “9 of 14 done, 2 reading, 1 asked for time”."""
        parts = [f"{self.done} of {self.total} done"]
        parts += [f"{self.reading} reading"] if self.reading else []
        parts += [f"{self.asking} asked for time"] if self.asking else []
        return ", ".join(parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberProgress:
    """A person and their cells, one for each column; None where an assignment is not for them.

    `done` is out of `total`, which leaves out what they do not take part in. `behind_days` are days
    since the oldest undone due date and `behind_hours` the hours of all that are late, as far as
    they are known. `late`, `behind_days`, `behind_hours` and `last_active_on` are None where the
    viewer may not know; `asking` counts the undone chapters for which they asked for more time,
    `unanswered` their questions in the group that nobody has answered.
    """

    id: str
    user_id: int
    name: str
    role: str
    is_me: bool
    cells: tuple[Cell | None, ...]
    done: int
    total: int
    late: int | None
    behind_days: int | None
    behind_hours: float | None
    last_active_on: date | None
    asking: int
    unanswered: int
    was_nudged_today: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupProgress:
    """Columns by due date. Rows with the most behind first, by name where that is not shown.

    `hidden` counts people whom an observer does not see. `today` is the day in the group's zone.
    `my` are the assignments of the viewer, by the date that holds for them.
    """

    columns: tuple[AssignmentColumn, ...]
    rows: tuple[MemberProgress, ...]
    hidden: int
    today: date
    sees_lateness: bool
    pace: GroupPace | None
    my: tuple[MyAssignment, ...]

    @property
    def mine(self) -> MemberProgress | None:
        """The row of the viewer; None for observers."""
        return next((row for row in self.rows if row.is_me), None)

    @property
    def current(self) -> tuple[AssignmentColumn, ...]:
        """What fell due last and what falls due next: each all of its day, or none."""
        due = [column.due_on for column in self.columns if column.is_due]
        to_come = [column.due_on for column in self.columns if not column.is_due]
        days = {*due[-1:], *to_come[:1]}
        return tuple(column for column in self.columns if column.due_on in days)


@dataclass(frozen=True, slots=True)
class _Person:
    user_id: int
    id: str
    name: str
    role: str
    last_active_on: date | None
    is_seen_by_observers: bool
    nudged_on: date | None
    unanswered: int | None


@dataclass(slots=True)
class _Column:
    """What is read of an assignment; `recipients` is None where it is for everybody.

    `untouched` is how those stand who have neither done it nor said anything. The rest counts the
    people shown, and when they have done it.
    """

    id: str
    unit: UnitNode
    due_on: date
    due_at: datetime
    note: str
    recipients: set[int] | None
    hours: float | None
    untouched: Mine
    done_at: list[datetime] = field(default_factory=list)
    reading: int = 0
    asking: int = 0
    total: int = 0


_DONE, _TODO, _LATE, _OUT = map(
    Cell, (CellState.DONE, CellState.TODO, CellState.LATE, CellState.OUT)
)


def _people_of(group_id: int) -> QuerySet[Membership, tuple[Any, ...]]:
    nudges = Nudge.objects.filter(group=group_id, user=OuterRef("user")).order_by()
    answers = Answer.objects.filter(question=OuterRef("pk"), deleted_at=None)
    waiting = Question.objects.filter(
        ~Exists(answers), group=group_id, author=OuterRef("user"), deleted_at=None
    ).order_by()
    return (
        Membership.objects.filter(group=group_id)
        .exclude(role=GroupRole.OBSERVER)
        .order_by()
        .values_list(
            "user_id",
            "user__public_id",
            "user__name",
            "role",
            "last_active_on",
            "is_seen_by_observers",
            Subquery(nudges.values("user").annotate(last=Max("day")).values("last")),
            Subquery(waiting.values("author").annotate(number=Count("pk")).values("number")),
        )
    )


_people = Statement(Membership, _people_of)
# A row for each recipient of those that are not for everybody.
_assignments = Statement(
    Assignment,
    lambda key: (
        Assignment.objects.filter(group=key, is_draft=False, deleted_at=None)
        .order_by("due_at", "position", "id")
        .values_list(
            "id",
            "public_id",
            "unit_id",
            "due_on",
            "due_at",
            "note",
            "is_for_everyone",
            "recipients__user_id",
        )
    ),
)


_IS_DONE, _HAS_SAID, _IS_STUCK = "done", "said", "stuck"


def _rows_of(group_id: int, *, with_stuck: bool) -> QuerySet[Any, tuple[Any, ...]]:
    """Which units are done, what people say about assignments, and in which topics those are
    stuck who share it.

    Three tables and one query: pages of groups have others to make. None of them goes by way of
    the people, whose table would be planned with and looked into for each.
    """
    none, no, no_word = Value(None, DateTimeField()), Value(value=False), _word("")
    members = Membership.objects.filter(group=group_id).order_by()
    units = Assignment.objects.filter(group=group_id, is_draft=False, deleted_at=None).order_by()
    # Plus nothing, or the database looks for each unit of each member, read or not.
    done = UnitProgress.objects.alias(read=F("unit_id") + 0).filter(
        user__in=members.values("user"), read__in=units.values("unit")
    )
    said = AssignmentProgress.objects.filter(
        assignment__group=group_id, assignment__is_draft=False, assignment__deleted_at=None
    )
    stuck = TopicProgress.objects.filter(
        is_stuck=True, user__in=members.filter(shares_readiness=True).values("user")
    )
    parts: list[QuerySet[Any, Any]] = [
        said.values_list(
            _word(_HAS_SAID),
            "user_id",
            "assignment__unit_id",
            none,
            "due_at",
            "is_reading",
            "answer",
        ),
        stuck.values_list(_word(_IS_STUCK), "user_id", "topic_id", none, none, no, no_word),
    ]
    return done.values_list(
        _word(_IS_DONE), "user_id", "unit_id", "done_at", none, no, no_word
    ).union(*(parts if with_stuck else parts[:1]), all=True)


def _word(word: str) -> Value:
    """Texts need no converting, which for numbers takes as long as reading the row."""
    return Value(word, CharField())


_rows = Statement(UnitProgress, lambda key: _rows_of(key, with_stuck=False))
_rows_and_stuck = Statement(UnitProgress, lambda key: _rows_of(key, with_stuck=True))


def group_progress(
    *,
    head: GroupHead,
    graph: CatalogGraph,
    at: datetime,
    with_topics: bool = True,
    with_mine: bool = False,
) -> GroupProgress:
    """Where everybody in the group of `head` is at the moment `at`, as its viewer may see it.

    Leaders and, in an open group, members see all. Members elsewhere see no lateness, requests for
    time or activity but their own. Observers see those who have agreed to it, and all numbers are
    of them alone. `with_topics` tells leaders and observers also in which topics people are stuck;
    `my` is filled `with_mine`.
    Three queries, however many people and assignments.
    """
    zone = zoneinfo.ZoneInfo(head.group.time_zone)
    everybody = [_Person(*row) for row in _people.rows(head.group.pk)]
    people = [one for one in everybody if one.is_seen_by_observers or not head.observes]
    columns = _columns(head, graph, at)
    due_at = {column.unit.id: column.due_at for column in columns}
    said: dict[int, dict[int, Mine]] = {}
    done: dict[int, dict[int, datetime]] = {}
    stuck: dict[int, set[int]] = {}
    shown = {person.user_id for person in people}
    sees_stuck = with_topics and (head.leads or head.observes)
    rows_of = _rows_and_stuck if sees_stuck else _rows
    for kind, user, about, done_at, own, is_reading, answer in rows_of.rows(head.group.pk):
        if kind == _IS_DONE:
            done.setdefault(user, {})[about] = done_at
        elif kind == _IS_STUCK:
            if user in shown:
                stuck.setdefault(about, set()).add(user)
        elif about in due_at:
            said.setdefault(user, {})[about] = mine_of(
                is_done=False,
                is_reading=is_reading,
                answer=answer,
                own=own,
                due_at=due_at[about],
                at=at,
            )

    rows = [
        _row(
            head,
            person,
            columns,
            said.get(person.user_id, {}),
            done.get(person.user_id, {}),
            at.astimezone(zone).date(),
            zone,
        )
        for person in people
    ]
    me = head.membership.user_id
    return GroupProgress(
        columns=tuple(_column(graph, column, at, stuck) for column in columns),
        rows=tuple(sorted(rows, key=_by_lateness if head.sees_lateness else _by_name)),
        hidden=len(everybody) - len(people),
        today=at.astimezone(zone).date(),
        sees_lateness=head.sees_lateness,
        pace=_pace(len(people), columns, at, zone),
        my=_my(head, graph, columns, said.get(me, {}), done.get(me, {})) if with_mine else (),
    )


def narrowed(progress: GroupProgress, *, who: Who = "all", which: Which = "all") -> GroupProgress:
    """Only the rows of those who are behind or ask for time, only the columns that are due so far.

    All numbers stay as they are: a row still counts over all columns, a column over all rows. No
    query.
    """
    rows, columns = progress.rows, progress.columns
    if who == "behind":
        rows = tuple(row for row in rows if row.late)
    elif who == "asking":
        rows = tuple(row for row in rows if row.asking)
    if which == "due":
        is_due = [column.is_due for column in columns]
        columns = tuple(compress(columns, is_due))
        rows = tuple(replace(row, cells=tuple(compress(row.cells, is_due))) for row in rows)
    return replace(progress, rows=rows, columns=columns)


# A page of a group asks for each of its chapters, and the catalog has a few hundred.
@lru_cache(maxsize=2048)
def unit_hours(graph: CatalogGraph, unit: UnitNode) -> float | None:
    """How long `unit` takes: its minutes where the catalog knows them, else its topics' hours.

    A topic that several units of the resource cover is shared out evenly among them. None where
    there is neither.
    """
    if unit.minutes is not None:
        return unit.minutes / 60
    if not unit.topics:
        return None
    return sum(
        graph.topics[index].hours.likely
        / max(sum(other.resource == unit.resource for other in graph.covering[index]), 1)
        for index in unit.topics
    )


def _columns(head: GroupHead, graph: CatalogGraph, at: datetime) -> list[_Column]:
    """One for each assignment whose unit `graph` knows, retired ones too."""
    columns: dict[int, _Column] = {}
    for key, public_id, unit, due_on, due_at, note, is_for_all, recipient in _assignments.rows(
        head.group.pk
    ):
        node = graph.unit_by_id.get(unit)
        if node is None:
            continue
        if key not in columns:
            recipients = None if is_for_all else set[int]()
            columns[key] = _Column(
                id=public_id,
                unit=node,
                due_on=due_on,
                due_at=due_at,
                note=note,
                recipients=recipients,
                hours=unit_hours(graph, node),
                untouched=mine_of(
                    is_done=False, is_reading=False, answer="", own=None, due_at=due_at, at=at
                ),
            )
        recipients = columns[key].recipients
        if recipients is not None and recipient is not None:
            recipients.add(recipient)
    return list(columns.values())


def _row(
    head: GroupHead,
    person: _Person,
    columns: Sequence[_Column],
    said: Mapping[int, Mine],
    done: Mapping[int, datetime],
    today: date,
    zone: zoneinfo.ZoneInfo,
) -> MemberProgress:
    """Also counts the person in the columns."""
    is_me = person.user_id == head.membership.user_id
    sees = head.sees_lateness or is_me
    cells: list[Cell | None] = []
    done_count = open_count = late = asking = 0
    late_hours = 0.0
    oldest: datetime | None = None
    for column in columns:
        if column.recipients is not None and person.user_id not in column.recipients:
            cells.append(None)
            continue
        done_at = done.get(column.unit.id)
        if done_at is not None:
            column.total += 1
            column.done_at.append(done_at)
            done_count += 1
            cells.append(_DONE)
            continue
        mine = said.get(column.unit.id)
        if mine is not None and mine.answer == AnswerToAssignment.OUT:
            cells.append(_OUT)
            continue
        open_count += 1
        column.total += 1
        is_late = column.untouched.is_late if mine is None else mine.is_late
        if is_late:
            due_at = (mine and mine.own_due_at) or column.due_at
            late += 1
            late_hours += column.hours or 0
            oldest = min(oldest or due_at, due_at)
        if mine is None:
            cells.append(_LATE if is_late and sees else _TODO)
            continue
        is_reading = mine.state == AssignmentState.READING
        asks = mine.answer == AnswerToAssignment.MORE_TIME and sees
        asking += asks
        column.asking += asks
        column.reading += is_reading
        state = CellState.READING if is_reading else CellState.TODO
        own_due_at = mine.own_due_at if is_me or head.leads else None
        late_state = CellState.LATE if is_late and sees else state
        cells.append(Cell(late_state, is_reading, asks, own_due_at))
    behind_days = (today - oldest.astimezone(zone).date()).days if oldest else 0
    return MemberProgress(
        id=person.id,
        user_id=person.user_id,
        name=name_shown(person.name),
        role=person.role,
        is_me=is_me,
        cells=tuple(cells),
        done=done_count,
        total=done_count + open_count,
        late=late if sees else None,
        behind_days=behind_days if sees else None,
        behind_hours=late_hours if sees else None,
        last_active_on=person.last_active_on if sees else None,
        asking=asking,
        unanswered=person.unanswered or 0,
        was_nudged_today=head.leads and person.nudged_on == today,
    )


def _column(
    graph: CatalogGraph,
    column: _Column,
    at: datetime,
    stuck: Mapping[int, set[int]],
) -> AssignmentColumn:
    topics = (graph.topics[index] for index in column.unit.topics)
    return AssignmentColumn(
        id=column.id,
        unit=column.unit,
        due_on=column.due_on,
        due_at=column.due_at,
        note=column.note,
        is_due=column.due_at <= at,
        hours=column.hours,
        stuck=tuple(
            StuckTopic(topic=topic, people=len(stuck[topic.id]))
            for topic in topics
            if topic.id in stuck
        ),
        done=len(column.done_at),
        reading=column.reading,
        asking=column.asking,
        total=column.total,
    )


def _my(
    head: GroupHead,
    graph: CatalogGraph,
    columns: Iterable[_Column],
    said: Mapping[int, Mine],
    done: Mapping[int, datetime],
) -> tuple[MyAssignment, ...]:
    if head.observes:
        return ()
    me, group = head.membership.user_id, head.group
    name = GroupName(public_id=group.public_id, name=group.name, time_zone=group.time_zone)
    found = []
    for column in columns:
        if column.recipients is not None and me not in column.recipients:
            continue
        mine = said.get(column.unit.id, column.untouched)
        if column.unit.id in done:
            mine = replace(mine, state=AssignmentState.DONE, is_late=False)
        found.append(
            MyAssignment(
                id=column.id,
                group=name,
                unit=column.unit,
                resource=graph.resources.get(column.unit.resource),
                due_on=column.due_on,
                due_at=mine.own_due_at or column.due_at,
                note=column.note,
                mine=mine,
            )
        )
    return tuple(sorted(found, key=lambda one: one.due_at))


def _by_lateness(row: MemberProgress) -> tuple[int, int, int, str, str]:
    return -(row.behind_days or 0), -(row.late or 0), row.done, row.name.casefold(), row.id


def _by_name(row: MemberProgress) -> tuple[str, str]:
    return row.name.casefold(), row.id


def _pace(
    people: int, columns: Sequence[_Column], at: datetime, zone: zoneinfo.ZoneInfo
) -> GroupPace | None:
    if not people or not columns:
        return None
    planned: dict[date, int] = {}
    due_so_far = 0
    read: dict[date, int] = {}
    for column in columns:
        planned[column.due_on] = planned.get(column.due_on, 0) + column.total
        due_so_far += column.total if column.due_at <= at else 0
        for done_at in column.done_at:
            day = done_at.astimezone(zone).date()
            read[day] = read.get(day, 0) + 1
    return group_pace(
        planned=planned,
        read=read,
        due_so_far=due_so_far,
        people=people,
        today=at.astimezone(zone).date(),
    )
