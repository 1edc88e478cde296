"""Reviews: what is due today, one topic at a time, and the switch that turns them on."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from catalog.graph import TopicNode, current_graph
from mlmath.errors import BadRequest, DomainError
from mlmath.http import wants_partial
from tracker.actions.people import update_profile
from tracker.actions.reviews import grade_review, postpone_review
from tracker.forms.reviews import ReviewsForm
from tracker.models import Grade, User
from tracker.summaries.people import person_states
from tracker.summaries.reviews import due_reviews, memories, next_due_at, reviews_left_today
from tracker.views.progress import refused
from tracker.views.requests import AppRequest

DEFAULT_PER_DAY = 5
POSTPONED_DAYS = 7


@require_safe
def review(request: AppRequest) -> HttpResponse:
    if not request.user.reviews_per_day:
        form = ReviewsForm(initial={"reviews_per_day": DEFAULT_PER_DAY})
        return TemplateResponse(request, "tracker/review_off.html", {"form": form})
    return TemplateResponse(request, "tracker/review.html", _pieces(request.user))


@require_POST
def grade(request: AppRequest, slug: str) -> HttpResponse:
    topic = _topic_or_404(slug)
    if request.POST.get("grade") not in Grade.values:
        raise BadRequest("A grade is again, hard, good or easy.")
    try:
        after = grade_review(user=request.user, topic=topic, grade=Grade(request.POST["grade"]))
    except DomainError as refusal:
        return refused(request, refusal, reverse("tracker:review"))
    days = max(round((after.due_at - timezone.now()) / timedelta(days=1)), 1)
    return _next(request, f"“{topic.title}” comes back in {days} day{'' if days == 1 else 's'}.")


@require_POST
def postpone(request: AppRequest, slug: str) -> HttpResponse:
    topic = _topic_or_404(slug)
    try:
        postpone_review(user=request.user, topic=topic, days=POSTPONED_DAYS)
    except DomainError as refusal:
        return refused(request, refusal, reverse("tracker:review"))
    return _next(request, f"“{topic.title}” waits for a week.")


@require_POST
def switch(request: AppRequest) -> HttpResponse:
    """How many a day; none turns reviews off, and keeps what is known of the memory."""
    form = ReviewsForm(request.POST)
    if form.is_valid():
        try:
            update_profile(user=request.user, reviews_per_day=form.cleaned_data["reviews_per_day"])
        except ValidationError as error:
            form.add_error(None, error)
    if not form.is_valid():
        return TemplateResponse(request, "tracker/review_off.html", {"form": form}, status=422)
    return HttpResponseRedirect(reverse("tracker:review"))


def _topic_or_404(slug: str) -> TopicNode:
    topic = current_graph().topic_by_slug.get(slug)
    if topic is None:
        raise Http404(slug)
    return topic


def _next(request: AppRequest, sentence: str) -> HttpResponse:
    if not wants_partial(request):
        return HttpResponseRedirect(reverse("tracker:review"))
    context = _pieces(request.user) | {"sentence": sentence}
    return TemplateResponse(request, "tracker/_review_next.html", context)


def _pieces(user: User) -> dict[str, object]:
    """Three queries."""
    graph, now = current_graph(), timezone.now()
    states = person_states(user=user, graph=graph)
    known = memories(user=user, graph=graph)
    left = reviews_left_today(user=user, at=now)
    due = due_reviews(graph, states, known, at=now, most=left)
    return {
        "due": due,
        "left": left,
        "current": due[0] if due else None,
        "later": due[1:],
        "grades": [(one, due[0].intervals[one]) for one in Grade] if due else [],
        "next_due_at": None if due else next_due_at(states, known),
        "per_day": user.reviews_per_day,
    }
