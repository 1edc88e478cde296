"""Statements that go to PostgreSQL without a cursor."""

from datetime import UTC, date, datetime
from unittest.mock import patch

import psycopg
import pytest
from django.db import (
    DataError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from mlmath.patience import Places
from mlmath.postgresql.asking import Asker
from mlmath.replica import base as replica
from mlmath.replica.standing import standing
from mlmath.statements import rows_of

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(databases=["default"])]

PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'mlmath%%'"


@pytest.fixture
def own():
    """A connection that nobody else uses, and on which no transaction has begun."""
    found = connection.copy()
    found.ensure_connection()
    yield found
    found.close()


@pytest.fixture
def pooled():
    found = connection.copy()
    found.settings_dict = found.settings_dict | {"IS_POOLED": True}
    found.ensure_connection()
    yield found
    found.close()


def fetched(database, sql, params=()):
    with database.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def ended(database):
    """Ends the connection as the server does when it restarts."""
    pid = database.connection.info.backend_pid
    fetched(connection, "SELECT pg_terminate_backend(%s)", [pid])


def as_in_a_new_request(database):
    database.close_if_unusable_or_obsolete()
    assert not database.health_check_done


@pytest.mark.parametrize("how", ["own", "pooled"])
def test_the_rows_are_those_of_a_cursor(how, request):
    database = request.getfixturevalue(how)
    sql = (
        "SELECT %s, %s::text, '100 %%' || %s, %s::boolean, %s::timestamptz, %s::date, %s::numeric,"
        " %s::jsonb, %s::int[], NULL, n FROM generate_series(1, 2) AS n WHERE n < %s"
    )
    moment = datetime(2026, 11, 21, 17, 26, 8, 451889, tzinfo=UTC)
    params = [
        7,
        "it's % \\ “ü”",
        "x",
        True,
        moment,
        date(2026, 2, 28),
        "1.50",
        '{"a": 1}',
        [1, 2],
        9,
    ]

    rows = database.rows_of(sql, params)

    assert rows == fetched(database, sql, params)
    assert len(rows) == 2


def test_text_with_an_end_in_it_is_refused(own):
    with pytest.raises(DataError):
        own.rows_of("SELECT %s", ["ada\0"])


@pytest.mark.parametrize(("how", "expected"), [("own", 1), ("pooled", 0)])
def test_a_statement_is_prepared_once_and_not_where_a_pooler_stands_between(how, expected, request):
    database = request.getfixturevalue(how)
    for number in (1, 2, 3):
        assert database.rows_of("SELECT %s + 1", [number]) == [(number + 1,)]

    assert fetched(database, PREPARED) == [(expected,)]


def test_a_statement_goes_on_after_a_column_has_changed(own):
    with own.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE letters (letter varchar(1))")
        cursor.execute("INSERT INTO letters VALUES ('a')")
    own.rows_of("SELECT letter FROM letters", [])
    with own.cursor() as cursor:
        cursor.execute("ALTER TABLE letters ALTER letter TYPE integer USING 97")

    assert own.rows_of("SELECT letter FROM letters", []) == [(97,)]


def test_a_statement_goes_on_after_somebody_has_thrown_all_away(own):
    own.rows_of("SELECT %s", [1])
    with own.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")

    assert own.rows_of("SELECT %s", [2]) == [(2,)]
    assert fetched(own, PREPARED) == [(0,)]


def test_the_first_statement_of_a_transaction_begins_it_and_the_next_ones_are_part_of_it(own):
    own.set_autocommit(False)
    first = own.rows_of("SELECT pg_current_xact_id()::text", [])
    second = own.rows_of("SELECT pg_current_xact_id()::text", [])
    own.rollback()
    third = own.rows_of("SELECT pg_current_xact_id()::text", [])

    assert first == second != third


def test_a_mistake_is_told_as_by_a_cursor_and_leaves_the_connection_as_it_is(own):
    with pytest.raises(ProgrammingError, match="nowhere"):
        own.rows_of("SELECT 1 FROM nowhere", [])

    assert own.rows_of("SELECT 1", []) == [(1,)]


def test_nothing_is_asked_in_a_transaction_that_has_failed():
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            rows_of(connection, "SELECT 1", [])


def test_who_counts_statements_or_stands_around_them_sees_it(own):
    seen = []

    def note(execute, sql, params, many, context):
        seen.append((sql, params, context["connection"]))
        return execute(sql, params, many, context)

    with own.execute_wrapper(note), CaptureQueriesContext(own) as captured:
        own.rows_of("SELECT %s", [1])
    with own.execute_wrapper(note):
        own.rows_of("SELECT %s", [2])

    assert [query["sql"] for query in captured.captured_queries] == ["SELECT 1"]
    assert seen == [("SELECT %s", [1], own), ("SELECT %s", [2], own)]


def test_the_first_statement_of_a_request_goes_on_after_the_server_was_restarted(own):
    as_in_a_new_request(own)
    ended(own)

    assert own.rows_of("SELECT 1", []) == [(1,)]


def test_the_first_statement_of_a_request_is_the_look_whether_its_connection_lives(own):
    as_in_a_new_request(own)
    with patch.object(own, "is_usable", side_effect=AssertionError):
        own.rows_of("SELECT 1", [])
        fetched(own, "SELECT 1")


def test_a_later_statement_is_not_repeated(own):
    as_in_a_new_request(own)
    own.rows_of("SELECT 1", [])
    ended(own)

    with pytest.raises(OperationalError):
        own.rows_of("SELECT 1", [])


def test_a_mistake_is_not_repeated(own):
    as_in_a_new_request(own)
    with (
        patch.object(Asker, "rows", side_effect=psycopg.errors.QueryCanceled) as rows,
        pytest.raises(OperationalError),
    ):
        own.rows_of("SELECT 1", [])

    assert rows.call_count == 1


def test_a_request_gives_up_a_server_that_says_nothing(own, monkeypatch):
    own.rows_of("SELECT 1", [])
    monkeypatch.setattr(own.connection, "silence", 0.2)
    with Places(1).one(), pytest.raises(OperationalError):
        own.rows_of("SELECT pg_sleep(1)", [])

    assert own.connection.closed


@pytest.fixture
def follower(monkeypatch):
    """The replica's way in; it leads to the same server."""
    found = replica.DatabaseWrapper({**connection.settings_dict}, alias="replica")
    found.ensure_connection()
    # The test's own connection, in whose transaction the primary is asked.
    monkeypatch.setattr(replica, "connections", {"default": connection})
    yield found
    found.close()


@pytest.fixture
def is_lost():
    with patch.object(standing, "is_lost") as found:
        yield found


@pytest.mark.parametrize("error", [psycopg.OperationalError, psycopg.InterfaceError])
def test_what_the_replica_cannot_answer_the_primary_does(follower, is_lost, error):
    with patch.object(Asker, "rows", side_effect=[error("gone"), [(1,)]]):
        rows = follower.rows_of("SELECT 1", [])

    assert rows == [(1,)]
    assert is_lost.called


def test_what_takes_the_replica_too_long_the_primary_is_not_asked(follower, is_lost):
    with (
        patch.object(Asker, "rows", side_effect=psycopg.errors.QueryCanceled),
        pytest.raises(OperationalError),
    ):
        follower.rows_of("SELECT 1", [])

    assert not is_lost.called


def test_without_a_connection_the_error_is_that_of_a_cursor(own):
    own.health_check_done = True
    own.connection.close()

    with pytest.raises((OperationalError, InterfaceError)):
        own.rows_of("SELECT 1", [])
