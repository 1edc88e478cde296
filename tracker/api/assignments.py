"""What a group reads by when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.http import HttpResponse
from django.urls import reverse
from rest_framework import serializers
from rest_framework.response import Response

from catalog.graph import ResourceNode, current_graph
from mlmath.errors import NotFound, PermissionDenied
from mlmath.rest.answers import Answer, Page
from mlmath.rest.fields import Choice, Input, Instant, Text
from mlmath.rest.fields import YesNo as YesNoField
from mlmath.rest.operations import operation
from mlmath.rest.pages import page_of
from mlmath.rest.problems import CONFLICT, FieldError, Problem, invalid
from mlmath.rest.query import PAGING
from mlmath.rest.versions import send_version, wanted_version
from mlmath.rest.views import ApiView
from tracker.actions import assignment_progress
from tracker.actions import assignments as actions
from tracker.actions.dues import DueImpossible
from tracker.api.authentication import ApiRequest
from tracker.api.finding import named_resource, sees_assignment, sees_group, unit_in
from tracker.api.groups import ADDRESS as GROUP_ADDRESS
from tracker.api.groups import MEMBER
from tracker.api.idempotency import operation_once
from tracker.models import AnswerToAssignment, Assignment, AssignmentState, User
from tracker.models.assignments import MAXIMUM_ASSIGNMENT_NOTE_LENGTH
from tracker.models.text import check_text
from tracker.summaries.assignments import AssignmentRow, assignment_at, assignment_rows
from tracker.summaries.members import GroupHead, group_head

MOST_PEOPLE = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class MineOutput(Answer):
    """What I say about an assignment. `due_at` is a later date of my own, null without one."""

    state: AssignmentState
    answer: AnswerToAssignment | None
    due_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnDateOutput(Answer):
    """A later date of one person; null: the group's date holds for them."""

    member: str
    due_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignmentOutput(Answer):
    """A unit that a group reads. `due_on` is the day of `due_at` in the group's zone.

    `members` is null for one for everyone, else the ids of those who have it, and `own_dates` are
    the later dates of single people; both are told to leaders, others see only themselves there.
    `mine` is null where I do not have it.
    """

    id: str
    resource: str
    unit: str
    label: str
    title: str
    due_at: datetime
    due_on: date
    note: str
    draft: bool
    members: list[str] | None
    own_dates: list[OwnDateOutput]
    mine: MineOutput | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkedMineOutput(MineOutput):
    """What I say now. `proposed_topics` are those to tick, if I agree: all that covers them in the
    resource is done. `batch` takes the change of the unit back; null when that changed nothing."""

    proposed_topics: list[str]
    batch: str | None


def members_field() -> serializers.ListField:
    return serializers.ListField(
        child=Text(max_length=40),
        required=False,
        allow_null=True,
        min_length=1,
        max_length=MOST_PEOPLE,
        help_text="Their ids; null: everyone",
    )


def note_field() -> Text:
    return Text(
        required=False,
        allow_blank=True,
        max_length=MAXIMUM_ASSIGNMENT_NOTE_LENGTH,
        validators=[check_text],
    )


class NewAssignmentInput(Input):
    """{"resource", "unit", "due_at", "note"?, "members"? (ids; everyone by default), "draft"?}."""

    resource = Text(max_length=80, help_text="The slug")
    unit = Text(max_length=80, help_text="The slug, within the resource")
    due_at = Instant()
    note = note_field()
    members = members_field()
    draft = YesNoField(required=False, help_text="Members do not see it yet")


class AssignmentChangeInput(Input):
    """{"due_at"?, "note"?, "members"? (ids, or null for everyone), "draft"?}: what is missing
    stays as it is."""

    due_at = Instant(required=False)
    note = note_field()
    members = members_field()
    draft = YesNoField(required=False, help_text="false publishes it")


class MineInput(Input):
    """{"state"?, "answer"? (null takes it back)}: what is missing stays as it is."""

    state = Choice(required=False, choices=AssignmentState.values)
    answer = Choice(required=False, allow_null=True, choices=AnswerToAssignment.values)


