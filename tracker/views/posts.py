"""What the forms for questions and for answers share."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.template.response import TemplateResponse

from mlmath.errors import Changed, DomainError, NotFound, PermissionDenied
from mlmath.http import wants_partial
from tracker.models import StudyGroup
from tracker.models.questions import MAXIMUM_BODY_LENGTH
from tracker.summaries.mentions import rendered
from tracker.views.requests import AppRequest

Made = TypeVar("Made")


def gives_back(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Whoever may not post any more, say because they were removed while they wrote, gets back
    what they typed. It looks the same whether there is such a group or not."""

    @wraps(view)
    def guarded(request: AppRequest, *args: str, **kwargs: str) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (NotFound, PermissionDenied) as refusal:
            body = request.POST.get("body", "")
            if not body.strip():
                raise
            context = {
                "title": request.POST.get("title", ""),
                "body": body,
                "sentence": str(refusal),
            }
            status = 403 if isinstance(refusal, PermissionDenied) else 404
            return TemplateResponse(request, "tracker/post_lost.html", context, status=status)

    return guarded


def attempt(form: forms.Form, act: Callable[[], Made]) -> tuple[Made | None, int]:
    """What `act` returns and 200, or None and the status of a refusal, which the form then tells.

    An invalid form is not tried.
    """
    if not form.is_valid():
        return None, 422
    try:
        return act(), 200
    except ValidationError as error:
        form.add_error(None, error)
        return None, 422
    except Changed:
        return None, 409
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return None, 409


def press(request: AppRequest, act: Callable[[], object]) -> bool:
    """Do what a button is for; a refusal of the rules is told on the next page, and is False."""
    try:
        act()
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return False
    return True


def preview(request: AppRequest, group: StudyGroup) -> str | None:
    """How the text in the form would read; None unless that is what the form was sent for."""
    if "preview" not in request.POST:
        return None
    body = request.POST.get("body", "").replace("\r\n", "\n")
    return rendered(group=group, body=body[:MAXIMUM_BODY_LENGTH])[0]


def preview_piece(request: AppRequest, html: str) -> HttpResponse | None:
    """The preview alone for htmx, None for browsers that want the page with it."""
    if not wants_partial(request):
        return None
    return TemplateResponse(request, "tracker/_preview.html", {"preview": html})
