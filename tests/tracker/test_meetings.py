"""Meetings: made, moved, cancelled, answered, and what each date is about."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from catalog.graph import current_graph
from mlmath.errors import Changed, NotFound, PermissionDenied
from tests.factories import make_assignment, make_group, make_meeting, make_unit, make_user
from tracker.actions.meetings import (
    DateCancelled,
    MeetingExists,
    MeetingOver,
    MeetingToCome,
    PresenterTaken,
    TooManyMeetings,
    answer_rsvp,
    change_date,
    choose_presenter,
    create_meeting,
    edit_meeting,
    remove_meeting,
    restore_meeting,
    write_notes,
)
from tracker.models import (
    Meeting,
    MeetingDate,
    Membership,
    Notice,
    Presenter,
    Recipient,
    Rsvp,
    RsvpAnswer,
)
from tracker.summaries.meetings import (
    agenda_of,
    attendance,
    meeting_dates,
    meeting_lists,
    meeting_with_rows,
    nearest_day,
    next_meeting,
    turnout,
    when,
)
from tracker.summaries.members import group_head
from tracker.summaries.recurrence import read_rule

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 13, tzinfo=UTC)
TUESDAY, NEXT_TUESDAY = date(2026, 12, 1), date(2026, 12, 8)
WEEKLY = "FREQ=WEEKLY"


@pytest.fixture
def group(ada):
    return make_group("Tuesday Readers", leader=ada, time_zone="Europe/Berlin")


@pytest.fixture
def member(group):
    return join(group, "Emmy Noether")


def join(group, name="", role="member", **fields):
    user = make_user(name=name)
    Membership.objects.create(group=group, user=user, role=role, joined_at=NOW, **fields)
    return user


def create(user, group, **fields):
    wanted: dict[str, Any] = {
        "title": "Reading circle",
        "starts_on": TUESDAY,
        "start_time": time(18, 30),
        "minutes": 60,
        "rule": read_rule(WEEKLY),
    }
    return create_meeting(user=user, group=group, at=NOW, **wanted | fields)


def starts(group, meeting, first=TUESDAY, number=3):
    meeting, rows = meeting_with_rows(group=group, public_id=meeting.public_id)
    found = meeting_dates(meeting=meeting, rows=rows, zone=group.time_zone, first=first)
    return [
        f"{one.starts_at:%Y-%m-%d %H:%M}" + " cancelled" * one.is_cancelled
        for one in found[:number]
    ]


def one_date(group, meeting, day=TUESDAY):
    meeting, rows = meeting_with_rows(group=group, public_id=meeting.public_id)
    found = meeting_dates(meeting=meeting, rows=rows, zone=group.time_zone, first=day)
    return next(one for one in found if one.day == day)


def test_a_meeting_keeps_its_time_of_day_over_summer_time(ada, group):
    meeting = create(ada, group, starts_on=date(2027, 3, 23))

    found = meeting_dates(meeting=meeting, rows={}, zone=group.time_zone, first=date(2027, 3, 23))[
        :2
    ]

    assert [one.starts_at.astimezone(UTC).hour for one in found] == [17, 16]
    assert [one.local_start.hour for one in found] == [18, 18]


def test_an_hour_is_an_hour_when_the_clocks_change(ada, group):
    meeting = create(
        ada, group, starts_on=date(2027, 3, 27), start_time=time(23), minutes=240, rule=None
    )

    night = one_date(group, meeting, date(2027, 3, 27))

    assert f"{night.local_end:%d. %H:%M}" == "28. 04:00"
    assert (night.ends_at - night.starts_at.astimezone(UTC)).total_seconds() == 240 * 60


def test_making_a_meeting_tells_the_others_and_not_who_watches(ada, group, member):
    join(group, "Watcher", role="observer")

    meeting = create(ada, group)

    notice = Notice.objects.get()
    assert notice.user == member
    assert notice.text == (
        "Tuesday Readers: Reading circle meets every Tuesday at 18:30, Berlin time."
    )
    assert notice.address == f"/groups/{group.public_id}/meetings/{meeting.public_id}/"


def test_a_meeting_made_twice_is_there_once(ada, group):
    meeting = create(ada, group)

    with pytest.raises(MeetingExists) as caught:
        create(ada, group)

    assert caught.value.meeting == meeting
    assert Meeting.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"title": " "}, "title"),
        ({"title": "a\nb"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"starts_on": date(2026, 11, 20)}, "starts_on"),
        ({"starts_on": date(2029, 1, 1)}, "starts_on"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 1441}, "minutes"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"link": "//example.org"}, "link"),
        ({"link": "https://"}, "link"),
        ({"link": "https://user:secret@example.org"}, "link"),
        ({"link": "https://exa mple.org"}, "link"),
        ({"link": "https://[half"}, "link"),
        ({"place": "a\0b"}, "place"),
        ({"agenda": "\ud800"}, "agenda"),
        ({"agenda": "x" * 5001}, "agenda"),
        ({"rule": read_rule("FREQ=WEEKLY;BYDAY=WE")}, "rrule"),
        ({"rule": read_rule("FREQ=WEEKLY;UNTIL=20261130")}, "rrule"),
    ],
)
def test_a_meeting_that_does_not_fit_is_refused_by_field(ada, group, fields, name):
    with pytest.raises(ValidationError) as caught:
        create(ada, group, **fields)

    assert list(caught.value.message_dict) == [name]
    assert not Meeting.objects.exists()


def test_today_is_the_groups_day(ada, group):
    group.time_zone = "Pacific/Kiritimati"  # it is the 22nd there already
    group.save()

    with pytest.raises(ValidationError, match="today or later"):
        create(ada, group, starts_on=date(2026, 11, 21), rule=None)


def test_a_group_has_a_hundred_meetings_at_most(ada, group):
    for number in range(100):
        make_meeting(group, f"Meeting {number}")
    make_meeting(group, "Long ago", starts_on=date(2026, 9, 1))

    with pytest.raises(TooManyMeetings, match="100"):
        create(ada, group)


def test_members_observers_and_strangers_plan_nothing(ada, group, member):
    meeting = create(ada, group)
    watcher, stranger = join(group, role="observer"), make_user()

    for user, refusal in ((member, PermissionDenied), (watcher, PermissionDenied),
                          (stranger, NotFound)):  # fmt: skip
        with pytest.raises(refusal):
            create(user, group, title="Another")
        with pytest.raises(refusal):
            edit_meeting(user=user, meeting=meeting, title="Mine")
        with pytest.raises(refusal):
            remove_meeting(user=user, meeting=meeting)
        with pytest.raises(refusal):
            restore_meeting(user=user, meeting=meeting)
        with pytest.raises(refusal):
            change_date(user=user, meeting=meeting, day=TUESDAY, is_cancelled=True)
        with pytest.raises(refusal):
            write_notes(user=user, meeting=meeting, day=TUESDAY, notes="Mine")
    assert (Meeting.objects.count(), MeetingDate.objects.count()) == (1, 0)


def test_changing_the_name_tells_nobody_and_moves_the_version(ada, group, member):
    meeting = make_meeting(group)

    edited = edit_meeting(user=ada, meeting=meeting, version=1, title="Circle", at=NOW)
    again = edit_meeting(user=ada, meeting=meeting, title="Circle", at=LATER)

    assert (edited.version, again.version) == (2, 2)
    assert not Notice.objects.exists()


def test_a_leader_does_not_overwrite_what_another_has_changed(ada, group):
    meeting = make_meeting(group)
    edit_meeting(user=ada, meeting=meeting, version=1, place="Library", at=NOW)

    with pytest.raises(Changed):
        edit_meeting(user=ada, meeting=meeting, version=1, place="Café", at=LATER)
    with pytest.raises(Changed):
        change_date(user=ada, meeting=meeting, day=TUESDAY, version=1, is_cancelled=True, at=LATER)
    with pytest.raises(Changed):
        remove_meeting(user=ada, meeting=meeting, version=1, at=LATER)

    meeting.refresh_from_db()
    assert (meeting.place, meeting.deleted_at) == ("Library", None)


def test_another_rule_moves_what_is_to_come_and_keeps_what_was_held(ada, group, member):
    meeting = make_meeting(group, rule=WEEKLY, starts_on=date(2026, 11, 3))
    write_notes(user=ada, meeting=meeting, day=date(2026, 11, 10), notes="We met.", at=NOW)
    change_date(user=ada, meeting=meeting, day=date(2026, 12, 1), is_cancelled=True, at=NOW)
    answer_rsvp(user=member, meeting=meeting, day=date(2026, 11, 24), answer=RsvpAnswer.YES, at=NOW)
    Notice.objects.all().delete()

    edit_meeting(
        user=ada, meeting=meeting, starts_on=date(2026, 11, 25), start_time=time(19), at=LATER
    )

    assert starts(group, meeting, date(2026, 11, 1)) == [
        "2026-11-10 18:30", "2026-11-25 19:00", "2026-12-02 19:00",
    ]  # fmt: skip
    assert not Rsvp.objects.exists()
    assert Notice.objects.get().text == (
        "Tuesday Readers: Reading circle now meets every Wednesday at 19:00, Berlin time."
    )


def test_a_removed_meeting_is_gone_and_can_come_back(ada, group, member):
    meeting = make_meeting(group, rule=WEEKLY)

    for _ in range(2):
        remove_meeting(user=ada, meeting=meeting, at=NOW)
    with pytest.raises(NotFound):
        meeting_with_rows(group=group, public_id=meeting.public_id)
    with pytest.raises(NotFound):
        answer_rsvp(user=member, meeting=meeting, day=TUESDAY, answer=RsvpAnswer.YES, at=NOW)
    for _ in range(2):
        restore_meeting(user=ada, meeting=meeting, at=LATER)

    assert starts(group, meeting, number=1) == ["2026-12-01 18:30"]
    assert [notice.text.partition(" circle ")[2] for notice in Notice.objects.order_by("pk")] == [
        "is cancelled.", "meets after all, every Tuesday at 18:30, Berlin time.",
    ]  # fmt: skip


def test_a_meeting_made_anew_keeps_the_removed_one_away(ada, group):
    meeting = create(ada, group)
    remove_meeting(user=ada, meeting=meeting, at=NOW)
    create(ada, group)

    with pytest.raises(MeetingExists):
        restore_meeting(user=ada, meeting=meeting, at=LATER)


def test_one_date_moves_alone_and_asks_people_again(ada, group, member):
    meeting = make_meeting(group, rule=WEEKLY)
    answer_rsvp(user=member, meeting=meeting, day=TUESDAY, answer=RsvpAnswer.YES, at=NOW)
    answer_rsvp(user=member, meeting=meeting, day=NEXT_TUESDAY, answer=RsvpAnswer.NO, at=NOW)

    for at in (NOW, LATER):
        change_date(
            user=ada,
            meeting=meeting,
            day=TUESDAY,
            starts_on=date(2026, 12, 9),
            start_time=time(20),
            place="Room 4",
            at=at,
        )

    assert starts(group, meeting) == ["2026-12-08 18:30", "2026-12-09 20:00", "2026-12-15 18:30"]
    assert [one.day for one in Rsvp.objects.all()] == [NEXT_TUESDAY]
    assert Notice.objects.get().text == (
        "Tuesday Readers: Reading circle moves from Tue, 1 Dec 2026, 18:30 to "
        "Wed, 9 Dec 2026, 20:00, Berlin time."
    )
    meeting.refresh_from_db()
    assert meeting.version == 2


def test_a_meeting_that_takes_place_once_lasts_as_long_as_its_moved_date(ada, group):
    meeting = make_meeting(group)

    change_date(user=ada, meeting=meeting, day=TUESDAY, starts_on=date(2026, 12, 20), at=NOW)

    found = next_meeting(group=group, at=datetime(2026, 12, 15, tzinfo=UTC))
    assert found.local_start.date() == date(2026, 12, 20)


def test_what_is_as_in_the_meeting_follows_the_meeting(ada, group):
    meeting = make_meeting(group, rule=WEEKLY, place="Library")
    change_date(user=ada, meeting=meeting, day=TUESDAY, place="Café", at=NOW)
    change_date(user=ada, meeting=meeting, day=TUESDAY, place="Library", minutes=60, at=NOW)

    edit_meeting(user=ada, meeting=meeting, place="Room 4", at=LATER)

    assert one_date(group, meeting).place == "Room 4"


def test_a_cancelled_date_takes_no_answers_and_can_come_back(ada, group, member):
    meeting = make_meeting(group, rule=WEEKLY)
    change_date(user=ada, meeting=meeting, day=TUESDAY, is_cancelled=True, at=NOW)

    with pytest.raises(DateCancelled):
        answer_rsvp(user=member, meeting=meeting, day=TUESDAY, answer=RsvpAnswer.YES, at=NOW)
    found = next_meeting(group=group, at=NOW)
    assert found.day == NEXT_TUESDAY
    assert starts(group, meeting, number=1) == ["2026-12-01 18:30 cancelled"]

    change_date(user=ada, meeting=meeting, day=TUESDAY, is_cancelled=False, at=LATER)
    answer_rsvp(user=member, meeting=meeting, day=TUESDAY, answer=RsvpAnswer.YES, at=LATER)
    assert [notice.text[17:] for notice in Notice.objects.filter(user=member).order_by("pk")] == [
        "Reading circle on Tue, 1 Dec 2026, 18:30 is cancelled.",
        "Reading circle takes place after all, on Tue, 1 Dec 2026, 18:30, Berlin time.",
    ]


def test_a_date_that_is_over_keeps_its_time(ada, group, member):
    meeting = make_meeting(group, rule=WEEKLY, starts_on=date(2026, 11, 17))

    with pytest.raises(MeetingOver):
        change_date(user=ada, meeting=meeting, day=date(2026, 11, 17), is_cancelled=True, at=NOW)
    with pytest.raises(MeetingOver):
        answer_rsvp(
            user=member, meeting=meeting, day=date(2026, 11, 17), answer=RsvpAnswer.NO, at=NOW
        )


def test_a_date_moves_to_a_time_that_is_still_to_come(ada, group):
    meeting = make_meeting(group, rule=WEEKLY)

    for day in (date(2026, 11, 20), date(2030, 1, 1)):
        with pytest.raises(ValidationError, match="still to come"):
            change_date(user=ada, meeting=meeting, day=TUESDAY, starts_on=day, at=NOW)


@pytest.mark.parametrize("day", [date(2026, 12, 2), date(2026, 11, 24), date.min, date.max])
def test_a_day_without_the_meeting_is_not_found(ada, group, member, day):
    meeting = make_meeting(group, rule=WEEKLY)

    with pytest.raises(NotFound):
        change_date(user=ada, meeting=meeting, day=day, is_cancelled=True, at=NOW)
    with pytest.raises(NotFound):
        write_notes(user=ada, meeting=meeting, day=day, notes="x", at=NOW)
    with pytest.raises(NotFound):
        answer_rsvp(user=member, meeting=meeting, day=day, answer=RsvpAnswer.YES, at=NOW)


def test_notes_are_written_once_it_has_begun_and_are_listed_for_ever(ada, group):
    meeting = make_meeting(group, rule="FREQ=DAILY", starts_on=date(2025, 1, 7))
    with pytest.raises(MeetingToCome):
        write_notes(user=ada, meeting=meeting, day=TUESDAY, notes="x", at=NOW)

    for at in (NOW, LATER):
        write_notes(user=ada, meeting=meeting, day=date(2025, 1, 7), notes="We *began*.", at=at)

    assert MeetingDate.objects.get().notes_html == "<p>We <em>began</em>.</p>\n"
    past = meeting_lists(user=ada, group=group, at=LATER, limit=3).past
    assert [one.day.isoformat() for one in past] == [
        "2026-11-20", "2026-11-19", "2026-11-18", "2025-01-07",
    ]  # fmt: skip
    assert [one.has_notes for one in past] == [False, False, False, True]
    meeting.refresh_from_db()
    assert meeting.version == 2


def test_an_answer_is_given_changed_and_taken_back(ada, group, member):
    meeting = make_meeting(group, rule=WEEKLY)
    for answer in (RsvpAnswer.YES, RsvpAnswer.YES, RsvpAnswer.MAYBE):
        answer_rsvp(user=member, meeting=meeting, day=TUESDAY, answer=answer, at=NOW)
    answer_rsvp(user=ada, meeting=meeting, day=TUESDAY, answer=RsvpAnswer.YES, at=NOW)

    found = turnout(user=member, group=group, occurrence=one_date(group, meeting))
    assert (found.yes, found.maybe, found.no, found.mine) == (1, 1, 0, "maybe")

    answer_rsvp(user=member, meeting=meeting, day=TUESDAY, answer=None, at=NOW)
    found = turnout(user=member, group=group, occurrence=one_date(group, meeting))
    assert (found.yes, found.maybe, found.mine) == (1, 0, "")


def test_who_has_left_is_not_counted_and_observers_and_strangers_do_not_answer(ada, group, member):
    meeting = make_meeting(group, rule=WEEKLY)
    answer_rsvp(user=member, meeting=meeting, day=TUESDAY, answer=RsvpAnswer.YES, at=NOW)
    Membership.objects.filter(user=member).delete()

    assert turnout(user=ada, group=group, occurrence=one_date(group, meeting)).yes == 0
    with pytest.raises(NotFound):
        answer_rsvp(user=member, meeting=meeting, day=TUESDAY, answer=RsvpAnswer.NO, at=NOW)
    with pytest.raises(PermissionDenied):
        answer_rsvp(
            user=join(group, role="observer"),
            meeting=meeting,
            day=TUESDAY,
            answer=RsvpAnswer.NO,
            at=NOW,
        )


def test_attendees_are_listed_by_name_and_observers_see_who_agreed(ada, group, member):
    meeting = make_meeting(group)
    join(group, "Sofia", is_seen_by_observers=True)
    watcher = join(group, "Watcher", role="observer")
    answer_rsvp(user=member, meeting=meeting, day=TUESDAY, answer=RsvpAnswer.NO, at=NOW)

    def seen_by(user):
        head = group_head(user=user, group_id=group.public_id, graph=current_graph())
        found = attendance(user=user, head=head, occurrence=one_date(group, meeting))
        return found.turnout.no, [(one.name, one.answer) for one in found.people]

    assert seen_by(ada) == (1, [("Ada Lovelace", ""), ("Emmy Noether", "no"), ("Sofia", "")])
    assert seen_by(watcher) == (1, [("Sofia", "")])


def agenda(user, group, meeting, day):
    graph = current_graph()
    head = group_head(user=user, group_id=group.public_id, graph=graph)
    meeting, rows = meeting_with_rows(group=group, public_id=meeting.public_id)
    that = one_date(group, meeting, day)
    return agenda_of(head=head, graph=graph, occurrence=that, rows=rows)


def test_the_agenda_is_what_is_due_since_the_last_date_that_was_not_cancelled(
    ada, group, member, catalog
):
    units = catalog.resources["mml-book"].units
    meeting = make_meeting(group, rule=WEEKLY)
    for unit, day in zip(units, [23, 24, 30], strict=False):
        make_assignment(group, unit.id, due_on=date(2026, 11, day))
    make_assignment(group, units[3].id, due_on=date(2026, 12, 1))
    make_assignment(group, units[4].id, due_on=date(2026, 12, 2), is_draft=True)
    make_assignment(group, units[5].id, due_on=date(2026, 12, 8))
    make_assignment(group, units[6].id, due_on=date(2026, 12, 15))

    def numbers(day):
        found = agenda(member, group, meeting, day)
        return [units.index(item.unit) for item in found]

    assert numbers(TUESDAY) == [2, 3]
    assert numbers(NEXT_TUESDAY) == [5]
    assert numbers(date(2026, 12, 15)) == [6]
    change_date(user=ada, meeting=meeting, day=NEXT_TUESDAY, is_cancelled=True, at=NOW)
    assert numbers(date(2026, 12, 15)) == [5, 6]


def test_what_is_for_others_is_on_the_agenda_of_them_and_of_leaders(ada, group, member, catalog):
    meeting = make_meeting(group)
    unit = catalog.resources["mml-book"].units[0]
    assignment = make_assignment(group, unit.id, due_on=TUESDAY, is_for_everyone=False)
    Recipient.objects.create(assignment=assignment, user=member)

    assert len(agenda(member, group, meeting, TUESDAY)) == 1
    assert len(agenda(ada, group, meeting, TUESDAY)) == 1
    assert agenda(join(group), group, meeting, TUESDAY) == []


def test_members_offer_to_present_and_leaders_choose(ada, group, member, catalog):
    meeting = make_meeting(group)
    unit = catalog.resources["mml-book"].units[0]
    assignment = make_assignment(group, unit.id, due_on=TUESDAY)
    other, watcher = join(group, "Sofia"), join(group, role="observer")

    for _ in range(2):
        choose_presenter(user=member, assignment=assignment, presenter=member, at=NOW)
    with pytest.raises(PresenterTaken, match="Emmy Noether presents"):
        choose_presenter(user=other, assignment=assignment, presenter=other, at=NOW)
    with pytest.raises(PermissionDenied):
        choose_presenter(user=other, assignment=assignment, presenter=ada, at=NOW)
    with pytest.raises(PermissionDenied):
        choose_presenter(user=watcher, assignment=assignment, presenter=None, at=NOW)
    with pytest.raises(ValidationError):
        choose_presenter(user=ada, assignment=assignment, presenter=watcher, at=NOW)
    assert [item.presenter for item in agenda(other, group, meeting, TUESDAY)] == ["Emmy Noether"]
    assert [item.presenter for item in agenda(watcher, group, meeting, TUESDAY)] == [None]

    choose_presenter(user=ada, assignment=assignment, presenter=other, at=NOW)
    assert Presenter.objects.get().user == other
    assert Notice.objects.get().user == other
    choose_presenter(user=other, assignment=assignment, presenter=None, at=NOW)
    assert not Presenter.objects.exists()


def test_whoever_has_left_makes_room_for_another_presenter(ada, group, member, catalog):
    meeting = make_meeting(group)
    unit = catalog.resources["mml-book"].units[0]
    assignment = make_assignment(group, unit.id, due_on=TUESDAY)
    choose_presenter(user=member, assignment=assignment, presenter=member, at=NOW)
    Membership.objects.filter(user=member).delete()
    other = join(group, "Sofia")
    assert [item.presenter for item in agenda(ada, group, meeting, TUESDAY)] == [None]

    choose_presenter(user=other, assignment=assignment, presenter=other, at=NOW)

    assert [item.presenter for item in agenda(ada, group, meeting, TUESDAY)] == ["Sofia"]


def test_nobody_presents_a_draft_or_what_is_removed(ada, group):
    for fields in ({"is_draft": True}, {"deleted_at": NOW}):
        assignment = make_assignment(group, make_unit(), **fields)
        with pytest.raises(NotFound):
            choose_presenter(user=ada, assignment=assignment, presenter=ada)


def test_the_next_meeting_costs_one_query_with_few_and_with_many(ada, group, count_queries):
    meeting = make_meeting(group, rule=WEEKLY)
    costs = []
    for size in (0, 30):
        for number in range(size):
            other = make_meeting(group, f"Meeting {number}", rule="FREQ=DAILY")
            change_date(user=ada, meeting=other, day=TUESDAY, is_cancelled=True, at=NOW)
            answer_rsvp(
                user=join(group), meeting=meeting, day=TUESDAY, answer=RsvpAnswer.YES, at=NOW
            )
        with count_queries() as queries:
            found = next_meeting(group=group, at=NOW)
        costs.append(len(queries))
        with count_queries() as queries:
            meeting_lists(user=ada, group=group, at=NOW, limit=8)
        costs.append(len(queries))

    assert costs == [1, 2, 1, 2]
    assert found.meeting == meeting


def test_taking_part_is_remembered_on_the_day_of_the_group(ada, group, member):
    meeting = make_meeting(group)

    answer_rsvp(user=member, meeting=meeting, day=TUESDAY, answer=RsvpAnswer.YES, at=NOW)

    assert Membership.objects.get(user=member).last_active_on == date(2026, 11, 21)
    assert Membership.objects.get(user=ada).last_active_on is None


def test_a_group_without_meetings_has_no_next_one(ada, group, count_queries):
    with count_queries() as queries:
        assert next_meeting(group=group, at=NOW) is None

    assert len(queries) == 1


def test_what_is_going_on_is_still_the_next_meeting(ada, group):
    make_meeting(group, rule=WEEKLY, start_time=time(23, 30), minutes=120)

    found = next_meeting(group=group, at=datetime(2026, 12, 2, 0, 20, tzinfo=UTC))

    assert found.day == TUESDAY


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (NOW, date(2026, 12, 1)),
        (datetime(2026, 12, 3, tzinfo=UTC), date(2026, 12, 15)),
        (datetime(2027, 2, 1, tzinfo=UTC), date(2026, 12, 15)),
    ],
)
def test_a_meeting_means_its_next_date_or_else_the_last(ada, group, at, day):
    meeting = make_meeting(group, rule="FREQ=WEEKLY;COUNT=3")
    change_date(user=ada, meeting=meeting, day=NEXT_TUESDAY, is_cancelled=True, at=NOW)

    meeting, rows = meeting_with_rows(group=group, public_id=meeting.public_id)

    assert nearest_day(meeting=meeting, rows=rows, zone=group.time_zone, at=at) == day


def test_a_meeting_of_another_group_is_not_found(ada, group):
    other = make_meeting(make_group())

    with pytest.raises(NotFound):
        meeting_with_rows(group=group, public_id=other.public_id)


def test_a_meeting_is_said_in_words(group):
    assert when(make_meeting(group)) == "on Tuesday, 1 December 2026 at 18:30"
    assert when(make_meeting(group, "Other", rule=WEEKLY)) == "every Tuesday at 18:30"
