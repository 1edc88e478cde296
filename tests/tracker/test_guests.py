"""Guests: their ticks live in the session and come along when they sign up or in."""

import pytest
from django.test import Client

from tests.factories import PASSWORD, make_user
from tracker.models import TopicProgress, TopicState

ROADMAP = "/roadmap/data-scientist/"


@pytest.fixture
def guest(catalog):
    return Client()


def test_guest_ticks_and_sees_it(guest):
    guest.post("/topics/vectors/mark/", {"state": "done", "next": ROADMAP})

    page = guest.get(ROADMAP).content.decode()
    assert 'id="m-vectors" data-state="done"' in page
    assert "Your ticks are kept in this browser." in page
    assert not TopicProgress.objects.exists()


def test_guest_gets_the_same_pieces_by_htmx(guest):
    answer = guest.post(
        "/topics/vectors/mark/",
        {"state": "done", "next": ROADMAP},
        headers={"HX-Request": "true"},
    ).content.decode()

    assert 'id="m-vectors" data-state="done"' in answer
    assert 'id="standing"' in answer
    assert "Undo" in answer


def test_guest_takes_the_last_step_back(guest):
    guest.post("/topics/vectors/mark/", {"state": "learning"})
    there = guest.post("/topics/vectors/mark/", {"state": "done", "next": ROADMAP})
    batch = there["Location"].split("undo=")[1].split("#")[0]

    guest.post(f"/undo/{batch}/", {"next": ROADMAP})

    assert guest.session["guest_marks"] == {"vectors": "learning"}


def test_guest_cannot_undo_an_earlier_step(guest):
    there = guest.post("/topics/vectors/mark/", {"state": "done", "next": ROADMAP})
    batch = there["Location"].split("undo=")[1].split("#")[0]
    guest.post("/topics/derivatives/mark/", {"state": "done"})

    page = guest.post(f"/undo/{batch}/", {"next": ROADMAP}, follow=True).content.decode()

    assert "There is nothing to undo here" in page
    assert guest.session["guest_marks"] == {"vectors": "done", "derivatives": "done"}


def test_guest_ticks_with_what_it_rests_on_except_what_they_skip(guest, catalog):
    guest.post("/topics/vectors/mark/", {"state": "skipped"})

    guest.post("/topics/matrix-multiplication/mark/", {"state": "done", "with_prerequisites": "1"})

    marks = guest.session["guest_marks"]
    assert marks["vectors"] == "skipped"
    assert marks["algebra-and-functions"] == marks["matrix-multiplication"] == "done"


def test_guest_back_to_todo_leaves_nothing(guest):
    guest.post("/topics/vectors/mark/", {"state": "done"})

    guest.post("/topics/vectors/mark/", {"state": "todo"})

    assert guest.session["guest_marks"] == {}


def test_guest_is_told_to_sign_up_before_flagging(guest):
    page = guest.post("/topics/vectors/mark/", {"stuck": "1"}, follow=True).content.decode()

    assert "Sign up to note where you are stuck" in page


def test_guest_page_of_a_topic_offers_no_flag(guest):
    assert 'data-flag="stuck"' not in guest.get("/topics/vectors/").content.decode()


def test_marks_come_along_at_sign_up(guest):
    guest.post("/topics/vectors/mark/", {"state": "done"})
    guest.post("/topics/derivatives/mark/", {"state": "learning"})

    response = guest.post("/accounts/signup/", {"email": "new@example.org", "password1": PASSWORD})

    assert response["Location"] == "/start/"
    rows = TopicProgress.objects.filter(user__email="new@example.org")
    assert dict(rows.values_list("topic__slug", "state")) == {
        "vectors": "done",
        "derivatives": "learning",
    }
    assert "guest_marks" not in guest.session


def test_marks_come_along_at_sign_in_and_the_account_wins(guest, catalog, ada):
    TopicProgress.objects.create(
        user=ada,
        topic_id=catalog.topic_by_slug["vectors"].id,
        state=TopicState.SKIPPED,
        source="manual",
        changed_at=ada.joined_at,
    )
    guest.post("/topics/vectors/mark/", {"state": "done"})
    guest.post("/topics/derivatives/mark/", {"state": "done"})

    response = guest.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})

    assert response.status_code == 302
    rows = TopicProgress.objects.filter(user=ada)
    assert dict(rows.values_list("topic__slug", "state")) == {
        "vectors": "skipped",
        "derivatives": "done",
    }


def test_marks_stay_when_the_sign_in_fails(guest, ada):
    guest.post("/topics/vectors/mark/", {"state": "done"})

    guest.post("/accounts/login/", {"login": ada.email, "password": "wrong, and long enough"})

    assert guest.session["guest_marks"] == {"vectors": "done"}


def test_marks_of_a_guest_reach_nobody_else(guest):
    guest.post("/topics/vectors/mark/", {"state": "done"})

    other = Client()
    other.force_login(make_user())

    assert 'id="m-vectors" data-state="done"' not in other.get(ROADMAP).content.decode()


def test_guest_without_ticks_has_no_session(guest):
    guest.get(ROADMAP)

    assert "sessionid" not in guest.cookies


@pytest.mark.parametrize("ticked", [1, 50])
def test_roadmap_of_a_guest_costs_one_query(guest, catalog, count_queries, ticked):
    for topic in catalog.topics[:ticked]:
        guest.post(f"/topics/{topic.slug}/mark/", {"state": "done"})

    with count_queries() as queries:
        guest.get(ROADMAP)

    assert len(queries) == 1


@pytest.mark.parametrize("path", ["/today/", "/start/", "/start/topics/", "/settings/"])
def test_guest_is_sent_to_sign_in(guest, path):
    response = guest.get(path)

    assert response["Location"] == f"/accounts/login/?next={path}"
