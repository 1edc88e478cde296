"""Request bodies: one JSON object in UTF-8, read strictly."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import IO, ClassVar, NoReturn

from django.conf import settings
from rest_framework.parsers import BaseParser

from mlmath.rest.problems import (
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    FieldError,
    Problem,
    escape_pointer,
    invalid,
)

# No body of this API is nested half as deep.
DEEPEST = 16
_TOO_DEEP = "The body is nested too deeply."
# NUL, and half of a surrogate pair.
_UNFIT = re.compile("[\0\ud800-\udfff]")


class _Faulty(ValueError):
    """JSON that some readers accept, each in its own way."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise _Faulty(f"The name {name!r} stands twice in one object.")
        found[name] = value
    return found


def _no_constant(text: str) -> NoReturn:
    raise _Faulty(f"{text} is no number in JSON.")


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _Faulty(f"The number {text} is too large.")
    return number


class StrictJSONParser(BaseParser):
    """Refuses what leaves room for doubt: names given twice, NaN, NUL, lone surrogates, depth.

    A body of more than `largest` bytes is refused, by default of more than forms may have.
    """

    media_type = "application/json"
    largest: ClassVar[int | None] = None

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, object] | None = None,
    ) -> dict[str, object]:
        charset = (media_type or "").lower().partition("charset=")[2].strip(' "')
        if charset not in {"", "utf-8", "utf8"}:
            raise Problem(UNSUPPORTED_MEDIA_TYPE)
        limit = self.largest or settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise Problem(TOO_LARGE)
        try:
            document = json.loads(
                body.decode("utf-8"),
                object_pairs_hook=_object,
                parse_constant=_no_constant,
                parse_float=_number,
            )
        except _Faulty as error:
            raise _not_json(str(error)) from None
        except RecursionError:
            raise _not_json(_TOO_DEEP) from None
        except ValueError:
            raise _not_json("The body is no JSON in UTF-8.") from None
        if not isinstance(document, dict):
            raise _not_json("The body must be a JSON object.")
        errors = list(_text_errors(document))
        if errors:
            raise invalid(errors)
        return document


def _not_json(detail: str) -> Problem:
    return invalid([FieldError(pointer="", code="parse_error", detail=detail)])


def _text_errors(document: dict[str, object]) -> Iterator[FieldError]:
    """Texts that no database and no other program can take, and nesting beyond all measure."""
    waiting: list[tuple[str, object, int]] = [("", document, 1)]
    while waiting:
        pointer, value, depth = waiting.pop()
        if depth > DEEPEST:
            yield FieldError(
                pointer="", code="parse_error", detail="The body is nested too deeply."
            )
            return
        if isinstance(value, dict):
            for name, inner in value.items():
                if _UNFIT.search(name):
                    yield FieldError(
                        pointer=pointer,
                        code="control_char",
                        detail="A name holds NUL or half a character.",
                    )
                    return
                waiting.append((f"{pointer}/{escape_pointer(name)}", inner, depth + 1))
        elif isinstance(value, list):
            waiting += [(f"{pointer}/{i}", inner, depth + 1) for i, inner in enumerate(value)]
        elif isinstance(value, str) and _UNFIT.search(value):
            yield FieldError(
                pointer=pointer,
                code="control_char",
                detail="Remove NUL and lone surrogates from the text.",
            )
