"""The dates of a meeting: who comes, who presents what, and what was said."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.response import Response

from catalog.graph import current_graph
from mlmath.errors import NotFound, PermissionDenied
from mlmath.rest.answers import Answer, Page
from mlmath.rest.fields import Choice, Day, Input, Text
from mlmath.rest.fields import YesNo as YesNoField
from mlmath.rest.operations import operation
from mlmath.rest.pages import page_of
from mlmath.rest.problems import CONFLICT, FieldError, invalid
from mlmath.rest.query import PAGING, YesNo
from mlmath.rest.versions import send_version, wanted_version
from mlmath.rest.views import ApiView
from tracker.actions import meetings as actions
from tracker.api.assignments import EXAMPLE as ASSIGNMENT
from tracker.api.authentication import ApiRequest
from tracker.api.finding import sees_assignment
from tracker.api.groups import ADDRESS as GROUP_ADDRESS
from tracker.api.groups import MEMBER
from tracker.api.meetings import (
    ADDRESS,
    DATE_EXAMPLE,
    MeetingDateOutput,
    check_leads,
    date_fields,
    date_output,
    head_at,
    link_field,
    minutes_field,
    place_field,
    sees_meeting,
    time_field,
)
from tracker.models import RsvpAnswer, User
from tracker.models.meetings import MAXIMUM_MEETING_NOTES_LENGTH
from tracker.models.text import check_text
from tracker.summaries import meetings as summaries
from tracker.summaries.assignments import assignment_at
from tracker.summaries.members import GroupHead, shown_name


@dataclass(frozen=True, kw_only=True, slots=True)
class PresenterOutput(Answer):
    """Who presents a chapter; null for nobody."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AgendaItemOutput(Answer):
    """A chapter that is due after the date before and not after this one; `id` is the
    assignment's."""

    id: str
    resource: str
    unit: str
    title: str
    due_at: datetime
    presenter: PresenterOutput | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AttendeeOutput(Answer):
    """Somebody of the group; `rsvp` is null while they have not said whether they come."""

    id: str
    name: str
    rsvp: RsvpAnswer | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OneMeetingDateOutput(MeetingDateOutput):
    """One date of a meeting with its chapters, its people (for observers: those who agreed to be
    seen by them) and its notes, which are Markdown."""

    assignments: list[AgendaItemOutput]
    people: list[AttendeeOutput]
    notes: str
    notes_html: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenPresenterOutput(Answer):
    """Who presents a chapter now."""

    presenter: PresenterOutput | None


class MeetingDateChangeInput(Input):
    """{"cancelled"?, "starts_on"?, "start_time"?, "minutes"?, "place"?, "link"?} for one date: null
    is as in the meeting, what is missing stays as it is. A blank `link` is none."""

    cancelled = YesNoField(required=False)
    starts_on = Day(required=False, allow_null=True)
    start_time = time_field(required=False, allow_null=True)
    minutes = minutes_field(required=False, allow_null=True)
    place = place_field(allow_null=True)
    link = link_field(allow_blank=True)


class MeetingNotesInput(Input):
    """{"notes"}: Markdown; blank removes them."""

    notes = Text(
        allow_blank=True,
        trim_whitespace=False,
        max_length=MAXIMUM_MEETING_NOTES_LENGTH,
        validators=[check_text],
    )


class RsvpInput(Input):
    """{"answer" ("yes", "maybe", "no"; null takes it back), "day"? (the date that comes next)}."""

    answer = Choice(choices=RsvpAnswer.values, allow_null=True)
    day = Day(required=False)


class PresenterInput(Input):
    """{"member"}: the id of a person, null for nobody."""

    member = Text(max_length=40, allow_null=True)


_ONE_DATE = OneMeetingDateOutput(
    day=DATE_EXAMPLE.day,
    starts_at=DATE_EXAMPLE.starts_at,
    ends_at=DATE_EXAMPLE.ends_at,
    minutes=DATE_EXAMPLE.minutes,
    place=DATE_EXAMPLE.place,
    link=DATE_EXAMPLE.link,
    cancelled=DATE_EXAMPLE.cancelled,
    moved=DATE_EXAMPLE.moved,
    has_notes=DATE_EXAMPLE.has_notes,
    yes=DATE_EXAMPLE.yes,
    maybe=DATE_EXAMPLE.maybe,
    no=DATE_EXAMPLE.no,
    rsvp=DATE_EXAMPLE.rsvp,
    assignments=[
        AgendaItemOutput(
            id=ASSIGNMENT.id,
            resource=ASSIGNMENT.resource,
            unit=ASSIGNMENT.unit,
            title=ASSIGNMENT.title,
            due_at=ASSIGNMENT.due_at,
            presenter=PresenterOutput(id=MEMBER, name="Emmy Noether"),
        )
    ],
    people=[AttendeeOutput(id=MEMBER, name="Emmy Noether", rsvp=RsvpAnswer.YES)],
    notes="",
    notes_html="",
)
_DAY = "The day that the rule gives"
_DATE_ADDRESS = ADDRESS | {"day": (_DAY, DATE_EXAMPLE.day.isoformat())}
# One that has been, since notes are written afterwards.
HELD, HELD_ON = "m8x4q3w9n5p7t2r6k2v4", date(2026, 11, 3)


