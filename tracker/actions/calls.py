"""Counting calls of the API, over all processes at once."""

from dataclasses import dataclass

from django.db import connection

from tracker.models import CallCount, User

WINDOW_SECONDS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """`calls` in the present minute, this one included, and in how many seconds it is over.

    `seconds_since_write` counts from the last call that came to change something, even this one.
    """

    calls: int
    seconds_left: int
    seconds_since_write: int


def count_call(*, user: User, at: int, writes: bool = False) -> Allowance:
    """Count one more call of `user` at the second `at` since 1970. One statement, so that exactly
    so many calls are counted as are made, by whichever process."""
    wrote_at = at if writes else 0
    table = connection.ops.quote_name(CallCount._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (user_id, began_at, calls, wrote_at) VALUES (%s, %s, 1, %s) "  # noqa: S608  # nosec B608  # our own name
            "ON CONFLICT (user_id) DO UPDATE SET "
            f"calls = CASE WHEN {table}.began_at <= %s THEN 1 ELSE {table}.calls + 1 END, "
            f"began_at = CASE WHEN {table}.began_at <= %s THEN %s ELSE {table}.began_at END, "
            f"wrote_at = CASE WHEN %s > {table}.wrote_at THEN %s ELSE {table}.wrote_at END "
            "RETURNING calls, began_at, wrote_at",
            [
                *(user.pk, at, wrote_at),
                *(at - WINDOW_SECONDS, at - WINDOW_SECONDS, at),
                *(wrote_at, wrote_at),
            ],
        )
        calls, began_at, last_write = cursor.fetchone()
    return Allowance(
        calls=calls,
        seconds_left=max(began_at + WINDOW_SECONDS - at, 1),
        seconds_since_write=at - last_write,
    )
