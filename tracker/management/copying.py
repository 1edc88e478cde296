"""Writing very many rows: by COPY on PostgreSQL, in minutes instead of hours."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.management.color import no_style
from django.db import connection, models

Row = tuple[object, ...]
# As many variables as any SQLite takes in one statement.
_SQLITE_VARIABLES = 999

# What COPY need not keep up row by row. A unique constraint can be needed by a foreign key.
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE conrelid = ANY (%s::regclass[]) AND contype IN ('f', 'u')
    ORDER BY contype, oid
"""
_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index
    WHERE indrelid = ANY (%s::regclass[]) AND NOT indisprimary
    ORDER BY indexrelid
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and the columns that its rows bring; the others get what their fields begin with."""

    model: type[models.Model]
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    def write(self, rows: Sequence[Row]) -> None:
        if connection.vendor == "postgresql":
            self._copy(rows)
        else:
            self.model._default_manager.bulk_create(
                (self.model(**dict(zip(self.columns, row, strict=True))) for row in rows),
                batch_size=_SQLITE_VARIABLES // len(self.model._meta.concrete_fields),
            )

    def _copy(self, rows: Iterable[Row]) -> None:
        fields = {field.attname: field for field in self.model._meta.concrete_fields}
        brought = [fields.pop(name) for name in self.columns]
        others = [field for field in fields.values() if not field.primary_key]
        rest = tuple(field.get_db_prep_save(field.get_default(), connection) for field in others)
        quote = connection.ops.quote_name
        listed = ", ".join(quote(str(field.column)) for field in [*brought, *others])
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {quote(self.name)} ({listed}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row + rest)


def next_id(model: type[models.Model]) -> int:
    """The first primary key that no row has had."""
    last = model._default_manager.aggregate(last=models.Max("pk"))["last"]
    return int(last or 0) + 1


def move_sequences(tables: Iterable[Table]) -> None:
    """Let the database count on from the primary keys that were written."""
    statements = connection.ops.sequence_reset_sql(no_style(), [table.model for table in tables])
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def without_indexes(tables: Iterable[Table]) -> Iterator[None]:
    """On PostgreSQL the tables have primary keys only in this block; at its end all is back.

    An index that is written at once takes a fraction of the time, and so does a foreign key that
    is checked at once. For inside of a transaction, which keeps everybody else out of the tables.
    """
    if connection.vendor != "postgresql":
        yield
        return
    names = [connection.ops.quote_name(table.name) for table in tables]
    with connection.cursor() as cursor:
        # A table with checks that are still to be made cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(_CONSTRAINTS, [names])
        constraints: list[tuple[str, str, str]] = cursor.fetchall()
        for table, name, _ in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        cursor.execute(_INDEXES, [names])
        indexes: list[tuple[str, str]] = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        for _, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in reversed(constraints):
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def tidy(tables: Iterable[Table]) -> None:
    """On PostgreSQL, tell the planner what has come, as autovacuum would after a while."""
    if connection.vendor == "postgresql":
        # Dead rows and pages that everybody sees can only be told from outside of a transaction.
        verb = "ANALYZE" if connection.in_atomic_block else "VACUUM (ANALYZE)"
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"{verb} {connection.ops.quote_name(table.name)}")
