"""Looks on: each request gets an id, a line in the log and a count; slow queries are noted."""

import logging
import re
import time
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from mlmath.logs import request_id

logger = logging.getLogger("mlmath.requests")
queries = logging.getLogger("mlmath.queries")

View = Callable[[HttpRequest], HttpResponse]

_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
LONGEST = 200
LONGEST_QUERY = 2000
# Balancers knock every few seconds, and every page brings a handful of files.
_UNTOLD = ("/health/", "/static/")


def observe_requests(get_response: View) -> View:
    """Stands outermost, so that no answer is without an id and no time is left out."""

    count = _counter()

    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        # The context belongs to a thread that answers one request after the other.
        number = _id_of(request)
        token = request_id.set(number)
        try:
            response = get_response(request)
            response.headers["X-Request-ID"] = number
            seconds = time.perf_counter() - began
            if logger.isEnabledFor(logging.INFO):
                _tell(request, response, seconds)
            if count is not None:
                count(request, response, seconds)
        finally:
            request_id.reset(token)
        return response

    return middleware


def _counter() -> Callable[[HttpRequest, HttpResponse, float], None] | None:
    if not settings.METRICS_TOKEN:
        return None
    # Loaded only where it is asked for.
    from mlmath.metrics import count

    return count


def _id_of(request: HttpRequest) -> str:
    """What the proxy calls the request; a stranger's word is not taken for it."""
    given: str = request.META.get("HTTP_X_REQUEST_ID", "") if settings.TRUSTED_PROXIES else ""
    return given if _ID.fullmatch(given) else uuid4().hex


def _tell(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """Neither the query string nor what was sent: both hold what people wrote."""
    if response.status_code < 400 and request.path.startswith(_UNTOLD):
        return
    match = request.resolver_match
    route = match.view_name if match else None
    about: dict[str, object] = {
        "method": request.method,
        "path": request.path[:LONGEST],
        "route": route,
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
        "ip": client_address(request),
        "person": person_of(request),
    }
    if (token := getattr(request, "auth", None)) is not None:
        about["token"] = token.prefix
    logger.info("%s %s %s", request.method, route, response.status_code, extra={"about": about})


def person_of(request: HttpRequest) -> str | None:
    """The public id of who is signed in, where anybody has asked; looks nothing up."""
    user = vars(request).get("user")
    if isinstance(user, SimpleLazyObject):
        # Asking it would read session and person for an answer that needed neither.
        user = getattr(request, "_cached_user", None)
    return getattr(user, "public_id", None)


def client_address(request: HttpRequest) -> str:
    """The address that the outermost proxy of ours has seen; what stands left of it is hearsay."""
    proxies = settings.TRUSTED_PROXIES
    seen = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if proxies else []
    if len(seen) >= proxies > 0:
        return str(seen[-proxies]).strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def watch_queries(connection: BaseDatabaseWrapper, **_: object) -> None:
    """For Django's signal `connection_created`: has every query of that connection timed."""
    connection.execute_wrappers.append(_note_if_slow)


def _note_if_slow(
    execute: Callable[..., object],
    sql: str,
    params: object,
    many: bool,  # noqa: FBT001  # as Django calls it
    context: object,
) -> object:
    """The query as it was written, with places for the values: those are people's own."""
    began = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        ms = (time.perf_counter() - began) * 1000
        if ms >= settings.SLOW_QUERY_MS:
            queries.warning("Slow query, %d ms: %s", ms, " ".join(sql.split())[:LONGEST_QUERY])
