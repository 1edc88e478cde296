"""Pictures as SVG: where their lines and squares stand. Pages say the same in words."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracker.summaries.burnup import BurnUp
from tracker.summaries.group_pace import GroupPace

_WIDTH, _TOP, _FLOOR = 320.0, 18.0, 128.0
CALENDAR_WEEKS = 20
_STEP = 14
# From so many minutes on a square is of level 1, 2, 3 and 4.
_LEVELS = (1, 30, 60, 120)


def _line(*points: tuple[float, float]) -> str:
    return " ".join(f"{across:.1f},{down:.1f}" for across, down in points)


@dataclass(frozen=True, kw_only=True, slots=True)
class BurnChart:
    """Points of the lines in a picture 320 wide; `plan` and `band` are empty without a forecast."""

    actual: str
    plan: str
    band: str
    now_x: str
    now_y: str
    now_anchor: str
    label_y: str


def burn_chart(burn_up: BurnUp) -> BurnChart:
    first, now = burn_up.points[0].day, burn_up.points[-1]
    last = max(burn_up.finish_late or now.day, now.day + timedelta(days=1))
    total = max(burn_up.total_hours, 0.1)

    def x(day: date) -> float:
        return _WIDTH * (day - first).days / max((last - first).days, 1)

    def y(hours: float) -> float:
        return _FLOOR - (_FLOOR - _TOP) * min(hours / total, 1)

    here = (x(now.day), y(now.hours))
    plan = band = ""
    if burn_up.finish_early and burn_up.finish_likely and burn_up.finish_late:
        plan = _line(here, (x(burn_up.finish_likely), _TOP))
        # The late end of the band is where its lower edge meets the right margin.
        band = _line(here, (x(burn_up.finish_early), _TOP), (x(burn_up.finish_late), _TOP))
    is_right = here[0] > _WIDTH * 0.7
    return BurnChart(
        actual=_line(*((x(point.day), y(point.hours)) for point in burn_up.points)),
        plan=plan,
        band=band,
        now_x=f"{here[0]:.1f}",
        now_y=f"{here[1]:.1f}",
        now_anchor="end" if is_right else "start",
        label_y=f"{min(here[1] + 16, _FLOOR + 13):.1f}",
    )


@cache
def _square(level: int, place: int) -> SafeString:
    column, row = divmod(place, 7)
    return format_html(
        '<rect data-level="{}" x="{}" y="{}" width="11" height="11" rx="2"/>',
        level,
        column * _STEP + 1,
        row * _STEP + 1,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class StudySquares:
    """A square for each day of the last weeks, a column for each week, Monday on top."""

    width: int
    squares: SafeString
    minutes: int
    days: int
    weeks: tuple[tuple[date, int], ...]


def study_squares(minutes_by_day: Mapping[date, int], today: date) -> StudySquares:
    """`weeks` are those with any study as (Monday, minutes), the newest first."""
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=CALENDAR_WEEKS - 1)
    levels = [0] * ((today - first).days + 1)
    minutes_by_week: dict[date, int] = {}
    days = 0
    for day, spent in minutes_by_day.items():
        if spent and first <= day <= today:
            levels[(day - first).days] = bisect_right(_LEVELS, spent)
            start = day - timedelta(days=day.weekday())
            minutes_by_week[start] = minutes_by_week.get(start, 0) + spent
            days += 1
    squares = [_square(level, place) for place, level in enumerate(levels)]
    return StudySquares(
        width=CALENDAR_WEEKS * _STEP,
        squares=SafeString("".join(squares)),
        minutes=sum(minutes_by_week.values()),
        days=days,
        weeks=tuple(sorted(minutes_by_week.items(), reverse=True)),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class PaceChart:
    """Points of the lines in a picture 320 wide: the schedule as steps, and what was read."""

    planned: str
    actual: str
    now_x: str
    now_y: str
    now_anchor: str
    first: date
    last: date


def pace_chart(pace: GroupPace) -> PaceChart:
    first = pace.planned[0].day
    last = max(pace.planned[-1].day, pace.today)
    most = max(pace.planned[-1].chapters, pace.actual[-1].chapters, 1)

    def x(day: date) -> float:
        return _WIDTH * (day - first).days / max((last - first).days, 1)

    def y(chapters: float) -> float:
        return _FLOOR - (_FLOOR - _TOP) * chapters / most

    height, steps = _FLOOR, []
    for point in pace.planned:
        # A step goes along at the old height, then up.
        steps += [(x(point.day), height), (x(point.day), height := y(point.chapters))]
    now = pace.actual[-1]
    return PaceChart(
        planned=_line(*steps, (x(last), height)),
        actual=_line(*((x(point.day), y(point.chapters)) for point in pace.actual)),
        now_x=f"{x(now.day):.1f}",
        now_y=f"{y(now.chapters):.1f}",
        now_anchor="end" if x(now.day) > _WIDTH * 0.7 else "start",
        first=first,
        last=last,
    )
