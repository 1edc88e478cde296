"""The study log: what was studied when, added by hand, corrected and removed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from catalog.graph import CatalogGraph, ResourceNode, current_graph
from tracker.actions import sessions as actions
from tracker.forms.sessions import SessionForm
from tracker.models import StudySession
from tracker.summaries.study import logged_days, time_totals
from tracker.summaries.units import done_units
from tracker.views.requests import AppRequest

PAGE_SIZE = 20
WEEKS_SHOWN = TITLES_SHOWN = 6


@require_http_methods(["GET", "HEAD", "POST"])
def log(request: AppRequest) -> HttpResponse:
    graph = current_graph()
    resources = _begun(request, graph)
    form = SessionForm(
        request.POST if request.method == "POST" else None, graph=graph, resources=resources
    )
    if form.is_valid():
        form = _save(request, graph, resources, form, None)
        if form.is_valid():
            messages.success(request, "Logged.")
            return redirect("tracker:log")
    totals = time_totals(user=request.user)
    pages = max(-(-totals.sessions // PAGE_SIZE), 1)
    asked = request.GET.get("page", "")
    number = min(max(int(asked), 1), pages) if asked.isdecimal() and len(asked) < 9 else 1
    context = {
        "form": form,
        "days": logged_days(user=request.user, first=(number - 1) * PAGE_SIZE, size=PAGE_SIZE),
        "number": number,
        "pages": pages,
        "weeks": totals.weeks[:WEEKS_SHOWN],
        "topics": totals.topics[:TITLES_SHOWN],
        "units": totals.units[:TITLES_SHOWN],
    }
    return TemplateResponse(
        request, "tracker/log.html", context, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: AppRequest, public_id: str) -> HttpResponse:
    session = get_object_or_404(
        request.user.study_sessions.select_related("topic", "unit__resource"), public_id=public_id
    )
    graph = current_graph()
    resources = _begun(request, graph, session)
    form = SessionForm(
        request.POST if request.method == "POST" else None,
        graph=graph,
        resources=resources,
        initial=_initial(session),
    )
    if form.is_valid():
        form = _save(request, graph, resources, form, session)
        if form.is_valid():
            messages.success(request, "Saved.")
            return redirect("tracker:log")
    return TemplateResponse(
        request,
        "tracker/session_edit.html",
        {"form": form, "session": session},
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: AppRequest, public_id: str) -> HttpResponse:
    """It asks first: a session is not kept anywhere once it is removed."""
    if request.method == "POST":
        actions.delete_session(user=request.user, public_id=public_id)
        messages.success(request, "The session is removed.")
        return redirect("tracker:log")
    session = get_object_or_404(request.user.study_sessions, public_id=public_id)
    return TemplateResponse(request, "tracker/session_delete.html", {"session": session})


def _begun(
    request: AppRequest, graph: CatalogGraph, session: StudySession | None = None
) -> list[ResourceNode]:
    """Resources whose chapters the form offers, that of `session` among them. One query."""
    done = done_units(user=request.user)
    own = session.unit.resource.slug if session and session.unit else ""
    return [
        resource
        for resource in graph.resources.values()
        if resource.slug == own or any(unit.id in done for unit in resource.units)
    ]


def _initial(session: StudySession) -> Mapping[str, object]:
    started_at: datetime = timezone.localtime(session.started_at)
    unit = session.unit
    return {
        "minutes": session.minutes,
        "day": started_at.date(),
        "time": started_at.time().replace(second=0, microsecond=0),
        "topic": session.topic.slug if session.topic else "",
        "unit": f"{unit.resource.slug}/{unit.slug}" if unit else "",
    }


def _save(
    request: AppRequest,
    graph: CatalogGraph,
    resources: list[ResourceNode],
    form: SessionForm,
    session: StudySession | None,
) -> SessionForm:
    """Log it, or change `session`; the form that comes back says what stood in the way."""
    cleaned = form.cleaned_data
    wanted: dict[str, Any] = {
        "user": request.user,
        "minutes": cleaned["minutes"],
        "topic": graph.topic_by_slug.get(cleaned["topic"]),
        "unit": next(
            (
                unit
                for resource in resources
                for unit in resource.units
                if f"{resource.slug}/{unit.slug}" == cleaned["unit"]
            ),
            None,
        ),
        "is_confirmed": cleaned["is_confirmed"],
    }
    started_at = form.started_at(request.user)
    try:
        if session is None:
            actions.log_session(started_at=started_at, **wanted)
        else:
            if session.topic_id and session.topic_id not in graph.index_by_id:
                wanted["topic"] = wanted["topic"] or session.topic  # retired, so not on offer
            if not {"day", "time"} & set(form.changed_data):
                started_at = session.started_at  # with its seconds, which the form has not
            actions.edit_session(
                session=session, started_at=started_at or session.started_at, **wanted
            )
    except actions.SessionDoubtful as doubt:
        form = SessionForm(request.POST, graph=graph, resources=resources, is_doubted=True)
        form.add_error(None, str(doubt))
    except (actions.SessionImpossible, actions.SessionGone) as refusal:
        form.add_error(None, str(refusal))
    return form
