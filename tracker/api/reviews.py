"""What I should look at again, and how well I remember it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from django.utils import timezone
from rest_framework.response import Response

from catalog.graph import current_graph
from mlmath.rest.answers import Also, Answer, Page
from mlmath.rest.fields import Choice, Input, Whole
from mlmath.rest.operations import operation
from mlmath.rest.pages import page_of
from mlmath.rest.problems import CONFLICT
from mlmath.rest.query import PAGING, YesNo
from mlmath.rest.views import ApiView
from tracker.actions import reviews as actions
from tracker.api.authentication import ApiRequest
from tracker.api.finding import topic_at
from tracker.api.idempotency import operation_once
from tracker.models import Grade
from tracker.summaries.people import person_states
from tracker.summaries.reviews import (
    DueReview,
    Memory,
    due_reviews,
    memories,
    reviews_left_today,
)

Days = Annotated[int, Also(minimum=1)]


@dataclass(frozen=True, kw_only=True, slots=True)
class IntervalsOutput(Answer):
    """In how many days the topic comes back after each grade."""

    again: Days
    hard: Days
    good: Days
    easy: Days


@dataclass(frozen=True, kw_only=True, slots=True)
class DueReviewOutput(Answer):
    """A done topic that is due. `fading` are direct prerequisites that I am about to forget."""

    slug: str
    due_at: datetime
    intervals: IntervalsOutput
    fading: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewedOutput(Answer):
    """When the topic comes back; `reviewed_at` is null before the first grade."""

    slug: str
    due_at: datetime
    reviewed_at: datetime | None


class GradeInput(Input):
    """{"grade"}: how well I remember the topic."""

    grade = Choice(choices=Grade.values)


class PostponeInput(Input):
    """{"days"?}: from now, 1 unless said otherwise."""

    days = Whole(required=False, min_value=1, max_value=actions.MAXIMUM_DAYS_POSTPONED)


def due_output(review: DueReview) -> DueReviewOutput:
    days = review.intervals
    return DueReviewOutput(
        slug=review.topic.slug,
        due_at=review.due_at,
        intervals=IntervalsOutput(
            again=days[Grade.AGAIN],
            hard=days[Grade.HARD],
            good=days[Grade.GOOD],
            easy=days[Grade.EASY],
        ),
        fading=[topic.slug for topic in review.fading_needs],
    )


def reviewed_output(slug: str, memory: Memory) -> ReviewedOutput:
    return ReviewedOutput(slug=slug, due_at=memory.due_at, reviewed_at=memory.reviewed_at)


_SLUG = "stochastic-gradient-descent"
_AT = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
_ADDRESS = {"slug": ("The topic, by an old slug too", _SLUG)}
_DUE_EXAMPLE = DueReviewOutput(
    slug=_SLUG,
    due_at=_AT,
    intervals=IntervalsOutput(again=1, hard=3, good=7, easy=16),
    fading=["gradient-descent"],
)
_EXAMPLE = ReviewedOutput(
    slug=_SLUG, due_at=datetime(2026, 11, 28, 8, 30, tzinfo=UTC), reviewed_at=_AT
)


class MyReviews(ApiView):
    tag = "study"

    @operation(
        id="listMyReviews",
        summary="The reviews that are due, the longest overdue first",
        scope="read",
        query=(
            YesNo(name="all", about="Also more than I want on a day", example=True),
            *PAGING,
        ),
        answer=Page[DueReviewOutput],
        example=Page(count=1, next=None, previous=None, results=[_DUE_EXAMPLE]),
    )
    def get(self, request: ApiRequest) -> Response:
        """Only as many as are left of my reviews for today, which are none until I ask for some
        in the settings."""
        graph, at = current_graph(), timezone.now()
        states = person_states(user=request.user, graph=graph)
        most = len(graph.topics)
        if not self.query.yes_no("all"):
            most = reviews_left_today(user=request.user, at=at)
        known = memories(user=request.user, graph=graph)
        due = due_reviews(graph, states, known, at=at, most=most)
        return Response(page_of(request, self.query, due, due_output))


class MyReview(ApiView):
    tag = "study"

    @operation_once(
        id="gradeMyReview",
        summary="Say how well I remember a topic",
        scope="write",
        address=_ADDRESS,
        body=GradeInput,
        body_example={"grade": "good"},
        answer=ReviewedOutput,
        example=_EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, slug: str) -> Response:
        """The topic stays done whatever the grade. Within ten minutes only the first one counts.

        A topic that is not done is a 409, `topic_not_done`.
        """
        data = self.read_body(request)
        topic = topic_at(current_graph(), slug)
        memory = actions.grade_review(user=request.user, topic=topic, grade=Grade(data["grade"]))
        return Response(reviewed_output(topic.slug, memory))


class MyPostponedReview(ApiView):
    tag = "study"

    @operation_once(
        id="postponeMyReview",
        summary="Review a topic later",
        scope="write",
        address=_ADDRESS,
        body=PostponeInput,
        body_example={"days": 3},
        is_body_required=False,
        answer=ReviewedOutput,
        example=_EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, slug: str) -> Response:
        """Never earlier than it was due. A topic that is not done is a 409, `topic_not_done`."""
        data = self.read_body(request)
        topic = topic_at(current_graph(), slug)
        memory = actions.postpone_review(user=request.user, topic=topic, days=data.get("days", 1))
        return Response(reviewed_output(topic.slug, memory))
