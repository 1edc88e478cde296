"""Inputs that take JSON at its word: no "5" for 5, no "yes" for true, no unknown names."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from rest_framework import serializers

CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII
)


class Input(serializers.Serializer[Any]):
    """A JSON object of which every name is known; where it `takes_one`, just one of them."""

    takes_one: ClassVar[bool] = False

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [str(name) for name in data if name not in self.fields]
            if unknown:
                known = ", ".join(self.fields)
                raise serializers.ValidationError(
                    {
                        name: [
                            serializers.ErrorDetail(
                                f"There is no field “{name[:100]}” here. Known: {known}.",
                                code="unknown_field",
                            )
                        ]
                        for name in unknown
                    }
                )
            if self.takes_one and len(data) != 1:
                names = " or ".join(f"“{name}”" for name in self.fields)
                raise serializers.ValidationError(f"Give either {names}.", code="one_of")
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A text; the parser has refused what no database takes."""

    unwanted = r"\u0000"

    @property
    def pattern(self) -> str:
        """For the schema: nothing unwanted, and something to see unless blanks are fine."""
        some = f"[^{self.unwanted}]*"
        is_blank_fine = self.allow_blank or not self.trim_whitespace
        return f"^{some}$" if is_blank_fine else rf"^{some}[^\s{self.unwanted}]{some}$"

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Line(Text):
    """A text without line breaks and other control characters."""

    unwanted = r"\u0000-\u001f\u007f"

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, str) and any(ord(one) < 32 or ord(one) == 127 for one in data):
            raise serializers.ValidationError(
                "Remove line breaks and control characters.", code="control_char"
            )
        return super().to_internal_value(data)


class EmailAddress(Text):
    """A text that the schema calls an e-mail address; the action says whether mail can go there."""


class Choice(serializers.ChoiceField):
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            raise serializers.ValidationError(
                f"Use one of: {', '.join(self.choices)}.", code="invalid_choice"
            )
        return data


class YesNo(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Whole(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        # In Python, true is an int.
        if isinstance(data, bool) or not isinstance(data, int | float) or data != int(data):
            self.fail("invalid")
        return super().to_internal_value(int(data))


class Day(serializers.DateField):
    """A calendar day, YYYY-MM-DD and in no other of the many forms of ISO 8601."""

    def to_internal_value(self, data: Any) -> date:
        if not isinstance(data, str) or not _DAY.fullmatch(data):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(data)


class Clock(serializers.RegexField):
    """A time of day, HH:MM; it stays a text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(CLOCK, **kwargs)


class Instant(serializers.DateTimeField):
    """A moment by RFC 3339, with the offset from UTC that it cannot do without; in UTC here."""

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str) or not _INSTANT.fullmatch(data.upper()):
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")
        try:
            return datetime.fromisoformat(data.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")
