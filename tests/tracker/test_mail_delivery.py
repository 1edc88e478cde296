"""Mail as it leaves, against a real SMTP server."""

from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage

import pytest
from django.core.mail.backends.smtp import EmailBackend

from tests.factories import make_assignment, make_group, make_user
from tests.smtp import smtp_server
from tests.tracker.test_mail import make_invitation
from tracker.actions.deletions import erase_deleted
from tracker.actions.mail import (
    change_mail_settings,
    claim_mail,
    end_mail,
    mail_about_account,
    mail_invitation,
    unsubscribe,
    write_morning_mails,
    write_news_mails,
)
from tracker.actions.notices import mark_all_read, tell
from tracker.actions.people import delete_account
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.units import mark_unit
from tracker.mail import delivery
from tracker.mail.delivery import ServerAway, deliver
from tracker.models import (
    MailCategory,
    MailSettings,
    Membership,
    Notice,
    NoticeKind,
    Outcome,
    Outgoing,
    Source,
    StudyGroup,
    TopicState,
)

# A Friday.
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOON = NOON + timedelta(minutes=10)
ALL_DAY = {"quiet_from": time(0), "quiet_until": time(0)}


@pytest.fixture
def mailbox(settings):
    with smtp_server() as mailbox:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mailbox.port
        settings.EMAIL_TIMEOUT = 5
        settings.SITE_URL = "https://mlmath.example"
        yield mailbox


def told(user, text="Grace answers “Eigen-what?”.", *, at=NOON, **fields):
    key = f"test-{Notice.objects.count()}"
    defaults = {"kind": NoticeKind.QUESTION, "address": "/today/"}
    tell(people=[user], key=key, text=text, at=at, **defaults | fields)


def send(at=SOON):
    write_news_mails(at=at)
    return deliver(seconds=30, at=at)


def outcomes():
    return list(Outgoing.objects.order_by("pk").values_list("outcome", flat=True))


def parts_of(message: EmailMessage):
    return (
        message.get_body(("plain",)).get_content(),
        message.get_body(("html",)).get_content(),
    )


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


def test_after_each_mail_there_is_a_rest_as_long_as_it_took(ada, mailbox, monkeypatch):
    now, rests = 0.0, list[float]()

    class Clock:
        @staticmethod
        def monotonic():
            nonlocal now
            now += 0.02
            return now

        sleep = rests.append

    monkeypatch.setattr(delivery, "time", Clock)
    for person in (ada, make_user()):
        told(person)

    send()

    assert rests == pytest.approx([0.02, 0.02])


def test_each_mail_costs_five_queries_and_six_where_a_group_is_named(ada, mailbox, count_queries):
    def queries_of(mails, **fields):
        for person in [make_user() for _ in range(mails)]:
            if fields:
                Membership.objects.create(
                    group=fields["group"], user=person, role="member", joined_at=NOON
                )
            told(person, **fields)
        write_news_mails(at=SOON)
        with count_queries() as queries:
            deliver(seconds=30, at=SOON)
        return len(queries)

    in_a_group = {"group": make_group()}

    assert queries_of(4) - queries_of(1) == 3 * 5
    assert queries_of(4, **in_a_group) - queries_of(1, **in_a_group) == 3 * 6


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


# --- Who gets nothing --------------------------------------------------------------------------


def test_who_has_left_a_group_hears_no_more_of_it(ada, mailbox):
    group = make_group("Tuesday Readers", members=[ada])
    told(ada, group=group)
    write_news_mails(at=SOON)
    Membership.objects.get(user=ada).delete()

    deliver(seconds=30, at=SOON)

    assert mailbox.taken == []
    assert outcomes() == ["dropped"]


def test_nothing_comes_from_a_deleted_group(ada, mailbox):
    group = make_group("Tuesday Readers", members=[ada])
    told(ada, group=group)
    write_news_mails(at=SOON)
    StudyGroup.objects.update(deleted_at=SOON)

    deliver(seconds=30, at=SOON)

    assert mailbox.taken == []


def test_deleted_people_get_nothing(ada, mailbox):
    told(ada)
    write_news_mails(at=SOON)
    delete_account(user=ada)

    deliver(seconds=30, at=SOON)

    assert mailbox.taken == []
    assert not Outgoing.objects.exists()


def test_with_an_account_goes_all_mail_to_its_address(ada, mailbox):
    mail_about_account(address="ada@example.org", subject="Hi", text="Hi", user=None, at=NOON)
    mail_invitation(invitation=make_invitation("ada@example.org"), code="abc", at=NOON)
    mail_invitation(invitation=make_invitation("grace@example.org"), code="abc", at=NOON)
    delete_account(user=ada)

    deliver(seconds=30, at=SOON)

    assert mailbox.recipients == ["grace@example.org"]


def test_an_account_that_is_deleted_while_its_mail_leaves_keeps_nothing(ada):
    told(ada)
    write_news_mails(at=SOON)
    mail = claim_mail(key=Outgoing.objects.get().pk, at=SOON)
    assert mail is not None
    delete_account(user=ada)

    end_mail(mail=mail, outcome=Outcome.REFUSED, at=SOON)
    erase_deleted()

    assert not Outgoing.objects.exists()
    assert not MailSettings.objects.exists()


def test_people_who_are_locked_out_get_nothing(ada, mailbox):
    told(ada)
    write_news_mails(at=SOON)
    ada.is_active = False
    ada.save()

    deliver(seconds=30, at=SOON)

    assert mailbox.taken == []


