"""When a group meets, who comes, and who presents what."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
)
from django.db import models
from django.db.models import Q

from tracker.models.assignments import Assignment
from tracker.models.groups import StudyGroup
from tracker.models.ids import PUBLIC_ID_LENGTH, new_public_id
from tracker.models.people import MINUTES_IN_A_DAY, User, check_plain_text
from tracker.models.text import check_text
from tracker.models.versions import Versioned

MAXIMUM_TITLE_LENGTH = 200
MAXIMUM_PLACE_LENGTH = 200
MAXIMUM_LINK_LENGTH = 500
MAXIMUM_AGENDA_LENGTH = 5_000
MAXIMUM_MEETING_NOTES_LENGTH = 20_000
MAXIMUM_RRULE_LENGTH = 200


def check_title(title: str) -> None:
    check_plain_text(title)
    if not title.strip():
        raise ValidationError("Give the meeting a name.", code="blank")


def check_link(link: str) -> None:
    """Links are opened by members, so they lead to the web and to nothing else."""
    check_plain_text(link)
    try:
        parts = urlsplit(link)
        is_fine = parts.scheme in {"https", "http"} and bool(parts.hostname)
    except ValueError:
        is_fine = False
    if not is_fine or "@" in parts.netloc or any(letter.isspace() for letter in link):
        raise ValidationError(
            "Start the link with https:// or http://, without a name or password in it.",
            code="unfit_link",
        )


class Meeting(Versioned):
    """A meeting of a group, once or by a rule: a local day and time in the group's zone.

    `rrule` is the value of an RRULE as tracker.summaries.recurrence writes it; blank means once.
    `ends_on` is a day after which it does not take place any more, null for no end. The wall clock
    decides: a change to summer time or of the group's zone leaves the time of day as it is.
    A removed one is kept with `deleted_at`, so that it can come back and calendars can cancel it.
    The version also moves when one of its dates is changed.
    """

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, default=new_public_id, editable=False
    )
    group = models.ForeignKey(StudyGroup, on_delete=models.CASCADE, related_name="meetings")
    title = models.CharField(max_length=MAXIMUM_TITLE_LENGTH, validators=[check_title])
    starts_on = models.DateField()
    start_time = models.TimeField()
    minutes = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(MINUTES_IN_A_DAY)]
    )
    rrule = models.CharField(max_length=MAXIMUM_RRULE_LENGTH, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    place = models.CharField(
        max_length=MAXIMUM_PLACE_LENGTH, blank=True, validators=[check_plain_text]
    )
    link = models.CharField(max_length=MAXIMUM_LINK_LENGTH, blank=True, validators=[check_link])
    agenda = models.TextField(
        max_length=MAXIMUM_AGENDA_LENGTH,
        blank=True,
        validators=[MaxLengthValidator(MAXIMUM_AGENDA_LENGTH), check_text],
        help_text="Markdown",
    )
    agenda_html = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["starts_on", "start_time", "id"]
        constraints = [
            # It also catches the second press of “Add the meeting”.
            models.UniqueConstraint(
                fields=["group", "starts_on", "start_time", "title"],
                condition=Q(deleted_at=None),
                name="one_meeting_per_group_time_and_title",
            ),
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=MINUTES_IN_A_DAY),
                name="meeting_minutes_fit_in_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id}: {self.starts_on} {self.rrule}"


class MeetingDate(models.Model):
    """What differs on one date of a meeting, and the notes of it. No row: it is as the rule says.

    `day` is the date that the rule gives, also once the meeting of that date has been moved to
    another. What is null is as in the meeting. A row whose day is not one of the rule's is a date
    that took place before the rule was changed.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="dates")
    day = models.DateField()
    is_cancelled = models.BooleanField(default=False)
    starts_on = models.DateField(null=True, blank=True)
    start_time = models.TimeField(null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MINUTES_IN_A_DAY)],
    )
    place = models.CharField(  # noqa: DJ001  # blank is a meeting without a place
        max_length=MAXIMUM_PLACE_LENGTH, null=True, blank=True, validators=[check_plain_text]
    )
    link = models.CharField(  # noqa: DJ001  # blank is a meeting without a link
        max_length=MAXIMUM_LINK_LENGTH, null=True, blank=True, validators=[check_link]
    )
    notes = models.TextField(
        max_length=MAXIMUM_MEETING_NOTES_LENGTH,
        blank=True,
        validators=[MaxLengthValidator(MAXIMUM_MEETING_NOTES_LENGTH), check_text],
        help_text="Markdown",
    )
    notes_html = models.TextField(blank=True, editable=False)
    # Lists say that there are notes without reading them.
    has_notes = models.GeneratedField(
        expression=models.Case(models.When(notes="", then=False), default=True),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meeting", "day"], name="one_row_per_meeting_and_day"),
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id}: {self.day}"


class RsvpAnswer(models.TextChoices):
    YES = "yes", "Yes"
    MAYBE = "maybe", "Maybe"
    NO = "no", "No"


class Rsvp(models.Model):
    """Whether one person comes on one date of a meeting. No row means that they have not said."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="rsvps")
    day = models.DateField(help_text="As in the date's row: the one that the rule gives")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="rsvps")
    answer = models.CharField(max_length=5, choices=RsvpAnswer)
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "day", "user"], name="one_rsvp_per_date_and_person"
            ),
            models.CheckConstraint(condition=Q(answer__in=RsvpAnswer.values), name="rsvp_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id}: {self.user_id} on {self.day}: {self.answer}"


class Presenter(models.Model):
    """Who presents a chapter when the group talks about it. No row means nobody yet."""

    assignment = models.OneToOneField(
        Assignment, on_delete=models.CASCADE, related_name="presenter"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    chosen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.assignment_id}: {self.user_id}"
