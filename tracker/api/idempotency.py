"""The Idempotency-Key header: a call that creates may be sent again without doing it again."""

import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.db import transaction
from django.http import HttpResponse
from rest_framework.response import Response

from mlmath.rest.operations import operation
from mlmath.rest.problems import (
    CONFLICT,
    IDEMPOTENCY_KEY_IN_USE,
    IDEMPOTENCY_KEY_REUSED,
    FieldError,
    Problem,
    invalid,
)
from mlmath.rest.rendering import to_json
from tracker.actions.idempotency import KeyInUse, KeyReused, keep_answer, take_key
from tracker.api.authentication import ApiRequest
from tracker.models import KeptAnswer
from tracker.models.idempotency import MAXIMUM_KEY_LENGTH

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

# A string as in RFC 9651, or the same without quotes.
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_BARE = re.compile(r"[!#-\[\]-~]+")

Handler = TypeVar("Handler", bound=Callable[..., Response])


def operation_once(
    *, shows_secret: bool = False, **declared: Any
) -> Callable[[Handler], Callable[..., HttpResponse]]:
    """Declare as `operation` does, and do the call once for each Idempotency-Key.

    The answer is kept in the transaction of its effect, a refusal never. One that `shows_secret`
    is not kept: the call is still done once only, and repeating it is a 409, `already_shown`.
    """

    def decorate(handler: Handler) -> Callable[..., HttpResponse]:
        @wraps(handler)
        def once(view: Any, request: ApiRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            key = key_of(request)
            if key is None:
                return handler(view, request, *args, **kwargs)
            fingerprint = _fingerprint(request)
            with transaction.atomic():
                kept = _take(request, key, fingerprint)
                if kept is not None:
                    return _replay(kept)
                response = handler(view, request, *args, **kwargs)
                keep_answer(
                    user=request.user,
                    key=key,
                    fingerprint=fingerprint,
                    status=response.status_code,
                    location=response.headers.get("Location", ""),
                    body="" if shows_secret else to_json(response.data).decode(),
                )
            return response

        return operation(takes_key=True, **declared)(once)

    return decorate


def key_of(request: ApiRequest) -> str | None:
    """The key without its quotes, None without one. Raises a 400 for what is none."""
    header = request.headers.get(HEADER)
    if header is None:
        return None
    header = header.strip()
    if quoted := _QUOTED.fullmatch(header):
        key = re.sub(r"\\(.)", r"\1", quoted[1])
    else:
        key = header if _BARE.fullmatch(header) else ""
    if not 1 <= len(key) <= MAXIMUM_KEY_LENGTH:
        detail = f"“{HEADER}” takes 1 to {MAXIMUM_KEY_LENGTH} visible ASCII characters."
        raise invalid([FieldError(pointer=f"/{HEADER}", code="invalid", detail=detail)])
    return key


def _fingerprint(request: ApiRequest) -> str:
    """The same for bodies that mean the same: neither order nor white space counts."""
    body = json.dumps(request.data, sort_keys=True)
    call = f"{request.method} {request.get_full_path()}\n{body}"
    return hashlib.sha256(call.encode()).hexdigest()


def _take(request: ApiRequest, key: str, fingerprint: str) -> KeptAnswer | None:
    try:
        return take_key(user=request.user, key=key, fingerprint=fingerprint)
    except KeyInUse as error:
        raise Problem(IDEMPOTENCY_KEY_IN_USE, str(error), headers={"Retry-After": "1"}) from None
    except KeyReused as error:
        raise Problem(IDEMPOTENCY_KEY_REUSED, str(error)) from None


def _replay(kept: KeptAnswer) -> HttpResponse:
    if not kept.body:
        raise Problem(
            CONFLICT,
            "This call has been done. Its answer showed a secret, which is not kept: remove what "
            "it made if the answer was lost, and make another with a new key.",
            code="already_shown",
        )
    response = HttpResponse(kept.body, status=kept.status, content_type="application/json")
    response[REPLAYED] = "true"
    if kept.location:
        response["Location"] = kept.location
    return response
