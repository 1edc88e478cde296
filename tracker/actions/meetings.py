"""Making, moving and cancelling meetings, coming to them, and presenting at them."""

from collections.abc import Mapping
from copy import copy
from datetime import date, datetime, time, timedelta
from typing import Any, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from mlmath.errors import DomainError, NotFound, PermissionDenied
from mlmath.markdown import to_html
from tracker.actions.acts import record_act
from tracker.actions.locking import lock_leadership, lock_membership, touch_membership
from tracker.actions.notices import tell
from tracker.actions.versions import write_version
from tracker.models import (
    ActKind,
    Assignment,
    GroupRole,
    Meeting,
    MeetingDate,
    NoticeKind,
    Presenter,
    Rsvp,
    RsvpAnswer,
    StudyGroup,
    User,
)
from tracker.summaries.meetings import (
    Occurrence,
    clock_of,
    in_words,
    local_today,
    occurrence,
    rule_of,
    when,
)
from tracker.summaries.members import shown_name
from tracker.summaries.recurrence import Rule, is_date, last_date

# Of those that are not over; more are a mistake or a joke.
MOST_MEETINGS = 100
FURTHEST = timedelta(days=2 * 366)


class MeetingExists(DomainError):
    """`meeting` is the one that is there already."""

    code = "meeting_exists"

    def __init__(self, meeting: Meeting) -> None:
        self.meeting = meeting
        super().__init__(
            "This group has a meeting of that name at that time already. Change that one, or give "
            "this one another name or time."
        )


class TooManyMeetings(DomainError):
    code = "too_many_meetings"


class MeetingOver(DomainError):
    code = "meeting_over"


class MeetingToCome(DomainError):
    code = "meeting_to_come"


class DateCancelled(DomainError):
    code = "date_cancelled"


class PresenterTaken(DomainError):
    code = "presenter_taken"


class MeetingFields(TypedDict, total=False):
    """What a meeting is made of; what is missing stays as it is, or blank in a new one.

    `starts_on` and `start_time` are meant in the group's zone; `rule` None is a meeting that takes
    place once.
    """

    title: str
    starts_on: date
    start_time: time
    minutes: int
    rule: Rule | None
    place: str
    link: str
    agenda: str


class DateFields(TypedDict, total=False):
    """What may differ on one date; None is as in the meeting, what is missing stays as it is."""

    is_cancelled: bool
    starts_on: date | None
    start_time: time | None
    minutes: int | None
    place: str | None
    link: str | None


