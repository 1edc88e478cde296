"""Tells Sentry what broke and where, and nothing about whom."""

import json
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from mlmath.logs import request_id, without_secrets


def start(address: str) -> None:
    """Send what breaks from now on to `address`. Raises ImproperlyConfigured without its client."""
    try:
        import sentry_sdk
    except ImportError:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but the client is missing. "
            "Install it with: pip install -r requirements/sentry.txt"
        ) from None
    sentry_sdk.init(
        dsn=address,
        before_send=without_people,  # type: ignore[arg-type]  # a dictionary of theirs
        send_default_pii=False,
        # Values of variables, bodies, and what happened before hold what people wrote.
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
    )


def without_people(event: dict[str, Any], hint: object) -> dict[str, Any]:
    """The event with method and address of the request only, and secrets cut out of all of it."""
    request = event.pop("request", {})
    for part in ("user", "extra", "breadcrumbs", "server_name"):
        event.pop(part, None)
    event["request"] = {
        "method": request.get("method", ""),
        "url": str(request.get("url", "")).partition("?")[0],
    }
    event.setdefault("tags", {})["request_id"] = request_id.get()
    cleaned: dict[str, Any] = json.loads(without_secrets(json.dumps(event, default=str)))
    return cleaned
