"""What leaders and staff do about somebody is written down, and shown to that person."""

from datetime import UTC, datetime

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client

from tests.factories import make_answer, make_group, make_question, make_user
from tracker.actions import members as member_actions
from tracker.actions.answers import delete_answer
from tracker.actions.deletions import erase_deleted
from tracker.actions.members import change_role, remove_member
from tracker.actions.nudges import nudge
from tracker.actions.people import delete_account
from tracker.actions.questions import delete_question, pin_question
from tracker.models import ActKind, GroupRole, LeaderAct, Membership, StaffLook, User
from tracker.models.privacy import REGISTRY
from tracker.summaries.acts import acts_about, acts_in

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def grace(db):
    return make_user("grace@example.org", name="Grace Hopper")


@pytest.fixture
def group(ada, grace):
    return make_group("Readers", leader=grace, members=[ada])


def sentences(lines):
    return [line.sentence for line in lines]


# --- Leaders -------------------------------------------------------------------------------------


def test_the_member_reads_it_and_so_do_the_leaders(ada, grace, group, ada_browser):
    change_role(user=grace, group=group, member=ada, role=GroupRole.OBSERVER, at=NOW)
    remove_member(user=grace, group=group, member=ada, bans=True, at=NOW)

    assert sentences(acts_about(ada)) == [
        "Grace Hopper removed you and does not let them in again",
        "Grace Hopper made you an observer",
    ]
    assert sentences(acts_in(group)) == [
        "Grace Hopper removed Ada Lovelace and does not let them in again",
        "Grace Hopper made Ada Lovelace an observer",
    ]
    page = ada_browser.get("/settings/acts/").content.decode()
    assert "Grace Hopper made you an observer" in page
    assert "Readers" in page
    leaders = Client()
    leaders.force_login(grace)
    address = f"/groups/{group.public_id}/acts/"
    assert "made Ada Lovelace an observer" in leaders.get(address).content.decode()
    assert ada_browser.get(address).status_code == 404


def test_nobody_else_reads_it(ada, grace, group):
    nudge(user=grace, group=group, member=ada)

    assert acts_about(make_user()) == []
    assert acts_about(grace) == []
    assert acts_in(make_group()) == []


def test_what_one_does_about_oneself_is_no_act(grace, group):
    question = make_question(group, grace)
    pin_question(user=grace, question=question, is_pinned=True)
    delete_question(user=grace, question=question)

    assert not LeaderAct.objects.exists()


def test_repeating_an_act_writes_nothing_more(ada, grace, group):
    question = make_question(group, ada)
    for _ in range(2):
        pin_question(user=grace, question=question, is_pinned=True)
        change_role(user=grace, group=group, member=ada, role=GroupRole.OBSERVER)

    assert LeaderAct.objects.count() == 2


def test_with_a_question_goes_the_answer_of_another_and_both_are_told_so(ada, grace, group):
    emmy = make_user(name="Emmy")
    Membership.objects.create(group=group, user=emmy, role=GroupRole.MEMBER, joined_at=NOW)
    question = make_question(group, ada)
    make_answer(question, emmy)
    gone = make_answer(question, emmy)
    delete_answer(user=grace, answer=gone)
    delete_question(user=grace, question=question)

    kinds = LeaderAct.objects.values_list("member__name", "kind")
    assert sorted(kinds) == [
        ("Ada Lovelace", "post_deleted"), ("Emmy", "post_deleted"), ("Emmy", "post_deleted"),
    ]  # fmt: skip


def test_an_act_and_its_row_are_one_transaction(ada, grace, group, monkeypatch):
    def fail(**_):
        raise RuntimeError

    monkeypatch.setattr(member_actions, "record_act", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        change_role(user=grace, group=group, member=ada, role=GroupRole.OBSERVER)

    assert group.memberships.get(user=ada).role == "member"


def test_of_a_deleted_member_the_leaders_keep_what_was_done_and_no_name(ada, grace, group):
    nudge(user=grace, group=group, member=ada)
    delete_account(user=ada)
    erase_deleted()

    assert sentences(acts_in(group)) == ["Grace Hopper nudged Deleted member"]


def test_every_kind_makes_a_sentence(ada, grace, group):
    for kind in ActKind:
        LeaderAct.objects.create(group=group, member=ada, by=grace, kind=kind, about="x", at=NOW)

    assert len(acts_about(ada)) == len(ActKind)
    assert not any("{" in line.sentence for line in acts_about(ada))


# --- Staff ---------------------------------------------------------------------------------------


@pytest.fixture
def staff(catalog):
    client = Client()
    client.force_login(make_user("root@example.org", is_staff=True, is_superuser=True))
    return client


def looks():
    return list(StaffLook.objects.order_by("pk").values_list("table", "person__email"))


def test_each_look_of_staff_is_written_down(staff, ada, ada_browser):
    ada_browser.post("/topics/vectors/mark/", {"state": "done"})
    progress = ada.topic_progress.get().pk

    staff.get("/admin/tracker/user/")
    staff.get(f"/admin/tracker/user/{ada.pk}/change/")
    staff.get(f"/admin/tracker/topicprogress/{progress}/change/")
    staff.get(f"/admin/tracker/topicprogress/{progress}/history/")

    assert looks() == [
        ("tracker.User", None),
        ("tracker.User", "ada@example.org"),
        ("tracker.TopicProgress", "ada@example.org"),
        ("tracker.TopicProgress", "ada@example.org"),
    ]
    assert StaffLook.objects.first().by.email == "root@example.org"
    page = ada_browser.get("/settings/acts/").content.decode()
    assert page.count("Staff looked at your topic progress") == 2
    assert page.count("Staff looked at your account") == 1
    assert "root@example.org" not in page


def test_what_was_not_shown_is_no_look(staff, ada, client):
    client.get("/admin/tracker/user/")
    staff.get("/admin/tracker/user/999999/change/")
    staff.post(f"/admin/tracker/user/{ada.pk}/delete/")

    assert looks() == []


def test_every_page_about_people_is_noted_and_shows_no_secret(staff, rf):
    request = rf.get("/admin/")
    request.user = User.objects.get(email="root@example.org")
    for model, pages in admin.site._registry.items():
        label = model._meta.label
        if label not in REGISTRY or label == "django_tasks_database.DBTaskResult":
            continue
        assert type(pages).__name__ == "GroupAdmin" or hasattr(pages, "_note"), label
        secrets = {"data", "session_key", "digest", "password", "token", "token_secret"}
        assert not secrets & set(pages.get_fields(request)), label
        if label != "tracker.User":
            assert not pages.has_change_permission(request), label
            assert not pages.has_delete_permission(request), label
            assert not pages.has_add_permission(request), label
        before = StaffLook.objects.count()
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert staff.get(address).status_code == 200
        assert StaffLook.objects.count() == before + 1, label
