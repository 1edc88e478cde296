"""Drop indexes that are written with every tick and that no query uses.

Those of a person alone are the beginning of others. Those for how a text begins, which PostgreSQL
alone has, serve a search that nobody makes.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from mlmath.operations import DropIndexes


TABLES = (
    "tracker_activity", "tracker_notice", "tracker_studysession", "tracker_topicprogress",
    "tracker_unitprogress",
)  # fmt: skip


def of_the_person_alone(connection):
    with connection.cursor() as cursor:
        return [
            name
            for table in TABLES
            for name, index in connection.introspection.get_constraints(cursor, table).items()
            if name.startswith(f"{table}_user_id_") and index["index"]
        ]


def for_how_a_text_begins(connection):
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_opclass o ON o.oid = ANY(i.indclass)"
            " WHERE n.nspname = current_schema() AND o.opcname LIKE '%pattern_ops'"
        )
        return [name for (name,) in cursor.fetchall()]


class Migration(migrations.Migration):
    # Django would make the foreign keys anew, and read whole tables for that.
    atomic = False
    dependencies = [
        ("tracker", "0019_acts"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[],
            state_operations=[
                migrations.AlterField(
                    model_name="activity",
                    name="user",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="activity",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="notice",
                    name="user",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="studysession",
                    name="user",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="study_sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="topicprogress",
                    name="user",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="topic_progress",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="unitprogress",
                    name="user",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="unit_progress",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        DropIndexes(of_the_person_alone),
        DropIndexes(for_how_a_text_begins),
    ]
