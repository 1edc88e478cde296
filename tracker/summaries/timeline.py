"""What somebody did, newest first: changes of topics and chapters, study sessions, reviews."""

import binascii
import heapq
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from django.db.models import Max, Q

from mlmath.errors import BadRequest
from tracker.models import Activity, ReviewAnswer, StudySession, TopicProgress, UnitProgress, User
from tracker.summaries.people import StateRow


class Kind(StrEnum):
    PROGRESS = "progress"
    REVIEW = "review"
    SESSION = "session"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One topic's or unit's change; `unit` is "resource/unit", and one of the two is empty."""

    topic: str
    unit: str
    title: str
    before: str
    after: str
    was_stuck: bool
    is_stuck: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgressEntry:
    """All that one action changed. `undoes` is the batch that it took back, if it did."""

    at: datetime
    batch: str
    undoes: str
    source: str
    changes: tuple[Change, ...]
    can_undo: bool
    kind: Kind = Kind.PROGRESS


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionEntry:
    """A study session by its id; `title` is of its topic or unit, empty without either."""

    at: datetime
    session: str
    day: date
    minutes: int
    topic: str
    unit: str
    title: str
    can_undo: bool = False
    kind: Kind = Kind.SESSION


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewEntry:
    """A grade that they gave themselves."""

    at: datetime
    day: date
    topic: str
    title: str
    grade: str
    can_undo: bool = False
    kind: Kind = Kind.REVIEW


Entry = ProgressEntry | SessionEntry | ReviewEntry


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """A page of entries; `next_cursor` asks for the older ones and is empty at the end."""

    entries: tuple[Entry, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class Present:
    """Where topics and units stand now, by their ids; no row means todo."""

    topics: Mapping[int, StateRow]
    units: Mapping[int, datetime]

    def is_as_left_by(self, row: Activity) -> bool:
        """Whether nothing has changed since what `row` tells; then it can be taken back."""
        if row.unit_id:
            return self.units.get(row.unit_id) == row.after_changed_at
        now = self.topics.get(row.topic_id) if row.topic_id else None
        if now is None or row.after_changed_at is None:
            return now is None and row.after_changed_at is None
        return (now.state, now.is_stuck, now.changed_at) == (
            row.after_state,
            row.after_is_stuck,
            row.after_changed_at,
        )


def present_of(*, user: User, rows: Iterable[Activity]) -> Present:
    """The topics and units of `rows` as they stand. Two queries, fewer without one of the two."""
    rows = list(rows)
    topics = TopicProgress.objects.filter(
        user=user, topic_id__in={row.topic_id for row in rows if row.topic_id}
    ).values_list("topic_id", "state", "is_stuck", "source", "changed_at", "stuck_note")
    units = UnitProgress.objects.filter(
        user=user, unit_id__in={row.unit_id for row in rows if row.unit_id}
    ).values_list("unit_id", "done_at")
    return Present(
        topics={
            topic_id: StateRow(state, is_stuck, source, changed_at, note)
            for topic_id, state, is_stuck, source, changed_at, note in topics
        },
        units=dict(units),
    )


def timeline(*, user: User, size: int, cursor: str = "") -> Timeline:
    """What `user` did, newest first: `size` entries, older than `cursor` if one is given.

    A cursor names the last entry seen, so what is added on top shifts nothing. Raises BadRequest
    for a cursor that did not come from here. Five queries.
    """
    after = _Place.read(cursor) if cursor else None
    found: list[tuple[_Place, Entry]] = []
    kinds: list[Iterator[tuple[_Place, Entry]]] = [
        _progress(user, size + 1, after),
        _sessions(user, size + 1, after),
        _reviews(user, size + 1, after),
    ]
    for place, entry in heapq.merge(
        *kinds, key=lambda pair: (pair[0].at, pair[0].kind), reverse=True
    ):
        found.append((place, entry))
        if len(found) > size:
            break
    return Timeline(
        entries=tuple(entry for _, entry in found[:size]),
        next_cursor=found[size - 1][0].written() if len(found) > size else "",
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an entry stands: by time, at the same time by kind, then by its name."""

    at: datetime
    kind: Kind
    name: str

    def written(self) -> str:
        text = f"{self.at.astimezone(UTC).isoformat()} {self.kind} {self.name}"
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, cursor: str) -> "_Place":
        try:
            text = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode()
            at, kind, name = text.split(" ")
            place = cls(datetime.fromisoformat(at), Kind(kind), name)
        except (ValueError, binascii.Error):
            raise _unknown_cursor() from None
        # Only what `written` makes: other texts might be more than a database takes.
        if place.at.utcoffset() is None or not re.fullmatch(r"[\w-]{1,80}", name, re.ASCII):
            raise _unknown_cursor()
        if not 1970 <= place.at.year < 2200:
            raise _unknown_cursor()
        return place

    def older(self, kind: Kind, at: str, name: str) -> Q:
        """The rows of `kind` behind this place; `at` and `name` are their fields."""
        older = Q(**{f"{at}__lt": self.at})
        if kind < self.kind:
            older |= Q(**{at: self.at})
        elif kind == self.kind:
            older |= Q(**{at: self.at, f"{name}__lt": self.name})
        return older


