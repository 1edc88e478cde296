"""Who is in a group: members, requests to join, and those who may not come back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated

from django.db import transaction
from django.http import Http404
from rest_framework.response import Response

from catalog.graph import current_graph
from mlmath.errors import NotFound, PermissionDenied
from mlmath.rest.answers import Also, Answer, Page
from mlmath.rest.fields import Choice, Input, Text
from mlmath.rest.fields import YesNo as YesNoField
from mlmath.rest.operations import operation
from mlmath.rest.pages import page_of
from mlmath.rest.problems import CONFLICT, FORBIDDEN
from mlmath.rest.query import PAGING, YesNo
from mlmath.rest.views import ApiView
from tracker.actions import members as actions
from tracker.api.authentication import ApiRequest, check_scope
from tracker.api.finding import sees_group
from tracker.api.groups import ADDRESS as GROUP
from tracker.api.groups import MEMBER
from tracker.models import Ban, GroupRole, JoinRequest, Scope, User, Visibility
from tracker.models.members import MAXIMUM_REQUEST_LENGTH
from tracker.summaries.groups import group_card
from tracker.summaries.members import (
    GroupHead,
    MemberRow,
    group_head,
    member_at,
    member_readiness,
    member_row,
    seen_memberships,
    shown_name,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberOutput(Answer):
    """Somebody in a group; `id` is the person's. Null is what is not mine to see: others' days are
    for leaders and observers, in an open group for all, and what somebody shares for leaders and
    observers. A null `last_active_on` also means that they have done nothing here yet."""

    id: str
    name: str
    role: GroupRole
    joined_at: datetime | None
    last_active_on: date | None
    shares_readiness: bool | None
    seen_by_observers: bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberReadinessOutput(Answer):
    """How ready somebody is for their role, in whole percent rounded down, and the slugs of the
    topics where they are stuck. Null without a role."""

    id: str
    name: str
    role: str | None
    percent: Annotated[int, Also(minimum=0, maximum=100)] | None
    stuck: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class AskerOutput(Answer):
    """Somebody who asks to join; `id` is the person's."""

    id: str
    name: str
    message: str
    asked_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class BanOutput(Answer):
    """Somebody whom the group does not let in again; `id` is the person's."""

    id: str
    name: str
    banned_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestAnswerOutput(Answer):
    """What a leader has answered; `id` is the person's."""

    id: str
    accepted: bool


class MemberInput(Input):
    """{"role"?} for leaders, {"shares_readiness"?, "seen_by_observers"?} for oneself."""

    role = Choice(required=False, choices=GroupRole.values)
    shares_readiness = YesNoField(required=False)
    seen_by_observers = YesNoField(required=False)


class AskInput(Input):
    """{"message"?}"""

    message = Text(
        required=False,
        allow_blank=True,
        max_length=MAXIMUM_REQUEST_LENGTH,
    )


class RequestAnswerInput(Input):
    """{"accepted"}"""

    accepted = YesNoField()


def member_output(row: MemberRow) -> MemberOutput:
    return MemberOutput(
        id=row.user.public_id,
        name=row.name,
        role=row.role,
        joined_at=row.joined_at,
        last_active_on=row.last_active_on,
        shares_readiness=row.shares_readiness,
        seen_by_observers=row.is_seen_by_observers,
    )


def scope_for_member(user: User, address: Mapping[str, str]) -> Scope:
    """For Operation.needs: one's own place is one's own thing, that of others the leaders'."""
    sees_group(user, address)
    return Scope.WRITE if address["member"] == user.public_id else Scope.GROUPS


def scope_for_change(user: User, address: Mapping[str, str]) -> str:
    """The same for what a body changes of oneself: sharing takes another scope than a role."""
    scope = scope_for_member(user, address)
    return scope if scope == Scope.GROUPS else ""


def sees_readiness(user: User, address: Mapping[str, str]) -> object:
    """For Operation.sees: raises NotFound for those who do not share it."""
    graph = current_graph()
    head = group_head(user=user, group_id=address["id"], graph=graph)
    return member_readiness(head, address["member"], graph)


def sees_public_group(user: User, address: Mapping[str, str]) -> object:
    """For Operation.sees: raises NotFound for a group that nobody can ask to join."""
    card = group_card(user=user, group_id=address["id"], graph=current_graph())
    if card.group.visibility != Visibility.PUBLIC:
        raise NotFound
    return card


