"""Queries that every page makes, and what every tick writes, worded once instead of at every call.

Building a query takes the ORM longer than a database takes to answer it from an index. The ORM
still writes the SQL, for whichever database there is, and converts what comes back.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connections, router
from django.db.models import Field, Model, QuerySet
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery
from django.db.models.sql.compiler import SQLCompiler

# Stand in the written query where the key and the text go; no row has such ones.
_PLACE = -(2**40) - 7
_TEXT_PLACE = "\x1athe text"


def rows_of(connection: Any, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """All rows, by the short way where the database has one (mlmath.postgresql). One query."""
    rows: list[tuple[Any, ...]]
    if connection.vendor == "postgresql":
        rows = connection.rows_of(sql, params)
    else:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            rows = cursor.fetchall()
    return rows


@dataclass(frozen=True, slots=True)
class _Written:
    compiler: SQLCompiler
    sql: str
    params: tuple[Any, ...]
    converters: dict[int, Any]


class Statement:
    """A query by one key, and where it `takes_text` by a text as well.

    `build` makes it for a given key (and text); its columns come back as tuples.
    """

    def __init__(
        self,
        model: type[Model],
        build: Callable[..., QuerySet[Any, Any]],
        *,
        takes_text: bool = False,
    ) -> None:
        self._model, self._build = model, build
        self._places = (_PLACE, _TEXT_PLACE) if takes_text else (_PLACE,)
        self._written: dict[str, _Written] = {}

    def rows(self, key: int, text: str = "") -> Iterable[tuple[Any, ...]]:
        """The rows for `key`, converted as the ORM does it. One query."""
        alias = router.db_for_read(self._model)
        written = self._written.get(alias) or self._write(alias)
        given: dict[Any, Any] = {_PLACE: key, _TEXT_PLACE: text}
        params = [given.get(param, param) for param in written.params]
        rows: Iterable[tuple[Any, ...]] = rows_of(connections[alias], written.sql, params)
        if written.converters:
            rows = (tuple(row) for row in self._converted(written, rows))
        return rows

    @staticmethod
    def _converted(written: _Written, rows: Iterable[tuple[Any, ...]]) -> Iterable[Any]:
        converted: Iterable[Any] = written.compiler.apply_converters(rows, written.converters)
        return converted

    def _write(self, alias: str) -> _Written:
        # The compiler keeps this thread's connection, of which the converters read settings only.
        compiler = self._build(*self._places).query.get_compiler(alias)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([column for column, _, _ in compiler.select])
        written = _Written(compiler, sql, tuple(params), converters)
        self._written[alias] = written
        return written


Row = TypeVar("Row", bound=Model)


class Insert(Generic[Row]):
    """Puts rows into the table of `model`; where `unique` says that one is there, `update` moves.

    The keys that the database gives to the rows are not read.
    """

    def __init__(
        self, model: type[Row], *, unique: Sequence[str] = (), update: Sequence[str] = ()
    ) -> None:
        self._model, self._unique, self._update = model, unique, update
        self._fields: list[Field[Any, Any]] = [
            field for field in model._meta.local_concrete_fields if not field.primary_key
        ]
        self._written: dict[str, str] = {}

    def rows(self, rows: Sequence[Row]) -> None:
        """One query, none for no rows."""
        if len(rows) != 1:
            self._model._default_manager.bulk_create(
                rows,
                update_conflicts=bool(self._update),
                unique_fields=self._unique or None,
                update_fields=self._update or None,
            )
            return
        alias = router.db_for_write(self._model)
        connection = connections[alias]
        sql = self._written.get(alias) or self._write(alias, rows[0])
        values = [
            field.get_db_prep_save(field.pre_save(rows[0], add=True), connection)
            for field in self._fields
        ]
        if connection.in_atomic_block:
            # There, nothing is ever sent a second time.
            rows_of(connection, sql, values)
            return
        with connection.cursor() as cursor:
            cursor.execute(sql, values)

    def _write(self, alias: str, row: Row) -> str:
        named = {field.name: field for field in self._fields}
        query = InsertQuery(
            self._model,
            on_conflict=OnConflict.UPDATE if self._update else None,
            update_fields=[named[name] for name in self._update],
            unique_fields=[named[name] for name in self._unique],
        )
        query.insert_values(self._fields, [row])
        sql: str = query.get_compiler(alias).as_sql()[0][0]
        self._written[alias] = sql
        return sql
