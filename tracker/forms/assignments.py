"""Assignments: what a member says about one, and how leaders make and move them."""

import re
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django import forms

from catalog.graph import CatalogGraph, ResourceNode, UnitNode
from tracker.actions.assignments import MAXIMUM_AT_ONCE
from tracker.actions.shifts import FARTHEST_DAYS
from tracker.forms.once import OnceForm
from tracker.models import AnswerToAssignment, AssignmentState, User
from tracker.models.assignments import END_OF_DAY, MAXIMUM_ASSIGNMENT_NOTE_LENGTH
from tracker.models.groups import MAXIMUM_GROUP_NAME_LENGTH
from tracker.models.people import WEEKDAYS, check_plain_text
from tracker.models.text import check_text
from tracker.summaries.assignments import AssignmentRow
from tracker.summaries.members import shown_name
from tracker.summaries.schedule import Rule

MOST_SKIPPED = 366
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WEEKDAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class MineForm(forms.Form):
    """One press: where somebody is, or whether they are in; an empty answer takes theirs back."""

    state = forms.ChoiceField(choices=AssignmentState.choices, required=False)
    answer = forms.ChoiceField(choices=[("", ""), *AnswerToAssignment.choices], required=False)

    @property
    def state_wanted(self) -> AssignmentState | None:
        return AssignmentState(self.cleaned_data["state"]) if self.data.get("state") else None

    @property
    def answer_wanted(self) -> str | None:
        return self.cleaned_data["answer"] if "answer" in self.data else None


def _day_field(label: str, **options: Any) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, widget=widget, **options)


def _time_field() -> forms.TimeField:
    return forms.TimeField(
        label="By",
        initial=END_OF_DAY,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )


