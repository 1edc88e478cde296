"""Tokens by which programs act for a person."""

from django.db import models

from tracker.models.ids import PUBLIC_ID_LENGTH, new_public_id
from tracker.models.people import User


class Scope(models.TextChoices):
    READ = "read", "Read everything of mine"
    WRITE = "write", "Change my own things, join groups, answer"
    GROUPS = "groups", "Do everything that a leader does"


class ApiToken(models.Model):
    """A token, of which only a hash is kept. `scopes` is a list of Scope values."""

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, default=new_public_id, editable=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    scopes = models.JSONField()
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret")
    prefix = models.CharField(max_length=8, help_text="How the secret starts")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.user_id}"
