"""How early calendars remind."""

from django import forms

ALARM_CHOICES = [
    ("", "Never"),
    ("60", "1 hour before"),
    ("180", "3 hours before"),
    ("1440", "1 day before"),
    ("2880", "2 days before"),
]


class AlarmForm(forms.Form):
    alarm = forms.TypedChoiceField(
        label="Remind me of what is due",
        choices=ALARM_CHOICES,
        coerce=int,
        empty_value=None,
        required=False,
        help_text="By an alarm in the calendar, where your calendar takes alarms from feeds.",
    )
