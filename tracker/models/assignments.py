"""What a group reads by when."""

from datetime import time
from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q

from catalog.models import Unit
from tracker.models.groups import StudyGroup
from tracker.models.ids import PUBLIC_ID_LENGTH, new_public_id
from tracker.models.members import Membership
from tracker.models.people import User
from tracker.models.versions import Versioned

MAXIMUM_ASSIGNMENT_NOTE_LENGTH = 500
END_OF_DAY = time(23, 59)


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def live(self) -> "AssignmentQuerySet":
        """Those that nobody has removed."""
        return self.filter(deleted_at=None)

    def seen_by(self, membership: Membership) -> "AssignmentQuerySet":
        """Those that somebody sees in their group: leaders all of them, observers what is
        published, members what is theirs."""
        rows = self.live().filter(group=membership.group_id)
        if membership.leads:
            return rows
        if membership.observes:
            return rows.filter(is_draft=False)
        return rows.assigned_to(membership.user_id)

    def assigned_to(self, user_id: int) -> "AssignmentQuerySet":
        """Those that are published and for everyone or for that person; in the groups that they
        are in and do not merely observe, which is for the caller to see to."""
        is_recipient = Exists(Recipient.objects.filter(assignment=OuterRef("pk"), user=user_id))
        return self.live().filter(Q(is_for_everyone=True) | is_recipient, is_draft=False)


class Assignment(Versioned):
    """One unit that a group reads, and by when: a local day and time in the group's zone.

    `due_at` is the instant computed from them, so that rows can be compared and sorted. Members do
    not see drafts. Without `is_for_everyone` only those in `recipients` have it. A removed one is
    kept with `deleted_at`, so that it can come back and calendars can cancel it. Whether somebody
    has done it is whether they have done its unit (UnitProgress): that is said in one place.
    """

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, default=new_public_id, editable=False
    )
    group = models.ForeignKey(StudyGroup, on_delete=models.CASCADE, related_name="assignments")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    due_time = models.TimeField(default=END_OF_DAY)
    due_at = models.DateTimeField()
    position = models.PositiveSmallIntegerField(help_text="Order among those due at one instant")
    note = models.CharField(max_length=MAXIMUM_ASSIGNMENT_NOTE_LENGTH, blank=True)
    is_draft = models.BooleanField(default=False)
    is_for_everyone = models.BooleanField(default=True)
    batch = models.CharField(
        max_length=PUBLIC_ID_LENGTH, help_text="The action that made or moved it"
    )
    shifted_days = models.SmallIntegerField(
        null=True, blank=True, help_text="By how many days that was; null where it was no shift"
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[AssignmentQuerySet] = AssignmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["due_at", "position", "id"]
        indexes = [models.Index(fields=["group", "due_at"], name="assignments_by_due_date")]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "unit"],
                condition=Q(deleted_at=None),
                name="one_assignment_per_group_and_unit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id}: unit {self.unit_id} by {self.due_on}"


class Recipient(models.Model):
    """One of those whom an assignment is for, where it is not for everyone."""

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="recipients")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "user"], name="one_recipient_per_assignment_and_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assignment_id}: {self.user_id}"


class AssignmentState(models.TextChoices):
    """Where one person is with one assignment. No column: done is kept in UnitProgress."""

    TODO = "todo", "To do"
    READING = "reading", "Reading"
    DONE = "done", "Done"


class AnswerToAssignment(models.TextChoices):
    IN = "in", "I am in"
    OUT = "out", "Not this one"
    MORE_TIME = "more_time", "I need more time"


class AssignmentProgress(models.Model):
    """What one person says about one assignment. No row means that they have said nothing.

    `is_reading` is set by hand; done is not here but in UnitProgress. `due_at` is a later date of
    their own that a leader gave them, as an absolute instant; null means the group's date.
    """

    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="progress")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="assignment_progress")
    is_reading = models.BooleanField(default=False)
    answer = models.CharField(max_length=10, choices=AnswerToAssignment, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "assignment progress"
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "user"], name="one_progress_per_assignment_and_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assignment_id}: {self.user_id}"
