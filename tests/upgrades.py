"""The database of an earlier release, so that a test can bring it to this one.

`python -m tests.upgrades record NAME` writes the one of the code that runs it into
`tests/releases/NAME.json`: which migrations it has had, and some rows of every table.
"""

import json
import os
import signal
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import django

RELEASES = Path(__file__).resolve().parent / "releases"
ROWS_OF_EACH = 6
# Django fills these by itself, with numbers of its own.
_NOT_RECORDED = {"auth", "contenttypes", "admin"}

Row = dict[str, Any]
Rows = dict[str, list[Row]]


def record(name: str) -> None:
    """Writes down a release from a database that `fill` has filled."""
    from django.apps import apps
    from django.core.serializers.json import DjangoJSONEncoder
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    models = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label not in _NOT_RECORDED and model._meta.managed
    ]
    chosen: defaultdict[Any, set[Any]] = defaultdict(set)

    def choose(model: Any, key: Any) -> None:
        """The row, and all that it points at."""
        if key in chosen[model]:
            return
        chosen[model].add(key)
        row = model._base_manager.get(pk=key)
        for field in model._meta.concrete_fields:
            if field.is_relation and (value := getattr(row, field.attname)) is not None:
                choose(field.related_model, value)

    for model in models:
        keys = list(model._base_manager.order_by("pk").values_list("pk", flat=True))
        for key in keys[: ROWS_OF_EACH // 2] + keys[-ROWS_OF_EACH // 2 :]:
            choose(model, key)
    rows = {
        model._meta.label: [
            {
                field.attname: _short(model, field.value_from_object(row))
                for field in model._meta.concrete_fields
            }
            for row in model._base_manager.filter(pk__in=chosen[model]).order_by("pk")
        ]
        for model in models
    }
    # The newest of each app.
    applied = dict(sorted(MigrationRecorder(connection).applied_migrations()))
    text = json.dumps({"migrations": applied, "rows": rows}, cls=DjangoJSONEncoder, indent=0)
    (RELEASES / f"{name}.json").write_text(f"{text}\n")


def _short(model: Any, value: Any) -> Any:
    """The texts of the catalog are long, and not what an upgrade could spoil."""
    is_long = model._meta.app_label == "catalog" and isinstance(value, str)
    return value[:200] if is_long else value


def lay(name: str) -> None:
    """Makes of an empty database the one of the release, and prints its rows."""
    from django.db import connection, transaction
    from django.db.migrations.executor import MigrationExecutor

    release = json.loads((RELEASES / f"{name}.json").read_text())
    state = MigrationExecutor(connection).migrate(list(release["migrations"].items()))
    with transaction.atomic():
        for label, rows in release["rows"].items():
            model = state.apps.get_model(label)
            fields = {field.attname: field for field in model._meta.concrete_fields}
            model._base_manager.bulk_create(
                model(**{name: fields[name].to_python(value) for name, value in row.items()})
                for row in rows
            )
    tables = [state.apps.get_model(label) for label in release["rows"]]
    with connection.cursor() as cursor:
        from django.core.management.color import no_style

        for statement in connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute(statement)
    print(json.dumps(rows_of([model._meta.db_table for model in tables])))


def migrate_until_killed(number: str) -> None:
    """Brings the database to this release, and is killed where so many migrations are done but the
    last of them not yet written down."""
    from django.core.management import call_command
    from django.db.migrations.recorder import MigrationRecorder

    left = iter(range(int(number) - 1, -1, -1))
    record_applied = MigrationRecorder.record_applied

    def record_or_die(self: MigrationRecorder, app: str, name: str) -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        record_applied(self, app, name)

    MigrationRecorder.record_applied = record_or_die  # type: ignore[method-assign]
    call_command("migrate", verbosity=0)


def finish(laid: str = "") -> None:
    """Brings the database to this release; prints what of the rows in the file `laid` is no longer
    there as it was, and the schema."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    before: Rows = json.loads(Path(laid).read_text()) if laid else {}
    after = rows_of(list(before))
    lost = [
        f"{table}: {row}"
        for table, rows in before.items()
        for row in rows
        if not any(row.items() <= other.items() for other in after[table])
    ]
    more = [table for table, rows in before.items() if len(after[table]) != len(rows)]
    print(json.dumps({"lost": lost, "other number": more, "schema": _schema()}))


def rows_of(tables: list[str]) -> Rows:
    """All rows of `tables`, as text by column."""
    from django.db import connection

    found: Rows = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            columns = [column[0] for column in cursor.description]
            found[table] = [
                {name: str(value) for name, value in zip(columns, row, strict=True)}
                for row in cursor.fetchall()
            ]
    return found


def _schema() -> dict[str, Any]:
    """Every table with its columns, constraints and indexes, in an order of no meaning."""
    from django.db import connection

    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            columns = connection.introspection.get_table_description(cursor, table)
            constraints = connection.introspection.get_constraints(cursor, table)
            found[table] = {
                "columns": sorted(map(str, columns)),
                "constraints": sorted(f"{name}: {one}" for name, one in constraints.items()),
            }
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated "
                "FROM pg_constraint WHERE connamespace = 'public'::regnamespace "
                "UNION ALL SELECT tablename::regclass, indexname, indexdef, true "
                "FROM pg_indexes WHERE schemaname = 'public'"
            )
            found["definitions"] = sorted(
                [str(value) for value in row] for row in cursor.fetchall()
            )
    return found


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlmath.settings")
    django.setup()
    _, what, *arguments = sys.argv
    globals()[what](*arguments)
