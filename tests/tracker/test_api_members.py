"""Members, requests, bans, invitations and joining over REST."""

import json
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import make_group, make_token, make_user
from tracker.actions.invitations import create_invitation
from tracker.models import Ban, Invitation, JoinRequest, Membership, Outgoing, Scope, StudyGroup

pytestmark = pytest.mark.django_db
JSON = "application/json"
JOINED = "2026-09-01T00:00:00Z"


def api(user, *scopes):
    secret = make_token(user, scopes=scopes or tuple(Scope)).secret
    return Client(headers={"Authorization": f"Bearer {secret}"})


def call(client, method, path, body=None, **headers):
    text = json.dumps(body) if body is not None else ""
    return client.generic(method, f"/api/v1{path}", text, JSON, headers=headers)


@pytest.fixture
def grace(db):
    return make_user(name="Grace")


@pytest.fixture
def group(ada, grace):
    """Ada leads, Grace is a member."""
    return make_group("Readers", leader=ada, members=[grace])


@pytest.fixture
def here(group):
    return f"/groups/{group.public_id}"


def test_a_leader_sees_days_and_sharing_and_a_member_only_names(ada, ada_api, grace, here):
    Membership.objects.filter(user=ada).update(last_active_on=date(2026, 11, 1))

    listed = call(ada_api, "GET", f"{here}/members/").json()
    seen = call(api(grace), "GET", f"{here}/members/").json()

    assert listed["count"] == 2
    assert listed["results"][0] == {
        "id": ada.public_id,
        "name": "Ada Lovelace",
        "role": "leader",
        "joined_at": JOINED,
        "last_active_on": "2026-11-01",
        "shares_readiness": False,
        "seen_by_observers": False,
    }
    assert seen["results"][0] == {
        "id": ada.public_id,
        "name": "Ada Lovelace",
        "role": "leader",
        "joined_at": None,
        "last_active_on": None,
        "shares_readiness": None,
        "seen_by_observers": None,
    }
    assert seen["results"][1]["joined_at"] == JOINED


def test_a_role_is_changed_by_a_leader_and_never_the_last_one(ada, ada_api, grace, here):
    response = call(ada_api, "PATCH", f"{here}/members/{grace.public_id}/", {"role": "observer"})
    assert (response.status_code, response.json()["role"]) == (200, "observer")

    refused = call(ada_api, "PATCH", f"{here}/members/{ada.public_id}/", {"role": "member"})

    assert (refused.status_code, refused.json()["code"]) == (409, "last_leader")
    refused = call(ada_api, "DELETE", f"{here}/members/{ada.public_id}/")
    assert (refused.status_code, refused.json()["code"]) == (409, "last_leader")


def test_one_chooses_what_one_shares_and_nobody_else_does(ada_api, grace, here):
    body = {"shares_readiness": True, "seen_by_observers": True}

    response = call(api(grace, Scope.WRITE), "PATCH", f"{here}/members/{grace.public_id}/", body)

    assert response.json()["shares_readiness"] is True
    refused = call(ada_api, "PATCH", f"{here}/members/{grace.public_id}/", body)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("scopes", "body", "status"),
    [
        ([Scope.WRITE], {"role": "leader"}, 403),
        ([Scope.GROUPS], {"role": "leader"}, 200),
        ([Scope.GROUPS], {"shares_readiness": True}, 403),
        ([Scope.WRITE], {"shares_readiness": True}, 200),
        ([Scope.READ], {}, 403),
        ([Scope.WRITE], {"role": "leader", "shares_readiness": True}, 403),
    ],
)
def test_the_body_decides_which_scope_a_change_of_oneself_takes(ada, here, scopes, body, status):
    response = call(api(ada, *scopes), "PATCH", f"{here}/members/{ada.public_id}/", body)

    assert response.status_code == status
    assert Membership.objects.get(user=ada).shares_readiness == (
        status == 200 and "shares_readiness" in body
    )


def test_a_role_that_is_refused_leaves_the_sharing_as_it_was(ada, ada_api, here):
    body = {"role": "member", "shares_readiness": True}

    assert call(ada_api, "PATCH", f"{here}/members/{ada.public_id}/", body).status_code == 409

    assert not Membership.objects.get(user=ada).shares_readiness


