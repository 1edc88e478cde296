"""A form that makes something does so once, also for a double click and a repeated request."""

import hashlib
import json
from collections.abc import Callable

from django.db import transaction

from tracker.actions.idempotency import keep_answer, take_key
from tracker.forms.once import OnceForm
from tracker.views.requests import AppRequest


def once(request: AppRequest, form: OnceForm, make: Callable[[], str]) -> str:
    """The address that `make` leads to; the same form sent again gets it without making anything.

    A form that somebody goes back to and fills in differently is another one.
    """
    key = form.cleaned_data["form_key"]
    if not key:
        return make()
    typed = sorted(
        (name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"
    )
    call = json.dumps([request.path, typed])
    fingerprint = hashlib.sha256(call.encode()).hexdigest()
    name = f"form:{key}:{fingerprint}"
    with transaction.atomic():
        kept = take_key(user=request.user, key=name, fingerprint=fingerprint, waits=True)
        if kept is None:
            kept = keep_answer(
                user=request.user, key=name, fingerprint=fingerprint, status=302, location=make()
            )
        return kept.location
