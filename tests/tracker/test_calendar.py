"""Local days, streaks and study days at the edges of the world and of the year."""

import zoneinfo
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_user
from tracker.actions.sessions import log_session
from tracker.models import User
from tracker.summaries.calendar import StudyCalendar, local_day, streak
from tracker.summaries.study import study_log

MONDAY = date(2027, 3, 1)
EVERY_DAY = StudyCalendar(weekdays_mask=0b1111111, days_off=frozenset())
NO_DAY = StudyCalendar(weekdays_mask=0, days_off=frozenset())


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Pacific/Pago_Pago", datetime(2027, 1, 1, 10, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
        ("Pacific/Pago_Pago", datetime(2027, 1, 1, 11, tzinfo=UTC), date(2027, 1, 1)),
        ("UTC", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
        ("UTC", datetime(2027, 1, 1, tzinfo=UTC), date(2027, 1, 1)),
        ("Pacific/Kiritimati", datetime(2026, 12, 31, 9, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
        ("Pacific/Kiritimati", datetime(2026, 12, 31, 10, tzinfo=UTC), date(2027, 1, 1)),
        ("Europe/Berlin", datetime(2027, 3, 27, 22, 59, 59, tzinfo=UTC), date(2027, 3, 27)),
        ("Europe/Berlin", datetime(2027, 3, 28, 21, 59, 59, tzinfo=UTC), date(2027, 3, 28)),
        ("Europe/Berlin", datetime(2027, 3, 28, 22, tzinfo=UTC), date(2027, 3, 29)),
        ("Europe/Berlin", datetime(2027, 10, 31, 22, 59, 59, tzinfo=UTC), date(2027, 10, 31)),
        ("Europe/Berlin", datetime(2027, 10, 31, 23, tzinfo=UTC), date(2027, 11, 1)),
    ],
)
def test_the_local_day_is_the_date_on_the_wall(zone, moment, day):
    assert local_day(User(time_zone=zone), moment) == day


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "UTC", "Pacific/Kiritimati"])
def test_a_streak_of_evenings_holds_in_every_zone(catalog, zone):
    user = make_user(time_zone=zone)
    hours_ahead = {"Pacific/Pago_Pago": -11, "UTC": 0, "Pacific/Kiritimati": 14}[zone]
    # Half past eleven at night on the wall, four days running.
    evening = datetime(2027, 3, 1, 23, 30, tzinfo=UTC) - timedelta(hours=hours_ahead)
    for number in range(4):
        started_at = evening + timedelta(days=number)
        log_session(
            user=user, minutes=20, started_at=started_at, at=started_at + timedelta(hours=1)
        )

    studied = study_log(user=user, graph=catalog).minutes_by_day

    assert sorted(studied) == [date(2027, 3, day) for day in (1, 2, 3, 4)]
    today = local_day(user, evening + timedelta(days=3))
    assert streak(studied, StudyCalendar.of(user), today) == 4
    # After midnight it is the 5th, on which there is still time; on the 6th it is broken.
    assert streak(studied, StudyCalendar.of(user), today + timedelta(days=1)) == 4
    assert streak(studied, StudyCalendar.of(user), today + timedelta(days=2)) == 0


@pytest.mark.parametrize(
    "first", [datetime(2027, 3, 26, tzinfo=UTC), datetime(2027, 10, 29, tzinfo=UTC)]
)
@pytest.mark.parametrize("minute", [5, 12 * 60, 23 * 60 + 55])
def test_a_streak_holds_over_both_changes_of_clocks(catalog, first, minute):
    user = make_user(time_zone="Europe/Berlin")
    zone_days = [first.date() + timedelta(days=number) for number in range(5)]
    for day in zone_days:
        wall = datetime.fromisoformat(f"{day}T{minute // 60:02}:{minute % 60:02}:00")
        started_at = wall.replace(tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")).astimezone(UTC)
        log_session(user=user, minutes=3, started_at=started_at, at=started_at + timedelta(hours=1))

    studied = study_log(user=user, graph=catalog).minutes_by_day

    assert sorted(studied) == zone_days
    assert streak(studied, StudyCalendar.of(user), zone_days[-1]) == 5


def test_moving_east_or_west_breaks_no_streak(catalog):
    user = make_user(time_zone="Pacific/Kiritimati")
    # 0:30 on 2 March on Kiritimati, which is still 28 February in Pago Pago.
    at = datetime(2027, 3, 1, 10, 30, tzinfo=UTC)
    log_session(user=user, minutes=20, at=at + timedelta(minutes=20), started_at=at)
    user.time_zone = "Pacific/Pago_Pago"
    studied = study_log(user=user, graph=catalog).minutes_by_day

    assert list(studied) == [date(2027, 3, 2)]
    assert streak(studied, EVERY_DAY, local_day(user, at)) == 0
    assert streak(studied, EVERY_DAY, date(2027, 3, 2)) == 1


def test_a_streak_without_study_or_study_days_is_zero():
    assert streak([], EVERY_DAY, MONDAY) == 0
    assert streak([MONDAY], NO_DAY, MONDAY) == 0


def test_study_of_tomorrow_does_not_count_yet():
    assert streak([MONDAY + timedelta(days=1)], EVERY_DAY, MONDAY) == 0


def test_study_on_days_off_and_other_weekdays_does_not_count():
    sunday = MONDAY - timedelta(days=1)
    calendar = StudyCalendar(weekdays_mask=0b0011111, days_off=frozenset({MONDAY}))

    assert streak([sunday - timedelta(days=2), sunday, MONDAY], calendar, MONDAY) == 1


days = st.integers(-40, 0).map(lambda number: MONDAY + timedelta(days=number))
calendars = st.builds(
    StudyCalendar, weekdays_mask=st.integers(0, 127), days_off=st.frozensets(days, max_size=15)
)


@given(st.sets(days), calendars)
def test_a_streak_is_what_counting_back_finds(studied, calendar):
    study_days = [
        day
        for day in (MONDAY - timedelta(days=number) for number in range(60))
        if calendar.is_study_day(day) and not (day == MONDAY and day not in studied)
    ]
    expected = 0
    while expected < len(study_days) and study_days[expected] in studied:
        expected += 1

    assert streak(studied, calendar, MONDAY) == expected


@given(calendars, st.integers(-30, 30), st.integers(-5, 90))
def test_study_days_between_are_counted_one_by_one(calendar, start, length):
    first = MONDAY + timedelta(days=start)
    last = first + timedelta(days=length)
    listed = [first + timedelta(days=number) for number in range(length + 1)]

    assert calendar.study_days_between(first, last) == sum(map(calendar.is_study_day, listed))


def test_a_calendar_without_study_days_never_gets_there():
    assert NO_DAY.nth_study_days(MONDAY, [0, 1]) == [MONDAY, None]


def test_a_calendar_is_read_from_the_person():
    user = User(study_days_mask=0b0000101, days_off=["2027-03-03"])

    calendar = StudyCalendar.of(user)

    assert [calendar.is_study_day(MONDAY + timedelta(days=n)) for n in range(8)] == [
        True, False, False, False, False, False, False, True,
    ]  # fmt: skip


def test_days_off_at_the_ends_of_the_calendar_do_no_harm():
    user = User(study_days_mask=127, days_off=["0001-01-01", "9999-12-31"])

    assert StudyCalendar.of(user).nth_study_days(MONDAY, [3]) == [date(2027, 3, 3)]
