"""What is counted of requests, over all processes, in the form that Prometheus reads.

Loaded only where METRICS_TOKEN is set. With several processes, `mlmath.serve` names a folder in
which each of them counts (PROMETHEUS_MULTIPROC_DIR); it has to be there before this is imported.
"""

import os
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    Metric,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

_counted = CollectorRegistry()
_requests = Counter(
    "mlmath_requests",
    "Requests answered, by the name of the page or call",
    ["method", "route", "status"],
    registry=_counted,
)
_seconds = Histogram(
    "mlmath_request_seconds",
    "How long it took to answer",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    registry=_counted,
)


def count(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """By route, never by address: whoever invents addresses must not make rows for ever."""
    route = request.resolver_match.view_name if request.resolver_match else "none"
    method = request.method if request.method in _METHODS else "other"
    _requests.labels(method, route, str(response.status_code)).inc()
    _seconds.labels(route).observe(seconds)


def gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def exposition(gauges: Iterable[Metric]) -> HttpResponse:
    """Everything counted so far by all processes of this server, and `gauges`."""
    asked = CollectorRegistry()
    asked.register(_Given(gauges))
    counted = _counted
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]  # it brings half its types
    body = generate_latest(asked) + generate_latest(counted)
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)


class _Given(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics
