"""Study groups."""

from django.core.exceptions import ValidationError
from django.db import models

from catalog.models import Resource
from tracker.models.ids import PUBLIC_ID_LENGTH, new_public_id
from tracker.models.people import check_plain_text, check_time_zone
from tracker.models.versions import Versioned

MAXIMUM_GROUP_NAME_LENGTH = 200
MAXIMUM_ABOUT_LENGTH = 5_000


class Visibility(models.TextChoices):
    PRIVATE = "private", "Private: only its people know that it exists"
    PUBLIC = "public", "Public: everybody sees its card and may ask to join"


def check_group_name(name: str) -> None:
    check_plain_text(name)
    if not name.strip():
        raise ValidationError("Give the group a name.", code="blank")


class StudyGroup(Versioned):
    """People who read the same thing by the same dates. Times of day are meant in `time_zone`.

    An archived group can be read and no longer changed; a deleted one is invisible, and kept for a
    while in case it was a mistake. Its version is that of the group itself, not of its people.
    """

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, default=new_public_id, editable=False
    )
    name = models.CharField(max_length=MAXIMUM_GROUP_NAME_LENGTH, validators=[check_group_name])
    about = models.TextField(max_length=MAXIMUM_ABOUT_LENGTH, blank=True, help_text="Markdown")
    about_html = models.TextField(blank=True, editable=False)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[check_time_zone])
    resource = models.ForeignKey(
        Resource, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.PRIVATE)
    is_open = models.BooleanField(
        default=False, help_text="Members also see lateness and the last day of activity"
    )
    created_at = models.DateTimeField(editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        indexes = [
            # The directory, newest first.
            models.Index(
                fields=["-created_at", "-id"],
                name="public_groups",
                condition=models.Q(visibility="public", archived_at=None, deleted_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
