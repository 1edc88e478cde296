"""Who in a group is where, what is due for me, and the nudge, over REST."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import make_assignment, make_group, make_token, make_user
from tracker.models import AssignmentProgress, Membership, Notice, Scope, UnitProgress

LONG_AGO, FAR_AHEAD = date(2026, 1, 6), date(2126, 1, 8)


@pytest.fixture
def units(catalog):
    return catalog.resources["mml-book"].units


@pytest.fixture
def henri(db):
    return make_user(name="Henri")


@pytest.fixture
def group(ada, henri, units):
    """Ada leads and has done what was due; Henri is reading it."""
    group = make_group("Tuesday Readers", leader=ada, members=[henri])
    late = make_assignment(group, units[1].id, due_on=LONG_AGO)
    later = make_assignment(group, units[2].id, due_on=FAR_AHEAD)
    UnitProgress.objects.create(
        user=ada, unit_id=units[1].id, done_at=datetime(2026, 1, 2, tzinfo=UTC)
    )
    now = timezone.now()
    AssignmentProgress.objects.create(assignment=late, user=henri, is_reading=True, changed_at=now)
    AssignmentProgress.objects.create(assignment=later, user=henri, answer="out", changed_at=now)
    Membership.objects.filter(user=henri).update(last_active_on=date(2026, 1, 5))
    return group


def api_of(user, *scopes):
    secret = make_token(user, scopes=scopes or tuple(Scope)).secret
    return Client(headers={"Authorization": f"Bearer {secret}"})


def progress(client, group, **headers):
    return client.get(f"/api/v1/groups/{group.public_id}/progress/", headers=headers)


def test_leaders_get_members_by_assignments_the_most_behind_first(ada_api, ada, henri, group):
    late, later = group.assignments.all()
    days = (datetime.now(UTC).date() - LONG_AGO).days

    answer = progress(ada_api, group).json()

    hours = answer["members"][0].pop("behind_hours")
    assert hours > 0
    assert answer["members"] == [
        {
            "id": henri.public_id,
            "name": "Henri",
            "role": "member",
            "done": 0,
            "total": 1,
            "state": {late.public_id: "reading", later.public_id: "out"},
            "late": 1,
            "late_assignments": [late.public_id],
            "behind_days": days,
            "last_active_on": "2026-01-05",
            "asked_for_time": [],
        },
        {
            "id": ada.public_id,
            "name": "Ada Lovelace",
            "role": "leader",
            "done": 1,
            "total": 2,
            "state": {late.public_id: "done", later.public_id: "todo"},
            "late": 0,
            "late_assignments": [],
            "behind_days": 0,
            "behind_hours": 0.0,
            "last_active_on": None,
            "asked_for_time": [],
        },
    ]
    assert answer["assignments"][0] == {
        "id": late.public_id,
        "resource": "mml-book",
        "unit": "chapter-02",
        "label": "Chapter 2",
        "title": "Linear Algebra",
        "due_at": "2026-01-06T23:59:00Z",
        "due_on": "2026-01-06",
        "done": 1,
        "reading": 1,
        "asked_for_time": 0,
        "total": 2,
        "stuck": [],
    }
    assert (answer["hidden"], answer["behind_chapters"]) == (0, 0.5)


def test_members_get_neither_lateness_nor_activity_unless_the_group_is_open(henri, group):
    plain = {"id", "name", "role", "done", "total", "state"}
    api = api_of(henri)

    closed = progress(api, group).json()["members"]
    group.is_open = True
    group.save()
    opened = progress(api, group).json()["members"]

    assert [set(one) for one in closed] == [plain, plain]
    assert [one["name"] for one in closed] == ["Ada Lovelace", "Henri"]
    assert [one["late"] for one in opened] == [1, 0]


def test_it_is_the_csv_of_the_page(ada_api, ada_browser, group):
    there = ada_browser.get(f"/groups/{group.public_id}/progress/csv/")
    here = progress(ada_api, group, Accept="text/csv")

    assert here["Content-Type"] == "text/csv; charset=utf-8"
    assert here["Content-Disposition"] == there["Content-Disposition"]
    assert here.content == there.content


def test_the_csv_and_the_json_have_the_same_numbers(ada_api, group):
    text = progress(ada_api, group, Accept="text/csv").content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    members = progress(ada_api, group).json()["members"]

    for row, member in zip(rows, members, strict=True):
        assert (row["Member"], int(row["Done"])) == (member["name"], member["done"])
        assert int(row["To catch up"]) == member["late"]
        assert int(row["Days behind"]) == member["behind_days"]


def test_nobody_outside_gets_it_in_any_form(group):
    api = api_of(make_user())

    for accept in ("application/json", "text/csv"):
        assert progress(api, group, Accept=accept).status_code == 404


@pytest.mark.parametrize("size", [3, 40])
def test_it_takes_the_same_queries_however_many_there_are(ada, ada_api, units, count_queries, size):
    group = make_group(leader=ada, members=[make_user() for _ in range(size)])
    for unit in units[: min(size, 12)]:
        make_assignment(group, unit.id)
    progress(ada_api, group)  # the first call notes that the token is used

    with count_queries() as queries:
        progress(ada_api, group)

    assert len(queries) <= 8


def test_my_open_assignments_come_from_all_groups_by_due_date(henri, group, units):
    other = make_group("Oslo", leader=henri, time_zone="Europe/Oslo")
    day = timezone.now().date() + timedelta(days=60)
    soon = make_assignment(other, units[4].id, due_on=day, note="One exercise")
    late = group.assignments.first()

    answer = api_of(henri, Scope.READ).get("/api/v1/me/assignments/").json()

    assert answer["count"] == 2
    assert [one["id"] for one in answer["results"]] == [late.public_id, soon.public_id]
    assert [one["late"] for one in answer["results"]] == [True, False]
    assert answer["results"][0]["state"] == "reading"
    assert answer["results"][1] | {"due_at": ""} == {
        "id": soon.public_id,
        "group": {"id": other.public_id, "name": "Oslo", "time_zone": "Europe/Oslo"},
        "resource": "mml-book",
        "unit": "chapter-05",
        "label": "Chapter 5",
        "title": "Vector Calculus",
        "due_at": "",
        "due_on": day.isoformat(),
        "note": "One exercise",
        "state": "todo",
        "answer": None,
        "late": False,
    }


def test_my_assignments_come_in_pages(henri, group):
    answer = api_of(henri).get("/api/v1/me/assignments/?page_size=1&page=1").json()

    assert (answer["count"], len(answer["results"]), answer["next"]) == (1, 1, None)


def nudge(client, group, person, body=None, **headers):
    return client.post(
        f"/api/v1/groups/{group.public_id}/members/{person.public_id}/nudge/",
        body if body is not None else {},
        content_type="application/json",
        headers=headers,
    )


def test_a_nudge_is_a_201_and_the_second_on_a_day_a_409(ada_api, group, henri):
    first, second = (nudge(ada_api, group, henri, {"text": "Tea?"}) for _ in range(2))

    assert first.status_code == 201
    assert first.json() == {
        "member": henri.public_id,
        "day": datetime.now(UTC).date().isoformat(),
    }
    assert (second.status_code, second.json()["code"]) == (409, "already_nudged")
    assert Notice.objects.get().text.endswith("“Tea?”")


def test_a_nudge_needs_no_body(ada_api, group, henri):
    address = f"/api/v1/groups/{group.public_id}/members/{henri.public_id}/nudge/"

    assert ada_api.generic("POST", address, content_type="").status_code == 201


def test_the_same_key_gets_the_same_answer(ada_api, group, henri):
    answers = [nudge(ada_api, group, henri, **{"Idempotency-Key": "a"}) for _ in range(2)]

    assert [one.status_code for one in answers] == [201, 201]
    assert Notice.objects.count() == 1


@pytest.mark.parametrize("text", ["x" * 201, "a\nb", 5, None])
def test_words_that_do_not_fit_are_a_400_that_points_there(ada_api, group, henri, text):
    response = nudge(ada_api, group, henri, {"text": text})

    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/text"


def test_who_may_nudge_whom(ada_api, ada, group, henri):
    assert nudge(api_of(henri), group, ada).status_code == 403
    assert nudge(ada_api, group, ada).status_code == 409
    assert nudge(ada_api, group, make_user()).status_code == 404
    assert nudge(api_of(make_user()), group, henri).status_code == 404
    assert nudge(api_of(ada, Scope.WRITE), group, henri).status_code == 403
    assert nudge(api_of(ada, Scope.WRITE), group, make_user()).status_code == 404
