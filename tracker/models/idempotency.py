"""Answers that are kept so that a repeated call does nothing twice."""

from django.db import models

from tracker.models.people import User

MAXIMUM_KEY_LENGTH = 255


class KeptAnswer(models.Model):
    """What one person's call with an Idempotency-Key was answered; no good after a day.

    `fingerprint` is a hash of the method, the address and the body. A blank `body` means that the
    answer showed a secret, so that it is not kept.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="kept_answers")
    key = models.CharField(max_length=MAXIMUM_KEY_LENGTH)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    location = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_user_and_key"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.status} to {self.key}"
