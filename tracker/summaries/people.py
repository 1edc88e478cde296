"""What one person's rows say, read once and handed to the pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from catalog.graph import CatalogGraph, RoleNode
from mlmath.statements import Statement
from tracker.models import TopicProgress, TopicState, User
from tracker.summaries.standing import Standing


class StateRow(NamedTuple):
    """Where somebody stands with a topic. Pages make hundreds of them: a tuple is made fastest."""

    state: str
    is_stuck: bool
    source: str
    changed_at: datetime
    stuck_note: str = ""


@dataclass(frozen=True, slots=True)
class PersonStates:
    """A person's states: `current` by topic index, `retired` by the slug of a retired topic."""

    current: Mapping[int, StateRow]
    retired: Mapping[str, StateRow]

    @property
    def stuck_notes(self) -> dict[int, str]:
        return {index: row.stuck_note for index, row in self.current.items() if row.stuck_note}

    def standing(self, graph: CatalogGraph) -> Standing:
        return Standing.of(
            graph,
            {index: row.state for index, row in self.current.items()},
            [index for index, row in self.current.items() if row.is_stuck],
        )


_states = Statement(
    TopicProgress,
    lambda key: TopicProgress.objects.filter(user=key).values_list(
        "topic_id", "state", "is_stuck", "source", "changed_at", "stuck_note"
    ),
)


def person_states(*, user: User, graph: CatalogGraph) -> PersonStates:
    """Every state of `user`. One query, however many there are."""
    current: dict[int, StateRow] = {}
    retired: dict[str, StateRow] = {}
    index_by_id = graph.index_by_id
    for topic_id, *row in _states.rows(user.pk):
        index = index_by_id.get(topic_id)
        if index is not None:
            current[index] = StateRow(*row)
        elif topic_id in graph.retired_by_id:
            retired[graph.retired_by_id[topic_id]] = StateRow(*row)
    return PersonStates(current=current, retired=retired)


def guest_standing(graph: CatalogGraph, marks: Mapping[str, str]) -> Standing:
    """From a guest's marks by slug; slugs that the catalog no longer has do not count."""
    states = {}
    for slug, state in marks.items():
        for topic in graph.successors(slug):
            if state in TopicState.values:
                states[topic.index] = state
    return Standing.of(graph, states)


def role_of(user: User, graph: CatalogGraph) -> RoleNode | None:
    """The role that `user` has chosen; None without one, or once it is retired. No query."""
    return graph.role_by_id.get(user.role_id) if user.role_id else None
