"""Starting and changing a group."""

from typing import Any

from django import forms

from catalog.graph import CatalogGraph
from tracker.forms.once import OnceForm
from tracker.forms.people import time_zone_choices
from tracker.models import Visibility
from tracker.models.groups import (
    MAXIMUM_ABOUT_LENGTH,
    MAXIMUM_GROUP_NAME_LENGTH,
    check_group_name,
)
from tracker.models.text import check_text


class GroupForm(forms.Form):
    """What a group says about itself."""

    name = forms.CharField(
        label="Name", max_length=MAXIMUM_GROUP_NAME_LENGTH, validators=[check_group_name]
    )
    about = forms.CharField(
        label="About",
        max_length=MAXIMUM_ABOUT_LENGTH,
        required=False,
        help_text="Who it is for and how you work together. Markdown, with $…$ for formulas.",
        widget=forms.Textarea(attrs={"rows": 4}),
        validators=[check_text],
    )
    resource = forms.ChoiceField(
        label="What you read", required=False, help_text="You can assign chapters of it by rule."
    )
    time_zone = forms.ChoiceField(
        label="Time zone", help_text="Due dates and meetings are meant in it."
    )
    visibility = forms.ChoiceField(
        label="Who can find it", choices=Visibility, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, graph: CatalogGraph, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds: dict[str, list[tuple[str, str]]] = {}
        for resource in graph.resources.values():
            label = resource.kind.replace("-", " ").capitalize()
            kinds.setdefault(label, []).append((resource.slug, resource.title))
        self.fields["resource"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", "Nothing in particular"),
            *kinds.items(),
        ]
        zones, zone = (
            time_zone_choices(),
            self.get_initial_for_field(self.fields["time_zone"], "time_zone"),
        )
        if not any(zone == name for _, names in zones for name, _ in names):
            zones = [("Now", [(zone, zone)]), *zones]
        self.fields["time_zone"].choices = zones  # type: ignore[attr-defined]  # a ChoiceField


class NewGroupForm(OnceForm, GroupForm):
    """A new group."""


class GroupSettingsForm(GroupForm):
    """What a leader changes; carries the version that was read."""

    is_open = forms.BooleanField(
        label="Openness: members also see each other's lateness and last day of activity",
        required=False,
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)


class DeleteGroupForm(forms.Form):
    """Deleting a group, which takes its name."""

    typed_name = forms.CharField(
        label="Type the name of the group",
        max_length=MAXIMUM_GROUP_NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name

    def clean_typed_name(self) -> str:
        typed: str = self.cleaned_data["typed_name"]
        if " ".join(typed.split()) != " ".join(self.name.split()):
            raise forms.ValidationError("This is not its name. Nothing was deleted.")
        return typed
