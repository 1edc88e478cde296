"""Errors of the API as RFC 9457 problem documents."""

from http import HTTPStatus

from django.http import HttpRequest, JsonResponse


def problem_response(
    request: HttpRequest, status: HTTPStatus, *, detail: str = ""
) -> JsonResponse:
    document = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail or status.description,
        "instance": request.path,
    }
    return JsonResponse(document, status=status, content_type="application/problem+json")
