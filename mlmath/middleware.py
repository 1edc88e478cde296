"""Headers that Django does not set, refusals of the rules, and the person's own time zone."""

import hashlib
import logging
import re
import zoneinfo
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware, get_user
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, RawPostDataException, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control

from mlmath.errors import NotFound
from mlmath.failures import is_api, not_found, unavailable
from mlmath.patience import Places
from mlmath.rest.problems import FORBIDDEN, problem_response

logger = logging.getLogger(__name__)

View = Callable[[HttpRequest], HttpResponse]

_PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
        "microphone", "midi", "payment", "usb",
    )
)  # fmt: skip


def security_headers(get_response: View) -> View:
    """Stands outermost, so that static files and errors carry the headers as well."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Embedder-Policy", "require-corp")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Reporting-Endpoints", f'csp="{settings.CSP_REPORTS}"')
        if request.method not in {"GET", "HEAD"} and _ends_session(response):
            response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
        return response

    return middleware


def _ends_session(response: HttpResponse) -> bool:
    cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
    return cookie is not None and cookie["max-age"] == 0


def refuse_plain_api(get_response: View) -> View:
    """Where pages lead from http to https, the API says so and does nothing."""

    def middleware(request: HttpRequest) -> HttpResponse:
        is_plain = settings.SECURE_SSL_REDIRECT and not request.is_secure()
        if not is_plain or not is_api(request):
            return get_response(request)
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            # As much of it as its owner sees in the list of tokens.
            logger.warning("A token was sent over plain http: %r…", secret.strip()[:8])
        return problem_response(request, FORBIDDEN, _PLAIN)

    return middleware


_PLAIN = "Call by https. Whatever was sent with this request went in the clear: replace the token."


def bounded_waits(get_response: View) -> View:
    """Where nobody gets on, whoever comes next is told so instead of waiting behind them.

    One thread of each process stays free in this way, also to say that the process is alive.
    """
    places = Places()

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info == _LIVENESS:
            return get_response(request)
        with places.one() as is_taken:
            response = get_response(request) if is_taken else unavailable(request)
        if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            _take_in(request)
        return response

    return middleware


def _take_in(request: HttpRequest) -> None:
    """Read what was sent along, or the line breaks for somebody who is still sending."""
    with suppress(RequestDataTooBig, RawPostDataException, UnreadablePostError):
        request.body  # noqa: B018  # is kept in memory, up to the limit for all requests


_LIVENESS = "/health/live/"


def conditional_pages(get_response: View) -> View:
    """A visitor of whom nothing is known may keep pages of the catalog, and asks whether they hold.

    The token of the forms is new in each answer and one of the cookie, so that the tag is of the
    page without it and of the cookie.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if (
            request.method not in {"GET", "HEAD"}
            or response.status_code != HTTPStatus.OK
            or response.streaming
            or settings.SESSION_COOKIE_NAME in request.COOKIES
            or settings.SESSION_COOKIE_NAME in response.cookies
            or response.has_header("Cache-Control")
            or not response.headers.get("Content-Type", "").startswith("text/html")
        ):
            return response
        secret = request.COOKIES.get(settings.CSRF_COOKIE_NAME, "")
        page = _FORM_TOKEN.sub(b"", response.content) + secret.encode()
        response.headers["ETag"] = f'W/"{hashlib.blake2b(page, digest_size=12).hexdigest()}"'
        patch_cache_control(response, private=True, no_cache=True)
        tag = response.headers["ETag"]
        return get_conditional_response(request, tag, response=response) or response

    return middleware


# A token is 64 letters and digits; nothing else of a page is.
_FORM_TOKEN = re.compile(rb"\b[a-zA-Z0-9]{64}\b")


class Refusals:
    """Lets rules say “not found” without knowing of HTTP."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return not_found(request, error) if isinstance(error, NotFound) else None


class LoginRequired(LoginRequiredMiddleware):
    """Looks at the session only where a sign-in is required.

    Django's own looks at it first, and its answers then vary by cookie: no cache could keep the
    catalog's answers of the API.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[object, ...],
        view_kwargs: dict[str, object],
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


def local_time(get_response: View) -> View:
    """Show times in the person's zone, and keep personal pages out of every cache.

    The API speaks UTC and says itself what may be kept, without looking at the session for it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            return get_response(request)
        # The person, no longer a stand-in that looks again at each question about them.
        request.user = user = get_user(request)
        if not user.is_authenticated:
            return get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(user.time_zone)):
            response = get_response(request)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, no_store=True)
        return response

    return middleware
