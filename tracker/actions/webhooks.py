"""Webhooks of a group: made, removed, tried, and what they are told."""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.graph import current_graph
from mlmath.errors import DomainError, NotFound
from mlmath.outbound import AddressRefused, check_outbound
from mlmath.sealing import seal
from tracker.actions.locking import lock_leadership
from tracker.models import Assignment, Delivery, GroupEvent, StudyGroup, User, Webhook, WebhookKind
from tracker.models.ids import new_public_id
from tracker.models.webhooks import DeliveryState
from tracker.summaries.assignment_events import assignments_data

MAXIMUM_WEBHOOKS = 10
_SECRET_BYTES = 32
_CHATS = {
    WebhookKind.SLACK: (
        re.compile(r"https://hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]+"),
        "An address of Slack looks like https://hooks.slack.com/services/T…/B…/…",
    ),
    WebhookKind.DISCORD: (
        re.compile(r"https://(?:discord|discordapp)\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]+"),
        "An address of Discord looks like https://discord.com/api/webhooks/…/…",
    ),
}


class TooManyWebhooks(DomainError):
    code = "too_many_webhooks"


class WebhookThere(DomainError):
    code = "webhook_there"


class WebhookDisabled(DomainError):
    code = "webhook_disabled"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewWebhook:
    """A webhook with the secret that signs what it is told: shown this once, "" for a chat."""

    webhook: Webhook
    secret: str


def create_webhook(
    *,
    user: User,
    group: StudyGroup,
    kind: WebhookKind,
    name: str,
    url: str,
    events: Collection[GroupEvent],
    at: datetime | None = None,
) -> NewWebhook:
    """Let `group` tell `url` about `events`.

    Raises ValidationError for an address that must not be called, and what lock_leadership raises;
    WebhookThere for an address that the group has already, so that a second press makes no second
    one; TooManyWebhooks beyond 10. The address is looked up before the transaction begins.
    """
    check_url(kind, url)
    with transaction.atomic():
        lock_leadership(group=group, user=user)
        digest = hashlib.sha256(url.encode()).hexdigest()
        if group.webhooks.filter(url_digest=digest).exists():
            raise WebhookThere("The group has a webhook with this address already.")
        if group.webhooks.count() >= MAXIMUM_WEBHOOKS:
            raise TooManyWebhooks(
                f"A group has at most {MAXIMUM_WEBHOOKS} webhooks. Remove one that is not needed."
            )
        secret = "" if kind in _CHATS else new_webhook_secret()
        webhook = Webhook(
            group=group,
            kind=kind,
            name=name,
            sealed_url=seal(url),
            url_digest=digest,
            shown_url=masked(url),
            sealed_secret=seal(secret) if secret else "",
            events=sorted(events),
            created_by=user,
            created_at=at or timezone.now(),
        )
        webhook.clean_fields()
        webhook.save()
    return NewWebhook(webhook=webhook, secret=secret)


@transaction.atomic
def remove_webhook(*, user: User, group: StudyGroup, public_id: str) -> None:
    """Tell it nothing any more; what still waits for it goes too. Raises NotFound."""
    lock_leadership(group=group, user=user, is_archive_fine=True)
    webhook_of(group, public_id).delete()


@transaction.atomic
def rotate_secret(
    *, user: User, group: StudyGroup, public_id: str, at: datetime | None = None
) -> NewWebhook:
    """A new secret; the one before signs along for a day, so that nothing is missed meanwhile.

    Raises NotFound for a chat, which has no secret.
    """
    lock_leadership(group=group, user=user)
    webhook = webhook_of(group, public_id)
    if webhook.kind in _CHATS:
        raise NotFound
    secret = new_webhook_secret()
    webhook.sealed_previous_secret, webhook.sealed_secret = webhook.sealed_secret, seal(secret)
    webhook.rotated_at = at or timezone.now()
    webhook.save(update_fields=["sealed_previous_secret", "sealed_secret", "rotated_at"])
    return NewWebhook(webhook=webhook, secret=secret)


@transaction.atomic
def enable_webhook(*, user: User, group: StudyGroup, public_id: str) -> Webhook:
    """Tell it again what happens from now on. May be repeated."""
    lock_leadership(group=group, user=user)
    webhook = webhook_of(group, public_id)
    webhook.disabled_at, webhook.disabled_because, webhook.failing_since = None, "", None
    webhook.save(update_fields=["disabled_at", "disabled_because", "failing_since"])
    return webhook


@transaction.atomic
def try_webhook(
    *, user: User, group: StudyGroup, public_id: str, at: datetime | None = None
) -> Delivery:
    """Tell it `webhook.tested`. Raises WebhookDisabled."""
    lock_leadership(group=group, user=user)
    webhook = _enabled(webhook_of(group, public_id))
    at = at or timezone.now()
    data = {"by": user.public_id}
    return _delivery(webhook, GroupEvent.WEBHOOK_TESTED, new_public_id(), group, data, at)


