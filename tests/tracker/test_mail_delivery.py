"""Sending what is written down, against a real SMTP server."""

from datetime import timedelta

import pytest
from django.core.mail.backends.smtp import EmailBackend

from tests.factories import make_group, make_user
from tests.mailing import NOON, SOON, outcomes, send, told
from tests.tracker.test_mail import make_invitation
from tracker.actions.deletions import erase_deleted
from tracker.actions.mail import (
    claim_mail,
    end_mail,
    mail_about_account,
    mail_invitation,
    unsubscribe,
    write_news_mails,
)
from tracker.actions.people import delete_account
from tracker.mail import delivery
from tracker.mail.delivery import ServerAway, deliver
from tracker.models import MailSettings, Membership, Outcome, Outgoing, StudyGroup

QUIET = {"quiet_from": "22:00", "quiet_until": "07:00"}


@pytest.mark.parametrize(("took", "rest"), [(0.01, 0.03), (0.04, 0.0), (2.0, 0.0)])
def test_25_mails_leave_in_a_second_and_what_is_left_of_it_is_rest(
    ada, mailbox, monkeypatch, took, rest
):
    now, rests = 0.0, list[float]()

    class Clock:
        @staticmethod
        def monotonic():
            nonlocal now
            now += took
            return now

        sleep = rests.append

    monkeypatch.setattr(delivery, "time", Clock)
    for person in (ada, make_user()):
        told(person)

    send()

    assert rests == pytest.approx([rest, rest])


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
    expected, tried = [0, 1, 6, 36, 156, 516, 1236], []
    # A mail that is due stays due: between two minutes without it, it was not due either.
    around = {minutes + one for minutes in expected for one in (-1, 0, 1)}

    for minutes in sorted({*range(0, 1500, 10), *around} - {-1}):
        at = SOON + timedelta(minutes=minutes)
        refused = mailbox.refused
        send(at=at)
        if mailbox.refused > refused:
            tried.append(minutes)

    assert tried == expected
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


def test_ended_mail_says_nothing_any_more(ada):
    mail_about_account(address="x@example.org", subject="Hi", text="secret", user=ada, at=NOON)
    mail = Outgoing.objects.get()

    end_mail(mail=mail, outcome=Outcome.SENT, at=NOON)

    assert Outgoing.objects.get().payload == {}
