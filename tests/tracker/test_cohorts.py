"""The schedule of a group for the next one."""

import json
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.utils import timezone

from mlmath.errors import PermissionDenied
from tests.factories import make_assignment, make_group, make_user
from tracker.actions.cohorts import copy_group
from tracker.actions.dues import DueImpossible
from tracker.models import Assignment, Membership, Recipient, StudyGroup

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def units(catalog):
    return catalog.resources["mml-book"].units


@pytest.fixture
def group(ada, units, catalog):
    """Tuesdays and a Friday of last autumn, in Berlin."""
    group = make_group(
        "Tuesday Readers",
        leader=make_user(),
        members=[make_user()],
        time_zone="Europe/Berlin",
        visibility="public",
        resource_id=catalog.resources["mml-book"].id,
    )
    Membership.objects.create(group=group, user=ada, role="leader", joined_at=NOW)
    make_assignment(group, units[0].id, due_on=date(2026, 10, 6), note="Read on")
    make_assignment(group, units[1].id, due_on=date(2026, 10, 13), due_time=time(20))
    make_assignment(group, units[2].id, due_on=date(2026, 10, 30), is_draft=True)
    some = make_assignment(group, units[3].id, due_on=date(2026, 11, 3), is_for_everyone=False)
    Recipient.objects.create(assignment=some, user=ada)
    make_assignment(group, units[4].id, due_on=date(2026, 11, 10), deleted_at=NOW)
    return group


def test_a_copy_keeps_weekdays_and_clocks_and_brings_nobody(ada, group, units):
    copy = copy_group(user=ada, group=group, first_due_on=date(2027, 3, 11), at=NOW)

    rows = Assignment.objects.filter(group=copy)
    # 11 March 2027 is a Thursday, and the first chapter was due on a Tuesday.
    assert [(one.unit_id, one.due_on, one.is_draft) for one in rows] == [
        (units[0].id, date(2027, 3, 16), False),
        (units[1].id, date(2027, 3, 23), False),
        (units[2].id, date(2027, 4, 9), True),
        (units[3].id, date(2027, 4, 13), True),
    ]
    assert (rows[0].note, rows[1].due_time) == ("Read on", time(20))
    assert rows[1].due_at == datetime(2027, 3, 23, 19, tzinfo=UTC)
    assert rows[2].due_at == datetime(2027, 4, 9, 21, 59, tzinfo=UTC)
    assert [one.user for one in copy.memberships.all()] == [ada]
    assert (copy.name, copy.visibility) == ("Tuesday Readers, from March 2027", "private")
    assert (copy.time_zone, copy.resource_id) == ("Europe/Berlin", group.resource_id)
    assert Assignment.objects.filter(group=group).count() == 5


def test_the_first_day_itself_is_taken_where_it_is_that_weekday(ada, group):
    copy = copy_group(user=ada, group=group, first_due_on=date(2027, 3, 9), name="Next", at=NOW)

    assert copy.name == "Next"
    assert Assignment.objects.filter(group=copy).first().due_on == date(2027, 3, 9)


def test_a_group_without_chapters_is_copied_as_well(ada):
    group = make_group("x" * 200, leader=ada)

    copy = copy_group(user=ada, group=group, first_due_on=date(2027, 3, 9), at=NOW)

    assert len(copy.name) == 200
    assert copy.name.endswith(", from March 2027")


@pytest.mark.parametrize("day", [date(2027, 2, 1), date.min, date.max])
def test_a_copy_does_not_begin_in_the_past_or_at_the_end_of_time(ada, group, day):
    with pytest.raises(DueImpossible):
        copy_group(user=ada, group=group, first_due_on=day, at=NOW)

    assert StudyGroup.objects.count() == 1


def test_only_leaders_copy(group):
    member = group.memberships.get(role="member").user

    with pytest.raises(PermissionDenied):
        copy_group(user=member, group=group, first_due_on=date(2027, 3, 9), at=NOW)


def test_the_page_copies_once_and_leads_to_the_new_schedule(ada_browser, group, units):
    first = timezone.now().date() + timedelta(days=30)
    path = f"/groups/{group.public_id}/copy/"
    data = {"first_due_on": str(first), "name": "Spring", "form_key": "abcdefgh"}

    assert "Its 4 chapters come along" in ada_browser.get(path).content.decode()
    answers = [ada_browser.post(path, data) for _ in range(2)]

    copy = StudyGroup.objects.get(name="Spring")
    assert {one["Location"] for one in answers} == {f"/groups/{copy.public_id}/schedule/"}
    assert units[0].title in ada_browser.get(answers[0]["Location"]).content.decode()
    refused = ada_browser.post(path, {"first_due_on": "2020-01-01"})
    assert refused.status_code == 422
    assert "is in the past" in refused.content.decode()


def test_a_program_copies_a_group(ada_api, group):
    first = timezone.now().date() + timedelta(days=30)
    path = f"/api/v1/groups/{group.public_id}/copy/"

    answer = ada_api.post(path, {"first_due_on": str(first)}, content_type="application/json")

    assert answer.status_code == 201
    made = answer.json()
    assert answer["Location"] == f"/api/v1/groups/{made['id']}/"
    assert (made["role"], made["member_count"]) == ("leader", 1)
    assert ada_api.get(f"{answer['Location']}assignments/").json()["count"] == 4
    refused = ada_api.post(path, json.dumps({"first_due_on": "2020-01-01"}), "application/json")
    assert refused.json()["errors"][0]["pointer"] == "/first_due_on"
