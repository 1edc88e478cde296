"""Shape and wording of what people type into pages. Rules across rows are the actions'."""

from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms

from tracker.models import User


class SignupForm(AllauthSignupForm):  # type: ignore[misc]  # allauth brings no types
    """E-mail, password, and a name if they like."""

    name = forms.CharField(
        label="What should we call you?",
        max_length=200,
        required=False,
        help_text="Your name or a nickname; your study group sees it. You can change it later.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        validators=User._meta.get_field("name").validators,
    )
    field_order = ["name", "email", "password1"]

    def save(self, request: Any) -> User:
        user: User = super().save(request)
        return user

    def custom_signup(self, request: Any, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])
