"""The meetings of a group: their dates, one date, and what leaders and members do there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Literal

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.graph import current_graph
from mlmath.errors import BadRequest, DomainError
from mlmath.http import wants_partial
from tracker.actions import meetings as actions
from tracker.forms.meetings import (
    WEEKLY,
    DateForm,
    EditMeetingForm,
    NewMeetingForm,
    NotesForm,
    RsvpForm,
)
from tracker.models import Meeting, MeetingDate, User
from tracker.summaries import meetings as summaries
from tracker.summaries.assignments import assignment_at
from tracker.summaries.members import GroupHead
from tracker.views.group_pages import group_at, group_context, led_group_at
from tracker.views.news import News
from tracker.views.once import once
from tracker.views.posts import attempt
from tracker.views.progress import refused
from tracker.views.requests import AppRequest
from tracker.views.visitor import back

HERE = "tracker:group-meetings"
# What a plain form has just done, in the address of the page that it leads to.
REMOVED = "removed"
MOST_LISTED = 8
DATES_BEFORE, DATES_AFTER = 2, 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where an address below /meetings/ leads: one date of a meeting of the group."""

    head: GroupHead
    meeting: Meeting
    rows: dict[date, MeetingDate]
    occurrence: summaries.Occurrence

    @property
    def address(self) -> str:
        group, meeting = self.head.group.public_id, self.meeting.public_id
        return reverse("tracker:meeting-date", args=[group, meeting, self.occurrence.day])


