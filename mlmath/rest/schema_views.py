"""The OpenAPI document, and the page that shows it."""

import threading
from functools import cache
from typing import Any, ClassVar

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from mlmath.rest.operations import operation
from mlmath.rest.prepared import Prepared, prepare, send
from mlmath.rest.rendering import JSONRenderer
from mlmath.rest.views import PublicView


def _text(example: str) -> dict[str, object]:
    return {"schema": {"type": "string"}, "example": example}


_AS_YAML = _text("openapi: 3.1.1 …")
# What is in it, OpenAPI itself describes.
_AS_JSON: dict[str, object] = {
    "schema": {
        "type": "object",
        "required": ["openapi", "info", "paths", "components"],
        "additionalProperties": {},
    },
    "example": {"openapi": "3.1.1", "info": {}, "paths": {}, "components": {}},
}


class OpenApiJSON(JSONRenderer):
    media_type = "application/vnd.oai.openapi+json"


class OpenApiYAML(BaseRenderer):
    media_type = "application/vnd.oai.openapi"


class PlainYAML(BaseRenderer):
    media_type = "application/yaml"


class Page(BaseRenderer):
    media_type = "text/html"


# drf-spectacular prepares classes of its own as it goes, which two threads cannot do at once.
_one_at_a_time = threading.Lock()


def openapi_document() -> dict[str, Any]:
    """The same for the whole life of the process; takes about half a second the first time."""
    with _one_at_a_time:
        return _document()


@cache
def _document() -> dict[str, Any]:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]  # drf-spectacular has few types
    document: dict[str, Any] = generator.get_schema(public=True)  # type: ignore[no-untyped-call]
    return document


@cache
def openapi_yaml() -> bytes:
    """As it is kept in docs/openapi.yaml."""
    renderer = OpenApiYamlRenderer()
    rendered: bytes = renderer.render(openapi_document(), renderer_context={})  # type: ignore[no-untyped-call]  # as above
    return rendered


@cache
def _prepared(media_type: str) -> Prepared:
    is_yaml = media_type in {OpenApiYAML.media_type, PlainYAML.media_type}
    answer: object = openapi_yaml() if is_yaml else openapi_document()
    return prepare(answer, content_type=media_type)


class SchemaView(PublicView):
    tag = "about"
    renderer_classes: ClassVar[list[type[BaseRenderer]]] = [  # type: ignore[misc]  # as in the stubs
        JSONRenderer,
        OpenApiJSON,
        OpenApiYAML,
        PlainYAML,
    ]

    @operation(
        id="getSchema",
        summary="This document, OpenAPI 3.1",
        is_public=True,
        answer={
            JSONRenderer.media_type: _AS_JSON,
            OpenApiJSON.media_type: _AS_JSON,
            OpenApiYAML.media_type: _AS_YAML,
            PlainYAML.media_type: _AS_YAML,
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """JSON unless the Accept header asks for YAML."""
        return send(request, _prepared(request.accepted_renderer.media_type or ""))


@method_decorator(csp_update({"style-src": [UNSAFE_INLINE]}), name="dispatch")
class DocsView(PublicView):
    """Swagger UI from local files; it writes style attributes, which only this page allows."""

    tag = "about"
    content_security_policy = ""
    renderer_classes: ClassVar[list[type[BaseRenderer]]] = [Page]  # type: ignore[misc]  # as in the stubs

    @operation(
        id="getDocs",
        summary="A page that shows this document",
        answer={Page.media_type: _text("<!doctype html> …")},
    )
    def get(self, request: Request) -> HttpResponse:
        """The only answer under /api/ that is HTML."""
        return render(request._request, "api_docs.html")
