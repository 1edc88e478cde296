"""Public answers as ready bytes with a strong ETag."""

import hashlib
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.http import parse_etags
from rest_framework.request import Request

from mlmath.rest.rendering import CONTENT_SECURITY_POLICY, to_json

# Long enough to spare a client's repeated calls, short enough that an edit is soon seen.
CACHE_CONTROL = "public, max-age=60, must-revalidate"
# A request that brings a bad token is refused, and one for another form as well.
VARY = "Accept, Authorization"


@dataclass(frozen=True, slots=True)
class Prepared:
    body: bytes
    etag: str
    content_type: str


def prepare(answer: object, *, content_type: str = "application/json") -> Prepared:
    """Bytes stay as they are; anything else becomes JSON."""
    body = answer if isinstance(answer, bytes) else to_json(answer)
    return Prepared(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', content_type)


def send(request: Request, prepared: Prepared) -> HttpResponse:
    """The answer, or 304 for a client that has it already."""
    if _is_known(request.headers.get("If-None-Match", ""), prepared.etag):
        response = HttpResponse(status=304)
        del response["Content-Type"]
    else:
        response = HttpResponse(prepared.body, content_type=prepared.content_type)
    response["ETag"] = prepared.etag
    set_public(response)
    return response


def set_public(response: HttpResponse) -> None:
    response["Cache-Control"] = CACHE_CONTROL
    response["Vary"] = VARY
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY


def _is_known(if_none_match: str, etag: str) -> bool:
    """By weak comparison, as RFC 9110 wants it for this header."""
    tags = [tag.removeprefix("W/") for tag in parse_etags(if_none_match)]
    return "*" in tags or etag in tags
