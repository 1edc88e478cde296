"""Counting calls of the API, over all processes at once."""

from dataclasses import dataclass

from django.db import connection

from tracker.models import CallCount, User

WINDOW_SECONDS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """`calls` in the present minute, this one included, and in how many seconds it is over."""

    calls: int
    seconds_left: int


def count_call(*, user: User, at: int) -> Allowance:
    """Count one more call of `user` at the second `at` since 1970. One statement, so that exactly
    so many calls are counted as are made, by whichever process."""
    table = connection.ops.quote_name(CallCount._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (user_id, began_at, calls) VALUES (%s, %s, 1) "  # noqa: S608  # our own name
            "ON CONFLICT (user_id) DO UPDATE SET "
            f"calls = CASE WHEN {table}.began_at <= %s THEN 1 ELSE {table}.calls + 1 END, "
            f"began_at = CASE WHEN {table}.began_at <= %s THEN %s ELSE {table}.began_at END "
            "RETURNING calls, began_at",
            [user.pk, at, at - WINDOW_SECONDS, at - WINDOW_SECONDS, at],
        )
        calls, began_at = cursor.fetchone()
    return Allowance(calls=calls, seconds_left=max(began_at + WINDOW_SECONDS - at, 1))
