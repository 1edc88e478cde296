"""How far the replica is, as this process knows it.

A position is a byte of the primary's log (its LSN as a number): whoever has replayed up to it has
everything that was written before. Clocks of other machines play no part.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections

# Seconds between two looks at the replica, and after one that has found it gone.
LOOK_EVERY = 1.0
LEAVE_ALONE = 5.0
# Of a replica that has stopped, the latest looks are enough.
REMEMBERED_LOOKS = 60
NOWHERE = -1


def position() -> int:
    """Where the primary is: everything that was committed before lies before it. One query."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'")
        (found,) = cursor.fetchone()
    return int(found)


class Standing:
    """Of one replica. Its threads share it; the one whose turn it is looks for all of them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._forget()
        self._look_at = float("-inf")

    def _forget(self) -> None:
        self._replayed = NOWHERE
        # The latest moment of which the replica is known to have everything.
        self._as_of = float("-inf")
        # Positions of the primary that it has not reached yet, with their moments.
        self._ahead: deque[tuple[float, int]] = deque(maxlen=REMEMBERED_LOOKS)

    def is_lost(self) -> None:
        """It has failed: nobody reads from it before somebody has looked again."""
        self._forget()
        self._look_at = float("-inf")

    def is_fresh(self) -> bool:
        """It has everything that is older than REPLICA_MAX_LAG seconds.

        No query, except for two once a second.
        """
        if self._clock() >= self._look_at and self._lock.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._lock.release()
        return self._clock() - self._as_of <= settings.REPLICA_MAX_LAG

    def has(self, wanted: int) -> bool:
        """It is fresh and has replayed `wanted`. One query while it has not, as far as we know."""
        if not self.is_fresh():
            return False
        if wanted > self._replayed:
            self._replayed = max(self._replayed, _replayed())
        return wanted <= self._replayed

    def _look(self) -> None:
        now = self._clock()
        self._look_at = now + LOOK_EVERY
        ahead = self._ahead
        try:
            ahead.append((now, position()))
            replayed = _replayed()
        except (DatabaseError, InterfaceError):
            # Without the primary nobody can tell how far behind the other one is.
            replayed = NOWHERE
        if replayed == NOWHERE:
            self._forget()
            self._look_at = self._clock() + LEAVE_ALONE
            return
        self._replayed = max(self._replayed, replayed)
        while ahead and ahead[0][1] <= self._replayed:
            self._as_of, _ = ahead.popleft()


def _replayed() -> int:
    """Where the replica is: NOWHERE if it does not answer or follows nobody."""
    replica: Any = connections["replica"]
    # A connection that was left by a server that has been restarted since says nothing.
    for _ in range(2):
        try:
            found: int | None = replica.replayed()
        except (DatabaseError, InterfaceError):
            replica.close()
        else:
            return NOWHERE if found is None else found
    return NOWHERE


standing = Standing()
