"""The dates of a group's meetings: which are to come, who comes, and what they are about."""

import re
import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import router
from django.db.models import Count, Exists, Max, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from catalog.graph import CatalogGraph, ResourceNode, UnitNode
from mlmath.errors import NotFound
from tracker.models import (
    Assignment,
    GroupRole,
    Meeting,
    MeetingDate,
    Membership,
    Rsvp,
    RsvpAnswer,
    StudyGroup,
    User,
)
from tracker.summaries.members import GroupHead, name_shown, shown_name
from tracker.summaries.recurrence import (
    MOST_DATES,
    Rule,
    dates,
    is_date,
    read_rule,
    sentence,
)

# How far the lists look back, not counting dates with notes; of a daily meeting it is all of them.
DAYS_BACK = MOST_DATES - 4
# What is due in these days before the first date of a meeting is on its agenda.
FIRST_AGENDA_DAYS = 7

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Occurrence:
    """One date of a meeting as it stands now.

    `day` is the one that the rule gives and names it for good, also when it `is_moved` to another
    day, time or length. `starts_at` is in the group's zone; a time that the clocks leave out is as
    long after midnight as it says, one that they pass twice is the first.
    """

    meeting: Meeting
    day: date
    starts_at: datetime
    minutes: int
    place: str
    link: str
    is_cancelled: bool = False
    is_moved: bool = False
    has_notes: bool = False

    @property
    def ends_at(self) -> datetime:
        """Minutes go by alike when the clocks change, so they are counted in UTC."""
        end = self.starts_at.astimezone(UTC) + timedelta(minutes=self.minutes)
        return end.astimezone(self.starts_at.tzinfo)

    @property
    def local_start(self) -> datetime:
        """By the group's clock, without a zone, so that pages show it as it is."""
        return self.starts_at.replace(tzinfo=None)

    @property
    def local_end(self) -> datetime:
        return self.ends_at.replace(tzinfo=None)

    @property
    def when(self) -> str:
        """The rule of the meeting in words."""
        return when(self.meeting)


@dataclass(frozen=True, kw_only=True, slots=True)
class Turnout:
    """How many say that they come; `mine` is what I have said, blank for nothing."""

    yes: int = 0
    maybe: int = 0
    no: int = 0
    mine: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class MeetingRow:
    """One date with who comes, as lists show it."""

    occurrence: Occurrence
    turnout: Turnout


