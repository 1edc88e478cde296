"""Doing a call once, however often it is sent."""

from datetime import datetime

from django.utils import timezone

from mlmath.errors import DomainError
from tracker.actions.locking import lock_name
from tracker.models import KeptAnswer, User, retention


class KeyInUse(DomainError):
    code = "idempotency_key_in_use"


class KeyReused(DomainError):
    code = "idempotency_key_reused"


def take_key(
    *, user: User, key: str, fingerprint: str, waits: bool = False, at: datetime | None = None
) -> KeptAnswer | None:
    """Hold `key` until the transaction ends; returns the answer it got before, if it did.

    Needs an open transaction, in which the effect and `keep_answer` follow: a process that dies
    leaves neither an effect nor a held key. Raises KeyInUse while another transaction holds it,
    unless the call `waits` for that one to end, and KeyReused if it came with another call. Also
    removes what `user` has that is a day old.
    """
    at = at or timezone.now()
    if not lock_name(f"{user.pk} {key}", waits=waits):
        raise KeyInUse("A call with this key is still running.")
    KeptAnswer.objects.filter(user=user, at__lte=at - retention.KEPT_ANSWERS).delete()
    kept = KeptAnswer.objects.filter(user=user, key=key).first()
    if kept is not None and kept.fingerprint != fingerprint:
        raise KeyReused("This key came with another call before. Take a new one.")
    return kept


def keep_answer(
    *,
    user: User,
    key: str,
    fingerprint: str,
    status: int,
    location: str = "",
    body: str = "",
    at: datetime | None = None,
) -> KeptAnswer:
    """Keep what was answered, in the transaction of its effect; a blank `body` for a secret."""
    return KeptAnswer.objects.create(
        user=user,
        key=key,
        fingerprint=fingerprint,
        status=status,
        location=location,
        body=body,
        at=at or timezone.now(),
    )
