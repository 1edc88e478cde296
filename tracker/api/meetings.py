"""When a group meets, who comes, and who presents what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from rest_framework.response import Response

from catalog.graph import current_graph
from mlmath.errors import NotFound, PermissionDenied
from mlmath.rest.answers import Address, Also, Answer, Page
from mlmath.rest.fields import CLOCK, Clock, Day, Input, Line, Text, Whole
from mlmath.rest.operations import operation
from mlmath.rest.pages import page_of
from mlmath.rest.problems import CONFLICT, FieldError, Problem, invalid
from mlmath.rest.query import PAGING
from mlmath.rest.versions import send_version, wanted_version
from mlmath.rest.views import ApiView
from tracker.actions import meetings as actions
from tracker.api.authentication import ApiRequest
from tracker.api.finding import sees_group
from tracker.api.groups import ADDRESS as GROUP_ADDRESS
from tracker.api.groups import EXAMPLE as GROUP
from tracker.api.idempotency import operation_once
from tracker.models import Meeting, RsvpAnswer, User
from tracker.models.meetings import (
    MAXIMUM_AGENDA_LENGTH,
    MAXIMUM_LINK_LENGTH,
    MAXIMUM_PLACE_LENGTH,
    MAXIMUM_RRULE_LENGTH,
    MAXIMUM_TITLE_LENGTH,
    check_link,
)
from tracker.models.people import MINUTES_IN_A_DAY
from tracker.models.text import check_text
from tracker.summaries import meetings as summaries
from tracker.summaries.members import GroupHead, group_head
from tracker.summaries.recurrence import BadRule, Rule, read_rule

Count = Annotated[int, Also(minimum=0)]
Minutes = Annotated[int, Also(minimum=1, maximum=MINUTES_IN_A_DAY)]
TimeOfDay = Annotated[str, Also(pattern=CLOCK)]


@dataclass(frozen=True, kw_only=True, slots=True)
class MeetingDateOutput(Answer):
    """One date of a meeting. `day` is the one that its rule gives and stays its name, also once it
    is `moved`; `starts_at` is when it takes place. `rsvp` is what I said, null for nothing."""

    day: date
    starts_at: datetime
    ends_at: datetime
    minutes: Minutes
    place: str
    link: Address | None
    cancelled: bool
    moved: bool
    has_notes: bool
    yes: Count
    maybe: Count
    no: Count
    rsvp: RsvpAnswer | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MeetingOutput(Answer):
    """A meeting. `starts_on` and `start_time` are by the clock in `time_zone`, the group's; `rrule`
    is the value of an RFC 5545 RRULE, null for a meeting that takes place once, and `when` says it
    in words. `next` is the date that comes next and is not cancelled, null where there is none."""

    id: str
    title: str
    starts_on: date
    start_time: TimeOfDay
    minutes: Minutes
    time_zone: str
    rrule: str | None
    when: str
    place: str
    link: Address | None
    agenda: str
    agenda_html: str
    next: MeetingDateOutput | None


def _title(**kwargs: Any) -> Line:
    return Line(max_length=MAXIMUM_TITLE_LENGTH, **kwargs)


def time_field(**kwargs: Any) -> Clock:
    return Clock(help_text="HH:MM by the group's clock", **kwargs)


def minutes_field(**kwargs: Any) -> Whole:
    return Whole(min_value=1, max_value=MINUTES_IN_A_DAY, **kwargs)


def _rrule() -> Text:
    return Text(
        required=False,
        allow_null=True,
        max_length=MAXIMUM_RRULE_LENGTH,
        help_text="FREQ (DAILY, WEEKLY, MONTHLY), INTERVAL, BYDAY, COUNT or UNTIL; null: once",
    )


def place_field(**kwargs: Any) -> Line:
    return Line(required=False, allow_blank=True, max_length=MAXIMUM_PLACE_LENGTH, **kwargs)


def link_field(**kwargs: Any) -> Line:
    return Line(
        required=False,
        allow_null=True,
        max_length=MAXIMUM_LINK_LENGTH,
        validators=[check_link],
        **kwargs,
    )


def _agenda() -> Text:
    return Text(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        max_length=MAXIMUM_AGENDA_LENGTH,
        validators=[check_text],
        help_text="Markdown",
    )


class NewMeetingInput(Input):
    """{"title", "starts_on", "start_time", "minutes", "rrule"? (once by default), "place"?,
    "link"?, "agenda"? (Markdown)}."""

    title = _title()
    starts_on = Day()
    start_time = time_field()
    minutes = minutes_field()
    rrule = _rrule()
    place = place_field()
    link = link_field()
    agenda = _agenda()


class MeetingChangeInput(Input):
    """The same; what is missing stays as it is."""

    title = _title(required=False)
    starts_on = Day(required=False)
    start_time = time_field(required=False)
    minutes = minutes_field(required=False)
    rrule = _rrule()
    place = place_field()
    link = link_field()
    agenda = _agenda()


def date_output(row: summaries.MeetingRow) -> MeetingDateOutput:
    return MeetingDateOutput(**date_fields(row))


def date_fields(row: summaries.MeetingRow) -> dict[str, Any]:
    that, turnout = row.occurrence, row.turnout
    return {
        "day": that.day,
        "starts_at": that.starts_at.astimezone(UTC),
        "ends_at": that.ends_at.astimezone(UTC),
        "minutes": that.minutes,
        "place": that.place,
        "link": that.link or None,
        "cancelled": that.is_cancelled,
        "moved": that.is_moved,
        "has_notes": that.has_notes,
        "yes": turnout.yes,
        "maybe": turnout.maybe,
        "no": turnout.no,
        "rsvp": RsvpAnswer(turnout.mine) if turnout.mine else None,
    }


def meeting_output(
    meeting: Meeting, coming: summaries.MeetingRow | None, head: GroupHead
) -> MeetingOutput:
    return MeetingOutput(
        id=meeting.public_id,
        title=meeting.title,
        starts_on=meeting.starts_on,
        start_time=f"{meeting.start_time:%H:%M}",
        minutes=meeting.minutes,
        time_zone=head.group.time_zone,
        rrule=meeting.rrule or None,
        when=summaries.when(meeting),
        place=meeting.place,
        link=meeting.link or None,
        agenda=meeting.agenda,
        agenda_html=meeting.agenda_html,
        next=date_output(coming) if coming else None,
    )


DATE_EXAMPLE = MeetingDateOutput(
    day=date(2030, 3, 5),
    starts_at=datetime(2030, 3, 5, 18, 30, tzinfo=UTC),
    ends_at=datetime(2030, 3, 5, 19, 30, tzinfo=UTC),
    minutes=60,
    place="Library",
    link=None,
    cancelled=False,
    moved=False,
    has_notes=False,
    yes=5,
    maybe=1,
    no=0,
    rsvp=RsvpAnswer.YES,
)
EXAMPLE = MeetingOutput(
    id="m6k2v9x4q3w8n5p7t2r4",
    title="Reading circle",
    starts_on=date(2030, 3, 5),
    start_time="18:30",
    minutes=60,
    time_zone=GROUP.time_zone,
    rrule="FREQ=WEEKLY;BYDAY=TU;UNTIL=20300604",
    when="every Tuesday at 18:30 until 4 June 2030",
    place="Library",
    link=None,
    agenda="Bring a question.",
    agenda_html="<p>Bring a question.</p>\n",
    next=DATE_EXAMPLE,
)
ADDRESS = GROUP_ADDRESS | {"meeting": ("The meeting", EXAMPLE.id)}


def sees_meeting(user: User, address: Mapping[str, str]) -> object:
    """For Operation.sees: raises NotFound for a meeting, or a date, that is not there for them."""
    head = group_head(user=user, group_id=address["id"], graph=current_graph())
    if "day" in address:
        return summaries.date_at(group=head.group, public_id=address["meeting"], day=address["day"])
    return summaries.meeting_with_rows(group=head.group, public_id=address["meeting"])


class Meetings(ApiView):
    tag = "groups"

    @operation(
        id="listMeetings",
        summary="The meetings of the group",
        scope="read",
        sees=sees_group,
        address=GROUP_ADDRESS,
        query=PAGING,
        answer=Page[MeetingOutput],
        example=Page(count=1, next=None, previous=None, results=[EXAMPLE]),
    )
    def get(self, request: ApiRequest, id: str) -> Response:  # noqa: A002  # as the address says
        """Those with dates to come first, by the next of them."""
        head = head_at(request, id)
        found = summaries.meetings_with_next(user=request.user, group=head.group, at=timezone.now())
        return Response(
            page_of(request, self.query, found, lambda one: meeting_output(one[0], one[1], head))
        )

    @operation_once(
        id="planMeeting",
        summary="Plan a meeting",
        scope="groups",
        sees=sees_group,
        status=201,
        has_location=True,
        address=GROUP_ADDRESS,
        body=NewMeetingInput,
        body_example={
            "title": "Summer circle",
            "starts_on": "2027-06-01",
            "start_time": "18:30",
            "minutes": 60,
            "rrule": "FREQ=WEEKLY;BYDAY=TU;COUNT=10",
            "place": EXAMPLE.place,
        },
        answer=MeetingOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str) -> Response:  # noqa: A002
        """Once, or by a rule of at most 104 dates or without an end. The first day has to be one of
        the rule's. The others are told. The same name, day and time again is a 409,
        `meeting_exists`."""
        head = head_at(request, id)
        check_leads(head)
        data = self.read_body(request)
        made = actions.create_meeting(
            user=request.user, group=head.group, **_meeting_fields(head, data, None)
        )
        address = reverse("tracker-api:meeting", args=[id, made.public_id])
        return Response(_output(request, head, made), status=201, headers={"Location": address})


class OneMeeting(ApiView):
    tag = "groups"

    @operation(
        id="getMeeting",
        summary="One meeting",
        scope="read",
        sees=sees_meeting,
        has_etag=True,
        address=ADDRESS,
        answer=MeetingOutput,
        example=EXAMPLE,
    )
    def get(self, request: ApiRequest, id: str, meeting: str) -> HttpResponse:  # noqa: A002
        head = head_at(request, id)
        found, _ = summaries.meeting_with_rows(group=head.group, public_id=meeting)
        return send_version(request, found, _output(request, head, found))

    @operation(
        id="changeMeeting",
        summary="Change a meeting on all dates to come",
        scope="groups",
        sees=sees_meeting,
        has_etag=True,
        takes_if_match=True,
        address=ADDRESS,
        body=MeetingChangeInput,
        body_example={"place": "Room 4"},
        answer=MeetingOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def patch(self, request: ApiRequest, id: str, meeting: str) -> HttpResponse:  # noqa: A002
        """With another day, time or rule, dates that have been keep their notes, and people are
        asked again whether they come."""
        head = head_at(request, id)
        found, _ = summaries.meeting_with_rows(group=head.group, public_id=meeting)
        check_leads(head)
        data = self.read_body(request)
        edited = actions.edit_meeting(
            user=request.user,
            meeting=found,
            version=wanted_version(request, found),
            **_meeting_fields(head, data, found),
        )
        return send_version(request, edited, _output(request, head, edited))

    @operation(
        id="removeMeeting",
        summary="Remove a meeting with all its dates",
        scope="groups",
        sees=sees_meeting,
        takes_if_match=True,
        status=204,
        address=ADDRESS,
        problems=(CONFLICT,),
    )
    def delete(self, request: ApiRequest, id: str, meeting: str) -> Response:  # noqa: A002
        """The others are told that it is cancelled; restoring brings it back."""
        head = head_at(request, id)
        found, _ = summaries.meeting_with_rows(group=head.group, public_id=meeting)
        actions.remove_meeting(
            user=request.user, meeting=found, version=wanted_version(request, found)
        )
        return Response(status=204)


class RestoredMeeting(ApiView):
    tag = "groups"

    @operation(
        id="restoreMeeting",
        summary="Bring a removed meeting back",
        scope="groups",
        sees=sees_group,
        address=ADDRESS,
        answer=MeetingOutput,
        example=EXAMPLE,
        problems=(CONFLICT,),
    )
    def post(self, request: ApiRequest, id: str, meeting: str) -> Response:  # noqa: A002
        """As it was. Repeating it changes nothing."""
        head = head_at(request, id)
        check_leads(head)
        found = Meeting.objects.filter(group=head.group, public_id=meeting).first()
        if found is None:
            raise NotFound
        found.group = head.group
        restored = actions.restore_meeting(user=request.user, meeting=found)
        return Response(_output(request, head, restored))


def head_at(request: ApiRequest, group_id: str) -> GroupHead:
    return group_head(user=request.user, group_id=group_id, graph=current_graph())


def check_leads(head: GroupHead) -> None:
    """Before a body is read; the action has the last word."""
    if not head.leads:
        raise PermissionDenied("Only leaders of the group can do that.")


def _meeting_fields(
    head: GroupHead, data: dict[str, Any], meeting: Meeting | None
) -> actions.MeetingFields:
    """What the action takes of a checked body; `meeting` is the one that is changed."""
    if "start_time" in data:
        data["start_time"] = time.fromisoformat(data["start_time"])
    if "link" in data:
        data["link"] = data["link"] or ""
    if "rrule" in data:
        start_time = data.get("start_time") or (meeting.start_time if meeting else time.min)
        data["rule"] = _rule(data.pop("rrule"), head, start_time)
    fields: actions.MeetingFields = data  # type: ignore[assignment]  # as the body declares them
    return fields


def _rule(text: str | None, head: GroupHead, start_time: time) -> Rule | None:
    if text is None:
        return None
    try:
        return read_rule(text, zone=ZoneInfo(head.group.time_zone), start_time=start_time)
    except BadRule as error:
        raise _bad_rule(error) from None


def _bad_rule(error: BadRule) -> Problem:
    return invalid([FieldError(pointer="/rrule", code="bad_rule", detail=str(error))])


def _output(request: ApiRequest, head: GroupHead, meeting: Meeting) -> MeetingOutput:
    """Two queries; one where nothing is to come."""
    found = summaries.meetings_with_next(
        user=request.user, group=head.group, at=timezone.now(), public_id=meeting.public_id
    )
    if not found:
        raise NotFound
    return meeting_output(found[0][0], found[0][1], head)
