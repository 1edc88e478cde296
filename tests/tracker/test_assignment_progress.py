"""What people say about their chapters, and dates of their own."""

from datetime import UTC, date, datetime

import pytest

from mlmath.errors import NotFound, PermissionDenied
from tests.assigning import LATER, NOW, TUESDAY, assign, clock, rows, told
from tests.factories import make_group, make_user
from tracker.actions.assignment_progress import NotAssigned, mark_mine, set_personal_date
from tracker.actions.assignments import edit_assignment
from tracker.actions.dues import DueImpossible
from tracker.models import (
    Assignment,
    AssignmentProgress,
    AssignmentState,
    Membership,
    UnitProgress,
)
from tracker.models.assignments import AssignmentQuerySet


@pytest.fixture
def units(catalog):
    return catalog.resources["mml-book"].units


@pytest.fixture
def bob(db):
    return make_user(name="Bob")


@pytest.fixture
def group(ada, bob):
    """Led by Ada, read by Bob, in Berlin."""
    return make_group("Tuesday Readers", leader=ada, members=[bob], time_zone="Europe/Berlin")


def test_marking_done_marks_the_unit_and_proposes_its_topics(ada, bob, group, units):
    [made] = assign(ada, group, units[1])

    marked = mark_mine(user=bob, assignment=made, state=AssignmentState.DONE, at=NOW)
    again = mark_mine(user=bob, assignment=made, state=AssignmentState.DONE, at=LATER)

    assert UnitProgress.objects.get().done_at == NOW
    assert (UnitProgress.objects.get().user, again.unit.batch) == (bob, "")
    assert len(marked.unit.proposed) > 0


def test_a_tick_in_the_library_counts_in_the_group(ada, bob, group, units, catalog):
    [made] = assign(ada, group, units[0])
    mark_mine(user=bob, assignment=made, state=AssignmentState.READING, at=NOW)
    UnitProgress.objects.create(user=bob, unit_id=units[0].id, done_at=NOW)

    assert rows(bob, group, catalog)[0].mine.state == "done"
    assert rows(ada, group, catalog)[0].mine.state == "todo"

    mark_mine(user=bob, assignment=made, state=AssignmentState.READING, at=NOW)

    assert rows(bob, group, catalog)[0].mine.state == "reading"
    assert not UnitProgress.objects.exists()


def test_the_leaders_hear_once_who_wants_more_time(ada, bob, group, units, catalog):
    [made] = assign(ada, group, units[0])

    for answer in ("more_time", "more_time", "", "more_time"):
        mark_mine(user=bob, assignment=made, answer=answer, at=NOW)

    assert rows(bob, group, catalog)[0].mine.answer == "more_time"
    [notice] = told(ada)
    assert notice.startswith("Tuesday Readers: Bob asks for more time with “")


def test_an_answer_leaves_the_state_alone_and_the_other_way_round(ada, bob, group, units, catalog):
    [made] = assign(ada, group, units[0])
    mark_mine(user=bob, assignment=made, state=AssignmentState.READING, at=NOW)
    mark_mine(user=bob, assignment=made, answer="out", at=NOW)
    mark_mine(user=bob, assignment=made, state=AssignmentState.TODO, at=NOW)

    mine = rows(bob, group, catalog)[0].mine
    assert (mine.state, mine.answer) == ("todo", "out")


def test_nobody_marks_what_is_not_assigned_to_them(ada, bob, group, units):
    [for_bob] = assign(ada, group, units[0], recipients=[bob])
    [draft] = assign(ada, group, units[1], is_draft=True)
    watcher = make_user()
    Membership.objects.create(group=group, user=watcher, role="observer", joined_at=NOW)

    for assignment in (for_bob, draft):
        with pytest.raises(NotAssigned):
            mark_mine(user=ada, assignment=assignment, state=AssignmentState.DONE, at=NOW)
    with pytest.raises(NotFound):
        mark_mine(user=bob, assignment=draft, state=AssignmentState.DONE, at=NOW)
    with pytest.raises(PermissionDenied):
        mark_mine(user=watcher, assignment=for_bob, state=AssignmentState.DONE, at=NOW)
    with pytest.raises(NotFound):
        mark_mine(user=make_user(), assignment=for_bob, state=AssignmentState.DONE, at=NOW)
    assert not UnitProgress.objects.exists()


def test_what_is_removed_while_a_leader_marks_it_is_gone_and_not_somebody_elses(
    ada, group, units, monkeypatch
):
    [made] = assign(ada, group, units[0])
    assigned_to = AssignmentQuerySet.assigned_to

    def removed_first(rows, user_id):
        Assignment.objects.update(deleted_at=NOW)
        return assigned_to(rows, user_id)

    monkeypatch.setattr(AssignmentQuerySet, "assigned_to", removed_first)

    with pytest.raises(NotFound):
        mark_mine(user=ada, assignment=made, state=AssignmentState.DONE, at=NOW)


def test_acting_in_a_group_is_remembered_by_its_own_day(ada, bob, group, units):
    [made] = assign(ada, group, units[0])
    mark_mine(
        user=bob,
        assignment=made,
        state=AssignmentState.READING,
        at=datetime(2027, 3, 1, 23, 30, tzinfo=UTC),
    )

    days = dict(Membership.objects.values_list("user__name", "last_active_on"))
    assert days == {"Ada Lovelace": date(2027, 3, 1), "Bob": date(2027, 3, 2)}


def test_a_later_date_of_ones_own_stays_when_the_groups_moves(ada, bob, group, units, catalog):
    [made] = assign(ada, group, units[0])

    for _ in range(2):
        set_personal_date(
            user=ada, assignment=made, member=bob, due=clock("2027-03-12 23:59"), at=LATER
        )
    edit_assignment(user=ada, assignment=made, due=clock("2027-03-10 23:59"), at=LATER)

    own = datetime(2027, 3, 12, 22, 59, tzinfo=UTC)
    [row] = rows(bob, group, catalog, at=datetime(2027, 3, 11, 12, tzinfo=UTC))
    assert (row.mine.own_due_at, row.mine.is_late) == (own, False)
    assert [(date.name, date.due_at) for date in rows(ada, group, catalog)[0].personal_dates] == [
        ("Bob", own)
    ]
    assert sum("is due for you on Friday, 12 March 2027." in text for text in told(bob)) == 1
    [row] = rows(bob, group, catalog, at=own)
    assert row.mine.is_late

    set_personal_date(user=ada, assignment=made, member=bob, due=None, at=LATER)
    assert rows(bob, group, catalog)[0].mine.own_due_at is None


def test_a_date_of_ones_own_is_later_than_the_groups(ada, bob, group, units):
    [made] = assign(ada, group, units[0])

    with pytest.raises(DueImpossible, match="later than that"):
        set_personal_date(user=ada, assignment=made, member=bob, due=TUESDAY, at=NOW)
    assert not AssignmentProgress.objects.exists()


def test_only_those_who_have_a_chapter_get_a_date_of_their_own(ada, bob, group, units):
    [made] = assign(ada, group, units[0], recipients=[ada])
    due = clock("2027-03-12 00:00")

    with pytest.raises(NotAssigned):
        set_personal_date(user=ada, assignment=made, member=bob, due=due, at=NOW)
    with pytest.raises(NotFound):
        set_personal_date(user=ada, assignment=made, member=make_user(), due=due, at=NOW)
    with pytest.raises(PermissionDenied):
        set_personal_date(user=bob, assignment=made, member=bob, due=due, at=NOW)
