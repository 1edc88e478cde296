"""Who is in a group and who leads it: roles, leaving, removing, sharing, asking."""

from datetime import UTC, datetime, timedelta

import pytest

from mlmath.errors import NotFound, PermissionDenied
from tests.factories import make_group, make_user
from tracker.actions.deletions import erase_deleted
from tracker.actions.groups import delete_group, edit_group
from tracker.actions.locking import GroupArchived
from tracker.actions.members import (
    AlreadyMember,
    GroupFull,
    LastLeader,
    MayNotAsk,
    answer_request,
    ask_to_join,
    change_role,
    choose_sharing,
    hand_over,
    leave_group,
    remove_member,
    unban,
    withdraw_request,
)
from tracker.actions.people import delete_account
from tracker.models import (
    Ban,
    GroupRole,
    JoinRequest,
    Membership,
    Notice,
    StudyGroup,
    User,
)

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def roles(group):
    return dict(group.memberships.values_list("user__name", "role"))


def told(user):
    return list(user.notices.order_by("pk").values_list("text", flat=True))


@pytest.fixture
def grace(db):
    return make_user(name="Grace")


@pytest.fixture
def group(ada, grace):
    """Ada leads, Grace is a member."""
    return make_group("Readers", leader=ada, members=[grace])


def test_a_leader_changes_a_role_once_and_the_person_is_told(ada, grace, group):
    for _ in range(2):
        change_role(user=ada, group=group, member=grace, role=GroupRole.LEADER, at=NOON)

    assert roles(group) == {"Ada Lovelace": "leader", "Grace": "leader"}
    assert told(grace) == ["You are now a leader of “Readers”."]


def test_only_leaders_change_roles_and_only_of_people_in_the_group(ada, grace, group):
    with pytest.raises(PermissionDenied):
        change_role(user=grace, group=group, member=grace, role=GroupRole.LEADER)
    with pytest.raises(NotFound):
        change_role(user=make_user(), group=group, member=grace, role=GroupRole.LEADER)
    with pytest.raises(NotFound):
        change_role(user=ada, group=group, member=make_user(), role=GroupRole.LEADER)


@pytest.mark.parametrize("role", [GroupRole.MEMBER, GroupRole.OBSERVER])
def test_the_last_leader_stays_one(ada, group, role):
    with pytest.raises(LastLeader, match="Make somebody else a leader first"):
        change_role(user=ada, group=group, member=ada, role=role)

    assert roles(group)["Ada Lovelace"] == "leader"


def test_the_last_leader_does_not_leave_and_is_told_what_to_do(ada, group):
    with pytest.raises(LastLeader, match="Make somebody else a leader first, or delete"):
        leave_group(user=ada, group=group)
    with pytest.raises(LastLeader, match="Nobody else is in it: delete the group instead"):
        leave_group(user=ada, group=make_group(leader=ada))


def test_handing_over_makes_the_other_a_leader_and_oneself_a_member(ada, grace, group):
    hand_over(user=ada, group=group, member=grace)

    assert roles(group) == {"Ada Lovelace": "member", "Grace": "leader"}
    assert told(ada) == []


def test_anybody_else_leaves_and_repeating_it_is_no_error(ada, grace, group):
    assert leave_group(user=grace, group=group)
    assert not leave_group(user=grace, group=group)
    assert roles(group) == {"Ada Lovelace": "leader"}


def test_leaving_is_possible_in_an_archived_group(ada, grace, group):
    edit_group(user=ada, group=group, is_archived=True)

    assert leave_group(user=grace, group=group)


def test_who_is_removed_is_told_and_may_come_back_unless_banned(ada, grace, group):
    assert remove_member(user=ada, group=group, member=grace, at=NOON)
    assert not remove_member(user=ada, group=group, member=grace)

    assert told(grace) == ["You are no longer in “Readers”."]
    assert not Ban.objects.exists()


def test_a_ban_holds_until_it_is_lifted(ada, grace, group):
    group.visibility = "public"
    group.save()
    remove_member(user=ada, group=group, member=grace, bans=True)

    with pytest.raises(MayNotAsk):
        ask_to_join(user=grace, group=group)
    assert unban(user=ada, group=group, person=grace)
    assert not unban(user=ada, group=group, person=grace)
    ask_to_join(user=grace, group=group)
    assert JoinRequest.objects.get().user == grace


def test_who_removes_themselves_leaves(ada, grace, group):
    assert remove_member(user=grace, group=group, member=grace, bans=True)

    assert not Ban.objects.exists()
    with pytest.raises(LastLeader):
        remove_member(user=ada, group=group, member=ada)


def test_members_remove_nobody(ada, grace, group):
    with pytest.raises(PermissionDenied):
        remove_member(user=grace, group=group, member=ada)


def test_sharing_is_chosen_by_oneself_also_in_an_archived_group(ada, grace, group):
    edit_group(user=ada, group=group, is_archived=True)

    choose_sharing(user=grace, group=group, shares_readiness=True)
    choose_sharing(user=grace, group=group, is_seen_by_observers=True)

    membership = Membership.objects.get(user=grace)
    assert (membership.shares_readiness, membership.is_seen_by_observers) == (True, True)


def test_an_observer_has_nothing_to_share(ada):
    with pytest.raises(PermissionDenied):
        choose_sharing(user=ada, group=make_group(observers=[ada]), shares_readiness=True)


# --- Asking ------------------------------------------------------------------------------------


