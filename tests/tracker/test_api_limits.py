"""The limit on calls: one per person, exact, and told by every answer."""

from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test import Client

from tests.factories import make_token, make_user
from tracker.actions.calls import count_call
from tracker.models import CallCount, Scope

pytestmark = pytest.mark.django_db
ME = "/api/v1/me/"


@pytest.fixture(autouse=True)
def _three_calls(settings):
    settings.API_CALLS_PER_MINUTE = 3


def test_every_answer_says_what_is_left(ada_api):
    answers = [ada_api.get(ME) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    for left, answer in zip((2, 1, 0), answers, strict=True):
        assert answer["RateLimit-Policy"] == '"person";q=3;w=60'
        assert answer["RateLimit"].startswith(f'"person";r={left};t=')


def test_one_call_more_is_a_429(ada_api):
    for _ in range(3):
        ada_api.get(ME)

    refused = ada_api.get(ME)

    assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
    assert refused.json()["type"] == "/problems/too-many-requests/"
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused["RateLimit"] == f'"person";r=0;t={refused["Retry-After"]}'


def test_refused_calls_count_too(ada):
    client = Client(headers={"Authorization": f"Bearer {make_token(ada, scopes=[]).secret}"})

    assert client.get(ME)["RateLimit"].startswith('"person";r=2;')
    assert client.get("/api/v1/topics/")["RateLimit"].startswith('"person";r=1;')


def test_all_tokens_and_browsers_of_a_person_share_the_limit(ada, ada_api, ada_browser):
    other = Client(
        headers={"Authorization": f"Bearer {make_token(ada, scopes=[Scope.READ]).secret}"}
    )

    for client in (ada_api, ada_browser, other):
        assert client.get(ME).status_code == 200
    assert {client.get(ME).status_code for client in (ada_api, ada_browser, other)} == {429}
    stranger = Client()
    stranger.force_login(make_user())
    assert stranger.get(ME).status_code == 200


def test_anonymous_readers_of_the_catalog_are_not_counted(catalog):
    answers = [Client().get("/api/v1/topics/") for _ in range(5)]

    assert {answer.status_code for answer in answers} == {200}
    assert not answers[0].has_header("RateLimit")
    assert not CallCount.objects.exists()


def test_a_minute_later_all_calls_are_free_again(ada):
    for at in (1000, 1030, 1059):
        allowance = count_call(user=ada, at=at)
    assert (allowance.calls, allowance.seconds_left) == (3, 1)

    allowance = count_call(user=ada, at=1060)

    assert (allowance.calls, allowance.seconds_left) == (1, 60)


def test_a_count_that_fails_keeps_nobody_from_reading(ada_api):
    with patch("tracker.api.limits.count_call", side_effect=OperationalError):
        assert ada_api.get(ME).status_code == 200
        changed = ada_api.patch(ME, {"name": "Eve"}, content_type="application/json")

    assert changed.status_code == 503


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_twenty_calls_at_once_let_exactly_three_through(ada):
    secret = make_token(ada).secret

    def get(_):
        status = Client(headers={"Authorization": f"Bearer {secret}"}).get(ME).status_code
        connection.close()
        return status

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(get, range(20)))

    assert sorted(statuses) == [200] * 3 + [429] * 17
