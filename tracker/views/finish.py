"""The finish card of Today: when, how sure, what if, and by when how much."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, QueryDict

from tracker.forms.finish import WhatIfForm
from tracker.models import User
from tracker.summaries.burnup import BurnUp, burn_up
from tracker.summaries.forecast import Forecast, minutes_needed
from tracker.summaries.plan import Plan
from tracker.templatetags.durations import duration
from tracker.views.pictures import BurnChart, burn_chart

SLIDER_MOST = 480
SLIDER_START = 60
# Beyond this nobody keeps a plan up: sleep and meals come first.
MOST_BELIEVABLE = 12 * 60
_WHOLE_DAY = 24 * 60
# So many points of the picture are put into words.
MOST_WORDS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Finish:
    """What the card shows. `what_if` are the minutes a day that were tried, None for one's own.

    `needed` is the answer to a target day, in a sentence; both are empty without dates.
    """

    forecast: Forecast
    what_if: int | None
    shown_minutes: int
    slider_most: int
    done_by: str
    needed: str
    errors: list[str]
    has_dates: bool
    is_beyond_belief: bool
    burn_up: BurnUp | None
    chart: BurnChart | None
    in_words: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        return self.forecast.hours_left == 0


def finish_of(request: HttpRequest, plan: Plan, user: User) -> Finish:
    """What the address asks is tried; nothing is saved. No query."""
    tried, problems = _tried(request.GET)
    own = round(plan.pace.minutes_per_day) if plan.pace else None
    asked = tried.get("minutes_per_day")
    what_if = asked if asked != own else None
    forecast = plan.at_pace(what_if) if what_if else plan.forecast
    shown = what_if or own or SLIDER_START
    grown = burn_up(replace(plan, forecast=forecast) if what_if else plan, user)
    if grown and not user.show_dates:
        grown = replace(grown, finish_early=None, finish_likely=None, finish_late=None)
    target = tried.get("done_by") if user.show_dates else None
    return Finish(
        forecast=forecast,
        what_if=what_if,
        shown_minutes=shown,
        slider_most=max(SLIDER_MOST, shown),
        done_by=target.isoformat() if target else "",
        needed=sentence_about_target(plan, target) if target else "",
        errors=problems,
        has_dates=user.show_dates and forecast.finish_likely is not None,
        is_beyond_belief=shown > MOST_BELIEVABLE,
        burn_up=grown,
        chart=burn_chart(grown) if grown else None,
        in_words=tuple(_in_words(grown)) if grown else (),
    )


def _tried(query: QueryDict) -> tuple[dict[str, Any], list[str]]:
    """What the address asks for, as far as it can be read, and what is wrong with the rest."""
    if not query:
        return {}, []
    form = WhatIfForm(query)
    problems = [str(error) for errors in form.errors.values() for error in errors]
    return form.cleaned_data, problems


def _in_words(grown: BurnUp) -> Iterator[str]:
    """What the picture shows, newest first, and where it leads."""
    for point in grown.points[: -MOST_WORDS - 1 : -1]:
        yield f"{_day(point.day)}: {_hours(point.hours)} known"
    if grown.finish_likely:
        yield f"{_day(grown.finish_likely)}: likely all {_hours(grown.total_hours)}"


def _hours(hours: float) -> str:
    return f"{hours:.1f}".removesuffix(".0") + " h"


def sentence_about_target(plan: Plan, target: date) -> str:
    """How much a day to be done by `target`, or why that cannot be said."""
    estimates = plan.estimates
    if estimates is None:
        return "Choose a role first."
    if not estimates:
        return "Nothing is left to do by then."
    first = plan.today + timedelta(days=1) if plan.studied_today else plan.today
    if target < plan.today:
        return f"{_day(target)} has passed. Choose a day that is still to come."
    if target < first:
        return "You have studied today already. Choose tomorrow or a later day."
    minutes = minutes_needed(estimates, plan.calendar, first=first, last=target)
    if minutes is None:
        return (
            f"There is no study day until {_day(target)}. "
            "Choose a later day, or change your study days in the settings."
        )
    days = plan.calendar.study_days_between(first, target)
    often = "on the one study day" if days == 1 else f"on each of the {days} study days"
    if minutes > _WHOLE_DAY:
        return (
            f"To be done by {_day(target)} you would need more than 24 hours {often} until then. "
            "Choose a later day."
        )
    sentence = f"To be done by {_day(target)} you need {duration(max(minutes, 1))} {often}."
    if minutes > MOST_BELIEVABLE:
        sentence += " Nobody keeps that up; choose a later day."
    return sentence


@lru_cache(maxsize=4096)
def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
