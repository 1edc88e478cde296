"""Whether the worker works: for people on a page, for a container by a command."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tracker.actions.jobs import take_slot
from tracker.actions.silence import fall_silent
from tracker.models import MailKind, Outgoing
from tracker.summaries.running import running

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def wait_for_mail(since):
    return Outgoing.objects.create(
        kind=MailKind.ACCOUNT,
        key="a mail",
        address="ada@example.org",
        written_at=since,
        not_before=since,
    )


def test_a_clock_that_moved_lately_is_fine():
    take_slot(name="write-mornings", slot=NOON)
    take_slot(name="tidy-up", slot=NOON - timedelta(days=1))

    assert running(at=NOON + timedelta(minutes=11)).is_fine
    assert running(at=NOON + timedelta(minutes=12)).clock_stands_since == NOON


def test_a_clock_that_never_moved_stands():
    assert running(at=NOON).clock_stands_since is not None


def test_mail_is_late_after_ten_minutes_until_it_has_ended():
    take_slot(name="write-mornings", slot=NOON)
    mail = wait_for_mail(NOON - timedelta(minutes=10))

    assert running(at=NOON - timedelta(seconds=1)).is_fine
    assert running(at=NOON).mail_waits_since == NOON - timedelta(minutes=10)
    Outgoing.objects.filter(pk=mail.pk).update(ended_at=NOON)
    assert running(at=NOON).is_fine


def test_a_silent_site_rests():
    fall_silent(because="It was restored.", at=NOON)

    now = running(at=NOON + timedelta(days=1))

    assert (now.is_silent, now.is_fine) == (True, True)


def test_the_command_ends_well_only_while_the_clock_moves(capsys):
    with pytest.raises(CommandError, match="The clock stands since"):
        call_command("work", "--check")

    take_slot(name="write-mornings", slot=timezone.now())
    call_command("work", "--check")
    assert capsys.readouterr().out == "working\n"


def test_the_page_says_what_works_and_what_is_late(client):
    take_slot(name="write-mornings", slot=timezone.now())
    assert "Everything works." in client.get("/status/").content.decode()

    wait_for_mail(NOON)
    page = client.get("/status/").content.decode()
    assert "Mail is waiting since 20 November, 12:00 UTC." in page
    assert "Everything works." not in page

    fall_silent(because="It was restored.")
    assert "Kept back on purpose" in client.get("/status/").content.decode()
