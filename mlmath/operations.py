"""Changes of tables and rows that a site in use does not notice. tests/test_migrations.py asks for
them."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.postgres import operations
from django.db import migrations, transaction
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import QuerySet

BATCH = 1000

Rows = QuerySet[Any]


class AddIndexConcurrently(operations.AddIndexConcurrently):
    """Django's, and on SQLite, where writers take turns anyway, a plain AddIndex.

    Stands in a migration of its own, with `atomic = False`. One that has failed leaves an index
    that is not valid: drop it before trying again.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, *states)
        else:
            migrations.AddIndex.database_forwards(self, app_label, schema_editor, *states)

    def database_backwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, *states)
        else:
            migrations.AddIndex.database_backwards(self, app_label, schema_editor, *states)


class DropIndexes(Operation):
    """Drops the indexes that `find` names, of which no query makes use, while people write.

    Stands in a migration with `atomic = False`, and may be repeated. Going back makes none again.
    """

    reversible = True

    def __init__(self, find: Callable[[Any], Iterable[str]]) -> None:
        self.find = find

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        connection = schema_editor.connection
        beside = "CONCURRENTLY " if connection.vendor == "postgresql" else ""
        for name in self.find(connection):
            quoted = connection.ops.quote_name(name)
            schema_editor.execute(f"DROP INDEX {beside}IF EXISTS {quoted}")

    def database_backwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        pass

    def describe(self) -> str:
        return "Drop indexes that no query uses"


class ChangeRows(migrations.RunPython):
    """Changes the rows of a model that `todo` finds, a thousand in each transaction.

    `change` makes rows such that `todo` finds them no more, so that breaking off and starting anew
    does no harm. Stands in a migration of its own, with `atomic = False`. Going back changes none.
    """

    def __init__(
        self,
        app_label: str,
        model: str,
        *,
        todo: Callable[[Rows], Rows],
        change: Callable[[Rows], Any],
    ) -> None:
        def forwards(apps: Any, schema_editor: Any) -> None:
            alias = schema_editor.connection.alias
            rows = apps.get_model(app_label, model)._base_manager.using(alias)
            change_in_batches(rows, todo=todo, change=change)

        super().__init__(forwards, migrations.RunPython.noop)


def change_in_batches(
    rows: Rows, *, todo: Callable[[Rows], Rows], change: Callable[[Rows], Any], batch: int = BATCH
) -> int:
    """How many transactions it took. Raises ValueError where `change` leaves rows for `todo`."""
    count = 0
    before: list[Any] = []
    while keys := list(todo(rows.all()).order_by("pk").values_list("pk", flat=True)[:batch]):
        if keys == before:
            raise ValueError("What is changed is still there to do.")
        with transaction.atomic(using=rows.db):
            change(rows.filter(pk__in=keys))
        count, before = count + 1, keys
    return count
