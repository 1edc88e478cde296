"""Assigning a book by a rule: the rule, a preview of all dates, and saving what it shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from catalog.graph import CatalogGraph, ResourceNode, UnitNode, current_graph
from mlmath.errors import DomainError
from mlmath.http import leave_for, wants_partial
from tracker.actions import assignments as actions
from tracker.actions.dues import DueImpossible, dates_by_rule, readers_of_group
from tracker.forms.assignments import PlanForm
from tracker.models import Assignment
from tracker.models.people import WEEKDAYS
from tracker.summaries.members import GroupHead
from tracker.summaries.schedule import today_in
from tracker.views.assignment_edit import refuse
from tracker.views.assignments import PLANNED
from tracker.views.group_pages import group_context, led_group_at
from tracker.views.once import once
from tracker.views.requests import AppRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedRow:
    """A chapter in the preview; a `day` of None could not be read."""

    unit: UnitNode
    day: date | None
    is_kept: bool = True
    fault: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: AppRequest, group_id: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    graph = current_graph()
    given = request.POST if request.method == "POST" else request.GET
    resource = graph.resources.get(given.get("resource", "")) or head.resource
    taken = set(
        Assignment.objects.live().filter(group=head.group).values_list("unit_id", flat=True)
    )
    # What is saved twice by a double click is assigned by then; the action knows what is too late.
    is_saved = "save" in request.POST
    units = [
        unit for unit in (resource.units if resource else ()) if is_saved or unit.id not in taken
    ]
    form = _form(request, head, units)
    rows: list[PlannedRow] = []
    if is_saved:
        rows = _typed_rows(request, units)
        if form.is_valid() and not any(row.fault for row in rows):
            try:
                address = once(request, form, lambda: _save(request, head, form, rows))
            except (DomainError, ValidationError) as refusal:
                refuse(form, refusal, "first_due_on")
            else:
                return leave_for(request, address)
    elif not form.is_bound or _has_rule(form):
        rows = _preview(form, units)
    is_refused = is_saved or bool(form.errors)
    context = group_context(head, "tracker:schedule") | {
        "form": form,
        "resource": resource,
        "resources": _choices(graph, head),
        "units": units,
        "taken": [unit for unit in resource.units if unit.id in taken] if resource else [],
        "rows": rows,
        "is_oob": wants_partial(request),
    }
    template = "tracker/_plan_preview.html" if wants_partial(request) else "tracker/plan.html"
    return TemplateResponse(request, template, context, status=422 if is_refused else 200)


@require_POST
def undo(request: AppRequest, group_id: str, batch: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    actions.remove_batch(user=request.user, group=head.group, batch=batch)
    return leave_for(request, "tracker:schedule", group_id)


def _form(request: AppRequest, head: GroupHead, units: Sequence[UnitNode]) -> PlanForm:
    soon = today_in(head.group.time_zone, timezone.now()) + timedelta(days=7)
    data = None
    if request.method == "POST":
        data = request.POST.copy()
        if "skip_day" in data:
            days = (data.get("skip", ""), data["skip_day"])
            data["skip"] = ", ".join(str(one) for one in days if one)
    return PlanForm(
        data,
        readers=readers_of_group(head.group),
        units=units,
        initial={
            "first_due_on": soon,
            "weekdays": [WEEKDAYS[soon.weekday()]],
            "units": [unit.slug for unit in units],
        },
    )


def _has_rule(form: PlanForm) -> bool:
    """Whether the dates can be shown; for whom they are may still be open then."""
    form.errors.pop("members", None)
    return form.is_valid()


def _preview(form: PlanForm, units: Sequence[UnitNode]) -> list[PlannedRow]:
    """What the rule makes of the units; by the first look at the page, of all of them."""
    if not form.is_bound:
        if not units:
            return []
        bare = {
            name: form.get_initial_for_field(field, name) for name, field in form.fields.items()
        }
        form = PlanForm(bare, readers=(), units=units)
        if not form.is_valid():
            return []
    try:
        dates = dates_by_rule(
            form.units_wanted, form.rule, form.cleaned_data["due_time"], timezone.now()
        )
    except DueImpossible as refusal:
        refuse(form, refusal, "first_due_on")
        return []
    return [PlannedRow(unit=unit, day=due.date()) for unit, due in dates]


def _typed_rows(request: AppRequest, units: Sequence[UnitNode]) -> list[PlannedRow]:
    """The rows of the preview as they have been edited."""
    by_slug = {unit.slug: unit for unit in units}
    kept = set(request.POST.getlist("keep"))
    rows = []
    for slug in request.POST.getlist("row"):
        if slug not in by_slug:
            continue
        typed = request.POST.get(f"day-{slug}", "")
        try:
            day, fault = date.fromisoformat(typed), ""
        except ValueError:
            day, fault = None, "Give a day."
        is_kept = slug in kept
        rows.append(
            PlannedRow(unit=by_slug[slug], day=day, is_kept=is_kept, fault=fault if is_kept else "")
        )
    return rows


def _save(request: AppRequest, head: GroupHead, form: PlanForm, rows: Sequence[PlannedRow]) -> str:
    made = actions.assign_units(
        user=request.user,
        group=head.group,
        dates=[
            (row.unit, datetime.combine(row.day, form.cleaned_data["due_time"]))
            for row in rows
            if row.is_kept and row.day
        ],
        note=form.cleaned_data["note"],
        is_draft=request.POST["save"] == "draft",
        recipients=form.recipients,
    )
    address = reverse("tracker:schedule", args=[head.group.public_id])
    return f"{address}?{PLANNED}={made[0].batch}"


def _choices(graph: CatalogGraph, head: GroupHead) -> list[ResourceNode]:
    """Resources with chapters, that of the group first."""
    found = [one for one in graph.resources.values() if one.units]
    return sorted(found, key=lambda one: one is not head.resource)
