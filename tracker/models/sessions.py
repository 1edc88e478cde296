"""The study log. A running timer stands with the person: there is one at most."""

from django.db import models
from django.db.models import Q

from catalog.models import Topic, Unit
from tracker.models.ids import PUBLIC_ID_LENGTH, new_public_id
from tracker.models.people import MINUTES_IN_A_DAY, User


class StudySession(models.Model):
    """Time that somebody studied. `day` is their local date at the start, fixed when written."""

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, default=new_public_id, editable=False
    )
    # Each index and constraint below begins with the person; one of its own would only be written.
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="study_sessions", db_index=False
    )
    topic = models.ForeignKey(
        Topic, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    minutes = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    day = models.DateField()

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [models.Index(fields=["user", "-started_at"], name="sessions_newest_first")]
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=MINUTES_IN_A_DAY),
                name="session_minutes_fit_in_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.minutes} min on {self.day}"
