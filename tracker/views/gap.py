"""From where one stands to any role, and to two side by side."""

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from catalog.graph import CatalogGraph, RoleNode
from tracker.summaries.gap import role_gap
from tracker.views.requests import AppRequest
from tracker.views.visitor import visitor_of


@require_safe
def gap(request: AppRequest) -> HttpResponse:
    """A role that nobody offers counts as none chosen; without any it is one's own."""
    visitor = visitor_of(request)
    graph = visitor.graph
    first = _role(graph, request.GET.get("role", "")) or visitor.role
    second = _role(graph, request.GET.get("with", ""))
    chosen = [role for role in (first, second) if role]
    if first is second:
        chosen = chosen[:1]
    context = {
        "roles": graph.roles.values(),
        "first": first,
        "second": second if first is not second else None,
        "gaps": [role_gap(graph, role, visitor.standing) for role in chosen],
    }
    return TemplateResponse(request, "tracker/gap.html", context)


def _role(graph: CatalogGraph, slug: str) -> RoleNode | None:
    return graph.roles.get(graph.renamed.get(f"roles/{slug}", slug))
