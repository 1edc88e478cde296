"""On which days something comes back: rules of RFC 5545, as far as meetings use them.

Pure functions on local days; the time of day and the zone are the meeting's. The days themselves
are python-dateutil's; a rule is read strictly here first, so that none of them runs for long.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import IntEnum
from itertools import islice

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule, weekday

# Two years of weeks: nobody plans further, and no list shows more.
MOST_DATES = 104
LARGEST_INTERVAL = 52
# A year before the last day that Python knows, so that nothing counts past that one.
_LAST_DAY = date(9998, 12, 31)

_PART = re.compile(r"([A-Z]+)=([A-Z0-9,+-]+)", re.ASCII)
_NUMBER = re.compile(r"[1-9]\d{0,2}", re.ASCII)
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)
_WEEKDAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY_NAMES = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip
_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last",
             -2: "second to last", -3: "third to last", -4: "fourth to last",
             -5: "fifth to last"}  # fmt: skip
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


class BadRule(ValueError):
    """Its text is a sentence about what is wrong with the rule."""


class Frequency(IntEnum):
    """How long one period is; the numbers are python-dateutil's."""

    MONTHLY = MONTHLY
    WEEKLY = WEEKLY
    DAILY = DAILY


@dataclass(frozen=True, kw_only=True, slots=True)
class Weekday:
    """Bit 0 is Monday; the `nth` one of a month, from its end if negative. 0: each of them."""

    number: int
    nth: int = 0

    def __str__(self) -> str:
        return f"{self.nth or ''}{_WEEKDAYS[self.number]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Every `interval` periods, on `weekdays`; without these as the first date has it.

    It ends after `count` dates, or with the day `until`, or never if both are None.
    """

    frequency: Frequency
    interval: int = 1
    weekdays: tuple[Weekday, ...] = ()
    count: int | None = None
    until: date | None = None

    def __str__(self) -> str:
        """The value of an RRULE, always written in the same way."""
        parts = [f"FREQ={self.frequency.name}"]
        if self.interval > 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.weekdays:
            parts.append(f"BYDAY={','.join(map(str, self.weekdays))}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={self.until:%Y%m%d}")
        return ";".join(parts)


def read_rule(text: str, *, zone: tzinfo = UTC, start_time: time = time.min) -> Rule:
    """What an RRULE such as "FREQ=WEEKLY;BYDAY=TU;UNTIL=20261215" means.

    An UNTIL with a time is an instant (with Z) or a time in `zone`; it becomes the last local day
    on which something at `start_time` still takes place. Raises BadRule, with a sentence, for what
    is no rule and for rules that meetings have no use for.
    """
    given: dict[str, str] = {}
    for part in text.upper().removeprefix("RRULE:").split(";"):
        match = _PART.fullmatch(part)
        if match is None or match[1] in given:
            raise BadRule("Write the rule as in FREQ=WEEKLY;BYDAY=TU, each part once.")
        given[match[1]] = match[2]
    unknown = given.keys() - {"FREQ", "INTERVAL", "BYDAY", "COUNT", "UNTIL", "WKST"}
    if unknown:
        raise BadRule(
            f"Leave {min(unknown)[:20]} out: meetings know FREQ, INTERVAL, BYDAY, COUNT and UNTIL."
        )
    if given.get("WKST", "MO") != "MO":
        raise BadRule("Weeks start on Monday here: leave WKST out.")
    if given.get("FREQ") not in Frequency.__members__:
        raise BadRule("FREQ is one of DAILY, WEEKLY and MONTHLY.")
    frequency = Frequency[given["FREQ"]]
    if "COUNT" in given and "UNTIL" in given:
        raise BadRule("Give COUNT or UNTIL, not both.")
    return Rule(
        frequency=frequency,
        interval=_number(given, "INTERVAL", LARGEST_INTERVAL) or 1,
        weekdays=_weekdays(given["BYDAY"], frequency) if "BYDAY" in given else (),
        count=_number(given, "COUNT", MOST_DATES),
        until=_until(given["UNTIL"], zone, start_time) if "UNTIL" in given else None,
    )


def dates(rule: Rule | None, *, starts_on: date, first: date) -> Iterator[date]:
    """The days from `first` on, in order: at most MOST_DATES of them, however the rule runs.

    Without a rule it is `starts_on` alone. Far from its start a rule costs no more than near it.
    """
    if rule is None:
        return iter([starts_on] if starts_on >= first else [])
    found = _days(rule, starts_on, first)
    return islice((day for day in found if day >= first), MOST_DATES)


def is_date(rule: Rule | None, *, starts_on: date, day: date) -> bool:
    return next(dates(rule, starts_on=starts_on, first=day), None) == day


def last_date(rule: Rule | None, *, starts_on: date) -> date | None:
    """A day after which there is none: the last one, or `until`. None for a rule without end."""
    if rule is None:
        return starts_on
    if rule.count is None:
        return rule.until
    return max(_days(rule, starts_on, starts_on))


def sentence(rule: Rule | None, *, starts_on: date, start_time: time) -> str:
    """When, in words that stand after “meets”: every Tuesday at 18:30 until 15 December 2026."""
    clock = f"at {start_time:%H:%M}"
    if rule is None:
        return f"on {starts_on:%A}, {_day_and_month(starts_on)} {clock}"
    words = f"{_period(rule)}{_on(rule, starts_on)} {clock}"
    if rule.count is not None:
        return f"{words}, {rule.count} times" if rule.count > 1 else f"{words}, once"
    return words if rule.until is None else f"{words} until {_day_and_month(rule.until)}"


def monthly_weekday(day: date) -> Weekday:
    """The weekday of `day` by its place in the month; a fifth one is the last."""
    nth = (day.day - 1) // 7 + 1
    return Weekday(number=day.weekday(), nth=nth if nth < 5 else -1)


def _number(given: dict[str, str], name: str, largest: int) -> int | None:
    if name not in given:
        return None
    if not _NUMBER.fullmatch(given[name]) or int(given[name]) > largest:
        raise BadRule(f"{name} is a number from 1 to {largest}.")
    return int(given[name])


def _weekdays(text: str, frequency: Frequency) -> tuple[Weekday, ...]:
    if frequency is Frequency.DAILY:
        raise BadRule("With BYDAY the rule is WEEKLY or MONTHLY.")
    found = set()
    for part in text.split(",", maxsplit=len(_WEEKDAYS)):
        match = _WEEKDAY.fullmatch(part)
        if match is None:
            raise BadRule("BYDAY lists weekdays as MO,TU,WE,TH,FR,SA,SU.")
        if bool(match[1]) != (frequency is Frequency.MONTHLY):
            raise BadRule("BYDAY is TU in a WEEKLY rule; 2TU or -1FR in a MONTHLY one.")
        found.add(Weekday(number=_WEEKDAYS.index(match[2]), nth=int(match[1] or 0)))
    return tuple(sorted(found, key=lambda one: (one.nth, one.number)))


def _until(text: str, zone: tzinfo, start_time: time) -> date:
    match = _UNTIL.fullmatch(text)
    refusal = BadRule("UNTIL is a day as in 20261215, or a time as in 20261215T183000Z.")
    if match is None:
        raise refusal
    try:
        moment = datetime.strptime(match[1] + (match[2] or "235959"), "%Y%m%d%H%M%S")  # noqa: DTZ007  # local, unless it says Z
        if match[3]:
            moment = moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
        missed = timedelta(days=moment.time() < start_time)
        return moment.date() - missed
    except (ValueError, OverflowError):
        raise refusal from None


def _days(rule: Rule, starts_on: date, first: date) -> Iterator[date]:
    """All days of the rule; without a count only those from shortly before `first` on."""
    start, by_month_day = starts_on, None
    if rule.frequency is Frequency.MONTHLY:
        by_month_day = None if rule.weekdays else starts_on.day
    until = None
    if rule.count is None:
        start = _later_start(rule, starts_on, first)
        until = datetime.combine(min(rule.until or _LAST_DAY, _LAST_DAY), time.min)
    found = rrule(
        rule.frequency,  # type: ignore[arg-type]  # its numbers are python-dateutil's
        dtstart=datetime.combine(start, time.min),
        interval=rule.interval,
        byweekday=[weekday(one.number, one.nth or None) for one in rule.weekdays] or None,
        bymonthday=by_month_day,
        count=rule.count,
        until=until,
    )
    return (moment.date() for moment in found)


def _later_start(rule: Rule, starts_on: date, first: date) -> date:
    """A start in the same step that leaves out most of what is before `first`."""
    if rule.frequency is Frequency.MONTHLY:
        months = (first.year - starts_on.year) * 12 + first.month - starts_on.month
        skipped = (months // rule.interval - 1) * rule.interval
        if skipped <= 0:
            return starts_on
        year, month = divmod(starts_on.year * 12 + starts_on.month - 1 + skipped, 12)
        return date(year, month + 1, 1)
    step = rule.interval * (7 if rule.frequency is Frequency.WEEKLY else 1)
    skipped = ((first - starts_on).days // step - 1) * step
    return starts_on + timedelta(days=max(skipped, 0))


def _period(rule: Rule) -> str:
    number = _NUMBERS.get(rule.interval, str(rule.interval))
    match rule.frequency:
        case Frequency.DAILY:
            return "every day" if rule.interval == 1 else f"every {number} days"
        case Frequency.WEEKLY:
            return "every" if rule.interval == 1 else f"every {number} weeks on"
        case Frequency.MONTHLY:
            return "every month on" if rule.interval == 1 else f"every {number} months on"


def _on(rule: Rule, starts_on: date) -> str:
    if rule.frequency is Frequency.DAILY:
        return ""
    if rule.frequency is Frequency.MONTHLY and not rule.weekdays:
        return f" day {starts_on.day}"
    weekdays = rule.weekdays or (Weekday(number=starts_on.weekday()),)
    names = [
        f"the {_ORDINALS[one.nth]} {_WEEKDAY_NAMES[one.number]}"
        if one.nth
        else _WEEKDAY_NAMES[one.number]
        for one in weekdays
    ]
    return " " + " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _day_and_month(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
