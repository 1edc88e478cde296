"""What leaders change about their group, and how it ends."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_POST

from catalog.graph import CatalogGraph, current_graph
from mlmath.errors import Changed, DomainError
from tracker.actions import groups as actions
from tracker.actions.members import hand_over
from tracker.forms.groups import DeleteGroupForm, GroupSettingsForm
from tracker.models import GroupRole, StudyGroup, Visibility
from tracker.summaries.members import GroupHead, member_at, seen_memberships, shown_name
from tracker.views.group_pages import group_context, led_group_at
from tracker.views.requests import AppRequest

HERE = "tracker:group-settings"


@require_http_methods(["GET", "HEAD", "POST"])
def group_settings(request: AppRequest, group_id: str) -> HttpResponse:
    head, graph = led_group_at(request, group_id), current_graph()
    form = GroupSettingsForm(
        request.POST if request.method == "POST" else None,
        graph=graph,
        initial=_initial(head),
    )
    if form.is_valid():
        try:
            actions.edit_group(
                user=request.user,
                group=head.group,
                version=form.cleaned_data["version"],
                **_changes(form, graph),
            )
        except Changed:
            return _changed_meanwhile(request, group_id, form.cleaned_data)
        except (DomainError, ValidationError) as refusal:
            form.add_error(None, refusal if isinstance(refusal, ValidationError) else str(refusal))
        else:
            messages.success(request, "Saved.")
            return redirect(HERE, group_id)
    return _page(request, head, form, status=422 if form.is_bound else 200)


@require_POST
def archive(request: AppRequest, group_id: str) -> HttpResponse:
    """Put it away or bring it back, as the button says."""
    head = led_group_at(request, group_id)
    is_archived = request.POST.get("archived") == "yes"
    actions.edit_group(user=request.user, group=head.group, is_archived=is_archived)
    sentence = "The group is archived." if is_archived else "The group goes on."
    messages.success(request, sentence)
    return redirect(HERE, group_id)


@require_POST
def give_away(request: AppRequest, group_id: str) -> HttpResponse:
    """Hand the group over to another of its people, and stay as a member."""
    head = led_group_at(request, group_id)
    who = member_at(head, request.POST.get("person", "")).user
    try:
        hand_over(user=request.user, group=head.group, member=who)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect(HERE, group_id)
    messages.success(request, f"{shown_name(who)} leads the group now, and you are a member.")
    return redirect("tracker:members", group_id)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: AppRequest, group_id: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    form = DeleteGroupForm(request.POST if request.method == "POST" else None, name=head.group.name)
    if form.is_valid():
        actions.delete_group(user=request.user, group=head.group)
        messages.success(request, f"“{head.group.name}” is deleted.")
        return redirect("tracker:group-list")
    context = group_context(head, HERE) | {"form": form}
    return TemplateResponse(
        request, "tracker/group_delete.html", context, status=422 if form.is_bound else 200
    )


def _page(
    request: AppRequest,
    head: GroupHead,
    form: GroupSettingsForm,
    *,
    status: int,
    now: StudyGroup | None = None,
) -> HttpResponse:
    others = seen_memberships(head).exclude(pk=head.membership.pk)
    context = group_context(head, HERE) | {
        "form": form,
        "now": now,
        "heirs": [
            (membership.user.public_id, shown_name(membership.user))
            for membership in others.exclude(role=GroupRole.OBSERVER)
        ],
    }
    return TemplateResponse(request, "tracker/group_settings.html", context, status=status)


def _changed_meanwhile(request: AppRequest, group_id: str, typed: dict[str, Any]) -> HttpResponse:
    """What was typed stays in the form, beside what the group says by now."""
    head, graph = led_group_at(request, group_id), current_graph()
    form = GroupSettingsForm(graph=graph, initial=typed | {"version": head.group.version})
    return _page(request, head, form, status=409, now=head.group)


def _initial(head: GroupHead) -> dict[str, object]:
    group = head.group
    return {
        "name": group.name,
        "about": group.about,
        "resource": head.resource.slug if head.resource else "",
        "time_zone": group.time_zone,
        "visibility": group.visibility,
        "is_open": group.is_open,
        "version": group.version,
    }


def _changes(form: GroupSettingsForm, graph: CatalogGraph) -> actions.GroupChanges:
    cleaned = form.cleaned_data
    return {
        "name": cleaned["name"],
        "about": cleaned["about"],
        "resource": graph.resources.get(cleaned["resource"]),
        "time_zone": cleaned["time_zone"],
        "visibility": Visibility(cleaned["visibility"]),
        "is_open": cleaned["is_open"],
    }
