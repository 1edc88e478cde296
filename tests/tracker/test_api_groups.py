"""Groups over REST."""

import json

import pytest
from django.test import Client

from tests.factories import make_group, make_token, make_user
from tracker.models import Scope, StudyGroup

pytestmark = pytest.mark.django_db
JSON = "application/json"
GROUPS = "/api/v1/groups/"


def with_scope(user, *scopes):
    return Client(headers={"Authorization": f"Bearer {make_token(user, scopes=scopes).secret}"})


def without_instance(response):
    return {name: value for name, value in response.json().items() if name != "instance"}


def test_a_group_is_started_by_one_call(ada, ada_api):
    response = ada_api.post(GROUPS, {"name": "Readers", "resource": "mml-book"}, content_type=JSON)

    group = StudyGroup.objects.get()
    assert response.status_code == 201
    assert response["Location"] == f"/api/v1/groups/{group.public_id}/"
    assert response.json() == {
        "id": group.public_id,
        "name": "Readers",
        "about": "",
        "about_html": "",
        "time_zone": "UTC",
        "resource": "mml-book",
        "visibility": "private",
        "open": False,
        "archived": False,
        "member_count": 1,
        "role": "leader",
        "created_at": group.created_at.isoformat().replace("+00:00", "Z"),
    }
    assert ada_api.get(response["Location"]).json() == response.json()


def test_a_repeated_key_starts_one_group(ada_api):
    answers = [
        ada_api.post(
            GROUPS, {"name": "Readers"}, content_type=JSON, headers={"Idempotency-Key": "one"}
        )
        for _ in range(2)
    ]

    assert StudyGroup.objects.count() == 1
    assert answers[0].json() == answers[1].json()
    assert answers[1]["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": None}, "/name"),
        ({"name": "a" * 201}, "/name"),
        ({"about": "a" * 5001}, "/about"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone"),
        ({"resource": "no-such-book"}, "/resource"),
        ({"resource": 7}, "/resource"),
        ({"visibility": "secret"}, "/visibility"),
        ({"role": "leader"}, "/role"),
    ],
)
def test_a_group_that_does_not_fit_is_a_400_that_points_to_it(ada_api, changes, pointer):
    response = ada_api.post(GROUPS, {"name": "Readers"} | changes, content_type=JSON)

    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert not StudyGroup.objects.exists()


def test_the_list_is_mine_and_the_directory_is_asked_for(ada, ada_api):
    make_group("Mine", members=[ada])
    make_group("Theirs", visibility="public")
    make_group("Hidden")

    def listed(query):
        return [(one["name"], one["role"]) for one in ada_api.get(GROUPS + query).json()["results"]]

    assert listed("") == [("Mine", "member")]
    assert listed("?public=true") == [("Theirs", None)]
    assert listed("?public=true&search=their") == [("Theirs", None)]
    assert listed("?public=true&search=nothing") == []
    assert ada_api.get(f"{GROUPS}?order=name").status_code == 400


def test_a_private_group_cannot_be_told_from_one_that_is_not(ada, ada_api):
    hidden = make_group()

    answers = [ada_api.get(f"{GROUPS}{one}/") for one in (hidden.public_id, "x" * 20)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert without_instance(answers[0]) == without_instance(answers[1])
    assert answers[0].headers.keys() == answers[1].headers.keys()


def test_a_token_without_the_scope_learns_of_no_private_group(ada):
    mine, hidden = make_group(leader=ada), make_group()
    api = with_scope(ada, Scope.WRITE)

    seen, unseen, nothing = (
        api.get(f"{GROUPS}{one}/") for one in (mine.public_id, hidden.public_id, "x" * 20)
    )

    assert (seen.status_code, seen.json()["code"]) == (403, "insufficient_scope")
    assert [unseen.status_code, nothing.status_code] == [404, 404]
    assert without_instance(unseen) == without_instance(nothing)


def test_starting_a_group_needs_the_scope_of_leaders(ada):
    for scopes, status in (((Scope.READ, Scope.WRITE), 403), ((Scope.GROUPS,), 201)):
        api = with_scope(ada, *scopes)
        assert api.post(GROUPS, json.dumps({"name": "x"}), JSON).status_code == status


@pytest.mark.parametrize("size", [1, 20])
def test_a_list_of_groups_costs_the_same_however_long_it_is(ada, ada_api, count_queries, size):
    for _ in range(size):
        make_group(members=[ada, make_user()])
    ada_api.get(GROUPS)

    with count_queries() as queries:
        assert ada_api.get(GROUPS).json()["count"] == size

    assert len(queries) == 4  # the token with its person, the count of calls, number and rows
