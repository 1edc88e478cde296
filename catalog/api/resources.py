"""Resources and their units: what to learn from."""

from dataclasses import dataclass

from django.http import HttpResponse
from rest_framework.request import Request

from catalog.api.base import (
    CatalogView,
    CitationOutput,
    Slug,
    citation_outputs,
    find,
    named_by,
)
from catalog.graph import CatalogGraph, ProviderNode, ResourceNode, UnitNode
from catalog.models.resources import CalculusNeeded, Cost, Level
from catalog.search import search
from mlmath.rest.answers import Address, Answer, Page
from mlmath.rest.operations import operation
from mlmath.rest.query import PAGING, Choice, Parameter, Query, YesNo, no_such, ordering

_ADDRESS = {"slug": ("The resource; an old slug leads to the new one", "mml-linear-algebra")}


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderOutput(Answer):
    """A platform, publisher, university or channel; `url` is null unless known."""

    slug: Slug
    name: str
    kind: str
    url: Address | None


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitOutput(Answer):
    """A chapter, lecture, week or section; `minutes` and `url` are null unless known.

    `verified` is false where nobody has seen the unit itself.
    """

    slug: Slug
    number: int
    label: str
    title: str
    minutes: int | None
    url: Address | None
    topics: list[Slug]
    note: str
    verified: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class UnverifiedOutput(Answer):
    """What nobody could check: the names of fields, and in words."""

    fields: list[str]
    what: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceOutput(Answer):
    """A book, course, video series or the like. Null and empty mean: not known."""

    slug: Slug
    title: str
    authors: list[str]
    kind: str
    provider: ProviderOutput
    offered_by: ProviderOutput | None
    also_at: list[ProviderOutput]
    part_of: Slug | None
    parts: list[Slug]
    year: int | None
    edition: str
    url: Address | None
    cost: Cost
    cost_note: str
    has_exercises: bool
    standalone: bool
    standalone_note: str
    calculus_needed: CalculusNeeded
    level: Level
    hours: int | None
    unit_kind: str
    unit_count: int
    topics: list[Slug]
    note: str
    unverified: UnverifiedOutput | None
    citations: list[CitationOutput]


def _provider_output(provider: ProviderNode) -> ProviderOutput:
    return ProviderOutput(
        slug=provider.slug, name=provider.name, kind=provider.kind, url=provider.url or None
    )


def resource_output(graph: CatalogGraph, resource: ResourceNode) -> ResourceOutput:
    by = resource.offered_by
    is_doubtful = bool(resource.unverified_fields or resource.unverified_what)
    return ResourceOutput(
        slug=resource.slug,
        title=resource.title,
        authors=list(resource.authors),
        kind=resource.kind,
        provider=_provider_output(resource.provider),
        offered_by=_provider_output(by) if by else None,
        also_at=[_provider_output(provider) for provider in resource.also_at],
        part_of=resource.part_of,
        parts=list(resource.parts),
        year=resource.year,
        edition=resource.edition,
        url=resource.url or None,
        cost=Cost(resource.cost),
        cost_note=resource.cost_note,
        has_exercises=resource.has_exercises,
        standalone=resource.is_standalone,
        standalone_note=resource.standalone_note,
        calculus_needed=CalculusNeeded(resource.calculus_needed),
        level=Level(resource.level),
        hours=resource.hours_hint,
        unit_kind=resource.unit_kind,
        unit_count=len(resource.units),
        topics=[topic.slug for topic in graph.topics_in(resource.topics_mask)],
        note=resource.note,
        unverified=UnverifiedOutput(
            fields=sorted(resource.unverified_fields), what=resource.unverified_what
        )
        if is_doubtful
        else None,
        citations=citation_outputs(resource.citations),
    )


def unit_output(graph: CatalogGraph, unit: UnitNode) -> UnitOutput:
    return UnitOutput(
        slug=unit.slug,
        number=unit.number,
        label=unit.label,
        title=unit.title,
        minutes=unit.minutes,
        # An address of something that nobody has seen is no fact.
        url=None if unit.is_unverified else unit.url or None,
        topics=[graph.topics[index].slug for index in unit.topics],
        note=unit.note,
        verified=not unit.is_unverified,
    )


