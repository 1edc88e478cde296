"""My study log, and the timer that writes it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated

from django.http import Http404
from django.urls import reverse
from rest_framework.response import Response

from catalog.graph import current_graph
from mlmath.rest.answers import Also, Answer, Page
from mlmath.rest.fields import Input, Instant, Text, Whole
from mlmath.rest.fields import YesNo as YesNoField
from mlmath.rest.operations import operation
from mlmath.rest.pages import page_of
from mlmath.rest.problems import CONFLICT, FieldError, Problem, invalid
from mlmath.rest.query import PAGING
from mlmath.rest.views import ApiView
from tracker.actions import sessions as actions
from tracker.api.authentication import ApiRequest
from tracker.api.finding import named_topic, named_unit
from tracker.api.idempotency import operation_once
from tracker.models import StudySession, User
from tracker.models.people import MINUTES_IN_A_DAY

Minutes = Annotated[int, Also(minimum=1, maximum=MINUTES_IN_A_DAY)]


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionOutput(Answer):
    """Time that I studied. `day` is my local date at its start; `unit` is "resource/unit"."""

    id: str
    started_at: datetime
    day: date
    minutes: Minutes
    topic: str | None
    unit: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TimerOutput(Answer):
    """The timer; `started_at` is null while it does not run. `unit` is "resource/unit"."""

    running: bool
    started_at: datetime | None
    topic: str | None
    unit: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoppedOutput(Answer):
    """What the timer has written; null when less than half a minute had passed."""

    session: SessionOutput | None


_CONFIRM = "That a session of more than 12 hours, or over the time of another, is right"


class SessionInput(Input):
    """{"minutes", "topic"?, "unit"? ("resource/unit"), "started_at"?, "confirm"?}: by default the
    session has just ended."""

    minutes = Whole(min_value=1, max_value=MINUTES_IN_A_DAY)
    topic = Text(required=False, allow_null=True, max_length=80)
    unit = Text(required=False, allow_null=True, max_length=161, help_text="“resource/unit”")
    started_at = Instant(required=False)
    confirm = YesNoField(required=False, help_text=_CONFIRM)


class SessionChangeInput(Input):
    """{"minutes"?, "topic"? (or null), "unit"? (or null), "started_at"?, "confirm"?}: what is
    missing stays as it is."""

    minutes = Whole(required=False, min_value=1, max_value=MINUTES_IN_A_DAY)
    topic = Text(required=False, allow_null=True, max_length=80)
    unit = Text(required=False, allow_null=True, max_length=161, help_text="“resource/unit”")
    started_at = Instant(required=False)
    confirm = YesNoField(required=False, help_text=_CONFIRM)


class TimerInput(Input):
    """{"topic"?, "unit"? ("resource/unit")}: what the time is for; nothing in particular."""

    topic = Text(required=False, allow_null=True, max_length=80)
    unit = Text(required=False, allow_null=True, max_length=161, help_text="“resource/unit”")


class StopInput(Input):
    """{"minutes"?, "confirm"?}: what was measured, unless `minutes` says otherwise."""

    minutes = Whole(required=False, min_value=1, max_value=MINUTES_IN_A_DAY)
    confirm = YesNoField(required=False, help_text=_CONFIRM)


def session_output(session: StudySession) -> SessionOutput:
    topic, unit = session.topic, session.unit
    return SessionOutput(
        id=session.public_id,
        started_at=session.started_at,
        day=session.day,
        minutes=session.minutes,
        topic=topic.slug if topic else None,
        unit=f"{unit.resource.slug}/{unit.slug}" if unit else None,
    )


def timer_output(user: User) -> TimerOutput:
    topic, unit = user.timer_topic, user.timer_unit
    return TimerOutput(
        running=user.timer_started_at is not None,
        started_at=user.timer_started_at,
        topic=topic.slug if topic else None,
        unit=f"{unit.resource.slug}/{unit.slug}" if unit else None,
    )


EXAMPLE = SessionOutput(
    id="s7m4k2v9x3q6w8n5p2t7",
    started_at=datetime(2026, 11, 20, 18, 30, tzinfo=UTC),
    day=date(2026, 11, 20),
    minutes=45,
    topic="stochastic-gradient-descent",
    unit="goodfellow-deep-learning/chapter-08",
)
_TIMER_EXAMPLE = TimerOutput(
    running=True, started_at=EXAMPLE.started_at, topic=EXAMPLE.topic, unit=EXAMPLE.unit
)
_ADDRESS = {"id": ("The session", EXAMPLE.id)}


class MySessions(ApiView):
    tag = "study"

    @operation(
        id="listMySessions",
        summary="My study sessions, the latest first",
        scope="read",
        query=PAGING,
        answer=Page[SessionOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: ApiRequest) -> Response:
        sessions = request.user.study_sessions.select_related("topic", "unit__resource")
        return Response(page_of(request, self.query, sessions, session_output))

    @operation_once(
        id="logMySession",
        summary="Log time that I studied",
        scope="write",
        status=201,
        has_location=True,
        body=SessionInput,
        body_example={"minutes": 45, "topic": EXAMPLE.topic, "unit": EXAMPLE.unit},
        answer=SessionOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest) -> Response:
        """Every call logs another session, unless it repeats an Idempotency-Key.

        One of more than 12 hours, or over the time of another, is a 409, `session_doubtful`,
        unless `confirm` is true.
        """
        data, graph = self.read_body(request), current_graph()
        try:
            session = actions.log_session(
                user=request.user,
                minutes=data["minutes"],
                started_at=data.get("started_at"),
                topic=named_topic(graph, data.get("topic")),
                unit=named_unit(graph, data.get("unit")),
                is_confirmed=data.get("confirm", False),
            )
        except actions.SessionImpossible as error:
            raise _impossible(error) from None
        return Response(
            session_output(session), status=201, headers={"Location": _address_of(session)}
        )


class MySession(ApiView):
    tag = "study"

    @operation(
        id="getMySession",
        summary="One study session",
        scope="read",
        address=_ADDRESS,
        answer=SessionOutput,
        example=EXAMPLE,
    )
    def get(self, request: ApiRequest, id: str) -> Response:  # noqa: A002  # as the address says
        return Response(session_output(_find(request.user, id)))

    @operation(
        id="changeMySession",
        summary="Correct a study session",
        scope="write",
        address=_ADDRESS,
        body=SessionChangeInput,
        body_example={"minutes": 50, "topic": None},
        answer=SessionOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def patch(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        """What is missing stays as it is. Doubtful times are questioned as on logging."""
        data, graph = self.read_body(request), current_graph()
        session = _find(request.user, id)
        try:
            actions.edit_session(
                user=request.user,
                session=session,
                minutes=data.get("minutes", session.minutes),
                started_at=data.get("started_at", session.started_at),
                topic=named_topic(graph, data["topic"]) if "topic" in data else session.topic,
                unit=named_unit(graph, data["unit"]) if "unit" in data else session.unit,
                is_confirmed=data.get("confirm", False),
            )
        except actions.SessionImpossible as error:
            raise _impossible(error) from None
        return Response(session_output(_find(request.user, id)))

    @operation(
        id="deleteMySession",
        summary="Delete a study session",
        scope="write",
        status=204,
        address=_ADDRESS,
    )
    def delete(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        if not actions.delete_session(user=request.user, public_id=id):
            raise Http404
        return Response(status=204)


class MyTimer(ApiView):
    tag = "study"

    @operation(
        id="getMyTimer",
        summary="Whether the timer runs",
        scope="read",
        answer=TimerOutput,
        example=_TIMER_EXAMPLE,
    )
    def get(self, request: ApiRequest) -> Response:
        return Response(timer_output(request.user))

    @operation(
        id="startMyTimer",
        summary="Let the timer run",
        scope="write",
        body=TimerInput,
        body_example={"topic": EXAMPLE.topic},
        is_body_required=False,
        answer=TimerOutput,
        example=_TIMER_EXAMPLE,
    )
    def put(self, request: ApiRequest) -> Response:
        """A timer that runs already keeps its start and gets the new topic and unit."""
        data, graph = self.read_body(request), current_graph()
        user = actions.start_timer(
            user=request.user,
            topic=named_topic(graph, data.get("topic")),
            unit=named_unit(graph, data.get("unit")),
        )
        return Response(timer_output(user))

    @operation(
        id="discardMyTimer",
        summary="Stop the timer and log nothing",
        scope="write",
        status=204,
    )
    def delete(self, request: ApiRequest) -> Response:
        """Repeating it changes nothing. To keep the time, stop the timer instead."""
        actions.discard_timer(user=request.user)
        return Response(status=204)


class MyStoppedTimer(ApiView):
    tag = "study"

    @operation_once(
        id="stopMyTimer",
        summary="Stop the timer and log what it measured",
        scope="write",
        body=StopInput,
        body_example={"minutes": 40},
        is_body_required=False,
        answer=StoppedOutput,
        example=StoppedOutput(session=EXAMPLE),
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest) -> Response:
        """`minutes` replace what was measured. When no timer runs this is a 409, `no_timer`; a
        doubtful session is one as on logging, and the timer runs on."""
        data = self.read_body(request)
        session = actions.stop_timer(
            user=request.user,
            minutes=data.get("minutes"),
            is_confirmed=data.get("confirm", False),
        )
        return Response(StoppedOutput(session=session_output(session) if session else None))


def _find(user: User, public_id: str) -> StudySession:
    session = (
        user.study_sessions.select_related("topic", "unit__resource")
        .filter(public_id=public_id)
        .first()
    )
    if session is None:
        raise Http404
    return session


def _address_of(session: StudySession) -> str:
    return reverse("tracker-api:my-session", args=[session.public_id])


def _impossible(error: actions.SessionImpossible) -> Problem:
    """Minutes were checked before, so it is about the time."""
    return invalid([FieldError(pointer="/started_at", code=error.code, detail=str(error))])
