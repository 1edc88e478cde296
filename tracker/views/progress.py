"""Marking a topic and taking it back, for people and for guests, with htmx and without."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.context_processors import csrf
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from catalog.graph import CatalogGraph, current_graph
from mlmath.errors import BadRequest, DomainError
from mlmath.http import wants_partial
from tracker import guests
from tracker.actions import history
from tracker.actions import progress as actions
from tracker.forms.progress import MarkForm
from tracker.models import Source, User
from tracker.summaries.changes import changes_between
from tracker.summaries.people import guest_standing, person_states
from tracker.summaries.units import done_units
from tracker.views import resources, roadmap, today, topics
from tracker.views.news import News, sentence_about
from tracker.views.visitor import Changed, Visitor, back

# The pages that can be brought up to date piece by piece, by the name of their address.
_PIECES: dict[str, Callable[[Changed, str, QueryDict], str]] = {
    "tracker:roadmap": roadmap.changed_pieces,
    "tracker:today": today.changed_pieces,
    "tracker:topic-detail": topics.changed_pieces,
    "tracker:resource-detail": resources.changed_pieces,
}


@login_not_required
@require_POST
def mark(request: HttpRequest, slug: str) -> HttpResponse:
    form = MarkForm(request.POST)
    if not form.is_valid():
        raise BadRequest(form.sentence)
    fallback = reverse("tracker:topic-detail", args=[slug])
    graph = current_graph()
    try:
        meant = actions.find_topics(graph, slug)
        if not meant:
            raise Http404(slug)
        changed = _mark(
            request,
            graph,
            [
                actions.Mark(
                    topic=topic,
                    state=form.state_wanted,
                    is_stuck=form.stuck_wanted,
                    stuck_note=form.stuck_note_wanted,
                )
                for topic in meant
            ],
            with_prerequisites=form.cleaned_data["with_prerequisites"],
        )
        changed = replace(changed, asked=frozenset(topic.slug for topic in meant))
    except DomainError as refusal:
        return refused(request, refusal, fallback)
    changes = changes_between(changed.now.graph, changed.before, changed.now.standing)
    # A change without one is that of a note to the flag.
    sentence = sentence_about(changes) if changes or not changed.batch else "Your note is saved."
    return answer(
        request,
        changed,
        sentence,
        back(request, fallback, batch=changed.batch, anchor=f"topic-{meant[0].slug}"),
    )


@login_not_required
@require_POST
def undo(request: HttpRequest, batch: str) -> HttpResponse:
    fallback = reverse("tracker:roadmap-mine")
    try:
        if request.user.is_authenticated:
            changed = _undo_as_person(request.user, batch)
        else:
            changed = _by_guest(current_graph(), guests.undo_as_guest(request, batch))
    except DomainError as refusal:
        return refused(request, refusal, fallback)
    return answer(request, changed, "Taken back.", back(request, fallback))


def _mark(
    request: HttpRequest,
    graph: CatalogGraph,
    marks: list[actions.Mark],
    *,
    with_prerequisites: bool,
) -> Changed:
    if request.user.is_authenticated:
        marked = actions.mark_topics(
            user=request.user,
            marks=marks,
            source=Source.MANUAL,
            with_prerequisites=with_prerequisites,
        )
        return _by_person(request.user, marked)
    return _by_guest(
        graph, guests.mark_as_guest(request, graph, marks, with_prerequisites=with_prerequisites)
    )


def _undo_as_person(user: User, batch: str) -> Changed:
    graph = current_graph()
    before = person_states(user=user, graph=graph).standing(graph)
    history.undo(user=user, batch=batch)
    after = person_states(user=user, graph=graph)
    now = Visitor(
        graph=graph,
        user=user,
        standing=after.standing(graph),
        retired_states={},
        stuck_notes=after.stuck_notes,
    )
    return Changed(before=before, now=now, batch="", done=done_units(user=user))


def _by_person(user: User, marked: actions.Marked) -> Changed:
    now = Visitor(
        graph=marked.graph,
        user=user,
        standing=marked.after.standing(marked.graph),
        retired_states={},
        stuck_notes=marked.after.stuck_notes,
    )
    return Changed(before=marked.before.standing(marked.graph), now=now, batch=marked.batch)


def _by_guest(graph: CatalogGraph, marked: guests.GuestMarked) -> Changed:
    now = Visitor(
        graph=graph, user=None, standing=guest_standing(graph, marked.after), retired_states={}
    )
    return Changed(before=guest_standing(graph, marked.before), now=now, batch=marked.batch)


def answer(request: HttpRequest, changed: Changed, sentence: str, to: str) -> HttpResponse:
    """The pieces of the open page that look different now; without htmx, the page itself."""
    if not wants_partial(request):
        return HttpResponseRedirect(to)
    page = urlsplit(to)
    try:
        match = resolve(page.path)
    except Resolver404:
        return HttpResponseClientRedirect(to)
    if match.view_name not in _PIECES:
        return HttpResponseClientRedirect(to)
    pieces = _PIECES[match.view_name](changed, match.kwargs.get("slug", ""), QueryDict(page.query))
    news = News(sentence=sentence, batch=changed.batch)
    response = HttpResponse(pieces + toast(request, news))
    # What of a page needs more than the ticks asks for itself then.
    return trigger_client_event(response, "marked", after="settle")


def refused(request: HttpRequest, refusal: DomainError, fallback: str) -> HttpResponse:
    if wants_partial(request):
        return HttpResponse(toast(request, News(sentence=str(refusal))), status=422)
    messages.warning(request, str(refusal))
    return HttpResponseRedirect(back(request, fallback))


def toast(request: HttpRequest, news: News) -> str:
    # The token is all that it needs of what pages know.
    context = {"news": news, "next": back(request, "/"), "is_oob": True} | csrf(request)
    return render_to_string("tracker/_news.html", context)
