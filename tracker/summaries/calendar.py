"""A person's study calendar: on which days they study. Pure functions on local days."""

import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tracker.models import User

ONE_DAY = timedelta(days=1)
# Beyond fifty years nobody plans, and calendars end.
HORIZON_DAYS = 50 * 366


def local_day(user: User, moment: datetime) -> date:
    """The date on the person's wall at `moment`."""
    return moment.astimezone(zoneinfo.ZoneInfo(user.time_zone)).date()


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyCalendar:
    """The weekdays (bit 0 is Monday) on which somebody studies, less their days off."""

    weekdays_mask: int
    days_off: frozenset[date]

    @classmethod
    def of(cls, user: User) -> "StudyCalendar":
        return cls(
            weekdays_mask=user.study_days_mask,
            days_off=frozenset(date.fromisoformat(day) for day in user.days_off),
        )

    def is_study_day(self, day: date) -> bool:
        return bool(self.weekdays_mask >> day.weekday() & 1) and day not in self.days_off

    def study_days_between(self, first: date, last: date) -> int:
        """How many study days there are from `first` to `last`, both included."""
        total = (last - first).days + 1
        if total <= 0:
            return 0
        weeks, rest = divmod(total, 7)
        count = weeks * self.weekdays_mask.bit_count()
        count += sum(
            self.weekdays_mask >> (first + timedelta(days=offset)).weekday() & 1
            for offset in range(rest)
        )
        return count - sum(
            1
            for day in self.days_off
            if first <= day <= last and self.weekdays_mask >> day.weekday() & 1
        )

    def nth_study_days(self, first: date, numbers: Iterable[int]) -> list[date | None]:
        """The days on which the n-th study day falls, counted from `first` (which may be the 1st).

        Zero is `first` itself. None where that day is beyond fifty years, or never comes.
        """
        return [self._nth(first, number) for number in numbers]

    def _nth(self, first: date, number: int) -> date | None:
        if number == 0:
            return first
        per_week = self.weekdays_mask.bit_count()
        if per_week == 0 or number * 7 // per_week > HORIZON_DAYS:
            return None
        # Whole weeks first, too few of them; then day by day, which steps over the days off.
        weeks = max(number // per_week - 1, 0)
        day = first + timedelta(weeks=weeks) - ONE_DAY
        count = self.study_days_between(first, day)
        while count < number:
            day += ONE_DAY
            count += self.is_study_day(day)
            if (day - first).days > HORIZON_DAYS:
                return None
        return day


def streak(studied: Iterable[date], calendar: StudyCalendar, today: date) -> int:
    """How many study days in a row had study, up to today.

    Days off and other weekdays neither break a streak nor count, even when studied on; today does
    not break it before it is over.
    """
    days = set(studied)
    if not days or not calendar.weekdays_mask:
        return 0
    oldest, day, count = min(days), today, 0
    while day >= oldest:
        if calendar.is_study_day(day):
            if day in days:
                count += 1
            elif day != today:
                break
        day -= ONE_DAY
    return count
