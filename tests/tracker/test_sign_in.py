"""A sign-in from a browser that we have not seen is told by mail."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client

from mlmath.settings import PASSWORD_HASHERS
from tests.factories import PASSWORD, make_user
from tracker.accounts import browser_of
from tracker.actions.retention import purge
from tracker.actions.sign_ins import note_sign_in
from tracker.models import KnownBrowser, Outgoing

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"


def sign_in(client, user):
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    client.post("/accounts/logout/")
    return answer


def test_an_unknown_browser_is_told_of_once(ada):
    client = Client(headers={"User-Agent": FIREFOX})

    sign_in(client, ada)
    sign_in(client, ada)

    mail = Outgoing.objects.get()
    assert (mail.kind, mail.user) == ("sign_in", ada)
    assert mail.payload["browser"] == "Firefox on Linux"


def test_it_is_told_whoever_else_uses_such_a_browser(ada, client):
    grace = make_user()

    for person in (ada, grace, ada, grace):
        sign_in(client, person)

    assert {mail.user for mail in Outgoing.objects.all()} == {ada, grace}
    assert Outgoing.objects.count() == 2


def test_another_kind_of_browser_is_told_of_too(ada):
    sign_in(Client(headers={"User-Agent": FIREFOX}), ada)
    sign_in(Client(headers={"User-Agent": SAFARI}), ada)

    assert Outgoing.objects.count() == 2


def test_what_was_last_seen_a_year_ago_is_forgotten(ada):
    note_sign_in(user=ada, browser="Firefox on Linux", at=NOON)

    purge(at=NOON + timedelta(days=365))
    assert KnownBrowser.objects.exists()

    purge(at=NOON + timedelta(days=366))
    assert not KnownBrowser.objects.exists()


def test_the_browser_of_a_sign_up_is_known(ada):
    note_sign_in(user=ada, browser="Firefox on Linux", is_sign_up=True)
    note_sign_in(user=ada, browser="Firefox on Linux")

    assert not Outgoing.objects.exists()


def test_a_sign_up_tells_nobody_of_a_new_browser(client, db):
    client.post("/accounts/signup/", {"email": "new@example.org", "password1": "two norms meet"})

    assert not Outgoing.objects.filter(kind="sign_in").exists()


@pytest.mark.parametrize(
    ("user_agent", "browser"),
    [
        (FIREFOX, "Firefox on Linux"),
        (EDGE, "Edge on Windows"),
        (SAFARI, "Safari on an iPhone"),
        ("curl/8", "A browser"),
        ("", "A browser"),
    ],
)
def test_browsers_are_called_by_their_names(user_agent, browser):
    assert browser_of(user_agent) == browser


def test_a_password_of_another_kind_is_hashed_anew_at_the_sign_in(ada, settings):
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS
    ada.password = PBKDF2PasswordHasher().encode(PASSWORD, "pepper", iterations=1)
    ada.save()

    sign_in(Client(), ada)

    ada.refresh_from_db()
    assert ada.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert ada.check_password(PASSWORD)
