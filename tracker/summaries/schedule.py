"""When things are due: days by a rule, and the instant that a clock on a wall means. No rows."""

import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A due date: the day and time by the group's clock, and the instant that they mean."""

    on: date
    time: time
    at: datetime


def due_of(moment: datetime, time_zone: str) -> Due:
    """What is due at `moment`: an instant, or what the clocks in `time_zone` show (naive).

    A time that the clocks skip in spring is taken by the offset before, so that it ends up after
    the gap; of a time that they show twice in autumn it is the first, as in calendars (RFC 5545).
    """
    zone = zoneinfo.ZoneInfo(time_zone)
    if moment.tzinfo is None:
        at = moment.replace(tzinfo=zone, fold=0).astimezone(UTC)
        return Due(on=moment.date(), time=moment.time(), at=at)
    local = moment.astimezone(zone)
    return Due(on=local.date(), time=local.time(), at=moment.astimezone(UTC))


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Every `every_days` days from `first_due_on`; with `weekdays` (0 is Monday) on these instead.

    `per_step` units share a day. A day in `skip` brings nothing and pushes the rest on.
    """

    first_due_on: date
    every_days: int = 7
    weekdays: frozenset[int] = frozenset()
    per_step: int = 1
    skip: frozenset[date] = frozenset()

    def _days(self) -> Iterator[date]:
        day = self.first_due_on
        step = timedelta(days=1 if self.weekdays else self.every_days)
        while True:
            if day not in self.skip and (not self.weekdays or day.weekday() in self.weekdays):
                yield day
            day += step


def plan_dates(rule: Rule, count: int) -> list[date]:
    """The days on which `count` units are due by `rule`, in order."""
    steps = -(-count // rule.per_step)
    return [day for day in islice(rule._days(), steps) for _ in range(rule.per_step)][:count]


def same_weekday_from(day: date, *, like: date) -> date:
    """The first day from `day` on, that day included, on the weekday of `like`."""
    return day + timedelta(days=(like.weekday() - day.weekday()) % 7)


def today_in(time_zone: str, at: datetime) -> date:
    """The day that it is there at `at`."""
    return at.astimezone(zoneinfo.ZoneInfo(time_zone)).date()


def in_words(day: date) -> str:
    """Such as “Tuesday, 2 March 2027”."""
    return f"{day:%A}, {day.day} {day:%B %Y}"
