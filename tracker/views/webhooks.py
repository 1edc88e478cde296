"""Where a group tells what happens: chats and programs, for its leaders."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mlmath.errors import BadRequest, DomainError
from tracker.actions import webhooks as actions
from tracker.actions.webhooks import NewWebhook, webhook_of
from tracker.forms.webhooks import WebhookForm
from tracker.models import GroupEvent, StudyGroup, WebhookKind
from tracker.summaries.webhooks import deliveries_of
from tracker.views.group_pages import group_context, led_group_at
from tracker.views.requests import AppRequest

SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: AppRequest, public_id: str) -> HttpResponse:
    head = led_group_at(request, public_id)
    form = WebhookForm(request.POST if request.method == "POST" else None)
    new = _create(request, head.group, form) if form.is_valid() else None
    context = {
        **group_context(head, "tracker:group-settings"),
        "form": WebhookForm() if new else form,
        # Shown in this one answer and kept nowhere, so there is no page to go back to for it.
        "new": new,
        "webhooks": head.group.webhooks.all(),
    }
    status = 422 if form.is_bound and not new else 200
    return TemplateResponse(request, "tracker/webhooks.html", context, status=status)


@require_safe
def webhook(request: AppRequest, public_id: str, webhook_id: str) -> HttpResponse:
    """What one of them was told of late."""
    head = led_group_at(request, public_id)
    found = webhook_of(head.group, webhook_id)
    context = {
        **group_context(head, "tracker:group-settings"),
        "webhook": found,
        "page": deliveries_of(webhook=found, size=SHOWN, cursor=request.GET.get("cursor", "")[:40]),
    }
    return TemplateResponse(request, "tracker/webhook.html", context)


@require_POST
def change(request: AppRequest, public_id: str, webhook_id: str) -> HttpResponse:
    """Try it, switch it on again, take a new secret, or remove it."""
    group = led_group_at(request, public_id).group
    try:
        match request.POST.get("do"):
            case "try":
                actions.try_webhook(user=request.user, group=group, public_id=webhook_id)
                messages.success(request, "A test is on its way. Look here again in a moment.")
            case "enable":
                actions.enable_webhook(user=request.user, group=group, public_id=webhook_id)
            case "rotate":
                new = actions.rotate_secret(user=request.user, group=group, public_id=webhook_id)
                context = {
                    **group_context(led_group_at(request, public_id), "tracker:group-settings"),
                    "form": WebhookForm(),
                    "new": new,
                    "webhooks": group.webhooks.all(),
                }
                return TemplateResponse(request, "tracker/webhooks.html", context)
            case "remove":
                actions.remove_webhook(user=request.user, group=group, public_id=webhook_id)
                messages.success(request, "It is removed and told nothing any more.")
                return redirect("tracker:webhooks", public_id)
            case _:
                raise BadRequest("It does not say what to do with the webhook.")
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("tracker:webhook", public_id, webhook_id)


@require_POST
def redeliver(
    request: AppRequest, public_id: str, webhook_id: str, delivery_id: str
) -> HttpResponse:
    group = led_group_at(request, public_id).group
    try:
        actions.redeliver(
            user=request.user, group=group, public_id=webhook_id, delivery_id=delivery_id
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("tracker:webhook", public_id, webhook_id)


def _create(request: AppRequest, group: StudyGroup, form: WebhookForm) -> NewWebhook | None:
    try:
        return actions.create_webhook(
            user=request.user,
            group=group,
            kind=WebhookKind(form.cleaned_data["kind"]),
            name=form.cleaned_data["name"],
            url=form.cleaned_data["url"],
            events=[GroupEvent(event) for event in form.cleaned_data["events"]],
        )
    except ValidationError as error:
        form.add_error("url", error.message_dict["url"])
    except DomainError as refusal:
        form.add_error(None, str(refusal))
    return None
