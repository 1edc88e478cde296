"""Private notes: saving one while somebody types or by a button, and finding them again."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog.graph import TopicNode, current_graph
from catalog.search import LONGEST_QUERY, MOST_WORDS
from mlmath.errors import BadRequest
from mlmath.http import wants_partial
from tracker.actions.notes import NoteChanged, write_note
from tracker.models import TopicNote
from tracker.summaries.notes import notes_of
from tracker.views.requests import AppRequest


@require_safe
def notes(request: AppRequest) -> HttpResponse:
    """All of them, or those that hold every word that is asked for; the last changed first."""
    graph = current_graph()
    query = " ".join(request.GET.get("q", "").replace("\0", "").split())[:LONGEST_QUERY]
    found = notes_of(user=request.user, graph=graph, words=query.split()[:MOST_WORDS])
    shown = [(graph.topics[graph.index_by_id[note.topic_id]], note) for note in found]
    return TemplateResponse(request, "tracker/notes.html", {"notes": shown, "query": query})


@require_POST
def save(request: AppRequest, slug: str) -> HttpResponse:
    topic = current_graph().topic_by_slug.get(slug)
    if topic is None:
        raise Http404(slug)
    try:
        note = write_note(
            user=request.user,
            topic=topic,
            body=request.POST.get("body", ""),
            based_on=_time(request.POST.get("based_on", "")),
        )
    except NoteChanged:
        return _not_saved(request, topic, "", 409)
    except ValidationError as error:
        return _not_saved(request, topic, " ".join(error.messages), 422)
    if not wants_partial(request):
        return HttpResponseRedirect(reverse("tracker:topic-detail", args=[slug]) + "#note")
    context = {"topic": topic, "note": note, "is_saved": True}
    return TemplateResponse(request, "tracker/_note_changed.html", context)


def _not_saved(request: AppRequest, topic: TopicNode, error: str, status: int) -> HttpResponse:
    """What was typed is never lost: it stays in its field, beside what is kept by now."""
    kept = TopicNote.objects.filter(user=request.user, topic_id=topic.id).first()
    context = {
        "topic": topic,
        "error": error,
        "note": kept,
        "is_conflict": not error,
        "body": request.POST.get("body", ""),
    }
    if wants_partial(request):
        # htmx takes over pieces of a 422 only.
        return TemplateResponse(request, "tracker/_note_changed.html", context, status=422)
    return TemplateResponse(request, "tracker/note.html", context, status=status)


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise BadRequest("It does not say which version of the note was edited.") from None
