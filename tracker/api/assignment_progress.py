"""What one says of an assignment, and later dates of single people."""

from dataclasses import dataclass
from datetime import UTC, datetime

from rest_framework.response import Response

from mlmath.errors import NotFound
from mlmath.rest.fields import Choice, Input, Instant
from mlmath.rest.operations import operation
from mlmath.rest.problems import CONFLICT
from mlmath.rest.views import ApiView
from tracker.actions import assignment_progress as actions
from tracker.actions.dues import DueImpossible
from tracker.api.assignments import (
    ADDRESS,
    MineOutput,
    OwnDateOutput,
    check_leads,
    head_at,
    impossible,
    output_of,
)
from tracker.api.authentication import ApiRequest
from tracker.api.finding import sees_assignment
from tracker.api.groups import MEMBER
from tracker.models import AnswerToAssignment, AssignmentState, User
from tracker.summaries.assignments import assignment_at


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkedMineOutput(MineOutput):
    """What I say now. `proposed_topics` are those to tick, if I agree: all that covers them in the
    resource is done. `batch` takes the change of the unit back; null when that changed nothing."""

    proposed_topics: list[str]
    batch: str | None


class MineInput(Input):
    """{"state"?, "answer"? (null takes it back)}: what is missing stays as it is."""

    state = Choice(required=False, choices=AssignmentState.values)
    answer = Choice(required=False, allow_null=True, choices=AnswerToAssignment.values)


class OwnDateInput(Input):
    """{"due_at"}: later than the group's date; null: the group's date holds again."""

    due_at = Instant(allow_null=True)


_OWN_DATE = OwnDateOutput(member=MEMBER, due_at=datetime(2031, 3, 6, 23, 59, tzinfo=UTC))


class MyAssignment(ApiView):
    tag = "groups"

    @operation(
        id="markMyAssignment",
        summary="Say where I am with an assignment",
        scope="write",
        sees=sees_assignment,
        address=ADDRESS,
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
        marked = actions.mark_mine(
            user=request.user,
            assignment=found,
            state=AssignmentState(data["state"]) if "state" in data else None,
            answer=(data["answer"] or "") if "answer" in data else None,
        )
        mine = output_of(head, found).mine
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
        address=ADDRESS | {"member": ("The person", MEMBER)},
        body=OwnDateInput,
        body_example={"due_at": "2031-03-06T23:59:00Z"},
        answer=OwnDateOutput,
        example=_OWN_DATE,
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
            progress = actions.set_personal_date(
                user=request.user, assignment=row, member=person, due=data["due_at"]
            )
        except DueImpossible as error:
            raise impossible("due_at", error) from None
        return Response(OwnDateOutput(member=member, due_at=progress.due_at))
