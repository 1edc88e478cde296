"""The clock of the workers: each slot of time is taken once, by whichever of them."""

import time
from datetime import UTC, datetime, timedelta
from datetime import time as daytime

import pytest
from django.core.management import call_command
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from tests.factories import make_user
from tracker.actions import mail
from tracker.actions.jobs import hold_back, take_slot
from tracker.actions.mail import change_mail_settings, mail_about_account
from tracker.actions.notices import tell
from tracker.jobs import clock, tasks
from tracker.jobs.clock import JOBS, tick
from tracker.mail.delivery import ServerAway
from tracker.management.commands import work
from tracker.models import NoticeKind, Outgoing

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NEVER_QUIET = {"quiet_from": daytime(0), "quiet_until": daytime(0)}

pytestmark = pytest.mark.django_db


def test_a_slot_is_taken_once_and_none_before_it():
    assert take_slot(name="a", slot=NOON)
    assert not take_slot(name="a", slot=NOON)
    assert not take_slot(name="a", slot=NOON - SECOND)
    assert take_slot(name="a", slot=NOON + SECOND)
    assert take_slot(name="b", slot=NOON)


def test_a_job_that_is_held_back_starts_again_afterwards():
    take_slot(name="a", slot=NOON)

    hold_back(name="a", until=NOON + timedelta(seconds=30))

    assert not take_slot(name="a", slot=NOON + timedelta(seconds=29))
    assert take_slot(name="a", slot=NOON + timedelta(seconds=31))


def test_jobs_come_round_by_their_slots():
    first = tick(NOON)

    assert first == ["announce-dates", "write-mornings", "note-inactive", "tidy-up"]
    assert tick(NOON + timedelta(seconds=299)) == []
    assert tick(NOON + timedelta(seconds=300)) == ["announce-dates", "write-mornings"]
    assert "tidy-up" in tick(NOON + timedelta(hours=12))


def test_a_clock_that_is_put_back_repeats_nothing():
    tick(NOON)

    assert tick(NOON - timedelta(hours=2)) == []


def test_mail_is_looked_for_only_where_some_is_waiting_and_asked_for_once():
    mail_about_account(address="x@example.org", subject="Hi", text="Hi", user=None)

    assert "send-mail" in tick()
    assert "send-mail" not in tick(datetime.now(UTC) + timedelta(seconds=2))
    paths = list(DBTaskResult.objects.values_list("task_path", flat=True))
    assert paths.count("tracker.jobs.tasks.send_mail") == 1


def test_a_mail_server_that_is_away_is_left_alone_for_a_while(monkeypatch):
    def away(**_):
        raise ServerAway

    monkeypatch.setattr(tasks, "deliver", away)
    mail_about_account(address="x@example.org", subject="Hi", text="Hi", user=None)
    tick()
    DBTaskResult.objects.all().delete()

    with pytest.raises(ServerAway):
        tasks.send_mail.call()

    now = datetime.now(UTC)
    assert "send-mail" not in tick(now + timedelta(seconds=25))
    assert "send-mail" in tick(now + timedelta(seconds=35))


def test_more_mail_than_a_round_takes_is_asked_for_again(monkeypatch):
    monkeypatch.setattr(tasks, "deliver", lambda **_: True)

    tasks.send_mail.call()

    assert DBTaskResult.objects.get().task_path == "tracker.jobs.tasks.send_mail"


def test_more_news_than_a_round_takes_is_asked_for_again(monkeypatch):
    monkeypatch.setattr(mail, "PEOPLE_AT_ONCE", 2)
    people = [make_user() for _ in range(3)]
    at = datetime.now(UTC) - timedelta(hours=1)
    for person in people:
        change_mail_settings(user=person, wanted=["nudge"], muted={}, **NEVER_QUIET)
    tell(people=people, kind=NoticeKind.NUDGE, key="x", text="Hi", address="/today/", at=at)

    tasks.write_news.call()
    assert Outgoing.objects.count() == 2
    tasks.write_news.call()
    assert Outgoing.objects.count() == 3
    assert DBTaskResult.objects.count() == 1


def test_every_job_can_be_done():
    for job in JOBS:
        job.task.call()


def test_what_has_ended_a_month_ago_is_forgotten(db):
    mail_about_account(address="x@example.org", subject="Hi", text="Hi", user=None)
    mail_about_account(address="y@example.org", subject="Hi", text="Hi", user=None)
    old = datetime.now(UTC) - timedelta(days=31)
    Outgoing.objects.filter(address="x@example.org").update(ended_at=old)
    tasks.tidy_up.enqueue()
    DBTaskResult.objects.update(status="SUCCESSFUL", finished_at=old)

    tasks.tidy_up.call()
    tasks.tidy_up.call()

    assert [mail.address for mail in Outgoing.objects.all()] == ["y@example.org"]
    assert not DBTaskResult.objects.exists()


def test_the_clock_goes_on_after_a_failure(monkeypatch, caplog):
    class Enough(BaseException):
        pass

    naps = []

    def sleep(seconds):
        naps.append(seconds)
        if len(naps) == 2:
            raise Enough

    def fail():
        raise RuntimeError("no database")

    monkeypatch.setattr(clock, "tick", fail)
    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(clock, "close_old_connections", lambda: None)
    monkeypatch.setattr(clock, "connection", type("None_", (), {"close": lambda: None}))

    with pytest.raises(Enough):
        clock.tick_for_ever()

    assert naps[0] == 10
    assert "could not queue" in caplog.text


def test_the_worker_lets_pages_go_first(monkeypatch):
    given: list[int] = []
    monkeypatch.setattr("os.nice", given.append)
    monkeypatch.setattr(work, "tick_for_ever", lambda: None)
    for name in ("configure_signals", "run"):
        monkeypatch.setattr(Worker, name, lambda self: None)

    call_command("work")

    assert given == [10]
