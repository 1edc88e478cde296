"""Doing a call once, however often it is sent."""

import hashlib
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from mlmath.errors import DomainError
from tracker.models import KeptAnswer, User

KEPT_FOR = timedelta(hours=24)


class KeyInUse(DomainError):
    code = "idempotency_key_in_use"


class KeyReused(DomainError):
    code = "idempotency_key_reused"


def take_key(
    *, user: User, key: str, fingerprint: str, at: datetime | None = None
) -> KeptAnswer | None:
    """Hold `key` until the transaction ends; returns the answer it got before, if it did.

    Needs an open transaction, in which the effect and `keep_answer` follow: a process that dies
    leaves neither an effect nor a held key. Raises KeyInUse while another transaction holds it,
    KeyReused if it came with another call. Also removes what `user` has that is a day old.
    """
    at = at or timezone.now()
    if not _try_lock(f"{user.pk} {key}"):
        raise KeyInUse("A call with this key is still running.")
    KeptAnswer.objects.filter(user=user, at__lte=at - KEPT_FOR).delete()
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


def _try_lock(name: str) -> bool:
    """In SQLite transactions take turns from their start, so that nobody can be in between."""
    if connection.vendor != "postgresql":
        return True
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest, signed=True)]
        )
        (is_ours,) = cursor.fetchone()
    return bool(is_ours)
