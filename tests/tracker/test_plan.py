"""The plan of a person: role, standing, pace and forecast together, at their local time."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import make_user
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.sessions import log_session
from tracker.models import Source, TopicState
from tracker.summaries.forecast import Basis, NoForecast
from tracker.summaries.plan import plan_of

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)  # a Monday


def plan_for(**given):
    """Without types, so that tests look straight at what may be None."""
    return plan_of(**given)


def tick(user, *topics, state=TopicState.DONE):
    marks = [Mark(topic=topic, state=state) for topic in topics]
    mark_topics(user=user, marks=marks, source=Source.MANUAL, at=NOON)


def required(graph, role):
    return [graph.topics[entry.index] for entry in role.entries if entry.is_required]


def test_day_one_without_a_role_has_topics_to_begin_with(ada, catalog):
    plan = plan_for(user=ada, graph=catalog, at=NOON)

    assert (plan.role, plan.progress, plan.subjects, plan.pace) == (None, None, [], None)
    assert plan.forecast.reason == NoForecast.NO_ROLE
    assert plan.estimates is None
    assert plan.next
    assert all(not topic.needs for topic in plan.next)


def test_a_role_without_a_pace_has_hours_and_no_dates(catalog):
    user = make_user(role="machine-learning-engineer")

    plan = plan_for(user=user, graph=catalog, at=NOON)

    assert plan.progress.readiness.percent == 0
    assert plan.forecast.reason == NoForecast.NO_PACE
    assert plan.forecast.hours_left == pytest.approx(plan.role.required_hours)


def test_a_declared_pace_gives_a_band(catalog):
    user = make_user(role="machine-learning-engineer", minutes_per_day=90)

    plan = plan_for(user=user, graph=catalog, at=NOON)

    band = plan.forecast
    assert date(2027, 3, 1) < band.finish_early < band.finish_likely < band.finish_late
    assert (band.basis, band.minutes_per_day) == (Basis.DECLARED, 90)


def test_seven_logged_study_days_replace_the_declared_pace(catalog):
    user = make_user(role="machine-learning-engineer", minutes_per_day=90)
    for number in range(1, 8):
        log_session(user=user, minutes=30, at=NOON - timedelta(days=number))

    plan = plan_for(user=user, graph=catalog, at=NOON)

    assert (plan.pace.basis, plan.pace.minutes_per_day) == (Basis.OBSERVED, 30)


def test_whoever_knows_it_all_is_done_today(catalog):
    user = make_user(role="machine-learning-engineer")
    role = catalog.roles["machine-learning-engineer"]
    tick(user, *required(catalog, role))

    plan = plan_for(user=user, graph=catalog, at=NOON)

    assert plan.progress.readiness.percent == 100
    assert (plan.forecast.finish_likely, plan.forecast.hours_left) == (date(2027, 3, 1), 0.0)


def test_logged_time_shortens_what_is_left(catalog):
    user = make_user(role="machine-learning-engineer", minutes_per_day=60)
    topic = required(catalog, catalog.roles["machine-learning-engineer"])[0]
    before = plan_for(user=user, graph=catalog, at=NOON).forecast.hours_left
    log_session(user=user, minutes=60, topic=topic, at=NOON - timedelta(days=1))

    assert plan_for(user=user, graph=catalog, at=NOON).forecast.hours_left == pytest.approx(
        before - 1
    )


def test_skipped_topics_leave_the_plan(catalog):
    user = make_user(role="machine-learning-engineer", minutes_per_day=60)
    topics = required(catalog, catalog.roles["machine-learning-engineer"])
    tick(user, *topics, state=TopicState.SKIPPED)

    plan = plan_for(user=user, graph=catalog, at=NOON)

    assert plan.progress.readiness.percent == 100
    assert plan.forecast.finish_late == date(2027, 3, 1)


def test_what_if_is_another_pace_and_changes_nothing_else(catalog):
    user = make_user(role="machine-learning-engineer", minutes_per_day=60)
    plan = plan_for(user=user, graph=catalog, at=NOON)

    faster = plan.at_pace(120)

    assert faster.finish_likely < plan.forecast.finish_likely
    assert faster.hours_left == plan.forecast.hours_left
    assert plan.at_pace(60) == plan.forecast


def test_a_retired_role_counts_as_none(catalog):
    user = make_user(role="machine-learning-engineer", minutes_per_day=60)
    user.role_id = 10**6

    assert plan_for(user=user, graph=catalog, at=NOON).forecast.reason == NoForecast.NO_ROLE


@pytest.mark.parametrize(
    ("zone", "at", "today"),
    [
        ("Pacific/Pago_Pago", datetime(2027, 3, 2, 10, 59, tzinfo=UTC), date(2027, 3, 1)),
        ("Pacific/Pago_Pago", datetime(2027, 3, 2, 11, 0, tzinfo=UTC), date(2027, 3, 2)),
        ("UTC", datetime(2027, 3, 1, 23, 59, tzinfo=UTC), date(2027, 3, 1)),
        ("UTC", datetime(2027, 3, 2, 0, 0, tzinfo=UTC), date(2027, 3, 2)),
        ("Pacific/Kiritimati", datetime(2027, 3, 1, 9, 59, tzinfo=UTC), date(2027, 3, 1)),
        ("Pacific/Kiritimati", datetime(2027, 3, 1, 10, 0, tzinfo=UTC), date(2027, 3, 2)),
        ("Europe/Berlin", datetime(2027, 3, 28, 21, 59, tzinfo=UTC), date(2027, 3, 28)),
        ("Europe/Berlin", datetime(2027, 3, 28, 22, 0, tzinfo=UTC), date(2027, 3, 29)),
        ("Europe/Berlin", datetime(2027, 10, 31, 22, 59, tzinfo=UTC), date(2027, 10, 31)),
        ("Europe/Berlin", datetime(2027, 10, 31, 23, 0, tzinfo=UTC), date(2027, 11, 1)),
    ],
)
def test_the_forecast_starts_on_the_local_day(catalog, zone, at, today):
    user = make_user(role="machine-learning-engineer", time_zone=zone)
    tick(user, *required(catalog, catalog.roles["machine-learning-engineer"]))

    plan = plan_for(user=user, graph=catalog, at=at)

    assert (plan.today, plan.forecast.finish_likely) == (today, today)


@pytest.mark.parametrize(
    "zone", ["Pacific/Pago_Pago", "UTC", "Pacific/Kiritimati", "Europe/Berlin"]
)
def test_a_session_of_the_local_today_moves_the_band_by_a_day(catalog, zone):
    user = make_user(role="machine-learning-engineer", minutes_per_day=60, time_zone=zone)
    before = plan_for(user=user, graph=catalog, at=NOON).forecast
    # Half a minute of thought about no topic in particular takes nothing off but the day.
    log_session(user=user, minutes=1, at=NOON)

    after = plan_for(user=user, graph=catalog, at=NOON)

    assert after.studied_today
    assert after.forecast.finish_likely == before.finish_likely + timedelta(days=1)


@pytest.mark.parametrize("first", [date(2027, 3, 26), date(2027, 10, 29)])
def test_days_of_23_and_25_hours_count_as_days(catalog, first):
    noon = datetime(first.year, first.month, first.day, 12, tzinfo=UTC)
    berlin = make_user(
        role="machine-learning-engineer", minutes_per_day=60, time_zone="Europe/Berlin"
    )
    utc = make_user(role="machine-learning-engineer", minutes_per_day=60)

    assert (
        plan_for(user=berlin, graph=catalog, at=noon).forecast
        == plan_for(user=utc, graph=catalog, at=noon).forecast
    )


def test_a_plan_costs_two_queries_however_much_was_done(catalog, count_queries):
    user = make_user(role="machine-learning-engineer", minutes_per_day=60)
    with count_queries() as few:
        plan_for(user=user, graph=catalog, at=NOON)
    tick(user, *catalog.topics[:60])
    for number in range(30):
        log_session(
            user=user,
            minutes=30,
            topic=catalog.topics[number],
            at=NOON - timedelta(days=number),
        )
    with count_queries() as many:
        plan_for(user=user, graph=catalog, at=NOON)

    assert len(few) == len(many) == 2
