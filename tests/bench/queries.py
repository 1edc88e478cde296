"""What each request and the worker ask of the database, and which indexes answer.

Runs inside the site, by `manage.py shell`, and prints JSON. Whatever it does is rolled back.
"""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from tests.bench.scenarios import FLOOR, WORKER, Request, scenarios
from tracker.actions.jobs import take_slot
from tracker.actions.mail import claim_mail
from tracker.models import User
from tracker.summaries.mail import (
    is_mail_waiting,
    is_news_waiting,
    people_for_the_week,
    people_with_chapters_due,
)
from tracker.summaries.webhooks import is_delivery_waiting

BOOKKEEPING = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET ")
# Small tables are best read as a whole.
LARGE = 1_000


def count(people_file: str, only: list[str]) -> None:
    """Prints for each scenario its number of queries, and how they reach each large table; for the
    worker how it finds what is due and takes it."""
    people = json.loads(Path(people_file).read_text())
    large = _large_tables()
    found = {}
    with override_settings(CATALOG_CHECK_SECONDS=3600):
        for scenario in scenarios(people):
            if scenario.key != FLOOR and (not only or scenario.key in only):
                asked = asked_by(next(scenario.requests))
                reached = {way for sql in asked for way in _ways(sql) if way[0] in large}
                found[scenario.key] = {"queries": len(asked), "ways": sorted(reached)}
    print(json.dumps(found | {WORKER: {} if only else ways_of_worker()}))


def asked_by(request: Request) -> list[str]:
    """The statements of a second such request: the first one writes what is kept per process."""
    with transaction.atomic():
        _send(request)
        transaction.set_rollback(True)
    return _asked(lambda: _send(request))


def ways_of_worker() -> dict[str, list[tuple[str, str]]]:
    """For each thing that it looks for, the tables that are read, and by what.

    What is taken as soon as it is there leaves its tables next to empty, and those are best read
    as a whole. There, the index stands that serves once they are not.
    """
    at = timezone.now()
    zones = User.objects.values("time_zone").annotate(people=Count("pk")).order_by("-people")
    zone = zones[0]["time_zone"]
    lists: dict[str, Callable[[], object]] = {
        "chapters due tomorrow": lambda: people_with_chapters_due(
            time_zone=zone, day=at.date() + timedelta(days=1)
        ),
        "the week of all who are active": lambda: people_for_the_week(time_zone=zone, at=at),
    }
    claims: dict[str, Callable[[], object]] = {
        "news to mail": lambda: is_news_waiting(at),
        "mail to send": lambda: is_mail_waiting(at),
        "a mail's claim": lambda: claim_mail(key=0, at=at),
        "webhooks to call": lambda: is_delivery_waiting(at=at),
        "a task's claim": lambda: DBTaskResult.objects.ready().get_locked(),
        "a job's turn": lambda: take_slot(name="bench", slot=at),
    }
    found = {}
    for name, look in (lists | claims).items():
        asked = _asked(look)
        with transaction.atomic(), connection.cursor() as cursor:
            if name in claims:
                cursor.execute("SET LOCAL enable_seqscan = off")
            found[name] = sorted({way for sql in asked for way in _ways(sql)})
            transaction.set_rollback(True)
    return found


def _asked(does: Callable[[], object]) -> list[str]:
    with transaction.atomic():
        with CaptureQueriesContext(connection) as captured:
            does()
        transaction.set_rollback(True)
    return [
        query["sql"]
        for query in captured.captured_queries
        if not query["sql"].startswith(BOOKKEEPING)
    ]


def _send(request: Request) -> None:
    content_type = request.headers.get("Content-Type", "application/octet-stream")
    answer = Client().generic(
        request.method,
        request.path,
        request.body,
        content_type=content_type,
        secure=True,
        headers=dict(request.headers),
    )
    assert answer.status_code == request.status, (request.path, answer.status_code)


def _ways(sql: str) -> Iterator[tuple[str, str]]:
    """Each table that the planner reads for `sql`, and by what: an index, or all of it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
        [[[plan]]] = cursor.fetchall()
    yield from _ways_in(plan["Plan"], "")


def _ways_in(node: dict[str, Any], table: str) -> Iterator[tuple[str, str]]:
    table = node.get("Relation Name", table)
    if "Index Name" in node:
        yield table, node["Index Name"]
    elif node["Node Type"] == "Seq Scan":
        yield table, "all rows"
    for index in node.get("Conflict Arbiter Indexes", []):
        yield table, index
    for child in node.get("Plans", []):
        yield from _ways_in(child, table)


def _large_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [LARGE]
        )
        return {row[0] for row in cursor.fetchall()}
