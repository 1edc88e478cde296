"""Me over REST: profile and account."""

import time

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client

from catalog.graph import forget_graph
from catalog.models import Role
from tests.factories import PASSWORD, make_token, make_user
from tracker.actions.deletions import erase_deleted
from tracker.actions.progress import Mark, mark_topics
from tracker.models import Activity, ApiToken, Scope, Source, TopicProgress, TopicState, User

pytestmark = pytest.mark.django_db
JSON = "application/json"
ME = "/api/v1/me/"


def patch(client, body):
    return client.patch(ME, body, content_type=JSON)


def test_me_has_exactly_these_fields(ada, ada_api):
    response = ada_api.get(ME)

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert response.json() == {
        "id": ada.public_id,
        "email": "ada@example.org",
        "name": "Ada Lovelace",
        "role": None,
        "minutes_per_day": None,
        "study_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "days_off": [],
        "time_zone": "UTC",
        "show_dates": True,
        "reviews_per_day": 0,
    }


def test_patch_changes_what_it_names_and_nothing_else(ada, ada_api):
    changes = {
        "name": "Ada 🌻",
        "role": "data-scientist",
        "minutes_per_day": 45,
        "study_days": ["sat", "mon"],
        "days_off": ["2026-12-25", "2026-12-24", "2026-12-25"],
        "time_zone": "Europe/London",
        "show_dates": False,
        "reviews_per_day": 5,
    }

    response = patch(ada_api, changes)

    assert response.status_code == 200
    assert response.json() == changes | {
        "id": ada.public_id,
        "email": "ada@example.org",
        "study_days": ["mon", "sat"],
        "days_off": ["2026-12-24", "2026-12-25"],
    }
    assert ada_api.get(ME).json() == response.json()
    assert patch(ada_api, {"minutes_per_day": None, "role": None}).json() == response.json() | {
        "minutes_per_day": None,
        "role": None,
    }
    assert patch(ada_api, {}).status_code == 200


def test_an_old_slug_of_a_role_stands_for_the_new_one(ada_api, catalog):
    Role.objects.filter(slug="data-scientist").update(former_slugs=["statistician"])
    forget_graph()

    assert patch(ada_api, {"role": "statistician"}).json()["role"] == "data-scientist"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"name": "a" * 201}, "/name", "max_length"),
        ({"name": "a\nb"}, "/name", "control_char"),
        ({"name": "a\0b"}, "/name", "control_char"),
        ({"name": 5}, "/name", "invalid"),
        ({"name": None}, "/name", "null"),
        ({"role": "astronaut"}, "/role", "unknown_role"),
        ({"role": 1}, "/role", "invalid"),
        ({"minutes_per_day": 0}, "/minutes_per_day", "min_value"),
        ({"reviews_per_day": -1}, "/reviews_per_day", "min_value"),
        ({"reviews_per_day": 101}, "/reviews_per_day", "max_value"),
        ({"minutes_per_day": 1441}, "/minutes_per_day", "max_value"),
        ({"minutes_per_day": "45"}, "/minutes_per_day", "invalid"),
        ({"minutes_per_day": 4.5}, "/minutes_per_day", "invalid"),
        ({"minutes_per_day": True}, "/minutes_per_day", "invalid"),
        ({"minutes_per_day": 10**400}, "/minutes_per_day", "max_value"),
        ({"study_days": ["mon", "Tue"]}, "/study_days/1", "invalid_choice"),
        ({"study_days": "mon"}, "/study_days", "not_a_list"),
        ({"study_days": ["mon"] * 8}, "/study_days", "max_length"),
        ({"days_off": ["2026-12-24", "24.12.2026"]}, "/days_off/1", "invalid"),
        ({"days_off": ["2026-02-30"]}, "/days_off/0", "invalid"),
        ({"days_off": ["2026-W01-1"]}, "/days_off/0", "invalid"),
        ({"days_off": ["2026-12-24"] * 367}, "/days_off", "max_length"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone", "unknown_time_zone"),
        ({"show_dates": "yes"}, "/show_dates", "invalid"),
        ({"email": "eve@example.org"}, "/email", "unknown_field"),
        ({"id": "x"}, "/id", "unknown_field"),
        ({"is_staff": True}, "/is_staff", "unknown_field"),
        ({"a/b~c": 1}, "/a~1b~0c", "unknown_field"),
    ],
)
def test_patch_points_to_what_does_not_fit_and_changes_nothing(ada, ada_api, body, pointer, code):
    before = ada_api.get(ME).json()

    response = patch(ada_api, {"minutes_per_day": 30, **body})

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [
        (pointer, code)
    ]
    assert ada_api.get(ME).json() == before
    ada.refresh_from_db()
    assert not ada.is_staff


