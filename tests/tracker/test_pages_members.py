"""The pages about who is in a group, how people come in, and what leaders change."""

import re
from datetime import date

import pytest
from django.test import Client

from tests.factories import make_group, make_user
from tracker.actions.members import ask_to_join
from tracker.actions.progress import Mark, mark_topics
from tracker.models import (
    Ban,
    GroupRole,
    Invitation,
    JoinRequest,
    Membership,
    Outgoing,
    Source,
    StudyGroup,
    TopicState,
)

pytestmark = pytest.mark.django_db


def browser(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def grace(db):
    return make_user("grace@example.org", name="Grace Hopper")


@pytest.fixture
def group(ada, grace):
    """Ada leads, Grace is a member."""
    return make_group("Readers", leader=ada, members=[grace])


def text(client, path):
    response = client.get(path)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def roles(group):
    return dict(group.memberships.values_list("user__name", "role"))


def test_members_see_who_is_in_the_group_and_no_address_or_activity(group, grace, ada):
    Membership.objects.update(last_active_on=date(2026, 11, 1))

    page = text(browser(grace), f"/groups/{group.public_id}/members/")

    assert "Ada Lovelace" in page
    assert ada.email not in page
    assert page.count("last active 1 November 2026") == 1  # her own
    assert "Invite people" not in page
    assert "Make a leader" not in page


def test_in_an_open_group_members_see_activity_too(group, grace):
    Membership.objects.update(last_active_on=date(2026, 11, 1))
    StudyGroup.objects.update(is_open=True)

    page = text(browser(grace), f"/groups/{group.public_id}/members/")

    assert page.count("last active 1 November 2026") == 2


def test_observers_see_those_who_agreed_and_how_many_are_not_shown(ada, grace):
    watcher, alan = make_user(), make_user(name="Alan Turing")
    group = make_group(leader=ada, members=[grace, alan], observers=[watcher])
    group.memberships.filter(user=alan).update(is_seen_by_observers=True)

    page = text(browser(watcher), f"/groups/{group.public_id}/members/")

    assert "Alan Turing" in page
    assert "Grace Hopper" not in page
    assert "1 of them is not shown to observers" in page
    leader_page = text(browser(ada), f"/groups/{group.public_id}/members/")
    assert leader_page.count("hidden from observers") == 1


def test_a_leader_changes_a_role(ada, ada_browser, grace, group):
    address = f"/groups/{group.public_id}/members/{grace.public_id}/role/"

    response = ada_browser.post(address, {"role": "leader"}, follow=True)

    assert "Grace Hopper is now a leader." in response.content.decode()
    assert roles(group)["Grace Hopper"] == "leader"
    assert ada_browser.post(address, {"role": "king"}).status_code == 400


def test_the_last_leader_is_told_why_not(ada, ada_browser, group):
    address = f"/groups/{group.public_id}/members/{ada.public_id}/role/"

    response = ada_browser.post(address, {"role": "member"}, follow=True)

    assert "needs a leader" in response.content.decode()
    assert roles(group)["Ada Lovelace"] == "leader"


def test_removing_asks_first_and_may_ban(ada_browser, grace, group):
    address = f"/groups/{group.public_id}/members/{grace.public_id}/remove/"
    assert "Remove Grace Hopper?" in text(ada_browser, address)

    for _ in range(2):
        response = ada_browser.post(address, {"bans": "on"})
        assert response["Location"] == f"/groups/{group.public_id}/members/"

    assert roles(group) == {"Ada Lovelace": "leader"}
    assert Ban.objects.get().user == grace
    assert browser(grace).get(f"/groups/{group.public_id}/members/").status_code == 404
    page = text(ada_browser, f"/groups/{group.public_id}/members/")
    assert "Not let in again (1)" in page
    ada_browser.post(f"/groups/{group.public_id}/members/{grace.public_id}/unban/")
    assert not Ban.objects.exists()


def test_leaving_asks_first(grace, group):
    address = f"/groups/{group.public_id}/leave/"
    client = browser(grace)
    assert "Leave this group?" in text(client, address)

    response = client.post(address, follow=True)

    assert "You have left “Readers”." in response.content.decode()
    assert roles(group) == {"Ada Lovelace": "leader"}


def test_the_last_leader_who_leaves_is_told_what_to_do(ada_browser, group):
    response = ada_browser.post(f"/groups/{group.public_id}/leave/", follow=True)

    assert "Make somebody else a leader first" in response.content.decode()


def test_sharing_is_a_choice_that_is_kept(grace, group):
    client = browser(grace)
    address = f"/groups/{group.public_id}/sharing/"

    client.post(address, {"shares_readiness": "on"})

    mine = Membership.objects.get(user=grace)
    assert (mine.shares_readiness, mine.is_seen_by_observers) == (True, False)
    client.post(address)
    mine.refresh_from_db()
    assert not mine.shares_readiness


def test_leaders_see_readiness_and_stuck_topics_of_those_who_share_them(
    ada_browser, grace, group, catalog
):
    grace.role_id = catalog.roles["data-scientist"].id
    grace.save()
    topic = catalog.topic_by_slug["vectors"]
    marks = [Mark(topic=topic, state=TopicState.LEARNING, is_stuck=True, stuck_note="secret")]
    mark_topics(user=grace, marks=marks, source=Source.MANUAL)
    address = f"/groups/{group.public_id}/members/{grace.public_id}/"
    members = f"/groups/{group.public_id}/members/"

    assert ada_browser.get(address).status_code == 404
    assert f'href="{address}"' not in text(ada_browser, members)
    Membership.objects.filter(user=grace).update(shares_readiness=True)

    page = text(ada_browser, address)
    assert "0 % ready for Data scientist" in page
    assert 'href="/topics/vectors/">Vectors' in page
    assert "secret" not in page
    assert f'href="{address}"' in text(ada_browser, members)
    other = make_user()
    Membership.objects.create(group=group, user=other, role="member", joined_at="2026-09-01T00:00Z")
    assert browser(other).get(address).status_code == 403


# --- Ways in -------------------------------------------------------------------------------------


def test_a_link_is_shown_once_with_its_picture(ada_browser, group):
    address = f"/groups/{group.public_id}/invite/link/"

    response = ada_browser.post(address, {"days": "7", "max_uses": "3"})

    page = response.content.decode()
    url = re.search(r'value="(http://localhost:8000/join/\w{26}/)"', page)[1]
    assert "data:image/svg+xml" in page
    assert response["Cache-Control"] == "no-store"
    invitation = Invitation.objects.get()
    assert (invitation.max_uses, (invitation.expires_at - invitation.created_at).days) == (3, 7)
    page = text(ada_browser, f"/groups/{group.public_id}/members/")
    assert url not in page
    assert "0 of 3 joined" in page


@pytest.mark.parametrize("typed", [{"days": "0"}, {"days": "14", "max_uses": "0"}, {}])
def test_a_link_that_does_not_fit_comes_back_with_the_reason(ada_browser, group, typed):
    response = ada_browser.post(f"/groups/{group.public_id}/invite/link/", typed)

    assert response.status_code == 422
    assert "errorlist" in response.content.decode()
    assert not Invitation.objects.exists()


def test_an_invitation_by_mail_is_written_once_by_a_double_click(ada_browser, group):
    page = text(ada_browser, f"/groups/{group.public_id}/members/")
    key = re.search(r'name="form_key" value="(\w+)"', page)[1]
    address = f"/groups/{group.public_id}/invite/mail/"

    for _ in range(2):
        response = ada_browser.post(address, {"email": "alan@example.org", "form_key": key})
        assert response["Location"] == f"/groups/{group.public_id}/members/"

    assert Outgoing.objects.get(kind="invitation").address == "alan@example.org"
    assert "alan@example.org" in text(ada_browser, f"/groups/{group.public_id}/members/")
    response = ada_browser.post(address, {"email": "nobody"})
    assert response.status_code == 422


def test_an_invitation_is_taken_back(ada_browser, group):
    ada_browser.post(f"/groups/{group.public_id}/invite/link/", {"days": "7"})
    invitation = Invitation.objects.get()
    address = f"/groups/{group.public_id}/invitations/{invitation.public_id}/revoke/"

    assert ada_browser.post(address).status_code == 302
    assert ada_browser.post(address).status_code == 302

    invitation.refresh_from_db()
    assert invitation.revoked_at is not None
    other = make_group(leader=make_user())
    assert ada_browser.post(address.replace(group.public_id, other.public_id)).status_code == 404


def test_asking_to_join_a_public_group_and_being_let_in(ada, ada_browser, grace):
    group = make_group("Open Readers", leader=ada, visibility="public")
    address, client = f"/groups/{group.public_id}/", browser(grace)
    assert "your name, and where you are" in text(client, address)

    client.post(f"{address}ask/", {"message": "Hello"})

    assert "You have asked to join" in text(client, address)
    assert "“Hello”" in text(ada_browser, f"{address}members/")
    answer = f"{address}requests/{grace.public_id}/"
    response = ada_browser.post(answer, {"answer": "yes"}, follow=True)
    assert "Grace Hopper is in now." in response.content.decode()
    response = ada_browser.post(answer, {"answer": "no"}, follow=True)
    assert "answered or taken back already" in response.content.decode()
    assert roles(group)["Grace Hopper"] == "member"
    assert client.post(f"{address}ask/").status_code == 302


def test_a_declined_request_says_when_to_ask_again(ada, ada_browser, grace):
    group = make_group("Open Readers", leader=ada, visibility="public")
    ask_to_join(user=grace, group=group)
    address = f"/groups/{group.public_id}/"

    ada_browser.post(f"{address}requests/{grace.public_id}/", {"answer": "no"})
    response = browser(grace).post(f"{address}ask/", {"message": "Please"})

    assert response.status_code == 422
    assert "You can ask again after" in response.content.decode()


def test_a_request_is_taken_back(grace):
    group = make_group(visibility="public")
    ask_to_join(user=grace, group=group)

    browser(grace).post(f"/groups/{group.public_id}/ask/withdraw/")

    assert not JoinRequest.objects.exists()


def test_a_private_group_is_not_asked(grace):
    group = make_group()

    for path in ("ask/", "ask/withdraw/"):
        assert browser(grace).post(f"/groups/{group.public_id}/{path}").status_code == 404


# --- Settings ------------------------------------------------------------------------------------

EDITED = {"name": "Writers", "time_zone": "UTC", "visibility": "public", "version": "1"}


def test_a_leader_changes_what_the_group_says(ada_browser, group):
    address = f"/groups/{group.public_id}/settings/"
    assert 'value="Readers"' in text(ada_browser, address)

    response = ada_browser.post(address, EDITED | {"is_open": "on", "resource": "mml-book"})

    assert response["Location"] == address
    group.refresh_from_db()
    assert (group.name, group.visibility, group.is_open) == ("Writers", "public", True)
    assert group.resource.slug == "mml-book"
    assert ada_browser.post(address, EDITED | {"name": ""}).status_code == 422


def test_of_two_leaders_the_second_sees_what_the_first_wrote_and_keeps_what_they_typed(
    ada_browser, group
):
    address = f"/groups/{group.public_id}/settings/"
    ada_browser.post(address, EDITED)

    response = ada_browser.post(address, EDITED | {"name": "Talkers", "about": "Mine"})

    page = response.content.decode()
    assert response.status_code == 409
    assert "<dt>Name</dt><dd>Writers</dd>" in page
    assert 'value="Talkers"' in page
    assert 'name="version" value="2"' in page
    group.refresh_from_db()
    assert group.name == "Writers"
    response = ada_browser.post(address, EDITED | {"name": "Talkers", "version": "2"})
    assert response.status_code == 302


def test_a_group_is_archived_and_brought_back(ada_browser, grace, group):
    address = f"/groups/{group.public_id}/settings/"
    ada_browser.post(f"{address}archive/", {"archived": "yes"})

    assert "This group is archived" in text(browser(grace), f"/groups/{group.public_id}/")
    assert "Bring it back" in text(ada_browser, address)
    assert ada_browser.post(address, EDITED).status_code == 422
    ada_browser.post(f"{address}archive/", {"archived": "no"})
    group.refresh_from_db()
    assert group.archived_at is None


def test_deleting_takes_the_name(ada_browser, grace, group):
    address = f"/groups/{group.public_id}/settings/delete/"

    wrong = ada_browser.post(address, {"typed_name": "readers"})
    assert wrong.status_code == 422
    right = ada_browser.post(address, {"typed_name": " Readers "}, follow=True)

    assert "“Readers” is deleted." in right.content.decode()
    assert ada_browser.get(f"/groups/{group.public_id}/").status_code == 404
    assert "You are in no group yet" in text(browser(grace), "/groups/")


def test_handing_over_leaves_a_member(ada_browser, grace, group):
    address = f"/groups/{group.public_id}/settings/give/"

    ada_browser.post(address, {"person": grace.public_id})

    assert roles(group) == {"Ada Lovelace": "member", "Grace Hopper": "leader"}
    assert ada_browser.post(address, {"person": grace.public_id}).status_code == 403


@pytest.mark.parametrize("size", [3, 200])
@pytest.mark.parametrize("role", list(GroupRole))
def test_the_list_of_members_costs_the_same_however_long_it_is(
    ada, ada_browser, count_queries, size, role
):
    others = [make_user(name=f"Person {number}") for number in range(size)]
    group = make_group(members=others)
    Membership.objects.create(group=group, user=ada, role=role, joined_at="2026-09-01T00:00Z")
    address = f"/groups/{group.public_id}/members/"
    ada_browser.get(address)

    with count_queries() as queries:
        ada_browser.get(address)

    assert len(queries) <= 8
