"""Who in a group is where, what is due for me, and the nudge."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.response import Response

from catalog.graph import current_graph
from mlmath.rest.answers import Answer, Page
from mlmath.rest.fields import Input, Line
from mlmath.rest.operations import operation
from mlmath.rest.pages import page_of
from mlmath.rest.problems import CONFLICT
from mlmath.rest.query import PAGING
from mlmath.rest.views import ApiView
from tracker.actions import nudges as actions
from tracker.api.authentication import ApiRequest
from tracker.api.finding import sees_group
from tracker.api.groups import ADDRESS as GROUP_ADDRESS
from tracker.api.groups import EXAMPLE as GROUP
from tracker.api.groups import MEMBER
from tracker.api.idempotency import operation_once
from tracker.api.plan import Hours
from tracker.api.progress import Count
from tracker.models import AnswerToAssignment, AssignmentState, GroupRole, User
from tracker.models.nudges import MAXIMUM_NUDGE_LENGTH
from tracker.models.people import check_plain_text
from tracker.summaries.group_progress import (
    AssignmentColumn,
    Cell,
    CellState,
    GroupProgress,
    MemberProgress,
    group_progress,
)
from tracker.summaries.group_table import csv_name, progress_csv
from tracker.summaries.members import group_head, member_at
from tracker.summaries.my_assignments import MyAssignment, my_assignments


class StateInGroup(StrEnum):
    """Where somebody is with an assignment; out: they do not take part. Not whether it is late."""

    TODO = "todo"
    READING = "reading"
    DONE = "done"
    OUT = "out"


@dataclass(frozen=True, kw_only=True, slots=True)
class StuckTopicOutput(Answer):
    """A topic in which so many people are stuck who share that with the group."""

    topic: str
    people: Count


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignmentProgressOutput(Answer):
    """An assignment, and how many of the members shown are where with it.

    `total` leaves out those whom it is not for and those who do not take part. `asked_for_time`
    counts what the caller may know. `stuck` is empty for all but leaders and observers.
    """

    id: str
    resource: str
    unit: str
    label: str
    title: str
    due_at: datetime
    due_on: date
    done: Count
    reading: Count
    asked_for_time: Count
    total: Count
    stuck: list[StuckTopicOutput]


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberStateOutput(Answer):
    """A member as other members of a group see them that is not open; `id` is the person's.

    `state` is by the id of the assignment, of those that are for them. `done` is out of `total`,
    which leaves out what they do not take part in.
    """

    id: str
    name: str
    role: GroupRole
    done: Count
    total: Count
    state: dict[str, StateInGroup]


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberProgressOutput(MemberStateOutput):
    """A member as leaders and observers see them, and in an open group everybody.

    `late` is how many of their assignments are, named in `late_assignments`; `behind_days` are days
    since the oldest undone due date, `behind_hours` those of all that are late. `last_active_on` is
    a day in the group's zone, null before they have done anything.
    """

    late: Count
    late_assignments: list[str]
    behind_days: Count
    behind_hours: Hours
    last_active_on: date | None
    asked_for_time: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupProgressOutput(Answer):
    """The numbers of the page: `members` with the most behind first, by name for those who do not
    see that; `assignments` by due date.

    `hidden` counts members whom an observer does not see. `behind_chapters` is how much less the
    average member has read than is due by now, negative when the group is ahead; null while
    nothing is assigned.
    """

    today: date
    behind_chapters: float | None
    hidden: Count
    assignments: list[AssignmentProgressOutput]
    members: list[MemberProgressOutput | MemberStateOutput]


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupNameOutput(Answer):
    id: str
    name: str
    time_zone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MyAssignmentOutput(Answer):
    """What I have to read in a group. `due_at` is when it is due for me, `due_on` the day of the
    group's own date in its zone; `late`: it was due, and I have not done it."""

    id: str
    group: GroupNameOutput
    resource: str
    unit: str
    label: str
    title: str
    due_at: datetime
    due_on: date
    note: str
    state: AssignmentState
    answer: AnswerToAssignment | None
    late: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class NudgeOutput(Answer):
    """Who was nudged, and on which day of the group."""

    member: str
    day: date