class MoveInput(Input):
    """{"to": "up" | "down"}: before the assignment that is due before it, or after the next."""

    to = Choice(choices=["up", "down"])


class OwnDateInput(Input):
    """{"due_at"}: later than the group's date; null: the group's date holds again."""

    due_at = Instant(allow_null=True)


def assignment_output(row: AssignmentRow, head: GroupHead) -> AssignmentOutput:
    me, mine = head.membership.user, row.mine
    members = [user.public_id for user in row.recipients] if head.leads else []
    own_dates = [
        OwnDateOutput(member=one.user.public_id, due_at=one.due_at) for one in row.personal_dates
    ]
    if mine and not head.leads:
        members = [me.public_id]
        if mine.own_due_at:
            own_dates = [OwnDateOutput(member=me.public_id, due_at=mine.own_due_at)]
    return AssignmentOutput(
        id=row.id,
        resource=row.unit.resource,
        unit=row.unit.slug,
        label=row.unit.label,
        title=row.unit.title,
        due_at=row.due_at,
        due_on=row.due_on,
        note=row.note,
        draft=row.is_draft,
        members=None if row.is_for_everyone else members,
        own_dates=own_dates,
        mine=MineOutput(
            state=mine.state,
            answer=AnswerToAssignment(mine.answer) if mine.answer else None,
            due_at=mine.own_due_at,
        )
        if mine
        else None,
    )


EXAMPLE = AssignmentOutput(
    id="a4m9k2v7x3q6w8n5p2t7",
    resource="mml-book",
    unit="chapter-02",
    label="Chapter 2",
    title="Linear Algebra",
    due_at=datetime(2030, 3, 4, 23, 59, tzinfo=UTC),
    due_on=date(2030, 3, 4),
    note="At least one exercise per section.",
    draft=False,
    members=None,
    own_dates=[],
    mine=MineOutput(state=AssignmentState.READING, answer=AnswerToAssignment.IN, due_at=None),
)
_OWN_DATE_EXAMPLE = OwnDateOutput(member=MEMBER, due_at=datetime(2031, 3, 6, 23, 59, tzinfo=UTC))
_ADDRESS = GROUP_ADDRESS | {"assignment": ("The assignment", EXAMPLE.id)}


