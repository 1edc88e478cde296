"""`make bench`: what the main pages cost, as a multiple of the floor.

The floor is a plain signed-in Django view behind the same middleware, with Django's own sessions
and users, measured in the same run, so that the ratios hold on any machine. The time is that of the
processor, for one request at a time, called inside this process as the web server calls it, on
SQLite.
"""

import gc
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from typing import Any

ROUNDS = 120
WARM_UP = 10
TICKS = 50
STOCK_BACKEND = "django.contrib.auth.backends.ModelBackend"
STOCK_SESSIONS = "django.contrib.sessions.backends.db"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """`must` and `ambition` are multiples of the floor, as the design sets them."""

    name: str
    call: Callable[[], int]
    status: int = 200
    must: float | None = None
    ambition: float | None = None


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mlmath-bench-") as directory:
        os.environ |= {"MLMATH_VAR": directory, "DJANGO_SETTINGS_MODULE": "mlmath.settings"}
        for name in ("DATABASE_URL", "CACHE_URL", "MLMATH_ENV", "DEBUG"):
            os.environ.pop(name, None)
        import django
        from django.conf import settings

        # As on PostgreSQL; opening SQLite for each request would cost more than the floor itself.
        settings.DATABASES["default"]["CONN_MAX_AGE"] = None
        settings.ROOT_URLCONF = "tests.bench_urls"
        settings.AUTHENTICATION_BACKENDS.append(STOCK_BACKEND)
        django.setup()
        _print(_measure(_scenarios()))


def _scenarios() -> list[Scenario]:
    """Fill a database and return what is to be measured."""
    from django.conf import settings
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.test import Client

    from catalog.graph import current_graph
    from catalog.models import Role
    from tracker.actions import progress
    from tracker.actions.progress import Mark
    from tracker.models import Source, TopicState, User

    call_command("prepare", stdout=io.StringIO())
    user = User.objects.create_user(
        "ada@example.org", role=Role.objects.get(slug="research-scientist"), minutes_per_day=90
    )
    graph = current_graph()
    progress.mark_topics(
        user=user,
        marks=[Mark(topic=topic, state=TopicState.DONE) for topic in graph.topics[:TICKS]],
        source=Source.MANUAL,
    )
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(user)
    browser.get("/today/")
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
    token = browser.cookies["csrftoken"].value
    ours = get_wsgi_application()
    # The middleware takes its kind of sessions when the application is made.
    settings.SESSION_ENGINE, engine = STOCK_SESSIONS, settings.SESSION_ENGINE
    stock, stock_browser = get_wsgi_application(), Client(SERVER_NAME="localhost")
    stock_browser.force_login(user, backend=STOCK_BACKEND)
    settings.SESSION_ENGINE = engine
    stock_cookies = f"sessionid={stock_browser.cookies['sessionid'].value}"

    def call(
        method: str, path: str, body: str = "", application: Any = ours, **headers: str
    ) -> tuple[int, dict[str, str]]:
        answer: list[Any] = []
        environ = _environ(method, path, body) | headers
        response = application(environ, lambda *told: answer.extend(told))
        for _ in response:
            pass
        response.close()
        return int(answer[0][:3]), dict(answer[1])

    def get(path: str) -> Callable[[], int]:
        return lambda: call("GET", path, HTTP_COOKIE=cookies)[0]

    def floor() -> int:
        return call("GET", "/floor/", application=stock, HTTP_COOKIE=stock_cookies)[0]

    topic = graph.topics[-1].slug
    states = cycle(["done", "todo"])

    def tick() -> int:
        body = f"state={next(states)}&role=research-scientist"
        htmx = {"HTTP_HX_REQUEST": "true", "HTTP_X_CSRFTOKEN": token, "HTTP_COOKIE": cookies}
        return call("POST", f"/topics/{topic}/mark/", body, **htmx)[0]

    etag = call("GET", "/api/v1/topics/")[1]["ETag"]
    return [
        Scenario(name="floor: a plain signed-in view", call=floor),
        Scenario(name="Today", call=get("/today/"), must=2, ambition=1.2),
        Scenario(
            name="roadmap, 106 topics",
            call=get("/roadmap/research-scientist/"),
            must=2,
            ambition=1.2,
        ),
        Scenario(name="topic", call=get(f"/topics/{topic}/")),
        Scenario(name="a tick", call=tick, must=2, ambition=1.2),
        Scenario(
            name="API: list of topics",
            call=lambda: call("GET", "/api/v1/topics/")[0],
            must=1.5,
            ambition=1.3,
        ),
        Scenario(
            name="API: its 304",
            call=lambda: call("GET", "/api/v1/topics/", HTTP_IF_NONE_MATCH=etag)[0],
            status=304,
            must=1.2,
            ambition=0.8,
        ),
    ]


def _environ(method: str, path: str, body: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost:8000",
        "HTTP_ACCEPT": "*/*",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body.encode()),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http",
    }


def _measure(scenarios: list[Scenario]) -> dict[Scenario, float]:
    """The median of CPU milliseconds for each; taken in turns, so that all see the same weather."""
    times: dict[Scenario, list[float]] = {scenario: [] for scenario in scenarios}
    for number in range(WARM_UP + ROUNDS):
        gc.collect()
        for scenario in scenarios:
            started = time.process_time_ns()
            status = scenario.call()
            spent = (time.process_time_ns() - started) / 1e6
            if status != scenario.status:
                raise RuntimeError(f"{scenario.name}: answered {status}")
            if number >= WARM_UP:
                times[scenario].append(spent)
    return {scenario: statistics.median(spent) for scenario, spent in times.items()}


def _print(medians: dict[Scenario, float]) -> None:
    floor = next(iter(medians.values()))
    print(f"{'CPU of one request, median':32} {'ms':>6} {'ratio':>6} {'must':>5} {'ambition':>9}")
    for scenario, spent in medians.items():
        ratio = spent / floor
        must = f"{scenario.must:.1f}" if scenario.must else ""
        ambition = f"{scenario.ambition:.1f}" if scenario.ambition else ""
        verdict = "  over" if scenario.must and ratio > scenario.must else ""
        print(f"{scenario.name:32} {spent:6.2f} {ratio:6.2f} {must:>5} {ambition:>9}{verdict}")


if __name__ == "__main__":
    main()
