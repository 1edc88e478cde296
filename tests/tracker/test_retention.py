"""What is kept for a while only, by the clock; and accounts that nobody uses."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection

from tests.factories import (
    make_answer,
    make_delivery,
    make_group,
    make_question,
    make_token,
    make_user,
)
from tracker.actions import deletions
from tracker.actions.acts import record_look
from tracker.actions.answers import delete_answer
from tracker.actions.calls import count_call
from tracker.actions.deletions import erase_deleted
from tracker.actions.groups import delete_group
from tracker.actions.idempotency import keep_answer
from tracker.actions.invitations import create_invitation
from tracker.actions.mail import mail_about_account
from tracker.actions.notices import tell
from tracker.actions.people import delete_account
from tracker.actions.questions import delete_question
from tracker.actions.retention import note_inactive_people, purge
from tracker.actions.sign_ins import note_sign_in
from tracker.jobs import tasks
from tracker.models import (
    Answer,
    CallCount,
    Deletion,
    Delivery,
    Inactivity,
    Invitation,
    KeptAnswer,
    KnownBrowser,
    Notice,
    NoticeKind,
    Nudge,
    Outgoing,
    Question,
    StaffLook,
    StudyGroup,
    User,
    retention,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
UserSession = apps.get_model("usersessions", "UserSession")
EmailAddress = apps.get_model("account", "EmailAddress")
PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "privacy.md"


def sessions(user):
    session = Session.objects.create(
        session_key=f"s{user.pk}", session_data="", expire_date=NOW + 400 * DAY
    )
    UserSession.objects.create(
        user=user, ip="192.0.2.7", session_key=session.pk, user_agent="x", created_at=NOW
    )


def invitation(user):
    group = make_group(leader=user)
    create_invitation(user=user, group=group, at=NOW, expires_at=NOW + DAY)


def notice(user):
    tell(people=[user], kind=NoticeKind.NUDGE, key="x", text="x", address="/", at=NOW)


def nudged(user):
    group = make_group(members=[user])
    Nudge.objects.create(group=group, user=user, day=NOW.date(), nudged_at=NOW)


def mail(user):
    mail_about_account(address="x@example.org", subject="x", text="x", user=None, at=NOW)
    Outgoing.objects.update(ended_at=NOW)


def delivery(user):
    make_delivery(make_group(), created_at=NOW)


def deleted_question(user):
    delete_question(user=user, question=make_question(make_group(members=[user]), user), at=NOW)


def deleted_answer(user):
    question = make_question(make_group(members=[user]), user)
    delete_answer(user=user, answer=make_answer(question, user), at=NOW)


def deleted_group(user):
    group = make_group(leader=user)
    make_question(group, user)
    delete_group(user=user, group=group, at=NOW)


def deleted_account(user):
    delete_account(user=make_user(), at=NOW)
    erase_deleted(at=NOW)


# What is made, what of it goes, and when it is the last moment that it is there.
KEPT: dict[str, tuple[Any, Any, timedelta]] = {
    "sessions": (sessions, Session, retention.SESSIONS),
    "devices": (sessions, UserSession, retention.SESSIONS),
    "browsers": (
        lambda user: note_sign_in(user=user, browser="x", is_sign_up=True, at=NOW),
        KnownBrowser,
        retention.BROWSERS,
    ),
    "invitations": (invitation, Invitation, DAY + retention.ENDED_INVITATIONS),
    "acts": (
        lambda user: record_look(by=make_user(), table="tracker.User", person_id=user.pk, at=NOW),
        StaffLook,
        retention.ACTS,
    ),
    "notices": (notice, Notice, retention.NOTICES),
    "nudges": (nudged, Nudge, retention.NOTICES),
    "mail": (mail, Outgoing, retention.MAIL),
    "deliveries": (delivery, Delivery, retention.DELIVERIES),
    "answers to calls": (
        lambda user: keep_answer(user=user, key="k", fingerprint="f", status=201, at=NOW),
        KeptAnswer,
        retention.KEPT_ANSWERS,
    ),
    "counts of calls": (
        lambda user: count_call(user=user, at=int(NOW.timestamp())),
        CallCount,
        retention.KEPT_ANSWERS,
    ),
    "questions": (deleted_question, Question, retention.DELETED_POSTS),
    "answers": (deleted_answer, Answer, retention.DELETED_POSTS),
    "groups": (deleted_group, StudyGroup, retention.DELETED_GROUPS),
    "accounts": (deleted_account, Deletion, retention.DELETED_ACCOUNTS),
}


@pytest.mark.parametrize("name", KEPT)
def test_it_is_there_to_the_last_moment_and_then_no_more(ada, catalog, name):
    make, model, kept = KEPT[name]
    make(ada)
    assert model._default_manager.count() == 1

    purge(at=NOW + kept)
    assert model._default_manager.count() == 1

    purge(at=NOW + kept + SECOND)
    assert not model._default_manager.exists()
    assert User.objects.filter(pk=ada.pk).exists()


def test_a_second_purge_changes_nothing(ada, catalog):
    for make, _, _ in KEPT.values():
        if make is not sessions:
            make(make_user())
    later = NOW + 31 * DAY
    purge(at=later)
    with connection.execute_wrapper(no_change):
        purge(at=later)


def no_change(execute, sql, params, many, context):
    # What has run out of the cache is deleted without looking whether there is any.
    if sql.split()[0] in {"UPDATE", "INSERT", "DELETE"} and "shared_cache" not in sql:
        raise AssertionError(sql)
    return execute(sql, params, many, context)


def test_much_goes_in_steps_and_the_worker_comes_again(ada, monkeypatch):
    monkeypatch.setattr(deletions, "ROWS_AT_ONCE", 2)
    for number in range(5):
        tell(
            people=[ada], kind=NoticeKind.NUDGE, key=f"{number}", text="x", address="/",
            at=NOW - 200 * DAY,
        )  # fmt: skip

    assert purge(seconds=0, at=NOW)
    assert Notice.objects.count() == 3
    assert not purge(at=NOW)
    assert not Notice.objects.exists()


def test_what_has_run_out_of_the_cache_is_gone(db, settings):
    cache.set("import:somebody", "much", 1)
    cache.set("still", "good", 3600)

    purge(at=datetime.now(UTC) + timedelta(minutes=5))

    table = settings.CACHES["default"]["LOCATION"]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT cache_key FROM {table}")  # noqa: S608
        assert [key for (key,) in cursor.fetchall() if "import" in key] == []
    assert cache.get("still") == "good"


# --- Accounts ------------------------------------------------------------------------------------


def unconfirmed(email, *, verified=False, **fields):
    user = make_user(email, joined_at=NOW - 7 * DAY - SECOND, **fields)
    EmailAddress.objects.create(user=user, email=email, verified=verified, primary=True)
    return user


def test_an_address_that_nobody_confirms_is_free_again_after_a_week(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    unconfirmed("never@example.org")
    unconfirmed("done@example.org", verified=True)
    unconfirmed("was-here@example.org", last_login=NOW - DAY)
    make_user("by-hand@example.org", joined_at=NOW - 99 * DAY)
    young = unconfirmed("young@example.org")
    User.objects.filter(pk=young.pk).update(joined_at=NOW - 6 * DAY)

    purge(at=NOW)
    purge(at=NOW)
    erase_deleted()

    assert sorted(User.objects.values_list("email", flat=True)) == [
        "by-hand@example.org", "done@example.org", "was-here@example.org", "young@example.org",
    ]  # fmt: skip


def test_where_nobody_has_to_confirm_nobody_goes_for_it(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    unconfirmed("never@example.org")

    purge(at=NOW)

    assert User.objects.filter(email="never@example.org").exists()


def dormant(email="old@example.org", **fields):
    long_ago = NOW - 900 * DAY
    return make_user(email, joined_at=long_ago, last_login=NOW - 700 * DAY - SECOND, **fields)


def told():
    return Outgoing.objects.filter(kind="account").count()


def test_who_does_not_come_is_told_twice_and_then_deleted(db):
    user = dormant()

    days = [0, 1, 29, 30, 31, 59, 60, 61]
    seen = []
    for day in days:
        note_inactive_people(at=NOW + day * DAY)
        seen.append((day, told(), User.objects.get(pk=user.pk).is_active))

    # The mail that waits goes with the account.
    assert seen == [
        (0, 1, True), (1, 1, True), (29, 1, True), (30, 2, True), (31, 2, True), (59, 2, True),
        (60, 0, False), (61, 0, False),
    ]  # fmt: skip
    erase_deleted()
    assert not User.objects.exists()


def test_the_mail_says_until_when_to_come_back(db):
    dormant()
    note_inactive_people(at=NOW)

    text = Outgoing.objects.get().payload["text"]
    assert "for 23 months or more" in text
    assert "sign in before 20 January 2027" in text


def test_who_comes_back_starts_anew(db):
    user = dormant()
    note_inactive_people(at=NOW)
    User.objects.filter(pk=user.pk).update(last_login=NOW + DAY)

    for day in (2, 31, 62, 400):
        note_inactive_people(at=NOW + day * DAY)

    assert not Inactivity.objects.exists()
    assert (told(), User.objects.get().is_active) == (1, True)


def test_a_worker_that_was_away_for_years_still_tells_twice_first(db):
    user = dormant()

    for day in (1000, 1001, 1030, 1031):
        note_inactive_people(at=NOW + day * DAY)
        assert User.objects.get(pk=user.pk).is_active
    note_inactive_people(at=NOW + 1060 * DAY)

    assert not User.objects.get(pk=user.pk).is_active


def test_whoever_is_in_a_group_uses_a_token_or_is_staff_is_left_alone(db):
    make_group(members=[dormant("member@example.org")], leader=make_user(joined_at=NOW))
    make_token(dormant("script@example.org")).token.__class__.objects.update(last_used_at=NOW)
    dormant("staff@example.org", is_staff=True)

    assert note_inactive_people(at=NOW + DAY) == 0


def test_the_jobs_do_it(ada):
    for task in (tasks.note_inactive, tasks.tidy_up):
        task.call()


# --- What people are told ------------------------------------------------------------------------


def test_the_page_is_for_everybody_and_holds_the_numbers(client, catalog):
    page = " ".join(client.get("/privacy/").content.decode().split())

    for one in retention.KEPT:
        assert one.how_long in page
    for words in ("for 23 months", "after 2 years", "within 30 days", "Within 24 hours"):
        assert words in page


def test_every_page_leads_there(client, catalog):
    assert 'href="/privacy/"' in client.get("/roles/").content.decode()


def test_the_document_holds_the_numbers():
    text = PAGE.read_text()

    table = text.split("For how long")[1]
    rows = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", table, re.MULTILINE))
    assert {what: kept for what, kept in rows.items() if what not in {"what", "---"}} == {
        one.what: one.how_long for one in retention.KEPT
    }
    for words in ("for 23 months", "after 2 years", "within 30 days", "Within 24 hours", "60 days"):
        assert words in text


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(hours=1), "an hour"),
        (timedelta(hours=24), "24 hours"),
        (timedelta(days=7), "7 days"),
        (timedelta(days=183), "half a year"),
        (timedelta(days=365), "a year"),
        (timedelta(days=700), "23 months"),
        (timedelta(days=730), "2 years"),
    ],
)
def test_times_are_said_in_words(time, words):
    assert retention.in_words(time) == words