def test_one_leaves_by_deleting_oneself_and_is_then_outside(grace, here):
    client = api(grace, Scope.WRITE)
    mine = f"{here}/members/{grace.public_id}/"

    assert [call(client, "DELETE", mine).status_code for _ in range(2)] == [204, 404]


def test_a_leader_removes_and_bans_and_lifts_the_ban(ada_api, grace, here):
    assert call(ada_api, "DELETE", f"{here}/members/{grace.public_id}/?ban=true").status_code == 204

    listed = call(ada_api, "GET", f"{here}/bans/").json()["results"]
    assert [(one["id"], one["name"]) for one in listed] == [(grace.public_id, "Grace")]
    ban = f"{here}/bans/{grace.public_id}/"
    assert [call(ada_api, "DELETE", ban).status_code for _ in range(2)] == [204, 404]
    assert not Ban.objects.exists()


def test_readiness_is_for_leaders_and_only_of_those_who_share_it(ada_api, grace, here, catalog):
    grace.role_id = catalog.roles["data-scientist"].id
    grace.save()
    address = f"{here}/members/{grace.public_id}/readiness/"
    assert call(ada_api, "GET", address).status_code == 404
    Membership.objects.filter(user=grace).update(shares_readiness=True)

    assert call(ada_api, "GET", address).json() == {
        "id": grace.public_id,
        "name": "Grace",
        "role": "data-scientist",
        "percent": 0,
        "stuck": [],
    }


# --- The group ---------------------------------------------------------------------------------


def test_a_group_is_changed_archived_and_deleted(ada_api, group, here):
    body = {"name": "Writers", "resource": None, "open": True, "archived": True}
    response = call(ada_api, "PATCH", f"{here}/", body)

    answer = response.json()
    assert (answer["name"], answer["open"], answer["archived"]) == ("Writers", True, True)
    assert response["ETag"].startswith(f'"{group.public_id}-2-')
    refused = call(ada_api, "PATCH", f"{here}/", {"name": "Talkers"})
    assert (refused.status_code, refused.json()["code"]) == (409, "group_archived")
    assert call(ada_api, "PATCH", f"{here}/", {"archived": False}).status_code == 200
    assert [call(ada_api, "DELETE", f"{here}/").status_code for _ in range(2)] == [204, 404]


def test_a_stale_if_match_changes_and_deletes_nothing(ada_api, group, here):
    stale = call(ada_api, "GET", f"{here}/")["ETag"]
    call(ada_api, "PATCH", f"{here}/", {"name": "Writers"})

    answers = [
        call(ada_api, "PATCH", f"{here}/", {"name": "Talkers"}, **{"If-Match": stale}),
        call(ada_api, "DELETE", f"{here}/", **{"If-Match": stale}),
    ]

    assert [answer.status_code for answer in answers] == [412, 412]
    group.refresh_from_db()
    assert (group.name, group.deleted_at) == ("Writers", None)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": " "}, "/name"),
        ({"resource": "nope"}, "/resource"),
        ({"visibility": "x"}, "/visibility"),
        ({"archived": "yes"}, "/archived"),
        ({"version": 7}, "/version"),
        ({"created_at": JOINED}, "/created_at"),
    ],
)
def test_a_change_that_does_not_fit_is_a_400_that_points_to_it(ada_api, here, body, pointer):
    response = call(ada_api, "PATCH", f"{here}/", body)

    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


# --- Asking ------------------------------------------------------------------------------------


def test_asking_a_public_group_and_being_let_in(ada, ada_api, grace):
    group = make_group(leader=ada, visibility="public")
    here, client = f"/groups/{group.public_id}", api(grace)

    for _ in range(2):
        asked = call(client, "PUT", f"{here}/requests/mine/", {"message": "Hello"})
        assert (asked.status_code, asked.json()["message"]) == (200, "Hello")

    listed = call(ada_api, "GET", f"{here}/requests/").json()["results"]
    assert [one["id"] for one in listed] == [grace.public_id]
    answer = f"{here}/requests/{grace.public_id}/"
    accepted = call(ada_api, "PUT", answer, {"accepted": True})
    assert accepted.json() == {"id": grace.public_id, "accepted": True}
    assert call(ada_api, "PUT", answer, {"accepted": True}).status_code == 404
    again = call(client, "PUT", f"{here}/requests/mine/")
    assert (again.status_code, again.json()["code"]) == (409, "already_member")


