"""Statistics: weeks, subjects, pace, and quartiles that give nobody away."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import make_user
from tracker.actions.sessions import log_session
from tracker.summaries.statistics import statistics_of

NOON = datetime(2027, 3, 3, 12, tzinfo=UTC)  # a Wednesday
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def log(user, minutes, *, days_ago=0, **fields):
    at = NOON - timedelta(days=days_ago)
    return log_session(user=user, minutes=minutes, is_confirmed=True, at=at, **fields)


def of(user, graph):
    return statistics_of(user=user, graph=graph, at=NOON)


def test_day_one_has_twelve_empty_weeks(ada, catalog):
    result = of(ada, catalog)

    assert [week.monday for week in result.weeks] == [
        date(2026, 12, 14) + timedelta(weeks=number) for number in range(12)
    ]
    assert {week.minutes for week in result.weeks} == {0}
    assert (result.minutes, result.planned_minutes, result.topics) == (0, None, ())


def test_minutes_stand_in_their_week_and_subject(ada, catalog):
    one = catalog.topics[0]
    other = next(topic for topic in catalog.topics if topic.subject is not one.subject)
    log(ada, 10, topic=other)
    log(ada, 20, topic=one)
    log(ada, 30, topic=one, days_ago=2)
    log(ada, 40, topic=one, days_ago=3)
    log(ada, 50, days_ago=3)
    log(ada, 60, topic=one, days_ago=100)

    result = of(ada, catalog)

    assert result.weeks[-1].by_subject == {one.subject.slug: 50, other.subject.slug: 10}
    assert next(iter(result.weeks[-1].by_subject)) == one.subject.slug
    assert result.weeks[-2].by_subject == {one.subject.slug: 40, "": 50}
    assert result.minutes == 150


def test_a_chapter_counts_for_the_subject_that_all_its_topics_share(ada, catalog):
    units = [unit for resource in catalog.resources.values() for unit in resource.units]

    def subjects(unit):
        return {catalog.topics[index].subject.slug for index in unit.topics}

    pure = next(unit for unit in units if len(subjects(unit)) == 1)
    mixed = next(unit for unit in units if len(subjects(unit)) > 1)
    log(ada, 10, unit=pure)
    log(ada, 20, unit=mixed)

    assert of(ada, catalog).weeks[-1].by_subject == {subjects(pure).pop(): 10, "": 20}


def test_the_plan_is_counted_on_study_days_up_to_today(catalog):
    user = make_user(
        minutes_per_day=60,
        study_days_mask=0b0010101,  # Monday, Wednesday and Friday
        days_off=["2027-02-24"],
        joined_at=LONG_AGO,
    )

    result = of(user, catalog)

    assert [week.planned_minutes for week in result.weeks][-3:] == [180, 120, 120]
    assert result.planned_minutes == 10 * 180 + 120 + 120


def test_nothing_was_planned_before_somebody_joined(catalog):
    user = make_user(minutes_per_day=60, joined_at=NOON - timedelta(days=8))

    planned = [week.planned_minutes for week in of(user, catalog).weeks]

    # They joined on Tuesday of last week.
    assert planned == [0] * 10 + [6 * 60, 3 * 60]


@pytest.mark.parametrize(
    ("zone", "monday"),
    [
        ("Pacific/Pago_Pago", date(2027, 2, 22)),
        ("UTC", date(2027, 3, 1)),
        ("Pacific/Kiritimati", date(2027, 3, 1)),
    ],
)
def test_weeks_are_those_of_the_local_calendar(catalog, zone, monday):
    at = datetime(2027, 3, 1, 9, tzinfo=UTC)
    user = make_user(time_zone=zone)
    log_session(user=user, minutes=30, at=at)

    week = statistics_of(user=user, graph=catalog, at=at).weeks[-1]

    assert (week.monday, week.minutes) == (monday, 30)


@pytest.mark.parametrize(
    ("at", "monday"),
    [
        # Half past midnight in Berlin on the Mondays after the clocks changed.
        (datetime(2027, 3, 28, 22, 30, tzinfo=UTC), date(2027, 3, 29)),
        (datetime(2027, 10, 31, 23, 30, tzinfo=UTC), date(2027, 11, 1)),
    ],
)
def test_weeks_are_right_over_both_changes_of_clocks(catalog, at, monday):
    user = make_user(time_zone="Europe/Berlin")
    log_session(user=user, minutes=10, at=at)

    weeks = statistics_of(user=user, graph=catalog, at=at).weeks

    assert (weeks[-1].monday, weeks[-1].minutes) == (monday, 10)
    assert weeks[0].monday == monday - timedelta(weeks=11)


def test_time_of_all_time_stands_beside_the_catalogs_hours(catalog):
    user = make_user(role="machine-learning-engineer")
    role = catalog.roles["machine-learning-engineer"]
    entry = next(e for e in role.entries if e.hours != catalog.topics[e.index].hours)
    outside = next(t for t in catalog.topics if t.index not in role.entry_by_index)
    log(user, 30, topic=outside)
    log(user, 45, topic=catalog.topics[entry.index], days_ago=300)
    log(user, 45, topic=catalog.topics[entry.index])

    result = of(user, catalog).topics

    times = {time.topic.index: (time.minutes, time.hours) for time in result}
    assert times == {entry.index: (90, entry.hours), outside.index: (30, outside.hours)}
    assert [time.topic.index for time in result] == sorted(times)


def people_who_logged(topic, *minutes):
    for one in minutes:
        # In two sessions: people are counted, not sessions.
        user = make_user()
        log(user, 1, topic=topic, days_ago=1)
        log(user, one - 1, topic=topic)


def quartile(user, graph):
    time = of(user, graph).topics[0]
    return time.people, time.quartile


def test_four_people_are_too_few_to_tell_a_quartile(ada, catalog):
    topic = catalog.topics[0]
    log(ada, 60, topic=topic)
    people_who_logged(topic, 10, 20, 30)

    assert quartile(ada, catalog) == (None, None)


def test_sessions_do_not_make_more_people(ada, catalog):
    for days_ago in range(9):
        log(ada, 60, topic=catalog.topics[0], days_ago=days_ago)

    assert quartile(ada, catalog) == (None, None)


def test_people_on_other_topics_do_not_count(ada, catalog):
    log(ada, 60, topic=catalog.topics[0])
    people_who_logged(catalog.topics[1], 10, 20, 30, 40, 50)

    assert quartile(ada, catalog) == (None, None)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(5, 1), (10, 1), (15, 1), (25, 2), (35, 3), (45, 3), (55, 4), (500, 4)],
)
def test_five_others_tell_the_quartile(ada, catalog, minutes, expected):
    log(ada, minutes, topic=catalog.topics[0])
    people_who_logged(catalog.topics[0], 10, 20, 30, 40, 50)

    assert quartile(ada, catalog) == (6, expected)


def test_the_fifth_person_is_enough(ada, catalog):
    log(ada, 60, topic=catalog.topics[0])
    people_who_logged(catalog.topics[0], 10, 20, 30, 90)

    assert quartile(ada, catalog) == (5, 3)


def test_nobody_elses_time_leaves_the_database(ada, catalog, count_queries):
    log(ada, 60, topic=catalog.topics[0])
    people_who_logged(catalog.topics[0], 10, 20, 30, 90)
    with count_queries() as queries:
        of(ada, catalog)

    assert queries[1].startswith("SELECT COUNT(")
    assert "GROUP BY" in queries[1]


def test_statistics_cost_two_queries_however_much_was_logged(ada, catalog, count_queries):
    log(ada, 60, topic=catalog.topics[0])
    with count_queries() as few:
        of(ada, catalog)
    for number, topic in enumerate(catalog.topics):
        log(ada, 10, topic=topic, days_ago=number)
    people_who_logged(catalog.topics[0], *range(10, 20))
    with count_queries() as many:
        assert len(of(ada, catalog).topics) == len(catalog.topics)

    assert len(few) == len(many) == 2
