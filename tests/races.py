"""Several threads that do something at the same moment, each on a connection of its own."""

import threading
from collections.abc import Callable

from django.db import connection


def race(*works: Callable[[], object]) -> list[type[Exception]]:
    """Run all of `works` at once; returns the kinds of what they raise."""
    start = threading.Barrier(len(works))
    raised: list[type[Exception]] = []

    def run(work: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            start.wait(timeout=10)
            work()
        except Exception as error:  # noqa: BLE001  # the tests look at all of them
            raised.append(type(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return raised
