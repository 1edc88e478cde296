"""What an action changed, topic by topic: for the sentence that says so and for what to redraw."""

from dataclasses import dataclass

from catalog.graph import CatalogGraph, TopicNode
from tracker.models import Activity, TopicState, User
from tracker.summaries.standing import Standing


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicChange:
    """A topic whose state or stuck flag is another one now; `state` is the new one."""

    topic: TopicNode
    state: TopicState
    is_stuck: bool
    has_new_state: bool


def changes_between(graph: CatalogGraph, before: Standing, after: Standing) -> list[TopicChange]:
    """In study order. What is only implied or ready by now has not changed itself."""
    states = (
        (before.done ^ after.done)
        | (before.learning ^ after.learning)
        | (before.skipped ^ after.skipped)
    )
    return [
        TopicChange(
            topic=topic,
            state=after.state_of(topic.index),
            is_stuck=bool(after.stuck >> topic.index & 1),
            has_new_state=bool(states >> topic.index & 1),
        )
        for topic in graph.topics_in(states | (before.stuck ^ after.stuck))
    ]


def changes_of_batch(*, user: User, graph: CatalogGraph, batch: str) -> list[TopicChange]:
    """What the action `batch` of `user` changed, in study order; nothing for an unknown one.

    Topics that have been retired since are left out. One query.
    """
    rows = Activity.objects.filter(user=user, batch=batch).values_list(
        "topic_id", "before_state", "after_state", "after_is_stuck"
    )
    changes = [
        TopicChange(
            topic=graph.topics[graph.index_by_id[topic_id]],
            state=TopicState(after),
            is_stuck=is_stuck,
            has_new_state=before != after,
        )
        for topic_id, before, after, is_stuck in rows
        if topic_id in graph.index_by_id
    ]
    return sorted(changes, key=lambda change: change.topic.index)
