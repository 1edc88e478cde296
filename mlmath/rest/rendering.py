"""Answers as JSON, and which form a client accepts."""

from collections.abc import Iterable, Mapping

import orjson
from django.http import HttpResponse
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

# A JSON document that somebody opens in a browser must not be able to do anything there.
CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


def to_json(answer: object) -> bytes:
    """JSON of dataclasses, dicts and lists; instants end with Z. Refuses NaN and surrogates."""
    return orjson.dumps(answer, option=orjson.OPT_UTC_Z)


def json_response(
    answer: object, *, status: int = 200, content_type: str = "application/json"
) -> HttpResponse:
    """An answer that nobody but its reader may keep."""
    response = HttpResponse(to_json(answer), status=status, content_type=content_type)
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: object,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, object] | None = None,
    ) -> bytes:
        return b"" if data is None else to_json(data)


class TextRenderer(BaseRenderer):
    """For answers that a view hands over as ready text."""

    def __init__(self, media_type: str) -> None:
        self.media_type = media_type


class Negotiation(BaseContentNegotiation):
    """By the Accept header alone; who accepts problem documents accepts what they stand in for."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        name = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == name), None)

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        by_type = {renderer.media_type: renderer for renderer in renderers}
        offered = [*by_type, "application/problem+json"]
        chosen = request._request.get_preferred_type(offered)
        if chosen is None:
            raise exceptions.NotAcceptable
        renderer = by_type.get(chosen) or next(iter(by_type.values()))
        return renderer, renderer.media_type or ""
