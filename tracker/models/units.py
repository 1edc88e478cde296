"""Which chapters people have read."""

from django.db import models

from catalog.models import Unit
from tracker.models.people import User


class UnitProgress(models.Model):
    """One person has done one unit. No row means that they have not."""

    # Each index and constraint below begins with the person; one of its own would only be written.
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="unit_progress", db_index=False
    )
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "unit progress"
        constraints = [
            models.UniqueConstraint(fields=["user", "unit"], name="one_row_per_user_and_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.unit_id}"
