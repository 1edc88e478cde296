"""Study sessions, logged by hand."""

import zoneinfo
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django import forms

from catalog.graph import CatalogGraph, ResourceNode
from tracker.models import User
from tracker.models.people import MINUTES_IN_A_DAY


class SessionForm(forms.Form):
    """A study session; without a time it has ended just now."""

    minutes = forms.IntegerField(
        label="Minutes",
        min_value=1,
        max_value=MINUTES_IN_A_DAY,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    day = forms.DateField(
        label="Day",
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    time = forms.TimeField(
        label="Started at",
        required=False,
        help_text="By your own clock. Empty day and time: it has ended just now.",
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )
    topic = forms.ChoiceField(label="Topic", required=False)
    unit = forms.ChoiceField(
        label="Chapter",
        required=False,
        help_text="Of the books and courses in which you have ticked a chapter.",
    )
    is_confirmed = forms.BooleanField(label="It is right as it stands", required=False)

    def __init__(
        self,
        *args: Any,
        graph: CatalogGraph,
        resources: Collection[ResourceNode],
        is_doubted: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        topics: dict[str, list[tuple[str, str]]] = {}
        for topic in graph.topics:
            topics.setdefault(topic.subject.title, []).append((topic.slug, topic.title))
        chapters = [
            (
                resource.title,
                [(f"{resource.slug}/{unit.slug}", unit.title) for unit in resource.units],
            )
            for resource in resources
        ]
        self.fields["topic"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", "No topic"),
            *topics.items(),
        ]
        self.fields["unit"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", "No chapter"),
            *chapters,
        ]
        if not is_doubted:
            self.fields["is_confirmed"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if not self.errors and bool(cleaned["day"]) != bool(cleaned["time"]):
            missing = "time" if cleaned["day"] else "day"
            self.add_error(missing, "Give the day and the time, or neither.")
        return cleaned

    def started_at(self, user: User) -> datetime | None:
        """By the clock of `user`; None for a session that has ended just now."""
        day, time = self.cleaned_data["day"], self.cleaned_data["time"]
        if not day:
            return None
        return datetime.combine(day, time, zoneinfo.ZoneInfo(user.time_zone))
