"""Study paths: ordered steps with their topics and resources."""

from dataclasses import dataclass

from django.http import HttpResponse
from rest_framework.request import Request

from catalog.api.base import CatalogView, CitationOutput, Slug, citation_outputs, find
from catalog.graph import CatalogGraph, PathNode, StepNode
from catalog.models import StepResource
from mlmath.rest.answers import Answer, Page
from mlmath.rest.operations import operation
from mlmath.rest.query import PAGING


@dataclass(frozen=True, kw_only=True, slots=True)
class StepResourceOutput(Answer):
    """A resource of a step; no `units` means all of it."""

    slug: Slug
    use: StepResource.Use
    units: list[Slug]


@dataclass(frozen=True, kw_only=True, slots=True)
class StepOutput(Answer):
    """One step; the topics of an `any_order` step may be taken in any order."""

    position: int
    title: str
    summary: str
    optional: bool
    any_order: bool
    topics: list[Slug]
    resources: list[StepResourceOutput]


@dataclass(frozen=True, kw_only=True, slots=True)
class PathOutput(Answer):
    """A way through the catalog. A null `role` leads to no role in particular.

    `covers_role`: it has all the role's required topics outside optional steps. `hours` are the
    likely ones of all its topics.
    """

    slug: Slug
    title: str
    summary: str
    note: str
    role: Slug | None
    covers_role: bool
    prerequisites_complete: bool
    calculus_free: bool
    hours: float
    steps: list[StepOutput]
    citations: list[CitationOutput]


def path_output(graph: CatalogGraph, path: PathNode) -> PathOutput:
    return PathOutput(
        slug=path.slug,
        title=path.title,
        summary=path.summary,
        note=path.note,
        role=path.role,
        covers_role=path.covers_role,
        prerequisites_complete=path.is_prerequisites_complete,
        calculus_free=path.is_calculus_free,
        hours=round(path.hours, 1),
        steps=[_step_output(graph, step) for step in path.steps],
        citations=citation_outputs(path.citations),
    )


def _step_output(graph: CatalogGraph, step: StepNode) -> StepOutput:
    return StepOutput(
        position=step.position,
        title=step.title,
        summary=step.summary,
        optional=step.is_optional,
        any_order=step.is_order_free,
        topics=[graph.topics[index].slug for index in step.topics],
        resources=[
            StepResourceOutput(
                slug=used.resource.slug,
                use=StepResource.Use(used.use),
                units=[unit.slug for unit in used.units],
            )
            for used in step.resources
        ],
    )


EXAMPLE = PathOutput(
    slug="minimal-path",
    title="Minimal path",
    summary="Linear algebra first, then basic statistics that do not rely on calculus.",
    note="",
    role="machine-learning-engineer",
    covers_role=True,
    prerequisites_complete=True,
    calculus_free=True,
    hours=111.0,
    steps=[
        StepOutput(
            position=1,
            title="Basic linear algebra",
            summary="Vectors, matrices and their arithmetic.",
            optional=False,
            any_order=False,
            topics=["vectors", "matrix-multiplication"],
            resources=[
                StepResourceOutput(
                    slug="mml-linear-algebra",
                    use=StepResource.Use.MAIN,
                    units=["week-01", "week-02"],
                )
            ],
        )
    ],
    citations=[CitationOutput(article="What Math is Required for Machine Learning?", note="")],
)


class PathList(CatalogView):
    @operation(
        id="listPaths",
        summary="The study paths",
        is_public=True,
        query=PAGING,
        answer=Page[PathOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: Request) -> HttpResponse:
        return self.page(request, lambda graph: list(graph.paths.values()), path_output)


class PathDetail(CatalogView):
    @operation(
        id="getPath",
        summary="One study path",
        is_public=True,
        may_move=True,
        address={"slug": ("The path; an old slug leads to the new one", EXAMPLE.slug)},
        answer=PathOutput,
        example=EXAMPLE,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        return self.answer(
            request, lambda graph: path_output(graph, find(graph, "paths", graph.paths, slug))
        )
