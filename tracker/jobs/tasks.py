"""The tasks of the worker. Each may be repeated, and be lost: the next one finds what is left."""

from datetime import timedelta

from django.utils import timezone
from django_tasks import task

from tracker.actions.announcements import announce
from tracker.actions.deletions import erase_deleted
from tracker.actions.deliveries import deliver_due
from tracker.actions.jobs import hold_back
from tracker.actions.mail import write_morning_mails, write_news_mails
from tracker.actions.retention import note_inactive_people, purge
from tracker.mail.delivery import ServerAway, deliver
from tracker.summaries.mail import is_news_waiting

SEND_MAIL = "send-mail"
# A worker that is told to stop ends its task first, so no task takes much longer than this.
SECONDS = 5.0
# How long nobody knocks at a mail server that does not open.
PAUSE = timedelta(seconds=30)


@task()
def send_mail() -> None:
    try:
        is_more_waiting = deliver(seconds=SECONDS)
    except ServerAway:
        hold_back(name=SEND_MAIL, until=timezone.now() + PAUSE)
        raise
    if is_more_waiting:
        send_mail.enqueue()


@task()
def write_news() -> None:
    write_news_mails()
    if is_news_waiting():
        write_news.enqueue()


@task()
def write_mornings() -> None:
    write_morning_mails()


@task()
def call_webhooks() -> None:
    deliver_due(seconds=SECONDS)


@task()
def announce_dates() -> None:
    announce()


@task()
def erase_accounts() -> None:
    if erase_deleted(seconds=SECONDS):
        erase_accounts.enqueue()


@task()
def note_inactive() -> None:
    note_inactive_people()


@task()
def tidy_up() -> None:
    """What has been kept for long enough is not kept any longer."""
    if purge(seconds=SECONDS):
        tidy_up.enqueue()
