"""What is kept of sign-ins: with which kinds of browser."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from tracker.actions.mail import mail_about_sign_in
from tracker.models import KnownBrowser, User


@transaction.atomic
def note_sign_in(
    *, user: User, browser: str, is_sign_up: bool = False, at: datetime | None = None
) -> None:
    """Remember that `user` has signed in with that kind of browser, and tell them by mail if they
    have not for a year. The browser of a sign-up is theirs. Of several at once one tells."""
    at = at or timezone.now()
    known = KnownBrowser.objects.filter(user=user, name=browser)
    if known.update(seen_at=at):
        return
    row = KnownBrowser(user=user, name=browser, seen_at=at)
    KnownBrowser.objects.bulk_create([row], ignore_conflicts=True)
    if not is_sign_up:
        mail_about_sign_in(user=user, browser=browser, at=at)
