"""The study timer: it runs on the server, so that closing the tab does not stop it."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from catalog.graph import current_graph
from mlmath.errors import BadRequest
from mlmath.http import way_back
from tracker.actions import sessions as actions
from tracker.forms.timer import StopForm, TimerForm
from tracker.summaries.study import running_timer
from tracker.templatetags.durations import duration
from tracker.views.requests import AppRequest


@require_POST
def start(request: AppRequest) -> HttpResponse:
    form = TimerForm(request.POST)
    graph = current_graph()
    slug = form.cleaned_data["topic"] if form.is_valid() else None
    if slug is None or (slug and slug not in graph.topic_by_slug):
        raise BadRequest("The timer runs for a topic of the catalog, or for none.")
    actions.start_timer(user=request.user, topic=graph.topic_by_slug[slug] if slug else None)
    return _back(request)


@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: AppRequest) -> HttpResponse:
    timer = running_timer(request.user, current_graph())
    form = StopForm(request.POST if request.method == "POST" else None)
    if timer is None:
        messages.info(request, "No timer is running.")
        return redirect("tracker:log")
    if form.is_valid():
        try:
            session = actions.stop_timer(user=request.user, **form.cleaned_data)
        except actions.NoTimer as refusal:
            messages.info(request, str(refusal))
            return redirect("tracker:log")
        except actions.SessionDoubtful as doubt:
            form = StopForm(request.POST, is_doubted=True)
            form.add_error(None, str(doubt))
        except actions.SessionImpossible as refusal:
            form.add_error("minutes", str(refusal))
        else:
            said = f"You studied {duration(session.minutes)}." if session else _NOTHING
            messages.success(request, said)
            return _back(request)
    context = {"form": form, "timer": timer, "next": way_back(request, reverse("tracker:today"))}
    return TemplateResponse(
        request, "tracker/timer_stop.html", context, status=422 if form.is_bound else 200
    )


_NOTHING = "That was less than half a minute; nothing is logged."


@require_POST
def discard(request: AppRequest) -> HttpResponse:
    actions.discard_timer(user=request.user)
    messages.success(request, "The timer is stopped; nothing is logged.")
    return _back(request)


def _back(request: AppRequest) -> HttpResponse:
    return HttpResponseRedirect(way_back(request, reverse("tracker:today")))