@require_safe
def meeting_list(request: AppRequest, group_id: str) -> HttpResponse:
    head = group_at(request, group_id)
    lists = summaries.meeting_lists(
        user=request.user, group=head.group, at=timezone.now(), limit=MOST_LISTED
    )
    next_row = next((row for row in lists.upcoming if not row.occurrence.is_cancelled), None)
    context = group_context(head, HERE) | {
        "next_meeting": next_row.occurrence if next_row else None,
        "next_row": next_row,
        "rows": [row for row in lists.upcoming if row is not next_row],
        "past": lists.past,
        "meetings": lists.meetings,
        "news": _news(request, head),
        "next": reverse(HERE, args=[group_id]),
    }
    return TemplateResponse(request, "tracker/meetings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: AppRequest, group_id: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    today = summaries.local_today(head.group, timezone.now())
    form = NewMeetingForm(
        request.POST if request.method == "POST" else None,
        initial={
            "title": "Reading circle",
            "starts_on": today + timedelta(days=7),
            "start_time": time(18, 30),
            "minutes": 60,
            "rrule": WEEKLY,
        },
    )
    status = 200
    if form.is_bound:
        made, status = attempt(
            form, lambda: once(request, form, lambda: _create(request, head, form))
        )
        if made is not None:
            messages.success(request, "The meeting is in the calendar, and the others are told.")
            return redirect(made)
    return TemplateResponse(
        request,
        "tracker/meeting_form.html",
        group_context(head, HERE) | {"form": form},
        status=status,
    )


@require_safe
def meeting(request: AppRequest, group_id: str, meeting_id: str) -> HttpResponse:
    """Leads to the date that comes next, or to the last one."""
    head = group_at(request, group_id)
    found, rows = summaries.meeting_with_rows(group=head.group, public_id=meeting_id)
    day = summaries.nearest_day(
        meeting=found, rows=rows, zone=head.group.time_zone, at=timezone.now()
    )
    return redirect("tracker:meeting-date", group_id, meeting_id, day.isoformat())


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: AppRequest, group_id: str, meeting_id: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    found, _ = summaries.meeting_with_rows(group=head.group, public_id=meeting_id)
    is_sent = request.method == "POST"
    form = EditMeetingForm(request.POST if is_sent else None, meeting=found)
    context: dict[str, object] = {"form": form, "meeting": found}
    status = 200
    if is_sent:
        edited, status = attempt(
            form,
            lambda: actions.edit_meeting(
                user=request.user,
                meeting=found,
                version=form.cleaned_data["version"],
                **form.fields_wanted(),
            ),
        )
        if edited is not None:
            messages.success(request, "Saved.")
            return redirect("tracker:meeting", group_id, meeting_id)
        if status == 409 and not form.errors:
            # What was typed stays in the form; sending it again replaces what it says now.
            again = EditMeetingForm(_newer(request, found), meeting=found)
            context |= {"form": again, "now": found, "now_when": summaries.when(found)}
    return TemplateResponse(
        request, "tracker/meeting_form.html", group_context(head, HERE) | context, status=status
    )


@require_POST
def remove(request: AppRequest, group_id: str, meeting_id: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    found = get_object_or_404(
        Meeting.objects.select_related("group"), group=head.group, public_id=meeting_id
    )
    here = reverse(HERE, args=[group_id])
    try:
        actions.remove_meeting(user=request.user, meeting=found)
    except DomainError as refusal:
        return refused(request, refusal, here)
    return redirect(f"{here}?{REMOVED}={meeting_id}")


@require_POST
def restore(request: AppRequest, group_id: str, meeting_id: str) -> HttpResponse:
    head = led_group_at(request, group_id)
    found = get_object_or_404(
        Meeting.objects.select_related("group"), group=head.group, public_id=meeting_id
    )
    try:
        actions.restore_meeting(user=request.user, meeting=found)
    except DomainError as refusal:
        return refused(request, refusal, reverse(HERE, args=[group_id]))
    messages.success(request, "The meeting is back.")
    return redirect("tracker:meeting", group_id, meeting_id)


@require_safe
def meeting_date(request: AppRequest, group_id: str, meeting_id: str, day: str) -> HttpResponse:
    place = _place(group_at(request, group_id), meeting_id, day)
    that, now = place.occurrence, timezone.now()
    row = place.rows.get(that.day)
    attendance = summaries.attendance(user=request.user, head=place.head, occurrence=that)
    context = group_context(place.head, HERE) | {
        "place": place,
        "that": that,
        "row": summaries.MeetingRow(occurrence=that, turnout=attendance.turnout),
        "people": attendance.people,
        "agenda": summaries.agenda_of(
            head=place.head, graph=current_graph(), occurrence=that, rows=place.rows
        ),
        "notes_html": row.notes_html if row and row.has_notes else "",
        "dates": _others(place),
        "when": summaries.when(place.meeting),
        "has_begun": that.starts_at <= now,
        "is_over": that.ends_at <= now,
        "next": place.address,
    }
    return TemplateResponse(request, "tracker/meeting_date.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_date(request: AppRequest, group_id: str, meeting_id: str, day: str) -> HttpResponse:
    place = _place(led_group_at(request, group_id), meeting_id, day)
    form = DateForm(request.POST if request.method == "POST" else None, occurrence=place.occurrence)

    def act() -> Meeting:
        return actions.change_date(
            user=request.user,
            meeting=place.meeting,
            day=place.occurrence.day,
            version=form.cleaned_data["version"],
            **form.fields_wanted(),
        )

    def again() -> DateForm:
        return DateForm(_newer(request, place.meeting), occurrence=place.occurrence)

    return _save(request, place, form, act, again, "tracker/meeting_date_form.html")


@require_http_methods(["GET", "HEAD", "POST"])
def notes(request: AppRequest, group_id: str, meeting_id: str, day: str) -> HttpResponse:
    place = _place(led_group_at(request, group_id), meeting_id, day)
    row = place.rows.get(place.occurrence.day)
    form = NotesForm(
        request.POST if request.method == "POST" else None,
        initial={"notes": row.notes if row else "", "version": place.meeting.version},
    )

    def act() -> Meeting:
        return actions.write_notes(
            user=request.user,
            meeting=place.meeting,
            day=place.occurrence.day,
            notes=form.cleaned_data["notes"],
            version=form.cleaned_data["version"],
        )

    def again() -> NotesForm:
        return NotesForm(_newer(request, place.meeting))

    return _save(request, place, form, act, again, "tracker/meeting_notes.html")


@require_POST
def cancel_date(request: AppRequest, group_id: str, meeting_id: str, day: str) -> HttpResponse:
    """Or, wanted “no”, let it take place after all."""
    place = _place(led_group_at(request, group_id), meeting_id, day)
    if request.POST.get("wanted") not in {"yes", "no"}:
        raise BadRequest("It does not say whether this date is cancelled.")
    try:
        actions.change_date(
            user=request.user,
            meeting=place.meeting,
            day=place.occurrence.day,
            is_cancelled=request.POST["wanted"] == "yes",
        )
    except DomainError as refusal:
        return refused(request, refusal, place.address)
    return redirect(place.address)


@require_http_methods(["GET", "HEAD", "POST"])
def rsvp(request: AppRequest, group_id: str, meeting_id: str, day: str) -> HttpResponse:
    """The buttons of one date, for pages that fetch them; pressing one says whether I come."""
    head = group_at(request, group_id)
    place = _place(head, meeting_id, day)
    if request.method == "POST" and (refusal := _answer(request, place)):
        return refusal
    if not wants_partial(request):
        return redirect(back(request, place.address))
    turnout = summaries.turnout(user=request.user, group=head.group, occurrence=place.occurrence)
    context = {
        "row": summaries.MeetingRow(occurrence=place.occurrence, turnout=turnout),
        "group": head.group,
        "head": head,
        "next": back(request, place.address),
        "is_over": place.occurrence.ends_at <= timezone.now(),
    }
    return TemplateResponse(request, "tracker/_rsvp.html", context)


def _answer(request: AppRequest, place: Place) -> HttpResponse | None:
    """Do what one press says; a page or a piece of one where the rules say no."""
    form = RsvpForm(request.POST)
    if not form.is_valid():
        raise BadRequest("It does not say whether you come.")
    try:
        actions.answer_rsvp(
            user=request.user,
            meeting=place.meeting,
            day=place.occurrence.day,
            answer=form.answer_wanted,
        )
    except DomainError as refusal:
        return refused(request, refusal, place.address)
    return None


@require_POST
def present(request: AppRequest, group_id: str, assignment_id: str) -> HttpResponse:
    """Who presents a chapter: the person whose id is in `member`, or nobody."""
    head = group_at(request, group_id)
    found = assignment_at(head, assignment_id)
    wanted = request.POST.get("member", "")
    person = User.objects.filter(public_id=wanted).first() if wanted else None
    here = back(request, reverse(HERE, args=[group_id]))
    if wanted and person is None:
        raise BadRequest("There is no such person in the group.")
    try:
        actions.choose_presenter(user=request.user, assignment=found, presenter=person)
    except ValidationError:
        raise BadRequest("There is no such person in the group.") from None
    except DomainError as refusal:
        return refused(request, refusal, here)
    return redirect(here)


def _place(head: GroupHead, meeting_id: str, day: str) -> Place:
    """One query. Raises NotFound for a meeting of another group and a day without one."""
    meeting, rows, that = summaries.date_at(group=head.group, public_id=meeting_id, day=day)
    return Place(head=head, meeting=meeting, rows=rows, occurrence=that)


def _others(place: Place) -> list[summaries.Occurrence]:
    """The dates around this one, in order."""
    day = place.occurrence.day
    found = summaries.meeting_dates(
        meeting=place.meeting,
        rows=place.rows,
        zone=place.head.group.time_zone,
        first=day - timedelta(days=summaries.DAYS_BACK),
    )
    here = next(number for number, one in enumerate(found) if one.day == day)
    return found[max(here - DATES_BEFORE, 0) : here + DATES_AFTER + 1]


def _save(
    request: AppRequest,
    place: Place,
    form: DateForm | NotesForm,
    act: Callable[[], Meeting],
    again: Callable[[], forms.Form],
    template: Literal["tracker/meeting_date_form.html", "tracker/meeting_notes.html"],
) -> HttpResponse:
    """Do what the form of one date wants, or show it again; `again` makes it for another go at a
    meeting that was changed meanwhile."""
    context = group_context(place.head, HERE) | {"form": form, "place": place}
    status = 200
    if form.is_bound:
        saved, status = attempt(form, act)
        if saved is not None:
            messages.success(request, "Saved.")
            return redirect(place.address)
        if status == 409 and not form.errors:
            context |= {"form": again(), "is_changed": True}
    return TemplateResponse(request, template, context, status=status)


def _create(request: AppRequest, head: GroupHead, form: NewMeetingForm) -> str:
    made = actions.create_meeting(user=request.user, group=head.group, **form.fields_wanted())
    return reverse("tracker:meeting", args=[head.group.public_id, made.public_id])


def _newer(request: AppRequest, meeting: Meeting) -> QueryDict:
    """What was typed, on the version that is there now."""
    data = request.POST.copy()
    data["version"] = str(meeting.version)
    return data


def _news(request: AppRequest, head: GroupHead) -> News | None:
    """About the meeting that a plain form has just removed. At most one query."""
    if not head.leads or REMOVED not in request.GET:
        return None
    gone = Meeting.objects.filter(group=head.group, public_id=request.GET[REMOVED])
    found = gone.exclude(deleted_at=None).first()
    if found is None:
        return None
    undo = reverse("tracker:meeting-restore", args=[head.group.public_id, found.public_id])
    return News(sentence=f"“{found.title}” is removed.", undo_at=undo)
