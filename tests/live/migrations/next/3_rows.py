"""Rows that people write meanwhile are filled."""

from django.db import migrations
from django.db.models import F

from mlmath.operations import ChangeRows


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tracker", "{before}")]

    operations = [
        ChangeRows(
            "tracker", "TopicProgress",
            todo=lambda rows: rows.filter(weight=0),
            change=lambda rows: rows.update(weight=F("id")),
        ),
    ]  # fmt: skip
