"""Webhooks of a group: managed here, delivered by the worker."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from rest_framework import serializers
from rest_framework.response import Response

from catalog.graph import current_graph
from mlmath.errors import BadRequest, PermissionDenied
from mlmath.outbound import MAXIMUM_ADDRESS_LENGTH
from mlmath.rest.answers import Also, Answer, CursorPage, Page
from mlmath.rest.fields import Choice, Input, Line, Text
from mlmath.rest.operations import operation
from mlmath.rest.pages import cursor_page, cursor_paging, page_of, unknown_cursor
from mlmath.rest.problems import CONFLICT
from mlmath.rest.query import PAGE_SIZE, PAGING
from mlmath.rest.views import ApiView
from tracker.actions import webhooks as actions
from tracker.actions.webhooks import NewWebhook, webhook_of
from tracker.api.authentication import ApiRequest
from tracker.api.finding import sees_group
from tracker.api.groups import EXAMPLE as GROUP
from tracker.api.idempotency import operation_once
from tracker.models import Delivery, DeliveryState, GroupEvent, StudyGroup, Webhook, WebhookKind
from tracker.models.webhooks import MAXIMUM_WEBHOOK_NAME_LENGTH
from tracker.summaries.members import group_head
from tracker.summaries.webhooks import deliveries_of

EVENTS = tuple(GroupEvent.values)


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookOutput(Answer):
    """Where a group tells what happens. `url` is masked. A `disabled` one is told nothing, and
    `disabled_because` says why."""

    id: str
    kind: Annotated[str, Also(enum=list(WebhookKind.values))]
    name: str
    url: str
    events: list[Annotated[str, Also(enum=list(EVENTS))]]
    created_at: datetime
    disabled: bool
    disabled_because: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewWebhookOutput(WebhookOutput):
    """A webhook with the secret that signs what it is told, shown this once; empty for a chat."""

    secret: str


class WebhookInput(Input):
    """{"url", "name"? , "kind"? ("program" by default), "events"? (all by default)}."""

    url = Text(max_length=MAXIMUM_ADDRESS_LENGTH)
    name = Line(required=False, max_length=MAXIMUM_WEBHOOK_NAME_LENGTH)
    kind = Choice(required=False, choices=WebhookKind.values)
    events = serializers.ListField(
        child=Choice(choices=EVENTS), required=False, min_length=1, max_length=len(EVENTS)
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryOutput(Answer):
    """One event for one webhook. `message_id` is the `webhook-id` header of every attempt;
    `last_status` is null where no answer came."""

    id: str
    event: Annotated[str, Also(enum=list(EVENTS))]
    message_id: str
    state: Annotated[str, Also(enum=list(DeliveryState.values))]
    tries: Annotated[int, Also(minimum=0)]
    created_at: datetime
    due_at: datetime
    last_tried_at: datetime | None
    last_status: int | None


def webhook_output(webhook: Webhook) -> WebhookOutput:
    return WebhookOutput(
        id=webhook.public_id,
        kind=webhook.kind,
        name=webhook.name,
        url=webhook.shown_url,
        events=webhook.events,
        created_at=webhook.created_at,
        disabled=webhook.disabled_at is not None,
        disabled_because=webhook.disabled_because,
    )


def new_webhook_output(new: NewWebhook) -> NewWebhookOutput:
    row = webhook_output(new.webhook)
    return NewWebhookOutput(
        id=row.id,
        kind=row.kind,
        name=row.name,
        url=row.url,
        events=row.events,
        created_at=row.created_at,
        disabled=row.disabled,
        disabled_because=row.disabled_because,
        secret=new.secret,
    )


def delivery_output(delivery: Delivery) -> DeliveryOutput:
    return DeliveryOutput(
        id=delivery.public_id,
        event=delivery.event,
        message_id=delivery.message_id,
        state=delivery.state,
        tries=delivery.tries,
        created_at=delivery.created_at,
        due_at=delivery.due_at,
        last_tried_at=delivery.last_tried_at,
        last_status=delivery.last_status,
    )


EXAMPLE = WebhookOutput(
    id="w5h8k2n7q4t9x3m6p2v8",
    kind=WebhookKind.PROGRAM,
    name="Our bot",
    url="https://bot.example.org/mlmath",
    events=[GroupEvent.ASSIGNMENT_PUBLISHED, GroupEvent.QUESTION_ASKED],
    created_at=datetime(2026, 11, 20, 19, 15, tzinfo=UTC),
    disabled=False,
    disabled_because="",
)
_NEW_EXAMPLE = NewWebhookOutput(
    id=EXAMPLE.id,
    kind=EXAMPLE.kind,
    name=EXAMPLE.name,
    url=EXAMPLE.url,
    events=EXAMPLE.events,
    created_at=EXAMPLE.created_at,
    disabled=False,
    disabled_because="",
    secret="whsec_" + "x" * 44,
)
DELIVERY_EXAMPLE = DeliveryOutput(
    id="d3k7m2x8q5t9w4n6p2v7",
    event=GroupEvent.QUESTION_ASKED,
    message_id="msg_t6w2k8m4x7c3n9q5b2h6",
    state=DeliveryState.DELIVERED,
    tries=1,
    created_at=datetime(2026, 11, 20, 19, 20, tzinfo=UTC),
    due_at=datetime(2026, 11, 20, 19, 20, tzinfo=UTC),
    last_tried_at=datetime(2026, 11, 20, 19, 20, 2, tzinfo=UTC),
    last_status=204,
)
_GROUP = {"id": ("The group", GROUP.id)}
_WEBHOOK = {**_GROUP, "webhook": ("The webhook", EXAMPLE.id)}
_DELIVERY = {**_WEBHOOK, "delivery": ("The delivery", DELIVERY_EXAMPLE.id)}


def _led_group(request: ApiRequest, group_id: str) -> StudyGroup:
    head = group_head(user=request.user, group_id=group_id, graph=current_graph())
    if not head.leads:
        raise PermissionDenied("Only leaders of the group can see and change its webhooks.")
    return head.group


class Webhooks(ApiView):
    tag = "webhooks"

    @operation(
        id="listWebhooks",
        summary="The webhooks of a group",
        scope="read",
        sees=sees_group,
        address=_GROUP,
        query=PAGING,
        answer=Page[WebhookOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: ApiRequest, id: str) -> Response:  # noqa: A002  # as the address says
        """For leaders. The oldest first."""
        group = _led_group(request, id)
        return Response(page_of(request, self.query, group.webhooks.all(), webhook_output))

    @operation_once(
        shows_secret=True,
        id="createWebhook",
        summary="Let a group tell an address what happens",
        scope="groups",
        sees=sees_group,
        status=201,
        address=_GROUP,
        body=WebhookInput,
        body_example={
            "url": EXAMPLE.url,
            "name": EXAMPLE.name,
            "events": ["assignment.published", "question.asked"],
        },
        answer=NewWebhookOutput,
        example=_NEW_EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        """The address has to be https on its usual port and lead to the public internet; one that
        does not is a 400. The secret is in this answer and nowhere else."""
        group = _led_group(request, id)
        data = self.read_body(request)
        made = actions.create_webhook(
            user=request.user,
            group=group,
            kind=WebhookKind(data.get("kind", WebhookKind.PROGRAM)),
            name=data.get("name", "Webhook"),
            url=data["url"],
            events=[GroupEvent(event) for event in data.get("events", EVENTS)],
        )
        return Response(new_webhook_output(made), status=201)


class WebhookOfGroup(ApiView):
    tag = "webhooks"

    @operation(
        id="removeWebhook",
        summary="Remove a webhook",
        scope="groups",
        sees=sees_group,
        status=204,
        address=_WEBHOOK,
    )
    def delete(self, request: ApiRequest, id: str, webhook: str) -> Response:  # noqa: A002
        """What waits for it is not sent any more."""
        group = _led_group(request, id)
        actions.remove_webhook(user=request.user, group=group, public_id=webhook)
        return Response(status=204)


class WebhookSecret(ApiView):
    tag = "webhooks"

    @operation_once(
        shows_secret=True,
        id="rotateWebhookSecret",
        summary="Take a new secret",
        scope="groups",
        sees=sees_group,
        status=201,
        address=_WEBHOOK,
        answer=NewWebhookOutput,
        example=_NEW_EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str, webhook: str) -> Response:  # noqa: A002
        """For a day messages are signed with the old secret too, so that none is refused while you
        change over. A chat has no secret: that is a 404."""
        group = _led_group(request, id)
        made = actions.rotate_secret(user=request.user, group=group, public_id=webhook)
        return Response(new_webhook_output(made), status=201)


class EnabledWebhook(ApiView):
    tag = "webhooks"

    @operation(
        id="enableWebhook",
        summary="Tell a disabled webhook again",
        scope="groups",
        sees=sees_group,
        address=_WEBHOOK,
        answer=WebhookOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str, webhook: str) -> Response:  # noqa: A002
        """It is told what happens from now on. Repeating it changes nothing."""
        group = _led_group(request, id)
        enabled = actions.enable_webhook(user=request.user, group=group, public_id=webhook)
        return Response(webhook_output(enabled))


class WebhookTest(ApiView):
    tag = "webhooks"

    @operation_once(
        id="tryWebhook",
        summary="Send a test",
        scope="groups",
        sees=sees_group,
        status=201,
        address=_WEBHOOK,
        answer=DeliveryOutput,
        example=DELIVERY_EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str, webhook: str) -> Response:  # noqa: A002
        """It is told `webhook.tested` within a few seconds. A disabled one is a 409."""
        group = _led_group(request, id)
        delivery = actions.try_webhook(user=request.user, group=group, public_id=webhook)
        return Response(delivery_output(delivery), status=201)


class Deliveries(ApiView):
    tag = "webhooks"

    @operation(
        id="listDeliveries",
        summary="What a webhook was told, the newest first",
        scope="read",
        sees=sees_group,
        address=_WEBHOOK,
        query=cursor_paging(DELIVERY_EXAMPLE.id),
        answer=CursorPage[DeliveryOutput],
        example=CursorPage(next=None, results=[DELIVERY_EXAMPLE]),
    )
    def get(self, request: ApiRequest, id: str, webhook: str) -> Response:  # noqa: A002
        """Kept for 30 days. What the other side answered is not kept but for its status."""
        group = _led_group(request, id)
        try:
            page = deliveries_of(
                webhook=webhook_of(group, webhook),
                size=self.query.whole("page_size", PAGE_SIZE),
                cursor=self.query.text("cursor"),
            )
        except BadRequest as error:
            raise unknown_cursor(str(error)) from None
        results = [delivery_output(delivery) for delivery in page.deliveries]
        return Response(cursor_page(request, self.query, results, following=page.next_cursor))


class Redelivery(ApiView):
    tag = "webhooks"

    @operation(
        id="redeliver",
        summary="Send a message once more",
        scope="groups",
        sees=sees_group,
        address=_DELIVERY,
        answer=DeliveryOutput,
        example=DELIVERY_EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(
        self,
        request: ApiRequest,
        id: str,  # noqa: A002
        webhook: str,
        delivery: str,
    ) -> Response:
        """Under its own message id, so that the other side can tell that it had it before. One that
        is waiting stays as it is."""
        group = _led_group(request, id)
        again = actions.redeliver(
            user=request.user, group=group, public_id=webhook, delivery_id=delivery
        )
        return Response(delivery_output(again))
