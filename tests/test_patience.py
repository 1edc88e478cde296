"""What a request gets whose turn does not come, or that finds no database."""

import threading
from contextlib import ExitStack
from unittest.mock import patch

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

from mlmath import patience
from mlmath.patience import Places, is_request
from mlmath.postgresql import base
from mlmath.postgresql.base import Gate


@pytest.fixture
def places(monkeypatch):
    monkeypatch.setattr(patience, "STUCK_SECONDS", 0.2)
    return Places(2)


def fill(places, stack):
    """Takes both places, as two other threads would."""
    return [stack.enter_context(places.one()) for _ in range(2)]


def test_a_place_is_there_for_each_and_again_after_it(places):
    for _ in range(3):
        with ExitStack() as stack:
            assert fill(places, stack) == [True, True]


def test_who_finds_nobody_getting_on_is_turned_away_after_a_while_and_then_at_once(
    places, monkeypatch
):
    now, waits = 100.0, []

    class Full:
        def acquire(self, *, blocking=True, timeout=0.0):
            nonlocal now
            waits.extend([timeout] * blocking)
            now += timeout
            return False

    monkeypatch.setattr(patience, "monotonic", lambda: now)
    places = Places(0)
    monkeypatch.setattr(places, "_free", Full())

    with places.one() as first, places.one() as second:
        assert (first, second) == (False, False)

    assert waits == pytest.approx([0.2, 0.0])


def test_who_waits_while_others_get_on_has_their_place(places, monkeypatch):
    monkeypatch.setattr(patience, "STUCK_SECONDS", 60)
    with ExitStack() as stack:
        stack.enter_context(places.one())
        other = places.one()
        other.__enter__()
        timer = threading.Timer(0.1, other.__exit__, (None, None, None))
        timer.start()
        with places.one() as is_taken:
            assert is_taken
        timer.join()


def test_only_what_has_a_place_is_a_request(places):
    assert not is_request()
    with places.one():
        assert is_request()
    assert not is_request()


@pytest.mark.parametrize(("settings", "has_limits"), [({}, True), ({"IS_POOLED": True}, False)])
def test_a_request_brings_its_limits_unless_a_pooler_stands_between(settings, has_limits, places):
    nowhere = dict.fromkeys(["NAME", "USER", "PASSWORD", "HOST", "PORT"], "x")
    wrapper = base.DatabaseWrapper({**nowhere, "OPTIONS": {}, "TIME_ZONE": None, **settings})

    with places.one():
        params = wrapper.get_connection_params()

    assert ("statement_timeout" in params.get("options", "")) == has_limits


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_page_without_its_database_says_so_and_when_to_come_again(error, db, caplog):
    client = Client(raise_request_exception=False)
    with patch("catalog.views.search.search", side_effect=error("at 10.0.0.1")):
        response = client.get("/search/?q=svd")

    assert response.status_code == 503
    assert response["Retry-After"] == "30"
    assert response["Cache-Control"] == "no-store"
    assert "taking a short break" in response.content.decode()
    assert "10.0.0.1" not in response.content.decode()
    assert "10.0.0.1" in caplog.text


@pytest.mark.parametrize(
    ("path", "wanted"), [("/today/", "short break"), ("/api/v1/me/", '"unavailable"')]
)
def test_so_does_what_is_asked_with_a_session_that_cannot_be_read(path, wanted, ada_browser):
    ada_browser.raise_request_exception = False
    with patch("mlmath.sessions.SessionStore.load", side_effect=OperationalError):
        response = ada_browser.get(path)

    assert response.status_code == 503
    assert wanted in response.content.decode()


def test_a_full_process_says_so_and_that_it_is_alive(db, monkeypatch):
    monkeypatch.setattr(patience, "STUCK_SECONDS", 0.0)
    with patch("mlmath.middleware.Places", lambda: Places(0)):
        client = Client()

        assert client.get("/health/live/").status_code == 200
        assert client.get("/roles/").status_code == 503
        refused = client.get("/api/v1/topics/")
    assert (refused.status_code, refused["Retry-After"]) == (503, "2")
    assert refused["Content-Type"] == "application/problem+json"


def test_behind_a_time_out_one_at_a_time_asks_again(monkeypatch):
    gate = Gate()
    gate.check()
    monkeypatch.setattr(base, "PAUSE", 0.0)
    gate.shut()

    gate.check()
    with pytest.raises(psycopg.OperationalError, match="a moment ago"):
        gate.check()
    gate.open()
    gate.check()


@pytest.mark.postgresql
@pytest.mark.django_db(databases=["default"])
def test_a_request_s_connection_has_the_limits_and_no_other_one_has(places):
    own = connection.copy()
    try:
        with places.one(), own.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout')")
            in_a_request = cursor.fetchone()
        own.close()
        with own.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout')")
            elsewhere = cursor.fetchone()
    finally:
        own.close()

    assert (in_a_request, elsewhere) == (("4s",), ("0",))


@pytest.mark.postgresql
@pytest.mark.django_db(databases=["default"])
def test_a_request_gives_up_a_server_that_says_nothing(places, monkeypatch):
    own = connection.copy()
    own.ensure_connection()
    monkeypatch.setattr(own.connection, "silence", 0.2)
    try:
        with places.one():
            with pytest.raises(OperationalError), own.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(3)")
            assert own.connection.closed
    finally:
        own.close()
