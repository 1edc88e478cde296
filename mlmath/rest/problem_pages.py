"""The pages that the `type` of a problem document leads to."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mlmath.rest.problems import KINDS


@require_safe
@login_not_required
def problem_list(request: HttpRequest) -> HttpResponse:
    return render(request, "problems/list.html", {"kinds": KINDS.values()})


@require_safe
@login_not_required
def problem_detail(request: HttpRequest, slug: str) -> HttpResponse:
    if slug not in KINDS:
        raise Http404
    return render(request, "problems/detail.html", {"kind": KINDS[slug]})
