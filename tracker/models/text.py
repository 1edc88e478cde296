"""Which texts can be kept."""

import re

from django.core.exceptions import ValidationError

# PostgreSQL takes no NUL, and half of a surrogate pair is no character in UTF-8.
_UNFIT = re.compile("[\0\ud800-\udfff]")


def check_text(text: str) -> None:
    """Raises ValidationError for a text that no database takes; line breaks are welcome."""
    if not is_fit(text):
        raise ValidationError("Remove NUL and half characters from the text.", code="control_char")


def is_fit(text: str) -> bool:
    return _UNFIT.search(text) is None