@transaction.atomic
def create_meeting(
    *, user: User, group: StudyGroup, at: datetime | None = None, **fields: Unpack[MeetingFields]
) -> Meeting:
    """Add a meeting, and tell the others in the group.

    Raises ValidationError by field, MeetingExists for the same name, day and time (as when a form
    is sent twice), TooManyMeetings, and what `lock_leadership` raises. Locks the group's row.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=group, user=user)
    touch_membership(leader, at=at)
    today = local_today(group, at)
    meeting = Meeting(group=group, created_at=at, changed_at=at, **_columns(fields))
    _check(meeting, today=today)
    _refuse_double(meeting)
    running = group.meetings.filter(deleted_at=None).exclude(ends_on__lt=today)
    if running.count() >= MOST_MEETINGS:
        raise TooManyMeetings(
            f"A group has at most {MOST_MEETINGS} meetings that are not over. Remove some, or let "
            "one of them repeat."
        )
    meeting.ends_on = last_date(rule_of(meeting), starts_on=meeting.starts_on)
    meeting.save()
    _tell(meeting, by=user, at=at, what=f"meets {when(meeting)}, {clock_of(group)}")
    return meeting


@transaction.atomic
def edit_meeting(
    *,
    user: User,
    meeting: Meeting,
    version: int | None = None,
    at: datetime | None = None,
    **fields: Unpack[MeetingFields],
) -> Meeting:
    """Change a meeting on all its dates, and tell the others about another time or place.

    With another time, dates that were held stay as they were, those to come follow the new rule,
    and people are asked again whether they come. Changes to single dates stay where the new rule
    has these dates too. May be repeated. Raises as `create_meeting` does, NotFound for a removed
    meeting, and Changed unless it is in `version`. Locks the group's row and the meeting's.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=meeting.group, user=user)
    touch_membership(leader, at=at)
    row = _lock(group, meeting.pk)
    wanted = copy(row)
    for name, value in _columns(fields).items():
        setattr(wanted, name, value)
    today = local_today(group, at)
    _check(wanted, today=today, kept=row.starts_on)
    changes = {name: getattr(wanted, name) for name in _EDITED}
    if all(getattr(row, name) == value for name, value in changes.items()):
        write_version(row, version=version)
        return row
    is_moved = any(getattr(row, name) != changes[name] for name in _TIMING)
    is_elsewhere = (row.place, row.link) != (wanted.place, wanted.link)
    if is_moved:
        _refuse_double(wanted)
        _follow(row, wanted, at)
    changes["ends_on"] = _ends_on(wanted)
    write_version(row, version=version, changed_at=at, **changes)
    if (is_moved or is_elsewhere) and _is_to_come(row, today):
        what = f"now meets {when(row)}, {clock_of(group)}" if is_moved else "meets elsewhere"
        _tell(row, by=user, at=at, what=what)
    return row


@transaction.atomic
def remove_meeting(
    *, user: User, meeting: Meeting, version: int | None = None, at: datetime | None = None
) -> None:
    """Take a meeting off, with all its dates; `restore_meeting` brings it back. May be repeated.

    Tells the others if there were dates to come. Raises Changed unless it is in `version`, and
    what `lock_leadership` raises. Locks the group's row and the meeting's.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=meeting.group, user=user)
    touch_membership(leader, at=at)
    row = _lock(group, meeting.pk, is_removed_fine=True)
    if row.deleted_at is not None:
        return
    write_version(row, version=version, deleted_at=at, changed_at=at)
    if _is_to_come(row, local_today(group, at)):
        _tell(row, by=user, at=at, what="is cancelled")


@transaction.atomic
def restore_meeting(*, user: User, meeting: Meeting, at: datetime | None = None) -> Meeting:
    """Bring back a meeting that was removed, as it was. May be repeated.

    Raises MeetingExists if it has been made anew meanwhile. Locks the group's row and the
    meeting's.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=meeting.group, user=user)
    touch_membership(leader, at=at)
    row = _lock(group, meeting.pk, is_removed_fine=True)
    if row.deleted_at is None:
        return row
    _refuse_double(row)
    write_version(row, version=None, deleted_at=None, changed_at=at)
    if _is_to_come(row, local_today(group, at)):
        _tell(row, by=user, at=at, what=f"meets after all, {when(row)}, {clock_of(group)}")
    return row


