"""One topic as one person sees it: what it needs and opens, and who asks for it."""

from dataclasses import dataclass

from catalog.graph import CatalogGraph, RoleEntry, RoleNode, TopicNode
from tracker.models import TopicState
from tracker.summaries.standing import Standing, TopicRow, topic_row


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """A topic that this one needs or opens; `reason` is "" for what it opens."""

    row: TopicRow
    reason: str

    @property
    def is_settled(self) -> bool:
        """Known or skipped: it does not stand in the way."""
        return self.row.is_implied or self.row.state in (TopicState.DONE, TopicState.SKIPPED)


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedBy:
    role: RoleNode
    entry: RoleEntry


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicPlace:
    """Where a topic sits. `rests_on` counts all that it rests on and that is not done."""

    row: TopicRow
    needs: tuple[Neighbour, ...]
    opens: tuple[Neighbour, ...]
    rests_on: int

    @property
    def missing(self) -> int:
        return sum(not need.is_settled for need in self.needs)


def topic_place(
    graph: CatalogGraph, topic: TopicNode, standing: Standing, role: RoleNode | None
) -> TopicPlace:
    """Hours and depth are those of `role` where it asks for the topic."""
    return TopicPlace(
        row=topic_row(
            graph, standing, topic, role.entry_by_index.get(topic.index) if role else None
        ),
        needs=tuple(
            Neighbour(
                row=topic_row(graph, standing, graph.topics[need.index], None), reason=need.reason
            )
            for need in topic.needs
        ),
        opens=tuple(
            Neighbour(row=topic_row(graph, standing, graph.topics[index], None), reason="")
            for index in topic.unlocks
        ),
        rests_on=(topic.ancestors_mask & ~(standing.done | standing.skipped)).bit_count(),
    )


def asked_by(graph: CatalogGraph, topic: TopicNode) -> list[AskedBy]:
    """The roles that ask for it, in the order of the catalog."""
    return [
        AskedBy(role=role, entry=role.entry_by_index[topic.index])
        for role in graph.roles.values()
        if topic.index in role.entry_by_index
    ]
