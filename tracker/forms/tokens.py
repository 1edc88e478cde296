"""New API tokens."""

from django import forms

from tracker.actions.tokens import DEFAULT_DAYS, MAXIMUM_DAYS
from tracker.models import ApiToken, Scope, User


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(
        label="What is it for?",
        max_length=ApiToken._meta.get_field("name").max_length,
        help_text="A name by which you will know it again, such as “laptop script”.",
        validators=User._meta.get_field("name").validators,
    )
    scopes = forms.MultipleChoiceField(
        label="What may it do?",
        choices=Scope.choices,
        initial=[Scope.READ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one thing that it may do."},
    )
    days = forms.IntegerField(
        label="For how many days?", min_value=1, max_value=MAXIMUM_DAYS, initial=DEFAULT_DAYS
    )
