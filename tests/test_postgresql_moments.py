"""Moments come out of PostgreSQL as Django reads them."""

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection
from django.db.backends.postgresql.psycopg_any import BaseTzLoader

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


def read(sql: str) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql}::timestamptz")
        moment: datetime = cursor.fetchone()[0]
    return moment


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("'2026-07-01 12:00:00+02'", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("'2026-11-21 17:26:08.451889+00'", datetime(2026, 11, 21, 17, 26, 8, 451889, tzinfo=UTC)),
        ("'0001-01-01 00:00:00.5+00'", datetime(1, 1, 1, microsecond=500_000, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_in_utc_without_djangos_reader(sql, expected, monkeypatch):
    monkeypatch.setattr(BaseTzLoader, "load", lambda self, data: pytest.fail("the slow way"))

    moment = read(sql)

    assert (moment, moment.tzinfo) == (expected, UTC)


@pytest.mark.parametrize("sql", ["'infinity'", "'0044-03-15 12:00:00+00 BC'"])
def test_what_python_cannot_hold_is_refused_as_in_django(sql):
    with pytest.raises(DataError):
        read(sql)
