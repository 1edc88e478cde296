"""What one did, newest first, with the way to take it back."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from mlmath.errors import BadRequest
from tracker.models import Source
from tracker.summaries.timeline import (
    Change,
    Entry,
    ProgressEntry,
    ReviewEntry,
    SessionEntry,
    timeline,
)
from tracker.templatetags.durations import duration
from tracker.views.requests import AppRequest

PAGE_SIZE = 30
_NAMED = 3
_STATES = {"todo": "to do", "learning": "learning", "done": "done", "skipped": "skipped"}
_SOURCES = {
    Source.SELF_ASSESSMENT: "self-assessment",
    Source.UNIT: "from chapters",
    Source.IMPORT: "import",
    Source.API: "over the API",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """An entry in words. With a `batch` it can be taken back; `topic` is a slug or empty."""

    at: datetime
    sentence: str
    note: str
    topic: str
    batch: str


@require_safe
def history(request: AppRequest) -> HttpResponse:
    cursor = request.GET.get("before", "")
    try:
        page = timeline(user=request.user, size=PAGE_SIZE, cursor=cursor)
    except BadRequest:
        # An address that was cut off when it was copied still leads to the history.
        cursor = ""
        page = timeline(user=request.user, size=PAGE_SIZE)
    context = {
        "lines": [line_of(entry) for entry in page.entries],
        "next_cursor": page.next_cursor,
        "is_first": not cursor,
        "next": request.get_full_path(),
    }
    return TemplateResponse(request, "tracker/history.html", context)


def line_of(entry: Entry) -> Line:
    if isinstance(entry, SessionEntry):
        sentence = f"Studied {duration(entry.minutes)}" + _about(entry.title)
        return Line(at=entry.at, sentence=sentence, note="", topic=entry.topic, batch="")
    if isinstance(entry, ReviewEntry):
        sentence = f"Reviewed “{entry.title}”: {entry.grade}"
        return Line(at=entry.at, sentence=sentence, note="", topic=entry.topic, batch="")
    return _progress_line(entry)


def _progress_line(entry: ProgressEntry) -> Line:
    changes = entry.changes
    sentence = _change(changes[0]) if len(changes) == 1 else f"{len(changes)} changes"
    notes = [_change(one) for one in changes[:_NAMED]] if len(changes) > 1 else []
    if len(changes) > _NAMED:
        notes.append(f"and {len(changes) - _NAMED} more")
    if entry.undoes:
        notes.append("taken back")
    elif entry.source in _SOURCES:
        notes.append(_SOURCES[Source(entry.source)])
    return Line(
        at=entry.at,
        sentence=sentence,
        note=" · ".join(notes),
        topic=changes[0].topic if len(changes) == 1 else "",
        batch=entry.batch if entry.can_undo else "",
    )


def _change(change: Change) -> str:
    if change.before == change.after:
        stuck = "stuck" if change.is_stuck else "no longer stuck"
        return f"“{change.title}”: {stuck}"
    return f"“{change.title}”: {_STATES[change.after]}"


def _about(title: str) -> str:
    return f": “{title}”" if title else ""
