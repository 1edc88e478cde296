"""What pages and ticks ask is found by an index, and no index is kept for nothing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_assignment, make_group, make_user
from tracker.models import StudySession, UnitProgress

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def plan_of(sql: str) -> str:
    """How PostgreSQL would find it, if reading a whole table were out of the question."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.fixture
def plans(ada, ada_browser, catalog):
    """The plans of what a page asks of a table, by the page's address."""
    other, now = make_user(), timezone.now()
    group = make_group(leader=ada, members=[other])
    StudySession.objects.bulk_create(
        StudySession(user=other, minutes=20, started_at=now, day=now.date()) for _ in range(500)
    )
    with connection.cursor() as cursor:
        # Otherwise it takes the table for empty, where any index is as good as another.
        cursor.execute("ANALYZE tracker_studysession")
    unit = next(iter(catalog.unit_by_id))
    make_assignment(group, unit, due_on=timezone.now().date() + timedelta(days=3))
    UnitProgress.objects.create(user=ada, unit_id=unit, done_at=timezone.now())

    def plans(path: str, table: str, data: dict[str, str] | None = None) -> list[str]:
        path = path.replace("GROUP", group.public_id)
        with CaptureQueriesContext(connection) as captured:
            answer = ada_browser.post(path, data) if data else ada_browser.get(path)
        assert answer.status_code in {200, 302}
        return [
            plan_of(query["sql"])
            for query in captured.captured_queries
            if f'FROM "{table}"' in query["sql"]
        ]

    return plans


@pytest.mark.parametrize(
    ("path", "table", "index"),
    [
        ("/today/", "tracker_topicprogress", "one_state_per_user_and_topic"),
        ("/today/", "tracker_unitprogress", "one_row_per_user_and_unit"),
        ("/today/", "tracker_studysession", "sessions_newest_first"),
        ("/today/", "tracker_user", "tracker_user_pkey"),
        ("/today/", "tracker_user", "unread_notices"),
        ("/roadmap/data-scientist/", "tracker_topicprogress", "one_state_per_user_and_topic"),
        ("/log/history/", "tracker_activity", "activity_"),
        ("/notifications/", "tracker_notice", "notices_newest_first"),
        ("/groups/GROUP/progress/", "tracker_assignment", "assignments_by_due_date"),
        ("/groups/GROUP/progress/", "tracker_unitprogress", "Index"),
    ],
)
def test_what_a_page_asks_is_found_by_its_index(plans, path, table, index):
    found = plans(path, table)

    assert any(index in plan for plan in found), found
    assert not any("Seq Scan on " + table in plan for plan in found), found


def test_a_question_without_an_index_is_noticed(ada):
    """The positive control."""
    assert "Seq Scan" in plan_of("SELECT * FROM tracker_user WHERE name = 'Ada'")


def indexes_of(table: str) -> list[tuple[str, list[str]]]:
    """Names and columns, in order; those with a condition are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, array_agg(a.attname::text ORDER BY k.place)"
            " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " JOIN pg_class t ON t.oid = i.indrelid"
            " CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)"
            " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number"
            " WHERE i.indpred IS NULL AND t.relname = %s GROUP BY 1",
            [table],
        )
        return list(cursor.fetchall())


# Written by every tick, chapter, session and notice.
WRITTEN_OFTEN = (
    "tracker_activity", "tracker_notice", "tracker_studysession", "tracker_topicprogress",
    "tracker_unitprogress",
)  # fmt: skip


@pytest.mark.parametrize("table", WRITTEN_OFTEN)
def test_no_index_of_what_is_written_often_is_the_beginning_of_another(table):
    every = indexes_of(table)

    assert len(every) > 2
    assert [
        name
        for name, columns in every
        if any(name != other and longer[: len(columns)] == columns for other, longer in every)
    ] == []


def test_no_text_has_a_second_index_for_how_it_begins():
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%pattern_ops%'")
        assert cursor.fetchall() == []
