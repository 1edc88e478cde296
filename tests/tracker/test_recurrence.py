"""Rules of meetings: which are read, on which days they fall, and how they are said."""

import time as clock
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tracker.summaries.meetings import starts_at
from tracker.summaries.recurrence import (
    BadRule,
    Frequency,
    Rule,
    Weekday,
    dates,
    is_date,
    last_date,
    monthly_weekday,
    read_rule,
    sentence,
)

TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("FREQ=WEEKLY", "FREQ=WEEKLY"),
        ("RRULE:freq=weekly;interval=1;wkst=MO;byday=TU", "FREQ=WEEKLY;BYDAY=TU"),
        ("BYDAY=TH,TU;FREQ=WEEKLY;INTERVAL=2", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH"),
        ("FREQ=MONTHLY;BYDAY=+2TU;COUNT=6", "FREQ=MONTHLY;BYDAY=2TU;COUNT=6"),
        ("FREQ=DAILY;UNTIL=20261215", "FREQ=DAILY;UNTIL=20261215"),
        ("FREQ=DAILY;UNTIL=20261215T235959", "FREQ=DAILY;UNTIL=20261215"),
        ("FREQ=DAILY;UNTIL=20261215T120000", "FREQ=DAILY;UNTIL=20261214"),
        # 23:30 in Berlin; the meeting at 18:30 of that day is still in.
        ("FREQ=DAILY;UNTIL=20261215T223000Z", "FREQ=DAILY;UNTIL=20261215"),
        ("FREQ=DAILY;UNTIL=20261215T233000Z", "FREQ=DAILY;UNTIL=20261215"),
        ("FREQ=DAILY;UNTIL=20261215T172959Z", "FREQ=DAILY;UNTIL=20261214"),
        ("FREQ=DAILY;UNTIL=20261215T173000Z", "FREQ=DAILY;UNTIL=20261215"),
    ],
)
def test_a_rule_is_read_and_written_in_one_way(text, written):
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")

    rule = read_rule(text, zone=berlin, start_time=time(18, 30))

    assert str(rule) == written
    assert read_rule(written) == rule


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Write the rule as in"),
        ("FREQ", "Write the rule as in"),
        ("FREQ=WEEKLY;", "Write the rule as in"),
        ("FREQ=WEEKLY;FREQ=DAILY", "each part once"),
        ("FREQ=WEEKLY\nEXDATE:20261124", "Write the rule as in"),
        ("INTERVAL=2", "FREQ is one of"),
        ("FREQ=SECONDLY", "FREQ is one of"),
        ("FREQ=MINUTELY;COUNT=1000000000", "FREQ is one of"),
        ("FREQ=YEARLY", "FREQ is one of"),
        ("FREQ=WEEKLY;BYSETPOS=1", "Leave BYSETPOS out"),
        ("FREQ=WEEKLY;BYHOUR=1,2,3", "Leave BYHOUR out"),
        ("FREQ=WEEKLY;WKST=SU", "Weeks start on Monday"),
        ("FREQ=WEEKLY;COUNT=0", "COUNT is a number from 1 to 104"),
        ("FREQ=WEEKLY;COUNT=105", "COUNT is a number from 1 to 104"),
        ("FREQ=WEEKLY;COUNT=1000000000", "COUNT is a number from 1 to 104"),
        ("FREQ=WEEKLY;INTERVAL=53", "INTERVAL is a number from 1 to 52"),
        ("FREQ=WEEKLY;INTERVAL=-1", "INTERVAL is a number from 1 to 52"),
        ("FREQ=WEEKLY;COUNT=3;UNTIL=20261215", "not both"),
        ("FREQ=WEEKLY;UNTIL=20261315", "UNTIL is a day"),
        ("FREQ=WEEKLY;UNTIL=2026-12-15", "UNTIL is a day"),
        ("FREQ=WEEKLY;UNTIL=00010101T000000Z", "UNTIL is a day"),
        ("FREQ=WEEKLY;UNTIL=99991231T235959Z", "UNTIL is a day"),
        ("FREQ=DAILY;BYDAY=TU", "With BYDAY the rule is WEEKLY or MONTHLY"),
        ("FREQ=WEEKLY;BYDAY=2TU", "BYDAY is TU in a WEEKLY rule"),
        ("FREQ=MONTHLY;BYDAY=TU", "BYDAY is TU in a WEEKLY rule"),
        ("FREQ=MONTHLY;BYDAY=6TU", "BYDAY lists weekdays"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY lists weekdays"),
        ("FREQ=WEEKLY;BYDAY=" + ",".join(["TU"] * 100_000), "BYDAY lists weekdays"),
        ("FREQ=WEEKLY;BYDAY=٣TU", "Write the rule as in"),
    ],
)
def test_a_rule_that_meetings_do_not_know_is_refused_with_a_sentence(text, says):
    begun = clock.process_time()

    with pytest.raises(BadRule, match=says):
        read_rule(text, zone=zoneinfo.ZoneInfo("Pacific/Kiritimati"))

    assert clock.process_time() - begun < 0.2


