"""Everything of mine as one document, and back in again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework.parsers import BaseParser
from rest_framework.response import Response

from mlmath.rest.answers import Answer, Foreign
from mlmath.rest.fields import Input, Text
from mlmath.rest.operations import operation
from mlmath.rest.parsing import StrictJSONParser
from mlmath.rest.problems import FieldError, invalid
from mlmath.rest.query import YesNo
from mlmath.rest.views import ApiView
from tracker.actions import import_checks as checks
from tracker.actions import imports as actions
from tracker.api.authentication import ApiRequest
from tracker.api.idempotency import operation_once
from tracker.api.progress import Count
from tracker.summaries.export import export_of

LONGEST_LIST = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedOutput(Answer):
    """Things of one kind by their names: topics, units, sessions, notes, settings and so on."""

    kind: str
    names: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportReportOutput(Answer):
    """What an import has changed or, as a dry run, would change. `unknown` are names that mean
    nothing here; `kept` counts what was there already or is newer here."""

    dry_run: bool
    added: list[ImportedOutput]
    changed: list[ImportedOutput]
    unknown: list[str]
    kept: Count


class ImportListInput(Input):
    """{"list"}: topics to mark as done, one a line, by slug, title or other name; of a Markdown
    list those that are ticked."""

    list = Text(allow_blank=True, trim_whitespace=False, max_length=LONGEST_LIST)


class ImportParser(StrictJSONParser):
    """A whole export is larger than what other calls take."""

    largest: ClassVar[int | None] = checks.MAXIMUM_BYTES


@cache
def _export_schema() -> Mapping[str, object]:
    """The schema of the document without references of its own, which mean nothing in OpenAPI."""
    schema = json.loads(checks.SCHEMA_FILE.read_text(encoding="utf-8"))
    shared = schema.pop("$defs")
    schema.pop("$schema")

    def filled(thing: Any) -> Any:
        if isinstance(thing, list):
            return [filled(one) for one in thing]
        if not isinstance(thing, dict):
            return thing
        name = thing.get("$ref", "").removeprefix("#/$defs/")
        rest = {key: filled(inner) for key, inner in thing.items() if key != "$ref"}
        return {**shared[name], **rest} if name else rest

    document: Mapping[str, object] = filled(schema)
    return document


EXPORT = Foreign(name="Export", schema=_export_schema())
IMPORT = Foreign(
    name="ExportToImportRequest",
    schema={
        **EXPORT.schema,
        # Programs that make classes of schemas name them by their titles.
        "title": "What an import takes",
        "required": checks.required_parts(_export_schema()),
    },
)
_EXAMPLE = {
    "format": "mlmath",
    "version": 1,
    "exported_at": "2026-11-21T08:30:00Z",
    "person": {
        "email": "ada@example.org",
        "name": "Ada Lovelace",
        "role": "data-scientist",
        "minutes_per_day": 45,
        "study_days": ["mon", "wed", "sat"],
        "days_off": ["2026-12-24"],
        "time_zone": "Europe/London",
        "show_dates": True,
        "reviews_per_day": 5,
        "joined_at": "2026-10-01T09:00:00Z",
    },
    "topics": [
        {
            "topic": "vectors",
            "state": "done",
            "stuck": False,
            "stuck_note": "",
            "source": "manual",
            "changed_at": "2026-11-20T19:15:00Z",
        }
    ],
    "units": [{"unit": "goodfellow-deep-learning/chapter-08", "done_at": "2026-11-20T19:15:00Z"}],
    "sessions": [
        {
            "started_at": "2026-11-20T18:30:00Z",
            "day": "2026-11-20",
            "minutes": 45,
            "topic": "vectors",
            "unit": None,
        }
    ],
    "reviews": [],
    "review_answers": [],
    "notes": [
        {
            "topic": "vectors",
            "body": "Arrows, or *lists of numbers*.",
            "changed_at": "2026-11-20T19:20:00Z",
        }
    ],
    "questions": [
        {
            "id": "q3n7k5v2x8q4m6w9p2t7",
            "group": "g7k2m9v4x3q6w8n5p2t7",
            "title": "Why is the row rank the column rank?",
            "body": "I see it for $2 \\times 2$, and *only* there.",
            "unit": "mml-book/chapter-02",
            "topic": None,
            "written_at": "2026-11-20T18:30:00Z",
            "edited_at": None,
        }
    ],
    "answers": [],
    "memberships": [
        {
            "group": "g7k2m9v4x3q6w8n5p2t7",
            "name": "Tuesday Readers",
            "role": "leader",
            "joined_at": "2026-11-01T18:30:00Z",
            "shares_readiness": False,
            "seen_by_observers": True,
        }
    ],
    "assignments": [],
    "rsvps": [],
    "presenting": [],
    "activity": [],
    "account": {
        "last_sign_in_at": "2026-11-21T08:00:00Z",
        "is_staff": False,
        "calendar_alarm_minutes": None,
        "timer": None,
        "addresses": [{"address": "ada@example.org", "verified": True, "primary": True}],
        "connections": [],
        "second_factors": [],
        "devices": [],
        "browsers": [{"name": "Firefox on Linux", "seen_at": "2026-11-21T08:00:00Z"}],
        "tokens": [],
        "mail": [],
        "notices": [],
        "places": [],
        "join_requests": [],
        "bans": [],
        "nudges": [],
        "acts": [],
        "looks_by_staff": [],
        "chosen_for": [],
        "mentions": [],
        "subscriptions": [],
        "earlier_texts": [],
    },
}


class MyExport(ApiView):
    tag = "study"

    @operation(
        id="exportMe",
        summary="Everything of mine as one document",
        scope="read",
        answer=EXPORT,
        example=_EXAMPLE,
    )
    def get(self, request: ApiRequest) -> Response:
        """Passwords and secrets of tokens are not in it. `POST /me/import/` takes it in again."""
        at = timezone.now()
        name = f"mlmath-{at:%Y-%m-%d}.json"
        return Response(
            export_of(user=request.user, at=at),
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


class MyImport(ApiView):
    tag = "study"
    parser_classes: ClassVar[list[type[BaseParser]]] = [ImportParser]  # type: ignore[misc]  # as in the stubs

    @operation_once(
        id="importMe",
        summary="Take in an export, or a list of topics",
        scope="write",
        query=(
            YesNo(name="dry_run", about="Say what would change, and change nothing", example=True),
        ),
        body=(IMPORT, ImportListInput),
        body_example={"list": "vectors\n- [x] Derivatives\n- [ ] Norms"},
        answer=ImportReportOutput,
        example=ImportReportOutput(
            dry_run=True,
            added=[
                ImportedOutput(
                    kind="topics", names=["Vectors and vector arithmetic", "Derivatives"]
                )
            ],
            changed=[],
            unknown=[],
            kept=0,
        ),
    )
    def post(self, request: ApiRequest) -> Response:
        """All of it or nothing: the errors point to what does not fit. Up to 5 MiB.

        What is newer here stays, so repeating it changes nothing. Address, password and tokens are
        never taken over.
        """
        is_dry_run = bool(self.query.yes_no("dry_run"))
        body = self.read_json(request)
        try:
            if "list" in body:
                text = self.check_body(ImportListInput, body)["list"]
                report = actions.import_list(user=request.user, text=text, is_dry_run=is_dry_run)
            else:
                report = actions.import_document(
                    user=request.user, document=body, is_dry_run=is_dry_run
                )
        except checks.ImportFaulty as error:
            raise invalid(
                FieldError(pointer=fault.pointer, code=error.code, detail=fault.detail)
                for fault in error.faults
            ) from None
        answer = ImportReportOutput(
            dry_run=is_dry_run,
            added=_by_kind(report.added),
            changed=_by_kind(report.changed),
            unknown=report.unknown,
            kept=report.kept,
        )
        return Response(answer)


def _by_kind(names: Mapping[str, list[str]]) -> list[ImportedOutput]:
    return [ImportedOutput(kind=kind, names=found) for kind, found in names.items()]
