"""Inserting a break: what would move, moving it, and taking it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from catalog.graph import UnitNode, current_graph
from mlmath.errors import DomainError
from mlmath.http import leave_for, wants_partial
from tracker.actions import shifts as actions
from tracker.forms.assignments import ShiftForm
from tracker.summaries.members import GroupHead
from tracker.summaries.schedule import today_in
from tracker.views.assignment_edit import refuse
from tracker.views.assignments import SHIFTED
from tracker.views.group_pages import group_context, led_group_at
from tracker.views.once import once
from tracker.views.progress import refused
from tracker.views.requests import AppRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class MovedRow:
    """A chapter with its day before and after."""

    unit: UnitNode
    was: date
    now: date


@require_http_methods(["GET", "HEAD", "POST"])
def shift(request: AppRequest, group_id: str) -> HttpResponse:
    """The preview is asked for by GET: it changes nothing and can be looked at again."""
    head = led_group_at(request, group_id)
    is_asked = request.method == "POST" or "from_day" in request.GET
    given = request.POST if request.method == "POST" else request.GET
    today = today_in(head.group.time_zone, timezone.now())
    form = ShiftForm(given if is_asked else None, initial={"from_day": today + timedelta(days=1)})
    rows: Sequence[MovedRow] = ()
    if form.is_valid():
        try:
            if request.method == "POST":
                return redirect(once(request, form, lambda: _shift(request, head, form)))
            rows = _preview(request, head, form)
        except (DomainError, ValidationError) as refusal:
            refuse(form, refusal, "days")
    context = group_context(head, "tracker:schedule") | {
        "form": form,
        "rows": rows,
        "is_asked": is_asked,
    }
    template = "tracker/_shift_preview.html" if wants_partial(request) else "tracker/shift.html"
    return TemplateResponse(request, template, context, status=422 if form.errors else 200)


@require_POST
def undo(request: AppRequest, group_id: str, batch: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    try:
        actions.undo_shift(user=request.user, group=head.group, batch=batch)
    except DomainError as refusal:
        return refused(request, refusal, reverse("tracker:schedule", args=[group_id]))
    return leave_for(request, "tracker:schedule", group_id)


def _preview(request: AppRequest, head: GroupHead, form: ShiftForm) -> Sequence[MovedRow]:
    found = actions.shift_assignments(
        user=request.user,
        group=head.group,
        from_day=form.cleaned_data["from_day"],
        days=form.cleaned_data["days"],
        is_dry_run=True,
    )
    graph = current_graph()
    return [
        MovedRow(unit=graph.unit_by_id[row.unit_id], was=was.on, now=row.due_on)
        for row, was in found.moved
    ]


def _shift(request: AppRequest, head: GroupHead, form: ShiftForm) -> str:
    found = actions.shift_assignments(
        user=request.user,
        group=head.group,
        from_day=form.cleaned_data["from_day"],
        days=form.cleaned_data["days"],
    )
    address = reverse("tracker:schedule", args=[head.group.public_id])
    return f"{address}?{SHIFTED}={found.batch}" if found.moved else address
