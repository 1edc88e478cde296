"""Keeping back everything that would leave the site, and letting it speak again."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from tracker.models import Delivery, DeliveryState, Notice, Outcome, Outgoing, Silence


@transaction.atomic
def fall_silent(*, because: str, at: datetime | None = None) -> None:
    """Let nothing leave the site from now on, until `speak_again`. May be repeated.

    What was waiting to leave is given up, mail and calls alike: the site from which the database
    was copied has sent it, or will.
    """
    at = at or timezone.now()
    if not Silence.objects.filter(ended_at=None).exists():
        Silence.objects.create(since=at, because=because)
    Outgoing.objects.filter(ended_at=None).update(ended_at=at, outcome=Outcome.DROPPED, payload={})
    Delivery.objects.filter(state=DeliveryState.WAITING).update(
        state=DeliveryState.FAILED, claimed_until=None
    )
    Notice.objects.exclude(mail_after=None).update(mail_after=None)


@transaction.atomic
def speak_again(*, at: datetime | None = None) -> bool:
    """End the silence; whether there was one. May be repeated.

    What was written during the silence leaves now, as far as it is still wanted.
    """
    return bool(Silence.objects.filter(ended_at=None).update(ended_at=at or timezone.now()))
