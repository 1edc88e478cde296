"""The connection to the replica; what it cannot answer, the primary does.

Django finds this module by its name: ENGINE is "mlmath.replica".
"""

from collections.abc import Sequence
from typing import Any

from django.db import InterfaceError, OperationalError, connections
from django.db.backends.utils import CursorWrapper
from psycopg.errors import QueryCanceled

from mlmath.postgresql import base
from mlmath.replica.standing import standing

# Seconds without an answer after which the primary is asked instead.
SILENCE = 2.0


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.silence = SILENCE
        return connection

    def cursor(self) -> Any:
        try:
            return super().cursor()
        except (OperationalError, InterfaceError):
            standing.is_lost()
            return connections["default"].cursor()

    def _asked(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            return super()._asked(sql, params)
        except (OperationalError, InterfaceError) as error:
            if is_hopeless(error):
                raise
            self.close()
            standing.is_lost()
            primary: Any = connections["default"]
            rows: list[tuple[Any, ...]] = primary.rows_of(sql, params)
            return rows

    def make_cursor(self, cursor: Any) -> "Cursor":
        return Cursor(cursor, self)

    def replayed(self) -> int | None:
        """Up to which byte of the primary's log it is; None for a server that follows nobody.

        Raises what Django raises where it does not answer.
        """
        self.ensure_connection()
        with self.wrap_database_errors, self.create_cursor() as cursor:
            cursor.execute("SELECT pg_last_wal_replay_lsn() - '0/0'")
            (position,) = cursor.fetchone()
        return None if position is None else int(position)


def is_hopeless(error: Exception) -> bool:
    """What takes too long here takes too long there."""
    return isinstance(error.__cause__, QueryCanceled)


class Cursor(CursorWrapper):
    """A cursor of the replica that turns to the primary when the replica fails."""

    def execute(self, sql: Any, params: Any = None) -> Any:
        try:
            return super().execute(sql, params)
        except (OperationalError, InterfaceError) as error:
            if self.db.alias == "default" or is_hopeless(error):
                raise
            self.db.close()
            standing.is_lost()
            turned = connections["default"].cursor()
            self.cursor, self.db = turned.cursor, turned.db
            return super().execute(sql, params)
