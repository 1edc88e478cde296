"""The schedule of a group, and what one says about each assignment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from catalog.graph import current_graph
from mlmath.errors import BadRequest, DomainError
from mlmath.http import wants_partial
from tracker.actions import assignments as actions
from tracker.actions.assignment_progress import mark_mine
from tracker.forms.assignments import MineForm
from tracker.models import AnswerToAssignment, Assignment, AssignmentState
from tracker.summaries.assignments import AssignmentRow, assignment_at, assignment_rows
from tracker.summaries.members import GroupHead
from tracker.summaries.schedule import today_in
from tracker.summaries.units import done_units, proposed_topics
from tracker.views.group_pages import group_at, group_context
from tracker.views.news import News, just_read, news_about_units
from tracker.views.progress import refused, toast
from tracker.views.requests import AppRequest
from tracker.views.visitor import UNDO, back, visitor_of

_STATES: dict[str, str] = {
    AssignmentState.TODO: "{} is to do again.",
    AssignmentState.READING: "You are reading {}.",
    AssignmentState.DONE: "{} is done.",
}
_ANSWERS: dict[str, str] = {
    AnswerToAssignment.IN: "You are in for {}.",
    AnswerToAssignment.OUT: "You leave out {}.",
    AnswerToAssignment.MORE_TIME: "Your leaders know that you would like more time for {}.",
    "": "You have taken back what you said about {}.",
}
# What a plain form has just done, in the address of the page that it leads to.
REMOVED, PLANNED, SHIFTED = "removed", "planned", "shifted"


@dataclass(frozen=True, kw_only=True, slots=True)
class DueDay:
    """What is due on one day of the group; `when` is such as “in 3 days”."""

    day: date
    when: str
    rows: Sequence[AssignmentRow]


@require_safe
def schedule(request: AppRequest, group_id: str) -> HttpResponse:
    head = group_at(request, group_id)
    context = group_context(head, "tracker:schedule") | _pieces(request, head)
    return TemplateResponse(request, "tracker/schedule.html", context | _arrival(request, head))


@require_POST
def mine(request: AppRequest, group_id: str, assignment: str) -> HttpResponse:
    head = group_at(request, group_id)
    found = assignment_at(head, assignment)
    form = MineForm(request.POST)
    if not form.is_valid() or (form.state_wanted is None and form.answer_wanted is None):
        raise BadRequest("It does not say where you are with this chapter.")
    fallback = reverse("tracker:schedule", args=[group_id])
    try:
        marked = mark_mine(
            user=request.user,
            assignment=found,
            state=form.state_wanted,
            answer=form.answer_wanted,
        )
    except DomainError as refusal:
        return refused(request, refusal, fallback)
    graph = current_graph()
    unit = graph.unit_by_id[found.unit_id]
    batch = marked.unit.batch if marked.unit else ""
    if not wants_partial(request):
        read = f"{unit.resource}/{unit.slug}" if batch else ""
        to = back(request, fallback, batch=batch, read=read, anchor=f"mine-{found.public_id}")
        return HttpResponseRedirect(to)
    [row] = assignment_rows(
        membership=head.membership, graph=graph, among=Assignment.objects.filter(pk=found.pk)
    )
    context = {
        "row": row,
        "group": head.group,
        "proposed": marked.unit.proposed if marked.unit else (),
        "is_oob": True,
    }
    sentences = _ANSWERS if form.state_wanted is None else _STATES
    said = sentences[form.state_wanted or form.answer_wanted or ""].format(unit.label)
    pieces = render_to_string("tracker/_assignment_mine.html", context, request)
    news = toast(request, News(sentence=said, batch=batch))
    return trigger_client_event(HttpResponse(pieces + news), "marked", after="settle")


@require_POST
def move(request: AppRequest, group_id: str, assignment: str) -> HttpResponse:
    head = group_at(request, group_id)
    found = assignment_at(head, assignment)
    if request.POST.get("to") not in {"up", "down"}:
        raise BadRequest("A chapter moves up or down.")
    try:
        actions.move_assignment(
            user=request.user, assignment=found, is_up=request.POST["to"] == "up"
        )
    except DomainError as refusal:
        return refused(request, refusal, _address(head))
    return changed(request, head, anchor=f"assignment-{found.public_id}")


@require_POST
def remove(request: AppRequest, group_id: str, assignment: str) -> HttpResponse:
    head = group_at(request, group_id)
    found = assignment_at(head, assignment, is_removed_fine=True)
    try:
        actions.remove_assignment(user=request.user, assignment=found)
    except DomainError as refusal:
        return refused(request, refusal, _address(head))
    return changed(request, head, query=f"?{REMOVED}={found.public_id}", news=_removed(head, found))


@require_POST
def restore(request: AppRequest, group_id: str, assignment: str) -> HttpResponse:
    head = group_at(request, group_id)
    found = assignment_at(head, assignment, is_removed_fine=True)
    try:
        actions.restore_assignment(user=request.user, assignment=found)
    except DomainError as refusal:
        return refused(request, refusal, _address(head))
    return changed(request, head, news=News(sentence="It is back."))


def changed(
    request: AppRequest,
    head: GroupHead,
    *,
    query: str = "",
    anchor: str = "",
    news: News | None = None,
) -> HttpResponse:
    """The schedule after a leader has changed it: its list for htmx, else the page itself."""
    if not wants_partial(request):
        return redirect(_address(head) + query + (f"#{anchor}" if anchor else ""))
    context = {"head": head, "group": head.group, "is_oob": True} | _pieces(request, head)
    pieces = render_to_string("tracker/_schedule.html", context, request)
    return HttpResponse(pieces + (toast(request, news) if news else ""))


def _pieces(request: AppRequest, head: GroupHead) -> dict[str, object]:
    rows = assignment_rows(membership=head.membership, graph=current_graph())
    today = today_in(head.group.time_zone, timezone.now())
    days = [
        DueDay(day=day, when=_when(day, today), rows=list(due))
        for day, due in groupby(rows, key=lambda row: row.due_on)
    ]
    earlier = [one for one in days if one.day < today]
    return {
        "coming": [one for one in days if one.day >= today],
        "earlier": earlier,
        "earlier_count": sum(len(one.rows) for one in earlier),
        "is_behind": any(row.mine and row.mine.is_late for one in earlier for row in one.rows),
        "drafts": sum(row.is_draft for row in rows),
        "first": rows[0].id if rows else "",
        "last": rows[-1].id if rows else "",
        "today": today,
        "names_zone": head.group.time_zone != request.user.time_zone,
        "next": _address(head),
    }


def _when(day: date, today: date) -> str:
    away = (day - today).days
    if away in {-1, 0, 1}:
        return {-1: "yesterday", 0: "today", 1: "tomorrow"}[away]
    return f"in {away} days" if away > 0 else f"{-away} days ago"


def _address(head: GroupHead) -> str:
    return reverse("tracker:schedule", args=[head.group.public_id])


def _removed(head: GroupHead, found: Assignment) -> News:
    label = current_graph().unit_by_id[found.unit_id].label
    undo = reverse("tracker:assignment-restore", args=[head.group.public_id, found.public_id])
    return News(sentence=f"{label} is removed from the schedule.", undo_at=undo)


def _arrival(request: AppRequest, head: GroupHead) -> dict[str, object]:
    """About what a plain form has just done, which the address names. At most two queries."""
    if head.leads and (news := _done_by_leader(request, head)):
        return {"news": news}
    return after_reading(request)


def after_reading(request: AppRequest) -> dict[str, object]:
    """About a chapter that a plain form has just marked, which the address names: the news, the
    unit and the topics to tick with it. Nothing otherwise. At most two queries."""
    if UNDO not in request.GET:
        return {}
    visitor = visitor_of(request)
    done = done_units(user=request.user)
    read = just_read(request, visitor.graph)
    return {
        "news": news_about_units(request, visitor, done),
        "read": read,
        "proposed": proposed_topics(visitor.graph, read, done, visitor.standing) if read else (),
    }


def _done_by_leader(request: AppRequest, head: GroupHead) -> News | None:
    """At most one query."""
    of_group = Assignment.objects.filter(group=head.group)
    group_id = head.group.public_id
    if removed := _named(request, REMOVED):
        gone = of_group.filter(public_id=removed).exclude(deleted_at=None).first()
        return _removed(head, gone) if gone else None
    if planned := _named(request, PLANNED):
        count = of_group.live().filter(batch=planned).count()
        undo = reverse("tracker:plan-undo", args=[group_id, planned])
        plural = "" if count == 1 else "s"
        return News(sentence=f"{count} chapter{plural} assigned.", undo_at=undo) if count else None
    if shifted := _named(request, SHIFTED):
        count = of_group.live().filter(batch=shifted).exclude(shifted_days=None).count()
        undo = reverse("tracker:shift-undo", args=[group_id, shifted])
        plural = "" if count == 1 else "s"
        return News(sentence=f"{count} date{plural} moved.", undo_at=undo) if count else None
    return None


def _named(request: AppRequest, name: str) -> str:
    """The id in the address under `name`; "" where there is none, or what can be none."""
    given = request.GET.get(name, "")
    return given if given.isascii() and given.isalnum() else ""
