"""Several people at one meeting at once, on PostgreSQL."""

import threading
from datetime import UTC, date, datetime, time
from functools import partial

import pytest
from django.db import connection, transaction

from mlmath.errors import Changed
from tests.factories import make_group, make_meeting, make_user
from tests.races import race, until_it_ends_or_waits_for_us
from tracker.actions import meetings as actions
from tracker.actions.meetings import DateCancelled, answer_rsvp, change_date, create_meeting
from tracker.models import Meeting, Rsvp, RsvpAnswer

pytestmark = pytest.mark.postgresql

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = date(2026, 12, 1)
LEADERS = 8


@pytest.fixture
def people(transactional_db):
    return [make_user() for _ in range(LEADERS)]


@pytest.fixture
def meeting(people):
    group = make_group(leader=people[0], members=people[1:])
    group.memberships.update(role="leader")
    return make_meeting(group, rule="FREQ=WEEKLY")


def all_of(people, work):
    """`work(person, number)` for all of them at once; the kinds of what they raise."""
    return race(*(partial(work, person, number) for number, person in enumerate(people)))


def test_of_eight_leaders_who_move_one_date_one_gets_through(people, meeting):
    raised = all_of(
        people,
        lambda user, number: change_date(
            user=user, meeting=meeting, day=DAY, start_time=time(8 + number), version=1, at=NOW
        ),
    )

    meeting.refresh_from_db()
    assert raised == [Changed] * 7
    assert (meeting.version, meeting.dates.count()) == (2, 1)


def test_without_a_version_all_eight_get_through_one_after_the_other(people, meeting):
    raised = all_of(
        people,
        lambda user, number: change_date(
            user=user,
            meeting=meeting,
            day=DAY,
            start_time=time(8 + number),
            at=NOW.replace(minute=number),
        ),
    )

    meeting.refresh_from_db()
    assert raised == []
    assert (meeting.version, meeting.dates.count()) == (9, 1)


def test_eight_leaders_plan_the_same_meeting_once(people, meeting):
    raised = all_of(
        people,
        lambda user, _: create_meeting(
            user=user, group=meeting.group, title="Circle", starts_on=DAY, start_time=time(9),
            minutes=60, at=NOW,
        ),
    )  # fmt: skip

    assert raised == [actions.MeetingExists] * 7
    assert Meeting.objects.filter(title="Circle").count() == 1


def test_eight_people_answer_at_once_and_each_is_counted_once(people, meeting):
    raised = all_of(
        people * 2,
        lambda user, _: answer_rsvp(
            user=user, meeting=meeting, day=DAY, answer=RsvpAnswer.YES, at=NOW
        ),
    )

    assert raised == []
    assert Rsvp.objects.count() == 8


def answer_while_it_is_cancelled(leader, member, meeting):
    """What the member's answer raises, who presses just before the cancelling is committed."""
    raised: list[type[Exception]] = []

    def answer():
        try:
            answer_rsvp(user=member, meeting=meeting, day=DAY, answer=RsvpAnswer.YES, at=NOW)
        except Exception as error:  # noqa: BLE001  # the tests look at all of them
            raised.append(type(error))
        finally:
            connection.close()

    thread = threading.Thread(target=answer)
    with transaction.atomic():
        change_date(user=leader, meeting=meeting, day=DAY, is_cancelled=True, at=NOW)
        thread.start()
        until_it_ends_or_waits_for_us(thread)
    thread.join(timeout=60)
    return raised


def test_nobody_answers_to_a_date_that_is_just_being_cancelled(people, meeting):
    raised = answer_while_it_is_cancelled(people[0], people[1], meeting)

    assert raised == [DateCancelled]
    assert not Rsvp.objects.exists()


def test_without_the_lock_somebody_would(people, meeting, monkeypatch):
    """The control: if this fails, the test above proves nothing."""
    lock = actions._lock

    def look(group, key, **kwargs):
        if threading.current_thread() is threading.main_thread():
            return lock(group, key, **kwargs)
        found = Meeting.objects.get(pk=key)
        found.group = group
        return found

    monkeypatch.setattr(actions, "_lock", look)

    assert answer_while_it_is_cancelled(people[0], people[1], meeting) == []
    assert Rsvp.objects.exists()
