"""The burn-up: hours known by day, and the band."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import make_user
from tracker.actions.progress import Mark, mark_topics
from tracker.models import Source, TopicProgress, TopicState
from tracker.summaries.burnup import BurnPoint, burn_up
from tracker.summaries.plan import plan_of

JOINED = datetime(2027, 3, 1, 12, tzinfo=UTC)
NOW = datetime(2027, 3, 20, 12, tzinfo=UTC)


@pytest.fixture
def user(catalog):
    return make_user(role="machine-learning-engineer", minutes_per_day=60, joined_at=JOINED)


@pytest.fixture
def topics(catalog):
    role = catalog.roles["machine-learning-engineer"]
    return [catalog.topics[entry.index] for entry in role.entries if entry.is_required]


def tick(user, topic, at, state=TopicState.DONE):
    marks = [Mark(topic=topic, state=state)]
    mark_topics(user=user, marks=marks, source=Source.MANUAL, at=at)


def plan_for(**given):
    """Without types, so that tests look straight at what may be None."""
    return plan_of(**given)


def picture(user, graph):
    return burn_up(plan_for(user=user, graph=graph, at=NOW), user)


def hours(graph, *topics):
    entries = graph.roles["machine-learning-engineer"].entry_by_index
    return sum(entries[topic.index].weight for topic in topics) / 100


def test_without_a_role_there_is_no_picture(ada, catalog):
    assert picture(ada, catalog) is None


def test_on_day_one_it_is_flat_and_has_its_band(user, catalog):
    result = picture(user, catalog)

    assert result.points == (
        BurnPoint(day=date(2027, 3, 1), hours=0.0),
        BurnPoint(day=date(2027, 3, 20), hours=0.0),
    )
    assert result.total_hours == catalog.roles["machine-learning-engineer"].required_hours
    assert result.finish_early < result.finish_likely < result.finish_late


def test_it_rises_by_the_hours_of_each_tick_once_a_day(user, catalog, topics):
    roots = [topic for topic in topics if not topic.needs][:2]
    tick(user, roots[0], JOINED + timedelta(days=3))
    tick(user, roots[1], JOINED + timedelta(days=3, hours=1))

    result = picture(user, catalog)

    assert result.points[1:] == (
        BurnPoint(day=date(2027, 3, 4), hours=hours(catalog, *roots)),
        BurnPoint(day=date(2027, 3, 20), hours=hours(catalog, *roots)),
    )


def test_what_a_tick_implies_counts_from_that_day_on(user, catalog, topics):
    later = next(topic for topic in topics if topic.needs)
    tick(user, later, JOINED + timedelta(days=3))

    known = [later, *catalog.topics_in(later.ancestors_mask)]
    required = [topic for topic in known if topic in topics]
    assert picture(user, catalog).points[1].hours == pytest.approx(hours(catalog, *required))


def test_what_is_being_learned_is_not_implied(user, catalog, topics):
    later = next(topic for topic in topics if topic.needs)
    need = catalog.topics[later.needs[0].index]
    tick(user, need, JOINED, state=TopicState.LEARNING)
    tick(user, later, JOINED + timedelta(days=3))

    result = picture(user, catalog)

    plan = plan_for(user=user, graph=catalog, at=NOW)
    assert result.points[1].hours == result.points[-1].hours
    assert result.points[-1].hours == plan.progress.readiness.known_hours


def test_skipped_topics_are_no_part_of_the_whole(user, catalog, topics):
    tick(user, topics[0], JOINED, state=TopicState.SKIPPED)

    result = picture(user, catalog)

    assert result.total_hours == pytest.approx(
        catalog.roles["machine-learning-engineer"].required_hours - hours(catalog, topics[0])
    )


def test_it_never_falls_and_ends_where_readiness_stands(user, catalog):
    for number, topic in enumerate(catalog.topics[::3]):
        tick(user, topic, JOINED + timedelta(hours=11 * number))

    result = picture(user, catalog)

    values = [point.hours for point in result.points]
    assert values == sorted(values)
    days = [point.day for point in result.points[1:]]
    assert days == sorted(set(days))
    plan = plan_for(user=user, graph=catalog, at=NOW)
    assert values[-1] == plan.progress.readiness.known_hours


def test_ticks_from_before_joining_start_the_picture_and_future_ones_count_today(
    user, catalog, topics
):
    roots = [topic for topic in topics if not topic.needs][:2]
    tick(user, roots[0], JOINED - timedelta(days=30))
    tick(user, roots[1], NOW + timedelta(days=900))

    days = [point.day for point in picture(user, catalog).points]

    assert days == [date(2027, 1, 30), date(2027, 1, 30), date(2027, 3, 20)]


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Pacific/Pago_Pago", date(2027, 3, 3)),
        ("UTC", date(2027, 3, 4)),
        ("Pacific/Kiritimati", date(2027, 3, 4)),
    ],
)
def test_a_tick_counts_on_its_local_day(catalog, topics, zone, day):
    user = make_user(role="machine-learning-engineer", time_zone=zone, joined_at=JOINED)
    tick(user, topics[0], datetime(2027, 3, 4, 9, tzinfo=UTC))

    assert picture(user, catalog).points[1].day == day


def test_it_costs_no_query_of_its_own(user, catalog, topics, count_queries):
    for topic in topics:
        tick(user, topic, JOINED)
    plan = plan_for(user=user, graph=catalog, at=NOW)
    with count_queries() as queries:
        burn_up(plan, user)

    assert queries == []
    assert TopicProgress.objects.count() == len(topics)
