"""Meetings: when, how often, where; what differs on one date; notes afterwards."""

from datetime import date
from typing import Any

from django import forms

from tracker.actions.meetings import DateFields, MeetingFields
from tracker.forms.once import OnceForm
from tracker.models import Meeting, RsvpAnswer
from tracker.models.meetings import (
    MAXIMUM_AGENDA_LENGTH,
    MAXIMUM_LINK_LENGTH,
    MAXIMUM_MEETING_NOTES_LENGTH,
    MAXIMUM_PLACE_LENGTH,
    MAXIMUM_TITLE_LENGTH,
    check_link,
    check_title,
)
from tracker.models.people import MINUTES_IN_A_DAY, check_plain_text
from tracker.models.text import check_text
from tracker.summaries.meetings import Occurrence, rule_of, when
from tracker.summaries.recurrence import MOST_DATES, Frequency, Rule, Weekday, monthly_weekday

ONCE, WEEKLY, FORTNIGHTLY, MONTHLY, KEPT = "once", "weekly", "fortnightly", "monthly", "kept"
_HOW_OFTEN = [
    (ONCE, "Once"),
    (WEEKLY, "Every week"),
    (FORTNIGHTLY, "Every two weeks"),
    (MONTHLY, "Every month, on the same weekday of the month"),
]


def _day(label: str, **kwargs: Any) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, widget=widget, **kwargs)


