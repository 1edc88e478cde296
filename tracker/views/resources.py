"""A book, course or video: its units, which of them are read, and marking them."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, QueryDict
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.graph import CatalogGraph, ResourceNode, UnitNode
from catalog.models import Level
from catalog.views.library import by_line, kind_label, resource_card, unit_count
from tracker.summaries.standing import topic_row
from tracker.summaries.units import done_units, unit_row
from tracker.views.news import just_read, news_about_units
from tracker.views.visitor import Changed, Visitor, here, visitor_of


@login_not_required
@require_safe
def resource_detail(request: HttpRequest, slug: str) -> HttpResponse:
    visitor = visitor_of(request)
    graph = visitor.graph
    resource = graph.resources.get(slug)
    if resource is None:
        return _moved(graph, slug)
    done = done_units(user=visitor.user) if visitor.user else {}
    context = _pieces(visitor, resource, done, just_read(request, graph)) | {
        "kind_label": kind_label(resource.kind),
        "by": by_line(resource),
        "level_label": Level(resource.level).label,
        "unit_count": unit_count(resource),
        "part_of": graph.resources.get(resource.part_of or ""),
        "parts": [resource_card(graph.resources[part]) for part in resource.parts],
        "estimates": [one for one in graph.estimates if one.applies_to == resource.slug],
        "paths": [
            path
            for path in graph.paths.values()
            if any(used.resource is resource for step in path.steps for used in step.resources)
        ],
        "next": here(request),
        "news": news_about_units(request, visitor, done),
    }
    return TemplateResponse(request, "tracker/resource_detail.html", context)


def changed_pieces(changed: Changed, slug: str, query: QueryDict) -> str:
    """What may look different now on the page of the resource `slug`."""
    resource = changed.now.graph.resources.get(slug)
    if resource is None or changed.done is None:
        return ""
    context = _pieces(changed.now, resource, changed.done, changed.read)
    if changed.read is not None:
        context["units"] = [
            unit_row(
                changed.now.graph,
                changed.read,
                changed.done,
                changed.now.standing,
                is_just_read=True,
            )
        ]
    return render_to_string("tracker/_resource_changed.html", context | {"is_oob": True})


def _pieces(
    visitor: Visitor,
    resource: ResourceNode,
    done: Mapping[int, datetime],
    read: UnitNode | None,
) -> dict[str, object]:
    graph, standing = visitor.graph, visitor.standing
    return {
        "resource": resource,
        "units": [
            unit_row(graph, unit, done, standing, is_just_read=unit is read)
            for unit in resource.units
        ],
        "unit_count": unit_count(resource),
        "has_ticks": visitor.user is not None,
        "read_count": sum(unit.id in done for unit in resource.units),
        "topics": [
            topic_row(graph, standing, topic, None)
            for topic in graph.topics_in(resource.topics_mask)
        ],
        "known_count": (resource.topics_mask & standing.known).bit_count(),
    }


def _moved(graph: CatalogGraph, slug: str) -> HttpResponsePermanentRedirect:
    present = graph.renamed.get(f"resources/{slug}")
    if present is None:
        raise Http404(slug)
    return HttpResponsePermanentRedirect(reverse("tracker:resource-detail", args=[present]))
