"""Which server a request reads from.

The primary, unless somebody has said that this request may read from the replica: for browsers
`reads_your_writes`, by a cookie that holds the position of their last write, and for tokens the
limit on calls, by the second of their last write. From the first write on it is the primary again.
"""

import logging
import threading
from collections.abc import Callable
from http import HTTPMethod

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from mlmath.replica.standing import position, standing

logger = logging.getLogger(__name__)

View = Callable[[HttpRequest], HttpResponse]

SAFE = {HTTPMethod.GET, HTTPMethod.HEAD}
# How long a write is remembered. A replica that is as far behind is not asked anyway
# (REPLICA_MAX_LAG is less than half of it), so that afterwards nobody can miss it.
REMEMBERED_SECONDS = 60
# Where the position could not be had, nothing that the replica has will do.
_NEVER = 2**63


class _Request(threading.local):
    # What the replica must have for this request to read from it; None: it reads from the primary.
    wanted: int | None = None
    has_written = False


_request = _Request()


def may_read_from_replica(*, seconds_since_write: int) -> None:
    """Let the rest of this request read from the replica, for whom the last write is so long ago.

    Nothing happens without a replica, or with one that is behind.
    """
    if "replica" not in settings.DATABASES or _request.has_written:
        return
    _request.wanted = 0 if seconds_since_write > REMEMBERED_SECONDS else None


class Router:
    """Sends reads to the replica where the request may."""

    def db_for_read(self, model: type[Model], **hints: object) -> str:
        """Always an answer: without one, Django would stay where the row in `hints` comes from."""
        if _request.wanted is None or connections["default"].in_atomic_block:
            return "default"
        if _kinds(model) & settings.READ_AT_THE_PRIMARY:
            return "default"
        return "replica" if standing.has(_request.wanted) else "default"

    def db_for_write(self, model: type[Model], **hints: object) -> str:
        _request.wanted, _request.has_written = None, True
        return "default"

    def allow_relation(self, one: Model, other: Model, **hints: object) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool | None:
        return False if db == "replica" else None


def _kinds(model: type[Model]) -> set[str]:
    label = model._meta.app_label
    return {label, f"{label}.{model._meta.model_name}"}


def reads_your_writes(get_response: View) -> View:
    """Stands around everything that touches the database.

    A request with a token says nothing by cookies; who may read is decided where it is counted.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        is_ours = "Authorization" not in request.headers
        _request.has_written = False
        _request.wanted = _last_write(request) if is_ours and request.method in SAFE else None
        try:
            response = get_response(request)
        finally:
            _request.wanted = None
        if is_ours and _request.has_written:
            response.set_signed_cookie(
                settings.POSITION_COOKIE_NAME,
                str(_position_or_never()),
                max_age=REMEMBERED_SECONDS,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    return middleware


def _last_write(request: HttpRequest) -> int:
    """What the cookie says; one that is missing, old or not ours says nothing."""
    if settings.POSITION_COOKIE_NAME not in request.COOKIES:
        return 0
    found = request.get_signed_cookie(
        settings.POSITION_COOKIE_NAME, default="0", max_age=REMEMBERED_SECONDS
    )
    return int(found or 0)


def _position_or_never() -> int:
    try:
        return position()
    except (DatabaseError, InterfaceError):
        logger.warning("The primary does not tell where it is", exc_info=True)
        return _NEVER
