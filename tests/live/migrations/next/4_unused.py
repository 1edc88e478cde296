"""The models leave a column alone, which the release after may drop."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tracker", "{before}")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("user", "reviews_per_day")],
        ),
    ]
