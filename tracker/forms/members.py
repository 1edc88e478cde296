"""Coming into a group: inviting, asking, and what one shows of oneself."""

from datetime import datetime, timedelta
from typing import Any

from django import forms

from tracker.actions.invitations import DEFAULT_DAYS, MAXIMUM_USES
from tracker.forms.once import OnceForm
from tracker.models import User
from tracker.models.members import MAXIMUM_REQUEST_LENGTH
from tracker.models.text import check_text

DAYS = {1: "1 day", 7: "1 week", DEFAULT_DAYS: "2 weeks", 30: "30 days", 180: "half a year"}


class LinkForm(forms.Form):
    """A link that lets people in."""

    days = forms.TypedChoiceField(
        label="Good for", choices=list(DAYS.items()), coerce=int, initial=DEFAULT_DAYS
    )
    max_uses = forms.IntegerField(
        label="For how many people",
        required=False,
        min_value=1,
        max_value=MAXIMUM_USES,
        help_text="Empty: for all who have the link.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def expires_at(self, at: datetime) -> datetime:
        return at + timedelta(days=self.cleaned_data["days"])


class MailForm(OnceForm):
    """An invitation by mail."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="They get a link that is good for them alone, for two weeks.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class RequestForm(forms.Form):
    """What somebody says who asks to join."""

    message = forms.CharField(
        label="A word to the leaders",
        required=False,
        max_length=MAXIMUM_REQUEST_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        validators=[check_text],
    )


class SharingForm(forms.Form):
    """What one shows to a group beyond its own assignments."""

    shares_readiness = forms.BooleanField(
        label="Leaders and observers also see how ready I am for my role, and where I am stuck",
        required=False,
    )
    is_seen_by_observers = forms.BooleanField(
        label="Observers may see me, and what I do on the group's assignments", required=False
    )


class JoinForm(SharingForm):
    """Saying yes to a group; asks for a name where there is none yet."""

    name = forms.CharField(
        label="What should the group call you?",
        max_length=200,
        help_text="Your name or a nickname.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        validators=User._meta.get_field("name").validators,
    )
    field_order = ["name"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if user.name.strip():
            del self.fields["name"]


class RemoveForm(forms.Form):
    """Removing somebody from a group."""

    bans = forms.BooleanField(label="They may not come back", required=False)
