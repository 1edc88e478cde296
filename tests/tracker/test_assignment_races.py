"""Several at once on the schedule of one group, on PostgreSQL."""

from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import IntegrityError

from mlmath.errors import Changed, NotFound
from tests.factories import make_assignment, make_group, make_user
from tests.races import race
from tracker.actions import assignments as actions
from tracker.actions.assignment_progress import mark_mine
from tracker.actions.shifts import shift_assignments
from tracker.models import Assignment, AssignmentState, Membership, StudyGroup, UnitProgress, User

pytestmark = pytest.mark.postgresql

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
DUE = datetime.fromisoformat("2027-03-09 23:59")


@pytest.fixture
def units(transactional_db, catalog):
    return catalog.resources["mml-book"].units


@pytest.fixture
def leaders(transactional_db):
    return [make_user(name=f"Leader {number}") for number in range(8)]


@pytest.fixture
def group(leaders):
    group = make_group("Tuesday Readers", leader=leaders[0])
    for leader in leaders[1:]:
        Membership.objects.create(group=group, user=leader, role="leader", joined_at=NOW)
    return group


def plan(leader, group, units):
    dates = [(unit, DUE + timedelta(days=7 * number)) for number, unit in enumerate(units)]
    return actions.assign_units(user=leader, group=group, dates=dates, at=NOW)


def test_of_eight_plans_of_one_book_one_is_made_and_seven_say_that_it_is_there(
    leaders, group, units
):
    raised = race(*(lambda one=one: plan(one, group, units) for one in leaders))

    assert raised == [actions.AlreadyAssigned] * 7
    assert Assignment.objects.count() == len(units)


def test_without_the_lock_of_the_group_the_race_would_be_lost(leaders, group, units):
    """The positive control: the constraint then holds what the sentence cannot be said for."""

    def unlocked(*, group, user, is_archive_fine=False):
        return (
            StudyGroup.objects.get(pk=group.pk),
            Membership.objects.select_related("group").get(group=group, user=user),
        )

    with patch.object(actions, "lock_leadership", unlocked):
        raised = race(*(lambda one=one: plan(one, group, units) for one in leaders))

    assert IntegrityError in raised
    assert Assignment.objects.count() == len(units)


def test_of_eight_edits_of_one_version_one_gets_through(leaders, group, units):
    made = make_assignment(group, units[0].id, due_on=date(2027, 4, 1))

    def edit(leader):
        actions.edit_assignment(user=leader, assignment=made, note=leader.name, version=1, at=NOW)

    raised = race(*(lambda one=one: edit(one) for one in leaders))

    assert raised == [Changed] * 7
    assert Assignment.objects.get().version == 2


def test_eight_shifts_at_once_all_count(leaders, group, units):
    plan(leaders[0], group, units[:4])

    def shift(leader):
        shift_assignments(user=leader, group=group, from_day=DUE.date(), days=1, at=NOW)

    assert race(*(lambda one=one: shift(one) for one in leaders)) == []
    assert Assignment.objects.first().due_on == DUE.date() + timedelta(days=8)


def test_marking_done_while_it_is_removed_keeps_what_was_said_or_says_that_it_is_gone(
    leaders, group, units
):
    made = make_assignment(group, units[0].id, due_on=date(2027, 4, 1))

    def mark(person):
        user = User.objects.get(pk=person.pk)
        mark_mine(user=user, assignment=made, state=AssignmentState.DONE, at=NOW)

    def remove():
        actions.remove_assignment(user=leaders[0], assignment=made, at=NOW)

    raised = race(remove, *(lambda one=one: mark(one) for one in leaders[1:]))

    assert set(raised) <= {NotFound}
    assert UnitProgress.objects.count() == 7 - len(raised)
    assert Assignment.objects.get().deleted_at == NOW


def test_a_member_who_is_removed_while_marking_has_marked_before_or_not_at_all(
    leaders, group, units
):
    made = make_assignment(group, units[0].id, due_on=date(2027, 4, 1))
    person = leaders[1]

    def mark():
        user = User.objects.get(pk=person.pk)
        mark_mine(user=user, assignment=made, state=AssignmentState.DONE, at=NOW)

    def leave():
        Membership.objects.get(group=group, user=person).delete()

    raised = race(leave, mark)

    assert set(raised) <= {NotFound}
    assert UnitProgress.objects.count() == 1 - len(raised)