EXAMPLE = MemberOutput(
    id=MEMBER,
    name="Emmy Noether",
    role=GroupRole.MEMBER,
    joined_at=datetime(2026, 11, 2, 9, 15, tzinfo=UTC),
    last_active_on=date(2026, 11, 20),
    shares_readiness=True,
    seen_by_observers=True,
)
ASKER_ID, BANNED_ID = "a4k9x2v7q3w8n5p2t6r7", "b4k9x2v7q3w8n5p2t6r7"
_READINESS_EXAMPLE = MemberReadinessOutput(
    id=EXAMPLE.id, name=EXAMPLE.name, role="data-scientist", percent=42, stuck=["vectors"]
)
_REQUEST_EXAMPLE = AskerOutput(
    id=ASKER_ID,
    name="Alan Turing",
    message="I read along already.",
    asked_at=datetime(2026, 11, 19, 18, 30, tzinfo=UTC),
)
_BAN_EXAMPLE = BanOutput(
    id=BANNED_ID, name="Mallory", banned_at=datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
)
PUBLIC_GROUP_ID = "p7k2m9v4x3q6w8n5p2t7"
_PUBLIC_GROUP = {"id": ("A public group", PUBLIC_GROUP_ID)}
_MEMBER = {**GROUP, "member": ("The person", EXAMPLE.id)}


