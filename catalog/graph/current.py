"""The snapshot that this process works with."""

import threading
import time

from django.conf import settings
from django.db import OperationalError

from catalog.graph.build import build_graph
from catalog.graph.nodes import CatalogGraph
from catalog.models import CatalogVersion

# How long the first callers of a process wait for the one that reads the catalog.
PATIENCE_SECONDS = 8

_lock = threading.Lock()
_graph: CatalogGraph | None = None
_checked_at = float("-inf")


def current_graph() -> CatalogGraph:
    """The catalog as it stands, at most `CATALOG_CHECK_SECONDS` old.

    No query while the last look is recent, one otherwise, and some twenty when the catalog has
    moved since. While one thread looks, the others go on with what there is: where the database
    is silent, they would wait one after the other. Raises OperationalError where there is nothing
    yet and another thread does not finish reading it.
    """
    global _graph, _checked_at
    graph, now = _graph, time.monotonic()
    if graph is not None and now - _checked_at < settings.CATALOG_CHECK_SECONDS:
        return graph
    if not _lock.acquire(timeout=PATIENCE_SECONDS if graph is None else 0):
        if graph is None:
            raise OperationalError("The catalog takes too long to read.")
        return graph
    try:
        number = CatalogVersion.objects.current_number()
        if _graph is None or _graph.version != number:
            _graph = build_graph(number)
        _checked_at = now
        return _graph
    finally:
        _lock.release()


def forget_graph() -> None:
    """Look at the database again on the next call, as after an edit in this process."""
    global _graph, _checked_at
    with _lock:
        _graph = None
        _checked_at = float("-inf")