def _unknown_cursor() -> BadRequest:
    return BadRequest("This cursor is not one that we gave out. Start again without one.")


def _progress(
    user: User, size: int, after: _Place | None
) -> Iterator[tuple[_Place, ProgressEntry]]:
    batches = Activity.objects.filter(user=user).order_by().values("batch")
    batches = batches.annotate(newest=Max("at")).order_by("-newest", "-batch")
    if after:
        batches = batches.filter(after.older(Kind.PROGRESS, "newest", "batch"))
    rows = list(
        Activity.objects.filter(user=user, batch__in=batches.values("batch")[:size])
        .select_related("topic", "unit__resource")
        .only(
            *(field.name for field in Activity._meta.concrete_fields),
            "topic__slug",
            "topic__title",
            "unit__slug",
            "unit__title",
            "unit__resource__slug",
        )
        .order_by("id")
    )
    present = present_of(user=user, rows=rows)
    by_batch: dict[str, list[Activity]] = {}
    for row in rows:
        by_batch.setdefault(row.batch, []).append(row)
    entries = [
        (
            _Place(max(row.at for row in group), Kind.PROGRESS, batch),
            ProgressEntry(
                at=max(row.at for row in group),
                batch=batch,
                undoes=group[0].undoes,
                source=group[0].source,
                changes=tuple(map(_change, group)),
                can_undo=all(map(present.is_as_left_by, group)),
            ),
        )
        for batch, group in by_batch.items()
    ]
    yield from sorted(entries, key=lambda pair: (pair[0].at, pair[0].name), reverse=True)


def _change(row: Activity) -> Change:
    return Change(
        topic=row.topic.slug if row.topic else "",
        unit=f"{row.unit.resource.slug}/{row.unit.slug}" if row.unit else "",
        title=row.topic.title if row.topic else row.unit.title if row.unit else "",
        before=row.before_state,
        after=row.after_state,
        was_stuck=row.before_is_stuck,
        is_stuck=row.after_is_stuck,
    )


def _sessions(user: User, size: int, after: _Place | None) -> Iterator[tuple[_Place, SessionEntry]]:
    rows = StudySession.objects.filter(user=user).order_by("-started_at", "-public_id")
    if after:
        rows = rows.filter(after.older(Kind.SESSION, "started_at", "public_id"))
    for (
        at,
        session,
        day,
        minutes,
        topic,
        topic_title,
        resource,
        unit,
        unit_title,
    ) in rows.values_list(
        "started_at",
        "public_id",
        "day",
        "minutes",
        "topic__slug",
        "topic__title",
        "unit__resource__slug",
        "unit__slug",
        "unit__title",
    )[:size]:
        yield (
            _Place(at, Kind.SESSION, session),
            SessionEntry(
                at=at,
                session=session,
                day=day,
                minutes=minutes,
                topic=topic or "",
                unit=f"{resource}/{unit}" if unit else "",
                title=topic_title or unit_title or "",
            ),
        )


def _reviews(user: User, size: int, after: _Place | None) -> Iterator[tuple[_Place, ReviewEntry]]:
    rows = ReviewAnswer.objects.filter(user=user).order_by("-at", "-topic__slug")
    if after:
        rows = rows.filter(after.older(Kind.REVIEW, "at", "topic__slug"))
    for at, day, topic, title, grade in rows.values_list(
        "at", "day", "topic__slug", "topic__title", "grade"
    )[:size]:
        yield (
            _Place(at, Kind.REVIEW, topic),
            ReviewEntry(at=at, day=day, topic=topic, title=title, grade=grade),
        )
