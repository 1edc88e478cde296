"""What fades and when: spaced review by FSRS, per topic."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fsrs import Card, Rating, Scheduler, State

from catalog.graph import CatalogGraph, TopicNode
from tracker.models import Grade, ReviewAnswer, TopicReview, TopicState, User
from tracker.summaries.calendar import local_day
from tracker.summaries.people import PersonStates, StateRow

FIRST_REVIEW_AFTER = timedelta(days=7)
# Below this chance of recall a topic is said to fade; FSRS asks at 0.9.
FADING_BELOW = 0.8
# Intervals end at a year; a century of stability is as good as more, and the export's schema holds.
MAXIMUM_STABILITY = 36_500

_RATINGS = {
    Grade.AGAIN: Rating.Again,
    Grade.HARD: Rating.Hard,
    Grade.GOOD: Rating.Good,
    Grade.EASY: Rating.Easy,
}
# Topics are no vocabulary cards: steps of minutes make no sense, and chance would make "due" differ
# between two looks at the same page.
_scheduler = Scheduler(
    desired_retention=0.9,
    learning_steps=(),
    relearning_steps=(),
    maximum_interval=365,
    enable_fuzzing=False,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """FSRS's view of one topic; null numbers mean that it was never reviewed."""

    stability: float | None
    difficulty: float | None
    reviewed_at: datetime | None
    due_at: datetime


def after_review(memory: Memory | None, grade: Grade, at: datetime) -> Memory:
    """The memory once it was graded at `at`."""
    at = at.astimezone(UTC)  # FSRS takes nothing else
    card, _ = _scheduler.review_card(_card(memory, at), _RATINGS[grade], review_datetime=at)
    return Memory(
        stability=min(card.stability or 0, MAXIMUM_STABILITY),
        difficulty=card.difficulty,
        reviewed_at=at,
        due_at=card.due,
    )


def next_intervals(memory: Memory | None, at: datetime) -> dict[Grade, int]:
    """For each grade, in how many days the topic would come back; at least one."""
    return {
        grade: max(round((after_review(memory, grade, at).due_at - at) / timedelta(days=1)), 1)
        for grade in Grade
    }


def _card(memory: Memory | None, at: datetime) -> Card:
    """Card ids are FSRS's own affair; a fixed one spares its wait for a fresh millisecond."""
    if memory is None or memory.stability is None:
        return Card(card_id=1, state=State.Learning, step=0, due=at)
    return Card(
        card_id=1,
        state=State.Review,
        stability=memory.stability,
        difficulty=memory.difficulty,
        due=memory.due_at,
        last_review=memory.reviewed_at,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class DueReview:
    """A done topic that is due; `fading_needs` are direct prerequisites that fade as well."""

    topic: TopicNode
    due_at: datetime
    intervals: Mapping[Grade, int]
    fading_needs: tuple[TopicNode, ...]


def memories(*, user: User, graph: CatalogGraph) -> dict[int, Memory]:
    """What is known of `user`'s memory, by topic index. One query."""
    rows = TopicReview.objects.filter(user=user).values_list(
        "topic_id", "stability", "difficulty", "reviewed_at", "due_at"
    )
    return {
        graph.index_by_id[topic_id]: Memory(
            stability=stability, difficulty=difficulty, reviewed_at=reviewed_at, due_at=due_at
        )
        for topic_id, stability, difficulty, reviewed_at, due_at in rows
        if topic_id in graph.index_by_id
    }


def reviews_left_today(*, user: User, at: datetime) -> int:
    """How many more reviews `user` wants on their local day; none without reviews. One query."""
    if not user.reviews_per_day:
        return 0
    done = ReviewAnswer.objects.filter(user=user, day=local_day(user, at)).count()
    return max(user.reviews_per_day - done, 0)


def due_reviews(
    graph: CatalogGraph,
    states: PersonStates,
    known: Mapping[int, Memory],
    *,
    at: datetime,
    most: int,
) -> list[DueReview]:
    """Done topics that are due at `at`, the longest overdue first, at most `most` of them."""
    return [
        DueReview(
            topic=graph.topics[index],
            due_at=due_at,
            intervals=next_intervals(known.get(index), at),
            fading_needs=tuple(
                graph.topics[need.index]
                for need in graph.topics[index].needs
                if is_fading(known.get(need.index), at)
            ),
        )
        for due_at, index in _due(states, known, at)[: max(most, 0)]
    ]


def due_topics(
    graph: CatalogGraph,
    states: PersonStates,
    known: Mapping[int, Memory],
    *,
    at: datetime,
    most: int,
) -> list[TopicNode]:
    """The topics of `due_reviews` alone: what each grade would lead to takes far longer."""
    return [graph.topics[index] for _, index in _due(states, known, at)[: max(most, 0)]]


def next_due_at(states: PersonStates, known: Mapping[int, Memory]) -> datetime | None:
    """When the next done topic is due; None if none is done."""
    return min((_due_at(row, known.get(i)) for i, row in _done(states)), default=None)


def _due(
    states: PersonStates, known: Mapping[int, Memory], at: datetime
) -> list[tuple[datetime, int]]:
    times = ((_due_at(row, known.get(index)), index) for index, row in _done(states))
    return sorted(pair for pair in times if pair[0] <= at)


def _done(states: PersonStates) -> list[tuple[int, StateRow]]:
    return [(i, row) for i, row in states.current.items() if row.state == TopicState.DONE]


def _due_at(row: StateRow, memory: Memory | None) -> datetime:
    return memory.due_at if memory else row.changed_at + FIRST_REVIEW_AFTER


def is_fading(memory: Memory | None, at: datetime) -> bool:
    """True when the chance of recall has fallen below four in five."""
    if memory is None or memory.stability is None:
        return False
    return _scheduler.get_card_retrievability(_card(memory, at), at) < FADING_BELOW
