"""Marking topics."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tracker.models import TopicState, User
from tracker.models.progress import MAXIMUM_STUCK_NOTE_LENGTH


class _Shared(dict[str, forms.Field]):
    """Fields that a form takes as they are; copying them takes longer than reading a tick."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Shared":
        return self


class MarkForm(forms.Form):
    """The wanted state of a topic, the wanted stuck flag, or both."""

    state = forms.ChoiceField(choices=TopicState.choices, required=False)
    stuck = forms.ChoiceField(choices=[("1", "yes"), ("0", "no")], required=False)
    stuck_note = forms.CharField(
        required=False,
        max_length=MAXIMUM_STUCK_NOTE_LENGTH,
        validators=User._meta.get_field("name").validators,
    )
    with_prerequisites = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if not self.errors and not cleaned["state"] and not cleaned["stuck"]:
            raise ValidationError("It does not say which state is wanted.")
        return cleaned

    @property
    def sentence(self) -> str:
        """What is wrong with it, for a person who has pressed no button of ours."""
        if "state" in self.errors:
            return "A topic can be to do, learning, done or skipped, and nothing else."
        if "stuck" in self.errors:
            return "A topic is stuck (1) or it is not (0)."
        if "stuck_note" in self.errors:
            return f"Say where you are stuck in one line of {MAXIMUM_STUCK_NOTE_LENGTH} characters."
        return "It does not say which state is wanted."

    @property
    def state_wanted(self) -> TopicState | None:
        state: str = self.cleaned_data["state"]
        return TopicState(state) if state else None

    @property
    def stuck_note_wanted(self) -> str | None:
        note: str = self.cleaned_data["stuck_note"]
        return note if "stuck_note" in self.data else None

    @property
    def stuck_wanted(self) -> bool | None:
        stuck: str = self.cleaned_data["stuck"]
        return stuck == "1" if stuck else None


# Nobody changes the fields of one form.
MarkForm.base_fields = _Shared(MarkForm.base_fields)
