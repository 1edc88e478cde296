"""The meetings of groups as entries of a calendar."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import router
from django.db.models import QuerySet

from mlmath.statements import Statement
from tracker.models import Meeting, MeetingDate, User
from tracker.summaries.feed_events import KEPT_CANCELLED, FeedEvent, in_groups
from tracker.summaries.meetings import meeting_dates
from tracker.summaries.my_assignments import GroupName

HORIZON = timedelta(days=366)


_FIELDS = [field.attname for field in Meeting._meta.concrete_fields]


def _meetings_of(user_id: int, group_id: str = "") -> QuerySet[Meeting, tuple[Any, ...]]:
    return Meeting.objects.filter(in_groups(user_id, group_id)).values_list(
        "group__public_id", "group__name", "group__time_zone", *_FIELDS
    )


_meetings = Statement(Meeting, _meetings_of)
_meetings_in_one = Statement(Meeting, _meetings_of, takes_text=True)


def meeting_events(user: User, at: datetime, group_id: str = "") -> Iterator[FeedEvent]:
    """The dates of the meetings in all groups of `user`, or in the one with that id: from 90 days
    ago until a year ahead, each an entry.

    A series is not written as a rule, since calendars do not agree on the clocks of other zones;
    an instant means the same to all of them. Two queries, one without a meeting.
    """
    first = (at - KEPT_CANCELLED).date()
    found = _meetings_in_one.rows(user.pk, group_id) if group_id else _meetings.rows(user.pk)
    meetings: dict[int, tuple[Meeting, GroupName]] = {}
    for group, name, time_zone, *fields in found:
        meeting = Meeting.from_db(router.db_for_read(Meeting), _FIELDS, fields)
        is_over = meeting.ends_on is not None and meeting.ends_on < first
        if is_over or (meeting.deleted_at and meeting.deleted_at < at - KEPT_CANCELLED):
            continue
        of = GroupName(public_id=group, name=name, time_zone=time_zone)
        meetings[meeting.pk] = meeting, of
    rows: dict[int, dict[date, MeetingDate]] = defaultdict(dict)
    for row in MeetingDate.objects.filter(meeting__in=meetings).defer("notes", "notes_html"):
        rows[row.meeting_id][row.day] = row
    for key, (meeting, of) in meetings.items():
        yield from _entries(meeting, rows[key], of, first, at)


def _entries(
    meeting: Meeting,
    rows: Mapping[date, MeetingDate],
    group: GroupName,
    first: date,
    at: datetime,
) -> Iterator[FeedEvent]:
    for one in meeting_dates(meeting=meeting, rows=rows, zone=group.time_zone, first=first):
        if one.starts_at > at + HORIZON:
            break
        row = rows.get(one.day)
        yield FeedEvent(
            uid=f"meeting-{meeting.public_id}-{one.day}@mlmath",
            title=meeting.title,
            starts=one.starts_at,
            ends=one.ends_at,
            changed_at=max(meeting.changed_at, row.changed_at) if row else meeting.changed_at,
            # The version moves with every edit, also of one date.
            sequence=meeting.version - 1,
            path=f"/groups/{group.public_id}/meetings/{meeting.public_id}/",
            description="\n".join(filter(None, [group.name, one.link, meeting.agenda])),
            place=one.place or one.link,
            is_cancelled=one.is_cancelled or meeting.deleted_at is not None,
            has_alarm=True,
            is_busy=True,
        )
