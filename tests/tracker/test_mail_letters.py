"""What is mailed to whom: news, mornings and weeks, invitations, and how they look."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from tests.factories import make_assignment, make_group, make_user
from tests.mailing import NOON, SOON, outcomes, parts_of, send, told
from tests.tracker.test_mail import make_invitation
from tracker.actions.mail import (
    change_mail_settings,
    mail_invitation,
    write_morning_mails,
    write_news_mails,
)
from tracker.actions.notices import mark_all_read
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.units import mark_unit
from tracker.mail.delivery import deliver
from tracker.models import (
    MailCategory,
    MailSettings,
    Notice,
    NoticeKind,
    Outgoing,
    Source,
    StudyGroup,
    TopicState,
)

ALL_DAY = {"quiet_from": time(0), "quiet_until": time(0)}


# --- News --------------------------------------------------------------------------------------


def test_news_waits_ten_minutes_and_comes_in_one_mail(ada, mailbox):
    group = make_group("Tuesday Readers", members=[ada])
    told(ada, group=group)
    told(ada, "Grace mentions you.", at=NOON + timedelta(minutes=9), kind=NoticeKind.MENTION)

    send(at=NOON + timedelta(minutes=9, seconds=59))
    assert mailbox.taken == []

    send()
    send(at=SOON + timedelta(minutes=30))

    (mail,) = mailbox.taken
    text, html = parts_of(mail)
    assert (mail["To"], mail["Subject"]) == ("ada@example.org", "2 notifications")
    assert "Grace answers “Eigen-what?”.\nTuesday Readers, Friday, 12:00" in text
    assert "https://mlmath.example/today/" in text
    assert "Grace mentions you." in html


def test_one_notice_is_its_own_subject(ada, mailbox):
    told(ada)

    send()

    assert mailbox.subjects == ["Grace answers “Eigen-what?”."]


def test_what_was_read_at_the_bell_is_not_mailed(ada, mailbox):
    told(ada)
    mark_all_read(user=ada)

    send()

    assert mailbox.taken == []
    assert not Outgoing.objects.exists()


def test_what_is_read_between_writing_and_sending_is_not_mailed(ada, mailbox):
    told(ada)
    write_news_mails(at=SOON)
    mark_all_read(user=ada)

    deliver(seconds=30, at=SOON)

    assert mailbox.taken == []
    assert outcomes() == ["dropped"]


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        (NoticeKind.NUDGE, 1),
        (NoticeKind.QUESTION, 1),
        (NoticeKind.MENTION, 1),
        (NoticeKind.ASSIGNMENT, 0),
        (NoticeKind.MEETING, 0),
        (NoticeKind.MEMBERSHIP, 0),
    ],
)
def test_what_comes_by_mail_unless_somebody_says_otherwise(ada, mailbox, kind, count):
    told(ada, kind=kind)

    send()

    assert len(mailbox.taken) == count
    assert not Notice.objects.filter(mail_after__isnull=False).exists()


def test_a_category_can_be_switched_on_and_a_group_muted(ada, mailbox):
    loud, quiet = make_group("Loud", members=[ada]), make_group("Quiet", members=[ada])
    change_mail_settings(
        user=ada, wanted=["meeting"], muted={quiet.public_id: ["meeting"]}, **ALL_DAY
    )
    told(ada, "Loud meets.", kind=NoticeKind.MEETING, group=loud)
    told(ada, "Quiet meets.", kind=NoticeKind.MEETING, group=quiet)
    told(ada, "Grace mentions you.", kind=NoticeKind.MENTION, group=loud)

    send()

    assert mailbox.subjects == ["Loud meets."]


def test_mail_waits_for_the_end_of_the_quiet_hours(mailbox, db):
    ada = make_user("ada@example.org", time_zone="Asia/Tokyo")  # 21:50 there, then 22:05
    told(ada, at=NOON + timedelta(minutes=50))
    told(ada, "Another.", at=NOON + timedelta(hours=8))

    for hours in range(24):
        send(at=NOON + timedelta(hours=1, minutes=5) + timedelta(hours=hours))
        if mailbox.taken:
            break

    # 07:10 in Tokyo is 22:10 UTC; the next time that anybody looked is 23:05.
    assert hours == 10
    assert mailbox.subjects == ["2 notifications"]


# --- What it looks like ------------------------------------------------------------------------


def test_an_invitation_says_who_and_where_and_nothing_else(db, mailbox):
    grace = make_user(name="Grace Hopper")
    group = make_group("Tuesday Readers", leader=grace)
    mail_invitation(
        invitation=make_invitation("emmy@example.org", group=group, invited_by=grace),
        code="mlj_abc",
        at=NOON,
    )

    deliver(seconds=30, at=SOON)

    (mail,) = mailbox.taken
    text, html = parts_of(mail)
    assert mail["Subject"] == "Grace Hopper invites you to “Tuesday Readers”"
    assert "https://mlmath.example/join/mlj_abc/" in text
    assert 'href="https://mlmath.example/join/mlj_abc/"' in html
    assert "List-Unsubscribe" not in mail
    assert Outgoing.objects.get().payload == {}


def test_the_headers_let_programs_unsubscribe_and_keep_them_from_answering(ada, mailbox, client):
    told(ada)

    send()

    (mail,) = mailbox.taken
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.get_all("List-Unsubscribe") == [mail["List-Unsubscribe"]]
    address = mail["List-Unsubscribe"].strip("<>")
    assert address.startswith("https://mlmath.example/unsubscribe/")
    assert "ada" not in address
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Precedence"] is None
    assert mail["Message-ID"] == f"<{Outgoing.objects.get().public_id}@mlmath.example>"
    text, html = parts_of(mail)
    assert address in text
    assert f'href="{address}"' in html
    path = address.removeprefix("https://mlmath.example")
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not MailSettings.objects.get().wants(MailCategory.QUESTION)


@pytest.mark.parametrize("name", ["a\r\nBcc: eve@example.org\r\n\r\nHi", "x" * 300, "🌱" * 200])
def test_no_name_gets_into_the_headers(db, mailbox, name):
    group = make_group()
    StudyGroup.objects.update(name=name[:200])
    mail_invitation(invitation=make_invitation(group=group), code="abc", at=NOON)
    reader = make_user("reader@example.org")
    told(reader, f"{name[:150]}: chapter 3.")

    send()

    assert sorted(mailbox.recipients) == ["grace@example.org", "reader@example.org"]
    for mail in mailbox.taken:
        assert mail["Bcc"] is None
        assert "\n" not in mail["Subject"]
        assert len(mail["Subject"]) <= 120


def test_names_are_escaped_in_html_and_plain_in_text(ada, mailbox):
    told(ada, "<b>Grace</b> & co. ask.")

    send()

    text, html = parts_of(mailbox.taken[0])
    assert "<b>Grace</b> & co. ask." in text
    assert "&lt;b&gt;Grace&lt;/b&gt; &amp; co. ask." in html


def test_what_the_account_library_says_comes_in_our_look(db, mailbox, client):
    make_user("ada@example.org")
    client.post("/accounts/password/reset/", {"email": "ada@example.org"})

    deliver(seconds=30)

    (mail,) = mailbox.taken
    text, html = parts_of(mail)
    assert mail["Subject"] == "Password Reset Email"
    assert "/accounts/password/reset/key/" in text
    assert '<a href="http://testserver/accounts/password/reset/key/' in html
    assert "List-Unsubscribe" not in mail
    assert Outgoing.objects.get().payload == {}


# --- The morning -------------------------------------------------------------------------------


def morning(mailbox, at):
    mailbox.taken.clear()
    write_morning_mails(at=at)
    deliver(seconds=30, at=at)
    return [(mail["To"], mail["Subject"]) for mail in mailbox.taken]


SEVEN = datetime(2026, 11, 20, 7, tzinfo=UTC)


@pytest.fixture
def chapter(catalog):
    return catalog.resources["mml-book"].units[1]


def test_what_is_due_tomorrow_is_said_at_seven_and_once(ada, mailbox, chapter):
    make_assignment(make_group(members=[ada]), chapter.id, due_on=date(2026, 11, 21))

    assert morning(mailbox, SEVEN - timedelta(minutes=1)) == []
    assert ("ada@example.org", f"Due tomorrow: {chapter.label}") in morning(mailbox, SEVEN)
    assert morning(mailbox, SEVEN + timedelta(minutes=5)) == []


def test_nobody_is_reminded_of_what_they_have_done(ada, mailbox, chapter):
    make_assignment(make_group(leader=ada), chapter.id, due_on=date(2026, 11, 21))
    mark_unit(user=ada, unit=chapter, is_done=True)

    assert morning(mailbox, SEVEN) == []
    assert outcomes() == ["dropped"]


@pytest.mark.parametrize(
    "fields",
    [{"is_draft": True}, {"deleted_at": NOON}, {"is_for_everyone": False}],
    ids=["a draft", "a removed one", "one for others"],
)
def test_nobody_is_reminded_of_what_is_not_theirs(ada, mailbox, chapter, fields):
    group = make_group(leader=ada)
    make_assignment(group, chapter.id, due_on=date(2026, 11, 21), **fields)

    assert morning(mailbox, SEVEN) == []


def test_observers_are_not_reminded(ada, mailbox, chapter):
    group = make_group(leader=make_user("grace@example.org"), observers=[ada])
    make_assignment(group, chapter.id, due_on=date(2026, 11, 21))

    assert [to for to, _ in morning(mailbox, SEVEN)] == ["grace@example.org"]


def test_a_later_date_of_ones_own_moves_the_reminder(ada, mailbox, chapter):
    group = make_group(leader=ada)
    assignment = make_assignment(group, chapter.id, due_on=date(2026, 11, 21))
    assignment.progress.create(user=ada, due_at=NOON + timedelta(days=4), changed_at=NOON)

    assert morning(mailbox, SEVEN) == []
    assert len(morning(mailbox, SEVEN + timedelta(days=3))) == 1


def test_a_reminder_that_was_held_up_until_the_next_day_is_not_sent(ada, mailbox, chapter):
    make_assignment(make_group(leader=ada), chapter.id, due_on=date(2026, 11, 21))
    write_morning_mails(at=SEVEN)

    deliver(seconds=30, at=SEVEN + timedelta(days=1))

    assert mailbox.taken == []


MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)


def test_nothing_to_say_on_monday_is_no_mail(ada, mailbox, catalog):
    make_group(leader=ada)

    assert morning(mailbox, MONDAY) == []


def test_the_week_has_a_line_for_each_group_topics_and_the_finish(ada, mailbox, catalog):
    ada.role_id, ada.minutes_per_day = catalog.roles["data-scientist"].id, 60
    ada.save()
    units = catalog.resources["mml-book"].units
    first, second = make_group("Tuesday Readers", leader=ada), make_group("Late Ones", leader=ada)
    make_assignment(first, units[1].id, due_on=date(2026, 11, 25))
    make_assignment(first, units[2].id, due_on=date(2026, 12, 25))
    make_assignment(second, units[3].id, due_on=date(2026, 11, 1))
    MailSettings.objects.create(user=ada, finish_told_on=date(2030, 1, 1))

    assert morning(mailbox, MONDAY) == [("ada@example.org", "Your week on mlmath")]

    text, html = parts_of(mailbox.taken[0])
    assert f"Tuesday Readers: Due: {units[1].label} on Wednesday\n" in text
    assert "Late Ones: 1 chapter to catch up\n" in text
    assert "Ready for you now: " in text
    assert "You know 0 % of what your role needs. Likely done on " in text
    assert "earlier than last time" in text
    assert MailSettings.objects.get().finish_told_on != date(2030, 1, 1)
    assert "Tuesday Readers" in html


def test_who_studies_alone_gets_the_week_for_four_weeks(ada, mailbox, catalog):
    ada.role_id = catalog.roles["data-scientist"].id
    ada.save()
    marks = [Mark(topic=catalog.topics[0], state=TopicState.DONE)]
    mark_topics(user=ada, marks=marks, source=Source.MANUAL, at=MONDAY - timedelta(days=1))

    weeks = [len(morning(mailbox, MONDAY + timedelta(weeks=week))) for week in range(6)]

    assert weeks == [1, 1, 1, 1, 0, 0]


def test_the_day_s_mail_takes_the_news_of_the_night_along(ada, mailbox, chapter):
    make_assignment(make_group(leader=ada), chapter.id, due_on=date(2026, 11, 21))
    told(ada, "Grace mentions you.", at=SEVEN - timedelta(hours=3))
    write_news_mails(at=SEVEN - timedelta(hours=2))

    assert morning(mailbox, SEVEN) == [
        ("ada@example.org", f"Due tomorrow: {chapter.label} · Grace mentions you.")
    ]
    send(at=SEVEN + timedelta(hours=1))
    assert len(mailbox.taken) == 1
