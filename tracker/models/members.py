"""Who is in a group, who asks to be, and who may not come back."""

from django.db import models
from django.db.models import Q

from tracker.models.groups import StudyGroup
from tracker.models.people import User
from tracker.models.text import check_text

MAXIMUM_REQUEST_LENGTH = 500


class GroupRole(models.TextChoices):
    LEADER = "leader", "Leader"
    MEMBER = "member", "Member"
    OBSERVER = "observer", "Observer"


class Membership(models.Model):
    """One person's place in one group. No row means that they are not in it.

    Leaders are members who also manage. `shares_readiness` shows the leaders and observers their
    readiness and stuck topics; `is_seen_by_observers` is their consent to appear there at all.
    `last_active_on` is the last day, in the group's zone, on which they did something in this
    group; null before they have. `hears_of_questions` is whether they are told of every new
    question; null means that they have not said, and leaders are.
    """

    group = models.ForeignKey(StudyGroup, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=GroupRole)
    shares_readiness = models.BooleanField(default=False)
    is_seen_by_observers = models.BooleanField(default=False)
    hears_of_questions = models.BooleanField(null=True, blank=True)
    joined_at = models.DateTimeField()
    last_active_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "user"], name="one_membership_per_group_and_person"
            ),
            models.CheckConstraint(
                condition=Q(role__in=GroupRole.values), name="role_in_group_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id}: {self.user_id} ({self.role})"

    @property
    def leads(self) -> bool:
        return self.role == GroupRole.LEADER

    @property
    def hears(self) -> bool:
        """Whether they are told of every new question."""
        return self.leads if self.hears_of_questions is None else self.hears_of_questions

    @property
    def observes(self) -> bool:
        return self.role == GroupRole.OBSERVER


class Ban(models.Model):
    """A person whom a group does not let in again. No row means that they may join."""

    group = models.ForeignKey(StudyGroup, on_delete=models.CASCADE, related_name="bans")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    banned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "user"], name="one_ban_per_group_and_person"),
        ]

    def __str__(self) -> str:
        return f"{self.group_id}: {self.user_id}"


class JoinRequest(models.Model):
    """A person asks to join a public group. The row goes once a leader lets them in; one that was
    declined stays, so that nobody asks again the next day."""

    group = models.ForeignKey(StudyGroup, on_delete=models.CASCADE, related_name="join_requests")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="join_requests")
    message = models.CharField(
        max_length=MAXIMUM_REQUEST_LENGTH, blank=True, validators=[check_text]
    )
    asked_at = models.DateTimeField()
    declined_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "user"], name="one_request_per_group_and_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id}: {self.user_id}"