@dataclass(frozen=True, kw_only=True, slots=True)
class MeetingLists:
    """What is to come, the next first, and what has been, the last first.

    `meetings` are those that are not over, with their rules in words.
    """

    upcoming: list[MeetingRow]
    past: list[Occurrence]
    meetings: list[tuple[Meeting, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class AgendaItem:
    """A chapter that is due around a meeting. `id` is the assignment's; `presenter`
    is None while nobody presents it."""

    id: str
    unit: UnitNode
    resource: ResourceNode
    due_at: datetime
    presenter_id: str | None
    presenter: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Attendee:
    """Somebody in the group, and what they said: an RsvpAnswer, or blank for nothing."""

    id: str
    name: str
    answer: str

    @property
    def said(self) -> str:
        return RsvpAnswer(self.answer).label if self.answer else "Not said yet"

    @property
    def place(self) -> int:
        """Who comes stands first, who has said nothing last."""
        return [*RsvpAnswer.values, ""].index(self.answer)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attendance:
    """Who comes on one date; `people` are the leaders and members by name."""

    turnout: Turnout
    people: list[Attendee]


def starts_at(*, day: date, clock: time, zone: str) -> datetime:
    """The moment of a local day and time, in `zone`.

    Where the clocks leave that time out it is counted from the offset before, as RFC 5545 has it;
    where they pass it twice it is the first.
    """
    here = zoneinfo.ZoneInfo(zone)
    return datetime.combine(day, clock, here).astimezone(UTC).astimezone(here)


def rule_of(meeting: Meeting) -> Rule | None:
    return read_rule(meeting.rrule) if meeting.rrule else None


def when(meeting: Meeting) -> str:
    """The meeting's rule in words, to stand after “meets”."""
    return sentence(rule_of(meeting), starts_on=meeting.starts_on, start_time=meeting.start_time)


def clock_of(group: StudyGroup) -> str:
    """Whose clock shows the times: “Berlin time”."""
    place = group.time_zone.rpartition("/")[2].replace("_", " ")
    return place if place == "UTC" else f"{place} time"


def in_words(moment: datetime) -> str:
    return f"{moment:%a}, {moment.day} {moment:%b %Y, %H:%M}"


def local_today(group: StudyGroup, at: datetime) -> date:
    return at.astimezone(zoneinfo.ZoneInfo(group.time_zone)).date()


def occurrence(*, meeting: Meeting, day: date, row: MeetingDate | None, zone: str) -> Occurrence:
    """The date of `meeting` that its rule has on `day`; raises NotFound if it has none there."""
    if row is None and not is_date(rule_of(meeting), starts_on=meeting.starts_on, day=day):
        raise NotFound
    return _occurrence(meeting, day, row, zone)


def meeting_dates(
    *, meeting: Meeting, rows: Mapping[date, MeetingDate], zone: str, first: date
) -> list[Occurrence]:
    """Its dates by the order in which they take place: at most 104 days of the rule from `first`
    on, and all that have a row."""
    days = {*dates(rule_of(meeting), starts_on=meeting.starts_on, first=first), *rows}
    found = [_occurrence(meeting, day, rows.get(day), zone) for day in days]
    return sorted(found, key=lambda one: (one.starts_at.astimezone(UTC), one.day))


def next_meeting(*, group: StudyGroup, at: datetime) -> Occurrence | None:
    """The first date that is neither over nor cancelled, or None. One query."""
    meetings = _with_rows(group, since=_yesterday(group, at))
    coming = (one for one in _coming(meetings, group, at) if not one.is_cancelled)
    return next(coming, None)


def meeting_lists(*, user: User, group: StudyGroup, at: datetime, limit: int) -> MeetingLists:
    """The next and the last dates, at most `limit` of each, and every date that has notes.

    Cancelled ones are listed as long as they are to come. Two queries; one without meetings.
    """
    meetings = _with_rows(group)
    first = local_today(group, at) - timedelta(days=DAYS_BACK)
    past = [
        one
        for meeting, rows in meetings
        for one in meeting_dates(meeting=meeting, rows=rows, zone=group.time_zone, first=first)
        if one.ends_at <= at and not one.is_cancelled
    ]
    past.sort(key=lambda one: one.starts_at.astimezone(UTC), reverse=True)
    coming = _coming(meetings, group, at)[:limit]
    return MeetingLists(
        upcoming=_with_turnout(coming, group=group, user=user) if coming else [],
        past=[one for place, one in enumerate(past) if place < limit or one.has_notes],
        meetings=[
            (meeting, when(meeting))
            for meeting, _ in meetings
            if meeting.ends_on is None or meeting.ends_on >= local_today(group, at)
        ],
    )


def meetings_with_next(
    *, user: User, group: StudyGroup, at: datetime, public_id: str | None = None
) -> list[tuple[Meeting, MeetingRow | None]]:
    """Every meeting with its next date that is not cancelled, None where there is none.

    By that date, those without one last. With `public_id` that meeting alone. Two queries; one
    where nothing is to come.
    """
    meetings = _with_rows(group, public_id=public_id)
    nearest: dict[int, Occurrence] = {}
    for one in _coming(meetings, group, at):
        if not one.is_cancelled:
            nearest.setdefault(one.meeting.pk, one)
    found = _with_turnout(list(nearest.values()), group=group, user=user) if nearest else []
    coming = [(row.occurrence.meeting, row) for row in found]
    over = [(meeting, None) for meeting, _ in meetings if meeting.pk not in nearest]
    return [*coming, *over]


def dates_of(
    *, user: User, group: StudyGroup, public_id: str, at: datetime, is_past: bool
) -> list[MeetingRow]:
    """The dates of one meeting that are to come, the next first, or else those that are over, the
    last first: as far back as DAYS_BACK, and all with a row of their own. Two queries.

    Raises NotFound as `meeting_with_rows` does.
    """
    meeting, rows = meeting_with_rows(group=group, public_id=public_id)
    first = _yesterday(group, at)
    if is_past:
        first -= timedelta(days=DAYS_BACK)
    found = meeting_dates(meeting=meeting, rows=rows, zone=group.time_zone, first=first)
    chosen = [one for one in found if (one.ends_at <= at) is is_past]
    if is_past:
        chosen.reverse()
    return _with_turnout(chosen, group=group, user=user)


def meeting_with_rows(
    *, group: StudyGroup, public_id: str
) -> tuple[Meeting, dict[date, MeetingDate]]:
    """A meeting of `group` and what is said about its dates, but for their notes. One query.

    Raises NotFound for one of another group and for one that is removed.
    """
    for meeting, rows in _with_rows(group, public_id=public_id):
        return meeting, rows
    raise NotFound


def date_at(
    *, group: StudyGroup, public_id: str, day: str
) -> tuple[Meeting, dict[date, MeetingDate], Occurrence]:
    """The date of an address, YYYY-MM-DD, with its meeting and what is said about all dates.

    One query. Raises NotFound as `meeting_with_rows` does, and for a day that is none of its.
    """
    try:
        wanted = date.fromisoformat(day) if _DAY.fullmatch(day) else None
    except ValueError:
        wanted = None
    if wanted is None:
        raise NotFound
    meeting, rows = meeting_with_rows(group=group, public_id=public_id)
    row = rows.get(wanted)
    return meeting, rows, occurrence(meeting=meeting, day=wanted, row=row, zone=group.time_zone)


def nearest_day(
    *, meeting: Meeting, rows: Mapping[date, MeetingDate], zone: str, at: datetime
) -> date:
    """The day of the date that comes next, or of the last one: what “the meeting” means now."""
    first = at.astimezone(zoneinfo.ZoneInfo(zone)).date() - timedelta(days=DAYS_BACK)
    found = meeting_dates(meeting=meeting, rows=rows, zone=zone, first=first)
    coming = [one for one in found if one.ends_at > at]
    held = [one for one in coming if not one.is_cancelled]
    chosen = (held or coming or found[-1:])[:1]
    return chosen[0].day if chosen else meeting.starts_on


def turnout(*, user: User, group: StudyGroup, occurrence: Occurrence) -> Turnout:
    """Who comes on that date. One query."""
    return _with_turnout([occurrence], group=group, user=user)[0].turnout


def attendance(*, user: User, head: GroupHead, occurrence: Occurrence) -> Attendance:
    """Who comes on that date, by number and by name. One query.

    Observers get the names of those only who agreed to be seen by them.
    """
    said = Rsvp.objects.filter(
        meeting=occurrence.meeting.pk, day=occurrence.day, user=OuterRef("user")
    )
    places = (
        Membership.objects.filter(group=head.group.pk)
        .exclude(role=GroupRole.OBSERVER)
        .select_related("user")
        .annotate(answer=Coalesce(Subquery(said.values("answer")), Value("")))
    )
    counts = dict.fromkeys(("", *RsvpAnswer.values), 0)
    people, mine = [], ""
    for place in places:
        counts[place.answer] += 1
        if place.user_id == user.pk:
            mine = place.answer
        if place.is_seen_by_observers or not head.observes:
            name = shown_name(place.user)
            people.append(Attendee(id=place.user.public_id, name=name, answer=place.answer))
    return Attendance(
        turnout=Turnout(
            yes=counts[RsvpAnswer.YES],
            maybe=counts[RsvpAnswer.MAYBE],
            no=counts[RsvpAnswer.NO],
            mine=mine,
        ),
        people=sorted(people, key=lambda one: (one.name.casefold(), one.id)),
    )


def agenda_of(
    *,
    head: GroupHead,
    graph: CatalogGraph,
    occurrence: Occurrence,
    rows: Mapping[date, MeetingDate],
) -> list[AgendaItem]:
    """The chapters that are due after the date before and not after this one, by local days.

    Before the first date, and before a meeting that takes place once, it is a week. Drafts are
    left out, and for all but leaders what is for others only. One query.
    """
    presenting = Membership.objects.filter(
        group=head.group.pk, user=OuterRef("presenter__user")
    ).exclude(role=GroupRole.OBSERVER)
    if head.observes:
        presenting = presenting.filter(is_seen_by_observers=True)
    found = (
        Assignment.objects.seen_by(head.membership)
        .filter(
            is_draft=False,
            due_on__gt=_day_before(occurrence, rows, head.group.time_zone),
            due_on__lte=occurrence.local_start.date(),
        )
        .order_by("due_at", "position", "pk")
        .annotate(is_presenter_here=Exists(presenting))
        .values_list(
            "public_id",
            "unit_id",
            "due_at",
            "is_presenter_here",
            "presenter__user__public_id",
            "presenter__user__name",
        )
    )
    items = []
    for public_id, unit_id, due_at, is_presenter_here, presenter_id, name in found:
        unit = graph.unit_by_id.get(unit_id)
        if unit is None:
            continue
        items.append(
            AgendaItem(
                id=public_id,
                unit=unit,
                resource=graph.resources[unit.resource],
                due_at=due_at,
                presenter_id=presenter_id if is_presenter_here else None,
                presenter=name_shown(name) if is_presenter_here else None,
            )
        )
    return items


def _day_before(occurrence: Occurrence, rows: Mapping[date, MeetingDate], zone: str) -> date:
    """The local day of the date before this one, of those that were not cancelled."""
    start = occurrence.starts_at
    found = meeting_dates(
        meeting=occurrence.meeting,
        rows=rows,
        zone=zone,
        first=start.date() - timedelta(days=DAYS_BACK),
    )
    before = [
        one.local_start.date()
        for one in found
        if not one.is_cancelled and one.starts_at.timestamp() < start.timestamp()
    ]
    return before[-1] if before else start.date() - timedelta(days=FIRST_AGENDA_DAYS)


def _yesterday(group: StudyGroup, at: datetime) -> date:
    """What starts then may still be going on."""
    return local_today(group, at) - timedelta(days=1)


def _coming(
    meetings: Iterable[tuple[Meeting, dict[date, MeetingDate]]], group: StudyGroup, at: datetime
) -> list[Occurrence]:
    first = _yesterday(group, at)
    found = [
        one
        for meeting, rows in meetings
        for one in meeting_dates(meeting=meeting, rows=rows, zone=group.time_zone, first=first)
        if one.ends_at > at
    ]
    return sorted(found, key=lambda one: (one.starts_at.astimezone(UTC), one.meeting.pk))


def _occurrence(meeting: Meeting, day: date, row: MeetingDate | None, zone: str) -> Occurrence:
    if row is None:
        return Occurrence(
            meeting=meeting,
            day=day,
            starts_at=starts_at(day=day, clock=meeting.start_time, zone=zone),
            minutes=meeting.minutes,
            place=meeting.place,
            link=meeting.link,
        )
    start_day, clock = row.starts_on or day, row.start_time or meeting.start_time
    minutes = meeting.minutes if row.minutes is None else row.minutes
    return Occurrence(
        meeting=meeting,
        day=day,
        starts_at=starts_at(day=start_day, clock=clock, zone=zone),
        minutes=minutes,
        place=meeting.place if row.place is None else row.place,
        link=meeting.link if row.link is None else row.link,
        is_cancelled=row.is_cancelled,
        is_moved=(start_day, clock) != (day, meeting.start_time),
        has_notes=row.has_notes,
    )


_MEETING = [field.attname for field in Meeting._meta.concrete_fields]
# Notes may be long, and lists show only whether there are any.
_ROW = [
    field.attname
    for field in MeetingDate._meta.concrete_fields
    if field.name not in {"notes", "notes_html"}
]


def _with_rows(
    group: StudyGroup, *, since: date | None = None, public_id: str | None = None
) -> list[tuple[Meeting, dict[date, MeetingDate]]]:
    """Meetings of `group` with what is said about their dates, by day. One query for both.

    With `since` those that may still take place on or after that day.
    """
    found = Meeting.objects.filter(group=group.pk, deleted_at=None)
    if since is not None:
        found = found.filter(Q(ends_on=None) | Q(ends_on__gte=since))
    if public_id is not None:
        found = found.filter(public_id=public_id)
    alias = router.db_for_read(Meeting)
    meetings: dict[int, tuple[Meeting, dict[date, MeetingDate]]] = {}
    columns = [*_MEETING, *(f"dates__{name}" for name in _ROW)]
    for values in found.values_list(*columns):
        key, row = values[0], values[len(_MEETING) :]
        if key not in meetings:
            meetings[key] = Meeting.from_db(alias, _MEETING, values[: len(_MEETING)]), {}
        if row[0] is not None:
            date_row = MeetingDate.from_db(alias, _ROW, row)
            meetings[key][1][date_row.day] = date_row
    return list(meetings.values())


def _with_turnout(found: list[Occurrence], *, group: StudyGroup, user: User) -> list[MeetingRow]:
    """Each with who comes, of those who are in the group now. One query."""
    rows = (
        Rsvp.objects.filter(
            meeting__in={one.meeting.pk for one in found},
            day__in={one.day for one in found},
            user__memberships__group=group.pk,
            user__memberships__role__in=[GroupRole.LEADER, GroupRole.MEMBER],
        )
        .order_by()
        .values("meeting", "day")
        .annotate(
            yes=Count("pk", filter=Q(answer=RsvpAnswer.YES)),
            maybe=Count("pk", filter=Q(answer=RsvpAnswer.MAYBE)),
            no=Count("pk", filter=Q(answer=RsvpAnswer.NO)),
            mine=Coalesce(Max("answer", filter=Q(user=user.pk)), Value("")),
        )
    )
    said = {
        (row["meeting"], row["day"]): Turnout(
            yes=row["yes"], maybe=row["maybe"], no=row["no"], mine=row["mine"]
        )
        for row in rows
    }
    return [
        MeetingRow(occurrence=one, turnout=said.get((one.meeting.pk, one.day), Turnout()))
        for one in found
    ]
