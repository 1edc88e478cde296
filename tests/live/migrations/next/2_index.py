"""An index on a table that people write to."""

from django.db import migrations, models

from mlmath.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tracker", "{before}")]

    operations = [
        AddIndexConcurrently("activity", models.Index(fields=["at"], name="activity_by_time")),
    ]