class ForWhomForm(forms.Form):
    """A note, and whom it is for."""

    note = forms.CharField(
        label="Note",
        required=False,
        max_length=MAXIMUM_ASSIGNMENT_NOTE_LENGTH,
        validators=[check_text],
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Such as “at least one exercise per section”.",
    )
    for_whom = forms.ChoiceField(
        label="For whom",
        choices=[("everyone", "Everyone who reads along"), ("some", "Only some")],
        initial="everyone",
        widget=forms.RadioSelect,
    )
    # Its name stands in the template, as it is not as optional as it looks to the form.
    members = forms.MultipleChoiceField(
        label="", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, readers: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._readers = {user.public_id: user for user in readers}
        self.fields["members"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (public_id, shown_name(user)) for public_id, user in self._readers.items()
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("for_whom") == "some" and not cleaned.get("members", True):
            self.add_error("members", "Choose at least one person.")
        return cleaned

    @property
    def recipients(self) -> list[User] | None:
        """Those chosen; None for everyone."""
        if self.cleaned_data["for_whom"] == "everyone":
            return None
        return [self._readers[public_id] for public_id in self.cleaned_data["members"]]


class DueForm(forms.Form):
    """A day and a time by the group's clock."""

    due_on = _day_field("Due on")
    due_time = _time_field()

    @property
    def due(self) -> datetime:
        return datetime.combine(self.cleaned_data["due_on"], self.cleaned_data["due_time"])


class NewAssignmentForm(OnceForm, DueForm, ForWhomForm):
    """One chapter, of any book."""

    unit = forms.ChoiceField(label="Chapter")
    field_order = ("unit", "due_on", "due_time", "note", "for_whom", "members")

    def __init__(
        self,
        *args: Any,
        graph: CatalogGraph,
        first: ResourceNode | None,
        taken: Collection[int],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._units: dict[str, UnitNode] = {}
        groups = []
        others = (one for one in graph.resources.values() if one is not first)
        for resource in [first, *others] if first else others:
            units = [unit for unit in resource.units if unit.id not in taken]
            if units:
                named = {f"{resource.slug}/{unit.slug}": unit for unit in units}
                self._units |= named
                groups.append(
                    (
                        resource.title,
                        [(name, f"{unit.label}: {unit.title}") for name, unit in named.items()],
                    )
                )
        self.fields["unit"].choices = groups  # type: ignore[attr-defined]  # a ChoiceField

    @property
    def unit_wanted(self) -> UnitNode:
        return self._units[self.cleaned_data["unit"]]


class EditAssignmentForm(DueForm, ForWhomForm):
    """An assignment as one has read it."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    field_order = ("due_on", "due_time", "note", "for_whom", "members", "version")


def initial_of(row: AssignmentRow) -> dict[str, object]:
    """How the form shows an assignment."""
    return {
        "due_on": row.due_on,
        "due_time": row.due_time.replace(second=0, microsecond=0),
        "note": row.note,
        "for_whom": "everyone" if row.is_for_everyone else "some",
        "members": [user.public_id for user in row.recipients],
        "version": row.version,
    }


class OwnDateForm(DueForm):
    """A later date for one person."""

    member = forms.ChoiceField(label="Who")
    field_order = ("member", "due_on", "due_time")

    def __init__(self, *args: Any, readers: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._readers = {user.public_id: user for user in readers}
        self.fields["member"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (public_id, shown_name(user)) for public_id, user in self._readers.items()
        ]

    @property
    def member_wanted(self) -> User:
        return self._readers[self.cleaned_data["member"]]


class DaysField(forms.CharField):
    """Days as people list them: “2026-12-24, 2026-12-28 to 2027-01-03”."""

    def to_python(self, value: object) -> frozenset[date]:  # type: ignore[override]  # more than text
        days: set[date] = set()
        for part in re.split(r"[,;\n]", super().to_python(value) or ""):
            found = _DAY.findall(part)
            rest = re.sub(r"\s+|to|until|–|-", "", _DAY.sub("", part))
            if rest or (part.strip() and len(found) not in {1, 2}):
                raise forms.ValidationError(
                    "Write days as in 2026-12-24, and several in a row as in "
                    "2026-12-24 to 2027-01-03.",
                    code="invalid",
                )
            if found:
                days |= self._between(found[0], found[-1])
        if len(days) > MOST_SKIPPED:
            raise forms.ValidationError(f"These are more than {MOST_SKIPPED} days.", code="invalid")
        return frozenset(days)

    def _between(self, first: str, last: str) -> set[date]:
        try:
            begin, end = date.fromisoformat(first), date.fromisoformat(last)
        except ValueError:
            raise forms.ValidationError("There is no such day.", code="invalid") from None
        if not 0 <= (end - begin).days < MOST_SKIPPED:
            raise forms.ValidationError(
                f"From {first} to {last} is no stretch of at most a year.", code="invalid"
            )
        return {begin + timedelta(days=number) for number in range((end - begin).days + 1)}


class PlanForm(OnceForm, ForWhomForm):
    """Chapters of a book by a rule. What is saved are the rows of the preview."""

    # What one of the two ways does not need may be empty, and is not shown then.
    use_required_attribute = False

    units = forms.MultipleChoiceField(label="", required=False, widget=forms.CheckboxSelectMultiple)
    first_due_on = _day_field("First due on")
    every = forms.ChoiceField(
        label="Then",
        choices=[("days", "every so many days"), ("weekdays", "on these weekdays")],
        initial="days",
        widget=forms.RadioSelect,
    )
    every_days = forms.IntegerField(
        label="Every … days",
        min_value=1,
        max_value=366,
        initial=7,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    weekdays = forms.MultipleChoiceField(
        label="",
        required=False,
        choices=list(zip(WEEKDAYS, _WEEKDAY_NAMES, strict=True)),
        widget=forms.CheckboxSelectMultiple,
    )
    per_step = forms.IntegerField(
        label="Chapters each time",
        min_value=1,
        max_value=MAXIMUM_AT_ONCE,
        initial=1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    due_time = _time_field()
    skip = DaysField(
        label="Days to leave out",
        required=False,
        max_length=4_000,
        help_text="Such as 2026-12-24, or 2026-12-24 to 2027-01-03. The rest moves on.",
    )

    def __init__(self, *args: Any, units: Sequence[UnitNode], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._units = {unit.slug: unit for unit in units}
        self.fields["units"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (slug, f"{unit.label}: {unit.title}") for slug, unit in self._units.items()
        ]
        self.fields["units"].initial = list(self._units)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("every") == "weekdays":
            self.errors.pop("every_days", None)
            if not cleaned.get("weekdays", True):
                self.add_error("weekdays", "Choose at least one weekday.")
        if not cleaned.get("units", True):
            self.add_error("units", "Choose at least one chapter.")
        return cleaned

    @property
    def units_wanted(self) -> list[UnitNode]:
        """Those chosen, in the order of the book."""
        chosen = set(self.cleaned_data["units"])
        return [unit for slug, unit in self._units.items() if slug in chosen]

    @property
    def rule(self) -> Rule:
        cleaned = self.cleaned_data
        by_weekday = cleaned["every"] == "weekdays"
        return Rule(
            first_due_on=cleaned["first_due_on"],
            every_days=1 if by_weekday else cleaned["every_days"],
            weekdays=frozenset(WEEKDAYS.index(day) for day in cleaned["weekdays"])
            if by_weekday
            else frozenset(),
            per_step=cleaned["per_step"],
            skip=cleaned["skip"],
        )


class CopyGroupForm(OnceForm):
    """A new group with the schedule of an old one."""

    first_due_on = _day_field(
        "First day",
        help_text="The first chapter is due on its weekday, on this day or in the week after it.",
    )
    name = forms.CharField(
        label="Name of the new group",
        required=False,
        max_length=MAXIMUM_GROUP_NAME_LENGTH,
        validators=[check_plain_text],
        help_text="Empty: the old name and the month in which it begins.",
    )


class ShiftForm(OnceForm):
    """A break: from a day on, all that is due moves by so many days."""

    from_day = _day_field("From this day on")
    days = forms.IntegerField(
        label="Move by … days",
        min_value=-FARTHEST_DAYS,
        max_value=FARTHEST_DAYS,
        initial=7,
        help_text="Less than 0 moves them nearer.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def clean_days(self) -> int:
        days: int = self.cleaned_data["days"]
        if not days:
            raise forms.ValidationError("By 0 days nothing moves.", code="invalid")
        return days
