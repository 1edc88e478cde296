"""Who in a group is where, and who may see what of it."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from catalog.graph import CatalogGraph
from tests.factories import make_answer, make_assignment, make_group, make_question, make_user
from tracker.models import (
    AssignmentProgress,
    GroupRole,
    Membership,
    Recipient,
    Source,
    StudyGroup,
    TopicProgress,
    TopicState,
    UnitProgress,
    User,
)
from tracker.summaries.group_progress import CellState, group_progress, unit_hours
from tracker.summaries.members import group_head

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODO, READING, DONE, LATE, OUT = CellState


@pytest.fixture
def units(catalog: CatalogGraph):
    """The chapters of “Mathematics for Machine Learning”."""
    return catalog.resources["mml-book"].units


def seen_by(user: User, group: StudyGroup, catalog: CatalogGraph, at: datetime = NOON):
    head = group_head(user=user, group_id=group.public_id, graph=catalog)
    return group_progress(head=head, graph=catalog, at=at)


def read(user, unit, at=datetime(2026, 11, 10, tzinfo=UTC)):
    UnitProgress.objects.create(user=user, unit_id=unit.id, done_at=at)


def say(assignment, user, **fields):
    AssignmentProgress.objects.create(assignment=assignment, user=user, changed_at=NOON, **fields)


def states(row):
    return [cell and cell.state for cell in row.cells]


def test_each_cell_says_where_a_person_is_with_an_assignment(ada, catalog, units):
    group = make_group(leader=ada)
    _, second, third, _, fifth = (
        make_assignment(group, units[number].id, due_on=date(2026, 11, 17 + number))
        for number in range(5)
    )
    read(ada, units[0])
    say(second, ada, is_reading=True)
    say(third, ada, answer="out")
    say(fifth, ada, is_reading=True)

    row = seen_by(ada, group, catalog).mine

    assert states(row) == [DONE, LATE, OUT, LATE, READING]
    assert [cell.is_reading for cell in row.cells] == [False, True, False, False, True]
    assert (row.done, row.total, row.late, row.behind_days) == (1, 4, 2, 3)


def test_the_one_who_is_most_behind_comes_first(ada, catalog, units):
    carl, emmy = make_user(name="Carl"), make_user(name="Emmy")
    group = make_group(leader=ada, members=[carl, emmy])
    make_assignment(group, units[0].id, due_on=date(2026, 11, 3))
    make_assignment(group, units[1].id, due_on=date(2026, 11, 10))
    read(ada, units[0])
    read(carl, units[0])
    read(carl, units[1])

    rows = seen_by(ada, group, catalog).rows

    assert [(row.name, row.late, row.behind_days) for row in rows] == [
        ("Emmy", 2, 18),
        ("Ada Lovelace", 1, 11),
        ("Carl", 0, 0),
    ]


def test_the_days_behind_are_those_on_the_wall_of_the_group(ada, catalog, units):
    group = make_group(leader=ada, time_zone="Pacific/Auckland")
    make_assignment(group, units[0].id, due_on=date(2026, 11, 20))

    # In Auckland it is 01:00 on the 22nd.
    progress = seen_by(ada, group, catalog, at=datetime(2026, 11, 21, 12, tzinfo=UTC))

    assert progress.today == date(2026, 11, 22)
    assert progress.mine.behind_days == 2


def test_a_personal_date_keeps_somebody_from_being_late_until_then(ada, catalog, units):
    carl = make_user(name="Carl")
    group = make_group(leader=ada, members=[carl])
    assignment = make_assignment(group, units[0].id, due_on=date(2026, 11, 3))
    own = datetime(2026, 11, 25, 18, tzinfo=UTC)
    say(assignment, carl, due_at=own)

    before = seen_by(ada, group, catalog).rows[1]
    after = seen_by(ada, group, catalog, at=datetime(2026, 11, 27, tzinfo=UTC)).rows[1]

    assert (before.name, before.late, before.cells[0].state) == ("Carl", 0, TODO)
    assert before.cells[0].own_due_at == own
    assert (after.late, after.behind_days, after.cells[0].state) == (1, 2, LATE)


def test_an_assignment_for_some_is_no_cell_of_the_others(ada, catalog, units):
    carl = make_user(name="Carl")
    group = make_group(leader=ada, members=[carl])
    assignment = make_assignment(
        group, units[0].id, due_on=date(2026, 11, 3), is_for_everyone=False
    )
    Recipient.objects.create(assignment=assignment, user=carl)
    make_assignment(group, units[1].id, due_on=date(2026, 12, 3))

    progress = seen_by(ada, group, catalog)

    assert [(row.name, states(row), row.total) for row in progress.rows] == [
        ("Carl", [LATE, TODO], 2),
        ("Ada Lovelace", [None, TODO], 1),
    ]
    assert [column.total for column in progress.columns] == [1, 2]


def test_drafts_removed_ones_and_those_of_other_groups_are_no_columns(ada, catalog, units):
    group = make_group(leader=ada)
    make_assignment(group, units[0].id, is_draft=True)
    make_assignment(group, units[1].id, deleted_at=NOON)
    make_assignment(make_group(), units[2].id)

    progress = seen_by(ada, group, catalog)

    assert progress.columns == ()
    assert progress.pace is None


def test_nothing_is_told_of_units_that_are_not_assigned(ada, catalog, units):
    carl = make_user(name="Carl")
    group = make_group(leader=ada, members=[carl])
    make_assignment(group, units[0].id)
    read(carl, units[5])

    assert [row.done for row in seen_by(ada, group, catalog).rows] == [0, 0]


def test_members_see_the_states_of_others_and_not_their_lateness(ada, catalog, units):
    carl, emmy = make_user(name="Carl"), make_user(name="Emmy")
    group = make_group(name="Readers", members=[ada, carl, emmy])
    first = make_assignment(group, units[0].id, due_on=date(2026, 11, 3))
    second = make_assignment(group, units[1].id, due_on=date(2026, 11, 10))
    Membership.objects.filter(group=group).update(last_active_on=date(2026, 11, 20))
    read(carl, units[0])
    say(second, carl, answer="more_time")
    say(first, emmy, is_reading=True, due_at=datetime(2026, 11, 15, tzinfo=UTC))

    rows = seen_by(ada, group, catalog).rows

    assert [row.name for row in rows] == ["Ada Lovelace", "Carl", "Emmy", "Grace Hopper"]
    mine, of_carl, of_emmy, _ = rows
    assert states(mine) == [LATE, LATE]
    assert (mine.late, mine.behind_days, mine.last_active_on) == (2, 18, date(2026, 11, 20))
    assert states(of_carl) == [DONE, TODO]
    assert states(of_emmy) == [READING, TODO]
    for other in rows[1:]:
        assert (other.late, other.behind_days, other.behind_hours) == (None, None, None)
        assert (other.last_active_on, other.asking) == (None, 0)
        assert [cell.own_due_at for cell in other.cells] == [None, None]
    assert [column.asking for column in seen_by(ada, group, catalog).columns] == [0, 0]


def test_members_of_an_open_group_see_it_all_but_personal_dates(ada, catalog, units):
    carl = make_user(name="Carl")
    group = make_group(members=[ada, carl], is_open=True)
    assignment = make_assignment(group, units[0].id, due_on=date(2026, 11, 3))
    say(assignment, carl, due_at=datetime(2026, 11, 10, tzinfo=UTC), answer="more_time")

    of_carl = next(row for row in seen_by(ada, group, catalog).rows if row.name == "Carl")

    assert (of_carl.late, of_carl.behind_days, of_carl.asking) == (1, 11, 1)
    assert of_carl.cells[0].own_due_at is None


def test_observers_see_those_who_agreed_and_numbers_of_them_alone(ada, catalog, units):
    carl, emmy = make_user(name="Carl"), make_user(name="Emmy")
    group = make_group(members=[carl, emmy], observers=[ada])
    Membership.objects.filter(user=carl).update(is_seen_by_observers=True)
    make_assignment(group, units[0].id, due_on=date(2026, 11, 3))
    read(emmy, units[0])

    progress = seen_by(ada, group, catalog)

    assert [(row.name, row.late) for row in progress.rows] == [("Carl", 1)]
    assert progress.hidden == 2
    assert progress.columns[0].sentence == "0 of 1 done"
    assert progress.pace.sentence == "1 chapter behind the schedule"
    assert progress.mine is None


def test_a_chapter_is_summed_up_in_one_sentence(ada, catalog, units):
    people = [make_user() for _ in range(4)]
    group = make_group(leader=ada, members=people)
    assignment = make_assignment(group, units[0].id)
    read(ada, units[0])
    say(assignment, people[0], is_reading=True)
    say(assignment, people[1], answer="more_time")
    say(assignment, people[2], answer="out")

    (column,) = seen_by(ada, group, catalog).columns

    assert column.sentence == "1 of 4 done, 1 reading, 1 asked for time"


def test_leaders_see_where_those_who_share_it_are_stuck(ada, catalog, units):
    carl, emmy = make_user(name="Carl"), make_user(name="Emmy")
    group = make_group(leader=ada, members=[carl, emmy])
    unit = next(unit for unit in units if unit.topics)
    topic = catalog.topics[unit.topics[0]]
    for person in (carl, emmy):
        TopicProgress.objects.create(
            user=person,
            topic_id=topic.id,
            state=TopicState.LEARNING,
            is_stuck=True,
            source=Source.MANUAL,
            changed_at=NOON,
        )
    Membership.objects.filter(user=carl).update(shares_readiness=True)
    make_assignment(group, unit.id)

    (column,) = seen_by(ada, group, catalog).columns
    (of_emmy,) = seen_by(emmy, group, catalog).columns

    assert [(one.topic, one.people) for one in column.stuck] == [(topic, 1)]
    assert of_emmy.stuck == ()


def test_questions_that_nobody_has_answered_are_counted(ada, catalog):
    carl = make_user(name="Carl")
    group = make_group(leader=ada, members=[carl])
    make_question(group, carl)
    make_answer(make_question(group, carl), ada)

    rows = seen_by(ada, group, catalog).rows

    assert [(row.name, row.unanswered) for row in rows] == [("Ada Lovelace", 0), ("Carl", 1)]


def test_a_group_reads_beside_its_schedule(ada, catalog, units):
    carl = make_user()
    group = make_group(leader=ada, members=[carl])
    for number in range(3):
        make_assignment(group, units[number].id, due_on=date(2026, 11, 10 + 7 * number))
    read(ada, units[0], at=datetime(2025, 1, 1, tzinfo=UTC))
    read(ada, units[1], at=datetime(2026, 11, 12, 9, tzinfo=UTC))
    read(carl, units[0], at=datetime(2026, 11, 12, 10, tzinfo=UTC))

    pace = seen_by(ada, group, catalog).pace

    assert [(point.day.isoformat(), point.chapters) for point in pace.planned] == [
        ("2026-11-03", 0),
        ("2026-11-10", 1),
        ("2026-11-17", 2),
        ("2026-11-24", 3),
    ]
    assert [(point.day.isoformat(), point.chapters) for point in pace.actual] == [
        ("2026-11-03", 0.5),
        ("2026-11-12", 1.5),
        ("2026-11-21", 1.5),
    ]
    assert pace.sentence == "0.5 chapters behind the schedule"


@pytest.mark.parametrize(
    ("done", "sentence"),
    [
        (0, "1 chapter behind the schedule"),
        (1, "On schedule"),
        (3, "2 chapters ahead of the schedule"),
    ],
)
def test_the_pace_is_said_in_words(ada, catalog, units, done, sentence):
    group = make_group(leader=ada)
    for number in range(3):
        make_assignment(group, units[number].id, due_on=date(2026, 11, 20 + 4 * number))
    for unit in units[:done]:
        read(ada, unit)

    assert seen_by(ada, group, catalog).pace.sentence == sentence


def test_hours_of_a_unit_are_its_minutes_or_its_share_of_topics(catalog):
    units = [unit for one in catalog.resources.values() for unit in one.units]
    shared = next(
        unit
        for unit in units
        if not unit.minutes
        and len(unit.topics) == 1
        and sum(other.resource == unit.resource for other in catalog.covering[unit.topics[0]]) == 2
    )
    bare = next(unit for unit in units if not unit.minutes and not unit.topics)

    assert unit_hours(catalog, replace(bare, minutes=90)) == 1.5
    assert unit_hours(catalog, shared) == catalog.topics[shared.topics[0]].hours.likely / 2
    assert unit_hours(catalog, bare) is None


@pytest.mark.parametrize("size", [2, 12])
def test_it_costs_three_queries_also_with_where_people_are_stuck(
    ada, catalog, units, count_queries, size
):
    people = [make_user() for _ in range(size)]
    group = make_group(leader=ada, members=people)
    for number in range(size):
        assignment = make_assignment(group, units[number].id, is_for_everyone=number % 2 == 0)
        Recipient.objects.create(assignment=assignment, user=people[0])
        say(assignment, people[0], is_reading=True)
    heads = [
        group_head(user=one, group_id=group.public_id, graph=catalog) for one in (ada, people[0])
    ]

    counts = []
    for head in heads:
        with count_queries() as queries:
            group_progress(head=head, graph=catalog, at=NOON)
        counts.append(len(queries))

    assert counts == [3, 3]


def test_somebody_who_only_looks_on_has_no_assignments(ada, catalog, units):
    watcher = make_user()
    group = make_group(leader=ada, observers=[watcher])
    make_assignment(group, units[0].id)

    assert [row.role for row in seen_by(ada, group, catalog).rows] == [GroupRole.LEADER]
