"""The way so far and the band ahead: hours known by day, and the three days of the forecast."""

import zoneinfo
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from tracker.models import TopicState, User
from tracker.summaries.calendar import local_day
from tracker.summaries.plan import Plan
from tracker.summaries.standing import weight_of


class BurnPoint(NamedTuple):
    """Likely hours of required topics that were known at the end of `day`.

    A picture has dozens of them: a tuple is made fastest.
    """

    day: date
    hours: float


@dataclass(frozen=True, kw_only=True, slots=True)
class BurnUp:
    """`points` start with nothing on the first day and end today; hours never fall.

    `total_hours` are what is required and not skipped. The band runs from the last point to the
    three finish days, which are null where the forecast has none.
    """

    points: tuple[BurnPoint, ...]
    total_hours: float
    finish_early: date | None
    finish_likely: date | None
    finish_late: date | None


def burn_up(plan: Plan, user: User) -> BurnUp | None:
    """How the hours of the role grew, by the ticks that stand today; None without a role.

    The first day is the one on which `user` joined, or of their oldest tick. What a tick implies
    counts from that tick on, and a tick of the future (brought in from elsewhere) today. No query.
    """
    if plan.role is None or plan.progress is None:
        return None
    zone = zoneinfo.ZoneInfo(user.time_zone)
    today = plan.today
    ticks = sorted(
        (min(row.changed_at.astimezone(zone).date(), today), index)
        for index, row in plan.states.current.items()
        if row.state == TopicState.DONE
    )
    first = min([local_day(user, user.joined_at), plan.today, *(day for day, _ in ticks[:1])])
    hours_by_day: dict[date, float] = {}
    topics, known = plan.graph.topics, 0
    asked = plan.standing.known & plan.role.required_mask
    for day, on_day in groupby(ticks, key=itemgetter(0)):
        for _, index in on_day:
            known |= 1 << index | topics[index].ancestors_mask
        hours_by_day[day] = weight_of(plan.role, known & asked) / 100
    hours_by_day.setdefault(plan.today, plan.progress.readiness.known_hours)
    return BurnUp(
        points=(
            BurnPoint(day=first, hours=0.0),
            *map(BurnPoint._make, hours_by_day.items()),
        ),
        total_hours=plan.progress.readiness.total_hours,
        finish_early=plan.forecast.finish_early,
        finish_likely=plan.forecast.finish_likely,
        finish_late=plan.forecast.finish_late,
    )
