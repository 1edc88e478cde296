"""What leaders and staff did: about me, and in a group that I lead."""

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from tracker.models import retention
from tracker.summaries.acts import acts_about, acts_in
from tracker.views.group_pages import group_context, led_group_at
from tracker.views.requests import AppRequest

_KEPT = retention.in_words(retention.ACTS)


@require_safe
def about_me(request: AppRequest) -> HttpResponse:
    return TemplateResponse(
        request, "tracker/acts.html", {"lines": acts_about(request.user), "kept": _KEPT}
    )


@require_safe
def in_group(request: AppRequest, group_id: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    return TemplateResponse(
        request,
        "tracker/group_acts.html",
        group_context(head, "tracker:members") | {"lines": acts_in(head.group), "kept": _KEPT},
    )
