"""Trying out another pace or a target day."""

from django import forms

from tracker.models.people import MINUTES_IN_A_DAY


class WhatIfForm(forms.Form):
    """A pace and a target day to try out."""

    minutes_per_day = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MINUTES_IN_A_DAY,
        error_messages={
            "invalid": "Give the minutes a day as a whole number.",
            "min_value": "A study day has at least 1 minute.",
            "max_value": "A day has no more than 1440 minutes (24 hours).",
        },
    )
    done_by = forms.DateField(
        required=False, error_messages={"invalid": "Give the day as 2027-06-01."}
    )
