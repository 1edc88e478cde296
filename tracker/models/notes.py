"""Private notes on topics."""

from django.db import models

from catalog.models import Topic
from tracker.models.people import User

MAXIMUM_NOTE_LENGTH = 20_000


class TopicNote(models.Model):
    """One person's note on one topic, as Markdown. No row means an empty note."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="topic_notes")
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="+")
    body = models.TextField(max_length=MAXIMUM_NOTE_LENGTH)
    body_html = models.TextField(editable=False)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "topic"], name="one_note_per_user_and_topic"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.topic_id}"

    @property
    def version(self) -> str:
        """The time of the last change, to the microsecond, as a form sends it back."""
        return self.changed_at.isoformat()
