"""Days by a rule, and what a clock on a wall means in a zone."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tracker.summaries.schedule import Rule, due_of, plan_dates, same_weekday_from

# What the clocks show, wherever they hang.
clock = datetime.fromisoformat
MARCH = date(2027, 3, 1)


def test_one_chapter_a_week_leaves_out_easter_and_pushes_the_rest_on():
    rule = Rule(first_due_on=date(2027, 3, 14), skip=frozenset({date(2027, 3, 28)}))

    assert plan_dates(rule, 4) == [
        date(2027, 3, 14),
        date(2027, 3, 21),
        date(2027, 4, 4),
        date(2027, 4, 11),
    ]


def test_weekdays_begin_with_the_first_of_them_from_the_first_day_on():
    tuesday_and_thursday = Rule(
        first_due_on=date(2027, 3, 3),
        weekdays=frozenset({1, 3}),
        skip=frozenset({date(2027, 3, 9)}),
    )

    assert plan_dates(tuesday_and_thursday, 3) == [
        date(2027, 3, 4),
        date(2027, 3, 11),
        date(2027, 3, 16),
    ]


def test_several_chapters_share_a_day_and_the_last_day_has_the_rest():
    rule = Rule(first_due_on=MARCH, every_days=3, per_step=2)

    assert plan_dates(rule, 3) == [MARCH, MARCH, date(2027, 3, 4)]


def test_a_plan_of_nothing_has_no_dates():
    assert plan_dates(Rule(first_due_on=MARCH), 0) == []


days = st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 1, 1))
rules = st.builds(
    Rule,
    first_due_on=days,
    every_days=st.integers(1, 30),
    weekdays=st.frozensets(st.integers(0, 6)),
    per_step=st.integers(1, 5),
    skip=st.frozensets(
        st.dates(min_value=date(2020, 1, 1), max_value=date(2021, 1, 1)), max_size=40
    ),
)


@given(rule=rules, count=st.integers(0, 60))
def test_every_plan_keeps_to_its_rule(rule, count):
    found = plan_dates(rule, count)

    assert len(found) == count
    assert found == sorted(found)
    assert not set(found) & rule.skip
    assert all(day >= rule.first_due_on for day in found)
    if rule.weekdays:
        assert {day.weekday() for day in found} <= rule.weekdays
    else:
        assert all((day - rule.first_due_on).days % rule.every_days == 0 for day in found)
    for day in set(found):
        assert found.count(day) <= rule.per_step
    assert plan_dates(rule, count + 7)[:count] == found


@given(rule=rules, count=st.integers(1, 60))
def test_skipping_the_last_day_moves_nothing_before_it(rule, count):
    found = plan_dates(rule, count)
    later = plan_dates(
        Rule(
            first_due_on=rule.first_due_on,
            every_days=rule.every_days,
            weekdays=rule.weekdays,
            per_step=rule.per_step,
            skip=rule.skip | {found[-1]},
        ),
        count,
    )

    kept = [day for day in found if day < found[-1]]
    assert later[: len(kept)] == kept
    assert later[len(kept)] > found[-1]


def test_a_due_time_is_meant_by_the_clock_of_the_zone():
    due = due_of(clock("2027-01-12 23:59"), "Asia/Kolkata")

    assert (due.on, due.time) == (date(2027, 1, 12), time(23, 59))
    assert due.at == datetime(2027, 1, 12, 18, 29, tzinfo=UTC)


def test_an_instant_falls_on_the_day_that_it_is_in_the_zone():
    due = due_of(datetime(2027, 1, 12, 18, 30, tzinfo=UTC), "Asia/Kolkata")

    assert (due.on, due.time) == (date(2027, 1, 13), time(0, 0))


def test_the_clock_stays_when_summer_time_begins_and_the_instant_moves():
    before = due_of(clock("2027-03-27 23:59"), "Europe/Berlin")
    after = due_of(clock("2027-03-28 23:59"), "Europe/Berlin")

    assert after.at - before.at == timedelta(hours=23)


def test_a_time_that_the_clocks_skip_is_the_one_after_the_gap():
    due = due_of(clock("2027-03-28 02:30"), "Europe/Berlin")

    assert due.at == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)  # 3:30 there


def test_of_a_time_that_the_clocks_show_twice_the_first_is_meant():
    due = due_of(clock("2027-10-31 02:30").replace(fold=1), "Europe/Berlin")

    assert due.at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


zones = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",
     "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Casablanca"]
)  # fmt: skip


@given(day=days, zone=zones, at=st.times(), number=st.integers(-400, 400))
def test_moving_a_day_there_and_back_brings_the_same_instant(day, zone, at, number):
    due = due_of(datetime.combine(day, at), zone)
    there = due_of(datetime.combine(due.on + timedelta(days=number), due.time), zone)
    back = due_of(datetime.combine(there.on - timedelta(days=number), there.time), zone)

    assert back == due
    # A wall clock is never off by more than its zone ever was: the day stays the day.
    assert abs(due.at - datetime.combine(day, at, UTC)) <= timedelta(hours=26)


@given(at=st.datetimes(clock("2020-01-01 00:00"), clock("2040-01-01 00:00")), zone=zones)
def test_an_instant_is_kept_to_the_second_whatever_the_zone(at, zone):
    moment = at.replace(tzinfo=UTC)

    assert due_of(moment, zone).at == moment


@given(day=days, like=days)
def test_the_same_weekday_is_at_most_six_days_away(day, like):
    found = same_weekday_from(day, like=like)

    assert found.weekday() == like.weekday()
    assert 0 <= (found - day).days <= 6
