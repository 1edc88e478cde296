"""Assignments over REST."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import make_assignment, make_group, make_token, make_user
from tracker.models import Assignment, AssignmentProgress, Membership, Scope, UnitProgress

NOW = timezone.now()
SOON = (NOW + timedelta(days=10)).date()
DAY = timedelta(days=1)
LATER = (NOW + timedelta(days=20)).date()


def api(user, *scopes):
    token = make_token(user, scopes=scopes or tuple(Scope))
    return Client(headers={"Authorization": f"Bearer {token.secret}"})


def send(client, method, path, body=None, **headers):
    return client.generic(
        method, path, "" if body is None else json.dumps(body), "application/json", headers=headers
    )


@pytest.fixture
def units(catalog):
    return catalog.resources["mml-book"].units


@pytest.fixture
def bob(db):
    return make_user(name="Bob")


@pytest.fixture
def bob_api(bob):
    return api(bob)


@pytest.fixture
def group(ada, bob):
    return make_group("Tuesday Readers", leader=ada, members=[bob], time_zone="Asia/Kolkata")


@pytest.fixture
def at(group):
    return lambda rest="": f"/api/v1/groups/{group.public_id}/assignments/{rest}"


def due(day, clock="18:29:00"):
    """The end of a day in Kolkata, unless the clock says otherwise."""
    return f"{day}T{clock}Z"


def problem(response, status):
    assert response.status_code == status, response.content
    document = response.json()
    return [(one["pointer"], one["code"]) for one in document.get("errors", [])] or document


def test_a_leader_assigns_a_unit_and_gets_it_published_for_everyone(ada_api, units, at):
    body = {"resource": "mml-book", "unit": "chapter-02", "due_at": due(SOON), "note": "Read."}

    response = send(ada_api, "POST", at(), body)

    assert response.status_code == 201
    made = response.json()
    assert response["Location"] == at(f"{made['id']}/")
    assert made == {
        "id": Assignment.objects.get().public_id,
        "resource": "mml-book",
        "unit": "chapter-02",
        "label": units[1].label,
        "title": units[1].title,
        "due_at": due(SOON),
        "due_on": str(SOON),
        "note": "Read.",
        "draft": False,
        "members": None,
        "own_dates": [],
        "mine": {"state": "todo", "answer": None, "due_at": None},
    }
    assert ada_api.get(response["Location"]).json() == made


def test_the_day_of_an_instant_is_that_of_the_groups_zone(ada_api, at, catalog):
    body = {"resource": "mml-book", "unit": "chapter-02", "due_at": due(SOON, "18:30:00")}

    made = send(ada_api, "POST", at(), body).json()

    assert made["due_at"] == due(SOON, "18:30:00")
    assert made["due_on"] == str(SOON + timedelta(days=1))


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"unit": "chapter-99"}, "/unit", "unknown_unit"),
        ({"resource": "goodfellow-deep-learning", "unit": "week-01"}, "/unit", "unknown_unit"),
        ({"resource": "nothing"}, "/resource", "unknown_resource"),
        ({"due_at": "2020-01-01T00:00:00Z"}, "/due_at", "due_impossible"),
        ({"due_at": "2026-13-01T00:00:00Z"}, "/due_at", "invalid"),
        ({"due_at": "9999-12-31T23:59:59Z"}, "/due_at", "due_impossible"),
        ({"due_at": "0001-01-01T00:00:00+14:00"}, "/due_at", "invalid"),
        ({"note": "x" * 501}, "/note", "max_length"),
        ({"members": ["nobody"]}, "/members/0", "not_a_member"),
        ({"members": []}, "/members", "min_length"),
        ({"draft": "yes"}, "/draft", "invalid"),
        ({"colour": "red"}, "/colour", "unknown_field"),
    ],
)
def test_what_does_not_fit_is_pointed_to(ada_api, at, catalog, change, pointer, code):
    body = {"resource": "mml-book", "unit": "chapter-02", "due_at": due(SOON)} | change

    assert problem(send(ada_api, "POST", at(), body), 400) == [(pointer, code)]
    assert not Assignment.objects.exists()


def test_a_unit_is_assigned_once(ada_api, at, catalog):
    body = {"resource": "mml-book", "unit": "chapter-02", "due_at": due(SOON)}
    send(ada_api, "POST", at(), body)

    assert problem(send(ada_api, "POST", at(), body), 409)["code"] == "already_assigned"


def test_the_same_key_assigns_once_and_gets_the_same_answer(ada_api, at, catalog):
    body = {"resource": "mml-book", "unit": "chapter-02", "due_at": due(SOON)}
    headers = {"Idempotency-Key": "one"}

    first = send(ada_api, "POST", at(), body, **headers)
    second = send(ada_api, "POST", at(), body, **headers)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second["Idempotency-Replayed"] == "true"


def test_members_see_what_they_have_and_their_own_dates_alone(
    ada, ada_api, bob, bob_api, group, units, at
):
    cleo = make_user(name="Cleo")
    Membership.objects.create(group=group, user=cleo, role="member", joined_at=NOW)
    body = {"resource": "mml-book", "due_at": due(SOON), "members": [bob.public_id, cleo.public_id]}
    made = send(ada_api, "POST", at(), body | {"unit": "chapter-02"}).json()
    send(ada_api, "POST", at(), body | {"unit": "chapter-03", "members": [cleo.public_id]})
    send(ada_api, "POST", at(), body | {"unit": "chapter-04", "members": None, "draft": True})
    for person in (bob, cleo):
        path = at(f"{made['id']}/members/{person.public_id}/")
        assert send(ada_api, "PUT", path, {"due_at": due(LATER)}).status_code == 200

    listed = bob_api.get(at()).json()
    leaders = ada_api.get(at()).json()

    assert (listed["count"], leaders["count"]) == (1, 3)
    [row] = listed["results"]
    assert row["members"] == [bob.public_id]
    assert row["own_dates"] == [{"member": bob.public_id, "due_at": due(LATER)}]
    assert row["mine"] == {"state": "todo", "answer": None, "due_at": due(LATER)}
    assert sorted(leaders["results"][0]["members"]) == sorted([bob.public_id, cleo.public_id])
    assert len(leaders["results"][0]["own_dates"]) == 2
    assert leaders["results"][0]["mine"] is None


def test_a_draft_does_not_exist_for_members(ada_api, bob_api, group, units, at):
    draft = make_assignment(group, units[0].id, is_draft=True)
    path = at(f"{draft.public_id}/")

    assert bob_api.get(path).status_code == 404
    assert send(bob_api, "PATCH", path, {"note": "Hello"}).status_code == 404
    assert send(bob_api, "PUT", f"{path}mine/", {"state": "done"}).status_code == 404
    assert problem(send(ada_api, "PUT", f"{path}mine/", {"state": "done"}), 409)["code"] == (
        "not_assigned"
    )
    assert send(ada_api, "PATCH", path, {"draft": False}).json()["draft"] is False
    assert bob_api.get(path).status_code == 200


def test_a_change_honours_if_match_and_leaves_the_rest(ada_api, group, units, at):
    made = make_assignment(group, units[0].id, due_on=SOON, note="Read.")
    path = at(f"{made.public_id}/")
    etag = ada_api.get(path)["ETag"]

    first = send(ada_api, "PATCH", path, {"due_at": due(LATER)}, **{"If-Match": etag})
    second = send(ada_api, "PATCH", path, {"note": "Mine."}, **{"If-Match": etag})
    third = send(ada_api, "DELETE", path, None, **{"If-Match": etag})

    assert first.status_code == 200
    assert (first.json()["due_on"], first.json()["note"]) == (str(LATER), "Read.")
    problem(second, 412)
    problem(third, 412)
    assert first["ETag"] != etag
    assert ada_api.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert send(ada_api, "DELETE", path, None, **{"If-Match": first["ETag"]}).status_code == 204
    assert ada_api.get(path).status_code == 404


def test_for_some_and_for_everyone_again(ada_api, bob, bob_api, group, units, at):
    made = make_assignment(group, units[0].id)
    path = at(f"{made.public_id}/")

    assert send(ada_api, "PATCH", path, {"members": [bob.public_id]}).json()["members"] == [
        bob.public_id
    ]
    assert send(ada_api, "PATCH", path, {"note": "x"}).json()["members"] == [bob.public_id]
    assert send(ada_api, "PATCH", path, {"members": None}).json()["members"] is None
    outsider = make_user()
    refused = send(ada_api, "PATCH", path, {"members": [outsider.public_id]})
    assert problem(refused, 400) == [("/members/0", "not_a_member")]


def test_a_removed_assignment_comes_back(ada_api, bob_api, group, units, at):
    made = make_assignment(group, units[0].id)
    path = at(f"{made.public_id}/")

    assert ada_api.delete(path).status_code == 204
    assert ada_api.delete(path).status_code == 404
    assert send(bob_api, "POST", f"{path}restore/").status_code == 404
    assert send(ada_api, "POST", f"{path}restore/").status_code == 200
    assert send(ada_api, "POST", f"{path}restore/").json()["id"] == made.public_id
    assert bob_api.get(path).status_code == 200


def test_marking_done_marks_the_unit_and_names_the_topics_to_tick(bob_api, bob, group, units, at):
    made = make_assignment(group, units[1].id)
    path = at(f"{made.public_id}/mine/")

    answer = send(bob_api, "PUT", path, {"state": "done", "answer": "in"}).json()
    again = send(bob_api, "PUT", path, {"state": "done"}).json()

    assert (answer["state"], answer["answer"]) == ("done", "in")
    assert answer["proposed_topics"]
    assert answer["batch"] is not None
    assert (again["answer"], again["batch"]) == ("in", None)
    assert UnitProgress.objects.get().user == bob
    unit = bob_api.get("/api/v1/me/units/?resource=mml-book&done=true").json()["results"]
    assert [one["slug"] for one in unit] == ["chapter-02"]
    back = send(bob_api, "PUT", path, {"state": "todo", "answer": None}).json()
    assert (back["state"], back["answer"], back["proposed_topics"]) == ("todo", None, [])
    assert not UnitProgress.objects.exists()


@pytest.mark.parametrize("body", [{"state": "finished"}, {"answer": "maybe"}, {"state": None}])
def test_a_mark_that_means_nothing_is_refused(bob_api, group, units, at, body):
    made = make_assignment(group, units[1].id)

    assert send(bob_api, "PUT", at(f"{made.public_id}/mine/"), body).status_code == 400
    assert not AssignmentProgress.objects.exists()


def test_an_own_date_is_later_than_the_groups_and_null_takes_it_away(
    ada_api, bob, group, units, at
):
    made = make_assignment(group, units[0].id, due_on=SOON)
    path = at(f"{made.public_id}/members/{bob.public_id}/")

    assert problem(send(ada_api, "PUT", path, {"due_at": due(SOON, "10:00:00")}), 400) == [
        ("/due_at", "due_impossible")
    ]
    assert send(ada_api, "PUT", path, {"due_at": due(LATER)}).json() == {
        "member": bob.public_id,
        "due_at": due(LATER),
    }
    assert send(ada_api, "PUT", path, {"due_at": None}).json()["due_at"] is None
    assert send(ada_api, "PUT", at(f"{made.public_id}/members/nobody/"), {}).status_code == 404


PLAN = {"resource": "mml-book", "first_due_on": str(SOON), "every": {"days": 7}}


def test_a_book_is_planned_by_rule_after_a_dry_run_that_saves_nothing(ada_api, at, units):
    off = SOON + timedelta(days=7)
    body = PLAN | {"skip": [str(off)], "units": ["chapter-02", "chapter-03", "chapter-05"]}

    dry = send(ada_api, "POST", at("plan/?dry_run=true"), body)
    assert (dry.status_code, Assignment.objects.count()) == (200, 0)
    made = send(ada_api, "POST", at("plan/"), body)

    days = [str(SOON), str(SOON + timedelta(days=14)), str(SOON + timedelta(days=21))]
    assert made.status_code == 201
    assert [(one["unit"], one["due_on"]) for one in made.json()["results"]] == list(
        zip(body["units"], days, strict=True)
    )
    assert [one | {"id": None} for one in made.json()["results"]] == dry.json()["results"]
    assert made.json()["results"][0]["due_at"] == due(SOON)
    assert {one["id"] for one in made.json()["results"]} == set(
        Assignment.objects.values_list("public_id", flat=True)
    )


def test_a_plan_is_taken_back_by_its_batch_but_for_what_was_changed_since(ada_api, at, units):
    dry = send(ada_api, "POST", at("plan/?dry_run=true"), PLAN).json()
    plan = send(ada_api, "POST", at("plan/"), PLAN).json()
    kept = plan["results"][0]["id"]
    send(ada_api, "PATCH", at(f"{kept}/"), {"note": "Keep this one."})

    undone = send(ada_api, "POST", at(f"plan/{plan['batch']}/undo/"))
    again = send(ada_api, "POST", at(f"plan/{plan['batch']}/undo/"))

    assert dry["batch"] is None
    assert (undone.status_code, undone.json()) == (200, {"count": plan["count"] - 1})
    assert (again.status_code, again.json()) == (200, {"count": 0})
    assert [one["id"] for one in ada_api.get(at()).json()["results"]] == [kept]


def test_a_plan_without_units_takes_what_the_group_does_not_have_yet(ada_api, at, group, units):
    make_assignment(group, units[2].id)

    answer = send(ada_api, "POST", at("plan/"), PLAN).json()

    assert answer["count"] == len(units) - 1
    assert answer["already_assigned"] == [units[2].slug]
    again = send(ada_api, "POST", at("plan/"), PLAN)
    assert problem(again, 409)["code"] == "already_assigned"


def test_weekdays_times_and_steps_are_by_the_groups_clock(ada_api, at, units):
    body = PLAN | {
        "first_due_on": "2030-03-04",
        "every": {"weekdays": ["tue", "thu"]},
        "per_step": 2,
        "due_time": "20:00",
    }

    results = send(ada_api, "POST", at("plan/"), body).json()["results"]

    assert [one["due_at"] for one in results[:3]] == [
        "2030-03-05T14:30:00Z",
        "2030-03-05T14:30:00Z",
        "2030-03-07T14:30:00Z",
    ]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"every": {}}, "/every"),
        ({"every": {"days": 7, "weekdays": ["mon"]}}, "/every"),
        ({"every": {"days": 0}}, "/every/days"),
        ({"every": {"days": 2**63}}, "/every/days"),
        ({"every": {"weekdays": []}}, "/every/weekdays"),
        ({"every": {"weekdays": ["monday"]}}, "/every/weekdays/0"),
        ({"every": 7}, "/every"),
        ({"per_step": 0}, "/per_step"),
        ({"first_due_on": "2020-01-01"}, "/first_due_on"),
        ({"first_due_on": "9999-12-31"}, "/first_due_on"),
        ({"first_due_on": "0001-01-01"}, "/first_due_on"),
        ({"skip": ["soon"]}, "/skip/0"),
        ({"due_time": "24:00"}, "/due_time"),
        ({"units": []}, "/units"),
        ({"units": ["chapter-02", "week-01"]}, "/units/1"),
        ({"units": ["chapter-02"] * 400}, "/units"),
        ({"resource": "mml-specialization"}, "/units"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(ada_api, at, catalog, change, pointer):
    errors = problem(send(ada_api, "POST", at("plan/"), PLAN | change), 400)

    assert [one for one, _ in errors] == [pointer]
    assert not Assignment.objects.exists()


def test_a_unit_named_twice_in_a_plan_is_a_conflict(ada_api, at, catalog):
    body = PLAN | {"units": ["chapter-02", "chapter-02"]}

    assert problem(send(ada_api, "POST", at("plan/"), body), 409)["code"] == "already_assigned"


def test_later_dates_move_together(ada_api, group, units, at):
    make_assignment(group, units[0].id, due_on=SOON)
    second = make_assignment(group, units[1].id, due_on=LATER)
    body = {"from_day": str(LATER), "days": 7}

    dry = send(ada_api, "POST", at("shift/?dry_run=true"), body).json()
    moved = send(ada_api, "POST", at("shift/"), body).json()

    assert dry == moved | {"batch": None}
    assert moved["count"] == 1
    assert moved["results"][0]["id"] == second.public_id
    assert moved["results"][0]["was_due_on"] == str(LATER)
    assert moved["results"][0]["due_on"] == str(LATER + timedelta(days=7))
    listed = ada_api.get(at()).json()["results"]
    assert [one["due_on"] for one in listed] == [str(SOON), str(LATER + timedelta(days=7))]


def test_a_move_of_dates_is_taken_back_by_its_batch(ada_api, group, units, at):
    make_assignment(group, units[0].id, due_on=SOON)
    moved = send(ada_api, "POST", at("shift/"), {"from_day": str(SOON), "days": 7}).json()

    undone = send(ada_api, "POST", at(f"shift/{moved['batch']}/undo/"))
    again = send(ada_api, "POST", at(f"shift/{moved['batch']}/undo/"))

    assert (undone.status_code, undone.json()) == (200, {"count": 1})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_undo")
    assert ada_api.get(at()).json()["results"][0]["due_on"] == str(SOON)
    nothing = send(ada_api, "POST", at("shift/"), {"from_day": str(LATER), "days": 7}).json()
    assert nothing == {"batch": None, "count": 0, "results": []}


def test_all_drafts_are_published_or_none(ada_api, bob_api, group, units, at):
    make_assignment(group, units[0].id, due_on=SOON, is_draft=True)
    late = make_assignment(group, units[1].id, due_on=NOW.date() - DAY, is_draft=True)
    assert problem(send(ada_api, "POST", at("publish/")), 409)["code"] == "due_impossible"
    assert bob_api.get(at()).json()["count"] == 0
    late.delete()

    published = send(ada_api, "POST", at("publish/"))

    assert (published.status_code, published.json()) == (200, {"count": 1})
    assert send(ada_api, "POST", at("publish/")).json() == {"count": 0}
    assert bob_api.get(at()).json()["count"] == 1


def test_an_assignment_trades_dates_once_for_each_key(ada_api, group, units, at):
    first = make_assignment(group, units[0].id, due_on=SOON)
    second = make_assignment(group, units[1].id, due_on=LATER)
    path, headers = at(f"{first.public_id}/move/"), {"Idempotency-Key": "once"}

    moved = send(ada_api, "POST", path, {"to": "down"}, **headers)
    again = send(ada_api, "POST", path, {"to": "down"}, **headers)

    assert (moved.status_code, moved.json()["due_on"]) == (200, str(LATER))
    assert again["Idempotency-Replayed"] == "true"
    ids = [one["id"] for one in ada_api.get(at()).json()["results"]]
    assert ids == [second.public_id, first.public_id]
    assert send(ada_api, "POST", path, {"to": "down"}).json()["due_on"] == str(LATER)
    assert problem(send(ada_api, "POST", path, {"to": "top"}), 400) == [("/to", "invalid_choice")]


def test_nothing_is_shifted_into_the_past(ada_api, group, units, at):
    make_assignment(group, units[0].id, due_on=SOON)

    body = {"from_day": str(SOON), "days": -30}
    assert problem(send(ada_api, "POST", at("shift/"), body), 400) == [("/days", "due_impossible")]
    body = {"from_day": str(SOON), "days": 0}
    assert problem(send(ada_api, "POST", at("shift/"), body), 400) == [("/days", "no_shift")]


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("POST", "", {"resource": "mml-book", "unit": "chapter-05", "due_at": due(SOON)}),
        ("POST", "plan/", PLAN),
        ("POST", "shift/", {"from_day": str(SOON), "days": 7}),
        ("POST", "shift/x/undo/", None),
        ("POST", "plan/x/undo/", None),
        ("POST", "publish/", None),
        ("POST", "{a}/move/", {"to": "up"}),
        ("PATCH", "{a}/", {"note": "Mine."}),
        ("DELETE", "{a}/", None),
        ("POST", "{a}/restore/", None),
        ("PUT", "{a}/members/{bob}/", {"due_at": due(LATER)}),
    ],
)
def test_what_leaders_do_takes_a_leader_and_the_scope(
    ada, bob, group, units, at, method, rest, body
):
    made = make_assignment(group, units[0].id, due_on=SOON, batch="x", shifted_days=7)
    path = at(rest.format(a=made.public_id, bob=bob.public_id))

    assert send(api(make_user()), method, path, body).status_code == 404
    assert send(api(make_user(), Scope.READ), method, path, body).status_code == 404
    assert send(api(bob), method, path, body).status_code == 403
    assert send(api(ada, Scope.READ, Scope.WRITE), method, path, body).status_code == 403
    assert Assignment.objects.get().version == 1
    assert send(api(ada, Scope.GROUPS), method, path, body).status_code < 300


def test_what_is_mine_takes_the_scope_of_my_own_things(bob, group, units, at):
    made = make_assignment(group, units[0].id)
    path = at(f"{made.public_id}/mine/")

    assert send(api(bob, Scope.GROUPS), "PUT", path, {"state": "done"}).status_code == 403
    assert send(api(bob, Scope.WRITE), "PUT", path, {"state": "done"}).status_code == 200


def test_the_list_is_cut_into_pages_and_costs_the_same_for_sixty(
    ada_api, bob_api, group, catalog, at, count_queries
):
    every = [unit for resource in catalog.resources.values() for unit in resource.units]
    counts = []
    for client in (ada_api, bob_api):
        client.get(at())  # remembers that the token was used today
    for chosen in (every[:3], every[3:60]):
        for unit in chosen:
            make_assignment(group, unit.id)
        for client in (ada_api, bob_api):
            with count_queries() as queries:
                client.get(at())
            counts.append(len(queries))

    assert counts == [7, 5, 7, 5]
    page = ada_api.get(at("?page=2&page_size=50")).json()
    assert (page["count"], len(page["results"])) == (60, 10)
    assert ada_api.get(at("?colour=red")).status_code == 400


def test_an_archived_group_is_read_only(ada_api, group, units, at):
    made = make_assignment(group, units[0].id)
    group.archived_at = datetime(2026, 11, 1, tzinfo=UTC)
    group.save()

    assert ada_api.get(at()).status_code == 200
    refused = send(ada_api, "PATCH", at(f"{made.public_id}/"), {"note": "x"})
    assert problem(refused, 409)["code"] == "group_archived"
