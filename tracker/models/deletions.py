"""Accounts that their owners have deleted."""

from django.db import models
from django.utils import timezone

from tracker.models.ids import PUBLIC_ID_LENGTH


class DeletionState(models.TextChoices):
    REQUESTED = "requested", "Gone for everybody; what it did is still to be erased"
    ERASING = "erasing", "Being erased"
    ERASED = "erased", "Nothing is left"


class Deletion(models.Model):
    """An account that was deleted, by the id that others knew; nothing else of it is here.

    From the same transaction on the account can do nothing and is seen nowhere; the worker erases
    what it did, in steps. The row stays after that for as long as there are backups, so that
    whoever restores one can delete the account again. `empties_posts`: its questions and answers
    lose their texts.
    """

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, unique=True, editable=False)
    empties_posts = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=DeletionState, default=DeletionState.REQUESTED)
    requested_at = models.DateTimeField(default=timezone.now)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["requested_at"],
                name="deletions_to_be_done",
                condition=~models.Q(state="erased"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id}: {self.state}"
