"""The doors of an account: what strangers learn at them, and how often they may knock."""

import re
from datetime import datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.test import Client

from tests.factories import PASSWORD, make_user
from tracker.models import MailKind, Outgoing, User

pytestmark = pytest.mark.django_db
LOGIN, RESET = "/accounts/login/", "/accounts/password/reset/"
NEW = "two norms meet at a corner"


@pytest.fixture
def mailed(settings):
    """As in production: an address is used once it is confirmed."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


def sign_in(client, email, password=PASSWORD, **headers):
    return client.post(LOGIN, {"login": email, "password": password}, headers=headers)


def is_signed_in(client):
    return client.get("/today/").status_code == 200


def mails_to(email):
    return list(Outgoing.objects.filter(kind=MailKind.ACCOUNT, address=email).order_by("pk"))


def link_in(mail):
    return re.search(r"https?://[^/]+(/accounts/\S+)", mail.payload["text"])[1]


def without_tokens(response):
    token = r'(csrfmiddlewaretoken" value|X-CSRFToken"): ?"?[^"]+|value="[^"]{64}"'
    body = re.sub(token, "", response.content.decode())
    return response.status_code, response.headers.get("Location"), body


# --- What strangers learn -------------------------------------------------------------------------


@pytest.mark.parametrize("path", [RESET, "/accounts/signup/"])
def test_an_answer_does_not_tell_whether_somebody_is_here(mailed, path):
    make_user("known@example.org")
    answers, pages = [], []

    for email in ("known@example.org", "other@example.org"):
        client = Client()
        posted = client.post(path, {"email": email, "password1": NEW, "login": email})
        answers.append(without_tokens(posted))
        page = client.get(posted["Location"])
        pages.append(without_tokens(page)[2].replace(email, "…"))
        assert len(mails_to(email)) == 1

    assert answers[0] == answers[1]
    assert pages[0] == pages[1]


def test_a_wrong_password_and_an_unknown_address_look_alike():
    make_user("known@example.org")
    answers = [
        without_tokens(sign_in(Client(), email, "a wrong password"))[2].replace(email, "…")
        for email in ("known@example.org", "other@example.org")
    ]

    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "address", ["//evil.example/", "https:evil.example", r"/\evil.example", "javascript:alert(1)"]
)
def test_a_sign_in_leads_nowhere_else(address):
    make_user("known@example.org")

    response = Client().post(
        LOGIN, {"login": "known@example.org", "password": PASSWORD, "next": address}
    )

    assert (response.status_code, response["Location"]) == (302, "/today/")


# --- How often they may knock ---------------------------------------------------------------------


def test_after_five_failures_the_right_password_has_to_wait_too(catalog):
    make_user("known@example.org")
    spellings = ["known@example.org", "KNOWN@example.org", " known@example.org"]

    for number in range(5):
        # Each from elsewhere, as far as a header can claim.
        where = {"X-Forwarded-For": f"203.0.113.{number}"}
        sign_in(Client(), spellings[number % 3], "a wrong password", **where)
    client = Client()
    sign_in(client, "known@example.org")

    assert not is_signed_in(client)
    client.post(RESET, {"email": "known@example.org"})
    assert len(mails_to("known@example.org")) == 1


def test_a_sign_in_of_ones_own_between_guesses_sets_nothing_back(catalog):
    make_user("known@example.org")
    make_user("guesser@example.org")

    for _ in range(5):
        sign_in(Client(), "known@example.org", "a wrong password")
        sign_in(Client(), "guesser@example.org")
    client = Client()
    sign_in(client, "known@example.org")

    assert not is_signed_in(client)


def test_staff_come_in_by_the_same_door():
    for path in ("/admin/", "/admin/login/"):
        client = Client()
        response = client.get(path, follow=True)
        assert response.request["PATH_INFO"] == LOGIN
        assert Client().post("/admin/login/", {"username": "x", "password": "x"}).status_code == 302


def test_an_address_gets_two_links_an_hour():
    make_user("known@example.org")

    statuses = [Client().post(RESET, {"email": "known@example.org"}).status_code for _ in range(3)]

    assert statuses == [302, 302, 429]
    assert len(mails_to("known@example.org")) == 2


# --- A new password -------------------------------------------------------------------------------


def asked_for_a_link(email="known@example.org"):
    Client().post(RESET, {"email": email})
    return link_in(mails_to(email)[-1])


def opened(link):
    """The page that the link of a mail opens, and whether it takes a new password."""
    client = Client()
    page = client.get(link, follow=True)
    return client, page.request["PATH_INFO"], b"password1" in page.content


def test_a_link_is_good_for_one_new_password_and_ends_all_sessions(catalog):
    user = make_user("known@example.org")
    elsewhere = Client()
    elsewhere.force_login(user)
    link = asked_for_a_link()

    # Scanners of mail open every link.
    assert opened(link)[2]
    client, path, _ = opened(link)
    client.post(path, {"password1": NEW, "password2": NEW})

    assert not opened(link)[2]
    assert not is_signed_in(elsewhere)
    fresh = Client()
    sign_in(fresh, "known@example.org", NEW)
    assert is_signed_in(fresh)


def test_a_link_dies_with_the_password_it_was_for():
    user = make_user("known@example.org")
    link = asked_for_a_link()

    user.set_password(NEW)
    user.save()

    assert not opened(link)[2]


@pytest.mark.parametrize(("minutes", "is_good"), [(59, True), (61, False)])
def test_a_link_is_good_for_an_hour(monkeypatch, minutes, is_good):
    make_user("known@example.org")
    link = asked_for_a_link()
    then = datetime.now() + timedelta(minutes=minutes)  # noqa: DTZ005  # as Django keeps it
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda _: then)

    assert opened(link)[2] is is_good


def test_a_changed_password_ends_the_sessions_elsewhere_and_is_told(catalog):
    user = make_user("known@example.org")
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        sign_in(client, "known@example.org")

    here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW},
    )

    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert any("password" in mail.payload["subject"].lower() for mail in mails_to(user.email))


@pytest.mark.parametrize(
    ("password", "is_taken"),
    [
        ("short-one", False),
        ("password12", False),
        ("known@example.org", False),
        ("a b c d e f", True),
        ("десять-букв", True),
        ("🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑", True),
        ("x1" * 64, True),
    ],
)
def test_passwords_are_long_and_not_common_and_taken_whole(catalog, password, is_taken):
    client = Client()
    client.post("/accounts/signup/", {"email": "known@example.org", "password1": password})

    assert User.objects.filter(email="known@example.org").exists() is is_taken
    if is_taken:
        cut, whole = Client(), Client()
        sign_in(cut, "known@example.org", password[:-1])
        sign_in(whole, "known@example.org", password)
        assert (is_signed_in(cut), is_signed_in(whole)) == (False, True)


# --- Sessions -------------------------------------------------------------------------------------


def test_a_session_changes_at_sign_in_and_dies_at_sign_out(catalog):
    make_user("known@example.org")
    client = Client()
    client.post("/topics/vectors/mark/", {"state": "done"})
    as_guest = client.cookies["sessionid"].value
    sign_in(client, "known@example.org")
    signed_in = client.cookies["sessionid"].value

    client.post("/accounts/logout/")

    assert signed_in != as_guest
    thief = Client()
    thief.cookies["sessionid"] = signed_in
    assert not is_signed_in(thief)


@pytest.mark.parametrize(
    "path", ["/accounts/email/", "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"]
)
def test_a_forgotten_session_changes_nothing_of_an_account(catalog, path):
    user = make_user("known@example.org")
    client = Client()
    client.force_login(user)

    response = client.post(path, {"email": "new@example.org", "action_add": ""})

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/reauthenticate/")
    assert not EmailAddress.objects.exclude(email=user.email).exists()


@pytest.mark.parametrize("password", ["", "a wrong password"])
def test_an_account_is_deleted_with_its_password_only(catalog, password):
    client = Client()
    client.force_login(make_user("known@example.org"))

    client.post("/settings/delete/", {"password": password})

    assert is_signed_in(client)


def test_a_new_address_counts_once_it_is_confirmed_and_the_old_one_is_told(mailed, catalog):
    user = make_user("known@example.org")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    client = Client()
    sign_in(client, user.email)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    client.post("/accounts/email/", {"email": "new@example.org", "action_add": ""})
    user.refresh_from_db()
    assert user.email == "known@example.org"
    client.post(link_in(mails_to("new@example.org")[-1]))

    user.refresh_from_db()
    assert user.email == "new@example.org"
    assert mails_to("known@example.org")