def _chosen(graph: CatalogGraph, query: Query) -> list[ResourceNode]:
    """The resources that the filters leave, in the catalog's order unless another is asked for."""
    provider = named_by(graph, query, "provider", "providers", graph.providers)
    kinds = {resource.kind for resource in graph.resources.values()}
    if query.text("kind") and query.text("kind") not in kinds:
        raise no_such("kind", query.text("kind"), among=sorted(kinds))
    topics = graph.successors(query.text("topic"))
    if query.text("topic") and not topics:
        raise no_such("topic", query.text("topic"))
    wanted = sum(1 << topic.index for topic in topics)
    words = query.text("search")
    found = {hit.slug for hit in search(graph, words, None) if hit.kind == "resource"}
    resources = [
        resource
        for resource in graph.resources.values()
        if query.text("kind") in {"", resource.kind}
        and (provider is None or provider in _providers(resource))
        and query.text("cost") in {"", resource.cost}
        and query.yes_no("has_exercises") in {None, resource.has_exercises}
        and query.text("calculus_needed") in {"", resource.calculus_needed}
        and (not wanted or resource.topics_mask & wanted)
        and (not words or resource.slug in found)
    ]
    if order := query.text("ordering"):
        resources.sort(
            key=lambda resource: resource.title.casefold(), reverse=order.startswith("-")
        )
    return resources


def _providers(resource: ResourceNode) -> tuple[ProviderNode | None, ...]:
    """Whoever has it: on whose platform it is, who makes it, who else sells it."""
    return (resource.provider, resource.offered_by, *resource.also_at)


_PROVIDER_EXAMPLE = ProviderOutput(
    slug="coursera", name="Coursera", kind="platform", url="https://www.coursera.org/"
)
EXAMPLE = ResourceOutput(
    slug="mml-linear-algebra",
    title="Mathematics for Machine Learning: Linear Algebra",
    authors=["David Dye", "Samuel J. Cooper", "A. Freddie Page"],
    kind="course",
    provider=_PROVIDER_EXAMPLE,
    offered_by=None,
    also_at=[],
    part_of="mml-specialization",
    parts=[],
    year=None,
    edition="",
    url="https://www.coursera.org/learn/linear-algebra-machine-learning",
    cost=Cost.PAID,
    cost_note="Graded work and the certificate are paid.",
    has_exercises=True,
    standalone=True,
    standalone_note="",
    calculus_needed=CalculusNeeded.NONE,
    level=Level.INTRODUCTORY,
    hours=23,
    unit_kind="week",
    unit_count=5,
    topics=["vectors", "eigenvalues-and-eigenvectors"],
    note="",
    unverified=UnverifiedOutput(fields=["year"], what="the year it was first offered"),
    citations=[
        CitationOutput(
            article="The Math Required for Machine Learning (Harsh Sikka, 2018)",
            note="first course of the recommended specialisation",
        )
    ],
)
UNIT_EXAMPLE = UnitOutput(
    slug="week-05",
    number=5,
    label="Week 5",
    title="Eigenvalues and Eigenvectors: Application to Data Problems",
    minutes=None,
    url=None,
    topics=["eigenvalues-and-eigenvectors"],
    note="",
    verified=True,
)


class ResourceList(CatalogView):
    @operation(
        id="listResources",
        summary="The resources",
        is_public=True,
        query=(
            Parameter(
                name="kind", about="Only of this kind, as `book` or `course`", example="book"
            ),
            Parameter(
                name="provider",
                about="Only what this provider has, makes or sells",
                example="coursera",
            ),
            Choice(
                name="cost", about="Only at this cost", example="free", choices=tuple(Cost.values)
            ),
            YesNo(name="has_exercises", about="Only with or without exercises", example=True),
            Choice(
                name="calculus_needed",
                about="Only what needs exactly this much calculus",
                example="none",
                choices=tuple(CalculusNeeded.values),
            ),
            Parameter(
                name="topic",
                about="Only what covers this topic",
                example="eigenvalues-and-eigenvectors",
            ),
            Parameter(name="search", about="Only what these words find", example="linear algebra"),
            ordering("title", otherwise="in the catalog's own order"),
            *PAGING,
        ),
        answer=Page[ResourceOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: Request) -> HttpResponse:
        return self.page(request, lambda graph: _chosen(graph, self.query), resource_output)


class ResourceDetail(CatalogView):
    @operation(
        id="getResource",
        summary="One resource",
        is_public=True,
        may_move=True,
        address=_ADDRESS,
        answer=ResourceOutput,
        example=EXAMPLE,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        return self.answer(
            request,
            lambda graph: resource_output(graph, find(graph, "resources", graph.resources, slug)),
        )


class UnitList(CatalogView):
    @operation(
        id="listUnits",
        summary="The units of a resource, in order",
        is_public=True,
        may_move=True,
        address=_ADDRESS,
        query=PAGING,
        answer=Page[UnitOutput],
        example=Page(count=1, next=None, previous=None, results=[UNIT_EXAMPLE]),
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        return self.page(
            request,
            lambda graph: find(graph, "resources", graph.resources, slug).units,
            unit_output,
        )
