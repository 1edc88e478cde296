"""The site's addresses, and the floor."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def floor(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"Signed in as {request.user}.")


urlpatterns = [path("floor/", floor), path("", include("mlmath.urls"))]
