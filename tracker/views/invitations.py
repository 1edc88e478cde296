"""Inviting people into a group, and coming in by a code."""

import segno
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from catalog.graph import current_graph
from mlmath.errors import DomainError, NotFound
from tracker.actions import invitations as actions
from tracker.actions.people import update_profile
from tracker.forms.members import JoinForm, LinkForm, MailForm
from tracker.models import Membership
from tracker.summaries.members import shown_name
from tracker.views.group_pages import led_group_at
from tracker.views.members import members_page
from tracker.views.once import once
from tracker.views.requests import AppRequest


@require_POST
def invite_by_link(request: AppRequest, group_id: str) -> HttpResponse:
    """The link is shown in this one answer and kept nowhere, so there is no page to go back to."""
    head = led_group_at(request, group_id)
    form, now = LinkForm(request.POST), timezone.now()
    if form.is_valid():
        try:
            new = actions.create_invitation(
                user=request.user,
                group=head.group,
                max_uses=form.cleaned_data["max_uses"],
                expires_at=form.expires_at(now),
                at=now,
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            url = f"{settings.SITE_URL}{reverse('tracker:join', args=[new.code])}"
            picture = segno.make(url, micro=False).svg_data_uri(
                scale=4, border=2, dark="#1c2333", light="#fff"
            )
            shown = {"url": url, "qr": picture, "invitation": new.invitation}
            return members_page(request, head, new_link=shown)
    return members_page(request, head, link_form=form, status=422)


@require_POST
def invite_by_mail(request: AppRequest, group_id: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    form = MailForm(request.POST)
    back = reverse("tracker:members", args=[group_id])

    def invite() -> str:
        email = form.cleaned_data["email"]
        actions.create_invitation(user=request.user, group=head.group, email=email)
        messages.success(request, f"An invitation is on its way to {email}.")
        return back

    if form.is_valid():
        try:
            return redirect(once(request, form, invite))
        except (DomainError, ValidationError) as refusal:
            form.add_error(None, refusal if isinstance(refusal, ValidationError) else str(refusal))
    return members_page(request, head, mail_form=form, status=422)


@require_POST
def revoke(request: AppRequest, group_id: str, public_id: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    if not actions.revoke_invitation(user=request.user, group=head.group, public_id=public_id):
        raise NotFound
    messages.success(request, "The invitation is taken back: nobody comes in by it any more.")
    return redirect("tracker:members", group_id)


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: AppRequest, code: str) -> HttpResponse:
    """Shows what others will see before somebody says yes; all bad codes look the same."""
    try:
        response = _join(request, code)
    except NotFound:
        response = TemplateResponse(request, "tracker/join_gone.html", {}, status=404)
    # The code must not travel to where a link of the page leads. With “no-referrer” browsers would
    # send the form with “Origin: null”, which looks like a forgery.
    response["Referrer-Policy"] = "strict-origin"
    response["Cache-Control"] = "no-store"
    return response


def _join(request: AppRequest, code: str) -> HttpResponse:
    user, graph = request.user, current_graph()
    invitation = actions.open_invitation(user=user, code=code)
    group = invitation.group
    if Membership.objects.filter(group=group, user=user).exists():
        return redirect("tracker:group-detail", group.public_id)
    form = JoinForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid():
        chosen = dict(form.cleaned_data)
        if "name" in chosen:
            update_profile(user=user, name=chosen.pop("name"))
        try:
            actions.join_group(user=user, code=code, **chosen)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"You are in “{group.name}” now.")
            return redirect("tracker:group-detail", group.public_id)
    resource_id = group.resource_id
    context = {
        "form": form,
        "group": group,
        "resource": graph.resource_by_id.get(resource_id) if resource_id else None,
        "by": shown_name(invitation.invited_by) if invitation.invited_by else "",
    }
    return TemplateResponse(
        request, "tracker/join.html", context, status=422 if form.is_bound else 200
    )
