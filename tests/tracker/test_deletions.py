"""Accounts that end: at once for everybody, then erased in steps, whatever happens meanwhile."""

import logging
from datetime import UTC, datetime

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client

from mlmath.errors import NotFound
from mlmath.logs import JsonLines, Lines
from tests.factories import (
    PASSWORD,
    make_answer,
    make_group,
    make_question,
    make_token,
    make_user,
)
from tracker.actions import deletions
from tracker.actions.deletions import (
    deleted_people,
    erase_deleted,
    is_erasing_due,
    line_of,
    read_lines,
    reapply_deletions,
)
from tracker.actions.invitations import create_invitation, open_invitation
from tracker.actions.notices import tell
from tracker.actions.people import delete_account
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.questions import edit_question
from tracker.jobs import tasks
from tracker.jobs.clock import tick
from tracker.mail.delivery import deliver
from tracker.models import (
    Activity,
    Answer,
    Deletion,
    DeletionState,
    GroupRole,
    Invitation,
    Membership,
    Notice,
    NoticeKind,
    Outgoing,
    Question,
    Source,
    StudyGroup,
    TopicProgress,
    TopicState,
    User,
)
from tracker.summaries.feeds import feed_token
from tracker.summaries.mail import unsubscribe_token

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def tick_topics(user, graph, number=3):
    marks = [Mark(topic=topic, state=TopicState.DONE) for topic in graph.topics[:number]]
    mark_topics(user=user, marks=marks, source=Source.MANUAL)


def state_of(user):
    return Deletion.objects.get(public_id=user.public_id).state


# --- At once -------------------------------------------------------------------------------------


def test_from_the_request_on_nothing_of_the_account_opens_anything(ada, catalog):
    tick_topics(ada, catalog)
    browser = Client()
    browser.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    assert browser.get("/today/").status_code == 200
    program = Client(headers={"Authorization": f"Bearer {make_token(ada).secret}"})
    feed, link = feed_token(ada), unsubscribe_token(ada, ["digest"])

    delete_account(user=ada)

    assert state_of(ada) == "requested"
    assert Activity.objects.filter(user=ada).count() == 3  # the worker's to erase
    assert not Session.objects.exists()
    assert browser.get("/today/").status_code == 302
    assert program.get("/api/v1/me/").status_code == 401
    assert Client().get(f"/feeds/{feed}/me.ics").status_code == 404
    assert Client().get(f"/unsubscribe/{link}/").status_code == 404
    assert not Client().login(username="ada@example.org", password=PASSWORD)


def test_what_a_deleted_person_sent_and_was_sent_is_dead_at_once(ada, catalog):
    grace = make_user("grace@example.org", name="Grace")
    group = make_group(leader=ada)
    Membership.objects.create(group=group, user=grace, role=GroupRole.LEADER, joined_at=NOW)
    link = create_invitation(user=ada, group=group)
    create_invitation(user=grace, group=group, email="ada@example.org")
    create_invitation(user=grace, group=group, email="emmy@example.org")
    tell(people=[grace], by=ada, kind=NoticeKind.MEMBERSHIP, key="x", text="Ada", address="/")

    delete_account(user=ada)

    assert not Outgoing.objects.filter(address="ada@example.org").exists()
    assert {one.email for one in Invitation.objects.filter(revoked_at=None)} == {"emmy@example.org"}
    with pytest.raises(NotFound):
        open_invitation(user=make_user(), code=link.code)
    assert not Notice.objects.filter(key="x").exists()
    deliver(seconds=30)
    assert not User.objects.filter(email="ada@example.org").exists()


def test_who_signs_up_with_the_address_sees_nothing_old(ada, catalog, client):
    tick_topics(ada, catalog)
    make_group("Readers", members=[ada])

    delete_account(user=ada)
    client.post("/accounts/signup/", {"email": "ada@example.org", "password1": PASSWORD})

    assert client.get("/api/v1/me/").json()["email"] == "ada@example.org"
    assert client.get("/api/v1/me/activity/").json()["results"] == []
    assert client.get("/api/v1/groups/").json()["results"] == []
    erase_deleted()
    assert client.get("/today/").status_code == 200
    assert not Activity.objects.exists()


def test_posts_stay_by_a_deleted_member_with_their_texts(ada, client):
    grace = make_user(name="Grace")
    group = make_group(members=[ada, grace])
    question = make_question(group, ada, "Why is it so?", body="I do not see it.")
    make_answer(question, ada, "Now I do.")
    client.force_login(grace)

    delete_account(user=ada)

    page = client.get(f"/groups/{group.public_id}/questions/{question.public_id}/")
    assert "Deleted member" in page.content.decode()
    assert "Ada" not in page.content.decode()
    erase_deleted()
    assert Question.objects.get().body == "I do not see it."
    assert Answer.objects.get().body == "Now I do."


