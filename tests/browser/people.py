"""People in the database of the tested server; runs there, by `manage.py shell`."""

import json
import secrets

from django.conf import settings
from django.test import Client

from tests.factories import PASSWORD, make_user

AT_ONCE = 30


def sign_up() -> None:
    """Prints some people without progress, each with an open session, as JSON."""
    print(json.dumps([_newcomer(number) for number in range(AT_ONCE)]))


def _newcomer(number: int) -> dict[str, str]:
    client = Client()
    user = make_user(f"{secrets.token_hex(6)}@example.org", name=f"Newcomer {number}")
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {"email": user.email, "password": PASSWORD, "session": session}
