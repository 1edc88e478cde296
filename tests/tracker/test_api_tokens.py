"""Tokens over REST and by the command; what a token may do."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from tests.factories import make_token, make_user
from tracker.actions.tokens import create_token, revoke_token, use_token
from tracker.models import (
    ApiToken,
    Scope,
    User,
)

pytestmark = pytest.mark.django_db
JSON = "application/json"
TOKENS = "/api/v1/me/tokens/"


def with_token(secret, scheme="Bearer"):
    return Client(headers={"Authorization": f"{scheme} {secret}"})


def post(client, **body):
    return client.post(TOKENS, body, content_type=JSON)


def test_a_session_makes_a_token_whose_secret_is_shown_once(ada, ada_browser):
    response = post(ada_browser, name="laptop", scopes=["write", "read"], days=7)

    assert response.status_code == 201
    assert response["Cache-Control"] == "no-store"
    made = response.json()
    secret = made.pop("secret")
    token = ApiToken.objects.get()
    assert made == {
        "id": token.public_id,
        "name": "laptop",
        "scopes": ["read", "write"],
        "prefix": secret[:8],
        "created_at": token.created_at.isoformat().replace("+00:00", "Z"),
        "expires_at": (token.created_at + timedelta(days=7)).isoformat().replace("+00:00", "Z"),
        "last_used_at": None,
    }
    listed = ada_browser.get(TOKENS)
    assert listed.json() == {"count": 1, "next": None, "previous": None, "results": [made]}
    assert secret not in listed.content.decode()
    assert with_token(secret).get("/api/v1/me/").status_code == 200


def test_a_token_is_good_for_ninety_days_unless_said_otherwise(ada_browser):
    post(ada_browser, name="x", scopes=["read"])

    token = ApiToken.objects.get()
    assert token.expires_at - token.created_at == timedelta(days=90)


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"name": ""}, "/name", "blank"),
        ({"name": "a" * 101}, "/name", "max_length"),
        ({"name": "a\nb"}, "/name", "control_char"),
        ({"scopes": []}, "/scopes", "min_length"),
        ({"scopes": ["read", "admin"]}, "/scopes/1", "invalid_choice"),
        ({"scopes": "read"}, "/scopes", "not_a_list"),
        ({"days": 0}, "/days", "min_value"),
        ({"days": 366}, "/days", "max_value"),
        ({"days": None}, "/days", "null"),
        ({"user": 1}, "/user", "unknown_field"),
    ],
)
def test_a_token_that_does_not_fit_is_not_made(ada_browser, changes, pointer, code):
    response = post(ada_browser, **{"name": "x", "scopes": ["read"], **changes})

    assert response.status_code == 400
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [
        (pointer, code)
    ]
    assert not ApiToken.objects.exists()


def test_the_fifty_first_token_is_a_conflict(ada, ada_browser):
    for _ in range(50):
        make_token(ada)

    response = post(ada_browser, name="x", scopes=["read"])

    assert (response.status_code, response.json()["code"]) == (409, "too_many_tokens")


def test_a_revoked_token_is_refused_from_the_next_call_on(ada, ada_browser):
    made = make_token(ada)
    client = with_token(made.secret)
    assert client.get("/api/v1/me/").status_code == 200

    address = f"{TOKENS}{made.token.public_id}/"
    assert ada_browser.delete(address).status_code == 204
    assert ada_browser.delete(address).status_code == 204
    assert client.get("/api/v1/me/").status_code == 401
    assert ada_browser.get(TOKENS).json()["count"] == 0


def test_somebody_elses_token_is_a_404_like_one_that_is_not(ada_browser):
    theirs = make_token(make_user()).token

    answers = [ada_browser.delete(f"{TOKENS}{one}/") for one in (theirs.public_id, "x" * 20)]

    for answer in answers:
        assert answer.status_code == 404
        document = answer.json()
        document.pop("instance")
        assert document == {k: v for k, v in answers[0].json().items() if k != "instance"}
    theirs.refresh_from_db()
    assert theirs.revoked_at is None


def test_others_tokens_are_not_listed(ada_browser):
    make_token(make_user())

    assert ada_browser.get(TOKENS).json()["results"] == []


# --- What a token may do; every call with every scope is tried in tests/test_api_scopes.py -------


def good_for_a_day(user):
    return create_token(user=user, name="x", scopes=list(Scope), days=1)


def bad_headers(user):
    expired = create_token(
        user=user, name="x", scopes=[Scope.READ], days=1, at=timezone.now() - timedelta(days=2)
    )
    revoked = good_for_a_day(user)
    revoke_token(user=user, public_id=revoked.token.public_id)
    good = good_for_a_day(user).secret
    return [
        f"Bearer {expired.secret}",
        f"Bearer {revoked.secret}",
        f"Bearer {good[:-1]}",
        f"Bearer {good}x",
        "Bearer",
        "Bearer mlm_",
        f"Basic {good}",
        f"Token {good}",
        good,
        "",
    ]


@pytest.mark.parametrize("path", ["/topics/", "/", "/schema/", "/docs/", "/me/", "/search/?q=svd"])
def test_a_bad_token_is_refused_even_where_none_is_needed(ada, ada_browser, path):
    for header in bad_headers(ada):
        for client in (Client(), ada_browser):
            response = client.get(f"/api/v1{path}", headers={"Authorization": header})

            assert response.status_code == 401, header
            assert response["WWW-Authenticate"] == 'Bearer realm="mlmath", error="invalid_token"'
            assert response.json()["type"] == "/problems/invalid-token/"


def test_the_token_of_somebody_deactivated_is_refused(ada, ada_api):
    User.objects.update(is_active=False)

    assert ada_api.get("/api/v1/me/").status_code == 401


def test_the_scheme_may_be_written_in_small_letters(ada):
    assert with_token(make_token(ada).secret, scheme="bearer").get("/api/v1/me/").status_code == 200


@pytest.mark.parametrize("name", ["token", "access_token", "api_key"])
def test_no_token_is_taken_from_the_address(ada, name):
    response = Client().get(f"/api/v1/me/?{name}={make_token(ada).secret}")

    assert response.status_code == 401


def test_a_token_opens_no_page(ada_api):
    assert ada_api.get("/admin/").status_code == 302


# --- A browser's session -----------------------------------------------------------------------


def test_a_session_with_the_csrf_token_changes_things(ada):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    client.get("/api/v1/docs/")
    secret = client.cookies["csrftoken"].value

    response = client.put(
        "/api/v1/me/topics/vectors/",
        {"state": "done"},
        content_type=JSON,
        headers={"X-CSRFToken": secret},
    )

    assert response.status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x"],
)
def test_a_session_takes_no_form_with_or_without_csrf_token(ada, content_type):
    for client in (Client(enforce_csrf_checks=True), Client()):
        client.force_login(ada)
        response = client.generic("PATCH", "/api/v1/me/", b'{"name": "Eve"}', content_type)

        assert response.status_code == 415


# --- The command -------------------------------------------------------------------------------


def create(*arguments):
    out, notes = io.StringIO(), io.StringIO()
    call_command("create_token", *arguments, stdout=out, stderr=notes)
    return out.getvalue()


def test_the_command_prints_the_secret_as_its_last_line(ada):
    secret = create("Ada@Example.org", "--name", "cron", "--scopes", "read, write").splitlines()[-1]

    token = use_token(secret=secret)
    assert token is not None
    assert token.user == ada
    assert (token.name, token.scopes) == ("cron", ["read", "write"])
    assert token.expires_at - token.created_at == timedelta(days=90)


def test_the_command_gives_every_scope_unless_told_otherwise(ada):
    create("ada@example.org", "--days", "1")

    token = ApiToken.objects.get()
    assert token.scopes == ["read", "write", "groups"]
    assert token.expires_at - token.created_at == timedelta(days=1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["eve@example.org"], "Nobody with the address eve@example.org has an account here."),
        (["ada@example.org", "--scopes", "read,admin"], "--scopes holds 'admin'."),
        (["ada@example.org", "--scopes", ""], "--scopes is empty."),
        (["ada@example.org", "--days", "0"], "--days is 0. Use a number from 1 to 365."),
        (["ada@example.org", "--days", "366"], "--days is 366."),
        (["ada@example.org", "--name", "a" * 101], "--name takes 1 to 100 characters."),
        (["ada@example.org", "--name", " "], "--name takes 1 to 100 characters."),
        (["ada@example.org", "--name", "a\nb"], "--name: Remove line breaks"),
    ],
)
def test_the_command_says_what_does_not_fit(ada, arguments, sentence):
    with pytest.raises(CommandError) as error:
        create(*arguments)

    assert str(error.value).startswith(sentence)
    assert not ApiToken.objects.exists()