class Members(ApiView):
    tag = "groups"

    @operation(
        id="listMembers",
        summary="Who is in a group",
        scope="read",
        sees=sees_group,
        address=GROUP,
        query=PAGING,
        answer=Page[MemberOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: ApiRequest, id: str) -> Response:  # noqa: A002  # as the address says
        """Leaders first, then by name. Observers see the members who have agreed to it."""
        head = _head(request, id)
        return Response(
            page_of(
                request,
                self.query,
                seen_memberships(head),
                lambda membership: member_output(member_row(head, membership)),
            )
        )


class Member(ApiView):
    tag = "groups"

    @operation(
        id="changeMember",
        summary="Change a role, or what I share",
        scope="write",
        needs=scope_for_change,
        address=_MEMBER,
        body=MemberInput,
        body_example={"role": "leader"},
        answer=MemberOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def patch(self, request: ApiRequest, id: str, member: str) -> Response:  # noqa: A002
        """Leaders set the `role` of others, and their own while another leads, with the scope
        `groups`; what somebody shares they set themselves, with `write`. Without a leader left
        this is a 409, `last_leader`."""
        head = _head(request, id)
        who = member_at(head, member).user
        data = self.read_body(request)
        shares = {name: data[name] for name in ("shares_readiness",) if name in data}
        if "seen_by_observers" in data:
            shares["is_seen_by_observers"] = data["seen_by_observers"]
        if "role" in data:
            check_scope(request, Scope.GROUPS)
        if shares or "role" not in data:
            check_scope(request, Scope.WRITE if who == request.user else Scope.GROUPS)
        if shares and who != request.user:
            raise PermissionDenied("What somebody shares they choose themselves.")
        with transaction.atomic():
            # The group before the place in it, as everywhere.
            if "role" in data:
                actions.change_role(
                    user=request.user, group=head.group, member=who, role=GroupRole(data["role"])
                )
            if shares:
                actions.choose_sharing(user=request.user, group=head.group, **shares)
        head = _head(request, id)
        return Response(member_output(member_row(head, member_at(head, member))))

    @operation(
        id="removeMember",
        summary="Remove somebody, or leave",
        scope="write",
        needs=scope_for_member,
        status=204,
        address=_MEMBER,
        query=(YesNo(name="ban", about="Whether they may not come back", example=False),),
        problems=(CONFLICT, FORBIDDEN),
    )
    def delete(self, request: ApiRequest, id: str, member: str) -> Response:  # noqa: A002
        """Whoever names themselves leaves, with the scope `write`; leaders remove others, with
        `groups`. The last leader gets a 409, `last_leader`."""
        head = _head(request, id)
        who = member_at(head, member).user
        actions.remove_member(
            user=request.user,
            group=head.group,
            member=who,
            bans=bool(self.query.yes_no("ban")),
        )
        return Response(status=204)


class Readiness(ApiView):
    tag = "groups"

    @operation(
        id="getMemberReadiness",
        summary="How far somebody is who shares it",
        scope="read",
        sees=sees_readiness,
        address=_MEMBER,
        answer=MemberReadinessOutput,
        example=_READINESS_EXAMPLE,
    )
    def get(self, request: ApiRequest, id: str, member: str) -> Response:  # noqa: A002
        """For leaders and observers, and only of those who share it with this group."""
        shared = member_readiness(_head(request, id), member, current_graph())
        return Response(
            MemberReadinessOutput(
                id=shared.user.public_id,
                name=shared.name,
                role=shared.role.slug if shared.role else None,
                percent=shared.progress.readiness.percent if shared.progress else None,
                stuck=[topic.slug for topic in shared.stuck],
            )
        )


class JoinRequests(ApiView):
    tag = "groups"

    @operation(
        id="listJoinRequests",
        summary="Who asks to join a group",
        scope="read",
        sees=sees_group,
        address=GROUP,
        query=PAGING,
        answer=Page[AskerOutput],
        example=Page(count=1, next=None, previous=None, results=[_REQUEST_EXAMPLE]),
    )
    def get(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        """For leaders. The oldest first."""
        group = _led(request, id).group
        asked = group.join_requests.filter(declined_at=None).select_related("user").order_by("pk")
        return Response(page_of(request, self.query, asked, _request_output))


class MyJoinRequest(ApiView):
    tag = "groups"

    @operation(
        id="askToJoin",
        summary="Ask to join a public group",
        scope="write",
        sees=sees_public_group,
        address=_PUBLIC_GROUP,
        body=AskInput,
        body_example={"message": "I read along already."},
        is_body_required=False,
        answer=AskerOutput,
        example=_REQUEST_EXAMPLE,
        problems=(CONFLICT,),
    )
    def put(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        """Asking again replaces the message. A 409 for those who are in it, `already_member`, and
        for 30 days after a leader has declined, `may_not_ask`."""
        card = group_card(user=request.user, group_id=id, graph=current_graph())
        data = self.read_body(request)
        asked = actions.ask_to_join(
            user=request.user, group=card.group, message=data.get("message", "")
        )
        return Response(_request_output(asked))

    @operation(
        id="withdrawJoinRequest",
        summary="Take my request back",
        scope="write",
        sees=sees_public_group,
        status=204,
        address=_PUBLIC_GROUP,
    )
    def delete(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        """Repeating it is no error."""
        card = group_card(user=request.user, group_id=id, graph=current_graph())
        actions.withdraw_request(user=request.user, group=card.group)
        return Response(status=204)


class AskedToJoin(ApiView):
    tag = "groups"

    @operation(
        id="answerJoinRequest",
        summary="Let somebody in who asks, or not",
        scope="groups",
        sees=sees_group,
        address={**GROUP, "person": ("Who asks", ASKER_ID)},
        body=RequestAnswerInput,
        body_example={"accepted": True},
        answer=RequestAnswerOutput,
        example=RequestAnswerOutput(id=ASKER_ID, accepted=True),
        problems=(CONFLICT,),
    )
    def put(self, request: ApiRequest, id: str, person: str) -> Response:  # noqa: A002
        """For leaders. Whoever is declined may ask again after 30 days."""
        head = _led(request, id)
        who = _person(person)
        data = self.read_body(request)
        if not actions.answer_request(
            user=request.user, group=head.group, person=who, is_accepted=data["accepted"]
        ):
            raise Http404
        return Response(RequestAnswerOutput(id=person, accepted=data["accepted"]))


class Bans(ApiView):
    tag = "groups"

    @operation(
        id="listBans",
        summary="Whom a group does not let in again",
        scope="read",
        sees=sees_group,
        address=GROUP,
        query=PAGING,
        answer=Page[BanOutput],
        example=Page(count=1, next=None, previous=None, results=[_BAN_EXAMPLE]),
    )
    def get(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        """For leaders. The oldest first."""
        bans = _led(request, id).group.bans.select_related("user").order_by("pk")
        return Response(page_of(request, self.query, bans, _ban_output))


class Banned(ApiView):
    tag = "groups"

    @operation(
        id="liftBan",
        summary="Let somebody join again",
        scope="groups",
        sees=sees_group,
        status=204,
        address={**GROUP, "person": ("Who may not come back", BANNED_ID)},
    )
    def delete(self, request: ApiRequest, id: str, person: str) -> Response:  # noqa: A002
        head = _led(request, id)
        if not actions.unban(user=request.user, group=head.group, person=_person(person)):
            raise Http404
        return Response(status=204)


def _head(request: ApiRequest, group_id: str) -> GroupHead:
    return group_head(user=request.user, group_id=group_id, graph=current_graph())


def _led(request: ApiRequest, group_id: str) -> GroupHead:
    head = _head(request, group_id)
    if not head.leads:
        raise PermissionDenied("Only leaders of the group can do that.")
    return head


def _person(public_id: str) -> User:
    person = User.objects.filter(public_id=public_id).first()
    if person is None:
        raise NotFound
    return person


def _request_output(asked: JoinRequest) -> AskerOutput:
    return AskerOutput(
        id=asked.user.public_id,
        name=shown_name(asked.user),
        message=asked.message,
        asked_at=asked.asked_at,
    )


def _ban_output(ban: Ban) -> BanOutput:
    return BanOutput(id=ban.user.public_id, name=shown_name(ban.user), banned_at=ban.banned_at)
