"""What those with power did about a person: leaders in a group, staff in the admin.

Rows are only ever added, in the transaction of what they are about, and hold no IP address. A null
person has deleted their account.
"""

from django.db import models
from django.db.models import Q

from tracker.models.groups import StudyGroup
from tracker.models.people import User

MAXIMUM_ABOUT_LENGTH = 200


class ActKind(models.TextChoices):
    """The words go between the leader and, in braces, the person."""

    ROLE = "role", "made {} {about}"
    ACCEPTED = "accepted", "let {} in"
    DECLINED = "declined", "did not let {} in"
    REMOVED = "removed", "removed {}"
    BANNED = "banned", "removed {} and does not let them in again"
    UNBANNED = "unbanned", "would let {} in again"
    CHOSEN = "chosen", "assigned to {}, and not to everyone: {about}"
    OWN_DATE = "own_date", "gave {} a later date: {about}"
    NUDGED = "nudged", "nudged {}"
    PRESENTER = "presenter", "asked {} to present {about}"
    NO_PRESENTER = "no_presenter", "no longer has {} present {about}"
    POST_DELETED = "post_deleted", "deleted a post by {}"
    PINNED = "pinned", "pinned a question by {}"
    UNPINNED = "unpinned", "no longer pins a question by {}"
    LOCKED = "locked", "locked a question by {}"
    UNLOCKED = "unlocked", "unlocked a question by {}"
    ANSWERED = "answered", "changed which answer helped {}"


class LeaderAct(models.Model):
    """A leader did something about a member, which that member and the leaders can look up.

    `about` says in a few words what it was about and names nobody. Nudges also have a row of their
    own, which keeps them to one a day.
    """

    group = models.ForeignKey(StudyGroup, on_delete=models.CASCADE, related_name="acts")
    member = models.ForeignKey(
        User, on_delete=models.SET_NULL, related_name="acts_about_me", null=True
    )
    by = models.ForeignKey(User, on_delete=models.SET_NULL, related_name="+", null=True)
    kind = models.CharField(max_length=12, choices=ActKind)
    about = models.CharField(max_length=MAXIMUM_ABOUT_LENGTH, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["member", "-at"], name="acts_about_one_person"),
            models.Index(fields=["group", "-at"], name="acts_in_one_group"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ActKind.values), name="kind_of_act_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id}: {self.kind} {self.member_id}"


class StaffLook(models.Model):
    """Somebody of the staff looked at a table in the admin; `person` is whose row it was.

    A null person: at a list, or at what is nobody's own.
    """

    by = models.ForeignKey(User, on_delete=models.SET_NULL, related_name="+", null=True)
    table = models.CharField(max_length=100)
    person = models.ForeignKey(
        User, on_delete=models.SET_NULL, related_name="looks_at_me", null=True
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["person", "-at"], name="looks_at_one_person")]

    def __str__(self) -> str:
        return f"{self.by_id}: {self.table} {self.person_id or ''}"