@transaction.atomic
def change_date(
    *,
    user: User,
    meeting: Meeting,
    day: date,
    version: int | None = None,
    at: datetime | None = None,
    **fields: Unpack[DateFields],
) -> Meeting:
    """Cancel or move one date of a meeting, or change its place; tells the others.

    `day` is the one that the rule gives. Who moves a date asks people again whether they come. May
    be repeated. Raises ValidationError by field, NotFound for a day that is none of its dates,
    MeetingOver for one that is over, and Changed unless the meeting is in `version`. Locks the
    group's row and the meeting's, whose version moves.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=meeting.group, user=user)
    touch_membership(leader, at=at)
    meeting = _lock(group, meeting.pk)
    row = meeting.dates.filter(day=day).first()
    before = occurrence(meeting=meeting, day=day, row=row, zone=group.time_zone)
    row = row or MeetingDate(meeting=meeting, day=day)
    kept = {name: getattr(row, name) for name in _DIFFERING}
    for name, value in _without_sameness(meeting, day, fields).items():
        setattr(row, name, value)
    if kept == {name: getattr(row, name) for name in _DIFFERING}:
        write_version(meeting, version=version)
        return meeting
    if before.ends_at <= at:
        raise MeetingOver("This date is over. Only its notes can still be changed.")
    row.changed_at = at
    row.clean_fields()
    row.save()
    after = occurrence(meeting=meeting, day=day, row=row, zone=group.time_zone)
    is_moved = after.starts_at != before.starts_at
    if is_moved and not at < after.starts_at < at + FURTHEST:
        raise _unfit("starts_on", "Move it to a time that is still to come.")
    if is_moved:
        meeting.rsvps.filter(day=day).delete()
    write_version(meeting, version=version, changed_at=at, ends_on=_ends_on(meeting))
    _tell_of_date(before, after, by=user, at=at)
    return meeting


@transaction.atomic
def write_notes(
    *,
    user: User,
    meeting: Meeting,
    day: date,
    notes: str,
    version: int | None = None,
    at: datetime | None = None,
) -> Meeting:
    """Keep what was said on one date, as Markdown; blank removes it. May be repeated.

    Raises ValidationError by field, NotFound for a day that is none of its dates, MeetingToCome
    before it has begun, and Changed unless the meeting is in `version`. Locks the group's row and
    the meeting's, whose version moves.
    """
    at = at or timezone.now()
    group, leader = lock_leadership(group=meeting.group, user=user)
    touch_membership(leader, at=at)
    meeting = _lock(group, meeting.pk)
    row = meeting.dates.filter(day=day).first()
    that = occurrence(meeting=meeting, day=day, row=row, zone=group.time_zone)
    if that.starts_at > at:
        raise MeetingToCome("It has not begun yet. Write the notes once it has.")
    row = row or MeetingDate(meeting=meeting, day=day)
    notes = notes.replace("\r\n", "\n").strip()
    if row.notes == notes:
        write_version(meeting, version=version)
        return meeting
    row.notes, row.changed_at = notes, at
    row.clean_fields()
    row.notes_html = to_html(notes)
    row.save()
    write_version(meeting, version=version, changed_at=at)
    return meeting


@transaction.atomic
def answer_rsvp(
    *,
    user: User,
    meeting: Meeting,
    day: date,
    answer: RsvpAnswer | None,
    at: datetime | None = None,
) -> None:
    """Say whether `user` comes on one date; None takes it back. May be repeated.

    Raises NotFound for a removed meeting and for a day that is none of its dates, DateCancelled,
    MeetingOver, and what `lock_membership` raises. Locks the membership and the meeting's row.
    """
    at = at or timezone.now()
    membership = lock_membership(group=meeting.group, user=user)
    touch_membership(membership, at=at)
    group = membership.group
    meeting = _lock(group, meeting.pk)
    row = meeting.dates.filter(day=day).first()
    that = occurrence(meeting=meeting, day=day, row=row, zone=group.time_zone)
    if that.is_cancelled:
        raise DateCancelled("This date is cancelled. Look at the next one.")
    if that.ends_at <= at:
        raise MeetingOver("This date is over. Look at the next one.")
    if answer is None:
        meeting.rsvps.filter(day=day, user=user).delete()
        return
    Rsvp.objects.update_or_create(
        meeting=meeting,
        day=day,
        user=user,
        defaults={"answer": answer, "answered_at": at},
    )


@transaction.atomic
def choose_presenter(
    *,
    user: User,
    assignment: Assignment,
    presenter: User | None,
    at: datetime | None = None,
) -> None:
    """Say who presents a chapter; None for nobody. May be repeated.

    Members offer and withdraw themselves, leaders choose anybody who is no observer and tell them.
    Raises NotFound for a removed assignment and a draft, PresenterTaken for a member who comes
    second, ValidationError for somebody outside, and what `lock_membership` raises. Locks the
    membership and the assignment's row.
    """
    at = at or timezone.now()
    membership = lock_membership(group=assignment.group, user=user)
    touch_membership(membership, at=at)
    group = membership.group
    found = Assignment.objects.select_for_update(no_key=True, of=("self",)).filter(
        pk=assignment.pk, group=group.pk, deleted_at=None, is_draft=False
    )
    if not found.exists():
        raise NotFound
    taking_part = group.memberships.exclude(role=GroupRole.OBSERVER)
    # Whoever has left, or only looks on by now, presents nothing.
    presenters = Presenter.objects.filter(
        assignment=assignment.pk, user__in=taking_part.values("user")
    )
    there = presenters.select_related("user").first()
    if (there.user if there else None) == presenter:
        return
    if not membership.leads:
        if presenter is not None and presenter != user:
            raise PermissionDenied("Only leaders of the group can choose somebody else.")
        if there is not None and there.user != user:
            raise PresenterTaken(
                f"{shown_name(there.user)} presents this chapter already. A leader can change it."
            )
    if presenter is None:
        Presenter.objects.filter(assignment=assignment.pk).delete()
        record_act(
            group=group,
            by=user,
            members=[there.user if there else None],
            kind=ActKind.NO_PRESENTER,
            about=assignment.unit.title,
            at=at,
        )
        return
    if not taking_part.filter(user=presenter).exists():
        fault = ValidationError("Choose somebody who is a member of the group.", code="unknown")
        raise ValidationError({"member": fault})
    Presenter.objects.update_or_create(
        assignment=assignment, defaults={"user": presenter, "chosen_at": at}
    )
    record_act(
        group=group,
        by=user,
        members=[presenter],
        kind=ActKind.PRESENTER,
        about=assignment.unit.title,
        at=at,
    )
    tell(
        people=[presenter],
        by=user,
        kind=NoticeKind.MEETING,
        key=f"presenter-{assignment.public_id}-{at.isoformat()}",
        group=group,
        text=f"{shown_name(user)} asks you to present {assignment.unit.title} in {group.name}.",
        address=f"/groups/{group.public_id}/meetings/",
        at=at,
    )


_TIMING = ("starts_on", "start_time", "rrule")
_EDITED = (*_TIMING, "title", "minutes", "place", "link", "agenda", "agenda_html")
_DIFFERING = ("is_cancelled", "starts_on", "start_time", "minutes", "place", "link")


def _columns(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a meeting that `fields` set."""
    columns = dict(fields)
    if "rule" in columns:
        rule = columns.pop("rule")
        columns["rrule"] = str(rule) if rule else ""
    if "agenda" in columns:
        columns["agenda"] = columns["agenda"].replace("\r\n", "\n").strip()
    if "title" in columns:
        columns["title"] = columns["title"].strip()
    return columns


