"""The settings as a process sees them: sane locally, strict in production."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.production import PRODUCTION

ROOT = Path(__file__).resolve().parent.parent
SHOWN = (
    "DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL", "DATABASES", "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "EMAIL_BACKEND",
    "ACCOUNT_EMAIL_VERIFICATION", "SESSION_COOKIE_NAME", "CACHES", "INSTALLED_APPS", "TIME_ZONE",
    "USE_TZ", "VAR_DIR", "MIDDLEWARE", "DATABASE_ROUTERS",
)  # fmt: skip
SCRIPT = f"""
import json
from django.conf import settings
print(json.dumps({{name: getattr(settings, name) for name in {SHOWN}}}, default=str))
"""


def start(tmp_path, environment):
    """What Python says that starts with nothing but `environment`."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "mlmath.settings",
            "MLMATH_VAR": str(tmp_path),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def settings_with(tmp_path, **environment):
    done = start(tmp_path, environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_nothing_set_means_a_local_trial(tmp_path):
    found = settings_with(tmp_path)

    assert found["DEBUG"] is False
    assert found["DATABASES"]["default"]["NAME"] == str(tmp_path / "mlmath.sqlite3")
    assert found["SECRET_KEY"] == (tmp_path / "secret-key").read_text()
    assert found["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert found["SESSION_COOKIE_SECURE"] is False
    assert found["SECURE_SSL_REDIRECT"] is False
    assert found["ACCOUNT_EMAIL_VERIFICATION"] == "optional"
    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.console.EmailBackend"
    assert (found["TIME_ZONE"], found["USE_TZ"]) == ("UTC", True)


def test_sqlite_waits_for_its_turn_and_keeps_foreign_keys(tmp_path):
    options = settings_with(tmp_path)["DATABASES"]["default"]["OPTIONS"]

    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == 20
    assert "journal_mode=WAL" in options["init_command"]
    assert "foreign_keys=ON" in options["init_command"]


def test_production_with_all_it_needs_starts_and_is_strict(tmp_path):
    found = settings_with(tmp_path, **PRODUCTION)

    assert found["SESSION_COOKIE_SECURE"] is True
    assert found["CSRF_COOKIE_SECURE"] is True
    assert found["SECURE_SSL_REDIRECT"] is True
    assert found["SECURE_HSTS_SECONDS"] == 63_072_000
    assert found["SESSION_COOKIE_NAME"] == "__Host-sessionid"
    assert found["ACCOUNT_EMAIL_VERIFICATION"] == "mandatory"
    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert not (tmp_path / "secret-key").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "changeme"),
        ("SECRET_KEY", "x" * 60),
        ("SECRET_KEY", "django-insecure-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789"),
        ("DEBUG", "1"),
        ("DEBUG", "perhaps"),
        ("ALLOWED_HOSTS", ""),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "mlmath.example,.example"),
        ("SITE_URL", ""),
        ("SITE_URL", "http://mlmath.example"),
        ("SITE_URL", "mlmath.example"),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "mysql://ada@db.example/mlmath"),
        ("EMAIL_URL", ""),
        ("EMAIL_URL", "mail.example"),
        ("TRUSTED_PROXIES", "two"),
        ("CACHE_URL", "localhost:6379"),
        ("REPLICA_URL", "sqlite:////var/copy.sqlite3"),
        ("REPLICA_MAX_LAG", "31"),
        ("DATABASE_POOLER", "session"),
        ("MLMATH_ENV", "prod"),
        ("GITHUB_CLIENT_ID", "only-half"),
        ("BACKUP_KEY", "changeme"),
        ("OUTBOUND_MAY_BE_LOCAL", "1"),
    ],
)
def test_production_refuses_to_start_and_names_the_variable(tmp_path, name, value):
    done = start(tmp_path, PRODUCTION | {name: value})

    assert done.returncode != 0
    refusal = done.stderr.strip().splitlines()[-1]
    assert refusal.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert name in refusal


def test_a_replica_is_read_by_a_router_and_costs_nothing_without(tmp_path):
    without = settings_with(tmp_path, **PRODUCTION)
    url = "postgres://reader:secret@copy.example/mlmath?sslmode=require"
    several = "postgres://ada:secret@one.example,two.example/mlmath"
    settings = PRODUCTION | {"DATABASE_URL": several, "REPLICA_URL": url}
    found = settings_with(tmp_path, **settings)

    router, middleware = "mlmath.replica.reading.Router", "mlmath.replica.reading.reads_your_writes"
    assert (without["DATABASE_ROUTERS"], list(without["DATABASES"])) == ([], ["default"])
    assert middleware not in without["MIDDLEWARE"]
    assert found["DATABASE_ROUTERS"] == [router]
    assert middleware in found["MIDDLEWARE"]
    replica = found["DATABASES"]["replica"]
    assert (replica["ENGINE"], replica["HOST"]) == ("mlmath.replica", "copy.example")
    assert replica["OPTIONS"]["sslmode"] == "require"
    assert replica["OPTIONS"]["tcp_user_timeout"] == 5000
    # It takes no writes, unlike what is wanted of the first.
    assert "target_session_attrs" not in replica["OPTIONS"]


def test_behind_a_pooler_nothing_is_left_on_a_connection(tmp_path):
    settings = PRODUCTION | {"DATABASE_POOLER": "transaction"}
    for chosen, is_pooled in ((PRODUCTION, False), (settings, True)):
        database = settings_with(tmp_path, **chosen)["DATABASES"]["default"]
        assert database["DISABLE_SERVER_SIDE_CURSORS"] is is_pooled
        assert database["IS_POOLED"] is is_pooled


def test_manage_says_so_in_one_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "MLMATH_ENV": "production", "MLMATH_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("mlmath cannot start: SECRET_KEY is not set.")
    assert "Traceback" not in done.stderr


def test_a_secret_is_not_repeated_in_a_refusal(tmp_path):
    done = start(tmp_path, PRODUCTION | {"SECRET_KEY": "hunter2"})

    assert "hunter2" not in done.stdout + done.stderr


def test_social_sign_in_appears_with_its_keys(tmp_path):
    provider = "allauth.socialaccount.providers.github"
    keys = {"GITHUB_CLIENT_ID": "id", "GITHUB_CLIENT_SECRET": "secret"}

    assert provider not in settings_with(tmp_path)["INSTALLED_APPS"]
    assert provider in settings_with(tmp_path, **keys)["INSTALLED_APPS"]


def test_redis_takes_the_place_of_the_database_cache(tmp_path):
    found = settings_with(tmp_path, CACHE_URL="redis://localhost:6379/0")

    assert found["CACHES"]["default"]["LOCATION"] == "redis://localhost:6379/0"
