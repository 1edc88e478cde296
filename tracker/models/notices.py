"""News for one person, shown at the bell."""

from django.db import models
from django.db.models import Q

from tracker.models.groups import StudyGroup
from tracker.models.ids import PUBLIC_ID_LENGTH, new_public_id
from tracker.models.mail import Outgoing
from tracker.models.people import User

MAXIMUM_NOTICE_LENGTH = 500


class NoticeKind(models.TextChoices):
    NUDGE = "nudge", "A leader thinks of you"
    ASSIGNMENT = "assignment", "Chapters and dates of a group"
    QUESTION = "question", "Questions and answers"
    MENTION = "mention", "Somebody mentions you"
    MEETING = "meeting", "Meetings"
    MEMBERSHIP = "membership", "Joining, leaving and what a leader does about you"


class Notice(models.Model):
    """One piece of news for one person: a sentence, and the local address it leads to.

    `key` names what happened, so that the same thing is told once. A null `read_at` means unread.
    From `mail_after` on it may be told by mail as well; null means that this is settled, and `mail`
    is the one that tells it, if any does.
    """

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, default=new_public_id, editable=False
    )
    # Each index and constraint below begins with the person; one of its own would only be written.
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices", db_index=False)
    kind = models.CharField(max_length=12, choices=NoticeKind)
    key = models.CharField(max_length=120)
    group = models.ForeignKey(
        StudyGroup, on_delete=models.CASCADE, related_name="+", null=True, blank=True
    )
    by = models.ForeignKey(User, on_delete=models.SET_NULL, related_name="+", null=True, blank=True)
    text = models.CharField(max_length=MAXIMUM_NOTICE_LENGTH)
    address = models.CharField(max_length=300)
    told_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    mail_after = models.DateTimeField(null=True, blank=True)
    mail = models.ForeignKey(
        Outgoing, on_delete=models.SET_NULL, related_name="notices", null=True, blank=True
    )

    class Meta:
        indexes = [
            models.Index(fields=["user", "-told_at", "-id"], name="notices_newest_first"),
            # Every page counts them for the bell.
            models.Index(fields=["user"], name="unread_notices", condition=Q(read_at=None)),
            models.Index(
                fields=["mail_after"],
                name="notices_to_be_mailed",
                condition=Q(mail_after__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_notice_per_person_and_key"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.key}"
