"""Which mail somebody gets: the page in the settings, and the way out at the foot of every mail."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tracker.actions import mail as actions
from tracker.forms.mail import MailForm
from tracker.models import StudyGroup
from tracker.summaries.mail import MOST_REFUSALS, mail_settings_of, read_unsubscribe_token
from tracker.views.requests import AppRequest


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: AppRequest) -> HttpResponse:
    kept = mail_settings_of([request.user.pk])[request.user.pk]
    groups = StudyGroup.objects.filter(memberships__user=request.user, deleted_at=None)
    form = MailForm(
        request.POST if request.method == "POST" else None,
        settings=kept,
        groups=groups.order_by("name", "pk"),
    )
    if form.is_valid():
        actions.change_mail_settings(
            user=request.user,
            wanted=form.cleaned_data["wanted"],
            muted=form.muted(),
            quiet_from=form.cleaned_data["quiet_from"],
            quiet_until=form.cleaned_data["quiet_until"],
        )
        messages.success(request, "Saved.")
        return redirect("tracker:mail-settings")
    context = {"form": form, "is_paused": kept.refusals >= MOST_REFUSALS}
    status = 422 if form.is_bound else 200
    return TemplateResponse(request, "tracker/mail_settings.html", context, status=status)


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """What the link in a mail opens, and what a mail program calls by itself (RFC 8058).

    The address is the credential, so it needs neither a sign-in nor a form of ours. A GET changes
    nothing: programs that look into mail follow every link.
    """
    user, categories = read_unsubscribe_token(token)
    is_done = request.method == "POST"
    if is_done:
        actions.unsubscribe(user=user, categories=categories)
    context = {"labels": [one.label for one in categories], "is_done": is_done}
    response = TemplateResponse(request, "tracker/unsubscribe.html", context)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
