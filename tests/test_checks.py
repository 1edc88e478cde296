"""What `manage.py check --deploy` and `prepare` find in the settings of a public site."""

import pytest
from django.conf import settings
from django.core.checks.registry import registry
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from mlmath import checks

GOOD = {
    "SITE_URL": "https://mlmath.example",
    "ALLOWED_HOSTS": ["mlmath.example"],
    "TRUSTED_PROXIES": 1,
    "DEFAULT_FROM_EMAIL": "mlmath <hello@mlmath.example>",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}},
    "DATABASES": {
        "default": {
            "ENGINE": "mlmath.postgresql",
            "OPTIONS": {"connect_timeout": 3, "tcp_user_timeout": 5000},
        }
    },
}
LOCMEM = "django.core.cache.backends.locmem.LocMemCache"
DUMMY = "django.core.cache.backends.dummy.DummyCache"
CONSOLE = "django.core.mail.backends.console.EmailBackend"


def with_options(options):
    return {"default": {"ENGINE": "mlmath.postgresql", "OPTIONS": options}}


@pytest.fixture(autouse=True)
def public_site(monkeypatch):
    """Changes settings of a public site; without Django's ado, which is about the test's own."""

    def change(**changes):
        for name, value in changes.items():
            monkeypatch.setattr(settings, name, value)

    change(**GOOD)
    return change


ASKED = (checks.addresses, checks.caches, checks.mail, checks.databases, checks.durability)


def found(databases=None):
    """The ids of what is found."""
    return [str(one.id) for ask in ASKED for one in ask(None, databases=databases)]


def test_all_of_them_are_asked_of_a_public_site_only():
    ours = {
        one for one in vars(checks).values() if getattr(one, "__module__", "") == checks.__name__
    }

    assert ours == set(ASKED)
    assert ours <= registry.deployment_checks
    assert not ours & registry.registered_checks


def test_nothing_is_found_in_good_settings():
    assert found() == []


@pytest.mark.parametrize(
    ("identity", "changes"),
    [
        ("mlmath.E001", {"SITE_URL": "https://elsewhere.example"}),
        ("mlmath.W001", {"TRUSTED_PROXIES": 0}),
        ("mlmath.E002", {"CACHES": {"default": {"BACKEND": LOCMEM}}}),
        ("mlmath.E002", {"CACHES": {"default": {"BACKEND": DUMMY}}}),
        ("mlmath.E003", {"DEFAULT_FROM_EMAIL": "mlmath <mlmath@localhost>"}),
        ("mlmath.E003", {"DEFAULT_FROM_EMAIL": "mlmath"}),
        ("mlmath.W003", {"EMAIL_BACKEND": CONSOLE}),
        ("mlmath.W002", {"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}}}),
        ("mlmath.E004", {"DATABASES": with_options({"connect_timeout": 3})}),
        ("mlmath.E004", {"DATABASES": with_options({"tcp_user_timeout": 5000})}),
    ],
)
def test_each_fault_is_found_by_its_id(public_site, identity, changes):
    public_site(**changes)

    assert found() == [identity]


@pytest.mark.postgresql
@pytest.mark.django_db
def test_a_server_that_forgets_in_a_crash_is_found():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('fsync'), current_setting('full_page_writes')")
        # The private server of the tests is careless already.
        expected = ["mlmath.E005"] if "off" in cursor.fetchone() else []
        cursor.execute("SET LOCAL synchronous_commit = on")
        assert found(databases=["default"]) == expected

        cursor.execute("SET LOCAL synchronous_commit = off")
        assert found(databases=["default"]) == ["mlmath.E005"]


def test_no_check_of_the_settings_is_silenced():
    assert settings.SILENCED_SYSTEM_CHECKS == []


@pytest.mark.django_db
def test_prepare_refuses_a_public_site_that_is_set_up_wrongly(public_site, capsys):
    public_site(IS_PRODUCTION=True, SITE_URL="https://elsewhere.example")

    with pytest.raises(SystemCheckError, match=r"mlmath\.E001"):
        call_command("prepare")
