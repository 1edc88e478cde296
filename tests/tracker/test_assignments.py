"""Assigning chapters to a group."""

from datetime import UTC, date, datetime, time

import pytest
from django.core.exceptions import ValidationError

from mlmath.errors import Changed, NotFound, PermissionDenied
from tests.assigning import LATER, NOW, TUESDAY, assign, clock, rows, told
from tests.factories import make_assignment, make_group, make_user
from tracker.actions.assignment_progress import mark_mine
from tracker.actions.assignments import (
    AlreadyAssigned,
    TooManyAssignments,
    edit_assignment,
    move_assignment,
    publish_drafts,
    remove_assignment,
    remove_batch,
    restore_assignment,
)
from tracker.actions.dues import DueImpossible
from tracker.actions.locking import GroupArchived
from tracker.models import Assignment, AssignmentState, Membership, Recipient
from tracker.summaries.assignments import assignment_rows


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


def test_a_chapter_is_assigned_until_a_time_by_the_groups_clock_and_people_are_told(
    ada, bob, group, units
):
    [made] = assign(ada, group, units[0], note="  One exercise per section ")

    assert (made.due_on, made.due_time) == (date(2027, 3, 9), time(23, 59))
    assert made.due_at == datetime(2027, 3, 9, 22, 59, tzinfo=UTC)
    assert made.note == "One exercise per section"
    assert told(bob) == [
        f"Tuesday Readers: “{units[0].label}: {units[0].title}” is due on Tuesday, 9 March 2027."
    ]
    assert told(ada) == []


def test_an_instant_is_kept_and_falls_on_the_groups_day(ada, group, units):
    [made] = assign(ada, group, units[0], due=datetime(2027, 3, 9, 23, 30, tzinfo=UTC))

    assert made.due_at == datetime(2027, 3, 9, 23, 30, tzinfo=UTC)
    assert (made.due_on, made.due_time) == (date(2027, 3, 10), time(0, 30))


def test_a_whole_book_is_told_once_and_keeps_its_order_on_one_day(ada, bob, group, units, catalog):
    assign(ada, group, *units[:3])

    assert [row.unit for row in rows(bob, group, catalog)] == list(units[:3])
    assert told(bob) == ["Tuesday Readers: 3 new chapters, the first due on Tuesday, 9 March 2027."]


def test_sixty_chapters_cost_as_many_queries_as_three(ada, group, catalog, count_queries):
    every = [unit for resource in catalog.resources.values() for unit in resource.units]
    counts = []
    for chosen in (every[:3], every[3:63]):
        with count_queries() as queries:
            assign(ada, group, *chosen, at=LATER)
        counts.append(len(queries))

    # The second has no first act of the day to remember.
    assert counts == [8, 7]


def test_a_date_in_the_past_is_refused_with_a_sentence(ada, group, units):
    with pytest.raises(DueImpossible, match="Sunday, 28 February 2027 is in the past"):
        assign(ada, group, units[0], due=clock("2027-02-28 12:00"))

    assert not Assignment.objects.exists()


@pytest.mark.parametrize("year", [1, 1999, 2038, 9999])
@pytest.mark.parametrize("zone", [None, UTC])
def test_a_date_that_nobody_plans_for_is_refused(ada, group, units, year, zone):
    with pytest.raises(DueImpossible):
        assign(ada, group, units[0], due=datetime(year, 1, 1, tzinfo=zone))


def test_a_chapter_is_assigned_once_and_it_says_which_one_it_is(ada, group, units):
    assign(ada, group, units[1])

    with pytest.raises(AlreadyAssigned, match=units[1].label):
        assign(ada, group, units[0], units[1])
    with pytest.raises(AlreadyAssigned, match="twice"):
        assign(ada, group, units[0], units[0])
    assert Assignment.objects.count() == 1


def test_nothing_is_no_plan_and_two_hundred_are_the_most(ada, group, catalog):
    every = [unit for resource in catalog.resources.values() for unit in resource.units]

    with pytest.raises(ValidationError, match="at least one"):
        assign(ada, group)
    with pytest.raises(TooManyAssignments, match="201 chapters; 200 can be assigned at once"):
        assign(ada, group, *every[:201])
    assign(ada, group, *every[:200])
    with pytest.raises(TooManyAssignments, match="this one has 200"):
        assign(ada, group, *every[200:301])
    assert Assignment.objects.count() == 200