def test_a_request_is_taken_back(grace):
    group = make_group(visibility="public")
    mine = f"/groups/{group.public_id}/requests/mine/"
    call(api(grace), "PUT", mine)

    assert [call(api(grace), "DELETE", mine).status_code for _ in range(2)] == [204, 204]
    assert not JoinRequest.objects.exists()


# --- Invitations -------------------------------------------------------------------------------


def test_a_code_is_shown_once_and_lets_people_in(ada_api, group, here):
    made = call(ada_api, "POST", f"{here}/invitations/", {"max_uses": 1})

    assert made.status_code == 201
    new = made.json()
    assert new["url"] == f"http://localhost:8000/join/{new['code']}/"
    listed = call(ada_api, "GET", f"{here}/invitations/")
    assert new["code"] not in listed.content.decode()
    assert listed.json()["results"] == [
        {name: value for name, value in new.items() if name not in {"code", "url"}}
    ]
    alan = api(make_user(name="Alan"), Scope.WRITE)
    for _ in range(2):
        joined = call(alan, "POST", "/join/", {"code": new["code"], "seen_by_observers": True})
        assert (joined.status_code, joined.json()["id"]) == (200, group.public_id)
        assert joined.json()["role"] == "member"
    late = call(api(make_user()), "POST", "/join/", {"code": new["code"]})
    assert late.status_code == 404


def test_a_repeated_key_makes_one_code_and_shows_it_once(ada_api, here):
    answers = [
        call(ada_api, "POST", f"{here}/invitations/", {}, **{"Idempotency-Key": "one"})
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [201, 409]
    assert answers[1].json()["code"] == "already_shown"
    assert Invitation.objects.count() == 1


def test_an_invitation_for_an_address_is_mailed(ada_api, here):
    made = call(ada_api, "POST", f"{here}/invitations/", {"email": "Alan@Example.org"})

    assert (made.json()["email"], made.json()["max_uses"]) == ("alan@example.org", 1)
    assert Outgoing.objects.get(kind="invitation").address == "alan@example.org"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"max_uses": 0}, "/max_uses"),
        ({"max_uses": 2**63}, "/max_uses"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "9999-12-31T23:59:59Z"}, "/expires_at"),
        ({"email": "nobody"}, "/email"),
        ({"email": "a\u0000@example.org"}, "/email"),
        ({"role": "leader"}, "/role"),
    ],
)
def test_an_invitation_that_does_not_fit_is_a_400_that_points_to_it(ada_api, here, body, pointer):
    response = call(ada_api, "POST", f"{here}/invitations/", body)

    assert response.status_code == 400
    assert not Invitation.objects.exists()
    if "\u0000" not in str(body):
        assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


def test_a_code_is_taken_back(ada, ada_api, group, here):
    new = create_invitation(user=ada, group=group)
    address = f"{here}/invitations/{new.invitation.public_id}/"

    assert [call(ada_api, "DELETE", address).status_code for _ in range(2)] == [204, 204]
    assert call(ada_api, "DELETE", f"{here}/invitations/x/").status_code == 404
    assert call(api(make_user()), "POST", "/join/", {"code": new.code}).status_code == 404


def test_codes_that_are_no_good_cannot_be_told_apart(ada, group):
    at = timezone.now() - timedelta(days=30)
    expired = create_invitation(user=ada, group=group, at=at).code
    deleted = create_invitation(user=ada, group=group).code
    client = api(make_user())
    StudyGroup.objects.filter(pk=group.pk).update(deleted_at=timezone.now())

    answers = [
        call(client, "POST", "/join/", {"code": code}) for code in (expired, deleted, "nonsense")
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("size", [3, 60])
def test_the_list_of_members_costs_the_same_however_long_it_is(ada, ada_api, count_queries, size):
    group = make_group(leader=ada, members=[make_user() for _ in range(size)])
    path = f"/api/v1/groups/{group.public_id}/members/"
    ada_api.get(path)

    with count_queries() as queries:
        assert ada_api.get(path).json()["count"] == size + 1

    assert len(queries) == 5
