"""How many calls a person may make, with all their tokens and browsers together."""

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import InterfaceError, OperationalError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from mlmath.replica.reading import may_read_from_replica
from mlmath.rest.problems import TOO_MANY_REQUESTS, Problem
from tracker.actions.calls import WINDOW_SECONDS, count_call
from tracker.models import User

if TYPE_CHECKING:
    # REST framework loads this module while it makes the class that every view is made from.
    from rest_framework.views import APIView


class PersonThrottle(BaseThrottle):
    """One count per person; every answer says what is left of it."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.user, User):
            return True
        limit = settings.API_CALLS_PER_MINUTE
        writes = request.method not in SAFE_METHODS
        try:
            allowance = count_call(user=request.user, at=int(time.time()), writes=writes)
        except (OperationalError, InterfaceError):
            # Nobody is kept from reading because a count fails; a change is another matter.
            if writes:
                raise
            return True
        if request.auth is not None and not writes:
            may_read_from_replica(seconds_since_write=allowance.seconds_since_write)
        left, seconds = max(limit - allowance.calls, 0), allowance.seconds_left
        view.limit_headers = {  # type: ignore[attr-defined]  # every view of ours has them
            "RateLimit-Policy": f'"person";q={limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"person";r={left};t={seconds}',
        }
        if allowance.calls > limit:
            detail = f"That is more than {limit} calls in a minute. Go on in {seconds} seconds."
            raise Problem(TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(seconds)})
        return True
