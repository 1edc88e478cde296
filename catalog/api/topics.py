"""Topics: what there is to learn, what each rests on, who asks for it and where to learn it."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from django.http import HttpResponse
from rest_framework.request import Request

from catalog.api.base import (
    CatalogView,
    CitationOutput,
    HoursOutput,
    Slug,
    citation_outputs,
    find_topic,
    hours_output,
    named_by,
)
from catalog.graph import CatalogGraph, TopicNode
from catalog.models import Requirement
from catalog.search import search
from mlmath.rest.answers import Answer, Page
from mlmath.rest.operations import operation
from mlmath.rest.query import PAGING, Parameter, Query, ordering

_SORT_KEYS: dict[str, Callable[[TopicNode], str | float]] = {
    "title": lambda topic: topic.title.casefold(),
    "hours": lambda topic: topic.hours.likely,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PrerequisiteOutput(Answer):
    """A topic that another one directly rests on, and what for."""

    slug: Slug
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicOutput(Answer):
    """Something small enough to tick off. `hours` lead to the working level from the
    prerequisites; `unlocks` are the topics that directly rest on it."""

    slug: Slug
    title: str
    summary: str
    subject: Slug
    hours: HoursOutput
    prerequisites: list[PrerequisiteOutput]
    unlocks: list[Slug]


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicRoleOutput(Answer):
    """A role that needs the topic, and how well."""

    slug: Slug
    depth: Slug
    requirement: Requirement


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicUnitOutput(Answer):
    """A unit that covers the topic."""

    slug: Slug
    label: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicResourceOutput(Answer):
    """A resource with those of its units that cover the topic."""

    slug: Slug
    title: str
    units: list[TopicUnitOutput]


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicDetailOutput(TopicOutput):
    """A topic with its text, a first exercise and the answer, as safe HTML with MathML."""

    also_called: list[str]
    body_html: str
    exercise_html: str
    answer_html: str
    roles: list[TopicRoleOutput]
    resources: list[TopicResourceOutput]
    citations: list[CitationOutput]


def topic_output(graph: CatalogGraph, topic: TopicNode) -> TopicOutput:
    return TopicOutput(
        slug=topic.slug,
        title=topic.title,
        summary=topic.summary,
        subject=topic.subject.slug,
        hours=hours_output(topic.hours),
        prerequisites=_prerequisites(graph, topic),
        unlocks=[graph.topics[index].slug for index in topic.unlocks],
    )


def topic_detail_output(graph: CatalogGraph, topic: TopicNode) -> TopicDetailOutput:
    return TopicDetailOutput(
        slug=topic.slug,
        title=topic.title,
        summary=topic.summary,
        subject=topic.subject.slug,
        hours=hours_output(topic.hours),
        prerequisites=_prerequisites(graph, topic),
        unlocks=[graph.topics[index].slug for index in topic.unlocks],
        also_called=list(topic.also_called),
        body_html=topic.body_html,
        exercise_html=topic.exercise_html,
        answer_html=topic.answer_html,
        roles=[
            TopicRoleOutput(
                slug=role.slug,
                depth=entry.depth.slug,
                requirement=(
                    Requirement.REQUIRED if entry.is_required else Requirement.RECOMMENDED
                ),
            )
            for role in graph.roles.values()
            if (entry := role.entry_by_index.get(topic.index))
        ],
        resources=_resources(graph, topic),
        citations=citation_outputs(topic.citations),
    )


def _prerequisites(graph: CatalogGraph, topic: TopicNode) -> list[PrerequisiteOutput]:
    return [
        PrerequisiteOutput(slug=graph.topics[need.index].slug, reason=need.reason)
        for need in topic.needs
    ]


def _resources(graph: CatalogGraph, topic: TopicNode) -> list[TopicResourceOutput]:
    by_resource = groupby(graph.covering[topic.index], key=lambda unit: unit.resource)
    return [
        TopicResourceOutput(
            slug=slug,
            title=graph.resources[slug].title,
            units=[
                TopicUnitOutput(slug=unit.slug, label=unit.label, title=unit.title)
                for unit in units
            ],
        )
        for slug, units in by_resource
    ]


def _chosen(graph: CatalogGraph, query: Query) -> list[TopicNode]:
    """The topics that the filters leave, in study order unless another one is asked for."""
    subject = named_by(graph, query, "subject", "subjects", graph.subjects)
    role = named_by(graph, query, "role", "roles", graph.roles)
    resource = named_by(graph, query, "resource", "resources", graph.resources)
    mask = (1 << len(graph.topics)) - 1
    if role is not None:
        mask &= role.topics_mask
    if resource is not None:
        mask &= resource.topics_mask
    topics = [
        topic for topic in graph.topics_in(mask) if subject is None or topic.subject is subject
    ]
    if words := query.text("search"):
        found = {hit.slug for hit in search(graph, words, None) if hit.kind == "topic"}
        topics = [topic for topic in topics if topic.slug in found]
    if order := query.text("ordering"):
        topics.sort(key=_SORT_KEYS[order.removeprefix("-")], reverse=order.startswith("-"))
    return topics


EXAMPLE = TopicOutput(
    slug="eigenvalues-and-eigenvectors",
    title="Eigenvalues and eigenvectors",
    summary="Directions that a square matrix only scales or flips, and how to find them.",
    subject="linear-algebra",
    hours=HoursOutput(low=5.6, likely=8.0, high=12.0),
    prerequisites=[
        PrerequisiteOutput(
            slug="linear-transformations",
            reason="An eigenvector is a direction that the map of the matrix leaves in place.",
        )
    ],
    unlocks=["markov-chains"],
)
DETAIL_EXAMPLE = TopicDetailOutput(
    slug=EXAMPLE.slug,
    title=EXAMPLE.title,
    summary=EXAMPLE.summary,
    subject=EXAMPLE.subject,
    hours=EXAMPLE.hours,
    prerequisites=EXAMPLE.prerequisites,
    unlocks=EXAMPLE.unlocks,
    also_called=["spectrum"],
    body_html="<p>Most vectors turn when a matrix acts on them; a few do not.</p>",
    exercise_html="<p>Find the eigenvalues of a projection.</p>",
    answer_html="<p>0 and 1.</p>",
    roles=[
        TopicRoleOutput(slug="data-scientist", depth="working", requirement=Requirement.REQUIRED)
    ],
    resources=[
        TopicResourceOutput(
            slug="mml-linear-algebra",
            title="Mathematics for Machine Learning: Linear Algebra",
            units=[
                TopicUnitOutput(
                    slug="week-05",
                    label="Week 5",
                    title="Eigenvalues and Eigenvectors: Application to Data Problems",
                )
            ],
        )
    ],
    citations=[CitationOutput(article="What Math is Required for Machine Learning?", note="")],
)


class TopicList(CatalogView):
    @operation(
        id="listTopics",
        summary="The topics, in study order",
        is_public=True,
        query=(
            Parameter(name="subject", about="Only of this subject", example="linear-algebra"),
            Parameter(name="role", about="Only what this role needs", example="data-scientist"),
            Parameter(
                name="resource",
                about="Only what this resource covers",
                example="mml-linear-algebra",
            ),
            Parameter(name="search", about="Only what these words find", example="eigenvalues"),
            ordering(*_SORT_KEYS, otherwise="in study order"),
            *PAGING,
        ),
        answer=Page[TopicOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: Request) -> HttpResponse:
        return self.page(request, lambda graph: _chosen(graph, self.query), topic_output)


class TopicDetail(CatalogView):
    @operation(
        id="getTopic",
        summary="One topic",
        is_public=True,
        may_move=True,
        address={"slug": ("The topic; an old slug leads to the new one", EXAMPLE.slug)},
        answer=TopicDetailOutput,
        example=DETAIL_EXAMPLE,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """A topic that has been split leads to the first of its parts."""
        return self.answer(
            request, lambda graph: topic_detail_output(graph, find_topic(graph, slug))
        )
