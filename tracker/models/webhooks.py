"""Where a group tells programs and chats what happens in it."""

from typing import ClassVar

from django.db import models

from tracker.models.groups import StudyGroup
from tracker.models.ids import PUBLIC_ID_LENGTH, new_public_id
from tracker.models.people import User, check_plain_text

MAXIMUM_WEBHOOK_NAME_LENGTH = 100


class WebhookKind(models.TextChoices):
    PROGRAM = "program", "A program of yours"
    SLACK = "slack", "Slack"
    DISCORD = "discord", "Discord"


class GroupEvent(models.TextChoices):
    """What a group tells; stable names, as Standard Webhooks has them."""

    ASSIGNMENT_PUBLISHED = "assignment.published", "A chapter is assigned"
    ASSIGNMENT_MOVED = "assignment.moved", "A due date moves"
    ASSIGNMENT_REMOVED = "assignment.removed", "An assignment is removed"
    ASSIGNMENT_DUE_TOMORROW = "assignment.due_tomorrow", "A chapter is due tomorrow"
    ASSIGNMENT_FINISHED = "assignment.finished", "Everybody has finished a chapter"
    QUESTION_ASKED = "question.asked", "Somebody asks a question"
    QUESTION_ANSWERED = "question.answered", "Somebody answers"
    WEBHOOK_TESTED = "webhook.tested", "A leader tries this connection"


class Webhook(models.Model):
    """An address that a group tells its events to. Address and secret are kept sealed.

    After `rotated_at` the previous secret signs along for a day. A disabled one is told nothing;
    `disabled_because` is a sentence for the leaders. `failing_since` is null while all goes well.
    `not_before` lets a busy or rate-limited receiver rest.
    """

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, default=new_public_id, editable=False
    )
    group = models.ForeignKey(StudyGroup, on_delete=models.CASCADE, related_name="webhooks")
    kind = models.CharField(max_length=10, choices=WebhookKind)
    name = models.CharField(max_length=MAXIMUM_WEBHOOK_NAME_LENGTH, validators=[check_plain_text])
    sealed_url = models.TextField()
    url_digest = models.CharField(max_length=64, help_text="SHA-256 of the address")
    shown_url = models.CharField(max_length=200, help_text="What a leader sees of the address")
    sealed_secret = models.TextField(blank=True)
    sealed_previous_secret = models.TextField(blank=True)
    rotated_at = models.DateTimeField(null=True, blank=True)
    events = models.JSONField(help_text="A list of GroupEvent values")
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    created_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_because = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "url_digest"], name="one_webhook_per_group_and_address"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id}: {self.shown_url}"


class DeliveryState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Given up"


class Delivery(models.Model):
    """One event for one webhook, written in the transaction of what it tells.

    `message_id` is the same for every attempt, and for a redelivery, so that the other side can
    tell a repetition. `key` names the event, so that it is written once. Nobody else takes it
    before `claimed_until`.
    """

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, default=new_public_id, editable=False
    )
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=30, choices=GroupEvent)
    key = models.CharField(max_length=120)
    message_id = models.CharField(max_length=40)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="When it is tried next")
    claimed_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    last_tried_at = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Null: no answer"
    )

    class Meta:
        verbose_name_plural = "deliveries"
        ordering: ClassVar[list[str]] = ["-created_at", "-id"]
        indexes = [
            models.Index(
                fields=["due_at"], name="deliveries_waiting", condition=models.Q(state="waiting")
            ),
            models.Index(fields=["webhook", "-created_at", "-id"], name="deliveries_newest_first"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["webhook", "key"], name="one_delivery_per_webhook_and_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.webhook_id}: {self.key} ({self.state})"