class MyRsvp(ApiView):
    tag = "groups"

    @operation(
        id="answerMeeting",
        summary="Say whether I come",
        scope="write",
        sees=sees_meeting,
        address=ADDRESS,
        body=RsvpInput,
        body_example={"answer": "yes"},
        answer=MeetingDateOutput,
        example=DATE_EXAMPLE,
        problems=(CONFLICT,),
    )
    def put(self, request: ApiRequest, id: str, meeting: str) -> Response:  # noqa: A002
        """To the date that comes next, or to that of `day`. Repeating it changes nothing. A date
        that is cancelled or over is a 409, `date_cancelled` or `meeting_over`."""
        head = head_at(request, id)
        found, rows = summaries.meeting_with_rows(group=head.group, public_id=meeting)
        _check_takes_part(head)
        data = self.read_body(request)
        zone = head.group.time_zone
        day = data.get("day") or summaries.nearest_day(
            meeting=found, rows=rows, zone=zone, at=timezone.now()
        )
        try:
            that = summaries.occurrence(meeting=found, day=day, row=rows.get(day), zone=zone)
        except NotFound:
            detail = f"The meeting has no date on {day}."
            raise invalid([FieldError(pointer="/day", code="no_date", detail=detail)]) from None
        answer = RsvpAnswer(data["answer"]) if data["answer"] else None
        actions.answer_rsvp(user=request.user, meeting=found, day=day, answer=answer)
        turnout = summaries.turnout(user=request.user, group=head.group, occurrence=that)
        return Response(date_output(summaries.MeetingRow(occurrence=that, turnout=turnout)))


class MeetingDates(ApiView):
    tag = "groups"

    @operation(
        id="listMeetingDates",
        summary="The dates of a meeting",
        scope="read",
        sees=sees_meeting,
        address=ADDRESS,
        query=(YesNo(name="past", about="Those that are over instead", example=True), *PAGING),
        answer=Page[MeetingDateOutput],
        example=Page(count=1, next=None, previous=None, results=[DATE_EXAMPLE]),
    )
    def get(self, request: ApiRequest, id: str, meeting: str) -> Response:  # noqa: A002
        """Those to come, the next first, 104 at most. Of those that are over the last first: of the
        last hundred days, and all that have notes."""
        head = head_at(request, id)
        rows = summaries.dates_of(
            user=request.user,
            group=head.group,
            public_id=meeting,
            at=timezone.now(),
            is_past=self.query.yes_no("past") or False,
        )
        return Response(page_of(request, self.query, rows, date_output))


class OneMeetingDate(ApiView):
    tag = "groups"

    @operation(
        id="getMeetingDate",
        summary="One date of a meeting, with its agenda and its people",
        scope="read",
        sees=sees_meeting,
        has_etag=True,
        address=_DATE_ADDRESS,
        answer=OneMeetingDateOutput,
        example=_ONE_DATE,
    )
    def get(
        self,
        request: ApiRequest,
        id: str,  # noqa: A002
        meeting: str,
        day: str,
    ) -> HttpResponse:
        head = head_at(request, id)
        found, _, _ = summaries.date_at(group=head.group, public_id=meeting, day=day)
        return send_version(request, found, _date_output(request, head, meeting, day))

    @operation(
        id="changeMeetingDate",
        summary="Cancel or move one date, or meet elsewhere",
        scope="groups",
        sees=sees_meeting,
        has_etag=True,
        takes_if_match=True,
        address=_DATE_ADDRESS,
        body=MeetingDateChangeInput,
        body_example={"cancelled": True},
        answer=OneMeetingDateOutput,
        example=_ONE_DATE,
        problems=(CONFLICT,),
    )
    def patch(
        self,
        request: ApiRequest,
        id: str,  # noqa: A002
        meeting: str,
        day: str,
    ) -> HttpResponse:
        """The ETag is the meeting's. Whoever moves a date asks people again whether they come."""
        head = head_at(request, id)
        found, _, that = summaries.date_at(group=head.group, public_id=meeting, day=day)
        check_leads(head)
        data = self.read_body(request)
        if data.get("start_time"):
            data["start_time"] = time.fromisoformat(data["start_time"])
        if "cancelled" in data:
            data["is_cancelled"] = data.pop("cancelled")
        changed = actions.change_date(
            user=request.user,
            meeting=found,
            day=that.day,
            version=wanted_version(request, found),
            **data,
        )
        return send_version(request, changed, _date_output(request, head, meeting, day))


