"""New columns, a longer one and a new table."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracker", "{before}")]

    operations = [
        migrations.AddField("user", "height", models.IntegerField(null=True)),
        migrations.AddField(
            "topicprogress", "weight", models.IntegerField(default=0, db_default=0)
        ),
        migrations.AddField("studysession", "mood", models.CharField(db_default="", max_length=9)),
        migrations.AlterField("user", "name", models.CharField(blank=True, max_length=1000)),
        migrations.AlterField(
            "user", "reviews_per_day", models.PositiveSmallIntegerField(null=True)
        ),
        migrations.CreateModel(
            "Medal",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=9)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.AddIndex("jobrun", models.Index(fields=["slot"], name="runs_by_slot")),
    ]
