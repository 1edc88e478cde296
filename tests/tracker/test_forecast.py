"""The forecast: its band, its refusals, and that it is close to a simulation."""

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.effort import Hours
from tracker.summaries.calendar import StudyCalendar, streak
from tracker.summaries.forecast import (
    Basis,
    Forecast,
    NoForecast,
    Pace,
    forecast,
    hours_left,
    minutes_needed,
    observed_pace,
)

MONDAY = date(2027, 3, 1)
EVERY_DAY = StudyCalendar(weekdays_mask=0b1111111, days_off=frozenset())
WEEKDAYS = StudyCalendar(weekdays_mask=0b0011111, days_off=frozenset())


def plan(
    hours: list[float], minutes: float, calendar=EVERY_DAY, today=MONDAY, *, studied_today=False
) -> Forecast:
    return forecast(
        estimates=[Hours.around(likely) for likely in hours],
        pace=Pace(minutes_per_day=minutes, basis=Basis.DECLARED),
        calendar=calendar,
        today=today,
        studied_today=studied_today,
    )


def test_the_likely_finish_is_the_mean_work_over_the_mean_minutes():
    # μ = 90 · (0.7 + 1 + 1.5) / 3 = 96 hours; at two hours a day that is day 48 with today.
    assert plan([90], 120).finish_likely == date(2027, 4, 17)


def test_the_band_lies_where_the_normal_distribution_says():
    # μ = 96, σ² = 0.49 / 18 · 90² = 220.5; (2n − 96) / √(1.96n + 220.5) is ∓0.8416 at 41 and 56.
    result = plan([90], 120)

    assert result.finish_early == MONDAY + timedelta(days=40)
    assert result.finish_late == MONDAY + timedelta(days=55)


def test_only_study_days_count():
    # μ = 10.67 hours at two hours: six study days, the sixth of them is the Monday after.
    assert plan([10], 120, calendar=WEEKDAYS).finish_likely == date(2027, 3, 8)


def test_days_off_push_the_finish_on():
    away = StudyCalendar(weekdays_mask=0b0011111, days_off=frozenset({MONDAY, date(2027, 3, 2)}))

    assert plan([10], 120, calendar=away).finish_likely == date(2027, 3, 10)


def test_a_logged_session_uses_up_today():
    assert plan([1], 120).finish_likely == MONDAY
    assert plan([1], 120, studied_today=True).finish_likely == date(2027, 3, 2)


def test_nothing_left_means_today():
    result = plan([], 60)

    assert (result.finish_early, result.finish_late) == (MONDAY, MONDAY)
    assert result.hours_left == 0


@pytest.mark.parametrize(
    ("estimates", "pace", "mask", "reason"),
    [
        (None, Pace(minutes_per_day=60, basis=Basis.DECLARED), 127, NoForecast.NO_ROLE),
        ([Hours.around(5)], None, 127, NoForecast.NO_PACE),
        ([Hours.around(5)], Pace(minutes_per_day=0, basis=Basis.OBSERVED), 127, NoForecast.NO_PACE),
        (
            [Hours.around(5)],
            Pace(minutes_per_day=60, basis=Basis.DECLARED),
            0,
            NoForecast.NO_STUDY_DAYS,
        ),
        (
            [Hours.around(80)] * 100,
            Pace(minutes_per_day=1, basis=Basis.DECLARED),
            1,
            NoForecast.TOO_FAR,
        ),
    ],
)
def test_an_impossible_plan_has_a_reason_instead_of_dates(estimates, pace, mask, reason):
    calendar = StudyCalendar(weekdays_mask=mask, days_off=frozenset())

    result = forecast(
        estimates=estimates, pace=pace, calendar=calendar, today=MONDAY, studied_today=False
    )

    assert result.reason == reason
    assert result.finish_likely is None


def test_logged_time_comes_off_but_a_tenth_stays():
    assert hours_left(Hours.around(10), 4) == Hours(low=3.0, likely=6.0, high=11.0)
    assert hours_left(Hours.around(10), 50) == Hours(low=1.0, likely=1.0, high=1.0)


def test_a_target_day_asks_for_the_minutes_that_make_it_the_likely_finish():
    minutes = minutes_needed([Hours.around(90)], EVERY_DAY, first=MONDAY, last=date(2027, 4, 17))

    assert minutes == pytest.approx(120)


def test_a_target_day_without_study_days_before_it_has_no_answer():
    assert minutes_needed([Hours.around(9)], EVERY_DAY, first=MONDAY, last=date(2027, 2, 1)) is None


def test_six_logged_study_days_are_too_few_to_observe_a_pace():
    studied = {MONDAY - timedelta(days=n): 30 for n in range(6)}

    assert observed_pace(studied, EVERY_DAY, MONDAY) is None


