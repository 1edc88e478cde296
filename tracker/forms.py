"""Shape and wording of what people type into pages. Rules across rows are the actions'."""

import re
import zoneinfo
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.core.exceptions import ValidationError

from catalog.graph import CatalogGraph, ResourceNode
from tracker.actions.imports import MAXIMUM_BYTES
from tracker.actions.people import MAXIMUM_DAYS_OFF, ProfileChanges
from tracker.actions.tokens import DEFAULT_DAYS, MAXIMUM_DAYS
from tracker.models import ApiToken, Scope, TopicState, User
from tracker.models.people import MINUTES_IN_A_DAY, WEEKDAYS
from tracker.models.progress import MAXIMUM_STUCK_NOTE_LENGTH

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


class ReviewsForm(forms.Form):
    """How many topics a day somebody wants to be asked about; none at all with 0."""

    reviews_per_day = forms.IntegerField(
        label="At most how many topics a day?", min_value=0, max_value=100
    )


class ImportForm(forms.Form):
    """A file, or text; only one of them."""

    file = forms.FileField(
        label="File", required=False, help_text="mlmath.json or a text file, 10 MB at most."
    )
    text = forms.CharField(
        label="Or paste a list",
        required=False,
        max_length=200_000,
        help_text="One topic in each line, by its name. Ticked lines of a checklist count.",
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        file, text = cleaned.get("file"), cleaned.get("text")
        if not self.errors and bool(file) == bool(text):
            raise ValidationError("Choose a file, or paste a list, and not both.")
        if file and file.size > MAXIMUM_BYTES:
            self.add_error("file", f"Keep to {MAXIMUM_BYTES // 1024**2} MB.")
        return cleaned

    def content(self) -> bytes:
        file = self.cleaned_data["file"]
        content: bytes = file.read() if file else self.cleaned_data["text"].encode()
        return content


class DeleteForm(forms.Form):
    """The password, of those who have one."""

    password = forms.CharField(
        label="Your password",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, has_password: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_password = has_password
        if not has_password:
            del self.fields["password"]


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
