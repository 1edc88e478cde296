"""The addresses of mlmath, without its answer to a database that is away."""

from django.http import HttpRequest, HttpResponse

from mlmath.urls import handler400, handler403, handler404, urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def handler500(request: HttpRequest) -> HttpResponse:
    return HttpResponse("Our mistake\n", status=500)
