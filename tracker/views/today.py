"""Today: what to take up next, when one will be done, and what one did."""

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.graph import TopicNode, current_graph
from mlmath.http import wants_partial
from tracker.models import User
from tracker.summaries.calendar import streak
from tracker.summaries.my_assignments import SOON, due_soon, my_assignments, topics_of, topics_soon
from tracker.summaries.plan import Plan, plan_of
from tracker.summaries.reviews import due_topics, memories, reviews_left_today
from tracker.summaries.standing import next_topics
from tracker.summaries.today import RoleStanding, next_up, role_standing
from tracker.summaries.units import done_units, proposed_topics, reading_shelf
from tracker.templatetags.durations import duration
from tracker.views.finish import finish_of
from tracker.views.news import just_read, news_about_units
from tracker.views.pictures import study_squares
from tracker.views.requests import AppRequest
from tracker.views.visitor import Changed, Visitor, here, visitor_of

ON_THE_SHELF = 3


@require_safe
def today(request: AppRequest) -> HttpResponse:
    graph, at = current_graph(), timezone.now()
    read = just_read(request, graph)
    # What has just been read is shown, whenever it is due.
    open_until = None if read else at + SOON
    assigned = my_assignments(user=request.user, graph=graph, at=at, open_until=open_until)
    due = topics_of(due_soon(assigned, at))
    plan = plan_of(user=request.user, graph=graph, at=at, due=due)
    done = done_units(user=request.user)
    visitor = _visitor(request, plan)
    context = _standing_pieces(plan) | {
        "pace": pace_line(request.user),
        "greeting": greeting(timezone.localtime().hour),
        "next_up": next_up(graph, plan.role, plan.standing, done=done, ready=plan.next),
        "due_in_groups": due_soon(assigned, at, read=read),
        "read": read,
        "proposed": proposed_topics(graph, read, done, plan.standing) if read else (),
        "finish": finish_of(request, plan, request.user),
        "is_next_late": bool(done or due),
        "due": _due(request.user, plan),
        "shelf": reading_shelf(plan.graph, done)[:ON_THE_SHELF],
        "squares": study_squares(plan.log.minutes_by_day, plan.today),
        "streak": streak(plan.log.minutes_by_day, plan.calendar, plan.today),
        "next": here(request),
        "news": news_about_units(request, visitor, done),
    }
    return TemplateResponse(request, "tracker/today.html", context)


@require_safe
def finish(request: AppRequest) -> HttpResponse:
    """The card alone: with another pace, after a tick, or both."""
    if not wants_partial(request):
        return redirect(f"{reverse('tracker:today')}?{request.GET.urlencode()}")
    plan = plan_of(user=request.user, graph=current_graph(), at=timezone.now())
    context = {"role": plan.role, "finish": finish_of(request, plan, request.user)}
    return TemplateResponse(request, "tracker/_finish.html", context)


@require_safe
def read_next(request: AppRequest) -> HttpResponse:
    """What to take up next by the units that are read and those that groups read soon, which the
    answer to a tick leaves out."""
    if not wants_partial(request):
        return redirect("tracker:today")
    visitor = visitor_of(request)
    graph, role, standing = visitor.graph, visitor.role, visitor.standing
    due = topics_soon(user=request.user, graph=graph, at=timezone.now())
    context = {
        "role": role,
        "standing": role_standing(graph, role, standing) if role else None,
        "next_up": next_up(
            graph,
            role,
            standing,
            done=done_units(user=request.user),
            ready=next_topics(graph, role, standing, due=due),
        ),
        "is_oob": True,
    }
    return TemplateResponse(request, "tracker/_next.html", context)


def changed_pieces(changed: Changed, slug: str, query: QueryDict) -> str:
    """What depends on ticks alone; the finish card asks for itself, as it needs the study log."""
    graph, standing, role = changed.now.graph, changed.now.standing, changed.now.role
    context = {
        "role": role,
        "standing": role_standing(graph, role, standing) if role else None,
        "next_up": next_up(graph, role, standing),
        "is_oob": True,
    }
    return render_to_string("tracker/_today_changed.html", context)


def greeting(hour: int) -> str:
    """`hour` is that of the person's own clock."""
    if 5 <= hour < 12:
        return "Good morning"
    if 12 <= hour < 18:
        return "Good afternoon"
    return "Good evening"


def pace_line(user: User) -> str:
    """Such as “1 h 30 min a day, 5 days a week”; "" for somebody who has not said."""
    if user.minutes_per_day is None:
        return ""
    days = len(user.study_days)
    often = {1: "one day a week", 7: "every day"}.get(days, f"{days} days a week")
    return f"{duration(user.minutes_per_day)} a day, {often}"


def _due(user: User, plan: Plan) -> list[TopicNode]:
    """What is to be reviewed today. Two queries for somebody who reviews, none for others."""
    if not user.reviews_per_day:
        return []
    at = timezone.now()
    return due_topics(
        plan.graph,
        plan.states,
        memories(user=user, graph=plan.graph),
        at=at,
        most=reviews_left_today(user=user, at=at),
    )


def _standing_pieces(plan: Plan) -> dict[str, object]:
    standing = (
        RoleStanding(progress=plan.progress, subjects=tuple(plan.subjects))
        if plan.progress
        else None
    )
    return {"role": plan.role, "standing": standing}


def _visitor(request: AppRequest, plan: Plan) -> Visitor:
    return Visitor(graph=plan.graph, user=request.user, standing=plan.standing, retired_states={})
