"""How often people have called the API of late."""

from django.db import models

from tracker.models.people import User


class CallCount(models.Model):
    """One person's calls in the minute that began at `began_at`, in seconds since 1970.

    No row means no call yet. `wrote_at` is the second of the last call that came to change
    something, and 0 before the first. One statement counts and reads it (tracker.actions.calls).
    """

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="call_count"
    )
    began_at = models.BigIntegerField()
    calls = models.PositiveIntegerField()
    wrote_at = models.BigIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return f"{self.user_id}: {self.calls}"