class NudgeInput(Input):
    """{"text"?}: in one's own words instead of ours."""

    text = Line(
        required=False,
        allow_blank=True,
        max_length=MAXIMUM_NUDGE_LENGTH,
        validators=[check_plain_text],
    )


def assignment_output(column: AssignmentColumn) -> AssignmentProgressOutput:
    return AssignmentProgressOutput(
        id=column.id,
        resource=column.unit.resource,
        unit=column.unit.slug,
        label=column.unit.label,
        title=column.unit.title,
        due_at=column.due_at,
        due_on=column.due_on,
        done=column.done,
        reading=column.reading,
        asked_for_time=column.asking,
        total=column.total,
        stuck=[StuckTopicOutput(topic=one.topic.slug, people=one.people) for one in column.stuck],
    )


def member_output(
    progress: GroupProgress, row: MemberProgress
) -> MemberProgressOutput | MemberStateOutput:
    cells = {
        column.id: cell
        for column, cell in zip(progress.columns, row.cells, strict=True)
        if cell is not None
    }
    state = {assignment: _state(cell) for assignment, cell in cells.items()}
    role = GroupRole(row.role)
    if not progress.sees_lateness:
        return MemberStateOutput(
            id=row.id, name=row.name, role=role, done=row.done, total=row.total, state=state
        )
    return MemberProgressOutput(
        id=row.id,
        name=row.name,
        role=role,
        done=row.done,
        total=row.total,
        state=state,
        late=row.late or 0,
        late_assignments=[one for one, cell in cells.items() if cell.state == CellState.LATE],
        behind_days=row.behind_days or 0,
        behind_hours=round(row.behind_hours or 0, 1),
        last_active_on=row.last_active_on,
        asked_for_time=[one for one, cell in cells.items() if cell.asks_for_time],
    )


def _state(cell: Cell) -> StateInGroup:
    if cell.state == CellState.LATE:
        return StateInGroup.READING if cell.is_reading else StateInGroup.TODO
    return StateInGroup(cell.state.value)


def my_assignment_output(one: MyAssignment) -> MyAssignmentOutput:
    return MyAssignmentOutput(
        id=one.id,
        group=GroupNameOutput(
            id=one.group.public_id, name=one.group.name, time_zone=one.group.time_zone
        ),
        resource=one.unit.resource,
        unit=one.unit.slug,
        label=one.unit.label,
        title=one.unit.title,
        due_at=one.due_at,
        due_on=one.due_on,
        note=one.note,
        state=one.mine.state,
        answer=AnswerToAssignment(one.mine.answer) if one.mine.answer else None,
        late=one.mine.is_late,
    )


_DUE_AT, _DUE_ON = datetime(2026, 11, 17, 23, 59, tzinfo=UTC), date(2026, 11, 17)
_ASSIGNMENT = "c6m2k8v4x9q3w7n5p2t8"
_PROGRESS_EXAMPLE = GroupProgressOutput(
    today=date(2026, 11, 21),
    behind_chapters=0.4,
    hidden=0,
    assignments=[
        AssignmentProgressOutput(
            id=_ASSIGNMENT,
            resource="mml-book",
            unit="chapter-03",
            label="Chapter 3",
            title="Analytic Geometry",
            due_at=_DUE_AT,
            due_on=_DUE_ON,
            done=8,
            reading=1,
            asked_for_time=0,
            total=9,
            stuck=[StuckTopicOutput(topic="inner-products", people=1)],
        )
    ],
    members=[
        MemberProgressOutput(
            id=MEMBER,
            name="Henri Poincaré",
            role=GroupRole.MEMBER,
            done=0,
            total=1,
            state={_ASSIGNMENT: StateInGroup.READING},
            late=1,
            late_assignments=[_ASSIGNMENT],
            behind_days=4,
            behind_hours=5.5,
            last_active_on=date(2026, 11, 12),
            asked_for_time=[],
        )
    ],
)
_MINE_EXAMPLE = MyAssignmentOutput(
    id=_ASSIGNMENT,
    group=GroupNameOutput(id=GROUP.id, name=GROUP.name, time_zone=GROUP.time_zone),
    resource="mml-book",
    unit="chapter-03",
    label="Chapter 3",
    title="Analytic Geometry",
    due_at=_DUE_AT,
    due_on=_DUE_ON,
    note="At least one exercise per section",
    state=AssignmentState.READING,
    answer=AnswerToAssignment.MORE_TIME,
    late=True,
)
_MEMBER_ADDRESS = {**GROUP_ADDRESS, "member": ("The person", MEMBER)}