def test_only_leaders_assign_and_an_archived_group_gets_nothing(ada, bob, group, units):
    with pytest.raises(PermissionDenied):
        assign(bob, group, units[0])
    with pytest.raises(NotFound):
        assign(make_user(), group, units[0])
    group.archived_at = NOW
    group.save()
    with pytest.raises(GroupArchived):
        assign(ada, group, units[0])


def test_a_chapter_for_some_is_seen_and_told_to_them_alone(ada, bob, group, units, catalog):
    cleo = make_user()
    Membership.objects.create(group=group, user=cleo, role="member", joined_at=NOW)

    assign(ada, group, units[0], recipients=[bob])

    assert len(rows(bob, group, catalog)) == 1
    assert rows(cleo, group, catalog) == []
    assert told(cleo) == []
    [seen] = rows(ada, group, catalog)
    assert seen.mine is None
    assert seen.recipient_names == "Bob"


def test_chapters_are_for_those_who_read_in_the_group(ada, group, units):
    watcher = make_user()
    Membership.objects.create(group=group, user=watcher, role="observer", joined_at=NOW)

    for people in ([make_user()], [watcher], []):
        with pytest.raises(ValidationError) as refusal:
            assign(ada, group, units[0], recipients=people)
        assert "members" in refusal.value.message_dict


def test_a_draft_is_for_leaders_until_it_is_published(ada, bob, group, units, catalog):
    watcher = make_user()
    Membership.objects.create(group=group, user=watcher, role="observer", joined_at=NOW)
    assign(ada, group, units[0], is_draft=True)
    assign(ada, group, units[1], is_draft=True, recipients=[ada])

    assert len(rows(ada, group, catalog)) == 2
    assert rows(bob, group, catalog) == rows(watcher, group, catalog) == []
    assert told(bob) == []

    assert publish_drafts(user=ada, group=group, at=NOW) == 2

    assert len(rows(bob, group, catalog)) == 1
    assert len(rows(watcher, group, catalog)) == 2
    assert len(told(bob)) == 1
    assert publish_drafts(user=ada, group=group, at=NOW) == 0


def test_a_draft_that_would_be_late_is_not_published(ada, group, units):
    [draft] = assign(ada, group, units[0], is_draft=True)
    after = datetime(2027, 3, 10, tzinfo=UTC)

    with pytest.raises(DueImpossible, match="was due on Tuesday, 9 March 2027"):
        publish_drafts(user=ada, group=group, at=after)
    with pytest.raises(DueImpossible, match="was due"):
        edit_assignment(user=ada, assignment=draft, is_draft=False, at=after)
    edit_assignment(
        user=ada, assignment=draft, is_draft=False, due=clock("2027-03-16 12:00"), at=after
    )


def test_editing_changes_what_is_given_and_tells_of_a_new_date(ada, bob, group, units):
    [made] = assign(ada, group, units[0], note="Read on")

    edited = edit_assignment(
        user=ada, assignment=made, due=clock("2027-03-12 20:00"), version=1, at=LATER
    )

    assert (edited.due_on, edited.note, edited.version) == (date(2027, 3, 12), "Read on", 2)
    assert edited.due_at == datetime(2027, 3, 12, 19, tzinfo=UTC)
    assert told(bob)[-1].endswith("is now due on Friday, 12 March 2027.")


def test_an_edit_that_changes_nothing_is_no_new_version(ada, group, units):
    [made] = assign(ada, group, units[0], note="Read on")

    same = edit_assignment(
        user=ada, assignment=made, due=TUESDAY, note="Read on ", is_for_everyone=True, at=LATER
    )

    assert same.version == 1


def test_the_second_of_two_edits_of_one_version_is_refused(ada, group, units):
    [made] = assign(ada, group, units[0])
    edit_assignment(user=ada, assignment=made, note="First", version=1, at=LATER)

    with pytest.raises(Changed):
        edit_assignment(user=ada, assignment=made, note="Second", version=1, at=LATER)
    with pytest.raises(Changed):
        remove_assignment(user=ada, assignment=made, version=1, at=LATER)

    assert Assignment.objects.get().note == "First"


def test_what_was_due_already_can_be_edited_but_nothing_can_become_so(ada, group, units):
    past = make_assignment(group, units[0].id, due_on=date(2027, 2, 1))
    coming = make_assignment(group, units[1].id, due_on=date(2027, 4, 1))

    edit_assignment(user=ada, assignment=past, note="Late", due=clock("2027-02-03 12:00"), at=NOW)
    with pytest.raises(DueImpossible):
        edit_assignment(user=ada, assignment=coming, due=clock("2027-02-03 12:00"), at=NOW)


