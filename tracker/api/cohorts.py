"""Copying a schedule into a new group."""

from django.urls import reverse
from rest_framework.response import Response

from catalog.graph import current_graph
from mlmath.errors import PermissionDenied
from mlmath.rest.fields import Day, Input, Line
from mlmath.rest.problems import CONFLICT, FieldError, invalid
from mlmath.rest.views import ApiView
from tracker.actions import cohorts as actions
from tracker.actions.dues import DueImpossible
from tracker.api.authentication import ApiRequest
from tracker.api.finding import sees_group
from tracker.api.groups import ADDRESS, EXAMPLE, GroupOutput, group_output
from tracker.api.idempotency import operation_once
from tracker.models.groups import MAXIMUM_GROUP_NAME_LENGTH, check_group_name
from tracker.summaries.groups import group_card
from tracker.summaries.members import group_head


class CopyGroupInput(Input):
    """{"first_due_on", "name"?}: by default the old name and the month in which it begins."""

    first_due_on = Day()
    name = Line(required=False, max_length=MAXIMUM_GROUP_NAME_LENGTH, validators=[check_group_name])


class GroupCopy(ApiView):
    tag = "groups"

    @operation_once(
        id="copyGroup",
        summary="Start a new group with this schedule",
        scope="groups",
        sees=sees_group,
        status=201,
        has_location=True,
        address=ADDRESS,
        body=CopyGroupInput,
        body_example={"first_due_on": "2030-03-04"},
        answer=GroupOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str) -> Response:  # noqa: A002  # as the address says
        """I lead it, it is private, and nobody else is in it. Weekdays stay: the first chapter is
        due on its weekday, on `first_due_on` or in the six days after it, and all others as many
        weeks later. What was for some people becomes a draft."""
        graph = current_graph()
        head = group_head(user=request.user, group_id=id, graph=graph)
        if not head.leads:
            raise PermissionDenied("Only leaders of the group can do that.")
        data = self.read_body(request)
        try:
            copy = actions.copy_group(
                user=request.user,
                group=head.group,
                first_due_on=data["first_due_on"],
                name=data.get("name", ""),
            )
        except DueImpossible as error:
            refusal = FieldError(pointer="/first_due_on", code=error.code, detail=str(error))
            raise invalid([refusal]) from None
        card = group_card(user=request.user, group_id=copy.public_id, graph=graph)
        address = reverse("tracker-api:group", args=[copy.public_id])
        return Response(group_output(card), status=201, headers={"Location": address})
