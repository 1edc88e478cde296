"""Study paths, and the advice and time estimates that go with them."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from catalog.graph import (
    AdviceNode,
    CatalogGraph,
    PathNode,
    ResourceNode,
    RoleNode,
    StepNode,
    StepResourceNode,
    TopicNode,
    UnitNode,
    current_graph,
)
from catalog.models import StepResource
from catalog.views.moved import moved_or_missing


@dataclass(frozen=True, kw_only=True, slots=True)
class PathCard:
    path: PathNode
    role: RoleNode | None


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitRun:
    """Units that follow each other in their resource; `last` is None for a single one."""

    first: UnitNode
    last: UnitNode | None


@dataclass(frozen=True, kw_only=True, slots=True)
class UsedResource:
    """No `runs` means all of the resource."""

    resource: ResourceNode
    runs: tuple[UnitRun, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PathStepRow:
    """A step of a path; `uses` leads from "Main" and so on to what plays that part."""

    step: StepNode
    topics: tuple[TopicNode, ...]
    hours: float
    uses: tuple[tuple[str, list[UsedResource]], ...]


@login_not_required
@require_safe
def path_list(request: HttpRequest) -> HttpResponse:
    graph = current_graph()
    context = {
        "cards": [
            PathCard(path=path, role=graph.roles.get(path.role or ""))
            for path in graph.paths.values()
        ],
        "estimates": graph.estimates,
        "advice": _by_audience(graph.advice),
        "advice_count": len(graph.advice),
    }
    return TemplateResponse(request, "catalog/path_list.html", context)


@login_not_required
@require_safe
def path_detail(request: HttpRequest, slug: str) -> HttpResponse:
    graph = current_graph()
    path = graph.paths.get(slug)
    if path is None:
        return moved_or_missing(graph, "paths", slug)
    context = {
        "path": path,
        "role": graph.roles.get(path.role or ""),
        "steps": [_step_row(graph, step) for step in path.steps],
        "topic_count": sum(len(step.topics) for step in path.steps),
        "estimates": [one for one in graph.estimates if one.applies_to == path.slug],
    }
    return TemplateResponse(request, "catalog/path_detail.html", context)


def _by_audience(advice: Iterable[AdviceNode]) -> list[tuple[str, list[AdviceNode]]]:
    """What is meant for everybody comes last: a reader looks for their own name first."""
    groups: dict[str, list[AdviceNode]] = {}
    for piece in advice:
        groups.setdefault(piece.audience, []).append(piece)
    return sorted(groups.items(), key=lambda group: group[0] == "everybody")


def _step_row(graph: CatalogGraph, step: StepNode) -> PathStepRow:
    topics = tuple(graph.topics[index] for index in step.topics)
    uses: list[tuple[str, list[UsedResource]]] = []
    for use in StepResource.Use:
        used = [
            UsedResource(resource=one.resource, runs=_runs(one))
            for one in step.resources
            if one.use == use
        ]
        if used:
            uses.append((use.label, used))
    return PathStepRow(
        step=step,
        topics=topics,
        hours=sum(topic.hours.likely for topic in topics),
        uses=tuple(uses),
    )


def _runs(used: StepResourceNode) -> tuple[UnitRun, ...]:
    place = {unit.id: number for number, unit in enumerate(used.resource.units)}
    runs = []
    # Within a run of neighbours the place in the resource grows as fast as the place in the list.
    for _, pairs in groupby(enumerate(used.units), key=lambda pair: place[pair[1].id] - pair[0]):
        units = [unit for _, unit in pairs]
        runs.append(UnitRun(first=units[0], last=units[-1] if len(units) > 1 else None))
    return tuple(runs)
