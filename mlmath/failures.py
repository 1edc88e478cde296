"""What every refused request gets: a page that helps, or a problem document under /api/."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
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
        return problem_response(request, problems.FORBIDDEN)
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return problem_response(request, problems.NOT_FOUND)
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    if is_api(request):
        return problem_response(request, problems.SERVER_ERROR)
    return defaults.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if is_api(request):
        return problem_response(request, problems.CSRF_FAILED)
    return render(request, "403_csrf.html", status=403)
