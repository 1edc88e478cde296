"""A new webhook of a group."""

from django import forms

from mlmath.outbound import MAXIMUM_ADDRESS_LENGTH
from tracker.models import GroupEvent, WebhookKind
from tracker.models.people import check_plain_text
from tracker.models.webhooks import MAXIMUM_WEBHOOK_NAME_LENGTH


class WebhookForm(forms.Form):
    kind = forms.ChoiceField(
        label="Where to",
        choices=WebhookKind,
        initial=WebhookKind.SLACK,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        label="Name",
        max_length=MAXIMUM_WEBHOOK_NAME_LENGTH,
        help_text="By which leaders know it again, such as “#maths channel”.",
        validators=[check_plain_text],
    )
    url = forms.CharField(
        label="Address",
        max_length=MAXIMUM_ADDRESS_LENGTH,
        help_text="Slack and Discord call it an incoming webhook. It is kept like a password.",
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    events = forms.MultipleChoiceField(
        label="What to tell",
        choices=[one for one in GroupEvent.choices if one[0] != GroupEvent.WEBHOOK_TESTED],
        initial=[
            GroupEvent.ASSIGNMENT_PUBLISHED,
            GroupEvent.ASSIGNMENT_DUE_TOMORROW,
            GroupEvent.ASSIGNMENT_FINISHED,
            GroupEvent.QUESTION_ASKED,
        ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one thing to tell."},
    )
