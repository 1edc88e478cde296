"""Where somebody stands: known, implied and ready topics, as pure functions over the catalog.

There is one definition of each number here; pages, the API and every export use it. Sets of
topics are bit masks over study order, as in `catalog.graph`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import getitem
from typing import Self

from catalog.graph import CatalogGraph, RoleEntry, RoleNode, TopicNode
from tracker.models import TopicState


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Which topics somebody has done, is learning, skips, is stuck in; and what follows.

    `implied`: in todo, and a done topic rests on it. `known`: done or implied. `ready`: in todo or
    learning, not implied, and every direct prerequisite is known or skipped.
    """

    done: int
    learning: int
    skipped: int
    stuck: int
    implied: int
    known: int
    ready: int

    @classmethod
    def of(cls, graph: CatalogGraph, states: Mapping[int, str], stuck: Iterable[int] = ()) -> Self:
        """From the states by topic index; a topic that is missing is in todo."""
        # By the words of the database: making a TopicState of each takes longer than all the rest.
        masks = {"todo": 0, "done": 0, "learning": 0, "skipped": 0}
        below_done = 0
        for index, state in states.items():
            masks[state] |= 1 << index
            if state == "done":
                below_done |= graph.topics[index].ancestors_mask
        done, learning, skipped = masks["done"], masks["learning"], masks["skipped"]
        implied = below_done & ~(done | learning | skipped)
        known = done | implied
        unsettled = all_topics(graph) & ~(known | skipped)
        ready = 0
        for index, topic in enumerate(graph.topics):
            if unsettled >> index & 1 and not topic.needs_mask & unsettled:
                ready |= 1 << index
        return cls(
            done=done,
            learning=learning,
            skipped=skipped,
            stuck=sum(1 << index for index in set(stuck)),
            implied=implied,
            known=known,
            ready=ready,
        )

    def state_of(self, index: int) -> TopicState:
        if self.done >> index & 1:
            return TopicState.DONE
        if self.learning >> index & 1:
            return TopicState.LEARNING
        if self.skipped >> index & 1:
            return TopicState.SKIPPED
        return TopicState.TODO


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicRow:
    """A topic as one person sees it, within a role or without; holds all that a list shows.

    Equal rows look equal, which lets a rendered row be used again.
    """

    slug: str
    title: str
    summary: str
    subject: str
    subject_title: str
    hours: float
    depth: str
    requirement: str
    state: TopicState
    is_stuck: bool
    is_implied: bool
    is_ready: bool
    unlocks: int
    also_called: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """Of as much as tells most rows apart: a roadmap looks up a hundred of them."""
        return hash((self.slug, self.state, self.depth))


def topic_row(
    graph: CatalogGraph, standing: Standing, topic: TopicNode, entry: RoleEntry | None
) -> TopicRow:
    """`entry` says what a role wants of the topic; None stands for no role, with the factor 1."""
    index = topic.index
    return _topic_row(
        topic,
        entry,
        standing.state_of(index),
        bool(standing.stuck >> index & 1),
        bool(standing.implied >> index & 1),
        bool(standing.ready >> index & 1),
    )


