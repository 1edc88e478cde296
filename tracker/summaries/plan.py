"""The plan for a role: one answer for the page, the API, the export and the feed."""

from dataclasses import dataclass
from datetime import date, datetime

from catalog.effort import Hours
from catalog.graph import CatalogGraph, RoleNode, TopicNode
from tracker.models import User
from tracker.summaries.calendar import StudyCalendar, local_day
from tracker.summaries.forecast import (
    Basis,
    Forecast,
    Pace,
    estimates_left,
    forecast,
    observed_pace,
)
from tracker.summaries.people import PersonStates, person_states, role_of
from tracker.summaries.standing import (
    RoleProgress,
    Standing,
    SubjectProgress,
    next_topics,
    role_progress,
    subject_progress,
)
from tracker.summaries.study import StudyLog, study_log


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Where somebody stands and when they will be done; `progress` is null without a role.

    `next` are all ready topics, the best to take up first. `today` is their local day.
    """

    graph: CatalogGraph
    role: RoleNode | None
    states: PersonStates
    standing: Standing
    log: StudyLog
    calendar: StudyCalendar
    today: date
    pace: Pace | None
    progress: RoleProgress | None
    subjects: list[SubjectProgress]
    next: list[TopicNode]
    forecast: Forecast

    @property
    def studied_today(self) -> bool:
        return self.log.minutes_by_day.get(self.today, 0) > 0

    @property
    def estimates(self) -> list[Hours] | None:
        """What is left of each required topic; None without a role."""
        if self.role is None:
            return None
        return estimates_left(self.role, self.standing, self.log.minutes_by_topic)

    def at_pace(self, minutes_per_day: float) -> Forecast:
        """What the forecast would be with that many minutes on a study day."""
        return forecast(
            estimates=self.estimates,
            pace=Pace(minutes_per_day=minutes_per_day, basis=Basis.DECLARED),
            calendar=self.calendar,
            today=self.today,
            studied_today=self.studied_today,
        )


def plan_of(*, user: User, graph: CatalogGraph, at: datetime, due: int = 0) -> Plan:
    """The plan of `user` at the moment `at`. Two queries: states and study log.

    `due` is the set of topics that their groups read soon.
    """
    states = person_states(user=user, graph=graph)
    log = study_log(user=user, graph=graph)
    return plan_from(user=user, graph=graph, states=states, log=log, at=at, due=due)


def plan_from(
    *,
    user: User,
    graph: CatalogGraph,
    states: PersonStates,
    log: StudyLog,
    at: datetime,
    due: int = 0,
) -> Plan:
    """The same from rows that were read before. No query."""
    role = role_of(user, graph)
    standing = states.standing(graph)
    calendar = StudyCalendar.of(user)
    today = local_day(user, at)
    pace = pace_of(user, log, calendar, today)
    return Plan(
        graph=graph,
        role=role,
        states=states,
        standing=standing,
        log=log,
        calendar=calendar,
        today=today,
        pace=pace,
        progress=role_progress(role, standing) if role else None,
        subjects=subject_progress(graph, role, standing) if role else [],
        next=next_topics(graph, role, standing, due=due),
        forecast=forecast(
            estimates=estimates_left(role, standing, log.minutes_by_topic) if role else None,
            pace=pace,
            calendar=calendar,
            today=today,
            studied_today=log.minutes_by_day.get(today, 0) > 0,
        ),
    )


def pace_of(user: User, log: StudyLog, calendar: StudyCalendar, today: date) -> Pace | None:
    """What they did of late where enough is logged, else what they said; None without either."""
    observed = observed_pace(log.minutes_by_day, calendar, today)
    if observed is not None:
        return Pace(minutes_per_day=observed, basis=Basis.OBSERVED)
    if user.minutes_per_day:
        return Pace(minutes_per_day=user.minutes_per_day, basis=Basis.DECLARED)
    return None
