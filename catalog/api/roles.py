"""Roles, what each needs, and the map of what rests on what within one."""

from dataclasses import dataclass
from typing import TypedDict

from django.http import HttpResponse
from rest_framework.request import Request

from catalog.api.base import (
    CatalogView,
    CitationOutput,
    HoursOutput,
    Slug,
    citation_outputs,
    find,
    hours_output,
)
from catalog.effort import Hours
from catalog.graph import CatalogGraph, RoleEntry, RoleNode
from catalog.models import Requirement
from catalog.models.roles import RoleKind
from mlmath.rest.answers import Answer, Page
from mlmath.rest.operations import operation
from mlmath.rest.query import PAGING

_ADDRESS = {"slug": ("The role; an old slug leads to the new one", "data-scientist")}


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleTopicOutput(Answer):
    """A topic as the role needs it; `hours` are those of that depth. `via` is the role from which
    it is inherited, null for the role's own."""

    slug: Slug
    depth: Slug
    requirement: Requirement
    via: Slug | None
    hours: HoursOutput


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleOutput(Answer):
    """A role with all topics it needs, its own and inherited, in study order.

    `hours` are those of the required topics; `months` is the likely finish from nothing at 90
    minutes on every day.
    """

    slug: Slug
    title: str
    kind: RoleKind
    summary: str
    note: str
    calculus_free: bool
    builds_on: list[Slug]
    required_count: int
    recommended_count: int
    hours: HoursOutput
    months: float
    topics: list[RoleTopicOutput]
    citations: list[CitationOutput]


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphNodeOutput(Answer):
    """A topic of the role."""

    slug: Slug
    title: str
    subject: Slug
    depth: Slug
    requirement: Requirement
    hours: HoursOutput


GraphEdgeOutput = TypedDict("GraphEdgeOutput", {"from": Slug, "to": Slug})
GraphEdgeOutput.__doc__ = "The topic `to` rests on the topic `from`."


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleGraphOutput(Answer):
    """What rests on what within a role: `nodes` in study order, and only those `edges` that do
    not follow from others."""

    role: Slug
    nodes: list[GraphNodeOutput]
    edges: list[GraphEdgeOutput]


def role_output(graph: CatalogGraph, role: RoleNode) -> RoleOutput:
    return RoleOutput(
        slug=role.slug,
        title=role.title,
        kind=RoleKind(role.kind),
        summary=role.summary,
        note=role.note,
        calculus_free=role.is_calculus_free,
        builds_on=list(role.builds_on),
        required_count=role.required_count,
        recommended_count=role.recommended_count,
        hours=hours_output(Hours.around(role.required_hours)),
        months=round(role.months, 1),
        topics=[
            RoleTopicOutput(
                slug=graph.topics[entry.index].slug,
                depth=entry.depth.slug,
                requirement=_requirement(entry),
                via=entry.via,
                hours=hours_output(entry.hours),
            )
            for entry in role.entries
        ],
        citations=citation_outputs(role.citations),
    )


def role_graph_output(graph: CatalogGraph, role: RoleNode) -> RoleGraphOutput:
    return RoleGraphOutput(
        role=role.slug,
        nodes=[
            GraphNodeOutput(
                slug=topic.slug,
                title=topic.title,
                subject=topic.subject.slug,
                depth=entry.depth.slug,
                requirement=_requirement(entry),
                hours=hours_output(entry.hours),
            )
            for entry in role.entries
            for topic in [graph.topics[entry.index]]
        ],
        edges=[
            {"from": graph.topics[earlier].slug, "to": graph.topics[later].slug}
            for earlier, later in reduced_edges(graph, role.topics_mask)
        ],
    )


def reduced_edges(graph: CatalogGraph, within: int) -> list[tuple[int, int]]:
    """Pairs (needed, needing) among the topics of the set `within`, by index: what rests on what,
    also through topics outside, without the pairs that follow from others."""
    edges = []
    for topic in graph.topics_in(within):
        below = topic.ancestors_mask & within
        implied = 0
        for needed in graph.topics_in(below):
            implied |= needed.ancestors_mask
        edges += [(needed.index, topic.index) for needed in graph.topics_in(below & ~implied)]
    return edges


def _requirement(entry: RoleEntry) -> Requirement:
    return Requirement.REQUIRED if entry.is_required else Requirement.RECOMMENDED


_HOURS = HoursOutput(low=5.6, likely=8.0, high=12.0)
EXAMPLE = RoleOutput(
    slug="data-scientist",
    title="Data scientist",
    kind=RoleKind.ROLE,
    summary="Explains data and tests ideas on it.",
    note="",
    calculus_free=False,
    builds_on=["machine-learning-engineer"],
    required_count=55,
    recommended_count=16,
    hours=HoursOutput(low=194.5, likely=277.8, high=416.7),
    months=6.5,
    topics=[
        RoleTopicOutput(
            slug="vectors",
            depth="working",
            requirement=Requirement.REQUIRED,
            via="machine-learning-engineer",
            hours=_HOURS,
        )
    ],
    citations=[CitationOutput(article="What Math is Required for Machine Learning?", note="")],
)
GRAPH_EXAMPLE = RoleGraphOutput(
    role="data-scientist",
    nodes=[
        GraphNodeOutput(
            slug="vectors",
            title="Vectors",
            subject="linear-algebra",
            depth="working",
            requirement=Requirement.REQUIRED,
            hours=_HOURS,
        )
    ],
    edges=[{"from": "vectors", "to": "dot-products-and-norms"}],
)


class RoleList(CatalogView):
    @operation(
        id="listRoles",
        summary="The roles",
        is_public=True,
        query=PAGING,
        answer=Page[RoleOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: Request) -> HttpResponse:
        return self.page(request, lambda graph: list(graph.roles.values()), role_output)


class RoleDetail(CatalogView):
    @operation(
        id="getRole",
        summary="One role",
        is_public=True,
        may_move=True,
        address=_ADDRESS,
        answer=RoleOutput,
        example=EXAMPLE,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        return self.answer(
            request, lambda graph: role_output(graph, find(graph, "roles", graph.roles, slug))
        )


class RoleGraph(CatalogView):
    @operation(
        id="getRoleGraph",
        summary="What rests on what within a role",
        is_public=True,
        may_move=True,
        address=_ADDRESS,
        answer=RoleGraphOutput,
        example=GRAPH_EXAMPLE,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        return self.answer(
            request,
            lambda graph: role_graph_output(graph, find(graph, "roles", graph.roles, slug)),
        )