def test_who_asks_for_it_leaves_no_word(ada, client):
    grace = make_user(name="Grace")
    group = make_group(members=[ada, grace])
    question = make_question(group, ada, "A secret title", body="A secret text")
    edit_question(
        user=ada, question=question, title="A secret title", body="Another", unit=None, topic=None
    )
    make_answer(question, grace, "Mine stays.")
    theirs = make_question(group, grace, "What?")
    make_answer(theirs, ada, "A secret answer")
    client.force_login(grace)

    delete_account(user=ada, empties_posts=True)

    rows = [Question, Answer, Notice]
    left = repr([list(model._default_manager.values()) for model in rows])
    assert "ecret" not in left
    assert "Mine stays." in left
    assert not question.earlier.exists()
    page = client.get(f"/groups/{group.public_id}/questions/{question.public_id}/")
    assert "Removed by its author." in page.content.decode()


# --- Step by step --------------------------------------------------------------------------------


def test_the_worker_erases_in_batches_and_says_where_it_is(ada, catalog, monkeypatch):
    monkeypatch.setattr(deletions, "ROWS_AT_ONCE", 2)
    grace = make_user()
    tick_topics(ada, catalog, 5)
    tick_topics(grace, catalog, 5)
    delete_account(user=ada)
    seen = []
    for _ in range(100):
        if not deletions._erase_some(NOW):
            break
        seen.append(state_of(ada))

    assert seen == ["erasing"] * 6 + ["erased"]  # three times two ticks, and two rows of history
    assert not User.objects.filter(pk=ada.pk).exists()
    assert TopicProgress.objects.filter(user=grace).count() == 5
    assert Deletion.objects.get().erased_at == NOW
    assert not erase_deleted()


def test_a_request_that_comes_twice_is_one(ada):
    delete_account(user=ada, at=NOW)
    delete_account(user=User.objects.get(pk=ada.pk))

    assert Deletion.objects.get().requested_at == NOW
    erase_deleted()
    erase_deleted()
    assert state_of(ada) == "erased"


def test_the_clock_sees_to_it_within_a_minute(ada):
    assert "erase-accounts" not in tick(NOW)
    delete_account(user=ada)

    assert "erase-accounts" in tick(datetime(2026, 11, 21, 12, 1, tzinfo=UTC))
    tasks.erase_accounts.call()

    assert not is_erasing_due()


def test_groups_in_which_nobody_else_is_go_with_the_account(ada):
    alone = make_group("Alone", leader=ada)
    make_question(alone, ada)
    make_group("Others", members=[ada])

    delete_account(user=ada)
    assert not StudyGroup.objects.filter(name="Alone", deleted_at=None).exists()
    erase_deleted()

    assert [group.name for group in StudyGroup.objects.all()] == ["Others"]


# --- After a restore -----------------------------------------------------------------------------


def test_deletions_are_applied_again_to_what_a_backup_brings_back(ada, catalog):
    grace, emmy = make_user(name="Grace"), make_user(name="Emmy")
    group = make_group("Readers", leader=ada, members=[grace, emmy])
    tick_topics(ada, catalog)
    had = User.objects.filter(pk=ada.pk).values().get()
    Membership.objects.filter(user=grace).update(role=GroupRole.LEADER)
    delete_account(user=ada, empties_posts=True, at=NOW)
    erase_deleted()
    listed = deleted_people()
    # The backup is from before: she is there, leads alone, and nobody has deleted anything.
    Deletion.objects.all().delete()
    back = User.objects.create(**had)
    Membership.objects.filter(user=grace).update(role=GroupRole.MEMBER)
    Membership.objects.create(group=group, user=back, role=GroupRole.LEADER, joined_at=NOW)
    tick_topics(back, catalog)

    assert reapply_deletions(deletions=listed) == 1
    assert reapply_deletions(deletions=listed) == 0

    assert not User.objects.filter(email="ada@example.org").exists()
    assert group.memberships.get(role=GroupRole.LEADER).user == grace
    erase_deleted()
    assert not User.objects.filter(public_id=ada.public_id).exists()
    assert not Activity.objects.exists()
    assert deleted_people() == listed


def test_who_was_gone_before_the_backup_is_only_written_down(db):
    listed = [deletions.DeletedPerson(public_id="x" * 20, requested_at=NOW, empties_posts=False)]

    assert reapply_deletions(deletions=listed) == 0

    assert (deleted_people(), is_erasing_due()) == (listed, False)
    assert Deletion.objects.get().state == DeletionState.ERASED


@pytest.mark.parametrize("formatter", [Lines, JsonLines])
def test_a_deletion_is_read_again_from_the_log(
    ada, caplog, django_capture_on_commit_callbacks, formatter
):
    public_id = ada.public_id
    with caplog.at_level(logging.INFO), django_capture_on_commit_callbacks(execute=True):
        delete_account(user=ada, empties_posts=True, at=NOW)

    log = "\n".join(formatter().format(record) for record in caplog.records)

    assert read_lines(f"{log}\nsomething else") == deleted_people()
    assert deleted_people()[0].public_id == public_id
    assert deleted_people()[0].empties_posts is True
    assert "ada" not in log.lower()


def test_what_is_printed_for_an_empty_list_is_nothing(capsys):
    call_command("deletions")

    assert capsys.readouterr().out == ""


def test_what_is_printed_is_what_restore_reads(ada, capsys):
    delete_account(user=ada, at=NOW)

    call_command("deletions")

    printed = capsys.readouterr().out
    assert printed == f"{line_of(deleted_people()[0])}\n"
    assert read_lines(printed) == deleted_people()