def test_a_session_changes_the_profile_as_well(ada_browser):
    assert patch(ada_browser, {"name": "Ada"}).json()["name"] == "Ada"


def full_account(user, catalog):
    mark_topics(
        user=user,
        marks=[Mark(topic=catalog.topics[3], state=TopicState.DONE)],
        source=Source.MANUAL,
        with_prerequisites=True,
    )
    make_token(user)
    client = Client()
    client.force_login(user)
    UserSession.objects.create(
        user=user, ip="127.0.0.1", session_key=client.session.session_key, user_agent="x"
    )
    return client


def delete(client, body=None):
    return client.delete(ME, body, content_type=JSON) if body else client.delete(ME)


def test_the_password_deletes_the_account_and_everything_in_it(ada, catalog):
    eve = make_user("eve@example.org")
    eve_browser = full_account(eve, catalog)
    ada_browser, elsewhere = full_account(ada, catalog), full_account(ada, catalog)
    secret = make_token(ada).secret
    kept = TopicProgress.objects.filter(user=eve).count()

    response = delete(ada_browser, {"password": PASSWORD})

    assert (response.status_code, response.content) == (204, b"")
    assert "cookies" in response["Clear-Site-Data"]
    assert not User.objects.filter(email="ada@example.org").exists()
    assert ApiToken.objects.count() == UserSession.objects.count() == Session.objects.count() == 1
    erase_deleted()
    for model in (TopicProgress, Activity, ApiToken, UserSession):
        assert set(model.objects.values_list("user_id", flat=True)) == {eve.pk}
    assert TopicProgress.objects.count() == kept
    assert Session.objects.count() == 1
    assert elsewhere.get(ME).status_code == 401
    assert Client(headers={"Authorization": f"Bearer {secret}"}).get(ME).status_code == 401
    assert eve_browser.get(ME).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (None, 403, "reauthentication_required"),
        ({}, 403, "reauthentication_required"),
        ({"password": "wrong"}, 400, "invalid_request"),
        ({"password": ""}, 400, "invalid_request"),
        ({"password": 1}, 400, "invalid_request"),
        ({"sure": True}, 400, "invalid_request"),
    ],
)
def test_without_a_proof_the_account_stays(ada_browser, body, status, code):
    response = delete(ada_browser, body)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert User.objects.filter(email="ada@example.org").exists()


def sign_in_again(client, user, seconds_ago):
    """What the account library notes in the session when somebody signs in."""
    request = type("Request", (), {"session": client.session, "user": user})()
    record_authentication(request, user, method="password")
    session = request.session
    session["account_authentication_methods"][-1]["at"] = time.time() - seconds_ago
    session.save()


def test_a_sign_in_a_moment_ago_is_proof_enough(ada, ada_browser):
    sign_in_again(ada_browser, ada, seconds_ago=60)

    assert delete(ada_browser).status_code == 204
    assert not User.objects.filter(email=ada.email).exists()


def test_a_sign_in_six_minutes_ago_is_not(ada, ada_browser):
    sign_in_again(ada_browser, ada, seconds_ago=360)

    assert delete(ada_browser).status_code == 403
    assert User.objects.filter(pk=ada.pk).exists()


def test_guessing_the_password_is_limited(ada_browser):
    statuses = [delete(ada_browser, {"password": f"guess {n}"}).status_code for n in range(12)]
    refused = delete(ada_browser, {"password": PASSWORD})

    assert statuses[0] == 400
    assert statuses[-1] == refused.status_code == 429
    assert refused.json()["type"] == "/problems/too-many-requests/"
    assert int(refused["Retry-After"]) > 0


@pytest.mark.parametrize("scopes", [[Scope.READ], list(Scope)])
def test_no_token_deletes_the_account(ada, scopes):
    client = Client(headers={"Authorization": f"Bearer {make_token(ada, scopes=scopes).secret}"})

    response = delete(client, {"password": PASSWORD})

    assert (response.status_code, response.json()["code"]) == (403, "session_only")
    assert User.objects.filter(pk=ada.pk).exists()
