"""Which mail somebody wants, and when."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from tracker.models import MailCategory, MailSettings, StudyGroup

_GROUP = "group-"


class MailForm(forms.Form):
    """Categories, quiet hours, and for each of the person's groups what may come from it."""

    wanted = forms.MultipleChoiceField(
        label="Send me mail about",
        choices=MailCategory,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    quiet_from = forms.TimeField(
        label="Quiet from",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        label="Quiet until",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def __init__(
        self, *args: Any, settings: MailSettings, groups: Iterable[StudyGroup], **kwargs: Any
    ) -> None:
        initial = {
            "wanted": [name for name in MailCategory.values if settings.wants(name)],
            "quiet_from": settings.quiet_from,
            "quiet_until": settings.quiet_until,
        }
        super().__init__(*args, **kwargs | {"initial": initial})
        for group in groups:
            muted = settings.muted.get(group.public_id, ())
            self.fields[f"{_GROUP}{group.public_id}"] = forms.MultipleChoiceField(
                label=group.name,
                choices=MailCategory,
                required=False,
                initial=[name for name in MailCategory.values if name not in muted],
                widget=forms.CheckboxSelectMultiple,
            )

    @property
    def group_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(_GROUP)]

    def muted(self) -> Mapping[str, list[str]]:
        """By the public id of a group, what is not wanted from it; only of a valid form."""
        return {
            name.removeprefix(_GROUP): [
                category
                for category in MailCategory.values
                if category not in self.cleaned_data[name]
            ]
            for name in self.fields
            if name.startswith(_GROUP)
        }
