"""The study log: the timer, entries by hand, and the day that a session belongs to."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import make_user
from tracker.actions.sessions import (
    NoTimer,
    SessionDoubtful,
    SessionGone,
    SessionImpossible,
    delete_session,
    discard_timer,
    edit_session,
    log_session,
    start_timer,
    stop_timer,
)
from tracker.models import StudySession, User
from tracker.summaries.study import study_log

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def stop(**given):
    """Without types, so that tests look straight at what may be None."""
    return stop_timer(**given)


def test_a_timer_survives_in_the_row(ada, catalog):
    topic, unit = catalog.topics[3], catalog.covering[3][0]
    start_timer(user=ada, topic=topic, unit=unit, at=NOON)

    row = User.objects.get()

    assert row.timer_started_at == NOON
    assert (row.timer_topic_id, row.timer_unit_id) == (topic.id, unit.id)


def test_starting_a_running_timer_keeps_its_start_and_takes_the_new_topic(ada, catalog):
    start_timer(user=ada, topic=catalog.topics[0], at=NOON)

    start_timer(user=ada, topic=catalog.topics[1], at=after(20))

    assert User.objects.get().timer_started_at == NOON
    assert User.objects.get().timer_topic_id == catalog.topics[1].id


def test_stopping_the_timer_logs_what_it_measured(ada, catalog):
    start_timer(user=ada, topic=catalog.topics[0], unit=catalog.covering[0][0], at=NOON)

    session = stop(user=ada, at=after(25.6))

    assert (session.minutes, session.started_at, session.day) == (26, NOON, date(2027, 3, 1))
    assert session.topic_id == catalog.topics[0].id
    assert session.unit_id == catalog.covering[0][0].id
    row = User.objects.get()
    assert (row.timer_started_at, row.timer_topic_id, row.timer_unit_id) == (None, None, None)


def test_another_tab_may_have_stopped_the_timer(ada):
    start_timer(user=ada, at=NOON)
    stale = User.objects.get()
    stop(user=ada, at=after(25))

    with pytest.raises(NoTimer):
        stop(user=stale, at=after(26))

    assert StudySession.objects.count() == 1


def test_less_than_half_a_minute_is_not_logged(ada):
    start_timer(user=ada, at=NOON)

    assert stop(user=ada, at=after(0.4)) is None
    assert User.objects.get().timer_started_at is None
    assert not StudySession.objects.exists()


def test_fewer_minutes_than_measured_count_from_the_start(ada):
    start_timer(user=ada, at=NOON)

    session = stop(user=ada, minutes=10, at=after(45))

    assert (session.minutes, session.started_at) == (10, NOON)


def test_more_minutes_than_measured_end_when_the_timer_stops(ada):
    start_timer(user=ada, at=NOON)

    session = stop(user=ada, minutes=60, at=after(45))

    assert (session.minutes, session.started_at) == (60, after(-15))


@pytest.mark.parametrize("minutes", [0, -5, 1441, 10**15])
def test_the_timer_takes_no_impossible_minutes_and_runs_on(ada, minutes):
    start_timer(user=ada, at=NOON)

    with pytest.raises(SessionImpossible):
        stop(user=ada, minutes=minutes, at=after(45))

    assert User.objects.get().timer_started_at == NOON


def test_a_timer_of_13_hours_is_questioned_and_runs_on(ada):
    start_timer(user=ada, at=NOON)

    with pytest.raises(SessionDoubtful, match="13 hours in one go"):
        stop(user=ada, at=after(13 * 60))

    assert User.objects.get().timer_started_at == NOON
    assert stop(user=ada, is_confirmed=True, at=after(13 * 60)).minutes == 780


def test_a_timer_forgotten_for_days_needs_minutes(ada):
    start_timer(user=ada, at=NOON)

    with pytest.raises(SessionImpossible):
        stop(user=ada, is_confirmed=True, at=after(50 * 60))

    assert stop(user=ada, minutes=40, at=after(50 * 60)).started_at == NOON


def test_a_discarded_timer_logs_nothing_and_may_be_discarded_again(ada):
    start_timer(user=ada, at=NOON)

    discard_timer(user=ada)
    discard_timer(user=ada)

    assert User.objects.get().timer_started_at is None
    assert not StudySession.objects.exists()


def test_timers_of_other_people_run_on(ada):
    other = make_user()
    start_timer(user=other, at=NOON)
    start_timer(user=ada, at=NOON)

    stop(user=ada, at=after(30))

    assert User.objects.get(pk=other.pk).timer_started_at == NOON
    assert not other.study_sessions.exists()


def test_an_entry_without_a_start_has_just_ended(ada):
    session = log_session(user=ada, minutes=30, at=NOON)

    assert session.started_at == after(-30)


@pytest.mark.parametrize("minutes", [0, -1, 1441, 10**15])
def test_a_session_lasts_from_a_minute_to_a_day(ada, minutes):
    with pytest.raises(SessionImpossible, match="1 minute to 24 hours"):
        log_session(user=ada, minutes=minutes, is_confirmed=True, at=NOON)

    assert not StudySession.objects.exists()


@pytest.mark.parametrize(
    "started_at",
    [
        after(1),
        after(-20),
        datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
    ],
)
def test_a_session_is_over_and_within_living_memory(ada, started_at):
    with pytest.raises(SessionImpossible):
        log_session(user=ada, minutes=30, started_at=started_at, is_confirmed=True, at=NOON)


def test_a_clock_that_is_a_little_ahead_is_forgiven(ada):
    assert log_session(user=ada, minutes=30, started_at=after(-26), at=NOON).minutes == 30


def test_the_twenty_hour_session_is_questioned(ada):
    with pytest.raises(SessionDoubtful):
        log_session(user=ada, minutes=1200, at=NOON)

    assert log_session(user=ada, minutes=1200, is_confirmed=True, at=NOON).minutes == 1200


@pytest.mark.parametrize(("start", "minutes"), [(-90, 30), (-70, 10), (-100, 80), (-61, 1)])
def test_an_overlap_is_questioned(ada, start, minutes):
    log_session(user=ada, minutes=60, started_at=after(-120), at=NOON)

    with pytest.raises(SessionDoubtful, match="overlaps with a session of 60 minutes"):
        log_session(user=ada, minutes=minutes, started_at=after(start), at=NOON)

    log_session(user=ada, minutes=minutes, started_at=after(start), is_confirmed=True, at=NOON)
    assert StudySession.objects.count() == 2


@pytest.mark.parametrize(("start", "minutes"), [(-60, 30), (-150, 30), (-60.4, 30)])
def test_sessions_one_after_the_other_do_not_overlap(ada, start, minutes):
    log_session(user=ada, minutes=60, started_at=after(-120), at=NOON)

    log_session(user=ada, minutes=minutes, started_at=after(start), at=NOON)

    assert StudySession.objects.count() == 2


def test_a_day_long_session_reaches_into_the_next_day(ada):
    log_session(user=ada, minutes=1440, started_at=after(-1441), is_confirmed=True, at=NOON)

    with pytest.raises(SessionDoubtful):
        log_session(user=ada, minutes=5, started_at=after(-6), at=NOON)


def test_sessions_of_other_people_do_not_overlap_mine(ada):
    log_session(user=make_user(), minutes=60, at=NOON)

    assert log_session(user=ada, minutes=60, at=NOON).user_id == ada.pk


def test_a_double_click_is_questioned(ada):
    log_session(user=ada, minutes=1, at=NOON)

    with pytest.raises(SessionDoubtful):
        log_session(user=ada, minutes=1, at=after(0.005))


def edit(user, session, **changes):
    fields = {"minutes": session.minutes, "started_at": session.started_at, "topic": None}
    return edit_session(user=user, session=session, unit=None, **fields | changes)


def test_editing_changes_what_is_said(ada, catalog):
    session = log_session(user=ada, minutes=60, at=NOON)

    edit(ada, session, minutes=30, started_at=after(-1500), topic=catalog.topics[2], at=NOON)

    row = StudySession.objects.get()
    assert (row.minutes, row.started_at, row.day) == (30, after(-1500), date(2027, 2, 28))
    assert row.topic_id == catalog.topics[2].id


def test_editing_does_not_find_the_session_in_its_own_way(ada):
    session = log_session(user=ada, minutes=60, at=NOON)

    assert edit(ada, session, minutes=50, at=NOON).minutes == 50


def test_what_was_confirmed_is_questioned_again_only_with_another_time(ada, catalog):
    session = log_session(user=ada, minutes=800, is_confirmed=True, at=NOON)

    assert edit(ada, session, topic=catalog.topics[0], at=NOON)
    with pytest.raises(SessionDoubtful):
        edit(ada, session, minutes=810, started_at=after(-820), at=NOON)
    assert StudySession.objects.get().minutes == 800


def test_editing_into_the_future_is_refused(ada):
    session = log_session(user=ada, minutes=60, at=NOON)

    with pytest.raises(SessionImpossible):
        edit(ada, session, started_at=after(10), at=NOON)


def test_a_deleted_session_does_not_come_back_by_editing(ada):
    session = log_session(user=ada, minutes=60, at=NOON)
    delete_session(user=ada, public_id=session.public_id)

    with pytest.raises(SessionGone):
        edit(ada, session, minutes=50, at=NOON)

    assert not StudySession.objects.exists()


def test_nobody_edits_or_deletes_the_session_of_another(ada):
    session = log_session(user=make_user(), minutes=60, at=NOON)

    assert not delete_session(user=ada, public_id=session.public_id)
    with pytest.raises(SessionGone):
        edit(ada, session, minutes=50, at=NOON)

    assert StudySession.objects.get().minutes == 60


def test_deleting_twice_is_no_error(ada):
    session = log_session(user=ada, minutes=60, at=NOON)

    assert delete_session(user=ada, public_id=session.public_id)
    assert not delete_session(user=ada, public_id=session.public_id)


@pytest.mark.parametrize(
    ("zone", "started_at", "day"),
    [
        ("Pacific/Pago_Pago", datetime(2027, 3, 1, 10, 59, tzinfo=UTC), date(2027, 2, 28)),
        ("Pacific/Pago_Pago", datetime(2027, 3, 1, 11, 0, tzinfo=UTC), date(2027, 3, 1)),
        ("UTC", datetime(2027, 2, 28, 23, 59, tzinfo=UTC), date(2027, 2, 28)),
        ("UTC", datetime(2027, 3, 1, 0, 0, tzinfo=UTC), date(2027, 3, 1)),
        ("Pacific/Kiritimati", datetime(2027, 3, 1, 9, 59, tzinfo=UTC), date(2027, 3, 1)),
        ("Pacific/Kiritimati", datetime(2027, 3, 1, 10, 0, tzinfo=UTC), date(2027, 3, 2)),
        # Clocks go forward on 28 March and back on 31 October 2027, at 1:00 UTC.
        ("Europe/Berlin", datetime(2027, 3, 27, 22, 59, tzinfo=UTC), date(2027, 3, 27)),
        ("Europe/Berlin", datetime(2027, 3, 27, 23, 0, tzinfo=UTC), date(2027, 3, 28)),
        ("Europe/Berlin", datetime(2027, 3, 28, 21, 59, tzinfo=UTC), date(2027, 3, 28)),
        ("Europe/Berlin", datetime(2027, 3, 28, 22, 0, tzinfo=UTC), date(2027, 3, 29)),
        ("Europe/Berlin", datetime(2027, 10, 30, 22, 0, tzinfo=UTC), date(2027, 10, 31)),
        ("Europe/Berlin", datetime(2027, 10, 31, 22, 59, tzinfo=UTC), date(2027, 10, 31)),
        ("Europe/Berlin", datetime(2027, 10, 31, 23, 0, tzinfo=UTC), date(2027, 11, 1)),
    ],
)
def test_a_session_belongs_to_the_local_day_on_which_it_started(db, zone, started_at, day):
    user = make_user(time_zone=zone)
    at = started_at + timedelta(hours=1)

    assert log_session(user=user, minutes=60, started_at=started_at, at=at).day == day


def test_over_a_change_of_clocks_the_timer_measures_real_time(db):
    user = make_user(time_zone="Europe/Berlin")
    # From 1:30 to 3:30 on the wall in spring, which is one hour.
    start_timer(user=user, at=datetime(2027, 3, 28, 0, 30, tzinfo=UTC))
    spring = stop(user=user, at=datetime(2027, 3, 28, 1, 30, tzinfo=UTC))
    # From 1:30 to 3:30 in autumn, which is three.
    start_timer(user=user, at=datetime(2027, 10, 30, 23, 30, tzinfo=UTC))
    autumn = stop(user=user, at=datetime(2027, 10, 31, 2, 30, tzinfo=UTC))

    assert (spring.minutes, autumn.minutes) == (60, 180)


def test_the_day_stays_when_the_person_moves(ada):
    session = log_session(user=ada, minutes=30, started_at=NOON, at=after(60))
    ada.time_zone = "Pacific/Kiritimati"
    ada.save()

    edit(ada, session, minutes=40, at=after(60))

    assert StudySession.objects.get().day == date(2027, 3, 1)


def test_the_earliest_session_has_a_day_that_the_export_can_say(db):
    user = make_user(time_zone="Pacific/Pago_Pago")

    session = log_session(
        user=user, minutes=1, started_at=datetime(1970, 1, 2, tzinfo=UTC), at=NOON
    )

    assert session.day == date(1970, 1, 1)


def test_the_log_adds_up_by_day_and_by_topic(ada, catalog):
    vectors = catalog.topics[5]
    log_session(user=ada, minutes=30, topic=vectors, at=NOON)
    log_session(user=ada, minutes=20, topic=vectors, started_at=after(-1500), at=NOON)
    log_session(user=ada, minutes=10, started_at=after(-60), at=NOON)
    log_session(user=make_user(), minutes=99, topic=vectors, at=NOON)

    log = study_log(user=ada, graph=catalog)

    assert log.minutes_by_day == {date(2027, 3, 1): 40, date(2027, 2, 28): 20}
    assert log.minutes_by_topic == {5: 50}


def test_the_log_of_day_one_is_empty(ada, catalog):
    log = study_log(user=ada, graph=catalog)

    assert (log.minutes_by_day, log.minutes_by_topic) == ({}, {})


def test_reading_the_log_costs_one_query(ada, catalog, count_queries):
    for days in range(9):
        log_session(user=ada, minutes=30, at=NOON - timedelta(days=days))
    with count_queries() as queries:
        study_log(user=ada, graph=catalog)

    assert len(queries) == 1
