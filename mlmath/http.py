"""What page views of both apps share: htmx answers, safe ways back."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails


def _htmx(request: HttpRequest) -> HtmxDetails:
    details: HtmxDetails = request.htmx  # type: ignore[attr-defined]  # set by HtmxMiddleware
    return details


def wants_partial(request: HttpRequest) -> bool:
    """True when htmx asks for a piece of a page; a boosted link or a restore wants all of it."""
    htmx = _htmx(request)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def leave_for(request: HttpRequest, to: str, *args: str) -> HttpResponse:
    """Leave the page; a plain redirect would put the new page into the old element."""
    if _htmx(request):
        return HttpResponseClientRedirect(resolve_url(to, *args))
    return redirect(to, *args)


def way_back(request: HttpRequest, fallback: str) -> str:
    """The local address in the `next` field, or `fallback` when it is missing or foreign."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_local = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_local else fallback
