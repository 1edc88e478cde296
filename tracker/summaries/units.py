"""Chapters: what has been read, how far a resource is, what to read for a topic."""

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from catalog.graph import CatalogGraph, ResourceNode, TopicNode, UnitNode
from mlmath.statements import Statement
from tracker.models import UnitProgress, User
from tracker.summaries.standing import Standing, topics_of_subject

_done_units = Statement(
    UnitProgress,
    lambda key: UnitProgress.objects.filter(user=key).values_list("unit_id", "done_at"),
)


def done_units(*, user: User) -> dict[int, datetime]:
    """When `user` finished which unit, by the unit's id. One query."""
    return dict(_done_units.rows(user.pk))


def proposed_topics(
    graph: CatalogGraph, unit: UnitNode, done: Container[int], standing: Standing
) -> tuple[TopicNode, ...]:
    """Topics of `unit` whose covering units, of its resource, are all done; in study order.

    Those that are done or skipped already are left out, and none is proposed by an undone unit,
    nor by one that `graph` does not know.
    """
    resource = graph.resources.get(unit.resource)
    if resource is None or unit.id not in done:
        return ()
    settled = standing.done | standing.skipped
    taught = {index for other in resource.units if other.id == unit.id for index in other.topics}
    return tuple(
        graph.topics[index]
        for index in sorted(taught)
        if not settled >> index & 1
        and all(other.id in done for other in resource.units if index in other.topics)
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitRow:
    """A unit in a list; `proposed` are the topics to tick with it, once it has just been read."""

    resource: ResourceNode
    unit: UnitNode
    topics: tuple[TopicNode, ...]
    is_done: bool
    proposed: tuple[TopicNode, ...]


def unit_row(
    graph: CatalogGraph,
    unit: UnitNode,
    done: Container[int],
    standing: Standing,
    *,
    is_just_read: bool,
) -> UnitRow:
    return UnitRow(
        resource=graph.resources[unit.resource],
        unit=unit,
        topics=tuple(graph.topics[index] for index in unit.topics),
        is_done=unit.id in done,
        proposed=proposed_topics(graph, unit, done, standing) if is_just_read else (),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceProgress:
    """How far somebody is in a resource; `next_unit` is the first one not done."""

    resource: ResourceNode
    done: int
    total: int
    next_unit: UnitNode | None
    last_done_at: datetime


def reading_shelf(graph: CatalogGraph, done: Mapping[int, datetime]) -> list[ResourceProgress]:
    """Resources that somebody has begun and not finished, the one read last first."""
    shelf = []
    begun = {graph.unit_by_id[key].resource for key in done if key in graph.unit_by_id}
    for resource in (one for one in graph.resources.values() if one.slug in begun):
        moments = [done[unit.id] for unit in resource.units if unit.id in done]
        if moments and len(moments) < len(resource.units):
            shelf.append(
                ResourceProgress(
                    resource=resource,
                    done=len(moments),
                    total=len(resource.units),
                    next_unit=next(u for u in resource.units if u.id not in done),
                    last_done_at=max(moments),
                )
            )
    return sorted(shelf, key=lambda progress: progress.last_done_at, reverse=True)


@lru_cache(maxsize=1024)
def unit_ids(resource: ResourceNode) -> frozenset[int]:
    return frozenset(unit.id for unit in resource.units)


def best_unit(
    graph: CatalogGraph, topic: TopicNode, done: Collection[int], standing: Standing
) -> UnitNode | None:
    """The unit to read next for `topic`; None when all that cover it are done.

    First the resource that is in use already, then free ones, those with exercises, those that
    need no calculus while none is known, then the order of the catalog.
    """
    knows_calculus = bool(standing.known & topics_of_subject(graph, "calculus"))

    def rank(unit: UnitNode) -> tuple[bool, bool, bool, bool]:
        resource = graph.resources[unit.resource]
        return (
            unit_ids(resource).isdisjoint(done),
            resource.cost == "paid",
            not resource.has_exercises,
            resource.calculus_needed != "none" and not knows_calculus,
        )

    unread = [unit for unit in graph.covering[topic.index] if unit.id not in done]
    return min(unread, key=rank, default=None)
