"""Kind words from a leader to somebody who has fallen behind."""

from django.db import models

from tracker.models.groups import StudyGroup
from tracker.models.people import User

MAXIMUM_NUDGE_LENGTH = 200


class Nudge(models.Model):
    """A leader has nudged a member on a local day of the group. No row: nobody has on that day.

    The words are those of the notice that went with it.
    """

    group = models.ForeignKey(StudyGroup, on_delete=models.CASCADE, related_name="nudges")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(User, on_delete=models.SET_NULL, related_name="+", null=True)
    day = models.DateField()
    nudged_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "user", "day"], name="one_nudge_per_group_person_and_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id}: {self.user_id} on {self.day}"
