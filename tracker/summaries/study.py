"""The study log, added up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Sum

from catalog.graph import CatalogGraph
from tracker.models import StudySession, User


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyLog:
    """Minutes by local day, and by topic index as far as a session names a topic."""

    minutes_by_day: Mapping[date, int]
    minutes_by_topic: Mapping[int, int]


def study_log(*, user: User, graph: CatalogGraph) -> StudyLog:
    """All that `user` has logged. One query; its rows grow with days and topics, not sessions."""
    by_day: dict[date, int] = {}
    by_topic: dict[int, int] = {}
    rows = (
        StudySession.objects.filter(user=user)
        .order_by()
        .values_list("day", "topic_id")
        .annotate(total=Sum("minutes"))
    )
    for day, topic_id, minutes in rows:
        by_day[day] = by_day.get(day, 0) + minutes
        index = graph.index_by_id.get(topic_id) if topic_id else None
        if index is not None:
            by_topic[index] = by_topic.get(index, 0) + minutes
    return StudyLog(minutes_by_day=by_day, minutes_by_topic=by_topic)
