"""Study groups: mine and the public ones."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.response import Response

from catalog.graph import CatalogGraph, current_graph
from catalog.search import MOST_WORDS
from mlmath.rest.answers import Also, Answer, Page
from mlmath.rest.fields import Choice, Input, Line, Text
from mlmath.rest.fields import YesNo as YesNoField
from mlmath.rest.operations import operation
from mlmath.rest.pages import page_of
from mlmath.rest.problems import CONFLICT
from mlmath.rest.query import PAGING, Parameter, YesNo
from mlmath.rest.versions import send_version, wanted_version
from mlmath.rest.views import ApiView
from tracker.actions import groups as actions
from tracker.api.authentication import ApiRequest
from tracker.api.finding import named_resource, sees_card, sees_group
from tracker.api.idempotency import operation_once
from tracker.models import GroupRole, Visibility
from tracker.models.groups import (
    MAXIMUM_ABOUT_LENGTH,
    MAXIMUM_GROUP_NAME_LENGTH,
)
from tracker.models.people import check_time_zone
from tracker.summaries.groups import (
    GroupCard,
    card_of,
    group_card,
    my_groups,
    public_groups,
    resources_with,
)
from tracker.summaries.members import group_head

VISIBILITIES = tuple(Visibility.values)


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupOutput(Answer):
    """A study group. `about` is Markdown, `resource` the slug of what it reads, `role` mine in it:
    null for those outside. `member_count` counts leaders and members; with `open`, members also
    see lateness and the last day of activity."""

    id: str
    name: str
    about: str
    about_html: str
    time_zone: str
    resource: str | None
    visibility: Annotated[str, Also(enum=list(VISIBILITIES))]
    open: bool
    archived: bool
    member_count: Annotated[int, Also(minimum=0)]
    role: GroupRole | None
    created_at: datetime


class NewGroupInput(Input):
    """{"name", "about"? (Markdown), "time_zone"? (mine by default), "resource"? (slug),
    "visibility"? ("private" by default, or "public")}."""

    name = Line(max_length=MAXIMUM_GROUP_NAME_LENGTH)
    about = Text(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        max_length=MAXIMUM_ABOUT_LENGTH,
    )
    time_zone = Text(required=False, max_length=64, validators=[check_time_zone])
    resource = Text(required=False, allow_null=True, max_length=80, help_text="The slug")
    visibility = Choice(required=False, choices=VISIBILITIES)


class GroupChangeInput(Input):
    """{"name"?, "about"?, "time_zone"?, "resource"? (slug or null), "visibility"?, "open"?,
    "archived"?}: what is missing stays as it is. An archived group changes only with
    "archived": false."""

    name = Line(required=False, max_length=MAXIMUM_GROUP_NAME_LENGTH)
    about = Text(
        required=False, allow_blank=True, trim_whitespace=False, max_length=MAXIMUM_ABOUT_LENGTH
    )
    time_zone = Text(required=False, max_length=64, validators=[check_time_zone])
    resource = Text(required=False, allow_null=True, max_length=80, help_text="The slug")
    visibility = Choice(required=False, choices=VISIBILITIES)
    open = YesNoField(required=False)
    archived = YesNoField(required=False)

    def changes(self, graph: CatalogGraph) -> actions.GroupChanges:
        """What `edit_group` takes. Raises a 400 for a resource that is not there."""
        data = self.validated_data
        changes: actions.GroupChanges = {}
        for name in ("name", "about", "time_zone"):
            if name in data:
                changes[name] = data[name]
        if "resource" in data:
            changes["resource"] = named_resource(graph, data["resource"])
        if "visibility" in data:
            changes["visibility"] = Visibility(data["visibility"])
        if "open" in data:
            changes["is_open"] = data["open"]
        if "archived" in data:
            changes["is_archived"] = data["archived"]
        return changes


def group_output(card: GroupCard) -> GroupOutput:
    group = card.group
    return GroupOutput(
        id=group.public_id,
        name=group.name,
        about=group.about,
        about_html=group.about_html,
        time_zone=group.time_zone,
        resource=card.resource.slug if card.resource else None,
        visibility=group.visibility,
        open=group.is_open,
        archived=group.archived_at is not None,
        member_count=card.member_count,
        role=card.role,
        created_at=group.created_at,
    )


EXAMPLE = GroupOutput(
    id="g7k2m9v4x3q6w8n5p2t7",
    name="Tuesday Readers",
    about="One chapter a week.",
    about_html="<p>One chapter a week.</p>\n",
    time_zone="Europe/London",
    resource="mml-book",
    visibility="private",
    open=False,
    archived=False,
    member_count=9,
    role=GroupRole.LEADER,
    created_at=datetime(2026, 11, 1, 18, 30, tzinfo=UTC),
)
ADDRESS = {"id": ("The group", EXAMPLE.id)}
MEMBER = "u5m9k2v7x3q6w8n4p2t7"


class Groups(ApiView):
    tag = "groups"

    @operation(
        id="listGroups",
        summary="My groups, or the public ones",
        scope="read",
        query=(
            YesNo(name="public", about="The directory instead of mine", example=True),
            Parameter(name="search", about="Words in the name, text or book", example="readers"),
            *PAGING,
        ),
        answer=Page[GroupOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: ApiRequest) -> Response:
        """Mine by name, archived ones last; the public ones the newest first."""
        graph = current_graph()
        words = self.query.text("search").split()[:MOST_WORDS]
        find = public_groups if self.query.yes_no("public") else my_groups
        found = find(request.user, words=words, resources=resources_with(graph, words))
        return Response(
            page_of(request, self.query, found, lambda group: group_output(card_of(group, graph)))
        )

    @operation_once(
        id="startGroup",
        summary="Start a group",
        scope="groups",
        status=201,
        has_location=True,
        body=NewGroupInput,
        body_example={"name": "Tuesday Readers", "resource": "mml-book"},
        answer=GroupOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest) -> Response:
        """I lead it. Every call starts another one, unless it repeats an Idempotency-Key."""
        data, graph = self.read_body(request), current_graph()
        group = actions.create_group(
            user=request.user,
            name=data["name"],
            about=data.get("about", ""),
            time_zone=data.get("time_zone", ""),
            resource=named_resource(graph, data.get("resource")),
            visibility=Visibility(data.get("visibility", Visibility.PRIVATE)),
        )
        card = group_card(user=request.user, group_id=group.public_id, graph=graph)
        return Response(
            group_output(card),
            status=201,
            headers={"Location": reverse("tracker-api:group", args=[group.public_id])},
        )


class Group(ApiView):
    tag = "groups"

    @operation(
        id="getGroup",
        summary="One group",
        scope="read",
        has_etag=True,
        sees=sees_card,
        address=ADDRESS,
        answer=GroupOutput,
        example=EXAMPLE,
    )
    def get(self, request: ApiRequest, id: str) -> HttpResponse:  # noqa: A002  # as the address says
        """A group that I am in, or a public one."""
        card = group_card(user=request.user, group_id=id, graph=current_graph())
        return send_version(request, card.group, group_output(card))

    @operation(
        id="changeGroup",
        summary="Change a group",
        scope="groups",
        sees=sees_group,
        has_etag=True,
        takes_if_match=True,
        address=ADDRESS,
        body=GroupChangeInput,
        body_example={"name": "Wednesday Readers", "open": True},
        answer=GroupOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def patch(self, request: ApiRequest, id: str) -> HttpResponse:  # noqa: A002
        """For leaders. In another time zone due dates keep their day and time of day."""
        graph = current_graph()
        group = group_head(user=request.user, group_id=id, graph=graph).group
        wanted = GroupChangeInput(data=self.read_json(request))
        wanted.is_valid(raise_exception=True)
        actions.edit_group(
            user=request.user,
            group=group,
            version=wanted_version(request, group),
            **wanted.changes(graph),
        )
        card = group_card(user=request.user, group_id=id, graph=graph)
        return send_version(request, card.group, group_output(card))

    @operation(
        id="deleteGroup",
        summary="Delete a group",
        scope="groups",
        sees=sees_group,
        takes_if_match=True,
        status=204,
        address=ADDRESS,
    )
    def delete(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        """For leaders. It is gone for everybody in it, and its codes let nobody in any more."""
        group = group_head(user=request.user, group_id=id, graph=current_graph()).group
        actions.delete_group(user=request.user, group=group, version=wanted_version(request, group))
        return Response(status=204)
