"""What somebody sees first on a day: what to take up next, and how far they are."""

from dataclasses import dataclass

from catalog.graph import CatalogGraph, RoleNode
from tracker.summaries.reading import Reading, readings
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

SHOWN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class NextTopic:
    """A topic to take up, and the best thing to learn it from; None where nothing covers it."""

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
    graph: CatalogGraph, role: RoleNode | None, standing: Standing, *, shown: int = SHOWN
) -> NextUp:
    """Without a role it looks at the whole catalog."""
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
                reading=next(iter(readings(graph, topic)), None),
            )
            for topic in ready[:shown]
        ),
        ready=len(ready),
    )


def role_standing(graph: CatalogGraph, role: RoleNode, standing: Standing) -> RoleStanding:
    return RoleStanding(
        progress=role_progress(role, standing),
        subjects=tuple(subject_progress(graph, role, standing)),
    )
