"""The settings of the test run: the local ones, whatever the shell's environment says.

`TEST_DATABASE_URL` names a PostgreSQL server to test on; without it the tests use SQLite in memory.
"""

import os
from pathlib import Path

for _name in (
    "ALLOWED_HOSTS", "API_CALLS_PER_MINUTE", "BACKUP_KEY", "CACHE_URL", "DATABASE_URL", "DEBUG",
    "EMAIL_URL",
    "GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", "GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET",
    "DATABASE_POOLER", "MAIL_FROM", "METRICS_TOKEN", "MLMATH_ENV", "REPLICA_MAX_LAG", "REPLICA_URL",
    "SECRET_KEY_FALLBACKS", "SENTRY_DSN", "SITE_URL", "SLOW_QUERY_MS", "TRUSTED_PROXIES",
):  # fmt: skip
    os.environ.pop(_name, None)
os.environ["MLMATH_VAR"] = str(Path(__file__).resolve().parent.parent / "var" / "tests")
os.environ["OUTBOUND_MAY_BE_LOCAL"] = "1"
os.environ["SECRET_KEY"] = "a key for tests only, as long as a real one has to be 0123456789"
if os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]

from mlmath.settings import *  # noqa: E402, F403  # after the environment is what it should be
from mlmath.settings import PASSWORD_HASHERS, STATIC_ROOT, STORAGES  # noqa: E402

# A sign-in in a test need not cost an attacker anything.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
# Hashed names need `collectstatic` first; the browser tests run with them.
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
