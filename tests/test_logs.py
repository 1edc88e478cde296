"""What the log tells of each event, and what it never tells."""

import io
import json
import logging
import re
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from django.test import Client
from django.urls import get_resolver

from mlmath.logs import SECRET_PLACES, JsonLines, without_secrets
from mlmath.observing import client_address
from tests.factories import PASSWORD, make_token, make_user
from tests.test_conventions import pages

FIELDS = ("level", "method", "path", "route", "status", "ip", "person")


class Log:
    """What a public site would have written."""

    def __init__(self, stream):
        self.stream = stream

    @property
    def text(self):
        return self.stream.getvalue()

    @property
    def lines(self):
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, logger):
        return [line for line in self.lines if line["logger"] == logger]


@pytest.fixture
def log(settings):
    settings.TRUSTED_PROXIES = settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonLines())
    told = [logging.getLogger(f"mlmath.{name}") for name in ("requests", "accounts")]
    before = [(one, one.level) for one in told]
    logging.getLogger().addHandler(handler)
    for one in told:
        one.setLevel(logging.INFO)
    yield Log(handler.stream)
    for one, level in before:
        one.setLevel(level)
    logging.getLogger().removeHandler(handler)


def behind_the_proxy(**headers):
    return Client(
        raise_request_exception=False,
        headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9", "X-Request-ID": "from-proxy"} | headers,
    )


def test_each_event_is_one_line_with_time_person_address_and_result(log, db):
    ada, client = make_user(), behind_the_proxy()
    token = make_token(ada)
    began = datetime.now(UTC)

    client.post("/accounts/login/", {"login": ada.email, "password": "canary-password"})
    client.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    client.get("/today/?q=canary-query")
    client.post("/accounts/password/reset/", {"email": ada.email})
    client.get("/api/v1/me/", headers={"Authorization": f"Bearer {token.secret}"})
    client.get("/api/v1/me/", headers={"Authorization": "Bearer mlm_canary-of-a-token"})
    Client(enforce_csrf_checks=True).post("/topics/vectors/mark/")
    with patch("catalog.views.search.search", side_effect=RuntimeError("it broke")):
        client.get("/search/?q=canary-query")

    events = [(line["event"], line["person"]) for line in log.of("mlmath.accounts")]
    assert events == [
        ("sign-in-refused", None),
        ("signed-in", ada.public_id),
        ("password_reset_key", ada.public_id),
    ]
    requests = log.of("mlmath.requests")
    assert [(one["method"], one["route"], one["status"], one["person"]) for one in requests] == [
        ("POST", "account_login", 200, None),
        ("POST", "account_login", 302, ada.public_id),
        ("GET", "tracker:today", 200, ada.public_id),
        ("POST", "account_reset_password", 302, ada.public_id),
        ("GET", "tracker-api:me", 200, ada.public_id),
        ("GET", "tracker-api:me", 401, None),
        ("POST", "tracker:topic-mark", 403, None),
        ("GET", "catalog:search", 500, ada.public_id),
    ]
    assert requests[4]["token"] == token.token.prefix
    (broken,) = [line for line in log.of("django.request") if line["level"] == "error"]
    assert "RuntimeError: it broke" in broken["exception"]
    assert broken["request_id"] == requests[-1]["request_id"]
    for line in log.lines:
        written = datetime.fromisoformat(line["time"])
        assert written.utcoffset() == timedelta(0)
        assert timedelta(0) <= written - began + timedelta(milliseconds=1) < timedelta(minutes=1)
    for line in requests[:6] + requests[7:]:
        assert (line["ip"], line["request_id"]) == ("203.0.113.9", "from-proxy")
    for secret in ("canary", PASSWORD, ada.email, token.secret, client.cookies["sessionid"].value):
        assert secret not in log.text


SECRET = "s3cretOfSomebody"


@pytest.mark.parametrize(
    "address",
    [
        f"/join/{SECRET}/",
        f"/join/{SECRET}",
        f"/Join/{SECRET}",
        f"/feeds/{SECRET}/me.ics",
        f"/feeds/{SECRET}/groups/x.ics",
        f"/unsubscribe/{SECRET}:1abc:{SECRET}/",
        f"/accounts/confirm-email/{SECRET}/",
        f"/accounts/password/reset/key/1-{SECRET}/",
        f"/search/?q={SECRET}",
    ],
)
def test_addresses_that_open_something_are_cut(log, db, address):
    behind_the_proxy().get(address)

    assert len(log.of("mlmath.requests")) == 1
    assert SECRET not in log.text


def test_every_address_with_a_secret_in_it_is_known():
    keys = {"code", "token", "key", "uidb36", "secret"}
    found = [page for page in pages(get_resolver()) if page.parameters & keys]

    assert len(found) >= 5
    for page in found:
        assert page.address.lstrip("/").startswith(SECRET_PLACES), page


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("sent mlm_0123456789abc over", "sent mlm_0123*** over"),
        ("postgres://mlmath:hunter2@db:5432/x", "postgres://mlmath:***@db:5432/x"),
        ("Key (email)=(ada.l+x@mail.example.org) exists", "Key (email)=(***) exists"),
        ("Not Found: /join/abc-_1/ again", "Not Found: /join/***/ again"),
        ("10 @ 3 of /roles/x/", "10 @ 3 of /roles/x/"),
    ],
)
def test_secrets_are_cut_wherever_they_stand(text, rest):
    assert without_secrets(text) == rest


def test_a_line_stays_one_line(log):
    logging.getLogger("mlmath").warning('a "name"\r\n2026 ERROR forged\x1b[2J\x9b\u2028é')

    (line,) = log.lines
    assert line["message"] == 'a "name"\r\n2026 ERROR forged\x1b[2J\x9b\u2028é'
    assert log.text.isascii()
    assert log.text.count("\n") == 1
    assert "\x1b" not in log.text


def test_an_answer_names_the_request(client, db, settings):
    settings.TRUSTED_PROXIES = 0
    strange = {"X-Request-ID": "from-nobody-we-know"}
    assert re.fullmatch(r"[0-9a-f]{32}", client.get("/", headers=strange)["X-Request-ID"])

    settings.TRUSTED_PROXIES = 1
    assert client.get("/", headers={"X-Request-ID": "given-by_proxy"})["X-Request-ID"] == (
        "given-by_proxy"
    )
    for odd in ("short", "x" * 65, "a b c d e f g", "mlm/0123456789"):
        answer = client.get("/api/v1/nothing/", headers={"X-Request-ID": odd})
        assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-ID"])


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "6.6.6.6", "127.0.0.1"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "", ""),
    ],
)
def test_what_stands_left_of_our_proxies_is_hearsay(settings, rf, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies

    assert client_address(rf.get("/", headers={"X-Forwarded-For": forwarded})) == address


def test_looking_on_asks_no_database(log, client, db, count_queries):
    with count_queries() as queries:
        client.get("/api/v1/topics/")

    assert not [query for query in queries if "session" in query]
    assert log.of("mlmath.requests")[0]["person"] is None


def test_balancers_and_styles_do_not_fill_the_log(log, client, db):
    client.get("/health/live/")
    client.get("/static/nothing.css")

    assert [line["path"] for line in log.of("mlmath.requests")] == ["/static/nothing.css"]
