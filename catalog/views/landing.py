"""The first page that a visitor sees."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from catalog.graph import current_graph
from catalog.views.roles import role_cards


@login_not_required
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    graph = current_graph()
    cards = role_cards(graph)
    context = {
        "roles": [card for card in cards if card.role.kind == "role"],
        "other_roles": [card for card in cards if card.role.kind != "role"],
        "topic_count": len(graph.topics),
        "edge_count": sum(len(topic.needs) for topic in graph.topics),
        "resource_count": len(graph.resources),
        "free_count": sum(one.cost == "free" for one in graph.resources.values()),
        "unit_count": sum(len(one.units) for one in graph.resources.values()),
        "estimates": [one for one in graph.estimates if one.applies_to == "applied roles"],
    }
    return TemplateResponse(request, "catalog/landing.html", context)
