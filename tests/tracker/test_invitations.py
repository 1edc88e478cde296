"""Codes that let people into a group."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from mlmath.errors import NotFound, PermissionDenied
from tests.factories import make_group, make_user
from tracker.actions.groups import delete_group, edit_group
from tracker.actions.invitations import (
    InvitationImpossible,
    TooManyInvitations,
    create_invitation,
    join_group,
    open_invitation,
    revoke_invitation,
)
from tracker.actions.members import GroupFull, ask_to_join, remove_member
from tracker.models import Invitation, JoinRequest, Membership, Outgoing

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def group(ada):
    return make_group("Readers", leader=ada)


def invite(ada, group, at=NOON, **fields):
    return create_invitation(user=ada, group=group, at=at, **fields)


def test_a_code_is_good_for_fourteen_days_and_only_its_hash_is_kept(ada, group):
    new = invite(ada, group)

    invitation = Invitation.objects.get()
    assert invitation.expires_at == NOON + timedelta(days=14)
    assert invitation.max_uses is None
    assert len(new.code) == 26
    assert invitation.prefix == new.code[:8]
    assert new.code not in str(Invitation.objects.values().get())


@pytest.mark.parametrize(
    "fields",
    [
        {"expires_at": NOON},
        {"expires_at": NOON + timedelta(days=366)},
        {"max_uses": 0},
        {"max_uses": 501},
    ],
)
def test_an_impossible_invitation_is_refused_with_a_sentence(ada, group, fields):
    with pytest.raises(InvitationImpossible):
        invite(ada, group, **fields)

    assert not Invitation.objects.exists()


def test_only_leaders_invite(ada):
    with pytest.raises(PermissionDenied):
        invite(ada, make_group(members=[ada]))
    with pytest.raises(NotFound):
        invite(ada, make_group())


def test_who_joins_is_a_member_who_shares_what_they_chose(ada, group):
    grace = make_user(name="Grace")
    code = invite(ada, group).code

    joined = join_group(user=grace, code=code, shares_readiness=True, at=NOON)

    assert joined.is_new
    membership = Membership.objects.get(user=grace)
    assert (membership.role, membership.joined_at) == ("member", NOON)
    assert (membership.shares_readiness, membership.is_seen_by_observers) == (True, False)
    assert [notice.text for notice in ada.notices.all()] == ["Grace has joined “Readers”."]
    assert Invitation.objects.get().uses == 1


def test_joining_twice_spends_one_use_and_changes_nothing(ada, group):
    grace = make_user()
    code = invite(ada, group, max_uses=1).code
    join_group(user=grace, code=code, at=NOON)

    again = join_group(user=grace, code=code, shares_readiness=True, at=NOON)

    assert not again.is_new
    assert not Membership.objects.get(user=grace).shares_readiness
    assert Invitation.objects.get().uses == 1
    assert not join_group(user=ada, code=code, at=NOON).is_new


def test_a_code_for_two_lets_no_third_one_in(ada, group):
    code = invite(ada, group, max_uses=2).code
    for _ in range(2):
        join_group(user=make_user(), code=code, at=NOON)

    with pytest.raises(NotFound):
        join_group(user=make_user(), code=code, at=NOON)
    assert Invitation.objects.get().uses == 2


def spent(ada, group, grace):
    code = invite(ada, group, max_uses=1).code
    join_group(user=make_user(), code=code, at=NOON)
    return code


def revoked(ada, group, grace):
    new = invite(ada, group)
    for _ in range(2):
        assert revoke_invitation(user=ada, group=group, public_id=new.invitation.public_id)
    return new.code


def expired(ada, group, grace):
    return invite(ada, group, expires_at=NOON + timedelta(days=1), at=NOON).code


def for_another_address(ada, group, grace):
    return invite(ada, group, email="somebody@example.org").code


def of_a_banned_person(ada, group, grace):
    code = invite(ada, group).code
    join_group(user=grace, code=code, at=NOON)
    remove_member(user=ada, group=group, member=grace, bans=True)
    return code


def of_an_archived_group(ada, group, grace):
    code = invite(ada, group).code
    edit_group(user=ada, group=group, is_archived=True)
    return code


def of_a_deleted_group(ada, group, grace):
    code = invite(ada, group).code
    delete_group(user=ada, group=group)
    return code


def unknown(ada, group, grace):
    return "x" * 26


def half_a_character(ada, group, grace):
    return "\ud800\0"


@pytest.mark.parametrize(
    "code_of",
    [
        spent, revoked, expired, for_another_address, of_a_banned_person, of_an_archived_group,
        of_a_deleted_group, unknown, half_a_character,
    ],
)  # fmt: skip
def test_a_code_that_is_no_good_looks_as_if_there_were_none(ada, group, code_of):
    grace = make_user()
    code = code_of(ada, group, grace)
    later = NOON + timedelta(days=1)
    uses = list(Invitation.objects.values_list("uses", flat=True))

    with pytest.raises(NotFound):
        open_invitation(user=grace, code=code, at=later)
    with pytest.raises(NotFound):
        join_group(user=grace, code=code, at=later)

    assert not Membership.objects.filter(user=grace).exists()
    assert list(Invitation.objects.values_list("uses", flat=True)) == uses


def test_an_invitation_by_mail_is_for_its_address_once(ada, group):
    grace = make_user("grace@example.org")
    new = invite(ada, group, email=" Grace@Example.org ")

    assert (new.invitation.email, new.invitation.max_uses) == ("grace@example.org", 1)
    assert join_group(user=grace, code=new.code, at=NOON).is_new


@pytest.mark.parametrize("email", ["nobody", "a@b", f"{'a' * 250}@example.org", "a\0@example.org"])
def test_an_address_that_is_none_is_refused(ada, group, email):
    with pytest.raises(ValidationError) as refusal:
        invite(ada, group, email=email)

    assert list(refusal.value.message_dict) == ["email"]


def test_an_invitation_by_mail_is_on_its_way_and_a_link_is_not(ada, group):
    invite(ada, group)
    new = invite(ada, group, email="grace@example.org")

    mail = Outgoing.objects.get()
    assert (mail.address, mail.payload["code"]) == ("grace@example.org", new.code)


def test_nobody_gets_more_than_two_invitations_a_day(ada, group):
    other = make_group(leader=make_user())
    leader = Membership.objects.get(group=other).user
    invite(ada, group, email="grace@example.org")
    invite(leader, other, email="grace@example.org")

    with pytest.raises(TooManyInvitations, match="This address"):
        invite(ada, group, email="GRACE@example.org", at=NOON + timedelta(hours=23))
    invite(ada, group, email="grace@example.org", at=NOON + timedelta(hours=25))


def test_a_leader_sends_twenty_invitations_a_day(ada, group):
    for number in range(20):
        invite(ada, group, email=f"person-{number}@example.org")

    with pytest.raises(TooManyInvitations, match="20 people"):
        invite(ada, group, email="one-more@example.org")
    invite(ada, group)
    invite(ada, make_group(leader=ada), email="one-more@example.org")


def test_a_hundred_open_invitations_are_enough(ada, group):
    for _ in range(100):
        invite(ada, group)

    with pytest.raises(TooManyInvitations, match="100 open"):
        invite(ada, group)
    invite(ada, group, at=NOON + timedelta(days=15))


def test_joining_answers_the_request_of_the_same_person(ada):
    group, grace = make_group(leader=ada, visibility="public"), make_user()
    ask_to_join(user=grace, group=group)

    join_group(user=grace, code=invite(ada, group).code, at=NOON)

    assert not JoinRequest.objects.exists()


def test_a_full_group_says_so_and_spends_no_use(ada, group, monkeypatch):
    monkeypatch.setattr("tracker.actions.members.MAXIMUM_PEOPLE", 1)
    code = invite(ada, group).code

    with pytest.raises(GroupFull):
        join_group(user=make_user(), code=code, at=NOON)

    assert Invitation.objects.get().uses == 0
