"""What each request asks of the database, and which indexes answer.

Runs inside the site, by `manage.py shell`, and prints JSON. Whatever it does is rolled back.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from tests.bench.scenarios import FLOOR, Request, scenarios

BOOKKEEPING = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET ")
# Small tables are best read as a whole.
LARGE = 1_000


def count(people_file: str, only: list[str]) -> None:
    """Prints for each scenario its number of queries, and how they reach each large table."""
    people = json.loads(Path(people_file).read_text())
    large = _large_tables()
    found = {}
    with override_settings(CATALOG_CHECK_SECONDS=3600):
        for scenario in scenarios(people):
            if scenario.key != FLOOR and (not only or scenario.key in only):
                asked = asked_by(next(scenario.requests))
                reached = {way for sql in asked for way in _ways(sql) if way[0] in large}
                found[scenario.key] = {"queries": len(asked), "ways": sorted(reached)}
    print(json.dumps(found))


def asked_by(request: Request) -> list[str]:
    """The statements of a second such request: the first one writes what is kept per process."""
    with transaction.atomic():
        _send(request)
        transaction.set_rollback(True)
    with transaction.atomic():
        with CaptureQueriesContext(connection) as captured:
            _send(request)
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
    for child in node.get("Plans", []):
        yield from _ways_in(child, table)


def _large_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [LARGE]
        )
        return {row[0] for row in cursor.fetchall()}
