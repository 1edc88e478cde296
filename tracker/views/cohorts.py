"""Copying a schedule into a new group."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mlmath.errors import DomainError
from tracker.actions import cohorts as actions
from tracker.forms.assignments import CopyGroupForm
from tracker.models import Assignment
from tracker.summaries.members import GroupHead
from tracker.summaries.schedule import today_in
from tracker.views.assignment_edit import refuse
from tracker.views.group_pages import group_context, led_group_at
from tracker.views.once import once
from tracker.views.requests import AppRequest


@require_http_methods(["GET", "HEAD", "POST"])
def copy(request: AppRequest, group_id: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    today = today_in(head.group.time_zone, timezone.now())
    form = CopyGroupForm(
        request.POST if request.method == "POST" else None,
        initial={"first_due_on": today + timedelta(days=7)},
    )
    if form.is_valid():
        try:
            return redirect(once(request, form, lambda: _copy(request, head, form)))
        except (DomainError, ValidationError) as refusal:
            refuse(form, refusal, "first_due_on")
    rows = Assignment.objects.live().filter(group=head.group)
    context = group_context(head, "tracker:schedule") | {"form": form, "count": rows.count()}
    return TemplateResponse(
        request, "tracker/group_copy.html", context, status=422 if form.is_bound else 200
    )


def _copy(request: AppRequest, head: GroupHead, form: CopyGroupForm) -> str:
    made = actions.copy_group(
        user=request.user,
        group=head.group,
        first_due_on=form.cleaned_data["first_due_on"],
        name=form.cleaned_data["name"],
    )
    return reverse("tracker:schedule", args=[made.public_id])
