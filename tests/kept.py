"""What the tables hold, to be given back after a test that commits."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

Rows = list[tuple[Any, ...]]


def read_rows() -> dict[type[models.Model], Rows]:
    every = apps.get_models(include_auto_created=True)
    return {model: _rows_of(model) for model in every}


def give_back(kept: Mapping[type[models.Model], Rows]) -> None:
    """Tables that hold something else than what is `kept` are written anew."""
    with transaction.atomic(), connection.cursor() as cursor:
        for model, rows in kept.items():
            if _rows_of(model) == rows:
                continue
            table = model._meta.db_table
            # Foreign keys are looked at when all is done, so the order does not matter.
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608  # our own names
            if rows:
                places = ", ".join(["%s"] * len(rows[0]))
                into = f"INSERT INTO {table} ({_columns(model)}) VALUES ({places})"  # noqa: S608  # as above
                cursor.executemany(into, rows)


def _rows_of(model: type[models.Model]) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_columns(model)} FROM {model._meta.db_table} ORDER BY 1")  # noqa: S608  # our own names
        return list(cursor.fetchall())


def _columns(model: type[models.Model]) -> str:
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    return ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
