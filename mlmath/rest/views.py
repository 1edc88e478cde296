"""What every REST view of both apps does before and after its own work."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils.encoding import escape_uri_path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mlmath.rest.fields import Input
from mlmath.rest.operations import Operation, operation_of
from mlmath.rest.problems import (
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    FieldError,
    Problem,
    invalid,
    problem_response,
)
from mlmath.rest.query import Query, read_query
from mlmath.rest.rendering import CONTENT_SECURITY_POLICY, TextRenderer


class ApiView(APIView):
    """Refuses what the operation does not declare; answers are nobody else's to keep.

    The order of refusals: an unknown method, a form that is not offered, a bad or missing
    credential, a missing scope, a parameter that does not fit. The body comes last, in the view.
    """

    # The heading under which the docs list the view, and what a browser may do with an answer.
    tag: ClassVar[str]
    content_security_policy: ClassVar[str] = CONTENT_SECURITY_POLICY

    operation: Operation
    query: Query
    limit_headers: Mapping[str, str] = MappingProxyType({})

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        if request.method == "OPTIONS":
            return
        declared = operation_of(getattr(self, (request.method or "").lower(), None))
        if declared is None:
            raise Problem(METHOD_NOT_ALLOWED, headers={"Allow": self.allow})
        # The server cannot tell us where such a body ends, and would hand us an empty one.
        if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
            detail = "Send the body in one piece, with a Content-Length."
            raise invalid([FieldError(pointer="", code="length_required", detail=detail)])
        self.operation = declared
        super().initial(request, *args, **kwargs)
        self.query = read_query(declared.query, request._request.GET)

    def get_renderers(self) -> list[BaseRenderer]:
        """JSON, which is also how it is told that nothing fits, and what the operation offers."""
        declared = operation_of(getattr(self, (self.request.method or "").lower(), None))
        also = declared.also if declared else ()
        return [*super().get_renderers(), *map(TextRenderer, also)]

    def perform_authentication(self, request: Request) -> None:
        """Who is known is counted, before they are told what they may not do."""
        super().perform_authentication(request)
        super().check_throttles(request)

    def check_throttles(self, request: Request) -> None:
        """Done with the authentication."""

    def read_body(self, request: Request) -> dict[str, Any]:
        """The body as the operation declares it, checked. Raises a 400 that points to faults."""
        declared = self.operation.body
        assert isinstance(declared, type)  # noqa: S101  # no other body can be checked here
        return self.check_body(declared, self.read_json(request))

    def read_json(self, request: Request) -> Mapping[str, Any]:
        """The body as it came. Raises a 400 for one that is missing or no JSON object."""
        is_missing = request.META.get("CONTENT_LENGTH", "") in {"", "0"}
        if is_missing and self.operation.is_body_required:
            raise invalid(
                [FieldError(pointer="", code="required", detail="Send a JSON object as the body.")]
            )
        body = request.data
        assert isinstance(body, Mapping)  # noqa: S101  # the parser makes nothing else
        return body

    def check_body(self, declared: type[Input], body: Mapping[str, Any]) -> dict[str, Any]:
        wanted = declared(data=body)
        wanted.is_valid(raise_exception=True)
        checked: dict[str, Any] = wanted.validated_data
        return checked

    @property
    def allow(self) -> str:
        """The methods of this address, as the Allow header lists them."""
        return ", ".join(self.allowed_methods)

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {}

    def options(self, request: Request, *args: object, **kwargs: object) -> HttpResponse:  # type: ignore[override]  # the stubs know Response only
        response = HttpResponse(status=204, headers={"Allow": self.allow})
        del response["Content-Type"]
        return response

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: object, **kwargs: object
    ) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]  # the stubs know Response only
        final.headers.setdefault("Cache-Control", "no-store")
        for name, value in self.limit_headers.items():
            final.headers[name] = value
        if self.content_security_policy:
            final.headers.setdefault("Content-Security-Policy", self.content_security_policy)
        return final


class PublicView(ApiView):
    """Anybody may call it, and everybody gets the same; so no session is looked at.

    A credential that is sent all the same has to be a good one.
    """

    permission_classes: ClassVar[list[type[BasePermission]]] = [AllowAny]  # type: ignore[misc]  # an instance variable in the stubs

    def perform_authentication(self, request: Request) -> None:
        if "Authorization" in request.headers:
            super().perform_authentication(request)


@csrf_exempt
@login_not_required
def unknown_address(request: HttpRequest) -> HttpResponse:
    """Everything else under /api/: the way to the address with a slash, or a problem document."""
    if not request.path_info.endswith("/"):
        match = resolve(f"{request.path_info}/")
        if match.func is not unknown_address:
            query = request.META.get("QUERY_STRING", "")
            target = f"{escape_uri_path(request.path)}/" + (f"?{query}" if query else "")
            # Unlike 301, 308 lets clients keep their method and body.
            response = HttpResponse(status=308, headers={"Location": target})
            response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
            del response["Content-Type"]
            return response
    return problem_response(request, NOT_FOUND)
