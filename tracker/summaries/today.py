"""What somebody sees first on a day: what to take up next, and how far they are."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from catalog.graph import CatalogGraph, RoleNode, TopicNode
from tracker.summaries.reading import Reading
from tracker.summaries.standing import (
    RoleProgress,
    Standing,
    SubjectProgress,
    TopicRow,
    next_topics,
    role_progress,
    subject_progress,
    topic_row,
)
from tracker.summaries.units import best_unit

SHOWN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class NextTopic:
    """A topic to take up, and the best unit to read for it; None where none is left to read."""

    row: TopicRow
    reading: Reading | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NextUp:
    """The best few of the topics that somebody is ready for; `ready` counts them all."""

    topics: tuple[NextTopic, ...]
    ready: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleStanding:
    """How far somebody is on the way to a role, in all and by subject."""

    progress: RoleProgress
    subjects: tuple[SubjectProgress, ...]

    @property
    def hours_left(self) -> float:
        return self.progress.readiness.total_hours - self.progress.readiness.known_hours

    @property
    def is_complete(self) -> bool:
        return self.hours_left == 0


def next_up(
    graph: CatalogGraph,
    role: RoleNode | None,
    standing: Standing,
    *,
    done: Collection[int] = (),
    ready: Sequence[TopicNode] | None = None,
    shown: int = SHOWN,
) -> NextUp:
    """Without a role it looks at the whole catalog. `done` are the ids of units that are read,
    `ready` what `next_topics` said, where somebody has asked it before."""
    if ready is None:
        ready = next_topics(graph, role, standing)
    return NextUp(
        topics=tuple(
            NextTopic(
                row=topic_row(
                    graph,
                    standing,
                    topic,
                    role.entry_by_index.get(topic.index) if role else None,
                ),
                reading=_best_reading(graph, topic, done, standing),
            )
            for topic in ready[:shown]
        ),
        ready=len(ready),
    )


def _best_reading(
    graph: CatalogGraph, topic: TopicNode, done: Collection[int], standing: Standing
) -> Reading | None:
    unit = best_unit(graph, topic, done, standing)
    return Reading(resource=graph.resources[unit.resource], units=(unit,)) if unit else None


def role_standing(graph: CatalogGraph, role: RoleNode, standing: Standing) -> RoleStanding:
    return RoleStanding(
        progress=role_progress(role, standing),
        subjects=tuple(subject_progress(graph, role, standing)),
    )
