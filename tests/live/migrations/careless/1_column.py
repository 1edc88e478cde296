"""A column that the release before does not fill."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracker", "{before}")]

    operations = [
        migrations.AddField("studysession", "mood", models.CharField(default="", max_length=9)),
    ]
