"""The plan for my role, and how far it is to another one."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from django.utils import timezone
from rest_framework.response import Response

from catalog.graph import CatalogGraph, RoleNode, TopicNode, current_graph
from mlmath.rest.answers import Also, Answer
from mlmath.rest.operations import operation
from mlmath.rest.query import Parameter, Whole, no_such
from mlmath.rest.views import ApiView
from tracker.api.authentication import ApiRequest
from tracker.api.progress import Count, ReadinessOutput
from tracker.models import TopicState
from tracker.models.people import MINUTES_IN_A_DAY
from tracker.summaries.forecast import Basis, Forecast, NoForecast
from tracker.summaries.gap import role_gap
from tracker.summaries.my_assignments import topics_soon
from tracker.summaries.people import person_states
from tracker.summaries.plan import Plan, plan_of
from tracker.summaries.standing import Readiness
from tracker.summaries.units import best_unit, done_units

Hours = Annotated[float, Also(minimum=0)]


@dataclass(frozen=True, kw_only=True, slots=True)
class SubjectProgressOutput(Answer):
    """The topics of a subject that my role requires; hours are likely ones."""

    slug: str
    title: str
    known: Count
    learning: Count
    total: Count
    known_hours: Hours
    total_hours: Hours


@dataclass(frozen=True, kw_only=True, slots=True)
class NextTopicOutput(Answer):
    """A topic that I am ready for. `unit`, as "resource/unit", is what to read for it: of what I
    am reading already, else free, with exercises; null when I have done all there is."""

    slug: str
    title: str
    subject: str
    state: TopicState
    hours: Hours
    unit: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ForecastOutput(Answer):
    """The days on which the chance to be done reaches 20, 50 and 80 %, null with a `reason`.

    `minutes_per_day` counts on study days: declared by me, or observed over the last four weeks.
    `hours_left` are likely ones, null without a role.
    """

    finish_early: date | None
    finish_likely: date | None
    finish_late: date | None
    hours_left: Hours | None
    minutes_per_day: Annotated[int | None, Also(minimum=1)]
    basis: Basis | None
    reason: NoForecast | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanOutput(Answer):
    """Where I stand and when I will be done; `role` and `readiness` are null without a role.

    `next` are all topics that I am ready for, the best to take up first: those that I am learning,
    then what my groups read soon.
    """

    role: str | None
    readiness: ReadinessOutput | None
    subjects: list[SubjectProgressOutput]
    next: list[NextTopicOutput]
    forecast: ForecastOutput


@dataclass(frozen=True, kw_only=True, slots=True)
class SubjectGapOutput(Answer):
    """What is missing in one subject; hours are likely ones."""

    slug: str
    title: str
    hours: Hours
    topics: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class GapOutput(Answer):
    """Topics that a role requires and I neither know nor skip, by subject where there are any.

    `can_start` are those of them that I am ready for.
    """

    role: str
    readiness: ReadinessOutput
    missing: Count
    hours: Hours
    subjects: list[SubjectGapOutput]
    can_start: list[str]


def readiness_output(readiness: Readiness) -> ReadinessOutput:
    return ReadinessOutput(
        percent=readiness.percent,
        known_hours=round(readiness.known_hours, 1),
        total_hours=round(readiness.total_hours, 1),
    )


def forecast_output(forecast: Forecast) -> ForecastOutput:
    hours, minutes = forecast.hours_left, forecast.minutes_per_day
    return ForecastOutput(
        finish_early=forecast.finish_early,
        finish_likely=forecast.finish_likely,
        finish_late=forecast.finish_late,
        hours_left=None if hours is None else round(hours, 1),
        # A pace below half a minute is still a pace.
        minutes_per_day=None if minutes is None else max(round(minutes), 1),
        basis=forecast.basis,
        reason=forecast.reason,
    )


def next_output(plan: Plan, topic: TopicNode, unit: str | None) -> NextTopicOutput:
    entry = plan.role.entry_by_index.get(topic.index) if plan.role else None
    return NextTopicOutput(
        slug=topic.slug,
        title=topic.title,
        subject=topic.subject.slug,
        state=plan.standing.state_of(topic.index),
        hours=round((entry or topic).hours.likely, 1),
        unit=unit,
    )


_READINESS_EXAMPLE = ReadinessOutput(percent=31, known_hours=84.5, total_hours=271.8)
_PLAN_EXAMPLE = PlanOutput(
    role="data-scientist",
    readiness=_READINESS_EXAMPLE,
    subjects=[
        SubjectProgressOutput(
            slug="linear-algebra",
            title="Linear algebra",
            known=9,
            learning=1,
            total=14,
            known_hours=41.5,
            total_hours=68.0,
        )
    ],
    next=[
        NextTopicOutput(
            slug="stochastic-gradient-descent",
            title="Stochastic gradient descent",
            subject="optimization",
            state=TopicState.TODO,
            hours=5.0,
            unit="goodfellow-deep-learning/chapter-08",
        )
    ],
    forecast=ForecastOutput(
        finish_early=date(2027, 7, 2),
        finish_likely=date(2027, 7, 20),
        finish_late=date(2027, 8, 9),
        hours_left=187.3,
        minutes_per_day=45,
        basis=Basis.DECLARED,
        reason=None,
    ),
)
_GAP_EXAMPLE = GapOutput(
    role="machine-learning-engineer",
    readiness=_READINESS_EXAMPLE,
    missing=2,
    hours=9.5,
    subjects=[
        SubjectGapOutput(
            slug="optimization",
            title="Optimization",
            hours=9.5,
            topics=["gradient-descent", "stochastic-gradient-descent"],
        )
    ],
    can_start=["gradient-descent"],
)


class MyPlan(ApiView):
    tag = "study"

    @operation(
        id="getMyPlan",
        summary="What next, from which book, and when I will be done",
        scope="read",
        query=(
            Whole(
                name="minutes_per_day",
                about="What if I studied so many minutes on a study day",
                example=60,
                highest=MINUTES_IN_A_DAY,
            ),
        ),
        answer=PlanOutput,
        example=_PLAN_EXAMPLE,
    )
    def get(self, request: ApiRequest) -> Response:
        """The forecast takes the pace that the last four weeks show, once enough is logged, else
        the one that I have declared."""
        graph = current_graph()
        at = timezone.now()
        due = topics_soon(user=request.user, graph=graph, at=at)
        plan = plan_of(user=request.user, graph=graph, at=at, due=due)
        done = done_units(user=request.user)
        minutes = self.query.whole("minutes_per_day", 0)
        forecast = plan.at_pace(minutes) if minutes else plan.forecast
        units = [best_unit(graph, topic, done, plan.standing) for topic in plan.next]
        answer = PlanOutput(
            role=plan.role.slug if plan.role else None,
            readiness=readiness_output(plan.progress.readiness) if plan.progress else None,
            subjects=[
                SubjectProgressOutput(
                    slug=subject.slug,
                    title=subject.title,
                    known=subject.known,
                    learning=subject.learning,
                    total=subject.total,
                    known_hours=round(subject.known_hours, 1),
                    total_hours=round(subject.total_hours, 1),
                )
                for subject in plan.subjects
            ],
            next=[
                next_output(plan, topic, f"{unit.resource}/{unit.slug}" if unit else None)
                for topic, unit in zip(plan.next, units, strict=True)
            ],
            forecast=forecast_output(forecast),
        )
        return Response(answer)


class MyGap(ApiView):
    tag = "study"

    @operation(
        id="getMyGap",
        summary="What is missing for another role",
        scope="read",
        query=(
            Parameter(
                name="role", about="The role", example="machine-learning-engineer", is_required=True
            ),
        ),
        answer=GapOutput,
        example=_GAP_EXAMPLE,
    )
    def get(self, request: ApiRequest) -> Response:
        graph = current_graph()
        standing = person_states(user=request.user, graph=graph).standing(graph)
        gap = role_gap(graph, _role(graph, self.query.text("role")), standing)
        answer = GapOutput(
            role=gap.role.slug,
            readiness=readiness_output(gap.readiness),
            missing=gap.missing,
            hours=round(gap.hours, 1),
            subjects=[
                SubjectGapOutput(
                    slug=one.subject.slug,
                    title=one.subject.title,
                    hours=round(one.hours, 1),
                    topics=[topic.slug for topic in one.missing],
                )
                for one in gap.subjects
            ],
            can_start=[topic.slug for topic in gap.can_start],
        )
        return Response(answer)


def _role(graph: CatalogGraph, slug: str) -> RoleNode:
    slug = graph.renamed.get(f"roles/{slug}", slug)
    if slug not in graph.roles:
        raise no_such("role", slug, among=graph.roles)
    return graph.roles[slug]
