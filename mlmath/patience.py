"""How long a request may wait in its process, and how it knows that it is one.

A request that waits for ever keeps its thread, and soon no thread is left that could say so.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

# Requests of a process that may be at the database at once.
PLACES = 4
# Seconds without any of them getting on, after which others are turned away.
STUCK_SECONDS = 5.0

_here = threading.local()


def is_request() -> bool:
    """Somebody is waiting for what this thread does, unlike for a command or the worker."""
    return getattr(_here, "is_request", False)


class Places:
    """Lets so many in at once; the others wait while these get on, and no longer."""

    def __init__(self, count: int = PLACES) -> None:
        self._free = threading.Semaphore(count)
        self._moved_at = monotonic()

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Whether there was a place, which is held until the end of the block."""
        if not self._take():
            yield False
            return
        _here.is_request = True
        try:
            yield True
        finally:
            _here.is_request = False
            self._moved_at = monotonic()
            self._free.release()

    def _take(self) -> bool:
        if not self._free.acquire(blocking=False):
            patience = self._moved_at + STUCK_SECONDS - monotonic()
            if not self._free.acquire(timeout=max(patience, 0.0)):
                return False
        self._moved_at = monotonic()
        return True
