"""What every refused request gets: a page that helps, or a problem document under /api/."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.views import defaults

from mlmath.errors import BadRequest
from mlmath.rest import problems
from mlmath.rest.problems import problem_response


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return problem_response(request, problems.INVALID_REQUEST)
    # Django's own reasons speak to the operator; only ours are written for the visitor.
    sentence = str(exception) if type(exception) is BadRequest else ""
    return render(request, "400.html", {"sentence": sentence}, status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return problem_response(request, problems.FORBIDDEN, str(exception))
    context = {"sentence": str(exception)}
    return render(request, "403.html", context, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return problem_response(request, problems.NOT_FOUND)
    return render(request, "404.html", status=404)


def unavailable(request: HttpRequest) -> HttpResponse:
    """Database or cache do not answer; says so without asking them anything."""
    if is_api(request):
        return problem_response(
            request, problems.UNAVAILABLE, headers={"Retry-After": problems.RETRY_AFTER}
        )
    page = loader.get_template("503.html").render()
    headers = {"Retry-After": _RETRY_AFTER, "Cache-Control": "no-store"}
    return HttpResponse(page, status=503, headers=headers)


# What the page says in words, too.
_RETRY_AFTER = "30"


def server_error(request: HttpRequest) -> HttpResponse:
    error = sys.exception()
    if isinstance(error, OperationalError | InterfaceError) or _is_cache_away(error):
        return unavailable(request)
    if is_api(request):
        return problem_response(request, problems.SERVER_ERROR)
    return defaults.server_error(request)


def _is_cache_away(error: BaseException | None) -> bool:
    """By name, because the client of the cache is loaded only where CACHE_URL names one."""
    return type(error).__module__ == "redis.exceptions"


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if is_api(request):
        return problem_response(request, problems.CSRF_FAILED)
    return render(request, "403_csrf.html", status=403)
