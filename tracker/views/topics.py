"""The page of a topic, and what the address of a former topic shows."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, QueryDict
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.effort import Hours
from catalog.graph import TopicNode, UnitNode
from tracker.models import TopicNote, TopicState
from tracker.summaries.reading import Reading, readings
from tracker.summaries.topics import asked_by, topic_place
from tracker.summaries.units import UnitRow, done_units, unit_row
from tracker.views.news import just_read, news_about_units
from tracker.views.visitor import Changed, Visitor, here, visitor_of


@login_not_required
@require_safe
def topic_detail(request: HttpRequest, slug: str) -> HttpResponse:
    visitor = visitor_of(request)
    topic = visitor.graph.topic_by_slug.get(slug)
    if topic is None:
        return _former_topic(request, visitor, slug)
    done = done_units(user=visitor.user) if visitor.user else {}
    context = _pieces(visitor, topic) | {
        "hours": _hours(visitor, topic),
        "asked_by": asked_by(visitor.graph, topic),
        "shelf": _shelf(visitor, topic, done, just_read(request, visitor.graph)),
        "note": _note(visitor, topic),
        "stuck_note": visitor.stuck_notes.get(topic.index, ""),
        "next": here(request),
        "news": news_about_units(request, visitor, done),
    }
    return TemplateResponse(request, "tracker/topic_detail.html", context)


def changed_pieces(changed: Changed, slug: str, query: QueryDict) -> str:
    """Where one stands with the topic `slug`, and with what it needs and opens."""
    topic = changed.now.graph.topic_by_slug.get(slug)
    if topic is None:
        return ""
    context = _pieces(changed.now, topic) | {"is_oob": True}
    if changed.read is None:
        context |= {"has_flag": True, "stuck_note": changed.now.stuck_notes.get(topic.index, "")}
    if changed.done is not None:
        context["shelf"] = _shelf(changed.now, topic, changed.done, changed.read)
    return render_to_string("tracker/_topic_changed.html", context)


def _note(visitor: Visitor, topic: TopicNode) -> TopicNote | None:
    if visitor.user is None:
        return None
    return TopicNote.objects.filter(user=visitor.user, topic_id=topic.id).first()


def _shelf(
    visitor: Visitor, topic: TopicNode, done: Mapping[int, datetime], read: UnitNode | None
) -> list[tuple[Reading, list[UnitRow]]]:
    """What to learn `topic` from, each with its units as rows."""
    graph, standing = visitor.graph, visitor.standing
    return [
        (
            reading,
            [
                unit_row(graph, unit, done, standing, is_just_read=unit is read)
                for unit in reading.units
            ],
        )
        for reading in readings(graph, topic)
    ]


def _pieces(visitor: Visitor, topic: TopicNode) -> dict[str, object]:
    return {
        "topic": topic,
        "place": topic_place(visitor.graph, topic, visitor.standing, visitor.role),
        "role": visitor.role,
        "is_guest": visitor.user is None,
    }


def _hours(visitor: Visitor, topic: TopicNode) -> Hours:
    entry = visitor.role.entry_by_index.get(topic.index) if visitor.role else None
    return entry.hours if entry else topic.hours


def _former_topic(request: HttpRequest, visitor: Visitor, slug: str) -> HttpResponse:
    """A renamed or merged topic leads on, a split one to a choice; a retired one says so."""
    graph = visitor.graph
    successors = graph.successors(slug)
    if len(successors) == 1:
        target = reverse("tracker:topic-detail", args=[successors[0].slug])
        return HttpResponsePermanentRedirect(target)
    if successors:
        context = {"title": graph.retired.get(slug, ""), "topics": successors}
        return TemplateResponse(request, "tracker/topic_split.html", context)
    if slug not in graph.retired:
        raise Http404(slug)
    state = visitor.retired_states.get(slug)
    kept = {"title": graph.retired[slug], "state": TopicState(state) if state else None}
    return TemplateResponse(request, "tracker/topic_retired.html", kept)
