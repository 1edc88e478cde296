"""The page that searches the catalog."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from catalog.graph import current_graph
from catalog.search import LONGEST_QUERY, MOST_WORDS, search

SHOWN = 50


@login_not_required
@require_safe
def results(request: HttpRequest) -> HttpResponse:
    graph = current_graph()
    asked = " ".join(request.GET.get("q", "").replace("\0", "").split())
    query = asked[:LONGEST_QUERY]
    hits = search(graph, query, limit=None)
    context = {
        "query": query,
        "is_cut": len(asked) > len(query) or len(query.split()) > MOST_WORDS,
        "most_words": MOST_WORDS,
        "hits": hits[:SHOWN],
        "hit_count": len(hits),
    }
    return TemplateResponse(request, "catalog/search.html", context)
