"""What browsers say when a page of ours breaks its content policy."""

import json
import logging
import time
from collections.abc import Iterator, Mapping

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

logger = logging.getLogger(__name__)

MAXIMUM_BYTES = 16 * 1024
LOGGED_PER_MINUTE = 20
LONGEST = 200

# Anybody can send reports, so a process notes only so many of them; the rest is thanked for.
_minute = 0
_logged = 0


@csrf_exempt
@login_not_required
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Notes the report in the log, without what is secret in addresses; always a 204."""
    if int(request.META.get("CONTENT_LENGTH") or 0) <= MAXIMUM_BYTES:
        for directive, blocked, page in _breaches(request.body):
            if not _may_log():
                break
            logger.warning("Content policy: %r blocked %r on %s", directive, blocked, page)
    return HttpResponse(status=204)


def _breaches(body: bytes) -> Iterator[tuple[str, str, str]]:
    """Directive, what was blocked, and the route of the page, in both forms of reports."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return
    for report in sent if isinstance(sent, list) else [sent]:
        if not isinstance(report, Mapping):
            continue
        if isinstance(old := report.get("csp-report"), Mapping):
            names = ("violated-directive", "blocked-uri", "document-uri")
            yield _breach(old, *names)
        elif isinstance(new := report.get("body"), Mapping):
            yield _breach(new, "effectiveDirective", "blockedURL", "documentURL")


def _breach(
    report: Mapping[str, object], directive: str, blocked: str, page: str
) -> tuple[str, str, str]:
    def text(name: str) -> str:
        return str(report.get(name, ""))[:LONGEST]

    return text(directive), text(blocked).partition("?")[0], _route(text(page))


def _route(address: str) -> str:
    """Which page it is, without the ids, codes and tokens in its address."""
    path = "/" + address.partition("://")[2].partition("/")[2].partition("?")[0]
    try:
        return f"/{resolve(path).route}"
    except Resolver404:
        return "a page that is not ours"


def _may_log() -> bool:
    global _minute, _logged
    now = int(time.monotonic() // 60)
    if now != _minute:
        _minute, _logged = now, 0
    _logged += 1
    return _logged <= LOGGED_PER_MINUTE
