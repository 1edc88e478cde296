"""Tokens: made once, good for a while, never seen again."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import make_token, make_user
from tracker.actions.tokens import (
    MAXIMUM_LIVE_TOKENS,
    TooManyTokens,
    create_token,
    revoke_token,
    use_token,
)
from tracker.models import ApiToken, Scope
from tracker.models.secret import digest_of, is_well_formed, new_secret

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def token_of(user, **changes):
    wanted = {"user": user, "name": "script", "scopes": [Scope.READ], "at": NOW} | changes
    return create_token(**wanted)


def test_a_secret_is_shown_once_and_kept_as_a_digest(ada):
    made = token_of(ada)

    kept = ApiToken.objects.get()
    assert made.secret.startswith("mlm_")
    assert len(made.secret) == 42
    assert kept.digest == digest_of(made.secret)
    assert kept.prefix == made.secret[:8]
    assert made.secret not in str(vars(kept))


def test_a_token_is_good_for_ninety_days_unless_told_otherwise(ada):
    assert token_of(ada).token.expires_at == NOW + timedelta(days=90)
    assert token_of(ada, days=1).token.expires_at == NOW + timedelta(days=1)


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_token_lives_between_a_day_and_a_year(ada, days):
    with pytest.raises(ValueError, match="between 1 and 365"):
        token_of(ada, days=days)

    assert not ApiToken.objects.exists()


def test_scopes_are_kept_once_and_in_their_order(ada):
    made = token_of(ada, scopes=[Scope.GROUPS, Scope.READ, Scope.READ])

    assert made.token.scopes == ["read", "groups"]


def test_the_secret_finds_its_token_and_person(ada):
    made = token_of(ada)

    found = use_token(secret=made.secret, at=NOW)

    assert found == made.token
    assert found.user == ada


def test_using_a_token_is_noted_once_an_hour(ada):
    secret = token_of(ada).secret
    soon, later = NOW + timedelta(minutes=59), NOW + timedelta(minutes=61)

    use_token(secret=secret, at=NOW)
    use_token(secret=secret, at=soon)
    assert ApiToken.objects.get().last_used_at == NOW
    use_token(secret=secret, at=later)
    assert ApiToken.objects.get().last_used_at == later


@pytest.mark.parametrize("seconds", [0, 1])
def test_an_expired_token_opens_nothing(ada, seconds):
    made = token_of(ada, days=1)

    assert use_token(secret=made.secret, at=NOW + timedelta(days=1, seconds=seconds)) is None


def test_a_revoked_token_opens_nothing_and_keeps_its_first_time(ada):
    made = token_of(ada)
    later = NOW + timedelta(hours=1)

    assert revoke_token(user=ada, public_id=made.token.public_id, at=NOW)
    assert revoke_token(user=ada, public_id=made.token.public_id, at=later)

    assert use_token(secret=made.secret, at=NOW) is None
    assert ApiToken.objects.get().revoked_at == NOW


def test_nobody_revokes_the_token_of_others(ada):
    made = make_token(make_user())

    assert not revoke_token(user=ada, public_id=made.token.public_id)
    assert use_token(secret=made.secret) is not None


def test_the_token_of_a_deactivated_person_opens_nothing(ada):
    made = token_of(ada)
    ada.is_active = False
    ada.save()

    assert use_token(secret=made.secret, at=NOW) is None


@pytest.mark.parametrize(
    "secret",
    ["", "mlm_", "mlm_" + "0" * 38, new_secret()[:-1] + "!", new_secret() + "0", "Ω" * 42],
    ids=["nothing", "bare", "sum", "sign", "long", "letters"],
)
def test_a_mistyped_secret_costs_no_query(ada, secret, django_assert_num_queries):
    assert not is_well_formed(secret)
    with django_assert_num_queries(0):
        assert use_token(secret=secret) is None


def test_secrets_are_well_formed_and_differ():
    made = {new_secret() for _ in range(100)}

    assert len(made) == 100
    assert all(is_well_formed(secret) for secret in made)


def test_one_wrong_letter_is_noticed():
    secret = new_secret()
    wrong = secret[:10] + ("a" if secret[10] != "a" else "b") + secret[11:]

    assert not is_well_formed(wrong)


def test_there_is_a_limit_to_live_tokens_only(ada):
    for _ in range(MAXIMUM_LIVE_TOKENS):
        token_of(ada, days=1)

    with pytest.raises(TooManyTokens):
        token_of(ada)
    assert token_of(ada, at=NOW + timedelta(days=2))