def _check(meeting: Meeting, *, today: date, kept: date | None = None) -> None:
    """Raises ValidationError, by field, for what does not fit; writes `agenda_html`.

    A first day that is `kept` may be long ago.
    """
    meeting.clean_fields(exclude=["group", "ends_on", "created_at", "changed_at"])
    first, rule = meeting.starts_on, rule_of(meeting)
    if first != kept and first < today:
        raise _unfit("starts_on", "Begin today or later.")
    if first != kept and first > today + FURTHEST:
        raise _unfit("starts_on", "Begin within the next two years.")
    if rule is not None and rule.until is not None and rule.until < first:
        raise _unfit("rrule", "The last day comes before the first one.")
    if not is_date(rule, starts_on=first, day=first):
        sentence = f"The rule has no meeting on the first day, {first:%A}, {first:%d.%m.%Y}."
        raise _unfit("rrule", sentence)
    meeting.agenda_html = to_html(meeting.agenda)


def _unfit(field: str, sentence: str) -> ValidationError:
    """For a date that is one, and not the right one."""
    return ValidationError({field: ValidationError(sentence, code="unfit_date")})


def _refuse_double(meeting: Meeting) -> None:
    double = Meeting.objects.filter(
        group=meeting.group_id,
        deleted_at=None,
        starts_on=meeting.starts_on,
        start_time=meeting.start_time,
        title=meeting.title,
    ).exclude(pk=meeting.pk)
    found = double.first()
    if found is not None:
        raise MeetingExists(found)


