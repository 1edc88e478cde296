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
    if is_known(request, prepared.etag):
        response = not_modified(prepared.etag)
    else:
        response = HttpResponse(prepared.body, content_type=prepared.content_type)
        response["ETag"] = prepared.etag
    set_public(response)
    return response


def set_public(response: HttpResponse) -> None:
    response["Cache-Control"] = CACHE_CONTROL
    response["Vary"] = VARY
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY


def is_known(request: Request, etag: str) -> bool:
    """Whether If-None-Match names `etag`, by weak comparison as RFC 9110 wants it there."""
    given = parse_etags(request.headers.get("If-None-Match", ""))
    tags = [tag.removeprefix("W/") for tag in given]
    return "*" in tags or etag in tags


def not_modified(etag: str) -> HttpResponse:
    response = HttpResponse(status=304, headers={"ETag": etag})
    del response["Content-Type"]
    return response
