"""Spaced review of done topics."""

from django.db import models

from catalog.models import Topic
from tracker.models.people import User


class Grade(models.TextChoices):
    AGAIN = "again", "Again"
    HARD = "hard", "Hard"
    GOOD = "good", "Good"
    EASY = "easy", "Easy"


class TopicReview(models.Model):
    """When one person's memory of one topic is due, in the terms of FSRS.

    No row means that the topic has never been reviewed; it is then first due a week after it was
    done. Null `stability` and `difficulty` mean that the first review was only postponed.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="topic_reviews")
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="+")
    stability = models.FloatField(null=True, blank=True)
    difficulty = models.FloatField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "topic"], name="one_review_per_user_and_topic"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.topic_id} due {self.due_at:%Y-%m-%d}"


class ReviewAnswer(models.Model):
    """One grade that somebody gave themselves; the history of a TopicReview."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="review_answers")
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="+")
    grade = models.CharField(max_length=5, choices=Grade)
    at = models.DateTimeField()
    day = models.DateField(help_text="The person's local date")

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["user", "-at"], name="answers_newest_first")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.topic_id} {self.grade}"
