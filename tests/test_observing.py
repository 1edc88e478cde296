"""What is counted and noted of requests and queries, and what leaves for Sentry."""

import http.server
import json
import logging
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import brotli
import pytest
from django.db import connection
from django.test import Client

from mlmath import observing
from tracker.models import User

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "kept-by-who-collects-0123456789-abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def collector(settings, db):
    settings.METRICS_TOKEN = TOKEN
    return Client(headers={"Authorization": f"Bearer {TOKEN}"})


def value(collector, name):
    body = collector.get("/metrics").content.decode()
    found = re.search(rf"^{re.escape(name)} (\S+)$", body, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_requests_are_counted_by_route_and_not_by_address(collector):
    topic = 'mlmath_requests_total{method="GET",route="tracker:topic-detail",status="200"}'
    lost = 'mlmath_requests_total{method="other",route="none",status="404"}'
    time = 'mlmath_request_seconds_count{route="tracker:topic-detail"}'
    before = [value(collector, name) for name in (topic, lost, time)]

    for slug in ("vectors", "chain-rule-and-backpropagation"):
        collector.get(f"/topics/{slug}/")
    collector.generic("INVENTED", "/no/such/page/")

    after = [value(collector, name) for name in (topic, lost, time)]
    assert [new - old for new, old in zip(after, before, strict=True)] == [2, 1, 2]
    assert b"vectors" not in collector.get("/metrics").content


def test_the_worker_is_among_the_metrics(collector):
    assert value(collector, "mlmath_database_up") == 1
    assert value(collector, "mlmath_clock_up") == 0
    assert value(collector, "mlmath_mail_late_seconds") == 0


@pytest.mark.parametrize("given", ["", TOKEN, f"Bearer {TOKEN}x", "Bearer "])
def test_there_are_no_metrics_without_the_token(collector, given):
    assert collector.get("/metrics", headers={"Authorization": given}).status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer "])
def test_there_are_no_metrics_where_none_are_wanted(client, db, given):
    assert client.get("/metrics", headers={"Authorization": given}).status_code == 404


def test_a_slow_query_is_noted_without_its_values(settings, db, caplog, monkeypatch):
    settings.SLOW_QUERY_MS = 100
    clock = iter([1.0, 1.25, 2.0, 2.05])
    monkeypatch.setattr("mlmath.observing.time.perf_counter", lambda: next(clock))

    with connection.execute_wrapper(observing._note_if_slow):
        User.objects.filter(email="canary@example.org").first()
        User.objects.filter(name="quick").first()

    (record,) = [one for one in caplog.records if one.name == "mlmath.queries"]
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("Slow query, 250 ms: SELECT ")
    assert "canary" not in record.getMessage()


def test_each_new_connection_is_watched():
    new = connection.copy()

    observing.watch_queries(connection=new)

    assert observing._note_if_slow in new.execute_wrappers


BREAK = """
from unittest.mock import patch
from django.conf import settings
static = "django.contrib.staticfiles.storage.StaticFilesStorage"
settings.STORAGES["staticfiles"]["BACKEND"] = static
from mlmath.wsgi import application
from django.test import RequestFactory
import sentry_sdk

def fail(*args, **kwargs):
    password = "canary-local"
    raise RuntimeError("of ada@example.org with mlm_canary0123456789")

asked = RequestFactory().get(
    "/health/live/?q=canary-query",
    headers={"Authorization": "Bearer canary-token", "Cookie": "other=canary-cookie"},
)
with patch("mlmath.health.HttpResponse", fail):
    application(asked.environ, lambda status, headers: None)
sentry_sdk.flush(10)
"""


@pytest.fixture
def sentry():
    """A server that takes what is sent to Sentry; its address, and what has come."""
    came = []

    class Takes(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append(brotli.decompress(body).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Takes) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://key@127.0.0.1:{server.server_port}/1", came
        server.shutdown()


def test_sentry_hears_what_broke_and_nothing_about_whom(sentry, tmp_path):
    address, came = sentry
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "mlmath.settings",
        "MLMATH_VAR": str(tmp_path),
        "ALLOWED_HOSTS": "testserver",
        "SENTRY_DSN": address,
    }
    subprocess.run(
        [sys.executable, "-c", BREAK], cwd=ROOT, env=environment, check=True, capture_output=True
    )

    (sent,) = [one for one in came if "RuntimeError" in one]
    event = json.loads(sent.splitlines()[2])
    assert event["request"] == {"method": "GET", "url": "http://testserver/health/live/"}
    assert event["exception"]["values"][0]["value"] == "of *** with mlm_cana***"
    assert len(event["tags"]["request_id"]) == 32
    # Lines of our own code are sent.
    assert "canary" not in re.sub(r"password = ..canary-local", "", sent)
    assert "user" not in event


def test_nothing_of_sentry_is_loaded_otherwise(tmp_path):
    script = "import django, sys; django.setup(); sys.exit('sentry_sdk' in sys.modules)"
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "mlmath.settings",
        "MLMATH_VAR": str(tmp_path),
    }

    assert (
        subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env=environment, check=False
        ).returncode
        == 0
    )
