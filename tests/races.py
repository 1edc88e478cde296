"""Several threads that do something at the same moment, each on a connection of its own."""

import threading
import time
from collections.abc import Callable

from django.db import connection


def race(*works: Callable[[], object]) -> list[type[Exception]]:
    """Run all of `works` at once; returns the kinds of what they raise."""
    start = threading.Barrier(len(works))
    raised: list[type[Exception]] = []

    def run(work: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            start.wait(timeout=60)
            work()
        except Exception as error:  # noqa: BLE001  # the tests look at all of them
            raised.append(type(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return raised


def until_it_ends_or_waits_for_us(thread: threading.Thread) -> None:
    """Return once `thread` has come as far as it gets while our transaction is open."""
    waits = (
        "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )
    deadline = time.monotonic() + 60
    with connection.cursor() as cursor:
        while thread.is_alive():
            cursor.execute(waits)
            if cursor.fetchone():
                return
            assert time.monotonic() < deadline, "It neither ends nor waits."
            thread.join(timeout=0.02)
