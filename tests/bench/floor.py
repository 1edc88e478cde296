"""The settings of the floor: the site's own, with Django's stock sessions and users."""

from mlmath.settings import *  # noqa: F403  # all but the following

ROOT_URLCONF = "tests.bench.urls"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