@transaction.atomic
def redeliver(
    *, user: User, group: StudyGroup, public_id: str, delivery_id: str, at: datetime | None = None
) -> Delivery:
    """Send the same message once more, under its own message id, from the first attempt on.

    May be repeated: one that waits already stays as it is. Raises NotFound and WebhookDisabled.
    """
    lock_leadership(group=group, user=user)
    webhook = _enabled(webhook_of(group, public_id))
    delivery = webhook.deliveries.select_for_update().filter(public_id=delivery_id).first()
    if delivery is None:
        raise NotFound
    if delivery.state != DeliveryState.WAITING:
        delivery.state, delivery.tries = DeliveryState.WAITING, 0
        delivery.due_at = at or timezone.now()
        delivery.save(update_fields=["state", "tries", "due_at"])
    return delivery


def emit(
    *,
    group: StudyGroup,
    event: GroupEvent,
    key: str,
    data: Mapping[str, object],
    at: datetime | None = None,
) -> None:
    """Write down what happened for every webhook of `group` that wants to know.

    Call it in the transaction of what happened: it is told only if that is committed, and once per
    `key`. `data` is JSON with a `title` and the local address `path`. Two queries, one without
    a webhook.
    """
    at = at or timezone.now()
    wanted = [
        webhook
        for webhook in Webhook.objects.filter(group=group, disabled_at=None)
        if event in webhook.events
    ]
    if wanted:
        Delivery.objects.bulk_create(
            [_unsaved(webhook, event, key, group, data, at) for webhook in wanted],
            ignore_conflicts=True,
        )


def emit_assignments(
    *,
    group: StudyGroup,
    event: GroupEvent,
    rows: Sequence[Assignment],
    key: str,
    at: datetime | None = None,
) -> None:
    """The same about assignments of `group`: one event for all of them, none for no rows."""
    shown = [row for row in rows if not row.is_draft]
    if shown:
        data = assignments_data(group, shown, current_graph())
        emit(group=group, event=event, key=key, data=data, at=at)


def retract(*, group: StudyGroup, event: GroupEvent, keys: Iterable[str]) -> None:
    """Forget events with what they say: what they are about is gone. What has been told stays told.

    One query.
    """
    names = [f"{event}:{key}" for key in keys]
    Delivery.objects.filter(webhook__group=group, key__in=names).delete()


def check_url(kind: WebhookKind, url: str) -> None:
    """Raises ValidationError, by field, for an address that such a webhook must not have."""
    pattern, sentence = _CHATS.get(kind, (None, ""))
    if pattern and not pattern.fullmatch(url) and not settings.OUTBOUND_MAY_BE_LOCAL:
        raise ValidationError({"url": ValidationError(sentence, code="address_refused")})
    try:
        check_outbound(url)
    except AddressRefused as error:
        raise ValidationError(
            {"url": ValidationError(str(error), code="address_refused")}
        ) from None


def new_webhook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def masked(url: str) -> str:
    """The host and the beginning of the path: enough to know it again, too little to use it."""
    split = urlsplit(url)
    path = split.path if len(split.path) <= 1 else f"{split.path[:12]}…"
    return f"{split.scheme}://{split.netloc}{path}"[:200]


def webhook_of(group: StudyGroup, public_id: str) -> Webhook:
    """Raises NotFound for one of another group."""
    webhook = group.webhooks.filter(public_id=public_id).first()
    if webhook is None:
        raise NotFound
    return webhook


def _enabled(webhook: Webhook) -> Webhook:
    if webhook.disabled_at is not None:
        raise WebhookDisabled("This webhook is switched off. Switch it on again first.")
    return webhook


def _delivery(
    webhook: Webhook,
    event: GroupEvent,
    key: str,
    group: StudyGroup,
    data: Mapping[str, object],
    at: datetime,
) -> Delivery:
    delivery = _unsaved(webhook, event, key, group, data, at)
    delivery.save()
    return delivery


def _unsaved(
    webhook: Webhook,
    event: GroupEvent,
    key: str,
    group: StudyGroup,
    data: Mapping[str, object],
    at: datetime,
) -> Delivery:
    body = {
        "type": event,
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "data": {"group": {"id": group.public_id, "name": group.name}, **data},
    }
    return Delivery(
        webhook=webhook,
        event=event,
        key=f"{event}:{key}",
        message_id=f"msg_{new_public_id()}",
        body=json.dumps(body, ensure_ascii=False),
        created_at=at,
        due_at=at,
    )
