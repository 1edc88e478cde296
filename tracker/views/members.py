"""Who is in a group: the list, roles, removing, leaving, sharing, and what somebody shares."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.graph import current_graph
from mlmath.errors import BadRequest, DomainError
from tracker.actions import members as actions
from tracker.forms.members import LinkForm, MailForm, RemoveForm, SharingForm
from tracker.models import GroupRole, User
from tracker.summaries.invitations import open_invitations
from tracker.summaries.members import (
    GroupHead,
    member_at,
    member_readiness,
    member_row,
    seen_memberships,
    shown_name,
)
from tracker.views.group_pages import group_at, group_context, led_group_at
from tracker.views.requests import AppRequest

HERE = "tracker:members"


@require_safe
def members(request: AppRequest, group_id: str) -> HttpResponse:
    head = group_at(request, group_id)
    return members_page(request, head)


def members_page(
    request: AppRequest,
    head: GroupHead,
    *,
    link_form: LinkForm | None = None,
    mail_form: MailForm | None = None,
    new_link: object = None,
    status: int = 200,
) -> HttpResponse:
    """The list, and for leaders the ways in; a form that does not fit comes back in it."""
    rows = [member_row(head, membership) for membership in seen_memberships(head)]
    seen_count = sum(row.role != GroupRole.OBSERVER for row in rows)
    context = group_context(head, HERE) | {
        "rows": rows,
        "unseen_count": head.member_count - seen_count,
        "has_observers": seen_count < len(rows),
        "sharing_form": None if head.observes else _sharing_form(head),
        "new_link": new_link,
    }
    if head.leads:
        group = head.group
        context |= {
            "requests": group.join_requests.filter(declined_at=None).select_related("user"),
            "invitations": open_invitations(group=group, at=timezone.now()),
            "bans": [
                (ban.user.public_id, shown_name(ban.user))
                for ban in group.bans.select_related("user").order_by("pk")
            ],
            "link_form": link_form or LinkForm(),
            "mail_form": mail_form or MailForm(),
        }
    response = TemplateResponse(request, "tracker/members.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def member(request: AppRequest, group_id: str, person: str) -> HttpResponse:
    head = group_at(request, group_id)
    shared = member_readiness(head, person, current_graph())
    context = group_context(head, HERE) | {"shared": shared}
    return TemplateResponse(request, "tracker/member.html", context)


@require_POST
def change_role(request: AppRequest, group_id: str, person: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    wanted = request.POST.get("role", "")
    if wanted not in GroupRole.values:
        raise BadRequest("A role is leader, member or observer.")
    who = member_at(head, person).user
    try:
        actions.change_role(user=request.user, group=head.group, member=who, role=GroupRole(wanted))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{shown_name(who)} is now {_A_ROLE[wanted]}.")
    return redirect(HERE, group_id)


_A_ROLE = {"leader": "a leader", "member": "a member", "observer": "an observer"}


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: AppRequest, group_id: str, person: str) -> HttpResponse:
    """It asks first, and whether they may come back."""
    head = led_group_at(request, group_id)
    who = get_object_or_404(User, public_id=person)
    form = RemoveForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.remove_member(
                user=request.user, group=head.group, member=who, bans=form.cleaned_data["bans"]
            )
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"{shown_name(who)} is no longer in the group.")
        return redirect(HERE, group_id)
    name = shown_name(member_at(head, person).user)
    context = group_context(head, HERE) | {"form": form, "name": name}
    return TemplateResponse(request, "tracker/member_remove.html", context)


@require_POST
def unban(request: AppRequest, group_id: str, person: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    who = get_object_or_404(User, public_id=person)
    actions.unban(user=request.user, group=head.group, person=who)
    messages.success(request, "They may join again.")
    return redirect(HERE, group_id)


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: AppRequest, group_id: str) -> HttpResponse:
    """It asks first; the last leader is told what to do instead."""
    head = group_at(request, group_id)
    if request.method == "POST":
        try:
            actions.leave_group(user=request.user, group=head.group)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect(HERE, group_id)
        messages.success(request, f"You have left “{head.group.name}”.")
        return redirect("tracker:group-list")
    return TemplateResponse(request, "tracker/group_leave.html", group_context(head, HERE))


@require_POST
def choose_sharing(request: AppRequest, group_id: str) -> HttpResponse:
    head = group_at(request, group_id)
    form = SharingForm(request.POST)
    form.is_valid()
    actions.choose_sharing(user=request.user, group=head.group, **form.cleaned_data)
    messages.success(request, "Saved.")
    return redirect(HERE, group_id)


@require_POST
def answer_request(request: AppRequest, group_id: str, person: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    who = get_object_or_404(User, public_id=person)
    is_accepted = request.POST.get("answer") == "yes"
    try:
        was_open = actions.answer_request(
            user=request.user, group=head.group, person=who, is_accepted=is_accepted
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect(HERE, group_id)
    if not was_open:
        messages.info(request, "That request has been answered or taken back already.")
    elif is_accepted:
        messages.success(request, f"{shown_name(who)} is in now.")
    else:
        messages.success(request, "Declined. They can ask again in 30 days.")
    return redirect(HERE, group_id)


def _sharing_form(head: GroupHead) -> SharingForm:
    mine = head.membership
    return SharingForm(
        initial={
            "shares_readiness": mine.shares_readiness,
            "is_seen_by_observers": mine.is_seen_by_observers,
        }
    )
