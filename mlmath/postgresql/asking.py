"""Asks PostgreSQL without a cursor, for statements whose rows are read all at once.

A cursor writes the values into the statement and keeps what came, for whoever goes on asking; by
itself it takes longer than all the rest of a query that finds its rows by a key.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult


class Asker:
    """Of one connection.

    With `prepares`, the server keeps each statement with its plan, so there are to be few. That
    needs the same server for all transactions, which a pooler does not give.
    """

    def __init__(self, connection: psycopg.Connection[Any], *, prepares: bool) -> None:
        self._connection, self._prepares = connection, prepares
        self._transformer = Transformer(connection)
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._numbers = count()

    def rows(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        """All rows, their values read as a cursor reads them. Raises what psycopg raises."""
        transformer = self._transformer
        values = transformer.dump_sequence(params, [PyFormat.TEXT] * len(params))
        kinds = transformer.types or ()
        with self._connection.lock:
            answer = self._answer(sql, kinds, values)
        transformer.set_pgresult(answer)
        rows: list[tuple[Any, ...]] = transformer.load_rows(0, answer.ntuples, tuple)
        return rows

    def _answer(self, sql: str, kinds: tuple[int, ...], values: Sequence[Any]) -> PGresult:
        pgconn = self._connection.pgconn
        # In a transaction nothing could be asked again, so it relies on nothing that may be gone.
        if self._prepares and pgconn.transaction_status == TransactionStatus.IDLE:
            try:
                name = self._names.get((sql, kinds)) or self._prepared(sql, kinds)
                pgconn.send_query_prepared(name, values)
                return self._received()
            except (FeatureNotSupported, InvalidSqlStatementName):
                # A migration has changed a column since, or somebody has thrown them all away.
                self._names.clear()
        pgconn.send_query_params(_with_numbers(sql), values, kinds)
        return self._received()

    def _prepared(self, sql: str, kinds: tuple[int, ...]) -> bytes:
        name = b"mlmath_%d" % next(self._numbers)
        self._connection.pgconn.send_prepare(name, _with_numbers(sql), kinds)
        self._received()
        self._names[sql, kinds] = name
        return name

    def _received(self) -> PGresult:
        answer: PGresult
        (answer,) = self._connection.wait(execute(self._connection.pgconn))
        if answer.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(answer)
        return answer


@lru_cache(maxsize=256)
def _with_numbers(sql: str) -> bytes:
    """The statement as the server takes it, with $1 in the place of the first %s."""
    places = count(1)
    return re.sub("%[s%]", lambda m: f"${next(places)}" if m[0] == "%s" else "%", sql).encode()
