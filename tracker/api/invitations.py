"""Ways into a group: its invitations, and joining by a code."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from rest_framework.response import Response

from catalog.graph import current_graph
from mlmath.errors import PermissionDenied
from mlmath.rest.answers import Address, Also, Answer, Page
from mlmath.rest.fields import EmailAddress, Input, Instant, Text, Whole
from mlmath.rest.fields import YesNo as YesNoField
from mlmath.rest.operations import operation
from mlmath.rest.pages import page_of
from mlmath.rest.problems import CONFLICT, NOT_FOUND, FieldError, invalid
from mlmath.rest.query import PAGING
from mlmath.rest.views import ApiView
from tracker.actions import invitations as actions
from tracker.api.authentication import ApiRequest
from tracker.api.finding import sees_group
from tracker.api.groups import ADDRESS as GROUP
from tracker.api.groups import EXAMPLE as GROUP_EXAMPLE
from tracker.api.groups import GroupOutput, group_output
from tracker.api.idempotency import operation_once
from tracker.models import Invitation, StudyGroup
from tracker.summaries.groups import group_card
from tracker.summaries.invitations import open_invitations
from tracker.summaries.members import group_head

Uses = Annotated[int, Also(minimum=0)]


@dataclass(frozen=True, kw_only=True, slots=True)
class InvitationOutput(Answer):
    """An open invitation. `prefix` is how its code starts; a null `max_uses` means for everybody
    who has it, a null `email` that it is for no particular person."""

    id: str
    prefix: str
    email: str | None
    max_uses: Annotated[int, Also(minimum=1)] | None
    uses: Uses
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class NewInvitationOutput(Answer):
    """A new invitation with its code and link, which are shown this once."""

    id: str
    prefix: str
    email: str | None
    max_uses: Annotated[int, Also(minimum=1)] | None
    uses: Uses
    created_at: datetime
    expires_at: datetime
    code: str
    url: Address


class InvitationInput(Input):
    """{"max_uses"?, "expires_at"?, "email"?}: for 14 days and everybody who has the code by
    default; with an `email` it is mailed there and good for that person, once."""

    max_uses = Whole(required=False, allow_null=True, min_value=1, max_value=actions.MAXIMUM_USES)
    expires_at = Instant(required=False)
    email = EmailAddress(required=False, max_length=254)


class JoinInput(Input):
    """{"code", "shares_readiness"? (false), "seen_by_observers"? (false)}."""

    code = Text(max_length=100)
    shares_readiness = YesNoField(required=False)
    seen_by_observers = YesNoField(required=False)


EXAMPLE = InvitationOutput(
    id="n7k2m9v4x3q6w8n5p2t7",
    prefix="k3v9x2m7",
    email=None,
    max_uses=8,
    uses=2,
    created_at=datetime(2026, 11, 1, 18, 30, tzinfo=UTC),
    expires_at=datetime(2026, 11, 15, 18, 30, tzinfo=UTC),
)
CODE = "k3v9x2m7q4w8n6p5t2r7a3b4c5"
_NEW = NewInvitationOutput(
    id=EXAMPLE.id,
    prefix=EXAMPLE.prefix,
    email=EXAMPLE.email,
    max_uses=EXAMPLE.max_uses,
    uses=0,
    created_at=EXAMPLE.created_at,
    expires_at=EXAMPLE.expires_at,
    code=CODE,
    url=f"https://mlmath.example/join/{CODE}/",
)


def invitation_output(invitation: Invitation) -> InvitationOutput:
    return InvitationOutput(
        id=invitation.public_id,
        prefix=invitation.prefix,
        email=invitation.email or None,
        max_uses=invitation.max_uses,
        uses=invitation.uses,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
    )


class Invitations(ApiView):
    tag = "groups"

    @operation(
        id="listInvitations",
        summary="The open invitations of a group",
        scope="read",
        sees=sees_group,
        address=GROUP,
        query=PAGING,
        answer=Page[InvitationOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: ApiRequest, id: str) -> Response:  # noqa: A002  # as the address says
        """For leaders. The newest first; those that let nobody in any more are left out."""
        found = open_invitations(group=_led(request, id), at=timezone.now())
        return Response(page_of(request, self.query, found, invitation_output))

    @operation_once(
        shows_secret=True,
        id="invite",
        summary="Invite people into a group",
        scope="groups",
        sees=sees_group,
        status=201,
        address=GROUP,
        body=InvitationInput,
        body_example={"max_uses": 8},
        is_body_required=False,
        answer=NewInvitationOutput,
        example=_NEW,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        """For leaders. `code` and `url` are in this answer and nowhere else, so that repeating an
        Idempotency-Key is a 409, `already_shown`."""
        group = _led(request, id)
        data = self.read_body(request)
        try:
            new = actions.create_invitation(
                user=request.user,
                group=group,
                max_uses=data.get("max_uses"),
                expires_at=data.get("expires_at"),
                email=data.get("email", ""),
            )
        except actions.InvitationImpossible as error:
            # The number was checked before, so it is about the time.
            fault = FieldError(pointer="/expires_at", code=error.code, detail=str(error))
            raise invalid([fault]) from None
        row = invitation_output(new.invitation)
        answer = NewInvitationOutput(
            id=row.id,
            prefix=row.prefix,
            email=row.email,
            max_uses=row.max_uses,
            uses=row.uses,
            created_at=row.created_at,
            expires_at=row.expires_at,
            code=new.code,
            url=f"{settings.SITE_URL}{reverse('tracker:join', args=[new.code])}",
        )
        return Response(answer, status=201)


class OneInvitation(ApiView):
    tag = "groups"

    @operation(
        id="revokeInvitation",
        summary="Take an invitation back",
        scope="groups",
        sees=sees_group,
        status=204,
        address={**GROUP, "invitation": ("The invitation", EXAMPLE.id)},
    )
    def delete(self, request: ApiRequest, id: str, invitation: str) -> Response:  # noqa: A002
        """For leaders. Nobody comes in by it from now on. Repeating it is no error."""
        group = _led(request, id)
        if not actions.revoke_invitation(user=request.user, group=group, public_id=invitation):
            raise Http404
        return Response(status=204)


class Join(ApiView):
    tag = "groups"

    @operation_once(
        id="join",
        summary="Join a group by a code",
        scope="write",
        body=JoinInput,
        body_example={"code": CODE, "seen_by_observers": True},
        answer=GroupOutput,
        example=GROUP_EXAMPLE,
        problems=(CONFLICT, NOT_FOUND),
    )
    def post(self, request: ApiRequest) -> Response:
        """Somebody who is in it already stays as they are, and no use is spent. A code that is
        unknown, spent, revoked, expired or not for me is a 404. What I share I can change later."""
        data = self.read_body(request)
        joined = actions.join_group(
            user=request.user,
            code=data["code"],
            shares_readiness=data.get("shares_readiness", False),
            is_seen_by_observers=data.get("seen_by_observers", False),
        )
        group_id = joined.membership.group.public_id
        card = group_card(user=request.user, group_id=group_id, graph=current_graph())
        return Response(group_output(card))


def _led(request: ApiRequest, group_id: str) -> StudyGroup:
    head = group_head(user=request.user, group_id=group_id, graph=current_graph())
    if not head.leads:
        raise PermissionDenied("Only leaders of the group can see and change its invitations.")
    return head.group
