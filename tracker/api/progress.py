"""Where I stand with topics."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from django.http import Http404
from rest_framework import serializers
from rest_framework.response import Response

from catalog.graph import CatalogGraph, RoleNode, TopicNode, current_graph
from mlmath.rest.answers import Also, Answer, Page
from mlmath.rest.fields import Choice as ChoiceField
from mlmath.rest.fields import Input, Text
from mlmath.rest.fields import YesNo as YesNoField
from mlmath.rest.operations import operation
from mlmath.rest.pages import page_of
from mlmath.rest.problems import CONFLICT, FieldError, invalid
from mlmath.rest.query import PAGING, Choice, Parameter, Query, YesNo, no_such, ordering
from mlmath.rest.views import ApiView
from tracker.actions import progress as actions
from tracker.api.authentication import ApiRequest
from tracker.models import Source, TopicState
from tracker.summaries.people import PersonStates, person_states, role_of
from tracker.summaries.standing import Standing, role_progress

Count = Annotated[int, Also(minimum=0)]


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicStateOutput(Answer):
    """Where I stand with a topic. `source` and `updated_at` are null where nothing is recorded,
    which means todo. `implied`: something done rests on it. `ready`: nothing is missing for it."""

    slug: str
    state: TopicState
    stuck: bool
    source: Source | None
    updated_at: datetime | None
    ready: bool
    implied: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CountersOutput(Answer):
    """Numbers of topics that my role requires; those it recommends are counted apart."""

    done: Count
    implied: Count
    learning: Count
    stuck: Count
    ready: Count
    skipped: Count
    total: Count
    recommended_done: Count
    recommended_total: Count


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadinessOutput(Answer):
    """`percent` is whole and rounded down, so 100 means that nothing required is left."""

    percent: Annotated[int, Also(minimum=0, maximum=100)]
    known_hours: float
    total_hours: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgressOutput(Answer):
    """Where I stand on the way to my role."""

    role: str
    counters: CountersOutput
    readiness: ReadinessOutput


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkedOutput(TopicStateOutput):
    """The topic after the change, and where that leaves me; `progress` is null without a role."""

    progress: ProgressOutput | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkedManyOutput(Answer):
    """The topics after the change, in the given order, and where that leaves me."""

    topics: list[TopicStateOutput]
    progress: ProgressOutput | None


class MarkInput(Input):
    """{"state", "stuck"?, "with_prerequisites"?}: what is wanted, so repeating changes nothing."""

    state = ChoiceField(choices=TopicState.values)
    stuck = YesNoField(required=False)
    with_prerequisites = YesNoField(
        required=False, help_text="Also mark as done what a done topic rests on"
    )


class MarkOneInput(Input):
    """{"slug", "state"}."""

    slug = Text(max_length=80)
    state = ChoiceField(choices=TopicState.values)


class MarkManyInput(Input):
    """{"topics": [{"slug", "state"}]}, at most 200."""

    topics = serializers.ListField(child=MarkOneInput(), max_length=actions.MAXIMUM_MARKS)


def topic_state_output(
    states: PersonStates, standing: Standing, topic: TopicNode
) -> TopicStateOutput:
    row, bit = states.current.get(topic.index), 1 << topic.index
    return TopicStateOutput(
        slug=topic.slug,
        state=standing.state_of(topic.index),
        stuck=bool(standing.stuck & bit),
        source=Source(row.source) if row else None,
        updated_at=row.changed_at if row else None,
        ready=bool(standing.ready & bit),
        implied=bool(standing.implied & bit),
    )


def progress_output(role: RoleNode | None, standing: Standing) -> ProgressOutput | None:
    if role is None:
        return None
    progress = role_progress(role, standing)
    counters, readiness = progress.counters, progress.readiness
    return ProgressOutput(
        role=progress.role,
        counters=CountersOutput(
            done=counters.done,
            implied=counters.implied,
            learning=counters.learning,
            stuck=counters.stuck,
            ready=counters.ready,
            skipped=counters.skipped,
            total=counters.total,
            recommended_done=counters.recommended_done,
            recommended_total=counters.recommended_total,
        ),
        readiness=ReadinessOutput(
            percent=readiness.percent,
            known_hours=round(readiness.known_hours, 1),
            total_hours=round(readiness.total_hours, 1),
        ),
    )


_AT = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
EXAMPLE = TopicStateOutput(
    slug="eigenvalues-and-eigenvectors",
    state=TopicState.DONE,
    stuck=False,
    source=Source.API,
    updated_at=_AT,
    ready=False,
    implied=False,
)
_PROGRESS_EXAMPLE = ProgressOutput(
    role="data-scientist",
    counters=CountersOutput(
        done=12,
        implied=5,
        learning=2,
        stuck=0,
        ready=7,
        skipped=1,
        total=55,
        recommended_done=1,
        recommended_total=16,
    ),
    readiness=ReadinessOutput(percent=31, known_hours=84.5, total_hours=271.8),
)
MARKED_EXAMPLE = MarkedOutput(
    slug=EXAMPLE.slug,
    state=EXAMPLE.state,
    stuck=EXAMPLE.stuck,
    source=EXAMPLE.source,
    updated_at=EXAMPLE.updated_at,
    ready=EXAMPLE.ready,
    implied=EXAMPLE.implied,
    progress=_PROGRESS_EXAMPLE,
)


class MyTopics(ApiView):
    tag = "me"

    @operation(
        id="listMyTopics",
        summary="Where I stand with the topics of my role",
        scope="read",
        query=(
            YesNo(name="all", about="Every topic, not only those of my role", example=True),
            Choice(
                name="state",
                about="Only in this state",
                example="learning",
                choices=tuple(TopicState.values),
            ),
            YesNo(name="ready", about="Only those I am ready for, or not", example=True),
            Parameter(name="subject", about="Only of this subject", example="linear-algebra"),
            ordering("updated_at", otherwise="in study order"),
            *PAGING,
        ),
        answer=Page[TopicStateOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: ApiRequest) -> Response:
        """In study order. Without a role these are all topics."""
        graph = current_graph()
        states = person_states(user=request.user, graph=graph)
        standing = states.standing(graph)
        role = None if self.query.yes_no("all") else role_of(request.user, graph)
        topics = _chosen(graph, role, standing, self.query)
        if order := self.query.text("ordering"):
            recorded = [topic for topic in topics if topic.index in states.current]
            recorded.sort(
                key=lambda topic: states.current[topic.index].changed_at,
                reverse=order.startswith("-"),
            )
            # What was never changed has no time and comes last both ways.
            topics = recorded + [topic for topic in topics if topic.index not in states.current]
        page = page_of(
            request,
            self.query,
            topics,
            lambda topic: topic_state_output(states, standing, topic),
        )
        return Response(page)

    @operation(
        id="markMyTopics",
        summary="Set where I stand with up to 200 topics",
        scope="write",
        body=MarkManyInput,
        body_example={"topics": [{"slug": "vectors", "state": "done"}]},
        answer=MarkedManyOutput,
        example=MarkedManyOutput(topics=[EXAMPLE], progress=_PROGRESS_EXAMPLE),
    )
    def patch(self, request: ApiRequest) -> Response:
        """All of them or none: the errors point to every item that does not fit."""
        items = self.read_body(request)["topics"]
        graph = current_graph()
        marked = actions.mark_topics(
            user=request.user, marks=_marks(graph, items), source=Source.API
        )
        # The catalog may have moved in between; the answer goes by its new order.
        graph = marked.graph
        standing = marked.after.standing(graph)
        answer = MarkedManyOutput(
            topics=[
                topic_state_output(marked.after, standing, topic)
                for item in items
                for topic in graph.successors(item["slug"])
            ],
            progress=progress_output(role_of(request.user, graph), standing),
        )
        return Response(answer)


class MyTopic(ApiView):
    tag = "me"

    @operation(
        id="markMyTopic",
        summary="Set where I stand with a topic",
        scope="write",
        address={"slug": ("The topic, by an old slug too", EXAMPLE.slug)},
        body=MarkInput,
        body_example={"state": "done", "with_prerequisites": True},
        answer=MarkedOutput,
        example=MARKED_EXAMPLE,
        problems=(CONFLICT,),
    )
    def put(self, request: ApiRequest, slug: str) -> Response:
        """PUT names the wanted state; repeating it changes nothing.

        An old slug stands for the topic that took over, after a split for all its parts; the
        answer is about the first. A topic that is no longer taught is a 409, `topic_retired`.
        """
        data = self.read_body(request)
        topics = _find(current_graph(), slug)
        marked = actions.mark_topics(
            user=request.user,
            marks=[
                actions.Mark(
                    topic=topic, state=TopicState(data["state"]), is_stuck=data.get("stuck")
                )
                for topic in topics
            ],
            source=Source.API,
            with_prerequisites=data.get("with_prerequisites", False),
        )
        graph = marked.graph
        standing = marked.after.standing(graph)
        row = topic_state_output(marked.after, standing, _find(graph, slug)[0])
        answer = MarkedOutput(
            slug=row.slug,
            state=row.state,
            stuck=row.stuck,
            source=row.source,
            updated_at=row.updated_at,
            ready=row.ready,
            implied=row.implied,
            progress=progress_output(role_of(request.user, graph), standing),
        )
        return Response(answer)


def _find(graph: CatalogGraph, slug: str) -> tuple[TopicNode, ...]:
    topics = actions.find_topics(graph, slug)
    if not topics:
        raise Http404
    return topics


def _chosen(
    graph: CatalogGraph, role: RoleNode | None, standing: Standing, query: Query
) -> list[TopicNode]:
    subject, state, is_ready = query.text("subject"), query.text("state"), query.yes_no("ready")
    if subject and subject not in graph.subjects:
        raise no_such("subject", subject, among=graph.subjects)
    return [
        topic
        for topic in (graph.topics_in(role.topics_mask) if role else graph.topics)
        if subject in {"", topic.subject.slug}
        and state in {"", standing.state_of(topic.index)}
        and is_ready in {None, bool(standing.ready >> topic.index & 1)}
    ]


def _marks(graph: CatalogGraph, items: list[Mapping[str, str]]) -> list[actions.Mark]:
    """Raises a 400 that points to every slug that is unknown, retired or given twice."""
    marks: dict[int, actions.Mark] = {}
    errors = []

    def refuse(position: int, code: str, detail: str) -> None:
        errors.append(FieldError(pointer=f"/topics/{position}/slug", code=code, detail=detail))

    for position, item in enumerate(items):
        slug = item["slug"]
        try:
            topics = actions.find_topics(graph, slug)
        except actions.TopicRetired as error:
            refuse(position, error.code, str(error))
            continue
        if not topics:
            refuse(position, "unknown_topic", f"There is no topic “{slug}”.")
        for topic in topics:
            if topic.index in marks:
                refuse(position, "repeated", f"“{slug}” is given more than once.")
                break
            marks[topic.index] = actions.Mark(topic=topic, state=TopicState(item["state"]))
    if errors:
        raise invalid(errors)
    return list(marks.values())
