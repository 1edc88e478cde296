"""The study log in numbers: by week and subject, against the plan, against the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, Sum

from catalog.effort import Hours
from catalog.graph import CatalogGraph, TopicNode, UnitNode
from tracker.models import StudySession, User
from tracker.summaries.calendar import StudyCalendar, local_day
from tracker.summaries.people import role_of

WEEKS = 12
# With fewer people on a topic, a quartile would tell too much about the others.
FEWEST_PEOPLE = 5
_ONE_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Week:
    """A week from Monday on. `planned_minutes` are null without a declared pace.

    `by_subject` holds minutes by the slug of a subject, in study order, and under "" those that
    belong to no single subject. The present week is planned up to today.
    """

    monday: date
    minutes: int
    planned_minutes: int | None
    by_subject: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicTime:
    """Time logged on a topic, beside the catalog's estimate of it (for their role, if it asks it).

    `quartile` is 1 for the quarter of people who logged least on it, 4 for the one who logged most.
    It and `people` are null until five people have logged time on the topic.
    """

    topic: TopicNode
    minutes: int
    hours: Hours
    people: int | None
    quartile: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Statistics:
    """The last twelve weeks, oldest first and none left out; all topics with time, in study order.

    `planned_minutes` is null without a declared pace.
    """

    weeks: tuple[Week, ...]
    minutes: int
    planned_minutes: int | None
    topics: tuple[TopicTime, ...]


def statistics_of(*, user: User, graph: CatalogGraph, at: datetime) -> Statistics:
    """The numbers of `user` at the moment `at`. Two queries; one while no topic has any time."""
    today = local_day(user, at)
    this_monday = today - timedelta(days=today.weekday())
    mondays = [this_monday - n * _ONE_WEEK for n in reversed(range(WEEKS))]
    by_week: dict[date, dict[str, int]] = {monday: {} for monday in mondays}
    by_topic: dict[int, int] = {}
    units = {unit.id: unit for resource in graph.resources.values() for unit in resource.units}
    rows = (
        StudySession.objects.filter(user=user)
        .order_by()
        .values_list("day", "topic_id", "unit_id")
        .annotate(total=Sum("minutes"))
    )
    for day, topic_id, unit_id, minutes in rows:
        index = graph.index_by_id.get(topic_id) if topic_id else None
        if index is not None:
            by_topic[index] = by_topic.get(index, 0) + minutes
        week = by_week.get(day - timedelta(days=day.weekday()))
        if week is not None and day <= today:
            subject = _subject(graph, index, units.get(unit_id) if unit_id else None)
            week[subject] = week.get(subject, 0) + minutes
    weeks = tuple(
        Week(
            monday=monday,
            minutes=sum(minutes.values()),
            planned_minutes=_planned(user, monday, today),
            by_subject={slug: minutes[slug] for slug in (*graph.subjects, "") if slug in minutes},
        )
        for monday, minutes in by_week.items()
    )
    return Statistics(
        weeks=weeks,
        minutes=sum(week.minutes for week in weeks),
        planned_minutes=(
            sum(week.planned_minutes or 0 for week in weeks) if user.minutes_per_day else None
        ),
        topics=_topic_times(user, graph, by_topic),
    )


def _subject(graph: CatalogGraph, index: int | None, unit: UnitNode | None) -> str:
    """The topic's subject, or the one that all topics of the unit share; "" for neither."""
    if index is not None:
        return graph.topics[index].subject.slug
    subjects = {graph.topics[one].subject.slug for one in unit.topics} if unit else set()
    return subjects.pop() if len(subjects) == 1 else ""


def _planned(user: User, monday: date, today: date) -> int | None:
    """What the pace that they declare today makes of a week, from the day on which they joined."""
    if not user.minutes_per_day:
        return None
    first = max(monday, local_day(user, user.joined_at))
    last = min(monday + _ONE_WEEK - timedelta(days=1), today)
    return StudyCalendar.of(user).study_days_between(first, last) * user.minutes_per_day


def _topic_times(
    user: User, graph: CatalogGraph, minutes_by_topic: Mapping[int, int]
) -> tuple[TopicTime, ...]:
    role = role_of(user, graph)
    counts = _people_and_those_below(
        {graph.topics[index].id: minutes for index, minutes in minutes_by_topic.items()}
    )
    times = []
    for index, minutes in sorted(minutes_by_topic.items()):
        topic = graph.topics[index]
        entry = role.entry_by_index.get(index) if role else None
        people, below = counts[topic.id]
        is_enough = people >= FEWEST_PEOPLE
        times.append(
            TopicTime(
                topic=topic,
                minutes=minutes,
                hours=entry.hours if entry else topic.hours,
                people=people if is_enough else None,
                quartile=1 + 4 * below // people if is_enough else None,
            )
        )
    return tuple(times)


def _people_and_those_below(minutes_by_id: Mapping[int, int]) -> dict[int, tuple[int, int]]:
    """How many people logged time on each topic, and how many of them less than `minutes`.

    Only these two counts leave the database, nobody's time does. One query, none for no topics.
    """
    if not minutes_by_id:
        return {}
    totals = (
        StudySession.objects.filter(topic_id__in=minutes_by_id)
        .order_by()
        .values("topic_id", "user_id")
        .annotate(total=Sum("minutes"))
    )
    wanted = {}
    for topic_id, minutes in minutes_by_id.items():
        wanted[f"people_{topic_id}"] = Count("total", filter=Q(topic_id=topic_id))
        wanted[f"below_{topic_id}"] = Count("total", filter=Q(topic_id=topic_id, total__lt=minutes))
    counts = totals.aggregate(**wanted)
    return {
        topic_id: (counts[f"people_{topic_id}"], counts[f"below_{topic_id}"])
        for topic_id in minutes_by_id
    }
