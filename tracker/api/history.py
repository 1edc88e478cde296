"""What I did, taking it back, and on which days I studied."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from django.http import Http404
from django.utils import timezone
from rest_framework.response import Response

from catalog.graph import current_graph
from mlmath.errors import BadRequest
from mlmath.rest.answers import Also, Answer, CursorPage
from mlmath.rest.operations import operation
from mlmath.rest.pages import cursor_page, cursor_paging, unknown_cursor
from mlmath.rest.problems import CONFLICT
from mlmath.rest.query import PAGE_SIZE, Whole
from mlmath.rest.views import ApiView
from tracker.actions import history as actions
from tracker.api.authentication import ApiRequest
from tracker.api.idempotency import operation_once
from tracker.api.progress import Count, ProgressOutput, progress_output
from tracker.models import Grade, Source, TopicState
from tracker.summaries.calendar import StudyCalendar, local_day, streak
from tracker.summaries.people import person_states, role_of
from tracker.summaries.study import study_log
from tracker.summaries.timeline import (
    Change,
    Entry,
    Kind,
    ProgressEntry,
    ReviewEntry,
    SessionEntry,
    timeline,
)

MOST_DAYS = 3660


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeOutput(Answer):
    """The change of a topic or of a unit ("resource/unit"); the other one is null."""

    topic: str | None
    unit: str | None
    title: str
    before: TopicState
    after: TopicState
    was_stuck: bool
    stuck: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgressActivityOutput(Answer):
    """All that one call or click changed. `undoes` is the batch that it took back, if it did."""

    batch: str
    undoes: str | None
    source: Source
    can_undo: bool
    changes: list[ChangeOutput]


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionActivityOutput(Answer):
    """A study session by its id; `day` is my local date."""

    id: str
    day: date
    minutes: int
    topic: str | None
    unit: str | None
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewActivityOutput(Answer):
    """A grade that I gave myself."""

    day: date
    topic: str
    title: str
    grade: Grade


@dataclass(frozen=True, kw_only=True, slots=True)
class ActivityOutput(Answer):
    """Something that I did. What `kind` names says what; the other two are null."""

    kind: Kind
    at: datetime
    progress: ProgressActivityOutput | None
    session: SessionActivityOutput | None
    review: ReviewActivityOutput | None


@dataclass(frozen=True, kw_only=True, slots=True)
class UndoneOutput(Answer):
    """How many topics and units went back, 0 when they had before, and where that leaves me;
    `progress` is null without a role."""

    batch: str
    undone: Count
    progress: ProgressOutput | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StudiedDayOutput(Answer):
    """A day on which I studied."""

    day: date
    minutes: Annotated[int, Also(minimum=1)]


@dataclass(frozen=True, kw_only=True, slots=True)
class StreakOutput(Answer):
    """`current` is how many of my study days in a row had study, up to today, which does not break
    it before it is over. `days` are those with study, the oldest first."""

    today: date
    current: Count
    studied_today: bool
    days: list[StudiedDayOutput]


def activity_output(entry: Entry) -> ActivityOutput:
    return ActivityOutput(
        kind=entry.kind,
        at=entry.at,
        progress=_progress(entry) if isinstance(entry, ProgressEntry) else None,
        session=_session(entry) if isinstance(entry, SessionEntry) else None,
        review=_review(entry) if isinstance(entry, ReviewEntry) else None,
    )


def _progress(entry: ProgressEntry) -> ProgressActivityOutput:
    return ProgressActivityOutput(
        batch=entry.batch,
        undoes=entry.undoes or None,
        source=Source(entry.source),
        can_undo=entry.can_undo,
        changes=[_change(change) for change in entry.changes],
    )


def _change(change: Change) -> ChangeOutput:
    return ChangeOutput(
        topic=change.topic or None,
        unit=change.unit or None,
        title=change.title,
        before=TopicState(change.before),
        after=TopicState(change.after),
        was_stuck=change.was_stuck,
        stuck=change.is_stuck,
    )


def _session(entry: SessionEntry) -> SessionActivityOutput:
    return SessionActivityOutput(
        id=entry.session,
        day=entry.day,
        minutes=entry.minutes,
        topic=entry.topic or None,
        unit=entry.unit or None,
        title=entry.title,
    )


def _review(entry: ReviewEntry) -> ReviewActivityOutput:
    return ReviewActivityOutput(
        day=entry.day, topic=entry.topic, title=entry.title, grade=Grade(entry.grade)
    )


BATCH = "b4t7c2h9m5x8w3q6n2k7"
_AT = datetime(2026, 11, 20, 19, 15, tzinfo=UTC)
_EXAMPLE = CursorPage(
    next="https://mlmath.example/api/v1/me/activity/?page_size=2&cursor=MjAyNi0xMS0y",
    results=[
        ActivityOutput(
            kind=Kind.PROGRESS,
            at=_AT,
            progress=ProgressActivityOutput(
                batch=BATCH,
                undoes=None,
                source=Source.MANUAL,
                can_undo=True,
                changes=[
                    ChangeOutput(
                        topic="stochastic-gradient-descent",
                        unit=None,
                        title="Stochastic gradient descent",
                        before=TopicState.LEARNING,
                        after=TopicState.DONE,
                        was_stuck=True,
                        stuck=False,
                    )
                ],
            ),
            session=None,
            review=None,
        ),
        ActivityOutput(
            kind=Kind.SESSION,
            at=datetime(2026, 11, 20, 18, 30, tzinfo=UTC),
            progress=None,
            session=SessionActivityOutput(
                id="s7m4k2v9x3q6w8n5p2t7",
                day=date(2026, 11, 20),
                minutes=45,
                topic=None,
                unit="goodfellow-deep-learning/chapter-08",
                title="Optimization for training deep models",
            ),
            review=None,
        ),
    ],
)


class MyActivity(ApiView):
    tag = "study"

    @operation(
        id="listMyActivity",
        summary="What I did, newest first",
        scope="read",
        query=cursor_paging(
            "MjAyNi0xMS0yMFQxOToxNTowMCswMDowMCBwcm9ncmVzcyBiNHQ3YzJoOW01eDh3M3E2bjJrNw"
        ),
        answer=CursorPage[ActivityOutput],
        example=_EXAMPLE,
    )
    def get(self, request: ApiRequest) -> Response:
        """Follow `next` until it is null; what happens in the meantime shifts nothing."""
        size = self.query.whole("page_size", PAGE_SIZE)
        try:
            found = timeline(user=request.user, size=size, cursor=self.query.text("cursor"))
        except BadRequest as error:
            raise unknown_cursor(str(error)) from None
        entries = [activity_output(entry) for entry in found.entries]
        return Response(cursor_page(request, self.query, entries, following=found.next_cursor))


class MyUndo(ApiView):
    tag = "study"

    @operation_once(
        id="undoMyActivity",
        summary="Take a change back",
        scope="write",
        address={"batch": ("The batch of the change", BATCH)},
        answer=UndoneOutput,
        example=UndoneOutput(batch=BATCH, undone=1, progress=None),
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, batch: str) -> Response:
        """Restores exactly what was, times and sources included; an undo can be undone as well.

        Repeating it changes nothing. When something has changed since, so that undoing would lose
        that, it is a 409, `undo_outdated`.
        """
        try:
            count = actions.undo(user=request.user, batch=batch)
        except actions.NothingToUndo:
            raise Http404 from None
        graph = current_graph()
        standing = person_states(user=request.user, graph=graph).standing(graph)
        progress = progress_output(role_of(request.user, graph), standing)
        return Response(UndoneOutput(batch=batch, undone=count, progress=progress))


class MyStreak(ApiView):
    tag = "study"

    @operation(
        id="getMyStreak",
        summary="On which days I studied",
        scope="read",
        query=(
            Whole(
                name="days",
                about="How many days back from today, today included",
                example=365,
                highest=MOST_DAYS,
                default=365,
            ),
        ),
        answer=StreakOutput,
        example=StreakOutput(
            today=date(2026, 11, 21),
            current=4,
            studied_today=False,
            days=[StudiedDayOutput(day=date(2026, 11, 20), minutes=45)],
        ),
    )
    def get(self, request: ApiRequest) -> Response:
        """Days are those of my time zone. Days off and other weekdays break no streak."""
        user = request.user
        minutes = study_log(user=user, graph=current_graph()).minutes_by_day
        today = local_day(user, timezone.now())
        first = today - timedelta(days=self.query.whole("days", 365) - 1)
        answer = StreakOutput(
            today=today,
            current=streak(minutes, StudyCalendar.of(user), today),
            studied_today=today in minutes,
            days=[
                StudiedDayOutput(day=day, minutes=minutes[day])
                for day in sorted(minutes)
                if first <= day <= today
            ],
        )
        return Response(answer)
