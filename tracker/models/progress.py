"""Where people stand with topics."""

from django.db import models
from django.db.models import Q

from catalog.models import Topic
from tracker.models.people import User

MAXIMUM_STUCK_NOTE_LENGTH = 300


class TopicState(models.TextChoices):
    TODO = "todo", "To do"
    LEARNING = "learning", "Learning"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Skipped"


class Source(models.TextChoices):
    """What wrote a state."""

    MANUAL = "manual"
    SELF_ASSESSMENT = "self_assessment"
    UNIT = "unit"
    IMPORT = "import"
    API = "api"


class TopicProgress(models.Model):
    """Where one person stands with one topic. No row means todo."""

    # Each index and constraint below begins with the person; one of its own would only be written.
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="topic_progress", db_index=False
    )
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=TopicState)
    is_stuck = models.BooleanField(default=False)
    stuck_note = models.CharField(
        max_length=MAXIMUM_STUCK_NOTE_LENGTH,
        blank=True,
        help_text="What they are stuck at; goes with the flag",
    )
    source = models.CharField(max_length=20, choices=Source)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "topic progress"
        constraints = [
            models.UniqueConstraint(fields=["user", "topic"], name="one_state_per_user_and_topic"),
            models.CheckConstraint(
                condition=Q(state__in=TopicState.values), name="state_is_one_of_the_four"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.topic_id} {self.state}"
