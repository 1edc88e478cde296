"""Which fields a record of the data files has, and of which kind."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any

from catalog.loading.files import Content, Record, Text

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAXIMUM_SLUG_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Field:
    """`kind` is a key of `_FITS`; an optional field may be missing or null."""

    kind: str
    optional: bool = False
    allowed: tuple[str, ...] = ()
    longest: int = 5000


def _is_number(value: Any) -> bool:
    """A number with at most one decimal: sums of hours stay exact in tenths."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return False
    return round(value, 1) == value


_FITS: dict[str, Callable[[Any], bool]] = {
    "slug": lambda value: isinstance(value, str),
    "text": lambda value: isinstance(value, str) and bool(value.strip()),
    "number": _is_number,
    "whole": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "flag": lambda value: isinstance(value, bool),
    "texts": lambda value: isinstance(value, list) and all(isinstance(v, str) for v in value),
    "records": lambda value: isinstance(value, list) and all(isinstance(v, Record) for v in value),
    "record": lambda value: isinstance(value, Record),
    "url": lambda value: isinstance(value, str) and value.startswith("https://"),
}
_WORDING = {
    "slug": "a slug",
    "text": "text",
    "number": "a number with one decimal at most",
    "whole": "a whole number",
    "flag": "true or false",
    "texts": "a list of texts",
    "records": "a list of mappings",
    "record": "a mapping",
    "url": "an address that starts with https://",
}

_SLUG_FIELD = Field("slug")
_CITED = Field("records", optional=True)
_OLD_SLUGS = Field("texts", optional=True)
_CHANGES = {
    "renamed_from": _OLD_SLUGS,
    "retired": Field("flag", optional=True),
}
_TITLE = Field("text", longest=120)
_NOTE = Field("text", optional=True)

SHAPES: dict[str, dict[str, Field]] = {
    "articles": {
        "slug": _SLUG_FIELD,
        "title": Field("text", longest=200),
        "author": Field("text", optional=True, longest=200),
        "year": Field("whole", optional=True),
    },
    "subjects": {
        "slug": _SLUG_FIELD,
        "title": _TITLE,
        "summary": Field("text"),
        "position": Field("whole"),
        "cited": _CITED,
    },
    "topics": {
        "slug": _SLUG_FIELD,
        "title": _TITLE,
        "subject": _SLUG_FIELD,
        "summary": Field("text", longest=300),
        "hours": Field("number"),
        "prerequisites": Field("records"),
        "also_called": Field("texts", optional=True),
        "cited": _CITED,
        "note": _NOTE,
        "split_from": _OLD_SLUGS,
        "merged_from": _OLD_SLUGS,
        **_CHANGES,
    },
    "prerequisites": {"topic": _SLUG_FIELD, "reason": Field("text", longest=110)},
    "depths": {
        "slug": _SLUG_FIELD,
        "title": Field("text", longest=80),
        "hours_factor": Field("number"),
        "meaning": Field("text", longest=200),
    },
    "roles": {
        "slug": _SLUG_FIELD,
        "title": _TITLE,
        "kind": Field("text", allowed=("role", "specialisation", "starting-point")),
        "applied": Field("flag"),
        "calculus_free": Field("flag"),
        "builds_on": Field("texts"),
        "summary": Field("text"),
        "note": _NOTE,
        "cited": _CITED,
        "topics": Field("records"),
        **_CHANGES,
    },
    "role topics": {
        "topic": _SLUG_FIELD,
        "requirement": Field("text", allowed=("required", "recommended")),
        "depth": _SLUG_FIELD,
        "basis": Field("text", allowed=("article", "article-subject", "prerequisite", "addition")),
        "note": _NOTE,
        "cited": _CITED,
    },
    "providers": {
        "slug": _SLUG_FIELD,
        "name": _TITLE,
        "kind": Field("text", longest=40),
        "url": Field("url", optional=True, longest=200),
        "summary": Field("text"),
        "cited": _CITED,
        "unverified": Field("flag", optional=True),
    },
    "resources": {
        "slug": _SLUG_FIELD,
        "title": Field("text", longest=200),
        "authors": Field("texts"),
        "provider": _SLUG_FIELD,
        "offered_by": Field("slug", optional=True),
        "also_at": Field("texts", optional=True),
        "part_of": Field("slug", optional=True),
        "kind": Field("text", longest=40),
        "year": Field("whole", optional=True),
        "edition": Field("text", optional=True, longest=80),
        "url": Field("url", optional=True, longest=200),
        "cost": Field("text", allowed=("free", "paid", "mixed")),
        "cost_note": _NOTE,
        "has_exercises": Field("flag"),
        "standalone": Field("flag"),
        "standalone_note": _NOTE,
        "calculus_needed": Field("text", allowed=("none", "single-variable", "multivariable")),
        "level": Field("text", allowed=("introductory", "intermediate", "advanced")),
        "hours_hint": Field("whole", optional=True),
        "unit_kind": Field("text", optional=True, longest=20),
        "evidence": Field("text", allowed=("seen", "known")),
        "unverified": Field("record", optional=True),
        "note": _NOTE,
        "cited": _CITED,
        "units": Field("records"),
        **_CHANGES,
    },
    "unverified": {"fields": Field("texts"), "what": Field("text")},
    "units": {
        "slug": _SLUG_FIELD,
        "label": Field("text", longest=60),
        "title": Field("text", longest=200),
        "topics": Field("texts"),
        "minutes": Field("whole", optional=True),
        "url": Field("url", optional=True, longest=200),
        "note": _NOTE,
        "unverified": Field("flag", optional=True),
        **_CHANGES,
    },
    "paths": {
        "slug": _SLUG_FIELD,
        "title": _TITLE,
        "role": Field("slug", optional=True),
        "covers_role": Field("flag"),
        "prerequisites_complete": Field("flag"),
        "calculus_free": Field("flag"),
        "summary": Field("text"),
        "note": _NOTE,
        "cited": _CITED,
        "steps": Field("records"),
        **_CHANGES,
    },
    "steps": {
        "position": Field("whole"),
        "title": _TITLE,
        "summary": Field("text"),
        "topics": Field("texts"),
        "resources": Field("records"),
        "optional": Field("flag", optional=True),
        "order_free": Field("flag", optional=True),
    },
    "step resources": {
        "resource": _SLUG_FIELD,
        "use": Field("text", allowed=("main", "companion", "alternative")),
        "units": Field("texts", optional=True),
    },
    "time_estimates": {
        "slug": _SLUG_FIELD,
        "claim": Field("text"),
        "applies_to": Field("text", longest=80),
        "months_min": Field("whole", optional=True),
        "months_max": Field("whole", optional=True),
        "hours_per_day_min": Field("whole", optional=True),
        "hours_per_day_max": Field("whole", optional=True),
        "total_hours_min": Field("whole", optional=True),
        "total_hours_max": Field("whole", optional=True),
        "cited": _CITED,
    },
    "advice": {
        "slug": _SLUG_FIELD,
        "audience": Field("text", longest=80),
        "text": Field("text"),
        "cited": _CITED,
    },
    "cited": {"article": _SLUG_FIELD, "note": _NOTE},
}

