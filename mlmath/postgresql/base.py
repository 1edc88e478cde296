"""Django's PostgreSQL backend, whose requests do not wait for ever, and ask quickly.

A dead server refuses at once, and the time-outs of the socket (mlmath.settings) end with a network
that is cut. A frozen server does neither: its kernel goes on confirming what it receives.
"""

import threading
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from time import monotonic
from types import ModuleType
from typing import Any, TypeVar

import psycopg
from django.db import InterfaceError, OperationalError
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.models import Model
from psycopg.adapt import AdaptersMap, Buffer
from psycopg.pq import TransactionStatus

from mlmath.patience import is_request
from mlmath.postgresql.asking import Asker

# What the server itself ends, for requests only. It then tells us, and the connection lives on.
LIMITS = {
    "lock_timeout": "4s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    # A process that vanishes with its machine leaves a connection behind, for hours by default.
    "tcp_keepalives_idle": "10s",
    "tcp_keepalives_interval": "5s",
    "tcp_keepalives_count": "4",
}
# Seconds without an answer after which a request gives its connection up.
SILENCE = 6.0
# Seconds in which nobody asks again a server that did not let anybody in; the time that it takes
# to find out comes on top.
PAUSE = 1.0
FINDING_OUT = 4.0

Result = TypeVar("Result")


class Moments(BaseTzLoader):  # type: ignore[misc]  # comes without types
    """Reads moments in a quarter of the time of Django's own reader; a page reads a hundred."""

    timezone = UTC

    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(bytes(data).decode())
        except ValueError:
            # Infinity, or a moment before our era: Django's reader says what is wrong.
            moment: datetime = super().load(data)
            return moment


class Connection(psycopg.Connection[Any]):
    """Gives up a server that says nothing, where somebody is waiting for the answer."""

    silence = SILENCE
    asker: Asker

    def wait(
        self, gen: Generator[Any, Any, Result], interval: float = 0.1, timeout: float | None = None
    ) -> Result:
        if timeout is None and is_request():
            timeout = self.silence
        try:
            return super().wait(gen, interval, timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                # Its answer may still come, and would be taken for that to another question.
                self.pgconn.finish()
            raise


_driver = ModuleType("psycopg with connections of ours")
vars(_driver).update(vars(psycopg), connect=Connection.connect)


class Gate:
    """Where connecting has timed out, one request at a time finds out whether it still does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_shut = False
        self._opens_at = 0.0

    def check(self) -> None:
        """Raise what the database would, sparing the time in which it does."""
        with self._lock:
            if not self._is_shut:
                return
            now = monotonic()
            if now < self._opens_at:
                raise psycopg.OperationalError("The database did not answer a moment ago.")
            self._opens_at = now + FINDING_OUT

    def shut(self) -> None:
        with self._lock:
            self._is_shut, self._opens_at = True, monotonic() + PAUSE

    def open(self) -> None:
        self._is_shut = False


_gates: dict[str, Gate] = {}


@lru_cache(maxsize=2)
def _with_quick_moments(context: AdaptersMap) -> AdaptersMap:
    adapters = AdaptersMap(context)
    adapters.register_loader("timestamptz", Moments)
    return adapters


class SchemaEditor(DatabaseSchemaEditor):
    """Leaves out the second index of each unique text, for searches by how it begins.

    Nobody searches that way, and on the log of ticks it was as large as the rows.
    """

    def _create_like_index_sql(self, model: type[Model], field: Any) -> None:
        return None


class DatabaseWrapper(base.DatabaseWrapper):
    Database = _driver
    SchemaEditorClass = SchemaEditor
    health_check_done: bool

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        if self.timezone == UTC:
            params["context"] = _with_quick_moments(params["context"])
        # A pooler that shares connections between clients takes no such options: there, the role
        # has them (docs/operations.md).
        if is_request() and not self.settings_dict.get("IS_POOLED"):
            limits = " ".join(f"-c {name}={value}" for name, value in LIMITS.items())
            params["options"] = f"{limits} {params.get('options', '')}".strip()
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = self._connected(conn_params)
        connection.asker = Asker(connection, prepares=not self.settings_dict.get("IS_POOLED"))
        return connection

    def _connected(self, conn_params: dict[str, Any]) -> Any:
        if not is_request():
            return super().get_new_connection(conn_params)
        gate = _gates.setdefault(self.alias, Gate())
        gate.check()
        try:
            connection = super().get_new_connection(conn_params)
        except psycopg.errors.ConnectionTimeout:
            gate.shut()
            raise
        gate.open()
        return connection

    def rows_of(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        """All rows that a cursor would fetch, by a shorter way. For reads, and in transactions.

        The first statement of a request finds out by itself whether its connection still lives: if
        not, it is sent again on a new one, and Django need not ask beforehand.
        """
        kept: Any = self.connection
        # Where each statement is noted down, or a transaction has yet to begin, a cursor does it.
        if kept is None or self.queries_logged or not (kept.autocommit or _has_begun(kept)):
            return self._fetched(sql, params)
        try:
            return self._asked(sql, params)
        except (OperationalError, InterfaceError):
            is_tried = self.health_check_done or not self.settings_dict["CONN_HEALTH_CHECKS"]
            if is_tried or self.in_atomic_block or not kept.closed:
                raise
            self.close()
            return self._fetched(sql, params)
        finally:
            self.health_check_done = True

    def _fetched(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self.cursor() as cursor:
            cursor.execute(sql, params)
            # A write has no rows to fetch.
            rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
        return rows

    def _asked(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        self.validate_no_broken_transaction()
        ask: Any = self._ask
        for wrapper in reversed(self.execute_wrappers):
            ask = partial(wrapper, ask)
        context = {"connection": self, "cursor": None}
        rows: list[tuple[Any, ...]] = ask(sql, params, False, context)  # noqa: FBT003  # many
        return rows

    def _ask(self, sql: str, params: Sequence[Any], *_: object) -> list[tuple[Any, ...]]:
        with self.wrap_database_errors:
            rows: list[tuple[Any, ...]] = self.connection.asker.rows(sql, params)
        return rows


def _has_begun(connection: Connection) -> bool:
    return connection.pgconn.transaction_status != TransactionStatus.IDLE
