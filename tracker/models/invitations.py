"""Ways into a group: a link for several people, or one for an e-mail address."""

import hashlib
import secrets

from django.db import models
from django.db.models import F, Q

from tracker.models.groups import StudyGroup
from tracker.models.ids import PUBLIC_ID_LENGTH, new_public_id
from tracker.models.people import User

# 32 letters and digits that are not taken for each other: 26 of them are 130 bits.
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_CODE_LENGTH = 26
VISIBLE_PREFIX_LENGTH = 8


def new_code() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))


def digest_of_code(code: str) -> str:
    """What is kept of a code; it has so many random bits that no salt is needed."""
    return hashlib.sha256(code.encode(errors="replace")).hexdigest()


class Invitation(models.Model):
    """A code that lets people join, of which only a hash is kept.

    A null `max_uses` means as often as people like until it expires. An invitation to an `email`
    is good for the person with that address, once.
    """

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, default=new_public_id, editable=False
    )
    group = models.ForeignKey(StudyGroup, on_delete=models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the code")
    prefix = models.CharField(max_length=8, help_text="How the code starts")
    email = models.EmailField("e-mail address", max_length=254, blank=True)
    max_uses = models.PositiveSmallIntegerField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0)
    invited_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(max_uses=None) | Q(uses__lte=F("max_uses")),
                name="uses_of_a_code_keep_to_its_limit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}… into {self.group_id}"
