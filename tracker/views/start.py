"""Onboarding: a role, what one knows already, and a pace. Every step can be skipped."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from catalog.graph import CatalogGraph, RoleNode, SubjectNode, TopicNode, current_graph
from catalog.models import Role
from mlmath.errors import BadRequest, DomainError
from tracker.actions import progress as actions
from tracker.actions.people import update_profile
from tracker.forms.people import PaceForm, RoleForm
from tracker.models import Source, TopicState
from tracker.summaries.standing import Standing
from tracker.views.news import news_on_arrival
from tracker.views.requests import AppRequest
from tracker.views.visitor import visitor_of, with_undo


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A topic in the list of what one may know already."""

    topic: TopicNode
    is_done: bool
    is_implied: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Checklist:
    subject: SubjectNode
    boxes: tuple[Box, ...]


@require_http_methods(["GET", "HEAD", "POST"])
def choose_role(request: AppRequest) -> HttpResponse:
    graph = current_graph()
    form = RoleForm(request.POST if request.method == "POST" else None, graph=graph)
    if form.is_valid():
        node = graph.roles[form.cleaned_data["role"]]
        update_profile(user=request.user, role=Role.objects.get(pk=node.id))
        return redirect("tracker:start-topics")
    mine = graph.role_by_id.get(request.user.role_id) if request.user.role_id else None
    groups: dict[str, list[RoleNode]] = {}
    for role in graph.roles.values():
        groups.setdefault(role.kind, []).append(role)
    context = {"form": form, "groups": groups, "mine": mine}
    return TemplateResponse(
        request, "tracker/start_role.html", context, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
def choose_known(request: AppRequest) -> HttpResponse:
    if request.method == "POST":
        return _save_known(request)
    visitor = visitor_of(request)
    context = {
        "role": visitor.role,
        "checklists": _checklists(visitor.graph, visitor.role, visitor.standing),
    }
    return TemplateResponse(request, "tracker/start_topics.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def choose_pace(request: AppRequest) -> HttpResponse:
    form = PaceForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid():
        update_profile(user=request.user, **form.changes())
        return redirect("tracker:today")
    context = {
        "form": form,
        # Who has said nothing about time yet gets the browser's own zone proposed.
        "is_new": request.user.minutes_per_day is None and request.user.time_zone == "UTC",
        "news": news_on_arrival(request, visitor_of(request)),
        "next": request.path,
    }
    return TemplateResponse(
        request, "tracker/start_pace.html", context, status=422 if form.is_bound else 200
    )


def _save_known(request: AppRequest) -> HttpResponse:
    """Only what differs from what the page showed is marked, so that a second tab loses nothing."""
    graph = current_graph()
    ticked = _topics(graph, request.POST.getlist("topic"))
    shown_as_done = _topics(graph, request.POST.getlist("shown_as_done"))
    wanted = [
        (topic, TopicState.DONE) for slug, topic in ticked.items() if slug not in shown_as_done
    ]
    wanted += [
        (topic, TopicState.TODO) for slug, topic in shown_as_done.items() if slug not in ticked
    ]
    marked = actions.mark_topics(
        user=request.user,
        marks=[actions.Mark(topic=topic, state=state) for topic, state in wanted],
        source=Source.SELF_ASSESSMENT,
        with_prerequisites="with_prerequisites" in request.POST,
    )
    return redirect(with_undo(reverse("tracker:start-pace"), batch=marked.batch))


def _topics(graph: CatalogGraph, slugs: Iterable[str]) -> dict[str, TopicNode]:
    """By slug. A topic that has been retired since the page was opened is left out."""
    found: dict[str, TopicNode] = {}
    for slug in slugs:
        try:
            topics = actions.find_topics(graph, slug)
        except DomainError:
            continue
        if not topics:
            raise BadRequest("One of these topics is not in the catalog.")
        found |= {topic.slug: topic for topic in topics}
    return found


def _checklists(graph: CatalogGraph, role: RoleNode | None, standing: Standing) -> list[Checklist]:
    """The topics of the role, or all of them without one, by subject in study order."""
    boxes: dict[str, list[Box]] = {slug: [] for slug in graph.subjects}
    for topic in graph.topics_in(role.topics_mask) if role else graph.topics:
        boxes[topic.subject.slug].append(
            Box(
                topic=topic,
                is_done=bool(standing.done >> topic.index & 1),
                is_implied=bool(standing.implied >> topic.index & 1),
            )
        )
    return [
        Checklist(subject=subject, boxes=tuple(boxes[slug]))
        for slug, subject in graph.subjects.items()
        if boxes[slug]
    ]
