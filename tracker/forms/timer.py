"""The study timer."""

from typing import Any

from django import forms

from tracker.models.people import MINUTES_IN_A_DAY


class TimerForm(forms.Form):
    """What the timer runs for: a topic, or nothing in particular."""

    topic = forms.SlugField(required=False)


class StopForm(forms.Form):
    """How long it really was, where the timer is wrong."""

    minutes = forms.IntegerField(
        label="Minutes to log",
        required=False,
        min_value=1,
        max_value=MINUTES_IN_A_DAY,
        help_text="Leave it empty to log what the timer says.",
    )
    is_confirmed = forms.BooleanField(label="It is right as it stands", required=False)

    def __init__(self, *args: Any, is_doubted: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_doubted:
            self.fields["is_confirmed"].widget = forms.HiddenInput()