@pytest.fixture
def public(ada):
    return make_group("Open Readers", leader=ada, visibility="public")


def test_leaders_are_told_who_asks_and_take_them_in(ada, grace, public):
    for message in ("Hi", " I read along "):
        ask_to_join(user=grace, group=public, message=message, at=NOON)

    assert JoinRequest.objects.get().message == "I read along"
    assert told(ada) == ["Grace asks to join “Open Readers”."]
    assert answer_request(user=ada, group=public, person=grace, is_accepted=True, at=NOON)
    assert not answer_request(user=ada, group=public, person=grace, is_accepted=True)
    assert roles(public)["Grace"] == "member"
    assert told(grace) == ["You are now in “Open Readers”."]
    assert not JoinRequest.objects.exists()
    with pytest.raises(AlreadyMember):
        ask_to_join(user=grace, group=public)


def test_who_was_declined_asks_again_after_thirty_days(ada, grace, public):
    ask_to_join(user=grace, group=public, at=NOON)
    assert answer_request(user=ada, group=public, person=grace, is_accepted=False, at=NOON)

    with pytest.raises(MayNotAsk, match="after 2 December 2026"):
        ask_to_join(user=grace, group=public, at=NOON + timedelta(days=29))
    assert not answer_request(user=ada, group=public, person=grace, is_accepted=True)
    again = ask_to_join(user=grace, group=public, at=NOON + timedelta(days=30))
    assert again.declined_at is None
    assert told(grace) == []


def test_only_public_groups_that_go_on_are_asked(grace, ada, public):
    with pytest.raises(NotFound):
        ask_to_join(user=grace, group=make_group())
    edit_group(user=ada, group=public, is_archived=True)
    with pytest.raises(NotFound):
        ask_to_join(user=grace, group=public)


def test_a_request_is_taken_back_unless_it_was_declined(ada, grace, public):
    ask_to_join(user=grace, group=public)
    assert withdraw_request(user=grace, group=public)
    assert not withdraw_request(user=grace, group=public)
    ask_to_join(user=grace, group=public)
    answer_request(user=ada, group=public, person=grace, is_accepted=False)
    assert not withdraw_request(user=grace, group=public)


def test_nobody_waits_for_more_than_twenty_groups(grace):
    for _ in range(20):
        ask_to_join(user=grace, group=make_group(visibility="public"))

    with pytest.raises(MayNotAsk, match="20 groups"):
        ask_to_join(user=grace, group=make_group(visibility="public"))


def test_a_full_group_takes_nobody_in(ada, grace, public, monkeypatch):
    monkeypatch.setattr("tracker.actions.members.MAXIMUM_PEOPLE", 1)
    ask_to_join(user=grace, group=public)

    with pytest.raises(GroupFull):
        answer_request(user=ada, group=public, person=grace, is_accepted=True)
    assert JoinRequest.objects.filter(declined_at=None).exists()


# --- Accounts that end ---------------------------------------------------------------------------


def test_an_account_stays_while_it_is_the_only_leader_of_others(ada, grace, group):
    make_group("Algebra", leader=ada, observers=[grace])

    with pytest.raises(LastLeader, match=r"“Algebra”, “Readers”.* or delete the groups"):
        delete_account(user=ada)

    assert User.objects.filter(pk=ada.pk).exists()


def test_an_account_goes_with_the_groups_in_which_nobody_else_is(ada, grace, group):
    change_role(user=ada, group=group, member=grace, role=GroupRole.LEADER)
    make_group("Alone", leader=ada)
    make_group("Alone and over", leader=ada, deleted_at=NOON)
    make_group("Follows", members=[ada])

    delete_account(user=ada)
    erase_deleted()

    assert sorted(StudyGroup.objects.values_list("name", flat=True)) == ["Follows", "Readers"]
    assert roles(group) == {"Grace": "leader"}


def test_the_page_says_why_an_account_cannot_be_deleted(ada_browser, group):
    response = ada_browser.post(
        "/settings/delete/", {"password": "correct horse battery", "is_sure": "on"}
    )

    assert response.status_code == 422
    assert "Nobody else leads “Readers”." in response.content.decode()


# --- The group itself ----------------------------------------------------------------------------


def test_deleting_a_group_ends_its_codes_and_tells_its_people(ada, grace, group):
    group.invitations.create(
        digest="d", prefix="p", created_at=NOON, expires_at=NOON + timedelta(days=9)
    )
    JoinRequest.objects.create(group=group, user=make_user(), asked_at=NOON)

    delete_group(user=ada, group=group, at=NOON)

    assert StudyGroup.objects.get().deleted_at == NOON
    assert group.invitations.get().revoked_at == NOON
    assert not JoinRequest.objects.exists()
    assert told(grace) == ["“Readers” has been deleted by Ada Lovelace."]
    assert Notice.objects.count() == 1
    with pytest.raises(NotFound):
        delete_group(user=ada, group=group)


def test_an_archived_group_changes_only_by_coming_back(ada, group):
    edit_group(user=ada, group=group, is_archived=True, at=NOON)

    with pytest.raises(GroupArchived):
        edit_group(user=ada, group=group, name="Writers")
    with pytest.raises(GroupArchived):
        edit_group(user=ada, group=group, name="Writers", is_archived=True)
    edit_group(user=ada, group=group, name="Writers", is_archived=False)

    group.refresh_from_db()
    assert (group.name, group.archived_at) == ("Writers", None)
