"""What people say about themselves: name, role, pace, days off."""

import re
import zoneinfo
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.core.exceptions import ValidationError

from catalog.graph import CatalogGraph
from tracker.actions.people import MAXIMUM_DAYS_OFF, ProfileChanges
from tracker.models import User
from tracker.models.people import MINUTES_IN_A_DAY, WEEKDAYS

WEEKDAY_CHOICES = list(
    zip(
        WEEKDAYS,
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        strict=True,
    )
)
UNDECIDED, OTHER = "undecided", "other"
PACE_CHOICES = [
    ("30", "30 minutes"),
    ("60", "1 hour"),
    ("90", "1½ hours"),
    ("120", "2 hours"),
    ("180", "3 hours"),
    (OTHER, "Another number of minutes"),
    (UNDECIDED, "I cannot say yet"),
]
LONGEST_SHOWN = 20
LONGEST_SHOWN_SPAN = 30
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


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


class RoleForm(forms.Form):
    """Which role somebody works toward."""

    role = forms.ChoiceField(error_messages={"required": "Choose a role, or skip this step."})

    def __init__(self, *args: Any, graph: CatalogGraph, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (role.slug, role.title) for role in graph.roles.values()
        ]


@lru_cache(maxsize=1)
def time_zone_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every zone once, by region, as a list of option groups."""
    regions: dict[str, list[tuple[str, str]]] = {"UTC": [("UTC", "UTC")]}
    for name in sorted(zoneinfo.available_timezones()):
        region, _, place = name.partition("/")
        # The rest are old abbreviations and offsets with a sign that misleads.
        if place and region not in {"Etc", "SystemV", "US"}:
            regions.setdefault(region, []).append((name, place.replace("_", " ")))
    return list(regions.items())


class PaceForm(forms.Form):
    """How much somebody studies, and on which days."""

    pace = forms.ChoiceField(
        label="How long on a study day?",
        choices=PACE_CHOICES,
        widget=forms.RadioSelect,
    )
    minutes = forms.IntegerField(
        label="Another number of minutes a day",
        required=False,
        min_value=1,
        max_value=MINUTES_IN_A_DAY,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    study_days = forms.MultipleChoiceField(
        label="On which days?",
        choices=WEEKDAY_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day of the week."},
    )
    time_zone = forms.ChoiceField(
        label="Time zone", help_text="It decides when your day starts and ends."
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"initial": self.initial_of(user)})
        zones = time_zone_choices()
        if not any(user.time_zone == name for _, names in zones for name, _ in names):
            zones = [("Yours", [(user.time_zone, user.time_zone)]), *zones]
        self.fields["time_zone"].choices = zones  # type: ignore[attr-defined]  # a ChoiceField

    def initial_of(self, user: User) -> dict[str, Any]:
        minutes = user.minutes_per_day
        is_preset = str(minutes) in dict(PACE_CHOICES)
        return {
            "pace": str(minutes) if is_preset else OTHER if minutes else UNDECIDED,
            "minutes": None if is_preset else minutes,
            "study_days": user.study_days,
            "time_zone": user.time_zone,
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "minutes" in self.errors or "pace" in self.errors:
            return cleaned
        pace, minutes = cleaned["pace"], cleaned["minutes"]
        # Whoever types a number means it, whatever was chosen above.
        is_typed = minutes is not None and "minutes" in self.changed_data
        if pace == OTHER or is_typed:
            if minutes is None:
                self.add_error("minutes", "Type the number of minutes, or choose one above.")
            cleaned["minutes_per_day"] = minutes
        else:
            cleaned["minutes_per_day"] = None if pace == UNDECIDED else int(pace)
        return cleaned

    def changes(self) -> ProfileChanges:
        cleaned = self.cleaned_data
        return {
            "minutes_per_day": cleaned["minutes_per_day"],
            "study_days": cleaned["study_days"],
            "time_zone": cleaned["time_zone"],
        }


class DaysField(forms.CharField):
    """Calendar days or spans of them, one per line, as a list of dates in order."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(_spans(value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[date]:  # type: ignore[override]  # not text any more
        lines = list(self._lines(super().to_python(value) or ""))
        if len(lines) > MAXIMUM_DAYS_OFF:
            raise ValidationError(f"Keep to {MAXIMUM_DAYS_OFF} days off at most.")
        return sorted({day for line in lines for day in self._days(line)})

    def run_validators(self, value: Any) -> None:
        """Those of a text do not fit a list of days; `to_python` has looked at each line."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))

    @staticmethod
    def _lines(text: str) -> Iterator[str]:
        return (line.strip() for line in text.replace(",", "\n").splitlines() if line.strip())

    def _days(self, line: str) -> list[date]:
        first, is_span, last = line.partition(" to ")
        start = self._day(first.strip())
        end = self._day(last.strip()) if is_span else start
        if not 0 <= (end - start).days < MAXIMUM_DAYS_OFF:
            raise ValidationError(
                f"“{line[:LONGEST_SHOWN_SPAN]}” is no span. Start with its first day, "
                f"and keep to {MAXIMUM_DAYS_OFF} days."
            )
        return [start + timedelta(days=number) for number in range((end - start).days + 1)]

    @staticmethod
    def _day(line: str) -> date:
        # The library also takes 20261224 and 2026-W52-4, which people write by mistake only.
        try:
            day = date.fromisoformat(line) if _DAY.fullmatch(line) else None
        except ValueError:
            day = None
        if day is None:
            shown = line[:LONGEST_SHOWN]
            raise ValidationError(
                f"“{shown}” is no day. Write days as 2026-12-24, one in each line."
            )
        return day


def _spans(days: list[str]) -> Iterator[str]:
    """ISO dates in order, with three or more in a row as one span."""
    runs: list[list[date]] = []
    for day in map(date.fromisoformat, days):
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    for run in runs:
        if len(run) > 2:
            yield f"{run[0]} to {run[-1]}"
        else:
            yield from map(str, run)


class ProfileForm(PaceForm):
    """What somebody says about themselves, all of it."""

    name = forms.CharField(
        label="Name",
        max_length=200,
        required=False,
        help_text="Your name or a nickname; your study group sees it.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        validators=User._meta.get_field("name").validators,
    )
    role = forms.ChoiceField(label="Role you are working toward", required=False)
    days_off = DaysField(
        label="Days off",
        required=False,
        help_text=(
            "Holidays and other days without study, one in each line, as 2026-12-24 "
            "or 2026-12-24 to 2027-01-02."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    show_dates = forms.BooleanField(
        label="Show me dates", required=False, help_text="Off: hours only, no finish dates."
    )
    field_order = [
        "name", "role", "pace", "minutes", "study_days", "days_off", "time_zone", "show_dates",
    ]  # fmt: skip

    def __init__(self, *args: Any, user: User, graph: CatalogGraph, **kwargs: Any) -> None:
        self.graph = graph
        super().__init__(*args, user=user, **kwargs)
        self.fields["role"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", "Not chosen yet"),
            *((role.slug, role.title) for role in graph.roles.values()),
        ]

    def initial_of(self, user: User) -> dict[str, Any]:
        role = self.graph.role_by_id.get(user.role_id) if user.role_id else None
        return super().initial_of(user) | {
            "name": user.name,
            "role": role.slug if role else "",
            "days_off": user.days_off,
            "show_dates": user.show_dates,
        }

    def changes(self) -> ProfileChanges:
        cleaned = self.cleaned_data
        return {
            **super().changes(),
            "name": cleaned["name"],
            "days_off": cleaned["days_off"],
            "show_dates": cleaned["show_dates"],
        }
