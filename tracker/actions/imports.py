"""Bringing data in: a whole export, or a plain list of topics."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.graph import CatalogGraph, current_graph
from catalog.models import Unit
from mlmath.markdown import to_html
from tracker.actions.import_checks import ImportFault, ImportFaulty, check_document
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
from tracker.models.ids import new_public_id
from tracker.models.people import check_time_zone
from tracker.summaries.people import person_states

MAXIMUM_LINES = 1000
_ROWS_AT_ONCE = 1000
_LIST_MARK = re.compile(r"([-*+•]|\d+[.)])\s+")


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


def import_document(
    *, user: User, document: object, is_dry_run: bool = False, at: datetime | None = None
) -> ImportReport:
    """Take over an export; what is newer here stays, so repeating it changes nothing.

    Address, password and tokens are never taken over, and what the document leaves empty in the
    profile stays as it is. What changes a topic or unit can be undone as one batch. A dry run does
    all of it and rolls back. Raises ImportFaulty, with nothing written, unless the document fits
    the schema. Locks the person's row.
    """
    checked = check_document(document)
    graph = current_graph()

    def run(report: ImportReport) -> None:
        _import(_Import.of(user, graph, report, at or timezone.now()), checked, graph)

    report = _run(run, is_dry_run=is_dry_run)
    # A dry run has changed this object, though not its row.
    user.refresh_from_db()
    return report


def import_list(
    *, user: User, text: str, is_dry_run: bool = False, at: datetime | None = None
) -> ImportReport:
    """Mark as done the topics that `text` names, one a line, by slug, title or other name.

    Ticks of a Markdown list (`- [x] Vectors`) count, unticked lines do not. What is done or
    skipped stays. Raises ImportFaulty beyond 1,000 lines.
    """
    text = text.removeprefix("\ufeff")
    lines = [line for line in (_topic_name(line) for line in text.splitlines()) if line]
    if len(lines) > MAXIMUM_LINES:
        raise ImportFaulty([ImportFault("", f"keep a list to {MAXIMUM_LINES} lines")])

    def run(report: ImportReport) -> None:
        graph = current_graph()
        lock_person(user)
        own = person_states(user=user, graph=graph).current
        names = _topic_names(graph)
        wanted: dict[int, Mark] = {}
        for line in lines:
            indexes = names.get(line.casefold())
            if indexes is None:
                report.unknown.append(line)
            for index in indexes or ():
                had = own.get(index)
                if had and had.state in {TopicState.DONE, TopicState.SKIPPED}:
                    report.kept += 1
                elif index not in wanted:
                    wanted[index] = Mark(topic=graph.topics[index], state=TopicState.DONE)
                    title = graph.topics[index].title
                    (report.change if had else report.add)("topics", title)
        mark_topics(user=user, marks=list(wanted.values()), source=Source.IMPORT, at=at)

    return _run(run, is_dry_run=is_dry_run)


def _run(work: Callable[[ImportReport], None], *, is_dry_run: bool) -> ImportReport:
    report = ImportReport()
    with transaction.atomic():
        work(report)
        if is_dry_run:
            transaction.set_rollback(True)
    report.unknown = list(dict.fromkeys(report.unknown))
    return report


def _topic_name(line: str) -> str:
    """What a line of a plain, numbered or Markdown list names; "" if it is no tick."""
    line = _LIST_MARK.sub("", line.strip())
    if line.startswith(("[ ]", "#")):
        return ""
    return line.removeprefix("[x]").removeprefix("[X]").strip()


def _topic_names(graph: CatalogGraph) -> Mapping[str, tuple[int, ...]]:
    names: dict[str, tuple[int, ...]] = {}
    for topic in graph.topics:
        for name in topic.also_called:
            names.setdefault(name.casefold(), (topic.index,))
    for old in graph.aliases:
        names[old.casefold()] = tuple(topic.index for topic in graph.successors(old))
    for topic in graph.topics:
        names[topic.title.casefold()] = names[topic.slug.casefold()] = (topic.index,)
    return names


@dataclass(frozen=True, kw_only=True, slots=True)
class _Import:
    """Whose data, which rows the slugs of the document mean, and what has been done so far.

    `topics` leads to the row that bears the slug, retired or not. `heirs` leads to all rows to
    which a tick belongs: after a split, also to the parts.
    """

    user: User
    topics: Mapping[str, int]
    heirs: Mapping[str, tuple[int, ...]]
    units: Mapping[str, int]
    report: ImportReport
    at: datetime
    batch: str = field(default_factory=new_public_id)
    log: list[Activity] = field(default_factory=list)

    @classmethod
    def of(cls, user: User, graph: CatalogGraph, report: ImportReport, at: datetime) -> "_Import":
        topics = {slug: topic_id for topic_id, slug in graph.retired_by_id.items()}
        topics |= {topic.slug: topic.id for topic in graph.topics}
        heirs: dict[str, tuple[int, ...]] = {slug: (row,) for slug, row in topics.items()}
        for old in graph.aliases:
            successors = tuple(topic.id for topic in graph.successors(old))
            heirs[old] = heirs.get(old, ()) + successors
            topics.setdefault(old, successors[0])
        units = {
            f"{resource}/{slug}": unit_id
            for resource, slug, unit_id in Unit.objects.order_by().values_list(
                "resource__slug", "slug", "id"
            )
        }
        for old, new in graph.renamed.items():
            kind, _, old_slug = old.partition("/")
            if kind == "resources":
                for unit in graph.resources[new].units:
                    units.setdefault(f"{old_slug}/{unit.slug}", unit.id)
        return cls(user=user, topics=topics, heirs=heirs, units=units, report=report, at=at)

    def topic(self, slug: str | None) -> int | None:
        return self._found(self.topics, slug)

    def unit(self, slug: str | None) -> int | None:
        return self._found(self.units, slug)

    def _found(self, rows: Mapping[str, int], slug: str | None) -> int | None:
        if slug is not None and slug not in rows:
            self.report.unknown.append(slug)
        return rows.get(slug) if slug is not None else None


def _import(run: _Import, document: dict[str, Any], graph: CatalogGraph) -> None:
    lock_person(run.user)
    _import_person(run, document["person"], graph)
    _import_topics(run, document["topics"])
    _import_units(run, document["units"])
    _import_sessions(run, document["sessions"])
    _import_reviews(run, document["reviews"])
    _import_answers(run, document["review_answers"])
    _import_notes(run, document["notes"])
    _import_activity(run, document["activity"])
    Activity.objects.bulk_create(run.log, batch_size=_ROWS_AT_ONCE)


def _import_person(run: _Import, person: dict[str, Any], graph: CatalogGraph) -> None:
    user, report = run.user, run.report
    wanted: dict[str, Any] = {"show_dates": person["show_dates"]}
    for name in ("name", "minutes_per_day"):
        if person[name]:
            wanted[name] = person[name]
    try:
        check_time_zone(person["time_zone"])
        wanted["time_zone"] = person["time_zone"]
    except ValidationError:  # a zone that this machine does not know
        report.unknown.append(person["time_zone"])
    if person["role"]:
        slug = graph.renamed.get(f"roles/{person['role']}", person["role"])
        if slug not in graph.roles:
            report.unknown.append(person["role"])
        elif user.role_id != graph.roles[slug].id:
            user.role_id = graph.roles[slug].id
            report.change("settings", "role")
    for name, value in wanted.items():
        if getattr(user, name) != value:
            report.change("settings", name)
    for name in ("study_days", "days_off"):
        if set(getattr(user, name)) != set(person[name]):
            report.change("settings", name)
    if user.reviews_per_day != person["reviews_per_day"]:
        user.reviews_per_day = person["reviews_per_day"]
        report.change("settings", "reviews_per_day")
    update_profile(
        user=user,
        study_days=person["study_days"],
        days_off=[date.fromisoformat(day) for day in person["days_off"]],
        **wanted,
    )
    user.save(update_fields=["role", "reviews_per_day"])


def _import_topics(run: _Import, rows: Iterable[dict[str, Any]]) -> None:
    own = {row.topic_id: row for row in TopicProgress.objects.filter(user=run.user)}
    new: dict[int, TopicProgress] = {}
    for row in rows:
        changed_at = datetime.fromisoformat(row["changed_at"])
        is_stuck = row["stuck"] and row["state"] in {TopicState.TODO, TopicState.LEARNING}
        if run.topic(row["topic"]) is None:
            continue
        for topic_id in run.heirs[row["topic"]]:
            had = new.get(topic_id) or own.get(topic_id)
            if had is not None and had.changed_at >= changed_at:
                run.report.kept += 1
                continue
            if topic_id not in new:
                (run.report.change if had else run.report.add)("topics", row["topic"])
            new[topic_id] = TopicProgress(
                user=run.user,
                topic_id=topic_id,
                state=row["state"],
                is_stuck=is_stuck,
                stuck_note=row["stuck_note"].strip() if is_stuck else "",
                source=row["source"],
                changed_at=changed_at,
            )
    TopicProgress.objects.bulk_create(
        new.values(),
        update_conflicts=True,
        unique_fields=["user", "topic"],
        update_fields=["state", "is_stuck", "stuck_note", "source", "changed_at"],
    )
    for topic_id, now in new.items():
        had = own.get(topic_id)
        run.log.append(
            Activity(
                user=run.user,
                topic_id=topic_id,
                batch=run.batch,
                before_state=had.state if had else TopicState.TODO,
                before_is_stuck=had.is_stuck if had else False,
                before_stuck_note=had.stuck_note if had else "",
                before_source=had.source if had else "",
                before_changed_at=had.changed_at if had else None,
                after_state=now.state,
                after_is_stuck=now.is_stuck,
                after_changed_at=now.changed_at,
                source=Source.IMPORT,
                at=run.at,
            )
        )


def _import_units(run: _Import, rows: Iterable[dict[str, Any]]) -> None:
    own = set(UnitProgress.objects.filter(user=run.user).values_list("unit_id", flat=True))
    new: dict[int, UnitProgress] = {}
    for row in rows:
        unit_id = run.unit(row["unit"])
        if unit_id is None:
            continue
        if unit_id in own or unit_id in new:
            run.report.kept += 1
            continue
        run.report.add("units", row["unit"])
        done_at = datetime.fromisoformat(row["done_at"])
        new[unit_id] = UnitProgress(user=run.user, unit_id=unit_id, done_at=done_at)
    UnitProgress.objects.bulk_create(new.values())
    run.log.extend(
        Activity(
            user=run.user,
            unit_id=unit_id,
            batch=run.batch,
            before_state=TopicState.TODO,
            before_is_stuck=False,
            after_state=TopicState.DONE,
            after_is_stuck=False,
            after_changed_at=now.done_at,
            source=Source.IMPORT,
            at=run.at,
        )
        for unit_id, now in new.items()
    )


def _import_sessions(run: _Import, rows: Iterable[dict[str, Any]]) -> None:
    # Two equal sessions may both be right, so equal ones are counted.
    own: Counter[Hashable] = Counter(
        run.user.study_sessions.values_list("started_at", "minutes", "topic_id", "unit_id")
    )
    new = []
    for row in rows:
        started_at = datetime.fromisoformat(row["started_at"])
        topic_id, unit_id = run.topic(row["topic"]), run.unit(row["unit"])
        key = (started_at, row["minutes"], topic_id, unit_id)
        if own[key]:
            own[key] -= 1
            run.report.kept += 1
            continue
        run.report.add("sessions", f"{row['day']}, {row['minutes']} minutes")
        new.append(
            StudySession(
                user=run.user,
                topic_id=topic_id,
                unit_id=unit_id,
                minutes=row["minutes"],
                started_at=started_at,
                day=date.fromisoformat(row["day"]),
            )
        )
    StudySession.objects.bulk_create(new, batch_size=_ROWS_AT_ONCE)


def _import_reviews(run: _Import, rows: Iterable[dict[str, Any]]) -> None:
    own = {row.topic_id: row for row in TopicReview.objects.filter(user=run.user)}
    new: dict[int, TopicReview] = {}
    for row in rows:
        topic_id = run.topic(row["topic"])
        if topic_id is None:
            continue
        reviewed_at = _instant(row["reviewed_at"])
        had = new.get(topic_id) or own.get(topic_id)
        is_newer = had is None or (
            reviewed_at is not None and (had.reviewed_at is None or had.reviewed_at < reviewed_at)
        )
        if not is_newer:
            run.report.kept += 1
            continue
        if topic_id not in new:
            (run.report.change if had else run.report.add)("reviews", row["topic"])
        new[topic_id] = TopicReview(
            user=run.user,
            topic_id=topic_id,
            stability=row["stability"],
            difficulty=row["difficulty"],
            reviewed_at=reviewed_at,
            due_at=datetime.fromisoformat(row["due_at"]),
        )
    TopicReview.objects.bulk_create(
        new.values(),
        update_conflicts=True,
        unique_fields=["user", "topic"],
        update_fields=["stability", "difficulty", "reviewed_at", "due_at"],
    )


def _import_answers(run: _Import, rows: Iterable[dict[str, Any]]) -> None:
    own = set(run.user.review_answers.values_list("topic_id", "at"))
    new: dict[Hashable, ReviewAnswer] = {}
    for row in rows:
        at, topic_id = datetime.fromisoformat(row["at"]), run.topic(row["topic"])
        if topic_id is None:
            continue
        if (topic_id, at) in own or (topic_id, at) in new:
            run.report.kept += 1
            continue
        new[topic_id, at] = ReviewAnswer(
            user=run.user,
            topic_id=topic_id,
            grade=row["grade"],
            at=at,
            day=date.fromisoformat(row["day"]),
        )
    ReviewAnswer.objects.bulk_create(new.values(), batch_size=_ROWS_AT_ONCE)
    if new:
        run.report.add("review answers", f"{len(new)} entries")


def _import_notes(run: _Import, rows: Iterable[dict[str, Any]]) -> None:
    own = {row.topic_id: row for row in TopicNote.objects.filter(user=run.user).defer("body_html")}
    new: dict[int, TopicNote] = {}
    for row in rows:
        topic_id, changed_at = run.topic(row["topic"]), datetime.fromisoformat(row["changed_at"])
        if topic_id is None or not row["body"].strip():
            continue
        had = new.get(topic_id) or own.get(topic_id)
        if had is not None and had.changed_at >= changed_at:
            run.report.kept += 1
            continue
        if topic_id not in new:
            (run.report.change if had else run.report.add)("notes", row["topic"])
        new[topic_id] = TopicNote(
            user=run.user, topic_id=topic_id, body=row["body"], changed_at=changed_at
        )
    for note in new.values():
        note.body_html = to_html(note.body)
    TopicNote.objects.bulk_create(
        new.values(),
        update_conflicts=True,
        unique_fields=["user", "topic"],
        update_fields=["body", "body_html", "changed_at"],
    )


def _import_activity(run: _Import, rows: Iterable[dict[str, Any]]) -> None:
    """History only: the states themselves come from the other lists."""
    own = set(run.user.activity.values_list("batch", "topic_id", "unit_id"))
    new: dict[Hashable, Activity] = {}
    for row in rows:
        topic_id, unit_id = run.topic(row["topic"]), run.unit(row["unit"])
        key = (row["batch"], topic_id, unit_id)
        if topic_id is None and unit_id is None:
            continue
        if key in own or key in new:
            run.report.kept += 1
            continue
        before, after = row["before"], row["after"]
        had_at = _instant(before["changed_at"])
        new[key] = Activity(
            user=run.user,
            topic_id=topic_id,
            unit_id=unit_id,
            batch=row["batch"],
            undoes=row["undoes"],
            before_state=before["state"],
            before_is_stuck=before["stuck"],
            before_stuck_note=before["stuck_note"],
            # A row has a source, and undoing restores one.
            before_source=before["source"] or (row["source"] if had_at else ""),
            before_changed_at=had_at,
            after_state=after["state"],
            after_is_stuck=after["stuck"],
            after_changed_at=_instant(after["changed_at"]),
            source=row["source"],
            at=datetime.fromisoformat(row["at"]),
        )
    Activity.objects.bulk_create(new.values(), batch_size=_ROWS_AT_ONCE)
    if new:
        run.report.add("history", f"{len(new)} entries")


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