def test_choosing_people_tells_the_newcomers_only(ada, bob, group, units, catalog):
    [made] = assign(ada, group, units[0], recipients=[ada])
    assert told(bob) == []

    edit_assignment(user=ada, assignment=made, recipients=[ada, bob], at=LATER)
    edit_assignment(user=ada, assignment=made, is_for_everyone=True, at=LATER)

    assert len(told(bob)) == 1
    assert not Recipient.objects.exists()
    assert len(rows(bob, group, catalog)) == 1


def test_a_removed_chapter_is_gone_and_comes_back_with_what_people_did(
    ada, bob, group, units, catalog
):
    [made] = assign(ada, group, units[0])
    mark_mine(user=bob, assignment=made, state=AssignmentState.READING, at=NOW)

    remove_assignment(user=ada, assignment=made, at=LATER)
    remove_assignment(user=ada, assignment=made, at=LATER)

    assert rows(bob, group, catalog) == rows(ada, group, catalog) == []
    with pytest.raises(NotFound):
        mark_mine(user=bob, assignment=made, state=AssignmentState.DONE, at=LATER)
    with pytest.raises(NotFound):
        edit_assignment(user=ada, assignment=made, note="Gone", at=LATER)

    restore_assignment(user=ada, assignment=made, at=LATER)
    restore_assignment(user=ada, assignment=made, at=LATER)

    [row] = rows(bob, group, catalog)
    assert row.mine.state == "reading"
    assert row.version == 3


def test_what_is_assigned_again_meanwhile_does_not_come_back_twice(ada, group, units):
    [made] = assign(ada, group, units[0])
    remove_assignment(user=ada, assignment=made, at=LATER)
    assign(ada, group, units[0])

    with pytest.raises(AlreadyAssigned):
        restore_assignment(user=ada, assignment=made, at=LATER)


def test_a_plan_is_taken_back_but_for_what_was_changed_since(ada, group, units):
    made = assign(ada, group, *units[:3])
    edit_assignment(user=ada, assignment=made[1], note="Keep", at=LATER)

    assert remove_batch(user=ada, group=group, batch=made[0].batch, at=LATER) == 2
    assert remove_batch(user=ada, group=group, batch=made[0].batch, at=LATER) == 0
    assert Assignment.objects.live().get().note == "Keep"


def test_moving_up_trades_dates_with_the_one_before(ada, group, units, catalog):
    [first] = assign(ada, group, units[0])
    [second] = assign(ada, group, units[1], due=clock("2027-03-16 20:00"))

    assert move_assignment(user=ada, assignment=second, is_up=True, at=NOW)

    assert [(row.unit, row.due_on) for row in rows(ada, group, catalog)] == [
        (units[1], date(2027, 3, 9)),
        (units[0], date(2027, 3, 16)),
    ]
    assert not move_assignment(user=ada, assignment=second, is_up=True, at=NOW)
    first.refresh_from_db()
    assert (first.due_time, first.version) == (time(20), 2)


def test_moving_among_those_of_one_day_changes_their_order_alone(ada, group, units, catalog):
    made = assign(ada, group, *units[:3])

    move_assignment(user=ada, assignment=made[0], is_up=False, at=NOW)
    move_assignment(user=ada, assignment=made[0], is_up=False, at=NOW)

    assert [row.unit for row in rows(ada, group, catalog)] == [units[1], units[2], units[0]]


def test_no_chapter_is_moved_into_the_past(ada, group, units):
    make_assignment(group, units[0].id, due_on=date(2027, 2, 1))
    coming = make_assignment(group, units[1].id, due_on=date(2027, 4, 1))

    with pytest.raises(DueImpossible):
        move_assignment(user=ada, assignment=coming, is_up=True, at=NOW)


def test_a_schedule_costs_one_query_for_members_and_three_for_leaders(
    ada, bob, group, catalog, units, count_queries
):
    every = [unit for resource in catalog.resources.values() for unit in resource.units]
    memberships = {
        one.user_id: one for one in Membership.objects.select_related("group").filter(group=group)
    }
    counts = []
    for chosen in (every[:3], every[3:60]):
        assign(ada, group, *chosen)
        for person in (ada, bob):
            with count_queries() as queries:
                assignment_rows(membership=memberships[person.pk], graph=catalog)
            counts.append(len(queries))

    assert counts == [3, 1, 3, 1]
