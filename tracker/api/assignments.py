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
from tracker.actions import assignments as actions
from tracker.actions.dues import DueImpossible
from tracker.api.authentication import ApiRequest
from tracker.api.finding import named_resource, sees_assignment, sees_group, unit_in
from tracker.api.groups import ADDRESS as GROUP_ADDRESS
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


class MoveInput(Input):
    """{"to": "up" | "down"}: before the assignment that is due before it, or after the next."""

    to = Choice(choices=["up", "down"])


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
ADDRESS = GROUP_ADDRESS | {"assignment": ("The assignment", EXAMPLE.id)}


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
        return Response(output_of(head, made), status=201, headers={"Location": address})


class OneAssignment(ApiView):
    tag = "groups"

    @operation(
        id="getAssignment",
        summary="One assignment",
        scope="read",
        sees=sees_assignment,
        has_etag=True,
        address=ADDRESS,
        answer=AssignmentOutput,
        example=EXAMPLE,
    )
    def get(self, request: ApiRequest, id: str, assignment: str) -> HttpResponse:  # noqa: A002
        head = head_at(request, id)
        row = assignment_at(head, assignment)
        return send_version(request, row, output_of(head, row))

    @operation(
        id="changeAssignment",
        summary="Change an assignment",
        scope="groups",
        sees=sees_assignment,
        has_etag=True,
        takes_if_match=True,
        address=ADDRESS,
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
        return send_version(request, edited, output_of(head, edited))

    @operation(
        id="removeAssignment",
        summary="Remove an assignment",
        scope="groups",
        sees=sees_assignment,
        takes_if_match=True,
        status=204,
        address=ADDRESS,
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
        address=ADDRESS,
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
        return Response(output_of(head, restored))


class MovedAssignment(ApiView):
    tag = "groups"

    @operation_once(
        id="moveAssignment",
        summary="Let an assignment trade dates with the next one",
        scope="groups",
        sees=sees_assignment,
        address=ADDRESS,
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
        return Response(output_of(head, row))


def head_at(request: ApiRequest, group_id: str) -> GroupHead:
    return group_head(user=request.user, group_id=group_id, graph=current_graph())


def check_leads(head: GroupHead) -> None:
    """Before a body is read, which may name what only leaders can know of; the action has the last
    word."""
    if not head.leads:
        raise PermissionDenied("Only leaders of the group can do that.")


def output_of(head: GroupHead, assignment: Assignment) -> AssignmentOutput:
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
