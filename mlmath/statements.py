"""Queries that every page makes, written once instead of at every call.

Building a query takes the ORM longer than a database takes to answer it from an index. The ORM
still writes the SQL, for whichever database there is, and converts what comes back.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connections, router
from django.db.models import Model, QuerySet
from django.db.models.sql.compiler import SQLCompiler

# Stands in the written query where the key goes; no row has such a key.
_PLACE = -(2**40) - 7


@dataclass(frozen=True, slots=True)
class _Written:
    compiler: SQLCompiler
    sql: str
    params: tuple[Any, ...]
    converters: dict[int, Any]


class Statement:
    """A query by one key. `build` makes it for a given key; its columns come back as tuples."""

    def __init__(self, model: type[Model], build: Callable[[int], QuerySet[Any, Any]]) -> None:
        self._model, self._build = model, build
        self._written: dict[str, _Written] = {}

    def rows(self, key: int) -> Iterable[tuple[Any, ...]]:
        """The rows for `key`, converted as the ORM does it. One query."""
        alias = router.db_for_read(self._model)
        written = self._written.get(alias) or self._write(alias)
        params = [key if param == _PLACE else param for param in written.params]
        with connections[alias].cursor() as cursor:
            cursor.execute(written.sql, params)
            rows: Iterable[tuple[Any, ...]] = cursor.fetchall()
        if written.converters:
            rows = (tuple(row) for row in self._converted(written, rows))
        return rows

    @staticmethod
    def _converted(written: _Written, rows: Iterable[tuple[Any, ...]]) -> Iterable[Any]:
        converted: Iterable[Any] = written.compiler.apply_converters(rows, written.converters)
        return converted

    def _write(self, alias: str) -> _Written:
        # The compiler keeps this thread's connection, of which the converters read settings only.
        compiler = self._build(_PLACE).query.get_compiler(alias)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([column for column, _, _ in compiler.select])
        written = _Written(compiler, sql, tuple(params), converters)
        self._written[alias] = written
        return written