class MeetingNotes(ApiView):
    tag = "groups"

    @operation(
        id="writeMeetingNotes",
        summary="Keep what was said on one date",
        scope="groups",
        sees=sees_meeting,
        has_etag=True,
        takes_if_match=True,
        address=GROUP_ADDRESS
        | {"meeting": ("The meeting", HELD), "day": (_DAY, HELD_ON.isoformat())},
        body=MeetingNotesInput,
        body_example={"notes": "Next time: the chain rule."},
        answer=OneMeetingDateOutput,
        example=_ONE_DATE,
        problems=(CONFLICT,),
    )
    def put(
        self,
        request: ApiRequest,
        id: str,  # noqa: A002
        meeting: str,
        day: str,
    ) -> HttpResponse:
        """Once it has begun: before, it is a 409, `meeting_to_come`. Repeating it changes
        nothing."""
        head = head_at(request, id)
        found, _, that = summaries.date_at(group=head.group, public_id=meeting, day=day)
        check_leads(head)
        data = self.read_body(request)
        changed = actions.write_notes(
            user=request.user,
            meeting=found,
            day=that.day,
            notes=data["notes"],
            version=wanted_version(request, found),
        )
        return send_version(request, changed, _date_output(request, head, meeting, day))


class ChapterPresenter(ApiView):
    tag = "groups"

    @operation(
        id="choosePresenter",
        summary="Say who presents a chapter",
        scope="write",
        sees=sees_assignment,
        address=GROUP_ADDRESS | {"assignment": ("The assignment", ASSIGNMENT.id)},
        body=PresenterInput,
        body_example={"member": MEMBER},
        answer=ChosenPresenterOutput,
        example=ChosenPresenterOutput(presenter=_ONE_DATE.assignments[0].presenter),
        problems=(CONFLICT,),
    )
    def put(self, request: ApiRequest, id: str, assignment: str) -> Response:  # noqa: A002
        """Members offer and withdraw themselves, leaders choose anybody but observers. Repeating it
        changes nothing. Where somebody else presents already this is a 409 for members,
        `presenter_taken`."""
        head = head_at(request, id)
        found = assignment_at(head, assignment)
        _check_takes_part(head)
        wanted = self.read_body(request)["member"]
        person = None
        if wanted is not None:
            people = User.objects.filter(memberships__group=head.group)
            person = people.filter(public_id=wanted).first()
            if person is None:
                detail = "Choose somebody who is a member of the group."
                raise invalid([FieldError(pointer="/member", code="not_a_member", detail=detail)])
        actions.choose_presenter(user=request.user, assignment=found, presenter=person)
        presenter = (
            PresenterOutput(id=person.public_id, name=shown_name(person)) if person else None
        )
        return Response(ChosenPresenterOutput(presenter=presenter))


def _check_takes_part(head: GroupHead) -> None:
    if head.observes:
        raise PermissionDenied("Observers look on and change nothing.")


def _date_output(
    request: ApiRequest, head: GroupHead, public_id: str, day: str
) -> OneMeetingDateOutput:
    """Four queries."""
    _, rows, that = summaries.date_at(group=head.group, public_id=public_id, day=day)
    attendance = summaries.attendance(user=request.user, head=head, occurrence=that)
    agenda = summaries.agenda_of(head=head, graph=current_graph(), occurrence=that, rows=rows)
    row = rows.get(that.day)
    return OneMeetingDateOutput(
        **date_fields(summaries.MeetingRow(occurrence=that, turnout=attendance.turnout)),
        assignments=[
            AgendaItemOutput(
                id=item.id,
                resource=item.unit.resource,
                unit=item.unit.slug,
                title=item.unit.title,
                due_at=item.due_at,
                presenter=PresenterOutput(id=item.presenter_id, name=item.presenter)
                if item.presenter_id and item.presenter
                else None,
            )
            for item in agenda
        ],
        people=[
            AttendeeOutput(
                id=person.id,
                name=person.name,
                rsvp=RsvpAnswer(person.answer) if person.answer else None,
            )
            for person in attendance.people
        ],
        notes=row.notes if row and row.has_notes else "",
        notes_html=row.notes_html if row and row.has_notes else "",
    )
