"""Typed reading of environment variables, and what it says when it refuses."""

import stat

import pytest
from django.core.exceptions import ImproperlyConfigured

from mlmath import environment


@pytest.fixture
def given(monkeypatch):
    """Sets the variable NAME."""
    monkeypatch.delenv("NAME", raising=False)
    return lambda value: monkeypatch.setenv("NAME", value)


def test_what_is_not_set_or_empty_is_the_default(given):
    assert environment.text("NAME", "default") == "default"
    given("  ")
    assert environment.text("NAME", "default") == "default"


@pytest.mark.parametrize("value", ["1", "true", "YES", "on"])
def test_yes_in_all_its_forms(given, value):
    given(value)
    assert environment.flag("NAME", default=False) is True


@pytest.mark.parametrize("value", ["0", "False", "no", "off"])
def test_no_in_all_its_forms(given, value):
    given(value)
    assert environment.flag("NAME", default=True) is False


def test_words_are_split_at_commas(given):
    given(" a.example , b.example,")
    assert environment.words("NAME", []) == ["a.example", "b.example"]


def test_an_address_loses_its_last_slash(given):
    given("https://mlmath.example/")
    assert environment.address("NAME", "") == "https://mlmath.example"


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: environment.flag("NAME", default=False), "maybe"),
        (lambda: environment.integer("NAME", 1, at_least=0), "one"),
        (lambda: environment.integer("NAME", 1, at_least=0), "-1"),
        (lambda: environment.integer("NAME", 1, at_least=0), "1.5"),
        (lambda: environment.integer("NAME", 1, at_least=0), "٣"),
        (lambda: environment.integer("NAME", 3, at_least=3), "2"),
        (lambda: environment.choice("NAME", ("a", "b"), "a"), "c"),
        (lambda: environment.address("NAME", ""), "mlmath.example"),
        (lambda: environment.address("NAME", ""), "https://mlmath.example/path"),
        (lambda: environment.address("NAME", ""), "ftp://mlmath.example"),
        (lambda: environment.database("NAME", ""), "mysql://root@localhost/x"),
        (lambda: environment.database("NAME", ""), "postgres://root@localhost/"),
        (lambda: environment.database("NAME", ""), "postgres://root@localhost:port/x"),
        (lambda: environment.cache("NAME"), "memcache://localhost"),
        (lambda: environment.email("NAME"), "http://localhost"),
        (lambda: environment.secret("NAME", kept_in=None), "short"),
        (lambda: environment.secret("NAME", kept_in=None), "a" * 60),
        (lambda: environment.secret("NAME", kept_in=None), "django-insecure-" + "abcdefgh" * 8),
        (lambda: environment.secret("NAME", kept_in=None), ""),
    ],
)
def test_an_odd_value_is_refused_by_name_and_with_a_hint(given, read, value):
    given(value)

    with pytest.raises(ImproperlyConfigured, match=r"^NAME .+\. [A-Z].+") as refusal:
        read()

    # Neither secrets nor passwords in addresses belong into a log.
    assert "root@" not in str(refusal.value)
    assert "abcdefgh" not in str(refusal.value)


def test_databases_are_read_from_addresses(given):
    given("postgres://ada:s%40cret@db.example:6432/mlmath")
    found = environment.database("NAME", "")
    assert (found["ENGINE"], found["NAME"], found["HOST"], found["PORT"]) == (
        "mlmath.postgresql",
        "mlmath",
        "db.example",
        6432,
    )
    assert found["PASSWORD"] == "s@cret"

    given("sqlite:////data/mlmath.sqlite3")
    assert environment.database("NAME", "")["NAME"] == "/data/mlmath.sqlite3"


def test_of_several_servers_the_one_that_takes_writes_is_meant(given):
    given("postgres://ada:s%40cret@one.example:6432,two.example/mlmath?sslmode=require")
    found = environment.database("NAME", "")

    assert (found["HOST"], found["PORT"]) == ("one.example,two.example", "6432,5432")
    assert (found["USER"], found["PASSWORD"], found["NAME"]) == ("ada", "s@cret", "mlmath")
    assert found["OPTIONS"] == {"sslmode": "require", "target_session_attrs": "read-write"}


def test_whoever_names_several_servers_may_want_another_one(given):
    given("postgres://one.example,two.example/mlmath?target_session_attrs=any")
    assert environment.database("NAME", "")["OPTIONS"] == {"target_session_attrs": "any"}


def test_a_cache_is_redis_or_none(given):
    assert environment.cache("NAME") is None
    given("redis://localhost:6379/0")
    assert environment.cache("NAME")["LOCATION"] == "redis://localhost:6379/0"


def test_mail_goes_by_smtp(given):
    assert environment.email("NAME") is None
    given("smtp+tls://ada:secret@mail.example:587")
    found = environment.email("NAME")
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_USE_TLS"]) == (
        "mail.example",
        587,
        True,
    )


def test_a_local_secret_is_made_once_and_kept_for_its_owner_only(given, tmp_path):
    path = tmp_path / "var" / "secret-key"

    made = environment.secret("NAME", kept_in=path)

    assert environment.secret("NAME", kept_in=path) == made
    assert len(made) >= 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
