"""Bringing data in, and deleting the account."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tracker.actions.import_checks import MAXIMUM_BYTES


class ImportForm(forms.Form):
    """A file, or text; only one of them."""

    file = forms.FileField(
        label="File",
        required=False,
        help_text=f"mlmath.json or a text file, {MAXIMUM_BYTES // 1024**2} MB at most.",
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
    """The password, of those who have one, and what becomes of their posts."""

    password = forms.CharField(
        label="Your password",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    empties_posts = forms.BooleanField(
        label="Also empty what I wrote in groups",
        required=False,
        help_text="Otherwise your questions and answers stay there, by a “deleted member”.",
    )

    def __init__(self, *args: Any, has_password: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_password = has_password
        if not has_password:
            del self.fields["password"]
