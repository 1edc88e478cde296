"""The page that one comes to by a link: who sees what, and a yes."""

import re

import pytest
from django.test import Client

from tests.factories import make_group, make_user
from tracker.actions.invitations import create_invitation
from tracker.actions.members import remove_member
from tracker.models import Invitation, Membership

pytestmark = pytest.mark.django_db


def browser(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def group(ada):
    return make_group("Tuesday Readers", leader=ada, about_html="<p>One chapter a week.</p>")


@pytest.fixture
def link(ada, group):
    return f"/join/{create_invitation(user=ada, group=group).code}/"


def test_the_page_says_who_will_see_what_before_anything_happens(link):
    response = browser(make_user(name="Grace")).get(link)

    page = response.content.decode()
    assert "Join Tuesday Readers?" in page
    assert "Ada Lovelace invites you." in page
    assert "One chapter a week." in page
    assert "your e-mail address, your own ticks" in page
    assert (response["Referrer-Policy"], response["Cache-Control"]) == ("strict-origin", "no-store")
    assert Membership.objects.count() == 1
    assert Invitation.objects.get().uses == 0


def test_who_says_yes_is_in_and_shares_what_they_chose(group, link):
    grace = make_user(name="Grace")

    response = browser(grace).post(link, {"is_seen_by_observers": "on"})

    assert response["Location"] == f"/groups/{group.public_id}/"
    mine = Membership.objects.get(user=grace)
    assert (mine.role, mine.shares_readiness, mine.is_seen_by_observers) == ("member", False, True)


def test_somebody_without_a_name_is_asked_for_one(link):
    grace = make_user()
    client = browser(grace)
    assert "What should the group call you?" in client.get(link).content.decode()

    assert client.post(link).status_code == 422
    client.post(link, {"name": "Grace"})

    grace.refresh_from_db()
    assert grace.name == "Grace"
    assert Membership.objects.filter(user=grace).exists()


def test_who_is_in_already_goes_to_the_group(ada_browser, group, link):
    for response in (ada_browser.get(link), ada_browser.post(link)):
        assert response["Location"] == f"/groups/{group.public_id}/"
    assert Invitation.objects.get().uses == 0


def test_a_double_click_ends_in_the_group(ada, group):
    code = create_invitation(user=ada, group=group, max_uses=1).code
    client = browser(make_user(name="Grace"))

    answers = [client.post(f"/join/{code}/") for _ in range(2)]

    assert {answer["Location"] for answer in answers} == {f"/groups/{group.public_id}/"}


def test_all_bad_codes_get_the_same_kind_page(ada, group, link):
    grace = make_user(name="Grace")
    client = browser(grace)
    client.post(link)
    remove_member(user=ada, group=group, member=grace, bans=True)

    def page(path):
        response = client.get(path)
        text = re.sub(r'"X-CSRFToken": "\w+"|value="\w{64}"', "", response.content.decode())
        return response.status_code, response["Referrer-Policy"], text

    assert page(link)[:2] == (404, "strict-origin")
    assert "This invitation lets nobody in" in page(link)[2]
    assert page(link) == page("/join/unknown/")
    assert client.post(link).status_code == 404


def test_signed_out_people_come_back_to_the_link_after_signing_up(client, group, link):
    response = client.get(link)
    assert response["Location"] == f"/accounts/login/?next={link}"

    sign_in = client.get(response["Location"]).content.decode()
    sign_up = re.search(r'href="(/accounts/signup/\?next=[^"]+)"', sign_in)[1]
    made = client.post(
        sign_up,
        {"email": "grace@example.org", "password1": "a nabla walks into a bar", "next": link},
    )

    assert made["Location"] == link
    assert "Join Tuesday Readers?" in client.get(link).content.decode()
