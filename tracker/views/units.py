"""Marking a unit, and ticking the topics that this proposes, with htmx and without."""

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog.graph import CatalogGraph, UnitNode, current_graph
from mlmath.errors import BadRequest, DomainError
from tracker.actions import progress as actions
from tracker.actions.units import mark_unit
from tracker.models import Source, TopicState
from tracker.summaries.changes import changes_between
from tracker.summaries.units import done_units
from tracker.views.news import find_unit, sentence_about, sentence_about_unit
from tracker.views.progress import answer, refused
from tracker.views.requests import AppRequest
from tracker.views.visitor import Changed, Visitor, back


@require_POST
def mark(request: AppRequest, resource: str, unit: str) -> HttpResponse:
    node = _unit_or_404(current_graph(), resource, unit)
    if request.POST.get("done") not in {"0", "1"}:
        raise BadRequest("A unit is done (1) or it is not (0).")
    marked = mark_unit(user=request.user, unit=node, is_done=request.POST["done"] == "1")
    changed = Changed(
        before=marked.standing,
        now=Visitor(
            graph=marked.graph, user=request.user, standing=marked.standing, retired_states={}
        ),
        batch=marked.batch,
        done=marked.done,
        read=node,
    )
    return answer(
        request,
        changed,
        sentence_about_unit(node, is_done=marked.done_at is not None),
        _back(request, node, marked.batch),
    )


@require_POST
def mark_topics(request: AppRequest, resource: str, unit: str) -> HttpResponse:
    """Tick those of the named topics that the unit teaches, all at once."""
    graph = current_graph()
    node = _unit_or_404(graph, resource, unit)
    named = set(request.POST.get("topics", "").split())
    topics = [graph.topics[index] for index in node.topics if graph.topics[index].slug in named]
    if not topics:
        raise BadRequest("It does not say which topics of this unit are done.")
    try:
        marked = actions.mark_topics(
            user=request.user,
            marks=[actions.Mark(topic=topic, state=TopicState.DONE) for topic in topics],
            source=Source.UNIT,
        )
    except DomainError as refusal:
        return refused(request, refusal, reverse("tracker:resource-detail", args=[node.resource]))
    before, after = marked.before.standing(marked.graph), marked.after.standing(marked.graph)
    changed = Changed(
        before=before,
        now=Visitor(graph=marked.graph, user=request.user, standing=after, retired_states={}),
        batch=marked.batch,
        done=done_units(user=request.user),
        read=node,
    )
    sentence = sentence_about(changes_between(marked.graph, before, after))
    return answer(request, changed, sentence, _back(request, node, marked.batch, is_read=False))


def _unit_or_404(graph: CatalogGraph, resource: str, unit: str) -> UnitNode:
    node = find_unit(graph, resource, unit)
    if node is None:
        raise Http404(f"{resource}/{unit}")
    return node


def _back(request: AppRequest, unit: UnitNode, batch: str, *, is_read: bool = True) -> str:
    return back(
        request,
        reverse("tracker:resource-detail", args=[unit.resource]),
        batch=batch,
        read=f"{unit.resource}/{unit.slug}" if is_read else "",
        anchor=f"read-{unit.resource}-{unit.slug}",
    )
