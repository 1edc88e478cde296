"""Many people at one group at once, on PostgreSQL: who comes, goes and leads is decided in turn."""

import threading
from collections import Counter
from contextlib import suppress

import pytest
from django.db import transaction

from mlmath.errors import NotFound
from tests.factories import make_group, make_user
from tests.races import race
from tracker.actions import mail, members
from tracker.actions.groups import edit_group
from tracker.actions.invitations import TooManyInvitations, create_invitation, join_group
from tracker.actions.members import (
    LastLeader,
    ask_to_join,
    change_role,
    leave_group,
    remove_member,
)
from tracker.actions.people import delete_account
from tracker.models import (
    GroupRole,
    Invitation,
    MailKind,
    Membership,
    Outgoing,
    StudyGroup,
    User,
)

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def kinds(*works):
    """How often each kind of error is raised by what runs at once."""
    return Counter(race(*works))


@pytest.fixture
def leader(transactional_db, catalog):
    return make_user("leader@example.org", name="Ada")


def meet_after_the_check(monkeypatch, *, seconds):
    """Let both writers stand behind the check for a leader, if they get there together in time."""
    check, both = members._keep_a_leader, threading.Barrier(2)

    def checking(*args, **kwargs):
        check(*args, **kwargs)
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=seconds)

    monkeypatch.setattr(members, "_keep_a_leader", checking)


def without_the_lock(monkeypatch):
    monkeypatch.setattr(members, "lock_group", lambda group: StudyGroup.objects.get(pk=group.pk))


def leaders(group):
    return group.memberships.filter(role=GroupRole.LEADER).count()


# --- A code for one ------------------------------------------------------------------------------


def test_of_twenty_people_with_a_code_for_one_exactly_one_comes_in(leader):
    group = make_group(leader=leader)
    new = create_invitation(user=leader, group=group, max_uses=1)
    people = [make_user() for _ in range(20)]

    raised = kinds(*(lambda user=user: join_group(user=user, code=new.code) for user in people))

    assert raised == {NotFound: 19}
    assert group.memberships.filter(user__in=people).count() == 1
    assert Invitation.objects.get().uses == 1


def test_a_join_that_looks_first_and_counts_later_would_let_several_in(leader):
    """If this fails, the test above proves nothing: its people do not come at once."""
    group = make_group(leader=leader)
    create_invitation(user=leader, group=group, max_uses=1)
    people, inside = [make_user() for _ in range(20)], threading.Barrier(20)

    @transaction.atomic
    def careless_join(user):
        invitation = Invitation.objects.get()
        inside.wait(timeout=60)
        if invitation.uses < 1:
            Membership.objects.create(
                group=group, user=user, role="member", joined_at=invitation.created_at
            )
            Invitation.objects.filter(pk=invitation.pk).update(uses=invitation.uses + 1)

    race(*(lambda user=user: careless_join(user) for user in people))

    assert group.memberships.filter(user__in=people).count() > 1


def test_one_person_who_joins_twice_at_once_is_in_once(leader):
    group = make_group(leader=leader)
    new = create_invitation(user=leader, group=group, max_uses=2)
    grace = make_user()

    raised = kinds(*[lambda: join_group(user=grace, code=new.code)] * 8)

    assert raised == {}
    assert group.memberships.filter(user=grace).count() == 1
    assert Invitation.objects.get().uses == 1


# --- The last leader -----------------------------------------------------------------------------


def test_two_leaders_who_leave_at_once_leave_one_behind(leader, monkeypatch):
    group, other = make_group(leader=leader), make_user()
    change_role_to_leader(group, other)
    meet_after_the_check(monkeypatch, seconds=1)

    raised = kinds(
        lambda: leave_group(user=leader, group=group), lambda: leave_group(user=other, group=group)
    )

    assert raised == {LastLeader: 1}
    assert leaders(group) == 1


