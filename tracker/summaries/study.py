"""The study log, added up."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Sum

from catalog.graph import CatalogGraph
from mlmath.statements import Statement
from tracker.models import StudySession, User


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyLog:
    """Minutes by local day, and by topic index as far as a session names a topic."""

    minutes_by_day: Mapping[date, int]
    minutes_by_topic: Mapping[int, int]


_minutes = Statement(
    StudySession,
    lambda key: (
        StudySession.objects.filter(user=key)
        .order_by()
        .values_list("day", "topic_id")
        .annotate(total=Sum("minutes"))
    ),
)


def study_log(*, user: User, graph: CatalogGraph) -> StudyLog:
    """All that `user` has logged. One query; its rows grow with days and topics, not sessions."""
    by_day: dict[date, int] = {}
    by_topic: dict[int, int] = {}
    for day, topic_id, minutes in _minutes.rows(user.pk):
        by_day[day] = by_day.get(day, 0) + minutes
        index = graph.index_by_id.get(topic_id) if topic_id else None
        if index is not None:
            by_topic[index] = by_topic.get(index, 0) + minutes
    return StudyLog(minutes_by_day=by_day, minutes_by_topic=by_topic)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningTimer:
    """`title` is of the topic or unit that it runs for, empty without either."""

    started_at: datetime
    title: str


def running_timer(user: User, graph: CatalogGraph) -> RunningTimer | None:
    """The timer of `user`; None when none runs. No query."""
    if user.timer_started_at is None:
        return None
    title = ""
    index = graph.index_by_id.get(user.timer_topic_id) if user.timer_topic_id else None
    if index is not None:
        title = graph.topics[index].title
    elif user.timer_unit_id is not None:
        units = (unit for resource in graph.resources.values() for unit in resource.units)
        title = next((unit.title for unit in units if unit.id == user.timer_unit_id), "")
    return RunningTimer(started_at=user.timer_started_at, title=title)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedSession:
    """A study session; the slugs and titles are empty where it names no topic or unit."""

    public_id: str
    started_at: datetime
    minutes: int
    topic: str
    topic_title: str
    resource: str
    unit: str
    unit_title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedDay:
    day: date
    minutes: int
    sessions: tuple[LoggedSession, ...]


def logged_days(*, user: User, first: int, size: int) -> list[LoggedDay]:
    """The `size` sessions from the `first` on, newest first, by their local day. One query."""
    rows = StudySession.objects.filter(user=user).order_by("-day", "-started_at", "-id")
    found: dict[date, list[LoggedSession]] = {}
    for day, public_id, started_at, minutes, *names in rows.values_list(
        "day",
        "public_id",
        "started_at",
        "minutes",
        "topic__slug",
        "topic__title",
        "unit__resource__slug",
        "unit__slug",
        "unit__title",
    )[first : first + size]:
        topic, topic_title, resource, unit, unit_title = (name or "" for name in names)
        found.setdefault(day, []).append(
            LoggedSession(
                public_id=public_id,
                started_at=started_at,
                minutes=minutes,
                topic=topic,
                topic_title=topic_title,
                resource=resource,
                unit=unit,
                unit_title=unit_title,
            )
        )
    return [
        LoggedDay(day=day, minutes=sum(one.minutes for one in sessions), sessions=tuple(sessions))
        for day, sessions in found.items()
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeTotals:
    """Minutes by week (its Monday, the newest first), and by title of topic and unit, most first.

    `sessions` counts them all. Sessions without a topic or unit are in the weeks only.
    """

    sessions: int
    weeks: tuple[tuple[date, int], ...]
    topics: tuple[tuple[str, int], ...]
    units: tuple[tuple[str, int], ...]


def time_totals(*, user: User) -> TimeTotals:
    """One query."""
    weeks: Counter[date] = Counter()
    topics: Counter[str] = Counter()
    units: Counter[str] = Counter()
    sessions = 0
    rows = (
        StudySession.objects.filter(user=user)
        .order_by()
        .values_list("day", "topic__title", "unit__resource__title", "unit__title")
        .annotate(total=Sum("minutes"), sessions=Count("id"))
    )
    for day, topic, resource, unit, minutes, count in rows:
        sessions += count
        weeks[day - timedelta(days=day.weekday())] += minutes
        if topic:
            topics[topic] += minutes
        if unit:
            units[f"{resource}: {unit}"] += minutes
    return TimeTotals(
        sessions=sessions,
        weeks=tuple(sorted(weeks.items(), reverse=True)),
        topics=tuple(topics.most_common()),
        units=tuple(units.most_common()),
    )
