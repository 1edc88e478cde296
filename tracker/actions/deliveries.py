"""Bringing events to webhooks and chats. Run by the worker, never inside a request.

A delivery is claimed by an UPDATE that compares, so that of several workers one has it; a worker
that dies lets go of it when its claim runs out. The call itself holds no transaction.
"""

import json
import random
import time
from datetime import datetime, timedelta
from urllib.parse import urljoin

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from standardwebhooks import Webhook as Signer

from mlmath.outbound import AddressRefused, Answered, NoAnswer, post
from mlmath.sealing import SealBroken, unseal
from tracker.actions.notices import tell
from tracker.models import Delivery, GroupRole, NoticeKind, User, Webhook, WebhookKind
from tracker.models.webhooks import DeliveryState
from tracker.summaries.chat import discord_message, slack_message
from tracker.summaries.silence import is_silent

CLAIM = timedelta(seconds=60)
# A busy chat takes about one message a second.
REST_BETWEEN = timedelta(seconds=1)
PREVIOUS_SECRET_SIGNS_FOR = timedelta(days=1)
# About 24 hours in all; each wait is up to a fifth longer, so that many do not come back at once.
WAITS = [
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800)
]
LONGEST_JITTER = 0.2
GIVE_UP_ON_WEBHOOK = timedelta(days=3)
GONE = (404, 410)


def deliver_due(*, at: datetime | None = None, seconds: float = 60) -> int:
    """Try what is due, the oldest first; how many attempts. May run in several workers.

    Begins nothing new after so many seconds; an attempt that has begun takes five at most. None
    while the site is silent.
    """
    if is_silent():
        return 0
    tried, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        moment = at or timezone.now()
        delivery = _claim(moment)
        if delivery is None:
            break
        _attempt(delivery, moment)
        tried += 1
    return tried


def _claim(at: datetime) -> Delivery | None:
    is_free = Q(claimed_until=None) | Q(claimed_until__lte=at)
    is_rested = Q(webhook__not_before=None) | Q(webhook__not_before__lte=at)
    while True:
        delivery = (
            Delivery.objects.select_related("webhook__group")
            .filter(
                is_free,
                is_rested,
                state=DeliveryState.WAITING,
                due_at__lte=at,
                webhook__disabled_at=None,
                webhook__group__deleted_at=None,
            )
            .order_by("due_at", "pk")
            .first()
        )
        if delivery is None:
            return None
        with transaction.atomic():
            # One message at a time for each receiver: whoever moves its clock has the turn.
            has_turn = Webhook.objects.filter(
                Q(not_before=None) | Q(not_before__lte=at), pk=delivery.webhook_id
            ).update(not_before=at + REST_BETWEEN)
            if has_turn and Delivery.objects.filter(
                is_free, pk=delivery.pk, state=DeliveryState.WAITING
            ).update(claimed_until=at + CLAIM):
                return delivery


def _attempt(delivery: Delivery, at: datetime) -> None:
    try:
        answered = _send(delivery, at)
    except (NoAnswer, AddressRefused):
        answered = None
    except SealBroken:
        _switch_off(delivery.webhook, "Its address can no longer be read. Make it anew.", at)
        answered = None
    _record(delivery, answered, at)


def _send(delivery: Delivery, at: datetime) -> Answered:
    webhook = delivery.webhook
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "mlmath"}
    url = unseal(webhook.sealed_url)
    if webhook.kind == WebhookKind.PROGRAM:
        body = delivery.body
        headers["webhook-id"] = delivery.message_id
        headers["webhook-timestamp"] = str(int(at.timestamp()))
        headers["webhook-signature"] = " ".join(
            Signer(secret).sign(delivery.message_id, at, body) for secret in _secrets(webhook, at)
        )
    else:
        message = slack_message if webhook.kind == WebhookKind.SLACK else discord_message
        event = json.loads(delivery.body)
        body = json.dumps(message(event, lambda path: urljoin(settings.SITE_URL, path)))
    return post(url, body.encode(), headers)


def _secrets(webhook: Webhook, at: datetime) -> list[str]:
    found = [unseal(webhook.sealed_secret)]
    rotated_at = webhook.rotated_at
    if rotated_at and at < rotated_at + PREVIOUS_SECRET_SIGNS_FOR:
        found.append(unseal(webhook.sealed_previous_secret))
    return found


@transaction.atomic
def _record(delivery: Delivery, answered: Answered | None, at: datetime) -> None:
    status = answered.status if answered else None
    webhook = Webhook.objects.select_for_update().filter(pk=delivery.webhook_id).first()
    if webhook is None:
        return
    delivery.tries += 1
    delivery.last_tried_at, delivery.last_status, delivery.claimed_until = at, status, None
    if status is not None and 200 <= status < 300:
        delivery.state = DeliveryState.DELIVERED
        webhook.failing_since = None
    else:
        webhook.failing_since = webhook.failing_since or at
        if delivery.tries > len(WAITS):
            delivery.state = DeliveryState.FAILED
        else:
            wait = WAITS[delivery.tries - 1]
            delivery.due_at = at + wait * (1 + random.random() * LONGEST_JITTER)  # noqa: S311
        if status == 429:
            rest = timedelta(seconds=(answered and answered.retry_after) or 60)
            webhook.not_before = at + rest
            delivery.due_at = max(delivery.due_at, webhook.not_before)
        if status in GONE:
            delivery.state = DeliveryState.FAILED
            _switch_off(webhook, "The other side says that this address is gone.", at)
        elif webhook.failing_since <= at - GIVE_UP_ON_WEBHOOK:
            _switch_off(webhook, "Nothing has got through for three days.", at)
    webhook.save(update_fields=["failing_since", "not_before"])
    delivery.save(
        update_fields=["tries", "last_tried_at", "last_status", "claimed_until", "state", "due_at"]
    )


def _switch_off(webhook: Webhook, because: str, at: datetime) -> None:
    """Tell it nothing any more, and tell the leaders why."""
    if webhook.disabled_at is not None:
        return
    webhook.disabled_at, webhook.disabled_because = at, because
    webhook.save(update_fields=["disabled_at", "disabled_because"])
    leaders = User.objects.filter(
        memberships__group=webhook.group_id, memberships__role=GroupRole.LEADER
    )
    tell(
        people=leaders,
        kind=NoticeKind.ASSIGNMENT,
        key=f"webhook-off:{webhook.public_id}:{int(at.timestamp())}",
        text=f"“{webhook.name}” is switched off. {because}",
        address=f"/groups/{webhook.group.public_id}/webhooks/",
        group=webhook.group,
        at=at,
    )
