"""A new SECRET_KEY: nothing breaks while the former one is a fallback, and what does afterwards."""

import base64

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.apps import apps
from django.core.management import CommandError, call_command
from django.core.signing import Signer
from django.test import Client

from mlmath.sealing import SealBroken, seal, unseal
from tests.factories import PASSWORD, make_delivery, make_group, make_token
from tracker.actions.sealing import SEALED_IN_WEBHOOKS
from tracker.models import Webhook
from tracker.summaries import feeds
from tracker.summaries import mail as mails
from tracker.summaries.feeds import feed_token
from tracker.summaries.mail import unsubscribe_token

pytestmark = pytest.mark.django_db

FORMER = "the former key of this site, as long as a real one has to be 0123456789"
NEW = "the new key of this site, as long as a real one has to be 0123456789 as well"


@pytest.fixture
def start_with(settings, monkeypatch):
    """What a process knows that starts with these keys."""

    def start(key, *former):
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = key, list(former)
        monkeypatch.setattr(feeds, "_signer", Signer(salt=feeds._signer.salt, sep="."))
        monkeypatch.setattr(mails, "_signer", Signer(salt=mails._signer.salt, sep="."))

    start(FORMER)
    return start


@pytest.fixture
def webhook(start_with):
    return make_delivery(make_group()).webhook


@pytest.fixture
def browser(start_with, ada):
    browser = Client()
    browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    assert browser.get("/today/").status_code == 200
    return browser


def statuses(browser, *addresses):
    return [browser.get(address).status_code for address in addresses]


def test_with_the_former_key_as_fallback_everything_works(start_with, ada, browser, webhook):
    feed, unsubscribe = feed_token(ada), unsubscribe_token(ada, ["digest"])

    start_with(NEW, FORMER)

    assert unseal(webhook.sealed_url) == "https://bot.example.org/"
    opened = statuses(browser, "/today/", f"/feeds/{feed}/me.ics", f"/unsubscribe/{unsubscribe}/")
    assert opened == [200, 200, 200]


def test_without_it_people_sign_in_again_and_links_are_dead(start_with, ada, browser, webhook):
    feed, unsubscribe = feed_token(ada), unsubscribe_token(ada, ["digest"])

    start_with(NEW)

    opened = statuses(browser, "/today/", f"/feeds/{feed}/me.ics", f"/unsubscribe/{unsubscribe}/")
    assert opened == [302, 404, 404]
    with pytest.raises(SealBroken):
        unseal(webhook.sealed_url)


def test_whoever_came_by_meanwhile_stays_signed_in(start_with, browser):
    start_with(NEW, FORMER)
    browser.get("/today/")

    start_with(NEW)

    assert browser.get("/today/").status_code == 200


def test_tokens_know_nothing_of_the_key(start_with, ada):
    token = make_token(ada).secret

    start_with(NEW)

    headers = {"Authorization": f"Bearer {token}"}
    assert Client().get("/api/v1/me/", headers=headers).status_code == 200


def test_what_is_resealed_outlives_the_former_key(start_with, webhook, capsys):
    webhook.sealed_previous_secret = seal("before")
    webhook.save()
    start_with(NEW, FORMER)

    call_command("reseal")
    start_with(NEW)

    webhook.refresh_from_db()
    assert unseal(webhook.sealed_url) == "https://bot.example.org/"
    assert unseal(webhook.sealed_secret).startswith("whsec_")
    assert unseal(webhook.sealed_previous_secret) == "before"
    assert "second steps sealed under SECRET_KEY: 1." in capsys.readouterr().out


def test_what_cannot_be_read_is_left_and_told(start_with, webhook, capsys):
    start_with(NEW)
    readable = make_delivery(make_group()).webhook

    with pytest.raises(CommandError, match="1 were sealed under a key that is neither"):
        call_command("reseal")

    assert Webhook.objects.get(pk=webhook.pk).sealed_url == webhook.sealed_url
    readable.refresh_from_db()
    assert unseal(readable.sealed_url) == "https://bot.example.org/"


def test_every_sealed_column_is_resealed():
    sealed = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.fields
        if field.name.startswith("sealed_")
    }

    assert sealed == {(Webhook, name) for name in SEALED_IN_WEBHOOKS}


def second_step(user):
    """The key of an authenticator app that `user` has set up, with recovery codes."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def code_of(secret):
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def kept(user, kind):
    return Authenticator.objects.get(user=user, type=kind)


def test_no_code_can_be_made_from_what_is_in_the_database(start_with, ada):
    secret = second_step(ada)
    step = kept(ada, "totp")

    assert secret not in str(step.data)
    assert not TOTP(step).validate_code(code_of(base64.b32encode(b"0" * 20).decode()))
    assert TOTP(step).validate_code(code_of(secret))


def test_a_second_step_outlives_the_former_key_once_resealed(start_with, ada):
    secret = second_step(ada)
    codes = RecoveryCodes(kept(ada, "recovery_codes")).get_unused_codes()
    start_with(NEW, FORMER)

    call_command("reseal")
    start_with(NEW)

    assert TOTP(kept(ada, "totp")).validate_code(code_of(secret))
    assert RecoveryCodes(kept(ada, "recovery_codes")).get_unused_codes() == codes


def test_a_second_step_of_an_earlier_release_works_and_is_sealed(start_with, ada):
    secret = second_step(ada)
    Authenticator.objects.filter(type="totp").update(data={"secret": secret})

    call_command("reseal")

    assert secret not in str(kept(ada, "totp").data)
    assert TOTP(kept(ada, "totp")).validate_code(code_of(secret))


def test_once_the_key_is_lost_no_code_fits(start_with, ada):
    secret = second_step(ada)
    codes = RecoveryCodes(kept(ada, "recovery_codes")).get_unused_codes()

    start_with(NEW)

    assert not TOTP(kept(ada, "totp")).validate_code(code_of(secret))
    assert not RecoveryCodes(kept(ada, "recovery_codes")).validate_code(codes[0])