class PlaceFields(forms.Form):
    """When and where, for all dates of a meeting or for one."""

    starts_on = _day("Day")
    start_time = forms.TimeField(
        label="Time", widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    minutes = forms.IntegerField(
        label="Minutes",
        min_value=1,
        max_value=MINUTES_IN_A_DAY,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    place = forms.CharField(
        label="Place",
        max_length=MAXIMUM_PLACE_LENGTH,
        required=False,
        validators=[check_plain_text],
    )
    link = forms.CharField(
        label="Link",
        max_length=MAXIMUM_LINK_LENGTH,
        required=False,
        help_text="Of the video call, say. Everybody in the group sees it, and nobody else.",
        widget=forms.URLInput(attrs={"inputmode": "url", "placeholder": "https://"}),
        validators=[check_link],
    )


class MeetingForm(PlaceFields):
    """A meeting, once or by a rule that people say in words; other rules come through the API."""

    title = forms.CharField(
        label="What you call it", max_length=MAXIMUM_TITLE_LENGTH, validators=[check_title]
    )
    rrule = forms.ChoiceField(label="How often", choices=_HOW_OFTEN, widget=forms.RadioSelect)
    until = _day("Until", required=False)
    count = forms.IntegerField(
        label="Dates in all",
        required=False,
        min_value=1,
        max_value=MOST_DATES,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    agenda = forms.CharField(
        label="Agenda",
        max_length=MAXIMUM_AGENDA_LENGTH,
        required=False,
        help_text="The chapters that are due come by themselves. Markdown, with $…$ for formulas.",
        widget=forms.Textarea(attrs={"rows": 4}),
        validators=[check_text],
    )
    field_order = [
        "title", "starts_on", "start_time", "minutes", "rrule", "until", "count", "place", "link",
        "agenda",
    ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        if cleaned["until"] and cleaned["count"]:
            self.add_error("count", "Give the last day or how many times, not both.")
        elif cleaned["until"] and cleaned["until"] < cleaned["starts_on"]:
            self.add_error("until", "The last day comes before the first one.")
        return cleaned

    def fields_wanted(self) -> MeetingFields:
        cleaned = self.cleaned_data
        return {
            "title": cleaned["title"],
            "starts_on": cleaned["starts_on"],
            "start_time": cleaned["start_time"],
            "minutes": cleaned["minutes"],
            "rule": self.rule_wanted(),
            "place": cleaned["place"],
            "link": cleaned["link"],
            "agenda": cleaned["agenda"],
        }

    def rule_wanted(self) -> Rule | None:
        cleaned = self.cleaned_data
        first: date = cleaned["starts_on"]
        chosen, ends = cleaned["rrule"], {"until": cleaned["until"], "count": cleaned["count"]}
        if chosen == ONCE:
            return None
        if chosen == MONTHLY:
            weekdays = (monthly_weekday(first),)
            return Rule(frequency=Frequency.MONTHLY, weekdays=weekdays, **ends)
        return Rule(
            frequency=Frequency.WEEKLY,
            interval=2 if chosen == FORTNIGHTLY else 1,
            weekdays=(Weekday(number=first.weekday()),),
            **ends,
        )


def _chosen(rule: Rule | None, starts_on: date) -> str:
    """Which of the choices the rule is."""
    if rule is None:
        return ONCE
    by_weekday = (Weekday(number=starts_on.weekday()),)
    match rule.frequency, rule.interval:
        case Frequency.WEEKLY, 1 | 2 if rule.weekdays in {(), by_weekday}:
            return WEEKLY if rule.interval == 1 else FORTNIGHTLY
        case Frequency.MONTHLY, 1 if rule.weekdays == (monthly_weekday(starts_on),):
            return MONTHLY
    return KEPT


class NewMeetingForm(OnceForm, MeetingForm):
    """The same, made once however often the button is pressed."""


class EditMeetingForm(MeetingForm):
    """The same for a meeting that is there, in the version that was read."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        rule = rule_of(meeting)
        self.kept, chosen = rule, _chosen(rule, meeting.starts_on)
        initial = {
            name: getattr(meeting, name)
            for name in ("title", "starts_on", "start_time", "minutes", "place", "link", "agenda")
        }
        initial |= {"rrule": chosen, "version": meeting.version}
        initial |= {"until": rule and rule.until, "count": rule and rule.count}
        super().__init__(*args, **kwargs | {"initial": initial})
        if chosen == KEPT:
            # A rule that a program has made: it can stay, or make room for one of the others.
            self.fields["rrule"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
                (KEPT, f"As it is now: {when(meeting)}"),
                *_HOW_OFTEN,
            ]

    def rule_wanted(self) -> Rule | None:
        if self.cleaned_data["rrule"] == KEPT:
            return self.kept
        return super().rule_wanted()


class DateForm(PlaceFields):
    """Another time or place for one date of a meeting."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    field_order = ["starts_on", "start_time", "minutes", "place", "link"]

    def __init__(self, *args: Any, occurrence: Occurrence, **kwargs: Any) -> None:
        start = occurrence.local_start
        initial = {
            "starts_on": start.date(),
            "start_time": start.time(),
            "minutes": occurrence.minutes,
            "place": occurrence.place,
            "link": occurrence.link,
            "version": occurrence.meeting.version,
        }
        super().__init__(*args, **kwargs | {"initial": initial})

    def fields_wanted(self) -> DateFields:
        cleaned = self.cleaned_data
        return {
            "starts_on": cleaned["starts_on"],
            "start_time": cleaned["start_time"],
            "minutes": cleaned["minutes"],
            "place": cleaned["place"],
            "link": cleaned["link"],
        }


class NotesForm(forms.Form):
    """What was said at a meeting."""

    notes = forms.CharField(
        label="Notes",
        max_length=MAXIMUM_MEETING_NOTES_LENGTH,
        required=False,
        help_text="For those who could not come. Markdown, with $…$ for formulas.",
        widget=forms.Textarea(attrs={"rows": 14}),
        validators=[check_text],
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class RsvpForm(forms.Form):
    """One press; an empty answer takes mine back."""

    answer = forms.ChoiceField(choices=[("", ""), *RsvpAnswer.choices], required=False)

    @property
    def answer_wanted(self) -> RsvpAnswer | None:
        answer = self.cleaned_data["answer"]
        return RsvpAnswer(answer) if answer else None
