"""The cache that CACHE_URL names, and what people see while it is away."""

import pytest
from django.test import Client

from mlmath import environment
from tests.clusters import free_port


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