# Which lists of records stand inside which records.
NESTED = {
    "topics": {"prerequisites": "prerequisites"},
    "roles": {"topics": "role topics"},
    "resources": {"units": "units"},
    "paths": {"steps": "steps"},
    "steps": {"resources": "step resources"},
}


def check_shapes(content: Content) -> None:
    """Report every missing, unknown or misshapen field, and every slug that stands twice."""
    for kind, records in content.lists.items():
        for record in records:
            _check_record(content, kind, record)
        _check_slugs(content, kind, records)


def _check_record(content: Content, kind: str, record: Record) -> None:
    shape = SHAPES[kind]
    name = record.get("slug") or record.get("topic") or record.get("resource") or ""
    for unknown in set(record) - set(shape):
        content.fault(record, f"{kind} {name}: the field {unknown!r} is unknown")
    for key, wanted in shape.items():
        value = record.get(key)
        if value is None:
            if not wanted.optional:
                content.fault(record, f"{kind} {name}: the field {key!r} is missing")
            continue
        _check_value(content, f"{kind} {name}: {key}", record, value, wanted)
    inside = {**NESTED.get(kind, {}), "cited": "cited"}
    for key, inner_kind in inside.items():
        for inner in record.get(key) or []:
            if isinstance(inner, Record):
                _check_record(content, inner_kind, inner)
    if kind == "resources":
        if isinstance(record.get("unverified"), Record):
            _check_record(content, "unverified", record["unverified"])
        units = record.get("units") or []
        _check_slugs(content, f"units of {name}", [u for u in units if isinstance(u, Record)])


def _check_value(content: Content, where: str, record: Record, value: Any, wanted: Field) -> None:
    place = value if isinstance(value, Text) else record
    if not _FITS[wanted.kind](value):
        content.fault(place, f"{where} must be {_WORDING[wanted.kind]}", file=record.file)
    elif wanted.allowed and value not in wanted.allowed:
        choices = ", ".join(wanted.allowed)
        content.fault(place, f"{where} is {value!r}, not one of {choices}", file=record.file)
    elif isinstance(value, str) and len(value) > wanted.longest:
        content.fault(
            place, f"{where} is longer than {wanted.longest} characters", file=record.file
        )
    elif wanted.kind == "slug" and not is_slug(value):
        content.fault(place, f"{where}: {value!r} is no slug", file=record.file)


def is_slug(value: str) -> bool:
    return bool(_SLUG.fullmatch(value)) and len(value) <= MAXIMUM_SLUG_LENGTH


def _check_slugs(content: Content, kind: str, records: list[Record]) -> None:
    seen: set[str] = set()
    for record in records:
        slug = record.get("slug")
        if slug in seen:
            content.fault(record, f"{kind}: the slug {slug!r} stands here twice")
        seen.add(str(slug))
