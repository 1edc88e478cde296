"""Today: what to take up next, and how far one has come."""

from django.http import HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tracker.models import User
from tracker.summaries.today import next_up, role_standing
from tracker.views.news import news_on_arrival
from tracker.views.requests import AppRequest
from tracker.views.visitor import Changed, Visitor, here, visitor_of


@require_safe
def today(request: AppRequest) -> HttpResponse:
    visitor = visitor_of(request)
    context = _pieces(visitor) | {
        "pace": pace_line(request.user),
        "greeting": greeting(timezone.localtime().hour),
        "next": here(request),
        "news": news_on_arrival(request, visitor),
    }
    return TemplateResponse(request, "tracker/today.html", context)


def changed_pieces(changed: Changed, slug: str, query: QueryDict) -> str:
    """Everything on the page that depends on ticks."""
    return render_to_string("tracker/_today_changed.html", _pieces(changed.now) | {"is_oob": True})


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
    hours, minutes = divmod(user.minutes_per_day, 60)
    time = " ".join(
        f"{number} {unit}" for number, unit in ((hours, "h"), (minutes, "min")) if number
    )
    days = len(user.study_days)
    often = {1: "one day a week", 7: "every day"}.get(days, f"{days} days a week")
    return f"{time} a day, {often}"


def _pieces(visitor: Visitor) -> dict[str, object]:
    graph, role = visitor.graph, visitor.role
    return {
        "role": role,
        "next_up": next_up(graph, role, visitor.standing),
        "standing": role_standing(graph, role, visitor.standing) if role else None,
    }