@pytest.mark.parametrize(
    ("text", "starts_on", "days"),
    [
        ("", TUESDAY, ["2026-11-24"]),
        ("FREQ=DAILY;INTERVAL=3", TUESDAY, ["2026-11-24", "2026-11-27", "2026-11-30"]),
        ("FREQ=WEEKLY", TUESDAY, ["2026-11-24", "2026-12-01", "2026-12-08"]),
        ("FREQ=WEEKLY;BYDAY=TU,TH", TUESDAY, ["2026-11-24", "2026-11-26", "2026-12-01"]),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=2", TUESDAY, ["2026-11-24", "2026-12-08"]),
        ("FREQ=WEEKLY;UNTIL=20261201", TUESDAY, ["2026-11-24", "2026-12-01"]),
        ("FREQ=MONTHLY;BYDAY=4TU", TUESDAY, ["2026-11-24", "2026-12-22", "2027-01-26"]),
        ("FREQ=MONTHLY;BYDAY=-1TU", TUESDAY, ["2026-11-24", "2026-12-29", "2027-01-26"]),
        # Months without a 31st are passed over.
        ("FREQ=MONTHLY", date(2027, 1, 31), ["2027-01-31", "2027-03-31", "2027-05-31"]),
    ],
)
def test_a_rule_falls_on_these_days(text, starts_on, days):
    rule = read_rule(text) if text else None

    found = islice(dates(rule, starts_on=starts_on, first=starts_on), 3)

    assert [day.isoformat() for day in found] == days


def by_hand(rule, starts_on, first, number):
    """The same in another way: look at every day whether the rule means it."""
    found: list[date] = []
    counted, day = 0, starts_on
    while len(found) < number and day < starts_on + timedelta(days=6_000):
        if rule.until and day > rule.until:
            break
        if means(rule, starts_on, day):
            counted += 1
            if rule.count and counted > rule.count:
                break
            if day >= first:
                found.append(day)
        day += timedelta(days=1)
    return found


def means(rule, starts_on, day):
    if rule.frequency is Frequency.DAILY:
        return (day - starts_on).days % rule.interval == 0
    if rule.frequency is Frequency.WEEKLY:
        mondays = [one - timedelta(days=one.weekday()) for one in (starts_on, day)]
        weekdays = {one.number for one in rule.weekdays} or {starts_on.weekday()}
        weeks = (mondays[1] - mondays[0]).days // 7
        return weeks % rule.interval == 0 and day.weekday() in weekdays
    months = (day.year - starts_on.year) * 12 + day.month - starts_on.month
    if months % rule.interval:
        return False
    if not rule.weekdays:
        return day.day == starts_on.day
    in_month = [
        date(day.year, day.month, number)
        for number in range(1, 32)
        if number <= 28 or (day.replace(day=1) + timedelta(days=number - 1)).month == day.month
    ]
    same = [one for one in in_month if one.weekday() == day.weekday()]
    places = {same.index(day) + 1, same.index(day) - len(same)}
    return any(one.number == day.weekday() and one.nth in places for one in rule.weekdays)


@st.composite
def rules(draw):
    frequency = draw(st.sampled_from(Frequency))
    numbers = st.lists(st.integers(0, 6), max_size=3, unique=True)
    places = st.sampled_from([1, 2, 3, 4, 5, -1, -2])
    weekdays = () if frequency is Frequency.DAILY else draw(numbers)
    is_monthly = frequency is Frequency.MONTHLY
    end = draw(st.sampled_from(["never", "count", "until"]))
    return Rule(
        frequency=frequency,
        interval=draw(st.integers(1, 6)),
        weekdays=tuple(
            sorted(
                (Weekday(number=one, nth=draw(places) if is_monthly else 0) for one in weekdays),
                key=lambda one: (one.nth, one.number),
            )
        ),
        count=draw(st.integers(1, 104)) if end == "count" else None,
        until=draw(st.dates(date(2026, 1, 1), date(2030, 1, 1))) if end == "until" else None,
    )


STARTS = st.dates(date(2026, 1, 1), date(2028, 12, 31))


@given(rule=rules(), starts_on=STARTS, later=st.integers(0, 1_000))
def test_the_days_are_those_that_one_finds_by_looking_at_every_day(rule, starts_on, later):
    first = starts_on + timedelta(days=later)

    found = list(islice(dates(rule, starts_on=starts_on, first=first), 8))

    # Looking stops after sixteen years; rare rules may go on after that.
    by_looking = by_hand(rule, starts_on, first, 8)
    assert found[: len(by_looking)] == by_looking
    assert all(day > starts_on + timedelta(days=5_900) for day in found[len(by_looking) :])


