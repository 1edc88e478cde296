"""Mail on its way, and which mail somebody wants."""

from datetime import time

from django.db import models
from django.db.models import Q

from tracker.models.ids import PUBLIC_ID_LENGTH, new_public_id
from tracker.models.people import User

NIGHT, MORNING = time(22), time(7)


class MailKind(models.TextChoices):
    ACCOUNT = "account", "Addresses and passwords, in the words of the account library"
    SIGN_IN = "sign_in", "A sign-in from a browser not seen before"
    TOKEN = "token", "A new API token"
    INVITATION = "invitation", "Into a group"
    NEWS = "news", "What was told at the bell"
    MORNING = "morning", "What is due tomorrow, and on Mondays the week"


class MailCategory(models.TextChoices):
    """What somebody can switch; mail about the safety of the account always comes."""

    DUE = "due", "Due tomorrow"
    DIGEST = "digest", "The week, on Monday morning"
    NUDGE = "nudge", "A leader thinks of me"
    QUESTION = "question", "Questions and answers that I follow"
    MENTION = "mention", "Somebody mentions me"
    ASSIGNMENT = "assignment", "New chapters and dates"
    MEETING = "meeting", "Meetings"
    MEMBERSHIP = "membership", "Joining, leaving and roles"


# What comes unless somebody says otherwise: little, and what is about them.
WANTED_AT_FIRST = {
    MailCategory.DUE,
    MailCategory.DIGEST,
    MailCategory.NUDGE,
    MailCategory.QUESTION,
    MailCategory.MENTION,
}


class Outcome(models.TextChoices):
    SENT = "sent", "The mail server has taken it"
    DROPPED = "dropped", "No longer wanted when its time came"
    REFUSED = "refused", "The mail server refuses it for good"
    GIVEN_UP = "given_up", "The mail server could not take it for a day"


class Outgoing(models.Model):
    """One mail, written down in the transaction of what it is about and sent by the worker.

    It goes to `user`, at the address they have when it is sent, or to an `address` that may be
    nobody's. `key` names what it is about, so that it is sent once. `payload` is what the letter
    needs beyond that; it can hold the code of a link, so it is emptied once the mail has ended.
    Whoever sends it sets `claimed_at` first; a claim that is old was left by a process that is no
    more. A null `ended_at` means that it is still to be sent, from `not_before` on.
    """

    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, default=new_public_id, editable=False
    )
    kind = models.CharField(max_length=10, choices=MailKind)
    key = models.CharField(max_length=120, unique=True)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="mails", null=True, blank=True
    )
    address = models.EmailField("e-mail address", max_length=254, blank=True)
    payload = models.JSONField(default=dict)
    written_at = models.DateTimeField()
    not_before = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)

    class Meta:
        verbose_name_plural = "outgoing mail"
        indexes = [
            models.Index(fields=["not_before"], name="mail_to_be_sent", condition=Q(ended_at=None)),
            models.Index(fields=["ended_at"], name="mail_that_has_ended"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(user=None) | ~Q(address=""), name="mail_goes_to_somebody"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class MailSettings(models.Model):
    """Which mail one person wants, and when. No row means what the fields have by default.

    `choices` holds the categories that somebody has switched, by name; `muted` the categories that
    they do not want from a group, by the group's public id. Between `quiet_from` and `quiet_until`,
    in their own zone, mail waits; the same time twice means never. `refusals` counts how often in a
    row their address was refused for good. `finish_told_on` is the likely finish that the last
    weekly mail named.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="mail_settings")
    choices = models.JSONField(default=dict)
    muted = models.JSONField(default=dict)
    quiet_from = models.TimeField(default=NIGHT)
    quiet_until = models.TimeField(default=MORNING)
    refusals = models.PositiveSmallIntegerField(default=0)
    finish_told_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "mail settings"

    def __str__(self) -> str:
        return str(self.user_id)

    def wants(self, category: str, group: str = "") -> bool:
        """Whether they want mail of `category`, from the group with that public id if one is named.

        What is switched off altogether is off in every group.
        """
        is_on = self.choices.get(category, category in WANTED_AT_FIRST)
        return bool(is_on) and category not in self.muted.get(group, ())
