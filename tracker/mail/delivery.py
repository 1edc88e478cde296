"""Sending what is in the outbox: each mail once, as far as mail servers allow."""

import logging
import smtplib
import time
import zoneinfo
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import timezone

from tracker.actions.mail import claim_mail, end_mail, give_back_mail, put_off_mail
from tracker.mail.letters import LONGEST_SUBJECT, Letter, letter_of
from tracker.models import Outcome, Outgoing
from tracker.summaries.mail import unsubscribe_token, waiting_mail
from tracker.summaries.silence import is_silent

logger = logging.getLogger("mlmath.mail")

AT_ONCE = 100
# From one mail to the next, in seconds, where it takes less: ten thousand leave within ten minutes,
# and the faster the machine, the less of it they take from pages.
PACE = 0.04


class ServerAway(Exception):
    """The mail server does not open; nothing was tried."""


def deliver(*, seconds: float, at: datetime | None = None) -> bool:
    """Send what is waiting, for about so many seconds. May run in several processes at once.

    Each mail is claimed first, in a transaction of its own. A process that dies in between leaves
    at most one mail of which nobody knows whether it has left; it is sent again later, with the
    same Message-ID. Returns whether more is waiting. Raises ServerAway. While the site is silent,
    nothing is sent.
    """
    if is_silent():
        return False
    deadline = time.monotonic() + seconds
    line = get_connection()
    try:
        for key in waiting_mail(at or timezone.now()).values_list("pk", flat=True)[:AT_ONCE]:
            begun = time.monotonic()
            if begun > deadline:
                break
            mail = claim_mail(key=key, at=at or timezone.now())
            if mail is not None:
                _send(mail, line, at or timezone.now())
            # Nobody waits for a mail by the second, and somebody for every page.
            time.sleep(max(0.0, begun + PACE - time.monotonic()))
    finally:
        line.close()
    return waiting_mail(at or timezone.now()).exists()


def _send(mail: Outgoing, line: BaseEmailBackend, at: datetime) -> None:
    try:
        letter = letter_of(mail, at=at)
        message = message_of(mail, letter) if letter else None
    except Exception:
        # One letter that cannot be written must not keep the others.
        logger.exception("Mail %s cannot be written.", mail.public_id)
        put_off_mail(mail=mail, at=at)
        return
    if letter is None or message is None:
        end_mail(mail=mail, outcome=Outcome.DROPPED, at=at)
        return
    try:
        line.open()
    except (OSError, smtplib.SMTPException) as error:
        give_back_mail(mail=mail)
        raise ServerAway(str(error)) from error
    try:
        line.send_messages([message])
    except (OSError, smtplib.SMTPException) as error:
        if is_refused_for_good(error):
            logger.warning("Mail %s is refused: %s", mail.public_id, _codes(error))
            end_mail(mail=mail, outcome=Outcome.REFUSED, at=at)
        else:
            logger.warning("Mail %s has to wait: %s", mail.public_id, type(error).__name__)
            put_off_mail(mail=mail, at=at)
        line.close()
    else:
        end_mail(mail=mail, outcome=Outcome.SENT, at=at, finish=letter.finish)


def message_of(mail: Outgoing, letter: Letter) -> EmailMultiAlternatives:
    """The message as it leaves. Its Message-ID is the same at every try."""
    user = mail.user
    host = urlsplit(settings.SITE_URL).hostname
    headers = {
        "Message-ID": f"<{mail.public_id}@{host}>",
        # Whatever answers by itself does not answer this.
        "Auto-Submitted": "auto-generated",
    }
    link = ""
    if user is not None and letter.categories:
        link = f"{settings.SITE_URL}/unsubscribe/{unsubscribe_token(user, letter.categories)}/"
        headers["List-Unsubscribe"] = f"<{link}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # A header is one line, whatever a group calls itself.
    subject = " ".join(letter.subject.split())
    context = {
        **letter.context,
        "subject": subject,
        "site": settings.SITE_URL,
        "person": user,
        "unsubscribe": link,
    }
    with timezone.override(zoneinfo.ZoneInfo(user.time_zone) if user else UTC):
        text = f"{render_to_string(letter.text, context).strip()}\n"
        html = render_to_string(letter.html, context).strip()
    message = EmailMultiAlternatives(
        subject=subject
        if len(subject) <= LONGEST_SUBJECT
        else f"{subject[: LONGEST_SUBJECT - 1]}…",
        body=text,
        to=[mail.address or (user.email if user else "")],
        headers=headers,
    )
    message.attach_alternative(html, "text/html")
    return message


def is_refused_for_good(error: Exception) -> bool:
    """Whether the server says of the address or of the mail itself that trying again is no use.

    What it says of us, such as a wrong password, is ours to mend, and the mail waits.
    """
    return bool(_codes(error)) and all(500 <= code < 600 for code in _codes(error))


def _codes(error: Exception) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, smtplib.SMTPDataError) else []
