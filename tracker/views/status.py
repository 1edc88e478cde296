"""Whether the site works: for people, and in numbers for Prometheus."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tracker.summaries.running import running


@require_safe
@login_not_required
@never_cache
def status(request: HttpRequest) -> HttpResponse:
    """That it can be read says the most: where the database is away, there is another page."""
    return TemplateResponse(request, "tracker/status.html", {"running": running()})


@require_safe
@login_not_required
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever sends METRICS_TOKEN; to everybody else there is no such page."""
    given = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not constant_time_compare(
        given, f"Bearer {settings.METRICS_TOKEN}"
    ):
        raise Http404
    # Loaded only where it is asked for.
    from mlmath.metrics import exposition, gauge

    try:
        now = running()
    except DatabaseError:
        return exposition([gauge("mlmath_database_up", "Whether the database answers", 0)])
    since, at = now.mail_waits_since, timezone.now()
    return exposition(
        [
            gauge("mlmath_database_up", "Whether the database answers", 1),
            gauge(
                "mlmath_silent", "Whether mail and calls are held back on purpose", now.is_silent
            ),
            gauge(
                "mlmath_clock_up", "Whether a worker moves the clock", not now.clock_stands_since
            ),
            gauge(
                "mlmath_mail_late_seconds",
                "How long mail has been waiting; 0 below ten minutes",
                (at - since).total_seconds() if since else 0,
            ),
        ]
    )