def test_without_the_lock_both_would_go(leader, monkeypatch):
    """If this fails, the test above proves nothing."""
    group, other = make_group(leader=leader), make_user()
    change_role_to_leader(group, other)
    meet_after_the_check(monkeypatch, seconds=60)
    without_the_lock(monkeypatch)

    raised = kinds(
        lambda: leave_group(user=leader, group=group), lambda: leave_group(user=other, group=group)
    )

    assert raised == {}
    assert leaders(group) == 0


def test_two_leaders_who_step_back_at_once_leave_one_leading(leader, monkeypatch):
    group, other = make_group(leader=leader), make_user()
    change_role_to_leader(group, other)
    meet_after_the_check(monkeypatch, seconds=1)

    def step_back(user):
        change_role(user=user, group=group, member=user, role=GroupRole.MEMBER)

    raised = kinds(lambda: step_back(leader), lambda: step_back(other))

    assert raised == {LastLeader: 1}
    assert leaders(group) == 1


def test_one_leader_leaves_while_the_other_deletes_the_account(leader):
    for number in range(5):
        group, other = make_group(leader=leader, members=[make_user()]), make_user()
        change_role_to_leader(group, other)
        raised = kinds(
            lambda group=group: leave_group(user=leader, group=group),
            lambda other=other: delete_account(user=other),
        )
        assert raised == {LastLeader: 1}, number
        assert leaders(group) == 1


def change_role_to_leader(group, user):
    Membership.objects.create(
        group=group, user=user, role=GroupRole.LEADER, joined_at=group.created_at
    )


# --- Removal -------------------------------------------------------------------------------------


def test_who_is_removed_while_joining_again_is_in_or_out_and_never_both(leader):
    group, grace = make_group(leader=leader, members=[make_user()]), make_user()
    code = create_invitation(user=leader, group=group).code
    for _ in range(5):
        join_group(user=grace, code=code)
        race(
            lambda: remove_member(user=leader, group=group, member=grace, bans=True),
            lambda: join_group(user=grace, code=code),
        )
        assert not group.memberships.filter(user=grace).exists()
        assert group.bans.filter(user=grace).count() == 1
        group.bans.all().delete()


def test_a_leader_who_is_removed_meanwhile_writes_before_or_not_at_all(leader):
    group, other = make_group("Readers", leader=leader), make_user()
    for number in range(5):
        change_role_to_leader(group, other)
        raised = kinds(
            lambda: remove_member(user=leader, group=group, member=other),
            lambda name=f"Name {number}": edit_group(user=other, group=group, name=name),
        )
        group.refresh_from_db()
        assert raised in ({}, {NotFound: 1})
        assert (group.name == f"Name {number}") == (raised == {})


def test_eight_requests_of_one_person_are_one(leader):
    group, grace = make_group(leader=leader, visibility="public"), make_user()

    raised = kinds(*[lambda: ask_to_join(user=grace, group=group)] * 8)

    assert raised == {}
    assert group.join_requests.count() == 1
    assert User.objects.get(pk=leader.pk).notices.count() == 1


# --- Two invitations a day to one address ---------------------------------------------------------


def invite_from_six_groups():
    """How many mails leave when six leaders invite one address at the same moment."""
    groups = [(make_group(leader=user), user) for user in [make_user() for _ in range(6)]]

    raised = kinds(
        *(
            lambda group=group, user=user: create_invitation(
                user=user, group=group, email="friend@example.org"
            )
            for group, user in groups
        )
    )

    sent = Outgoing.objects.filter(kind=MailKind.INVITATION).count()
    assert raised == ({TooManyInvitations: 6 - sent} if sent < 6 else {})
    return sent


def test_six_groups_that_invite_one_address_at_once_send_two_mails(leader):
    assert invite_from_six_groups() == 2


def test_without_the_lock_the_address_would_get_more(leader, monkeypatch):
    """If this fails, the test above proves nothing."""
    write, counted = mail._write, threading.Barrier(6)

    def write_together(**arguments):
        counted.wait(timeout=60)
        write(**arguments)

    monkeypatch.setattr(mail, "lock_name", lambda _: True)
    monkeypatch.setattr(mail, "_write", write_together)

    assert invite_from_six_groups() == 6
