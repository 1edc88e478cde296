"""Something to tell by mail, sending it, and what came of it."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from tracker.actions.mail import write_news_mails
from tracker.actions.notices import tell
from tracker.mail.delivery import deliver
from tracker.models import Notice, NoticeKind, Outgoing

# A Friday.
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOON = NOON + timedelta(minutes=10)


def told(user, text="Grace answers “Eigen-what?”.", *, at=NOON, **fields):
    key = f"test-{Notice.objects.count()}"
    defaults = {"kind": NoticeKind.QUESTION, "address": "/today/"}
    tell(people=[user], key=key, text=text, at=at, **defaults | fields)


def send(at=SOON):
    write_news_mails(at=at)
    return deliver(seconds=30, at=at)


def outcomes():
    return list(Outgoing.objects.order_by("pk").values_list("outcome", flat=True))


def parts_of(message: EmailMessage):
    return (
        message.get_body(("plain",)).get_content(),
        message.get_body(("html",)).get_content(),
    )
