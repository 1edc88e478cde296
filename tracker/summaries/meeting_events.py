"""The meetings of groups as entries of a calendar."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db.models import Q

from tracker.models import Meeting, MeetingDate, StudyGroup
from tracker.summaries.feed_events import KEPT_CANCELLED, FeedEvent
from tracker.summaries.meetings import meeting_dates

HORIZON = timedelta(days=366)


def meeting_events(groups: Sequence[StudyGroup], at: datetime) -> Iterator[FeedEvent]:
    """The dates of the meetings of `groups`, from 90 days ago until a year ahead, each an entry.

    A series is not written as a rule, since calendars do not agree on the clocks of other zones;
    an instant means the same to all of them. Two queries, none without a group.
    """
    if not groups:
        return
    by_id = {group.pk: group for group in groups}
    first = (at - KEPT_CANCELLED).date()
    is_shown = Q(deleted_at=None) | Q(deleted_at__gte=at - KEPT_CANCELLED)
    is_recent = Q(ends_on=None) | Q(ends_on__gte=first)
    meetings = list(Meeting.objects.filter(is_shown, is_recent, group__in=by_id))
    rows: dict[int, dict[date, MeetingDate]] = defaultdict(dict)
    for row in MeetingDate.objects.filter(meeting__in=meetings).defer("notes", "notes_html"):
        rows[row.meeting_id][row.day] = row
    for meeting in meetings:
        yield from _entries(meeting, rows[meeting.pk], by_id[meeting.group_id], first, at)


def _entries(
    meeting: Meeting,
    rows: Mapping[date, MeetingDate],
    group: StudyGroup,
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