@given(rule=rules(), starts_on=STARTS)
def test_a_rule_survives_being_written(rule, starts_on):
    assert read_rule(str(rule)) == rule
    assume(rule.until is None)
    if rule.count is not None:
        *_, last = dates(rule, starts_on=starts_on, first=starts_on)
        assert last_date(rule, starts_on=starts_on) == last
        assert is_date(rule, starts_on=starts_on, day=last)


def test_a_daily_meeting_of_fifty_years_ago_costs_nothing():
    rule, begun = read_rule("FREQ=DAILY"), clock.process_time()

    found = list(dates(rule, starts_on=date(1976, 1, 1), first=date(2026, 1, 1)))

    assert (len(found), found[0]) == (104, date(2026, 1, 1))
    assert clock.process_time() - begun < 0.1


def test_rare_days_end_with_the_calendar():
    rule = read_rule("FREQ=MONTHLY;INTERVAL=12;BYDAY=5TU")

    assert len(list(dates(rule, starts_on=date(9990, 2, 1), first=date(9999, 12, 31)))) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "on Tuesday, 24 November 2026 at 18:30"),
        ("FREQ=DAILY", "every day at 18:30"),
        ("FREQ=DAILY;INTERVAL=10", "every 10 days at 18:30"),
        ("FREQ=WEEKLY", "every Tuesday at 18:30"),
        ("FREQ=WEEKLY;UNTIL=20261215", "every Tuesday at 18:30 until 15 December 2026"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,FR", "every Monday, Tuesday and Friday at 18:30"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=6", "every two weeks on Tuesday at 18:30, 6 times"),
        ("FREQ=WEEKLY;COUNT=1", "every Tuesday at 18:30, once"),
        ("FREQ=MONTHLY", "every month on day 24 at 18:30"),
        ("FREQ=MONTHLY;BYDAY=4TU", "every month on the fourth Tuesday at 18:30"),
        ("FREQ=MONTHLY;INTERVAL=3;BYDAY=-1TU", "every three months on the last Tuesday at 18:30"),
    ],
)
def test_a_rule_is_said_in_words(text, words):
    rule = read_rule(text) if text else None

    assert sentence(rule, starts_on=TUESDAY, start_time=time(18, 30)) == words


@pytest.mark.parametrize(
    ("day", "weekday"), [(1, "1SU"), (24, "4TU"), (28, "4SA"), (29, "-1SU"), (30, "-1MO")]
)
def test_a_day_has_its_place_in_the_month(day, weekday):
    assert str(monthly_weekday(date(2026, 11, day))) == weekday


ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]


@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2011, 1, 1), date(2030, 12, 31)),
    minute=st.integers(0, 24 * 60 - 1),
)
def test_a_meeting_starts_when_the_wall_clock_says_so(zone, day, minute):
    """Compared with a search for the first instant at which the clock on the wall shows it."""
    here = zoneinfo.ZoneInfo(zone)
    time_of_day = time(minute // 60, minute % 60)
    wanted = datetime.combine(day, time_of_day)
    around = datetime.combine(day, time_of_day, UTC)
    shown = [
        around + timedelta(minutes=15 * step)
        for step in range(-4 * 15, 4 * 15)
        if (around + timedelta(minutes=15 * step)).astimezone(here).replace(tzinfo=None) == wanted
    ]

    start = starts_at(day=day, clock=time_of_day, zone=zone)

    if shown:
        assert start == shown[0]
    else:  # The clocks leave it out: it is as much later as they jump.
        before = (around - timedelta(days=2)).astimezone(here).replace(tzinfo=UTC)
        assert start - (around - timedelta(days=2)) == around - before
        assert start.replace(tzinfo=None) > wanted


@pytest.mark.parametrize(
    ("zone", "day", "clock_time", "instant"),
    [
        # Summer time begins: 02:30 does not exist, and becomes 03:30.
        ("Europe/Berlin", date(2027, 3, 28), time(2, 30), "2027-03-28T01:30:00+00:00"),
        # It ends: 02:30 comes twice, and the first one is meant.
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), "2026-10-25T00:30:00+00:00"),
        ("America/New_York", date(2026, 11, 1), time(1, 30), "2026-11-01T05:30:00+00:00"),
        # Half an hour of summer time.
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), "2026-10-03T15:45:00+00:00"),
        # A day that Samoa left out.
        ("Pacific/Apia", date(2011, 12, 30), time(18, 30), "2011-12-31T04:30:00+00:00"),
    ],
)
def test_gaps_and_folds_of_the_clock_are_decided(zone, day, clock_time, instant):
    start = starts_at(day=day, clock=clock_time, zone=zone)

    assert start.astimezone(UTC).isoformat() == instant
