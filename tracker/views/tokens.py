"""A person's API tokens."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from mlmath.errors import DomainError
from tracker.actions import tokens as actions
from tracker.actions.tokens import NewToken
from tracker.forms.tokens import TokenForm
from tracker.models import Scope
from tracker.views.requests import AppRequest


@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: AppRequest) -> HttpResponse:
    form = TokenForm(request.POST if request.method == "POST" else None)
    new = _create(request, form) if form.is_valid() else None
    context = {
        "form": TokenForm() if new else form,
        # Shown in this one answer and kept nowhere, so there is no page to go back to for it.
        "new": new,
        "tokens": request.user.api_tokens.all(),
        "now": timezone.now(),
    }
    status = 422 if form.is_bound and not new else 200
    response = TemplateResponse(request, "tracker/tokens.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def revoke(request: AppRequest, public_id: str) -> HttpResponse:
    if not actions.revoke_token(user=request.user, public_id=public_id):
        raise Http404(public_id)
    messages.success(request, "The token is revoked; programs that use it are locked out.")
    return redirect("tracker:tokens")


def _create(request: AppRequest, form: TokenForm) -> NewToken | None:
    try:
        return actions.create_token(
            user=request.user,
            name=form.cleaned_data["name"],
            scopes=[Scope(scope) for scope in form.cleaned_data["scopes"]],
            days=form.cleaned_data["days"],
        )
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return None
