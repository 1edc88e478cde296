"""Where the account library hands over to us."""

import base64
import logging
import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpRequest, HttpResponse

from mlmath.observing import client_address
from mlmath.sealing import SealBroken, is_sealed, seal, unseal
from tracker.actions import progress as actions
from tracker.actions.mail import mail_about_account
from tracker.actions.sign_ins import note_sign_in
from tracker.guests import take_marks
from tracker.models import User

logger = logging.getLogger("mlmath.accounts")

# The first sign that is found counts: most browsers call themselves by the names of others too.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Mac OS X", "a Mac"),
    ("Linux", "Linux"),
)


def display_name(user: User) -> str:
    """What the account library calls somebody in its messages."""
    return user.name or user.email


class SignInBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth brings no types
    """Signs in as allauth does; the person of a session is loaded by one prepared statement."""

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.by_key(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth brings no types
    """Seals what codes of the second step are made from: no copy of the database makes any."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        if not is_sealed(encrypted_text):
            # From before it was sealed; `manage.py reseal` makes up for it.
            return encrypted_text
        try:
            return unseal(encrypted_text)
        except SealBroken:
            # The key is lost. No code fits what nobody knows, and the page says so as ever.
            return base64.b32encode(secrets.token_bytes(20)).decode()


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth brings no types
    """Brings a guest's marks along, tells of new browsers, and sends mail by way of the outbox."""

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        marks = take_marks(request)
        if marks:
            actions.merge_guest_marks(user=user, marks=marks)
        response: HttpResponse = super().post_login(request, user, **kwargs)
        browser = browser_of(request.headers.get("User-Agent", ""))
        note_sign_in(user=user, browser=browser, is_sign_up=kwargs["signup"])
        self._note("signed-in", user)
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Whoever it was meant to be stays unsaid: people type passwords into the wrong field."""
        super().authentication_failed(request, **credentials)
        self._note("sign-in-refused", None)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write down what the library wants to say; the worker sends it, so no request waits."""
        named = {"request": self.request, "email": email} | context
        named["current_site"] = get_current_site(self.request)
        message = self.render_mail(template_prefix, email, named)
        mail_about_account(
            address=email, subject=message.subject, text=message.body, user=context.get("user")
        )
        # The library mails about whatever happens to an account, so its mails are the events.
        self._note(template_prefix.rpartition("/")[2], context.get("user"))

    def _note(self, event: str, user: User | None) -> None:
        about = {
            "event": event,
            "person": user.public_id if user else None,
            "ip": client_address(self.request),
        }
        logger.info("Account: %s", event, extra={"about": about})


def browser_of(user_agent: str) -> str:
    """Such as “Firefox on Linux”; good enough to be recognised by who has just used it."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "A browser")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return f"{browser} on {system}" if system else browser
