"""When somebody will be done: an honest band of days, in closed form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from catalog.effort import Hours, Workload, study_days
from catalog.graph import RoleNode
from tracker.summaries.calendar import StudyCalendar
from tracker.summaries.standing import Standing

EARLY, LIKELY, LATE = 0.2, 0.5, 0.8
MINIMUM_SHARE_LEFT = 0.1
OBSERVED_WINDOW_DAYS = 28
OBSERVED_STUDY_DAYS = 7


class Basis(StrEnum):
    DECLARED = "declared"
    OBSERVED = "observed"


class NoForecast(StrEnum):
    """Why there are no dates."""

    NO_ROLE = "no_role"
    NO_PACE = "no_pace"
    NO_STUDY_DAYS = "no_study_days"
    TOO_FAR = "too_far"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """Mean minutes on a study day, and where the number comes from."""

    minutes_per_day: float
    basis: Basis


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """Days on which the chance to be done reaches 20, 50 and 80 %; null with a `reason`.

    `hours_left` are likely hours with what was logged taken off; null without a role.
    """

    finish_early: date | None
    finish_likely: date | None
    finish_late: date | None
    hours_left: float | None
    minutes_per_day: float | None
    basis: Basis | None
    reason: NoForecast | None


def hours_left(hours: Hours, logged: float) -> Hours:
    """What is left of an estimate after `logged` hours: at least a tenth of `likely` stays.

    The whole triangle moves, and what falls below the tenth is cut off there. The spread thus
    shrinks with the rest, so that ticking a topic never moves a date later.
    """
    if not logged:
        return hours
    least = hours.likely * MINIMUM_SHARE_LEFT
    return Hours(
        low=max(hours.low - logged, least),
        likely=max(hours.likely - logged, least),
        high=max(hours.high - logged, least),
    )


def estimates_left(
    role: RoleNode, standing: Standing, minutes_logged: Mapping[int, int]
) -> list[Hours]:
    """For each required topic that is neither known nor skipped. Minutes are by topic index."""
    settled = standing.known | standing.skipped
    return [
        hours_left(entry.hours, minutes_logged.get(entry.index, 0) / 60)
        for entry in role.entries
        if entry.is_required and not settled >> entry.index & 1
    ]


def observed_pace(
    minutes_by_day: Mapping[date, int], calendar: StudyCalendar, today: date
) -> float | None:
    """Mean minutes per study day of the last 28 days; None with fewer than seven logged ones.

    Study days without study count as zero, from the first day in the window with any study on.
    """
    first = today - timedelta(days=OBSERVED_WINDOW_DAYS - 1)
    logged = {
        day: minutes
        for day, minutes in minutes_by_day.items()
        if first <= day <= today and minutes > 0 and calendar.is_study_day(day)
    }
    if len(logged) < OBSERVED_STUDY_DAYS:
        return None
    # Today is over only once something is logged on it.
    last = today if today in logged else today - timedelta(days=1)
    return sum(logged.values()) / calendar.study_days_between(min(logged), last)


def forecast(
    *,
    estimates: list[Hours] | None,
    pace: Pace | None,
    calendar: StudyCalendar,
    today: date,
    studied_today: bool,
) -> Forecast:
    """The band of days; `estimates` are of what is left, None without a role.

    Nothing left: today. Today counts if it is a study day on which nothing has been logged yet.
    """
    if estimates is None:
        return _none(NoForecast.NO_ROLE, None, pace)
    left = sum(hours.likely for hours in estimates)
    if not estimates:
        return Forecast(
            finish_early=today,
            finish_likely=today,
            finish_late=today,
            hours_left=0.0,
            minutes_per_day=pace.minutes_per_day if pace else None,
            basis=pace.basis if pace else None,
            reason=None,
        )
    if pace is None or pace.minutes_per_day <= 0:
        return _none(NoForecast.NO_PACE, left, pace)
    if not calendar.weekdays_mask:
        return _none(NoForecast.NO_STUDY_DAYS, left, pace)
    work = Workload.of(estimates)
    first = today + timedelta(days=1) if studied_today else today
    numbers = [
        study_days(work, minutes_per_day=pace.minutes_per_day, chance=chance)
        for chance in (EARLY, LIKELY, LATE)
    ]
    early, likely, late = calendar.nth_study_days(first, numbers)
    if early is None or likely is None or late is None:
        return _none(NoForecast.TOO_FAR, left, pace)
    return Forecast(
        finish_early=early,
        finish_likely=likely,
        finish_late=late,
        hours_left=left,
        minutes_per_day=pace.minutes_per_day,
        basis=pace.basis,
        reason=None,
    )


def minutes_needed(
    estimates: list[Hours], calendar: StudyCalendar, *, first: date, last: date
) -> float | None:
    """Mean minutes on each study day from `first` to `last` with which `last` is the likely finish.

    None when there is no study day in between. At an even chance n·m = μ, whatever the spread.
    """
    days = calendar.study_days_between(first, last)
    return Workload.of(estimates).mean * 60 / days if days > 0 else None


def _none(reason: NoForecast, left: float | None, pace: Pace | None) -> Forecast:
    return Forecast(
        finish_early=None,
        finish_likely=None,
        finish_late=None,
        hours_left=left,
        minutes_per_day=pace.minutes_per_day if pace else None,
        basis=pace.basis if pace else None,
        reason=reason,
    )
