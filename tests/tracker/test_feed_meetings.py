"""Meetings in calendar feeds, expanded by another library than the one that writes them."""

from datetime import UTC, date, datetime, timedelta

import pytest
import vobject
from django.test import Client
from django.utils import timezone

from tests.factories import make_group, make_meeting
from tracker.models import MeetingDate
from tracker.summaries.feeds import feed_addresses
from tracker.summaries.meetings import meeting_dates

pytestmark = pytest.mark.django_db
TUESDAYS = "FREQ=WEEKLY;BYDAY=TU;COUNT=30"


@pytest.fixture
def group(ada):
    return make_group("Tuesday Readers", leader=ada, time_zone="Europe/Berlin")


def entries(user):
    body = Client().get(feed_addresses(user=user)[1][1]).content.decode()
    return [
        one
        for one in vobject.readOne(body).contents.get("vevent", [])
        if one.uid.value.startswith("meeting")
    ]


def change(meeting, day, **fields):
    return MeetingDate.objects.create(meeting=meeting, day=day, changed_at=timezone.now(), **fields)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_a_series_keeps_its_time_of_day_when_the_clocks_change(ada, zone):
    group = make_group(leader=ada, time_zone=zone)
    meeting = make_meeting(group, rule=TUESDAYS, starts_on=date(2026, 12, 1))
    expected = meeting_dates(meeting=meeting, rows={}, zone=zone, first=date(2026, 12, 1))

    found = [one.dtstart.value for one in entries(ada)]

    assert found == [one.starts_at.astimezone(UTC) for one in expected]
    assert len(found) == 30


def test_a_cancelled_date_is_told_and_a_moved_one_moves(ada, group):
    meeting = make_meeting(group, rule=TUESDAYS, starts_on=date(2026, 12, 1))
    before = [one.uid.value for one in entries(ada)]
    change(meeting, date(2026, 12, 22), is_cancelled=True)
    change(meeting, date(2026, 12, 8), starts_on=date(2026, 12, 9), place="Room 3")

    found = entries(ada)
    off = [one for one in found if "status" in one.contents]

    assert [one.uid.value for one in found] == before
    assert [one.dtstart.value for one in off] == [datetime(2026, 12, 22, 17, 30, tzinfo=UTC)]
    assert off[0].status.value == "CANCELLED"
    assert found[1].dtstart.value == datetime(2026, 12, 9, 17, 30, tzinfo=UTC)
    assert found[1].location.value == "Room 3"


def test_a_single_meeting_that_moved_is_one_entry(ada, group):
    meeting = make_meeting(group, starts_on=date(2026, 12, 1))
    change(meeting, date(2026, 12, 1), starts_on=date(2026, 12, 3))

    [entry] = entries(ada)

    assert entry.dtstart.value == datetime(2026, 12, 3, 17, 30, tzinfo=UTC)
    assert entry.dtend.value - entry.dtstart.value == timedelta(hours=1)


def test_a_removed_meeting_and_a_cancelled_single_one_are_cancelled(ada, group):
    make_meeting(group, "Gone", deleted_at=timezone.now())
    off = make_meeting(group, "Off", starts_on=date(2026, 12, 2))
    change(off, date(2026, 12, 2), is_cancelled=True)

    found = {one.summary.value: one.status.value for one in entries(ada)}

    assert found == {"Gone": "CANCELLED", "Off": "CANCELLED"}


def test_an_edit_moves_the_sequence(ada, group):
    meeting = make_meeting(group, rule=TUESDAYS)
    before = entries(ada)[0]
    meeting.version += 1
    meeting.changed_at += timedelta(days=1)
    meeting.save()

    after = entries(ada)[0]

    assert after.uid.value == before.uid.value
    assert int(after.sequence.value) > int(before.sequence.value)
    assert after.last_modified.value > before.last_modified.value
