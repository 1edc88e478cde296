"""What a group's webhooks were told."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from mlmath.errors import BadRequest
from tracker.models import Delivery, DeliveryState, Webhook


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryPage:
    """Some deliveries; `next_cursor` asks for the older ones and is empty at the end."""

    deliveries: tuple[Delivery, ...]
    next_cursor: str


def is_delivery_waiting(*, at: datetime) -> bool:
    """Whether a worker has something to try. One query."""
    return Delivery.objects.filter(
        Q(claimed_until=None) | Q(claimed_until__lte=at),
        Q(webhook__not_before=None) | Q(webhook__not_before__lte=at),
        state=DeliveryState.WAITING,
        due_at__lte=at,
        webhook__disabled_at=None,
        webhook__group__deleted_at=None,
    ).exists()


def deliveries_of(*, webhook: Webhook, size: int, cursor: str = "") -> DeliveryPage:
    """The newest `size` deliveries of `webhook`; with a `cursor`, the id of one, the older ones.

    Raises BadRequest for a cursor that is none of its deliveries. One query, with a cursor two.
    """
    found = webhook.deliveries.order_by("-created_at", "-id")
    if cursor:
        last = webhook.deliveries.filter(public_id=cursor).values_list("created_at", "pk").first()
        if last is None:
            raise BadRequest("This cursor is not one that we gave out. Start again without one.")
        created_at, key = last
        found = found.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=key))
    rows = list(found[: size + 1])
    return DeliveryPage(
        deliveries=tuple(rows[:size]),
        next_cursor=rows[size - 1].public_id if len(rows) > size else "",
    )
