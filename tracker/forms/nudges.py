"""A kind word to somebody who has fallen behind."""

from django import forms

from tracker.models.nudges import MAXIMUM_NUDGE_LENGTH
from tracker.models.people import check_plain_text


class NudgeForm(forms.Form):
    """In the leader's own words, or in ours."""

    text = forms.CharField(
        required=False, max_length=MAXIMUM_NUDGE_LENGTH, validators=[check_plain_text]
    )

    @property
    def sentence(self) -> str:
        """What is wrong; "" where nothing is."""
        return "" if self.is_valid() else " ".join(map(str, self.errors["text"]))
