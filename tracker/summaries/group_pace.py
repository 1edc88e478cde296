"""How fast a group reads beside its schedule. Pure functions on local days."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter

# A chapter ticked long before the group began counts from here on.
_BEFORE_THE_FIRST_DATE = timedelta(days=7)


@dataclass(frozen=True, kw_only=True, slots=True)
class PacePoint:
    """So many chapters for the average person by the end of `day`."""

    day: date
    chapters: float


@dataclass(frozen=True, kw_only=True, slots=True)
class PaceLine:
    """What was planned and read by the end of `day`; `actual` is None for days to come."""

    day: date
    planned: float
    actual: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupPace:
    """Chapters for the average person: `planned` up to the last due date, `actual` up to today.

    Both begin on the same day with one point and have another where they rise. `behind` is how much
    less has been read than is due by now, negative when the group is ahead.
    """

    planned: tuple[PacePoint, ...]
    actual: tuple[PacePoint, ...]
    behind: float
    today: date

    @property
    def sentence(self) -> str:
        """Such as “0.4 chapters behind the schedule”."""
        off = round(abs(self.behind), 1)
        if not off:
            return "On schedule"
        chapters = "1 chapter" if off == 1 else f"{off:g} chapters"
        return f"{chapters} {'behind' if self.behind > 0 else 'ahead of'} the schedule"

    @property
    def table(self) -> list[PaceLine]:
        """The due dates and today, with both numbers."""
        days = sorted({point.day for point in self.planned} | {self.today})
        return [
            PaceLine(
                day=day,
                planned=_by(self.planned, day),
                actual=_by(self.actual, day) if day <= self.today else None,
            )
            for day in days
        ]


def _by(points: Sequence[PacePoint], day: date) -> float:
    place = bisect_right(points, day, key=attrgetter("day"))
    return points[place - 1].chapters if place else 0


def group_pace(
    *,
    planned: Mapping[date, int],
    read: Mapping[date, int],
    due_so_far: int,
    people: int,
    today: date,
) -> GroupPace:
    """From how many chapters, over all `people`, fall due and were read on which day.

    There is at least one day in `planned` and one person.
    """
    first = min(min(planned) - _BEFORE_THE_FIRST_DATE, today)
    early = sum(count for day, count in read.items() if day <= first)
    later = {day: count for day, count in read.items() if first < day <= today}
    actual = _sums(first, early, later, people)
    if actual[-1].day < today:
        actual.append(PacePoint(day=today, chapters=actual[-1].chapters))
    return GroupPace(
        planned=tuple(_sums(first, 0, planned, people)),
        actual=tuple(actual),
        behind=due_so_far / people - actual[-1].chapters,
        today=today,
    )


def _sums(first: date, start: int, steps: Mapping[date, int], people: int) -> list[PacePoint]:
    points, total = [PacePoint(day=first, chapters=start / people)], start
    for day in sorted(steps):
        total += steps[day]
        points.append(PacePoint(day=day, chapters=total / people))
    return points
