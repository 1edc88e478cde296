"""Bringing data in: a whole export, or a plain list of topics."""

import json
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from django.db import transaction

from catalog.graph import CatalogGraph, current_graph
from mlmath.errors import DomainError
from mlmath.markdown import to_html
from tracker.actions.locking import lock_person
from tracker.actions.people import update_profile
from tracker.actions.progress import Mark, mark_topics
from tracker.models import (
    Activity,
    ReviewAnswer,
    Source,
    StudySession,
    TopicNote,
    TopicProgress,
    TopicReview,
    TopicState,
    UnitProgress,
    User,
)
from tracker.models.people import check_time_zone

SCHEMA_FILE = Path(__file__).resolve().parent.parent / "schemas" / "export-1.json"
MAXIMUM_LINES = 1000
_MAXIMUM_ERRORS = 20


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


@dataclass(slots=True)
class ImportReport:
    """What an import changed, or would change: names by kind, and what it did not recognise.

    `kept` counts what was there already, and own states and notes that are newer than the import.
    """

    added: dict[str, list[str]] = field(default_factory=dict)
    changed: dict[str, list[str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    kept: int = 0

    def add(self, kind: str, name: str) -> None:
        self.added.setdefault(kind, []).append(name)

    def change(self, kind: str, name: str) -> None:
        self.changed.setdefault(kind, []).append(name)

    @property
    def has_changes(self) -> bool:
        return bool(self.added or self.changed)


class _DryRun(Exception):
    """Rolls back what a dry run wrote."""


def import_document(*, user: User, document: object, is_dry_run: bool = False) -> ImportReport:
    """Take over an export; what is newer here stays, so repeating it changes nothing.

    Address, password and tokens are never taken over. A dry run does all of it and rolls back.
    Raises ImportFaulty, with nothing written, unless the document fits the schema. Locks the
    person's row.
    """
    check_document(document)
    assert isinstance(document, dict)
    return _run(lambda report: _import(user, document, report), is_dry_run)


def import_list(*, user: User, text: str, is_dry_run: bool = False) -> ImportReport:
    """Mark as done the topics that `text` names, one a line, by slug, title or other name.

    Ticks of a Markdown list (`- [x] Vectors`) count, unticked lines do not. What is done or
    skipped stays. Raises ImportFaulty beyond 1,000 lines.
    """
    lines = [line for line in (_topic_name(line) for line in text.splitlines()) if line]
    if len(lines) > MAXIMUM_LINES:
        raise ImportFaulty([ImportFault("", f"keep a list to {MAXIMUM_LINES} lines")])

    def run(report: ImportReport) -> None:
        graph = current_graph()
        names = _topic_names(graph)
        marks = []
        for line in lines:
            indexes = names.get(line.casefold())
            if indexes is None:
                report.unknown.append(line)
            else:
                marks += [Mark(topic=graph.topics[i], state=TopicState.DONE) for i in indexes]
        marked = mark_topics(user=user, marks=marks, source=Source.IMPORT)
        for index, row in marked.after.current.items():
            had = marked.before.current.get(index)
            if had == row:
                continue
            (report.change if had else report.add)("topics", graph.topics[index].title)
        report.kept = len(marks) - marked.changed

    return _run(run, is_dry_run)


def check_document(document: object) -> None:
    """Raises ImportFaulty with every fault, at most twenty, unless `document` fits the schema."""
    faults = [
        ImportFault("/" + "/".join(str(part) for part in error.absolute_path), error.message[:200])
        for _, error in zip(range(_MAXIMUM_ERRORS), _validator().iter_errors(document), strict=False)
    ]
    if faults:
        raise ImportFaulty(faults)


@cache
def _validator() -> jsonschema.Draft202012Validator:
    checker = jsonschema.FormatChecker(formats=())
    checker.checks("date", raises=ValueError)(lambda text: bool(date.fromisoformat(text)))
    checker.checks("date-time", raises=ValueError)(
        lambda text: datetime.fromisoformat(text).tzinfo is not None
    )
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema, format_checker=checker)


def _run(work: Callable[[ImportReport], None], is_dry_run: bool) -> ImportReport:
    report = ImportReport()
    try:
        with transaction.atomic():
            work(report)
            if is_dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return report


def _topic_name(line: str) -> str:
    line = line.strip().lstrip("-*•").strip()
    if line.startswith("[ ]") or line.startswith("#"):
        return ""
    return line.removeprefix("[x]").removeprefix("[X]").strip()


def _topic_names(graph: CatalogGraph) -> Mapping[str, tuple[int, ...]]:
    names: dict[str, tuple[int, ...]] = {}
    for topic in graph.topics:
        for name in topic.also_called:
            names.setdefault(name.casefold(), (topic.index,))
    for old in graph.aliases:
        names[old] = tuple(topic.index for topic in graph.successors(old))
    for topic in graph.topics:
        names[topic.title.casefold()] = names[topic.slug] = (topic.index,)
    return names


@dataclass(frozen=True, slots=True)
class _Catalog:
    """Slugs of the document → rows; retired topics keep their rows and are found as well."""

    topics: Mapping[str, tuple[int, ...]]
    units: Mapping[str, int]

    @classmethod
    def of(cls, graph: CatalogGraph) -> "_Catalog":
        topics = {topic.slug: (topic.id,) for topic in graph.topics}
        topics |= {slug: (topic_id,) for topic_id, slug in graph.retired_by_id.items()}
        for old in graph.aliases:
            topics[old] = tuple(topic.id for topic in graph.successors(old))
        return cls(
            topics=topics,
            units={
                f"{unit.resource}/{unit.slug}": unit.id
                for resource in graph.resources.values()
                for unit in resource.units
            },
        )


def _import(user: User, document: dict[str, Any], report: ImportReport) -> None:
    graph = current_graph()
    catalog = _Catalog.of(graph)
    lock_person(user)
    _import_person(user, document["person"], graph, report)
    _import_topics(user, document["topics"], catalog, report)
    _import_units(user, document["units"], catalog, report)
    _import_sessions(user, document["sessions"], catalog, report)
    _import_reviews(user, document["reviews"], document["review_answers"], catalog, report)
    _import_notes(user, document["notes"], catalog, report)
    _import_activity(user, document["activity"], catalog, report)


def _import_person(
    user: User, person: dict[str, Any], graph: CatalogGraph, report: ImportReport
) -> None:
    wanted: dict[str, Any] = {
        key: person[key]
        for key in ("name", "minutes_per_day", "study_days", "show_dates", "days_off")
    }
    try:
        check_time_zone(person["time_zone"])
        wanted["time_zone"] = person["time_zone"]
    except Exception:  # a zone that this machine does not know
        report.unknown.append(person["time_zone"])
    for name, value in wanted.items():
        if name in {"study_days", "days_off"}:
            is_same = sorted(getattr(user, name)) == sorted(value)
        else:
            is_same = getattr(user, name) == value
        if not is_same:
            report.change("settings", name)
    wanted["days_off"] = [date.fromisoformat(day) for day in wanted["days_off"]]
    update_profile(user=user, **wanted)
    role = graph.roles.get(person["role"]) if person["role"] else None
    if person["role"] and role is None:
        report.unknown.append(person["role"])
    if role and user.role_id != role.id:
        user.role_id = role.id
        report.change("settings", "role")
    if user.reviews_per_day != person["reviews_per_day"]:
        user.reviews_per_day = person["reviews_per_day"]
        report.change("settings", "reviews_per_day")
    user.save(update_fields=["role", "reviews_per_day"])


def _import_topics(
    user: User, rows: Iterable[dict[str, Any]], catalog: _Catalog, report: ImportReport
) -> None:
    own = {row.topic_id: row for row in TopicProgress.objects.filter(user=user)}
    wanted: dict[int, TopicProgress] = {}
    for row in rows:
        changed_at = datetime.fromisoformat(row["changed_at"])
        for topic_id in _known(catalog.topics, row["topic"], report):
            had = own.get(topic_id)
            if had is not None and had.changed_at >= changed_at:
                report.kept += 1
                continue
            (report.change if had else report.add)("topics", row["topic"])
            wanted[topic_id] = TopicProgress(
                user=user,
                topic_id=topic_id,
                state=row["state"],
                is_stuck=row["stuck"],
                stuck_note=row["stuck_note"],
                source=row["source"],
                changed_at=changed_at,
            )
    TopicProgress.objects.bulk_create(
        wanted.values(),
        update_conflicts=True,
        unique_fields=["user", "topic"],
        update_fields=["state", "is_stuck", "stuck_note", "source", "changed_at"],
    )


def _import_units(
    user: User, rows: Iterable[dict[str, Any]], catalog: _Catalog, report: ImportReport
) -> None:
    own = set(UnitProgress.objects.filter(user=user).values_list("unit_id", flat=True))
    new = {}
    for row in rows:
        unit_id = catalog.units.get(row["unit"])
        if unit_id is None:
            report.unknown.append(row["unit"])
        elif unit_id in own or unit_id in new:
            report.kept += 1
        else:
            report.add("units", row["unit"])
            done_at = datetime.fromisoformat(row["done_at"])
            new[unit_id] = UnitProgress(user=user, unit_id=unit_id, done_at=done_at)
    UnitProgress.objects.bulk_create(new.values())


def _import_sessions(
    user: User, rows: Iterable[dict[str, Any]], catalog: _Catalog, report: ImportReport
) -> None:
    own = set(user.study_sessions.values_list("started_at", "minutes", "topic_id", "unit_id"))
    new: dict[Hashable, StudySession] = {}
    for row in rows:
        topics = _known(catalog.topics, row["topic"], report) if row["topic"] else ()
        topic_id = topics[0] if topics else None
        unit_id = catalog.units.get(row["unit"]) if row["unit"] else None
        started_at = datetime.fromisoformat(row["started_at"])
        key = (started_at, row["minutes"], topic_id, unit_id)
        if key in own or key in new:
            report.kept += 1
            continue
        report.add("sessions", f"{row['day']}, {row['minutes']} minutes")
        new[key] = StudySession(
            user=user,
            topic_id=topic_id,
            unit_id=unit_id,
            minutes=row["minutes"],
            started_at=started_at,
            day=date.fromisoformat(row["day"]),
        )
    StudySession.objects.bulk_create(new.values())


def _import_reviews(
    user: User,
    reviews: Iterable[dict[str, Any]],
    answers: Iterable[dict[str, Any]],
    catalog: _Catalog,
    report: ImportReport,
) -> None:
    own = {row.topic_id: row.reviewed_at for row in TopicReview.objects.filter(user=user)}
    for row in reviews:
        reviewed_at = datetime.fromisoformat(row["reviewed_at"]) if row["reviewed_at"] else None
        for topic_id in _known(catalog.topics, row["topic"], report):
            mine = own.get(topic_id)
            if topic_id in own and (reviewed_at is None or (mine and mine >= reviewed_at)):
                report.kept += 1
                continue
            (report.change if topic_id in own else report.add)("reviews", row["topic"])
            TopicReview.objects.update_or_create(
                user=user,
                topic_id=topic_id,
                defaults={
                    "stability": row["stability"],
                    "difficulty": row["difficulty"],
                    "reviewed_at": reviewed_at,
                    "due_at": datetime.fromisoformat(row["due_at"]),
                },
            )
    known = set(user.review_answers.values_list("topic_id", "at"))
    new: dict[Hashable, ReviewAnswer] = {}
    for row in answers:
        at = datetime.fromisoformat(row["at"])
        for topic_id in catalog.topics.get(row["topic"], ()):
            if (topic_id, at) not in known:
                new[topic_id, at] = ReviewAnswer(
                    user=user,
                    topic_id=topic_id,
                    grade=row["grade"],
                    at=at,
                    day=date.fromisoformat(row["day"]),
                )
    ReviewAnswer.objects.bulk_create(new.values())


def _import_notes(
    user: User, rows: Iterable[dict[str, Any]], catalog: _Catalog, report: ImportReport
) -> None:
    own = dict(TopicNote.objects.filter(user=user).values_list("topic_id", "changed_at"))
    for row in rows:
        changed_at = datetime.fromisoformat(row["changed_at"])
        for topic_id in _known(catalog.topics, row["topic"], report):
            if topic_id in own and own[topic_id] >= changed_at:
                report.kept += 1
                continue
            (report.change if topic_id in own else report.add)("notes", row["topic"])
            TopicNote.objects.update_or_create(
                user=user,
                topic_id=topic_id,
                defaults={
                    "body": row["body"],
                    "body_html": to_html(row["body"]),
                    "changed_at": changed_at,
                },
            )


def _import_activity(
    user: User, rows: Iterable[dict[str, Any]], catalog: _Catalog, report: ImportReport
) -> None:
    """History only: the states themselves come from the other lists."""
    own = set(user.activity.values_list("batch", "topic_id", "unit_id"))
    new: dict[Hashable, Activity] = {}
    for row in rows:
        topics: tuple[int | None, ...] = catalog.topics.get(row["topic"], ()) or (None,)
        unit_id = catalog.units.get(row["unit"]) if row["unit"] else None
        for topic_id in topics:
            key = (row["batch"], topic_id, unit_id)
            if (topic_id is None) == (unit_id is None) or key in own or key in new:
                continue
            before = row["before"]
            new[key] = Activity(
                user=user,
                topic_id=topic_id,
                unit_id=unit_id,
                batch=row["batch"],
                undoes=row["undoes"],
                before_state=before["state"],
                before_is_stuck=before["stuck"],
                before_source=before["source"],
                before_changed_at=(
                    datetime.fromisoformat(before["changed_at"]) if before["changed_at"] else None
                ),
                after_state=row["after"]["state"],
                after_is_stuck=row["after"]["stuck"],
                source=row["source"],
                at=datetime.fromisoformat(row["at"]),
            )
    Activity.objects.bulk_create(new.values())
    if new:
        report.add("history", f"{len(new)} entries")


def _known(
    catalog: Mapping[str, tuple[int, ...]], slug: str, report: ImportReport
) -> tuple[int, ...]:
    found = catalog.get(slug, ())
    if not found:
        report.unknown.append(slug)
    return found
