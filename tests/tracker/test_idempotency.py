"""Idempotency keys: the same call again does nothing again, also by twenty hands at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from tests.factories import make_token, make_user
from tracker.actions.idempotency import KeyInUse, keep_answer, take_key
from tracker.models import ApiToken, KeptAnswer
from tracker.models.retention import KEPT_ANSWERS

pytestmark = pytest.mark.django_db
JSON = "application/json"
TOKENS = "/api/v1/me/tokens/"
BODY = {"name": "laptop", "scopes": ["read"]}
NOW = timezone.now()


def make(client, key, body=BODY, path=TOKENS):
    return client.post(path, body, content_type=JSON, headers={"Idempotency-Key": key})


def test_a_token_is_made_once_and_its_secret_is_never_kept(ada_browser):
    first = make(ada_browser, "k1")
    again = make(ada_browser, "k1")

    assert first.status_code == 201
    assert not first.has_header("Idempotency-Replayed")
    assert (again.status_code, again.json()["code"]) == (409, "already_shown")
    assert ApiToken.objects.count() == 1
    kept = KeptAnswer.objects.get()
    assert (kept.status, kept.body) == (201, "")


def test_without_a_key_every_call_makes_another(ada_browser):
    for _ in range(2):
        ada_browser.post(TOKENS, BODY, content_type=JSON)

    assert ApiToken.objects.count() == 2
    assert not KeptAnswer.objects.exists()


@pytest.mark.parametrize(
    "key", ["a", '"a"', "4f0c1c9e-7c4b-4b52-9d0c-6d3f0d6f1a5e", '"a b \\" \\\\"', "x" * 255]
)
def test_a_key_is_bare_or_quoted(ada_browser, key):
    assert make(ada_browser, key).status_code == 201


def test_quotes_are_no_part_of_a_key(ada_browser):
    make(ada_browser, "a")

    assert make(ada_browser, '"a"').json()["code"] == "already_shown"


@pytest.mark.parametrize("key", ["", '""', '"a', 'a"b', "a b", '"a";x=1', "é", "x" * 256])
def test_what_is_no_key_is_a_400(ada_browser, key):
    response = make(ada_browser, key)

    assert response.status_code == 400
    assert response.json()["errors"] == [
        {
            "pointer": "/Idempotency-Key",
            "code": "invalid",
            "detail": "“Idempotency-Key” takes 1 to 255 visible ASCII characters.",
        }
    ]
    assert not ApiToken.objects.exists()


def test_a_key_with_another_body_is_a_422(ada_browser):
    make(ada_browser, "k1")

    response = make(ada_browser, "k1", {"name": "phone", "scopes": ["read"]})

    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["type"] == "/problems/idempotency-key-reused/"
    assert ApiToken.objects.count() == 1


def test_the_order_of_names_and_white_space_make_no_other_body(ada_browser):
    make(ada_browser, "k1")

    response = make(ada_browser, "k1", '{"scopes":["read"],   "name":"laptop"}')

    assert response.json()["code"] == "already_shown"


def test_a_refused_call_keeps_nothing(ada_browser):
    assert make(ada_browser, "k1", {"name": ""}).status_code == 400

    assert make(ada_browser, "k1").status_code == 201


def test_the_key_of_somebody_else_is_another_key(ada_browser):
    make(ada_browser, "k1")
    other = Client()
    other.force_login(make_user())

    assert make(other, "k1").status_code == 201


def test_a_key_is_forgotten_after_a_day(ada, ada_browser):
    make(ada_browser, "k1")
    KeptAnswer.objects.update(at=timezone.now() - KEPT_ANSWERS)

    assert make(ada_browser, "k1").status_code == 201
    assert ApiToken.objects.count() == 2
    assert KeptAnswer.objects.count() == 1


def test_a_key_is_good_until_a_day_has_passed(ada):
    keep_answer(user=ada, key="k", fingerprint="f", status=201, at=NOW)

    kept = take_key(
        user=ada, key="k", fingerprint="f", at=NOW + KEPT_ANSWERS - timedelta(seconds=1)
    )
    assert kept is not None
    assert take_key(user=ada, key="k", fingerprint="f", at=NOW + KEPT_ANSWERS) is None


def test_an_answer_goes_with_its_person(ada):
    keep_answer(user=ada, key="k", fingerprint="f", status=201)

    ada.delete()

    assert not KeptAnswer.objects.exists()


# --- At the same time --------------------------------------------------------------------------


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_key_in_use_is_refused_and_free_again_when_its_transaction_ends(ada):
    is_taken, may_end = Event(), Event()

    def hold():
        with transaction.atomic():
            take_key(user=ada, key="k", fingerprint="f")
            is_taken.set()
            may_end.wait(10)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        is_taken.wait(10)
        with pytest.raises(KeyInUse), transaction.atomic():
            take_key(user=ada, key="k", fingerprint="f")
        with transaction.atomic():
            assert take_key(user=ada, key="another", fingerprint="f") is None
        may_end.set()
        holding.result(10)
    with transaction.atomic():
        assert take_key(user=ada, key="k", fingerprint="f") is None


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_twenty_calls_at_once_with_one_key_do_it_once(ada, catalog):
    secret = make_token(ada).secret

    def post(_):
        client = Client(headers={"Authorization": f"Bearer {secret}"})
        response = make(client, "k1", {"minutes": 30}, "/api/v1/me/sessions/")
        connection.close()
        return response

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, range(20)))

    assert ada.study_sessions.count() == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in made}) == 1
    assert sum(not answer.has_header("Idempotency-Replayed") for answer in made) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer["Retry-After"] == "1"
            assert answer.json()["type"] == "/problems/idempotency-key-in-use/"
