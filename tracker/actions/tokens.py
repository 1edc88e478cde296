"""Making, using and revoking API tokens."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import router, transaction
from django.db.models import Q
from django.utils import timezone

from mlmath.errors import DomainError
from mlmath.statements import Statement
from tracker.actions.mail import mail_about_token
from tracker.models import ApiToken, Scope, User
from tracker.models.secret import digest_of, is_well_formed, new_secret

MAXIMUM_DAYS = 365
DEFAULT_DAYS = 90
MAXIMUM_LIVE_TOKENS = 50
VISIBLE_PREFIX_LENGTH = 8
# Knowing the hour is enough to see whether a token is still in use, and spares a write per call.
LAST_USED_PRECISION = timedelta(hours=1)


class TooManyTokens(DomainError):
    code = "too_many_tokens"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewToken:
    """A token with its secret, which is nowhere else and never to be had again."""

    token: ApiToken
    secret: str


@transaction.atomic
def create_token(
    *,
    user: User,
    name: str,
    scopes: Collection[Scope],
    days: int = DEFAULT_DAYS,
    at: datetime | None = None,
) -> NewToken:
    """Make a token for `user` that is good for `days` days (1 to 365).

    Every call makes another one and tells them by mail. Raises TooManyTokens beyond 50 live ones.
    Locks the person's row.
    """
    if not 1 <= days <= MAXIMUM_DAYS:
        raise ValueError(f"days must be between 1 and {MAXIMUM_DAYS}")
    at = at or timezone.now()
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    live = user.api_tokens.filter(revoked_at=None, expires_at__gt=at)
    if live.count() >= MAXIMUM_LIVE_TOKENS:
        raise TooManyTokens(
            f"You have {MAXIMUM_LIVE_TOKENS} tokens already. Revoke one that you no longer use."
        )
    secret = new_secret()
    token = ApiToken.objects.create(
        user=user,
        name=name,
        scopes=[scope.value for scope in Scope if scope in scopes],
        digest=digest_of(secret),
        prefix=secret[:VISIBLE_PREFIX_LENGTH],
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    mail_about_token(token=token, at=at)
    return NewToken(token=token, secret=secret)


def revoke_token(*, user: User, public_id: str, at: datetime | None = None) -> bool:
    """Revoke a token of `user`; False when they have none of that id. Repeating keeps the time."""
    token = user.api_tokens.filter(public_id=public_id)
    token.filter(revoked_at=None).update(revoked_at=at or timezone.now())
    return token.exists()


_TOKEN_FIELDS = [field.attname for field in ApiToken._meta.concrete_fields]
_USER_FIELDS = [field.attname for field in User._meta.concrete_fields]
# Each call with a token begins with it; the key is no part of it.
_by_digest = Statement(
    ApiToken,
    lambda _, digest: (
        ApiToken.objects.filter(digest=digest, revoked_at=None, user__is_active=True)
        .order_by()
        .values_list(*_TOKEN_FIELDS, *(f"user__{name}" for name in _USER_FIELDS))
    ),
    takes_text=True,
)


def _live_token(digest: str, at: datetime) -> ApiToken | None:
    alias = router.db_for_read(ApiToken)
    for row in _by_digest.rows(0, digest):
        token = ApiToken.from_db(alias, _TOKEN_FIELDS, row[: len(_TOKEN_FIELDS)])
        token.user = User.from_db(alias, _USER_FIELDS, row[len(_TOKEN_FIELDS) :])
        if token.expires_at > at:
            return token
    return None


def use_token(*, secret: str, at: datetime | None = None) -> ApiToken | None:
    """The live token of that secret with its person; None for any other. One or two queries."""
    if not is_well_formed(secret):
        return None
    at = at or timezone.now()
    token = _live_token(digest_of(secret), at)
    if token is not None:
        not_lately = Q(last_used_at=None) | Q(last_used_at__lt=at - LAST_USED_PRECISION)
        if token.last_used_at is None or token.last_used_at < at - LAST_USED_PRECISION:
            ApiToken.objects.filter(not_lately, pk=token.pk).update(last_used_at=at)
    return token