# The topics of all roles in every state that people meet.
@lru_cache(maxsize=8192)
def _topic_row(
    topic: TopicNode,
    entry: RoleEntry | None,
    state: TopicState,
    is_stuck: bool,  # noqa: FBT001  # keywords would make the cache slower
    is_implied: bool,  # noqa: FBT001  # keywords would make the cache slower
    is_ready: bool,  # noqa: FBT001  # keywords would make the cache slower
) -> TopicRow:
    """Everybody who stands the same with a topic gets the same row."""
    return TopicRow(
        slug=topic.slug,
        title=topic.title,
        summary=topic.summary,
        subject=topic.subject.slug,
        subject_title=topic.subject.title,
        hours=entry.hours.likely if entry else topic.hours.likely,
        depth=entry.depth.title if entry else "",
        requirement=("required" if entry.is_required else "recommended") if entry else "",
        state=state,
        is_stuck=is_stuck,
        is_implied=is_implied,
        is_ready=is_ready,
        unlocks=len(topic.unlocks),
        also_called=topic.also_called,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Counters:
    """Numbers of required topics; the recommended ones are counted apart."""

    done: int
    implied: int
    learning: int
    stuck: int
    ready: int
    skipped: int
    total: int
    recommended_done: int
    recommended_total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Readiness:
    """`percent` is whole and rounded down, so 100 means that no required hour is left.

    Hours are likely hours of required topics: known ones, and all that are not skipped.
    """

    percent: int
    known_hours: float
    total_hours: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleProgress:
    """Where somebody stands on the way to one role."""

    role: str
    title: str
    counters: Counters
    readiness: Readiness


def role_progress(role: RoleNode, standing: Standing) -> RoleProgress:
    required = role.required_mask
    recommended = role.topics_mask & ~required
    return RoleProgress(
        role=role.slug,
        title=role.title,
        counters=Counters(
            done=(standing.done & required).bit_count(),
            implied=(standing.implied & required).bit_count(),
            learning=(standing.learning & required).bit_count(),
            stuck=(standing.stuck & required).bit_count(),
            ready=(standing.ready & required).bit_count(),
            skipped=(standing.skipped & required).bit_count(),
            total=required.bit_count(),
            recommended_done=(standing.done & recommended).bit_count(),
            recommended_total=recommended.bit_count(),
        ),
        readiness=readiness(role, standing),
    )


def readiness(role: RoleNode, standing: Standing) -> Readiness:
    known = weight_of(role, role.required_mask & standing.known)
    total = weight_of(role, role.required_mask & ~standing.skipped)
    return Readiness(
        percent=100 * known // total if total else 100,
        known_hours=known / 100,
        total_hours=total / 100,
    )


def weight_of(role: RoleNode, topics: int) -> int:
    """The likely time of a set of the role's topics, in hundredths of an hour."""
    return _sum(_weights_in_role(role), topics)


def _sum(weights: "ByteWeights", topics: int) -> int:
    return sum(map(getitem, weights, topics.to_bytes(len(weights), "little")))


# For each eight topics in study order, what each set of them weighs. A page adds up a dozen sets of
# a hundred topics, and so each takes a dozen steps.
ByteWeights = tuple[tuple[int, ...], ...]


def _byte_weights(weights: Mapping[int, int]) -> ByteWeights:
    """From the weight of each topic by its index; those without one weigh nothing."""
    return tuple(
        tuple(
            sum(weights.get(first + bit, 0) for bit in range(8) if chosen >> bit & 1)
            for chosen in range(256)
        )
        for first in range(0, max(weights, default=0) + 1, 8)
    )


# As many as there are roles, in the catalog of now and in the one before.
@lru_cache(maxsize=64)
def _weights_in_role(role: RoleNode) -> ByteWeights:
    return _byte_weights({entry.index: entry.weight for entry in role.entries})


@lru_cache(maxsize=2)
def _weights_in_catalog(graph: CatalogGraph) -> ByteWeights:
    return _byte_weights({topic.index: round(topic.hours.likely * 100) for topic in graph.topics})


def all_topics(graph: CatalogGraph) -> int:
    return (1 << len(graph.topics)) - 1


@lru_cache(maxsize=64)
def topics_of_subject(graph: CatalogGraph, subject: str) -> int:
    """The topics of a subject, as a bit mask."""
    return sum(1 << topic.index for topic in graph.topics if topic.subject.slug == subject)


@dataclass(frozen=True, kw_only=True, slots=True)
class SubjectProgress:
    """A subject's required topics within a role; hours are likely ones."""

    slug: str
    title: str
    known: int
    learning: int
    total: int
    known_hours: float
    total_hours: float


def subject_progress(
    graph: CatalogGraph, role: RoleNode, standing: Standing
) -> list[SubjectProgress]:
    """By subject, in study order; a subject of which the role requires nothing is left out."""
    masks = {slug: topics_of_subject(graph, slug) & role.required_mask for slug in graph.subjects}
    return [
        SubjectProgress(
            slug=subject.slug,
            title=subject.title,
            known=(masks[slug] & standing.known).bit_count(),
            learning=(masks[slug] & standing.learning).bit_count(),
            total=masks[slug].bit_count(),
            known_hours=weight_of(role, masks[slug] & standing.known) / 100,
            total_hours=weight_of(role, masks[slug]) / 100,
        )
        for slug, subject in graph.subjects.items()
        if masks[slug]
    ]


def next_topics(
    graph: CatalogGraph, role: RoleNode | None, standing: Standing, *, due: int = 0
) -> list[TopicNode]:
    """Ready topics of the role (of the whole catalog without one), the best to take up first.

    First those being learned, then the set `due` of what a group reads soon, then by hours unlocked
    per hour spent, then in study order. What a topic unlocks are the likely hours of the role's
    topics, neither known nor skipped, that rest on it.
    """
    within = role.topics_mask if role else all_topics(graph)
    left = within & ~(standing.known | standing.skipped)
    weights = _weights_in_role(role) if role else _weights_in_catalog(graph)

    def rank(topic: TopicNode) -> tuple[bool, bool, bool, float, int]:
        unlocked = _sum(weights, topic.descendants_mask & left)
        is_learning = bool(standing.learning >> topic.index & 1)
        is_due = bool(due >> topic.index & 1)
        is_recommended = role is not None and not role.required_mask >> topic.index & 1
        per_hour = unlocked / _sum(weights, 1 << topic.index)
        return not is_learning, not is_due, is_recommended, -per_hour, topic.index

    return sorted(graph.topics_in(standing.ready & within), key=rank)