class ProgressOfGroup(ApiView):
    tag = "groups"

    @operation(
        id="getGroupProgress",
        summary="Who in a group is where",
        scope="read",
        sees=sees_group,
        address=GROUP_ADDRESS,
        answer=GroupProgressOutput,
        example=_PROGRESS_EXAMPLE,
        also={
            "text/csv": "Member,Chapter 3: Analytic Geometry (due 2026-11-17),Done,Of,To catch up,"
            "Days behind,Hours behind,Last active\r\nHenri Poincaré,late,0,1,1,4,5.5,2026-11-12\r\n"
        },
    )
    def get(self, request: ApiRequest, id: str) -> HttpResponse:  # noqa: A002  # as the address says
        """Leaders and observers see all of those whom they see at all, and so does everybody in an
        open group; other members get neither lateness nor activity, and the fields are missing.
        The CSV is that of the page."""
        graph, at = current_graph(), timezone.now()
        head = group_head(user=request.user, group_id=id, graph=graph)
        progress = group_progress(head=head, graph=graph, at=at)
        if request.accepted_renderer.media_type == "text/csv":
            return HttpResponse(
                progress_csv(progress, head.group.time_zone),
                content_type="text/csv; charset=utf-8",
                headers={
                    "Content-Disposition": f'attachment; filename="{csv_name(head, progress)}"'
                },
            )
        pace = progress.pace
        answer = GroupProgressOutput(
            today=progress.today,
            behind_chapters=round(pace.behind, 1) if pace else None,
            hidden=progress.hidden,
            assignments=[assignment_output(column) for column in progress.columns],
            members=[member_output(progress, row) for row in progress.rows],
        )
        return Response(answer)


class MyAssignments(ApiView):
    tag = "groups"

    @operation(
        id="listMyAssignments",
        summary="What is open in all my groups, by due date",
        scope="read",
        query=PAGING,
        answer=Page[MyAssignmentOutput],
        example=Page(count=1, next=None, previous=None, results=[_MINE_EXAMPLE]),
    )
    def get(self, request: ApiRequest) -> Response:
        """Neither what I have done nor what I do not take part in."""
        found = my_assignments(user=request.user, graph=current_graph(), at=timezone.now())
        is_open = [one for one in found if one.is_open]
        return Response(page_of(request, self.query, is_open, my_assignment_output))


def _sees_member(user: User, address: Mapping[str, str]) -> object:
    """For Operation.sees: raises NotFound also for a person who is not in the group."""
    head = group_head(user=user, group_id=address["id"], graph=current_graph())
    return member_at(head, address["member"])


class MemberNudge(ApiView):
    tag = "groups"

    @operation_once(
        id="nudgeMember",
        summary="Send somebody who is behind a kind word",
        scope="groups",
        sees=_sees_member,
        status=201,
        address=_MEMBER_ADDRESS,
        body=NudgeInput,
        body_example={"text": "Tea on Tuesday?"},
        is_body_required=False,
        answer=NudgeOutput,
        example=NudgeOutput(member=MEMBER, day=date(2026, 11, 21)),
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str, member: str) -> Response:  # noqa: A002  # as the address says
        """Once per member and day, whichever leader it is."""
        head = group_head(user=request.user, group_id=id, graph=current_graph())
        person = member_at(head, member).user
        given = self.read_body(request)
        nudge = actions.nudge(
            user=request.user, group=head.group, member=person, text=given.get("text", "")
        )
        return Response(NudgeOutput(member=member, day=nudge.day), status=201)
