"""The cache that CACHE_URL names, what people see while it is away, and the one in the database."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from mlmath import environment
from mlmath.shared_cache import TIDY_EVERY
from tests.clusters import free_port
from tests.races import race


def expire(key):
    """Let what is kept under `key` have ended a minute ago."""
    moment = connection.ops.adapt_datetimefield_value(timezone.now() - timedelta(minutes=1))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE shared_cache SET expires = %s WHERE cache_key = %s",
            [moment, cache.make_key(key)],
        )


def kept():
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM shared_cache")
        return {key for (key,) in cursor.fetchall()}


@pytest.fixture
def lost_cache(settings, monkeypatch):
    """Sign-in limits are counted at an address where nobody listens."""
    monkeypatch.setenv("CACHE_URL", f"redis://127.0.0.1:{free_port()}/0")
    settings.CACHES = {"default": environment.cache("CACHE_URL")}


def test_a_sign_in_without_the_cache_is_a_short_break_and_no_open_door(lost_cache, ada):
    client = Client(raise_request_exception=False)

    answer = client.post("/accounts/login/", {"login": ada.email, "password": "guessed"})

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "sessionid" not in answer.cookies


def test_studying_goes_on_without_the_cache(lost_cache, ada_browser, ada_api):
    assert ada_browser.get("/today/").status_code == 200
    assert ada_api.get("/api/v1/me/").status_code == 200


def test_a_cache_that_does_not_answer_is_given_up_after_two_seconds(monkeypatch):
    monkeypatch.setenv("CACHE_URL", "redis://cache:6379/0")

    options = environment.cache("CACHE_URL")["OPTIONS"]

    assert options == {"socket_connect_timeout": 2, "socket_timeout": 2}


@pytest.mark.django_db
def test_each_write_is_one_statement(count_queries):
    with count_queries() as queries:
        cache.set("tries", [1], 60)
        cache.set("tries", [1, 2], 60)
        assert cache.add("lock", 1, 60)
        assert not cache.add("lock", 2, 60)
        assert cache.touch("lock", 90)
        assert not cache.touch("nothing", 90)

    assert len(queries) == 6
    assert cache.get_many(["tries", "lock"]) == {"tries": [1, 2], "lock": 1}


@pytest.mark.django_db
def test_what_has_expired_can_be_added_again():
    cache.set("lock", "theirs", 60)
    expire("lock")

    assert cache.add("lock", "mine", 60)

    assert cache.get("lock") == "mine"


@pytest.mark.django_db
def test_what_has_no_end_stays():
    cache.set("always", "here", None)

    assert cache.get("always") == "here"
    assert not cache.add("always", "there", 60)


@pytest.mark.django_db
def test_no_number_of_others_makes_a_limit_forgotten():
    """Django throws entries away from the 301st on."""
    for number in range(400):
        cache.set(f"tries-of-{number}", number, 60)

    assert len(cache.get_many([f"tries-of-{number}" for number in range(400)])) == 400


@pytest.mark.django_db
def test_what_has_expired_is_thrown_away_in_time():
    cache.set("old", 1, 60)
    expire("old")

    for number in range(TIDY_EVERY):
        cache.set(f"new-{number}", 1, 60)

    assert cache.make_key("old") not in kept()
    assert len(kept()) == TIDY_EVERY


@pytest.mark.django_db
def test_a_write_that_the_database_refuses_is_an_error():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE shared_cache RENAME TO lost_cache")

    with pytest.raises(DatabaseError):
        cache.set("tries", 1, 60)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_eight_who_add_at_once_one_has_the_lock():
    won = []

    raised = race(*[lambda: won.append(cache.add("lock", 1, 60))] * 8)

    assert raised == []
    assert sorted(won) == [False] * 7 + [True]
