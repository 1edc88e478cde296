"""Saying how far a long command is."""

import time

from django.core.management.base import OutputWrapper

EVERY_SECONDS = 5.0


class Steps:
    """Called with how far it is; prints it every five seconds, so that short work says nothing."""

    def __init__(self, stdout: OutputWrapper) -> None:
        self._stdout, self._last = stdout, time.monotonic()

    def __call__(self, done: str) -> None:
        if time.monotonic() - self._last >= EVERY_SECONDS:
            self._last = time.monotonic()
            self._stdout.write(f"  … {done}")
            self._stdout.flush()
