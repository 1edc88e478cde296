"""One assignment at a time: assign it, change it, give somebody a later date, publish drafts."""

from collections.abc import Mapping
from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from catalog.graph import current_graph
from mlmath.errors import BadRequest, Changed, DomainError
from tracker.actions import assignments as actions
from tracker.actions.assignment_progress import set_personal_date
from tracker.actions.dues import DueImpossible, readers_of_group
from tracker.forms.assignments import (
    EditAssignmentForm,
    NewAssignmentForm,
    OwnDateForm,
    initial_of,
)
from tracker.models import Assignment
from tracker.summaries.assignments import AssignmentRow, assignment_at, assignment_rows
from tracker.summaries.members import GroupHead
from tracker.summaries.schedule import today_in
from tracker.views.group_pages import group_context, led_group_at
from tracker.views.once import once
from tracker.views.requests import AppRequest


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: AppRequest, group_id: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    graph = current_graph()
    rows = assignment_rows(membership=head.membership, graph=graph)
    copied = next((row for row in rows if row.id == request.GET.get("copy")), None)
    form = NewAssignmentForm(
        request.POST if request.method == "POST" else None,
        readers=readers_of_group(head.group),
        graph=graph,
        first=copied.resource if copied else head.resource,
        # A double click sends what is assigned by then; the action knows what is too late.
        taken=() if request.method == "POST" else {row.unit.id for row in rows},
        initial=_initial(head, copied),
    )
    if form.is_valid():
        try:
            return redirect(once(request, form, lambda: _assign(request, head, form)))
        except (DomainError, ValidationError) as refusal:
            refuse(form, refusal, "due_on")
    context = group_context(head, "tracker:schedule") | {"form": form, "copied": copied}
    return TemplateResponse(
        request, "tracker/assignment_new.html", context, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: AppRequest, group_id: str, assignment: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    found = assignment_at(head, assignment)
    row = _row(head, found)
    readers = readers_of_group(head.group)
    form = EditAssignmentForm(
        request.POST if request.method == "POST" else None, readers=readers, initial=initial_of(row)
    )
    status, now = 422 if form.is_bound else 200, None
    if form.is_valid():
        is_published = {"published": False}.get(request.POST.get("as", ""))
        try:
            actions.edit_assignment(
                user=request.user,
                assignment=found,
                due=form.due if {"due_on", "due_time"} & set(form.changed_data) else None,
                note=form.cleaned_data["note"],
                is_draft=is_published,
                is_for_everyone=form.recipients is None,
                recipients=form.recipients,
                version=form.cleaned_data["version"],
            )
        except Changed:
            # Pressing Save again is then a decision.
            status, now = 409, row
            typed = request.POST.copy()
            typed["version"] = str(row.version)
            form = EditAssignmentForm(typed, readers=readers, initial=initial_of(row))
        except (DomainError, ValidationError) as refusal:
            refuse(form, refusal, "due_on")
        else:
            messages.success(request, "Saved.")
            return redirect(_schedule(head, row.id))
    context = group_context(head, "tracker:schedule") | {"form": form, "row": row, "now": now}
    return TemplateResponse(request, "tracker/assignment_edit.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def own_dates(request: AppRequest, group_id: str, assignment: str) -> HttpResponse:
    """Later dates of single people for one chapter."""
    head = led_group_at(request, group_id)
    found = assignment_at(head, assignment)
    row = _row(head, found)
    readers = readers_of_group(head.group)
    if not row.is_for_everyone:
        readers = [user for user in readers if user in row.recipients]
    if request.method == "POST" and "remove" in request.POST:
        return _without_date(request, head, found)
    later = row.due_on + timedelta(days=7)
    form = OwnDateForm(
        request.POST if request.method == "POST" else None,
        readers=readers,
        initial={"due_on": later, "due_time": row.due_time.replace(second=0, microsecond=0)},
    )
    if form.is_valid():
        try:
            set_personal_date(
                user=request.user, assignment=found, member=form.member_wanted, due=form.due
            )
        except (DomainError, ValidationError) as refusal:
            refuse(form, refusal, "due_on")
        else:
            messages.success(request, "Saved, and they are told.")
            return redirect("tracker:assignment-dates", group_id, assignment)
    context = group_context(head, "tracker:schedule") | {"form": form, "row": row}
    return TemplateResponse(
        request, "tracker/assignment_dates.html", context, status=422 if form.is_bound else 200
    )


@require_POST
def publish(request: AppRequest, group_id: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    try:
        number = actions.publish_drafts(user=request.user, group=head.group)
    except DomainError as refusal:
        messages.warning(request, str(refusal))
    else:
        plural = "" if number == 1 else "s"
        messages.success(request, f"{number} draft{plural} published, and people are told.")
    return HttpResponseRedirect(_schedule(head))


def refuse(form: Form, refusal: DomainError | ValidationError, field: str) -> None:
    """Say it beside the field it is about: what the rules say about dates beside `field`."""
    if isinstance(refusal, ValidationError):
        errors: Mapping[str, list[str]] = (
            refusal.message_dict if hasattr(refusal, "error_dict") else {"": refusal.messages}
        )
        for name, sentences in errors.items():
            form.add_error(name if name in form.fields else None, " ".join(sentences))
    else:
        form.add_error(field if isinstance(refusal, DueImpossible) else None, str(refusal))


def _assign(request: AppRequest, head: GroupHead, form: NewAssignmentForm) -> str:
    [made] = actions.assign_units(
        user=request.user,
        group=head.group,
        dates=[(form.unit_wanted, form.due)],
        note=form.cleaned_data["note"],
        is_draft=request.POST.get("as") == "draft",
        recipients=form.recipients,
    )
    return _schedule(head, made.public_id)


def _initial(head: GroupHead, copied: AssignmentRow | None) -> dict[str, object]:
    """A week from now, or a week after the one that is copied, with its note and its people."""
    soon = today_in(head.group.time_zone, timezone.now()) + timedelta(days=7)
    if copied is None:
        return {"due_on": soon}
    return initial_of(copied) | {"due_on": max(copied.due_on + timedelta(days=7), soon)}


def _without_date(request: AppRequest, head: GroupHead, found: Assignment) -> HttpResponse:
    named = request.POST["remove"]
    member = next((user for user in readers_of_group(head.group) if user.public_id == named), None)
    if member is None:
        raise BadRequest("That person does not read in this group.")
    try:
        set_personal_date(user=request.user, assignment=found, member=member, due=None)
    except DomainError as refusal:
        messages.warning(request, str(refusal))
    return redirect("tracker:assignment-dates", head.group.public_id, found.public_id)


def _row(head: GroupHead, found: Assignment) -> AssignmentRow:
    [row] = assignment_rows(
        membership=head.membership,
        graph=current_graph(),
        among=Assignment.objects.filter(pk=found.pk),
    )
    return row


def _schedule(head: GroupHead, assignment: str = "") -> str:
    address = reverse("tracker:schedule", args=[head.group.public_id])
    return f"{address}#assignment-{assignment}" if assignment else address