def test_who_unsubscribes_while_a_mail_is_claimed_does_not_get_it(ada, mailbox, monkeypatch):
    told(ada)
    write_news_mails(at=SOON)

    def claim(**given):
        mail = claim_mail(**given)
        unsubscribe(user=ada, categories=["question"])
        return mail

    monkeypatch.setattr(delivery, "claim_mail", claim)
    deliver(seconds=30, at=SOON)

    assert mailbox.taken == []
    assert outcomes() == ["dropped"]


@pytest.mark.parametrize(
    "fields",
    [
        {"revoked_at": NOON},
        {"uses": 1},
        {"expires_at": NOON},
        {"group_deleted": True},
    ],
)
def test_an_invitation_that_is_no_longer_good_is_not_sent(db, mailbox, fields):
    group = make_group(deleted_at=NOON if fields.pop("group_deleted", False) else None)
    mail_invitation(invitation=make_invitation(group=group, **fields), code="abc", at=NOON)

    deliver(seconds=30, at=SOON)

    assert mailbox.taken == []
    assert outcomes() == ["dropped"]


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


# --- When the mail server does not take it ------------------------------------------------------


def test_a_server_that_is_away_costs_no_try_and_nothing_is_lost(ada, mailbox, settings):
    told(ada)
    settings.EMAIL_PORT = 1

    with pytest.raises(ServerAway):
        send()

    assert Outgoing.objects.get().tries == 0
    settings.EMAIL_PORT = mailbox.port
    deliver(seconds=30, at=SOON)
    assert len(mailbox.taken) == 1


def test_a_mail_that_has_to_wait_is_tried_again_and_later_each_time(ada, mailbox):
    told(ada)
    mailbox.answer = lambda recipient: "451 come back later"
    tried = []

    for minutes in range(1500):
        at = SOON + timedelta(minutes=minutes)
        refused = mailbox.refused
        send(at=at)
        if mailbox.refused > refused:
            tried.append(minutes)

    assert tried == [0, 1, 6, 36, 156, 516, 1236]
    assert outcomes() == ["given_up"]


def test_a_mail_comes_with_the_same_message_id_when_it_is_tried_again(ada, mailbox):
    told(ada)
    mailbox.answer = lambda recipient: "451 come back later"
    send()
    mailbox.answer = lambda recipient: "250 OK"

    send(at=SOON + timedelta(minutes=1))

    assert outcomes() == ["sent"]
    assert mailbox.taken[0]["Message-ID"].startswith(f"<{Outgoing.objects.get().public_id}@")


def test_a_refused_address_does_not_keep_the_others(ada, mailbox):
    grace = make_user("grace@example.org")
    told(ada)
    told(grace)
    mailbox.answer = lambda one: "550 no such user" if one.startswith("ada") else "250 OK"

    send()

    assert mailbox.recipients == ["grace@example.org"]
    assert outcomes() == ["refused", "sent"]


def test_an_address_that_refuses_three_times_is_left_alone(ada, mailbox, ada_browser):
    mailbox.answer = lambda recipient: "550 no such user"
    for day in range(4):
        told(ada, at=NOON + timedelta(days=day))
        send(at=SOON + timedelta(days=day))

    assert outcomes() == ["refused", "refused", "refused", "dropped"]
    assert "has refused our mail" in ada_browser.get("/settings/notifications/").content.decode()

    mailbox.answer = lambda recipient: "250 OK"
    ada_browser.post("/settings/notifications/", {"wanted": ["question"], **QUIET})
    told(ada, at=NOON + timedelta(days=9))
    send(at=SOON + timedelta(days=9))

    assert len(mailbox.taken) == 1


QUIET = {"quiet_from": "22:00", "quiet_until": "07:00"}


def test_a_claim_that_was_left_behind_is_taken_over_after_ten_minutes(ada, mailbox):
    told(ada)
    write_news_mails(at=SOON)
    claim_mail(key=Outgoing.objects.get().pk, at=SOON)

    deliver(seconds=30, at=SOON + timedelta(minutes=10))
    assert mailbox.taken == []

    deliver(seconds=30, at=SOON + timedelta(minutes=10, seconds=1))
    assert len(mailbox.taken) == 1


def test_a_letter_that_cannot_be_written_does_not_keep_the_others(ada, mailbox, caplog):
    mail_about_account(address="x@example.org", subject="Hi", text="Hi", user=None, at=NOON)
    Outgoing.objects.update(payload={})
    told(ada)

    send()

    assert mailbox.recipients == ["ada@example.org"]
    assert "cannot be written" in caplog.text


def test_the_worker_stops_sending_when_its_time_is_over(ada, mailbox, monkeypatch):
    for number in range(3):
        told(make_user(f"reader-{number}@example.org"))
    write_news_mails(at=SOON)

    assert deliver(seconds=-1, at=SOON) is True
    assert mailbox.taken == []
    assert deliver(seconds=30, at=SOON) is False
    assert len(mailbox.taken) == 3


def test_one_connection_carries_all_mails_of_a_round(db, mailbox, monkeypatch):
    opened, really_open = [], EmailBackend.open

    def open_(self):
        opened.append(really_open(self))
        return opened[-1]

    monkeypatch.setattr(EmailBackend, "open", open_)
    for number in range(5):
        told(make_user(f"reader-{number}@example.org"))

    send()

    assert len(mailbox.taken) == 5
    assert opened.count(True) == 1


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


def test_ended_mail_says_nothing_any_more(ada):
    mail_about_account(address="x@example.org", subject="Hi", text="secret", user=ada, at=NOON)
    mail = Outgoing.objects.get()

    end_mail(mail=mail, outcome=Outcome.SENT, at=NOON)

    assert Outgoing.objects.get().payload == {}