def test_the_observed_pace_counts_missed_study_days_as_zero():
    # Seven days of an hour within fourteen days.
    studied = {MONDAY - timedelta(days=2 * n + 1): 60 for n in range(7)}

    assert observed_pace(studied, EVERY_DAY, MONDAY) == pytest.approx(7 * 60 / 13)


def test_a_streak_runs_over_days_off_and_the_weekend():
    friday, monday = date(2027, 3, 5), date(2027, 3, 8)
    calendar = StudyCalendar(weekdays_mask=0b0011111, days_off=frozenset({date(2027, 3, 4)}))

    assert streak([date(2027, 3, 3), friday, monday], calendar, monday) == 3


def test_today_breaks_no_streak_before_it_is_over():
    assert streak([MONDAY - timedelta(days=1)], EVERY_DAY, MONDAY) == 1
    assert streak([MONDAY - timedelta(days=2)], EVERY_DAY, MONDAY) == 0


hours_of_topics = st.lists(st.integers(1, 80).map(float), min_size=1, max_size=30)
paces = st.integers(1, 1440)
calendars = st.builds(
    StudyCalendar,
    weekdays_mask=st.integers(1, 127),
    days_off=st.frozensets(
        st.integers(-5, 60).map(lambda n: MONDAY + timedelta(days=n)), max_size=20
    ),
)


def days(result: Forecast) -> list[date]:
    """The three days, with a far one in place of those beyond the horizon."""
    band = (result.finish_early, result.finish_likely, result.finish_late)
    return [day or date.max for day in band]


@given(hours_of_topics, paces, calendars)
def test_early_is_never_after_likely_nor_likely_after_late(hours, minutes, calendar):
    band = days(plan(hours, minutes, calendar))

    assert band == sorted(band)


@given(hours_of_topics, paces, paces, calendars)
def test_more_minutes_are_never_later(hours, one, other, calendar):
    slow, fast = (
        days(plan(hours, min(one, other), calendar)),
        days(plan(hours, max(one, other), calendar)),
    )

    assert all(a >= b for a, b in zip(slow, fast, strict=True))


@given(hours_of_topics, st.floats(0, 200), paces, calendars, st.data())
def test_ticking_a_topic_never_moves_a_date_later(hours, logged, minutes, calendar, data):
    estimates = [hours_left(Hours.around(likely), logged) for likely in hours]
    place = data.draw(st.integers(0, len(hours) - 1))

    def band(left: list[Hours]) -> list[date]:
        return days(
            forecast(
                estimates=left,
                pace=Pace(minutes_per_day=minutes, basis=Basis.DECLARED),
                calendar=calendar,
                today=MONDAY,
                studied_today=False,
            )
        )

    before, after = band(estimates), band(estimates[:place] + estimates[place + 1 :])

    assert all(a <= b for a, b in zip(after, before, strict=True))


@given(calendars, st.integers(1, 400))
def test_the_nth_study_day_is_found_by_counting(calendar, number):
    day, count = MONDAY - timedelta(days=1), 0
    while count < number:
        day += timedelta(days=1)
        count += calendar.is_study_day(day)

    assert calendar.nth_study_days(MONDAY, [number]) == [day]
    assert calendar.study_days_between(MONDAY, day) == number


@pytest.mark.parametrize("total", [20, 80, 250, 800])
def test_the_closed_form_is_close_to_a_simulation(total):
    """20,000 draws of the work and of gamma-distributed days, whose sums are gamma again."""
    draws, topics = 20_000, [4.0] * (total // 4)
    chance = random.Random(f"{total} hours")
    work = [sum(chance.triangular(0.7 * h, 1.5 * h, h) for h in topics) for _ in range(draws)]
    shape = 1 / 0.7**2

    def is_done(number: int, minutes: int, wanted: float) -> bool:
        scale = minutes / 60 / shape
        studied = (chance.gammavariate(number * shape, scale) for _ in range(draws))
        return sum(s >= w for s, w in zip(studied, work, strict=True)) >= wanted * draws

    for minutes in (30, 60, 90, 240):
        result = plan(topics, minutes)
        for wanted, day in zip((0.2, 0.5, 0.8), days(result), strict=True):
            closed = (day - MONDAY).days + 1
            close = [n for n in range(1, 2 * closed + 9) if abs(closed - n) <= max(2, 0.02 * n)]
            # The simulation is done for the first time on one of these days.
            assert is_done(close[-1], minutes, wanted), (minutes, wanted)
            assert close[0] == 1 or not is_done(close[0] - 1, minutes, wanted), (minutes, wanted)
