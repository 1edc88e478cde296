"""Accounts that nobody uses any more."""

from django.db import models

from tracker.models.people import User


class Inactivity(models.Model):
    """Somebody was told by mail that their account will go if they do not come back.

    No row means that they have not been told. A null `told_again_at` means: once so far.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="inactivity")
    told_at = models.DateTimeField()
    told_again_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "inactivity"

    def __str__(self) -> str:
        return f"{self.user_id}: {self.told_at:%Y-%m-%d}"
