"""The API of meetings."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import make_assignment, make_group, make_meeting, make_token, make_user
from tracker.actions.meetings import answer_rsvp, change_date
from tracker.models import Meeting, Presenter, Rsvp, RsvpAnswer, Scope

JSON = "application/json"
TODAY = timezone.now().date()
SOON, LATER, AGO = (TODAY + timedelta(days=days) for days in (7, 14, -7))


@pytest.fixture
def emmy(db):
    return make_user("emmy@example.org", name="Emmy Noether")


@pytest.fixture
def group(ada, emmy):
    return make_group(leader=ada, members=[emmy], time_zone="Europe/Berlin")


@pytest.fixture
def here(group):
    return f"/api/v1/groups/{group.public_id}/meetings/"


@pytest.fixture
def emmy_api(emmy):
    return Client(headers={"Authorization": f"Bearer {make_token(emmy).secret}"})


@pytest.fixture
def meeting(group):
    return make_meeting(group, starts_on=SOON, rule="FREQ=WEEKLY", place="Library")


def plan(**fields):
    return {
        "title": "Reading circle",
        "starts_on": SOON.isoformat(),
        "start_time": "18:30",
        "minutes": 60,
    } | fields


def test_a_meeting_is_planned_read_changed_and_removed(ada_api, here):
    body = plan(
        starts_on="2027-03-23", rrule="FREQ=WEEKLY;COUNT=3", place="Library", agenda="Bring *one*."
    )

    made = ada_api.post(here, body, JSON)
    assert made.status_code == 201
    one = made["Location"]
    public_id = Meeting.objects.get().public_id
    assert one == f"{here}{public_id}/"
    answer = ada_api.get(one)
    assert answer.json() == made.json() == {
        "id": public_id,
        "title": "Reading circle",
        "starts_on": "2027-03-23",
        "start_time": "18:30",
        "minutes": 60,
        "time_zone": "Europe/Berlin",
        "rrule": "FREQ=WEEKLY;COUNT=3",
        "when": "every Tuesday at 18:30, 3 times",
        "place": "Library",
        "link": None,
        "agenda": "Bring *one*.",
        "agenda_html": "<p>Bring <em>one</em>.</p>\n",
        "next": {
            "day": "2027-03-23",
            "starts_at": "2027-03-23T17:30:00Z",
            "ends_at": "2027-03-23T18:30:00Z",
            "minutes": 60,
            "place": "Library",
            "link": None,
            "cancelled": False,
            "moved": False,
            "has_notes": False,
            "yes": 0,
            "maybe": 0,
            "no": 0,
            "rsvp": None,
        },
    }  # fmt: skip
    assert ada_api.get(here).json()["results"] == [answer.json()]

    changed = ada_api.patch(
        one, {"start_time": "19:00", "rrule": None}, JSON, headers={"If-Match": answer["ETag"]}
    )
    assert (changed.json()["start_time"], changed.json()["rrule"]) == ("19:00", None)
    stale = {"If-Match": answer["ETag"]}
    assert ada_api.patch(one, {"minutes": 90}, JSON, headers=stale).status_code == 412
    assert ada_api.delete(one, headers=stale).status_code == 412
    assert ada_api.delete(one).status_code == 204
    assert ada_api.get(one).status_code == 404
    assert ada_api.post(f"{one}restore/").json()["id"] == public_id


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"rrule": "FREQ=SECONDLY"}, "/rrule", "bad_rule"),
        ({"rrule": "FREQ=WEEKLY;COUNT=1000000000"}, "/rrule", "bad_rule"),
        ({"rrule": "DTSTART:20260101"}, "/rrule", "bad_rule"),
        ({"rrule": "FREQ=WEEKLY;UNTIL=20200101"}, "/rrule", "unfit_date"),
        ({"rrule": "F" * 201}, "/rrule", "max_length"),
        ({"start_time": "25:00"}, "/start_time", "invalid"),
        ({"start_time": "1830"}, "/start_time", "invalid"),
        ({"starts_on": AGO.isoformat()}, "/starts_on", "unfit_date"),
        ({"starts_on": "2026-W48-2"}, "/starts_on", "invalid"),
        ({"minutes": 0}, "/minutes", "min_value"),
        ({"minutes": 2**63}, "/minutes", "max_value"),
        ({"link": "javascript:alert(1)"}, "/link", "unfit_link"),
        ({"title": "a\nb"}, "/title", "control_char"),
        ({"version": 3}, "/version", "unknown_field"),
    ],
)
def test_a_body_that_does_not_fit_is_a_400_that_points_to_it(ada_api, here, fields, pointer, code):
    answer = ada_api.post(here, plan(**fields), JSON)

    assert answer.status_code == 400
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(pointer, code)]
    assert not Meeting.objects.exists()


def test_the_same_meeting_again_is_a_409_and_with_a_key_the_same_answer(ada_api, here):
    key = {"Idempotency-Key": "once"}
    first = ada_api.post(here, plan(), JSON, headers=key)
    again = ada_api.post(here, plan(), JSON, headers=key)
    without = ada_api.post(here, plan(), JSON)

    assert (first.status_code, again.json()) == (201, first.json())
    assert (without.status_code, without.json()["code"]) == (409, "meeting_exists")


def test_one_date_is_cancelled_moved_and_brought_back(ada_api, here, meeting):
    one = f"{here}{meeting.public_id}/dates/{SOON}/"

    moved = ada_api.patch(one, {"starts_on": LATER.isoformat(), "link": "https://a.example"}, JSON)
    assert (moved.json()["day"], moved.json()["moved"]) == (SOON.isoformat(), True)
    assert moved.json()["starts_at"].startswith(LATER.isoformat())
    assert moved.json()["link"] == "https://a.example"
    back = ada_api.patch(one, {"starts_on": None, "link": None}, JSON)
    assert (back.json()["moved"], back.json()["link"]) == (False, None)
    assert ada_api.patch(one, {"cancelled": True}, JSON).json()["cancelled"] is True
    dates = ada_api.get(f"{here}{meeting.public_id}/dates/?page_size=2").json()
    assert [(row["day"], row["cancelled"]) for row in dates["results"]] == [
        (SOON.isoformat(), True), (LATER.isoformat(), False),
    ]  # fmt: skip
    assert dates["count"] == 104
    assert ada_api.get(f"{here}{meeting.public_id}/").json()["next"]["day"] == LATER.isoformat()


def test_a_date_tells_its_agenda_its_people_and_its_notes(
    ada, ada_api, emmy, emmy_api, group, here, catalog
):
    meeting = make_meeting(group, starts_on=AGO)
    unit = catalog.resources["mml-book"].units[1]
    assignment = make_assignment(group, unit.id, due_on=AGO)
    one = f"{here}{meeting.public_id}/dates/{AGO}/"
    presenter = f"/api/v1/groups/{group.public_id}/assignments/{assignment.public_id}/presenter/"

    chosen = emmy_api.put(presenter, {"member": emmy.public_id}, JSON)
    ada_api.put(f"{one}notes/", {"notes": "We $met$."}, JSON)

    assert chosen.json() == {"presenter": {"id": emmy.public_id, "name": "Emmy Noether"}}
    found = emmy_api.get(one).json()
    assert found["assignments"] == [
        {
            "id": assignment.public_id,
            "resource": "mml-book",
            "unit": "chapter-02",
            "title": "Linear Algebra",
            "due_at": f"{assignment.due_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "presenter": {"id": emmy.public_id, "name": "Emmy Noether"},
        }
    ]
    assert [(one["name"], one["rsvp"]) for one in found["people"]] == [
        ("Ada Lovelace", None), ("Emmy Noether", None),
    ]  # fmt: skip
    assert (found["notes"], found["has_notes"]) == ("We $met$.", True)
    past = emmy_api.get(f"{here}{meeting.public_id}/dates/?past=true").json()["results"]
    assert [row["day"] for row in past] == [AGO.isoformat()]
    assert emmy_api.put(presenter, {"member": None}, JSON).json() == {"presenter": None}
    assert not Presenter.objects.exists()


def test_an_rsvp_is_to_the_next_date_or_to_that_of_a_day(ada, emmy_api, here, meeting):
    rsvp = f"{here}{meeting.public_id}/rsvp/"
    change_date(user=ada, meeting=meeting, day=SOON, is_cancelled=True)

    answer = emmy_api.put(rsvp, {"answer": "yes"}, JSON).json()
    assert (answer["day"], answer["yes"], answer["rsvp"]) == (LATER.isoformat(), 1, "yes")
    refused = emmy_api.put(rsvp, {"answer": "yes", "day": SOON.isoformat()}, JSON)
    assert (refused.status_code, refused.json()["code"]) == (409, "date_cancelled")
    wrong = emmy_api.put(rsvp, {"answer": "yes", "day": TODAY.isoformat()}, JSON)
    assert wrong.json()["errors"][0]["pointer"] == "/day"
    for body in ({"answer": "never"}, {"answer": True}, {}):
        assert emmy_api.put(rsvp, body, JSON).status_code == 400
    assert emmy_api.put(rsvp, {"answer": None}, JSON).json()["rsvp"] is None
    assert not Rsvp.objects.exists()


def test_members_plan_nothing_and_observers_answer_nothing(
    ada, emmy_api, group, here, meeting, catalog
):
    watcher = make_user()
    group.memberships.create(user=watcher, role="observer", joined_at=timezone.now())
    api = Client(headers={"Authorization": f"Bearer {make_token(watcher).secret}"})
    one = f"{here}{meeting.public_id}/"

    for client in (emmy_api, api):
        assert client.post(here, {}, JSON).status_code == 403
        assert client.patch(one, {}, JSON).status_code == 403
        assert client.delete(one).status_code == 403
        assert client.post(f"{one}restore/").status_code == 403
        assert client.patch(f"{one}dates/{SOON}/", {}, JSON).status_code == 403
        assert client.put(f"{one}dates/{SOON}/notes/", {}, JSON).status_code == 403
    assert api.put(f"{one}rsvp/", {}, JSON).status_code == 403
    assert api.get(f"{one}dates/{SOON}/").status_code == 200


@pytest.mark.parametrize("day", ["2026-02-30", "0000-00-00", "9999-12-31", "soon", "20261124"])
def test_a_day_without_the_meeting_is_a_404(ada_api, here, meeting, day):
    one = f"{here}{meeting.public_id}/dates/{day}/"

    assert ada_api.get(one).status_code == 404
    assert ada_api.patch(one, {}, JSON).status_code == 404
    assert ada_api.put(f"{one}notes/", {"notes": ""}, JSON).status_code == 404


def test_a_token_without_the_scope_still_gets_a_404_for_what_is_not_there(ada, here, meeting):
    reader = Client(
        headers={"Authorization": f"Bearer {make_token(ada, scopes=[Scope.READ]).secret}"}
    )

    assert reader.patch(f"{here}nothing-here/", {}, JSON).status_code == 404
    one = f"{here}{meeting.public_id}/"
    assert reader.patch(f"{one}dates/{TODAY}/", {}, JSON).status_code == 404
    assert reader.patch(one, {}, JSON).json()["type"] == "/problems/insufficient-scope/"


def test_the_list_costs_the_same_with_few_and_with_many(
    ada_api, emmy, group, here, meeting, count_queries
):
    ada_api.get(here)
    costs = []
    for size in (1, 30):
        for number in range(size):
            other = make_meeting(group, f"{size} {number}", starts_on=SOON, rule="FREQ=DAILY")
            answer_rsvp(user=emmy, meeting=other, day=SOON, answer=RsvpAnswer.YES)
        with count_queries() as queries:
            results = ada_api.get(here).json()["results"]
        costs.append(len(queries))

    assert costs[0] == costs[1] <= 8
    assert results[0]["next"]["starts_at"] <= results[-1]["next"]["starts_at"]


def test_meetings_that_are_over_come_last(ada_api, group, here, meeting):
    make_meeting(group, "Long ago", starts_on=AGO)

    found = ada_api.get(here).json()["results"]

    assert [(one["title"], one["next"] is None) for one in found] == [
        ("Reading circle", False), ("Long ago", True),
    ]  # fmt: skip


def test_an_until_in_utc_is_the_last_day_of_the_group(ada_api, here):
    body = plan(starts_on="2027-06-01", rrule="FREQ=WEEKLY;UNTIL=20270629T163000Z")

    made = ada_api.post(here, body, JSON)

    assert made.json()["rrule"] == "FREQ=WEEKLY;UNTIL=20270629"
    assert datetime.fromisoformat(made.json()["next"]["starts_at"]) == datetime(
        2027, 6, 1, 16, 30, tzinfo=UTC
    )
    assert Meeting.objects.get().ends_on == date(2027, 6, 29)