class Assignments(ApiView):
    tag = "groups"

    @operation(
        id="listAssignments",
        summary="What the group reads by when",
        scope="read",
        sees=sees_group,
        address=GROUP_ADDRESS,
        query=PAGING,
        answer=Page[AssignmentOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: ApiRequest, id: str) -> Response:  # noqa: A002  # as the address says
        """The first due first. Members see what they have, observers what is published, leaders
        drafts as well."""
        head = head_at(request, id)
        rows = assignment_rows(membership=head.membership, graph=current_graph())
        return Response(
            page_of(request, self.query, rows, lambda row: assignment_output(row, head))
        )

    @operation_once(
        id="assignUnit",
        summary="Assign a unit",
        scope="groups",
        sees=sees_group,
        status=201,
        has_location=True,
        address=GROUP_ADDRESS,
        body=NewAssignmentInput,
        body_example={
            "resource": "mml-book",
            "unit": "chapter-05",
            "due_at": EXAMPLE.due_at.isoformat(),
            "note": EXAMPLE.note,
        },
        answer=AssignmentOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        """Published, unless it is a `draft`, and for everyone but observers. A unit is assigned
        once in a group: the second time is a 409, `already_assigned`."""
        head = head_at(request, id)
        check_leads(head)
        data = self.read_body(request)
        unit = unit_in(resource_named(data["resource"]), data["unit"])
        try:
            [made] = actions.assign_units(
                user=request.user,
                group=head.group,
                dates=[(unit, data["due_at"])],
                note=data.get("note", ""),
                is_draft=data.get("draft", False),
                recipients=people_named(head, data.get("members")),
            )
        except DueImpossible as error:
            raise impossible("due_at", error) from None
        address = reverse("tracker-api:assignment", args=[id, made.public_id])
        return Response(_output(head, made), status=201, headers={"Location": address})


class OneAssignment(ApiView):
    tag = "groups"

    @operation(
        id="getAssignment",
        summary="One assignment",
        scope="read",
        sees=sees_assignment,
        has_etag=True,
        address=_ADDRESS,
        answer=AssignmentOutput,
        example=EXAMPLE,
    )
    def get(self, request: ApiRequest, id: str, assignment: str) -> HttpResponse:  # noqa: A002
        head = head_at(request, id)
        row = assignment_at(head, assignment)
        return send_version(request, row, _output(head, row))

    @operation(
        id="changeAssignment",
        summary="Change an assignment",
        scope="groups",
        sees=sees_assignment,
        has_etag=True,
        takes_if_match=True,
        address=_ADDRESS,
        body=AssignmentChangeInput,
        body_example={"due_at": "2030-03-11T23:59:00Z"},
        answer=AssignmentOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def patch(self, request: ApiRequest, id: str, assignment: str) -> HttpResponse:  # noqa: A002
        """What is missing stays as it is. A date that is past already may stay so or move; no other
        may become so."""
        head = head_at(request, id)
        row = assignment_at(head, assignment)
        check_leads(head)
        data = self.read_body(request)
        has_members = "members" in data
        try:
            edited = actions.edit_assignment(
                user=request.user,
                assignment=row,
                due=data.get("due_at"),
                note=data.get("note"),
                is_draft=data.get("draft"),
                is_for_everyone=True if has_members and data["members"] is None else None,
                recipients=people_named(head, data.get("members")),
                version=wanted_version(request, row),
            )
        except DueImpossible as error:
            raise impossible("due_at", error) from None
        return send_version(request, edited, _output(head, edited))

    @operation(
        id="removeAssignment",
        summary="Remove an assignment",
        scope="groups",
        sees=sees_assignment,
        takes_if_match=True,
        status=204,
        address=_ADDRESS,
        problems=(CONFLICT,),
    )
    def delete(self, request: ApiRequest, id: str, assignment: str) -> Response:  # noqa: A002
        """What people did stays theirs, and restoring brings it back."""
        row = assignment_at(head_at(request, id), assignment)
        actions.remove_assignment(
            user=request.user, assignment=row, version=wanted_version(request, row)
        )
        return Response(status=204)


class RestoredAssignment(ApiView):
    tag = "groups"

    @operation(
        id="restoreAssignment",
        summary="Bring a removed assignment back",
        scope="groups",
        sees=sees_group,
        address=_ADDRESS,
        answer=AssignmentOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str, assignment: str) -> Response:  # noqa: A002
        """As it was, with what people did. Repeating it changes nothing. A 409,
        `already_assigned`, where its unit has been assigned again meanwhile."""
        head = head_at(request, id)
        row = assignment_at(head, assignment, is_removed_fine=True)
        restored = actions.restore_assignment(user=request.user, assignment=row)
        return Response(_output(head, restored))


class MovedAssignment(ApiView):
    tag = "groups"

    @operation_once(
        id="moveAssignment",
        summary="Let an assignment trade dates with the next one",
        scope="groups",
        sees=sees_assignment,
        address=_ADDRESS,
        body=MoveInput,
        body_example={"to": "down"},
        answer=AssignmentOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str, assignment: str) -> Response:  # noqa: A002
        """The first one cannot go up, nor the last one down: that changes nothing. A 409,
        `due_impossible`, where it would put into the past what is not. Every call moves it again,
        unless it repeats an Idempotency-Key."""
        head = head_at(request, id)
        row = assignment_at(head, assignment)
        check_leads(head)
        is_up = self.read_body(request)["to"] == "up"
        actions.move_assignment(user=request.user, assignment=row, is_up=is_up)
        return Response(_output(head, row))


class MyAssignment(ApiView):
    tag = "groups"

    @operation(
        id="markMyAssignment",
        summary="Say where I am with an assignment",
        scope="write",
        sees=sees_assignment,
        address=_ADDRESS,
        body=MineInput,
        body_example={"state": "reading", "answer": "in"},
        answer=MarkedMineOutput,
        example=MarkedMineOutput(
            state=AssignmentState.DONE,
            answer=AnswerToAssignment.IN,
            due_at=None,
            proposed_topics=["vectors"],
            batch="b4t7c2h9m5x8w3q6n2k7",
        ),
        problems=(CONFLICT,),
    )
    def put(self, request: ApiRequest, id: str, assignment: str) -> Response:  # noqa: A002
        """`done` marks the unit, here and in the library; the other states say that it is not done.
        Repeating it changes nothing. A 409, `not_assigned`, for one that I see and do not have."""
        head = head_at(request, id)
        found = assignment_at(head, assignment)
        data = self.read_body(request)
        marked = assignment_progress.mark_mine(
            user=request.user,
            assignment=found,
            state=AssignmentState(data["state"]) if "state" in data else None,
            answer=(data["answer"] or "") if "answer" in data else None,
        )
        mine = _output(head, found).mine
        if mine is None:
            raise NotFound
        return Response(
            MarkedMineOutput(
                state=mine.state,
                answer=mine.answer,
                due_at=mine.due_at,
                proposed_topics=[topic.slug for topic in marked.unit.proposed]
                if marked.unit
                else [],
                batch=marked.unit.batch or None if marked.unit else None,
            )
        )


class OwnDate(ApiView):
    tag = "groups"

    @operation(
        id="setOwnDate",
        summary="Give one person a later date",
        scope="groups",
        sees=sees_assignment,
        address=_ADDRESS | {"member": ("The person", MEMBER)},
        body=OwnDateInput,
        body_example={"due_at": "2031-03-06T23:59:00Z"},
        answer=OwnDateOutput,
        example=_OWN_DATE_EXAMPLE,
        problems=(CONFLICT,),
    )
    def put(
        self,
        request: ApiRequest,
        id: str,  # noqa: A002
        assignment: str,
        member: str,
    ) -> Response:
        """It stays when the group's date moves, and they are told. null takes it away again."""
        head = head_at(request, id)
        row = assignment_at(head, assignment)
        check_leads(head)
        person = User.objects.filter(public_id=member, memberships__group=head.group).first()
        if person is None:
            raise NotFound
        data = self.read_body(request)
        try:
            progress = assignment_progress.set_personal_date(
                user=request.user, assignment=row, member=person, due=data["due_at"]
            )
        except DueImpossible as error:
            raise impossible("due_at", error) from None
        return Response(OwnDateOutput(member=member, due_at=progress.due_at))


def head_at(request: ApiRequest, group_id: str) -> GroupHead:
    return group_head(user=request.user, group_id=group_id, graph=current_graph())


def check_leads(head: GroupHead) -> None:
    """Before a body is read, which may name what only leaders can know of; the action has the last
    word."""
    if not head.leads:
        raise PermissionDenied("Only leaders of the group can do that.")


def _output(head: GroupHead, assignment: Assignment) -> AssignmentOutput:
    """Raises NotFound where it is gone since. One query, three for leaders."""
    rows = assignment_rows(
        membership=head.membership,
        graph=current_graph(),
        among=Assignment.objects.filter(pk=assignment.pk),
    )
    if not rows:
        raise NotFound
    return assignment_output(rows[0], head)


def resource_named(slug: str) -> ResourceNode:
    resource = named_resource(current_graph(), slug)
    assert resource is not None  # noqa: S101  # only null means none
    return resource


def people_named(head: GroupHead, ids: Sequence[str] | None) -> list[User] | None:
    """Whom the ids in a body name; None for everyone. Raises a 400 for people outside.

    At most one query."""
    if ids is None:
        return None
    people = {
        user.public_id: user
        for user in User.objects.filter(memberships__group=head.group, public_id__in=ids)
    }
    unknown = [
        FieldError(
            pointer=f"/members/{place}",
            code="not_a_member",
            detail=f"Nobody in this group has the id “{one}”.",
        )
        for place, one in enumerate(ids)
        if one not in people
    ]
    if unknown:
        raise invalid(unknown)
    return list(people.values())


def impossible(field: str, error: DueImpossible) -> Problem:
    return invalid([FieldError(pointer=f"/{field}", code=error.code, detail=str(error))])
