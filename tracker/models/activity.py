"""The log of what people did; current state is a row elsewhere, history is here."""

from django.db import models
from django.db.models import Q

from catalog.models import Topic, Unit
from tracker.models.ids import PUBLIC_ID_LENGTH, new_public_id
from tracker.models.people import User
from tracker.models.progress import MAXIMUM_STUCK_NOTE_LENGTH, Source, TopicState


class Activity(models.Model):
    """One topic's or unit's change of state, with all that is needed to take it back exactly.

    Everything done by one action shares `batch`. `undoes` names the batch that a row takes back.
    A null `before_changed_at` means that there was no row before, a null `after_changed_at` that
    none was left.
    """

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, default=new_public_id, editable=False
    )
    # Each index and constraint below begins with the person; one of its own would only be written.
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="activity", db_index=False
    )
    topic = models.ForeignKey(
        Topic, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    batch = models.CharField(max_length=PUBLIC_ID_LENGTH)
    undoes = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    before_state = models.CharField(max_length=10, choices=TopicState)
    before_is_stuck = models.BooleanField()
    before_stuck_note = models.CharField(max_length=MAXIMUM_STUCK_NOTE_LENGTH, blank=True)
    before_source = models.CharField(max_length=20, choices=Source, blank=True)
    before_changed_at = models.DateTimeField(null=True)
    after_state = models.CharField(max_length=10, choices=TopicState)
    after_is_stuck = models.BooleanField()
    after_changed_at = models.DateTimeField(null=True)
    source = models.CharField(max_length=20, choices=Source)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "activity"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["user", "-at", "-id"], name="activity_newest_first"),
            models.Index(fields=["user", "batch"], name="activity_of_one_action"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(topic=None) ^ Q(unit=None), name="activity_is_about_one_thing"
            ),
        ]

    def __str__(self) -> str:
        thing = f"topic {self.topic_id}" if self.topic_id else f"unit {self.unit_id}"
        return f"{self.user_id}: {thing} {self.before_state} → {self.after_state}"
