"""Which chapters I have done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from rest_framework.response import Response

from catalog.graph import CatalogGraph, UnitNode, current_graph
from mlmath.rest.answers import Answer, Page
from mlmath.rest.fields import Input
from mlmath.rest.fields import YesNo as YesNoField
from mlmath.rest.operations import operation
from mlmath.rest.pages import page_of
from mlmath.rest.query import PAGING, Parameter, Query, YesNo, no_such
from mlmath.rest.views import ApiView
from tracker.actions import units as actions
from tracker.api.authentication import ApiRequest
from tracker.api.finding import unit_at
from tracker.summaries.units import done_units


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitStateOutput(Answer):
    """Whether I have done a unit; `slug` is unique within its resource, `done_at` null until then.
    `topics` are those that it teaches."""

    resource: str
    slug: str
    done: bool
    done_at: datetime | None
    topics: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkedUnitOutput(UnitStateOutput):
    """The unit after the change. `proposed_topics` are those to tick, if I agree: all that covers
    them in the resource is done now. `batch` takes the change back; null when nothing changed."""

    proposed_topics: list[str]
    batch: str | None


class MarkUnitInput(Input):
    """{"done"}: what is wanted, so repeating changes nothing."""

    done = YesNoField()


def unit_state_output(
    graph: CatalogGraph, unit: UnitNode, done: Mapping[int, datetime]
) -> UnitStateOutput:
    return UnitStateOutput(
        resource=unit.resource,
        slug=unit.slug,
        done=unit.id in done,
        done_at=done.get(unit.id),
        topics=[graph.topics[index].slug for index in unit.topics],
    )


EXAMPLE = MarkedUnitOutput(
    resource="goodfellow-deep-learning",
    slug="chapter-08",
    done=True,
    done_at=datetime(2026, 11, 20, 19, 15, tzinfo=UTC),
    topics=["stochastic-gradient-descent"],
    proposed_topics=["stochastic-gradient-descent"],
    batch="b4t7c2h9m5x8w3q6n2k7",
)
_LISTED_EXAMPLE = UnitStateOutput(
    resource=EXAMPLE.resource,
    slug=EXAMPLE.slug,
    done=EXAMPLE.done,
    done_at=EXAMPLE.done_at,
    topics=EXAMPLE.topics,
)


class MyUnits(ApiView):
    tag = "study"

    @operation(
        id="listMyUnits",
        summary="The units of what I am reading",
        scope="read",
        query=(
            YesNo(name="all", about="Of every resource, not only of those begun", example=True),
            Parameter(
                name="resource", about="Only of this resource", example="goodfellow-deep-learning"
            ),
            YesNo(name="done", about="Only those that I have done, or not", example=False),
            *PAGING,
        ),
        answer=Page[UnitStateOutput],
        example=Page(count=1, next=None, previous=None, results=[_LISTED_EXAMPLE]),
    )
    def get(self, request: ApiRequest) -> Response:
        """In the order of the catalog: all units of the resources of which I have done any."""
        graph, done = current_graph(), done_units(user=request.user)
        units = _chosen(graph, done, self.query)
        return Response(
            page_of(request, self.query, units, lambda unit: unit_state_output(graph, unit, done))
        )


class MyUnit(ApiView):
    tag = "study"

    @operation(
        id="markMyUnit",
        summary="Say whether I have done a unit",
        scope="write",
        address={
            "resource": ("Its resource, by an old slug too", EXAMPLE.resource),
            "unit": ("The unit", EXAMPLE.slug),
        },
        body=MarkUnitInput,
        body_example={"done": True},
        answer=MarkedUnitOutput,
        example=EXAMPLE,
    )
    def put(self, request: ApiRequest, resource: str, unit: str) -> Response:
        """No topic changes by it: tick the proposed ones with a second call."""
        data = self.read_body(request)
        node = unit_at(current_graph(), resource, unit)
        marked = actions.mark_unit(user=request.user, unit=node, is_done=data["done"])
        row = unit_state_output(marked.graph, node, marked.done)
        answer = MarkedUnitOutput(
            resource=row.resource,
            slug=row.slug,
            done=row.done,
            done_at=row.done_at,
            topics=row.topics,
            proposed_topics=[topic.slug for topic in marked.proposed],
            batch=marked.batch or None,
        )
        return Response(answer)


def _chosen(graph: CatalogGraph, done: Mapping[int, datetime], query: Query) -> list[UnitNode]:
    slug, is_done = query.text("resource"), query.yes_no("done")
    slug = graph.renamed.get(f"resources/{slug}", slug)
    if slug and slug not in graph.resources:
        raise no_such("resource", slug)
    resources = [graph.resources[slug]] if slug else graph.resources.values()
    is_every = bool(slug) or query.yes_no("all")
    return [
        unit
        for resource in resources
        if is_every or any(unit.id in done for unit in resource.units)
        for unit in resource.units
        if is_done in {None, unit.id in done}
    ]
