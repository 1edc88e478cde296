"""What a load balancer asks: is the process alive, and can it do its work?"""

import logging

from django.contrib.auth.decorators import login_not_required
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)

# A row that expires as it is written; whoever sends it as a cookie gets no session by it.
_PROBE = "readiness-probe"


@require_safe
@login_not_required
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nobody else, so that a lost database restarts no process."""
    return HttpResponse("alive\n", content_type="text/plain")


@require_safe
@login_not_required
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """A write is committed. Reading alone would call a full disk or a standby server ready."""
    try:
        with transaction.atomic():
            _write()
    except DatabaseError:
        logger.exception("Not ready: the database takes no writes")
        return HttpResponse("The database takes no writes.\n", "text/plain", 503)
    return HttpResponse("ready\n", content_type="text/plain")


def _write() -> None:
    Session.objects.bulk_create(
        [Session(session_key=_PROBE, session_data="", expire_date=timezone.now())],
        update_conflicts=True,
        unique_fields=["session_key"],
        update_fields=["expire_date"],
    )
    if connection.vendor == "postgresql":
        # That row finds room in its page also on a full disk; a new table needs a page of its own.
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE readiness_probe AS SELECT 1")
            cursor.execute("DROP TABLE readiness_probe")
