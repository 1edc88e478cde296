"""Whether a document is an export that can be taken in, and what is wrong with it otherwise."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn, cast

import jsonschema

from mlmath.errors import DomainError
from tracker.models.text import is_fit

# Exports from before there were groups have none of these.
LATER_PARTS = {
    "account", "answers", "assignments", "memberships", "presenting", "questions", "rsvps",
}  # fmt: skip
SCHEMA_FILE = Path(__file__).resolve().parent.parent / "schemas" / "export-1.json"
# Twenty years of daily study; checking it takes seconds.
MAXIMUM_BYTES = 5 * 1024 * 1024
_MAXIMUM_FAULTS = 20
# An export is six deep.
_DEEPEST = 16
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class ImportFault:
    """`pointer` is a JSON pointer into the document."""

    pointer: str
    detail: str


class ImportFaulty(DomainError):
    """The document cannot be read; nothing was written."""

    code = "import_faulty"

    def __init__(self, faults: list[ImportFault]) -> None:
        super().__init__("This is no mlmath export: " + "; ".join(f.detail for f in faults[:3]))
        self.faults = faults


def read_document(content: bytes) -> object:
    """The JSON document of an uploaded file, read strictly. Raises ImportFaulty if it is none."""
    if len(content) > MAXIMUM_BYTES:
        raise ImportFaulty([ImportFault("", f"it is larger than {MAXIMUM_BYTES // 1024**2} MB")])
    try:
        document: object = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ImportFaulty([ImportFault("", "it is no JSON in UTF-8")]) from None
    return document


def read_list(content: bytes) -> str:
    """The text of an uploaded file that is to name topics. Raises ImportFaulty if it is none."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ImportFaulty(
            [ImportFault("", "it is neither an mlmath export nor a text in UTF-8")]
        ) from None


def check_document(document: object) -> dict[str, Any]:
    """The document, if it fits. Raises ImportFaulty with every fault, at most twenty, otherwise."""
    # The validator trusts that texts and numbers are what JSON knows, and that nesting ends.
    for find in (_unfit_values, _other_formats, _schema_faults, _contradictions):
        faults = list(islice(find(document), _MAXIMUM_FAULTS))
        if faults:
            raise ImportFaulty(faults)
    return cast("dict[str, Any]", document)


def _unfit_values(document: object) -> Iterator[ImportFault]:
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        if len(path) > _DEEPEST:
            yield ImportFault("", "it is nested too deeply")
            return
        if isinstance(value, dict):
            waiting += [((*path, name), inner) for name, inner in reversed(value.items())]
            if not all(map(is_fit, value)):
                yield ImportFault(_pointer(path), "a name holds NUL or half a character")
        elif isinstance(value, list):
            waiting += [((*path, i), value[i]) for i in reversed(range(len(value)))]
        elif isinstance(value, str) and not is_fit(value):
            yield ImportFault(_pointer(path), "this text holds NUL or half a character")
        elif isinstance(value, float) and not math.isfinite(value):
            yield ImportFault(_pointer(path), "this is no number")


def _other_formats(document: object) -> Iterator[ImportFault]:
    """One sentence for the JSON of another program, instead of one for each part that it lacks."""
    if isinstance(document, dict) and document.get("format") != "mlmath":
        pointer = _pointer(("format",)) if "format" in document else ""
        yield ImportFault(pointer, "this is no mlmath export: its format is not “mlmath”")


def _schema_faults(document: object) -> Iterator[ImportFault]:
    for error in _validator().iter_errors(document):
        shown = repr(error.instance)
        message = error.message
        if len(shown) > _LONGEST_SHOWN:
            message = message.replace(shown, f"{shown[:_LONGEST_SHOWN]}…")
        yield ImportFault(_pointer(error.absolute_path), message[:200])


def _contradictions(document: Any) -> Iterator[ImportFault]:
    """What the schema cannot say, of a document that fits it."""
    for place, row in enumerate(document["sessions"]):
        started_on = datetime.fromisoformat(row["started_at"]).date()
        if abs(date.fromisoformat(row["day"]) - started_on) > timedelta(days=1):
            yield ImportFault(_pointer(("sessions", place, "day")), "this is not when it started")
    for place, row in enumerate(document["activity"]):
        if (row["topic"] is None) == (row["unit"] is None):
            yield ImportFault(_pointer(("activity", place)), "this is about a topic or a unit")


def _pointer(path: Iterable[str | int]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number in JSON")


@cache
def _validator() -> jsonschema.Draft202012Validator:
    checker = jsonschema.FormatChecker(formats=())
    checker.checks("date", raises=ValueError)(_is_date)
    checker.checks("date-time", raises=ValueError)(_is_instant)
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    schema["required"] = required_parts(schema)
    inlined = _inlined(schema, schema["$defs"])
    return jsonschema.Draft202012Validator(inlined, format_checker=checker)


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """The same without `$ref`, which the validator would look up anew for every value."""
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    own = {name: _inlined(inner, definitions) for name, inner in schema.items() if name != "$ref"}
    if "$ref" not in schema:
        return own
    return _inlined(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions) | own


def required_parts(schema: Mapping[str, Any]) -> list[str]:
    """The parts that an imported document must have: those of the first exports.

    An export holds what came later as well; an import takes none of that over.
    """
    return [name for name in schema["required"] if name not in LATER_PARTS]


def _is_date(value: object) -> bool:
    """Formats are about texts only; whether something is one, the schema says elsewhere."""
    return not isinstance(value, str) or bool(date.fromisoformat(value))


def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None
