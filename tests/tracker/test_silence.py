"""A silent site: nothing leaves it, however much is waiting, until it is told to resume."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from mlmath.outbound import Answered
from tests.factories import make_delivery, make_group, make_user
from tracker.actions import deliveries
from tracker.actions.deliveries import deliver_due
from tracker.actions.mail import mail_about_account
from tracker.actions.notices import tell
from tracker.actions.silence import fall_silent, speak_again
from tracker.jobs.clock import JOBS, tick
from tracker.mail.delivery import deliver
from tracker.models import DeliveryState, Notice, NoticeKind, Outgoing
from tracker.summaries.silence import is_silent, silence

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def called(monkeypatch):
    """The addresses that webhooks were called at."""
    found = []

    def post(url, body, headers):
        found.append(url)
        return Answered(status=200, retry_after=None)

    monkeypatch.setattr(deliveries, "post", post)
    return found


def write_mail(subject="Your address"):
    mail_about_account(address="x@example.org", subject=subject, text="Hi", user=None)


def wait_for_webhook():
    return make_delivery(make_group(), state=DeliveryState.WAITING, due_at=NOON)


def test_nothing_written_in_the_silence_leaves_before_its_end(mailoutbox, called):
    fall_silent(because="Restored.", at=NOON)
    write_mail()
    wait_for_webhook()

    deliver(seconds=5)
    deliver_due(at=LATER)
    assert (len(mailoutbox), called) == (0, [])

    speak_again(at=LATER)
    deliver(seconds=5)
    deliver_due(at=LATER)
    assert (len(mailoutbox), len(called)) == (1, 1)


def test_what_was_waiting_before_the_silence_never_leaves(mailoutbox, called):
    write_mail()
    delivery = wait_for_webhook()
    tell(
        people=[make_user()],
        kind=NoticeKind.QUESTION,
        key="k",
        text="?",
        address="/today/",
        at=NOON,
    )

    fall_silent(because="Restored.", at=NOON)
    speak_again(at=LATER)
    deliver(seconds=5)
    deliver_due(at=LATER)

    assert (len(mailoutbox), called) == (0, [])
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.FAILED
    assert not Notice.objects.exclude(mail_after=None).exists()
    assert Outgoing.objects.get().outcome == "dropped"


def test_only_what_stays_inside_comes_round_in_the_silence():
    fall_silent(because="Restored.", at=NOON)
    write_mail()

    assert tick(NOON) == ["tidy-up"]
    assert {job.name for job in JOBS if not job.leaves} == {"erase-accounts", "tidy-up"}


def test_the_worker_says_once_an_hour_that_it_keeps_everything_back(caplog):
    fall_silent(because="Restored from a backup.", at=NOON)

    for minutes in (0, 1, 59, 60):
        tick(NOON + timedelta(minutes=minutes))

    said = [record.getMessage() for record in caplog.records]
    assert said == ["Nothing leaves: Restored from a backup. `manage.py resume` ends this."] * 2


def test_falling_silent_again_keeps_the_first_reason():
    fall_silent(because="First.", at=NOON)
    fall_silent(because="Second.", at=LATER)

    assert (silence().because, silence().since) == ("First.", NOON)


def test_resume_ends_the_silence_and_may_be_repeated(capsys):
    fall_silent(because="Restored.")

    call_command("resume")
    assert "leave again" in capsys.readouterr().out
    assert not is_silent()

    call_command("resume")
    assert "Nothing was kept back." in capsys.readouterr().out
