"""Moving the dates of a group together, and back."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlmath.errors import PermissionDenied
from tests.factories import make_assignment, make_group, make_user
from tracker.actions.assignments import edit_assignment
from tracker.actions.dues import DueImpossible
from tracker.actions.history import NothingToUndo
from tracker.actions.shifts import move_to_zone, shift_assignments, undo_shift
from tracker.models import Assignment, AssignmentProgress, Notice

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def bob(db):
    return make_user(name="Bob")


@pytest.fixture
def group(ada, bob):
    """Led by Ada, read by Bob, in Berlin, where summer time begins on 28 March."""
    return make_group("Tuesday Readers", leader=ada, members=[bob], time_zone="Europe/Berlin")


@pytest.fixture
def plan(group, catalog):
    """Chapters due on four Tuesdays of March."""
    units = catalog.resources["mml-book"].units
    days = (2, 9, 16, 23)
    return [
        make_assignment(group, unit.id, due_on=date(2027, 3, day))
        for unit, day in zip(units, days, strict=False)
    ]


def days():
    return [(one.due_on.month, one.due_on.day) for one in Assignment.objects.live()]


def test_a_break_moves_what_is_due_from_its_first_day_on_and_keeps_the_clock(ada, bob, group, plan):
    shift = shift_assignments(user=ada, group=group, from_day=date(2027, 3, 16), days=14, at=NOW)

    assert days() == [(3, 2), (3, 9), (3, 30), (4, 6)]
    assert [(row.due_on, was.on) for row, was in shift.moved] == [
        (date(2027, 3, 30), date(2027, 3, 16)),
        (date(2027, 4, 6), date(2027, 3, 23)),
    ]
    plan[2].refresh_from_db()
    assert plan[2].due_at == datetime(2027, 3, 30, 21, 59, tzinfo=UTC)
    assert plan[2].version == 2
    assert [notice.text for notice in Notice.objects.filter(user=bob)] == [
        "Tuesday Readers: What was due from Tuesday, 16 March 2027 on is due 14 days later."
    ]


def test_a_dry_run_shows_the_same_and_writes_nothing(ada, group, plan):
    shift = shift_assignments(
        user=ada, group=group, from_day=date(2027, 3, 16), days=7, is_dry_run=True, at=NOW
    )

    assert [row.due_on.day for row, _ in shift.moved] == [23, 30]
    assert days() == [(3, 2), (3, 9), (3, 16), (3, 23)]
    assert not Notice.objects.exists()


def test_a_shift_is_taken_back_but_for_what_was_changed_since(ada, group, plan):
    shift = shift_assignments(user=ada, group=group, from_day=date(2027, 3, 9), days=-3, at=NOW)
    edit_assignment(user=ada, assignment=plan[3], due=datetime.fromisoformat("2027-05-01"), at=NOW)

    assert undo_shift(user=ada, group=group, batch=shift.batch, at=NOW) == 2
    with pytest.raises(NothingToUndo):
        undo_shift(user=ada, group=group, batch=shift.batch, at=NOW)
    assert days() == [(3, 2), (3, 9), (3, 16), (5, 1)]


def test_what_has_made_or_edited_a_chapter_is_no_shift_to_take_back(ada, group, plan):
    shift_assignments(user=ada, group=group, from_day=date(2027, 3, 9), days=3, at=NOW)
    moved = edit_assignment(
        user=ada, assignment=plan[3], due=datetime.fromisoformat("2027-05-01"), at=NOW
    )

    for batch in (plan[0].batch, moved.batch, "", "forged"):
        with pytest.raises(NothingToUndo):
            undo_shift(user=ada, group=group, batch=batch, at=NOW)
    assert days() == [(3, 2), (3, 12), (3, 19), (5, 1)]


def test_nothing_is_shifted_into_the_past(ada, group, plan):
    with pytest.raises(DueImpossible, match="23 February 2027 is in the past"):
        shift_assignments(user=ada, group=group, from_day=date(2027, 3, 1), days=-7, at=NOW)

    assert days() == [(3, 2), (3, 9), (3, 16), (3, 23)]


def test_what_was_past_already_may_be_shifted_along(ada, group, plan):
    after = datetime(2027, 3, 10, tzinfo=UTC)

    shift_assignments(user=ada, group=group, from_day=date(2027, 3, 1), days=-1, at=after)

    assert days()[0] == (3, 1)


@pytest.mark.parametrize("number", [0, 367, -367, 2**63])
def test_a_shift_has_a_sane_number_of_days(ada, group, plan, number):
    with pytest.raises(ValidationError):
        shift_assignments(user=ada, group=group, from_day=date(2027, 3, 1), days=number, at=NOW)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_a_shift_may_begin_on_any_day_there_is(ada, group, plan, day):
    shift_assignments(user=ada, group=group, from_day=day, days=1, at=NOW)


def test_later_dates_of_single_people_stay(ada, bob, group, plan):
    own = datetime(2027, 4, 1, 12, tzinfo=UTC)
    AssignmentProgress.objects.create(assignment=plan[3], user=bob, due_at=own, changed_at=NOW)

    shift_assignments(user=ada, group=group, from_day=date(2027, 3, 1), days=2, at=NOW)

    assert AssignmentProgress.objects.get().due_at == own


def test_only_leaders_shift(bob, group, plan):
    with pytest.raises(PermissionDenied):
        shift_assignments(user=bob, group=group, from_day=date(2027, 3, 1), days=7, at=NOW)
    with pytest.raises(PermissionDenied):
        undo_shift(user=bob, group=group, batch=plan[0].batch, at=NOW)


def test_shifting_sixty_costs_as_many_queries_as_four(ada, group, plan, catalog, count_queries):
    every = [unit for resource in catalog.resources.values() for unit in resource.units]
    counts = []
    for chosen in ((), every[len(plan) + 20 : 80]):
        for unit in chosen:
            make_assignment(group, unit.id, due_on=date(2027, 3, 20))
        with count_queries() as queries:
            shift_assignments(user=ada, group=group, from_day=date(2027, 3, 1), days=1, at=NOW)
        counts.append(len(queries))

    assert counts[0] - counts[1] == 1  # only the first is the first act of the day
    assert counts[1] <= 7


def test_days_and_clock_stay_when_the_group_moves_to_another_zone(group, plan):
    group.time_zone = "America/New_York"
    group.save()

    move_to_zone(group=group, at=NOW)

    plan[1].refresh_from_db()
    assert (plan[1].due_on, plan[1].version) == (date(2027, 3, 9), 2)
    assert plan[1].due_at == datetime(2027, 3, 10, 4, 59, tzinfo=UTC)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    from_day=st.dates(min_value=date(2027, 2, 20), max_value=date(2027, 3, 23)),
    number=st.integers(-366, 366).filter(bool),
)
def test_taking_a_shift_back_brings_every_date_back(ada, group, plan, from_day, number):
    before = list(Assignment.objects.values_list("pk", "due_on", "due_at"))
    long_ago = datetime(2025, 1, 1, tzinfo=UTC)

    shift = shift_assignments(user=ada, group=group, from_day=from_day, days=number, at=long_ago)
    undo_shift(user=ada, group=group, batch=shift.batch, at=long_ago)

    assert list(Assignment.objects.values_list("pk", "due_on", "due_at")) == before