def _lock(group: StudyGroup, key: int, *, is_removed_fine: bool = False) -> Meeting:
    """The meeting's row, for which leaders and those who answer take turns. One query."""
    meeting = Meeting.objects.select_for_update(no_key=True).filter(pk=key, group=group.pk).first()
    if meeting is None or (meeting.deleted_at is not None and not is_removed_fine):
        raise NotFound
    meeting.group = group
    return meeting


def _follow(before: Meeting, after: Meeting, at: datetime) -> None:
    """Bring the rows of single dates to a new rule: what was held keeps its time and place, and
    what is to come stays only on days that the new rule has."""
    zone = before.group.time_zone
    rule = rule_of(after)
    for row in before.dates.all():
        that = occurrence(meeting=before, day=row.day, row=row, zone=zone)
        if that.ends_at <= at and not that.is_cancelled:
            row.starts_on, row.start_time = that.local_start.date(), that.local_start.time()
            row.minutes, row.place, row.link = that.minutes, that.place, that.link
            row.save()
        elif not is_date(rule, starts_on=after.starts_on, day=row.day):
            row.delete()
    before.rsvps.filter(day__gte=local_today(before.group, at)).delete()


def _without_sameness(meeting: Meeting, day: date, fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` with None for what is as in the meeting, so that it follows the meeting."""
    usual = {
        "starts_on": day,
        "start_time": meeting.start_time,
        "minutes": meeting.minutes,
        "place": meeting.place,
        "link": meeting.link,
    }
    return {
        name: None if name in usual and value == usual[name] else value
        for name, value in fields.items()
    }


def _ends_on(meeting: Meeting) -> date | None:
    last = last_date(rule_of(meeting), starts_on=meeting.starts_on)
    if last is None:
        return None
    moved = meeting.dates.aggregate(last=Max("starts_on"))["last"]
    return max(last, moved) if moved else last


def _is_to_come(meeting: Meeting, today: date) -> bool:
    return meeting.ends_on is None or meeting.ends_on >= today


def _tell(meeting: Meeting, *, by: User, at: datetime, what: str, about: str = "") -> None:
    group = meeting.group
    members = User.objects.filter(
        memberships__group=group.pk, memberships__role__in=[GroupRole.LEADER, GroupRole.MEMBER]
    )
    tell(
        people=members,
        by=by,
        kind=NoticeKind.MEETING,
        key=f"meeting-{meeting.public_id}-{meeting.version}",
        group=group,
        text=f"{group.name}: {meeting.title} {what}.",
        address=f"/groups/{group.public_id}/meetings/{meeting.public_id}/{about}",
        at=at,
    )


def _tell_of_date(before: Occurrence, after: Occurrence, *, by: User, at: datetime) -> None:
    """What a member has to know about a changed date; nothing where it is only longer."""
    here, old, new = clock_of(after.meeting.group), before.local_start, after.local_start
    if after.is_cancelled and not before.is_cancelled:
        what = f"on {in_words(old)} is cancelled"
    elif after.is_cancelled:
        return
    elif before.is_cancelled:
        what = f"takes place after all, on {in_words(new)}, {here}"
    elif old != new:
        what = f"moves from {in_words(old)} to {in_words(new)}, {here}"
    elif (before.place, before.link) != (after.place, after.link):
        what = f"on {in_words(new)} is elsewhere"
    else:
        return
    _tell(after.meeting, by=by, at=at, what=what, about=f"{after.day}/")
