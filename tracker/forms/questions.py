"""Questions and answers."""

from collections.abc import Iterable
from typing import Any

from django import forms

from catalog.graph import CatalogGraph, ResourceNode
from tracker.forms.once import OnceForm
from tracker.models.questions import MAXIMUM_BODY_LENGTH, MAXIMUM_TITLE_LENGTH


class MarkdownField(forms.CharField):
    """A text of several lines, as it was typed: browsers send two characters for a line break."""

    def __init__(self, *, rows: int, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows, "data-mentions": ""})
        super().__init__(max_length=MAXIMUM_BODY_LENGTH, strip=False, widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


_HOW_TO_WRITE = (
    "Markdown works: **bold**, `code`, three backticks around a block of it, and mathematics "
    "between dollar signs: $x^2$. @ and a name mentions somebody of the group."
)


class QuestionFields(forms.Form):
    title = forms.CharField(
        label="Question in a line",
        max_length=MAXIMUM_TITLE_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    body = MarkdownField(
        label="In more words",
        rows=8,
        help_text=_HOW_TO_WRITE,
    )
    unit = forms.ChoiceField(label="About a chapter", required=False)
    topic = forms.ChoiceField(label="About a topic", required=False)

    def __init__(
        self, *args: Any, graph: CatalogGraph, resources: Iterable[ResourceNode], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        topics: dict[str, list[tuple[str, str]]] = {}
        for topic in graph.topics:
            topics.setdefault(topic.subject.title, []).append((topic.slug, topic.title))
        chapters = [
            (
                resource.title,
                [
                    (f"{resource.slug}/{unit.slug}", f"{unit.label}: {unit.title}")
                    for unit in resource.units
                ],
            )
            for resource in resources
        ]
        self.fields["unit"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", "No chapter"),
            *chapters,
        ]
        self.fields["topic"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", "No topic"),
            *topics.items(),
        ]


class AskForm(QuestionFields, OnceForm):
    """A new question."""


class EditQuestionForm(QuestionFields):
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class AnswerForm(OnceForm):
    """A new answer."""

    body = MarkdownField(label="Your answer", rows=6, help_text=_HOW_TO_WRITE)


class EditAnswerForm(forms.Form):
    body = MarkdownField(label="Your answer", rows=8, help_text=_HOW_TO_WRITE)
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
