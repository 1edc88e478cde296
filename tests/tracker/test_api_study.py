"""Chapters, sessions, the timer, reviews and notes over REST."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from catalog.graph import forget_graph
from catalog.models import Resource, Topic
from tests.factories import make_user
from tracker.actions.notes import write_note
from tracker.actions.sessions import log_session, start_timer
from tracker.models import (
    ReviewAnswer,
    Source,
    StudySession,
    TopicNote,
    TopicProgress,
    TopicState,
    UnitProgress,
)

pytestmark = pytest.mark.django_db
JSON = "application/json"
ME = "/api/v1/me"
CHAPTER = f"{ME}/units/goodfellow-deep-learning/chapter-08/"
SGD = "stochastic-gradient-descent"


def put(client, path, body):
    return client.put(path, body, content_type=JSON)


def post(client, path, body=None, **headers):
    return client.post(path, {} if body is None else body, content_type=JSON, headers=headers)


def patch(client, path, body):
    return client.patch(path, body, content_type=JSON)


def errors(response):
    assert response.status_code == 400
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


def text(moment):
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def done_long_ago(user, catalog, slug=SGD, days=8):
    at = timezone.now() - timedelta(days=days)
    TopicProgress.objects.create(
        user=user,
        topic_id=catalog.topic_by_slug[slug].id,
        state=TopicState.DONE,
        source=Source.MANUAL,
        changed_at=at,
    )
    return at


# --- Chapters ----------------------------------------------------------------------------------


def test_a_unit_is_marked_and_proposes_the_topic_that_it_covers(ada, ada_api, catalog):
    response = put(ada_api, CHAPTER, {"done": True})

    row = UnitProgress.objects.get()
    assert response.status_code == 200
    assert response.json() == {
        "resource": "goodfellow-deep-learning",
        "slug": "chapter-08",
        "done": True,
        "done_at": text(row.done_at),
        "topics": [SGD],
        "proposed_topics": [SGD],
        "batch": ada.activity.get().batch,
    }
    assert not TopicProgress.objects.exists()


def test_marking_a_unit_again_keeps_the_first_time(ada_api, catalog):
    first = put(ada_api, CHAPTER, {"done": True}).json()

    assert put(ada_api, CHAPTER, {"done": True}).json() == first | {"batch": None}


def test_a_unit_is_unmarked(ada_api, catalog):
    put(ada_api, CHAPTER, {"done": True})

    answer = put(ada_api, CHAPTER, {"done": False}).json()

    assert (answer["done"], answer["done_at"], answer["proposed_topics"]) == (False, None, [])
    assert not UnitProgress.objects.exists()


@pytest.mark.parametrize("path", ["goodfellow-deep-learning/chapter-99", "nope/chapter-08"])
def test_an_unknown_unit_is_a_404(ada_api, catalog, path):
    assert put(ada_api, f"{ME}/units/{path}/", {"done": True}).status_code == 404


def test_an_old_slug_of_a_resource_leads_to_its_units(ada_api, catalog):
    Resource.objects.filter(slug="goodfellow-deep-learning").update(former_slugs=["deep"])
    forget_graph()

    answer = put(ada_api, f"{ME}/units/deep/chapter-08/", {"done": True}).json()
    listed = ada_api.get(f"{ME}/units/?resource=deep&done=true").json()["results"]

    assert answer["resource"] == listed[0]["resource"] == "goodfellow-deep-learning"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("/done", "required")]),
        ({"done": "yes"}, [("/done", "invalid")]),
        ({"done": None}, [("/done", "null")]),
        ({"done": True, "at": 1}, [("/at", "unknown_field")]),
    ],
)
def test_a_unit_is_done_or_not(ada_api, catalog, body, expected):
    assert errors(put(ada_api, CHAPTER, body)) == expected


def test_the_units_listed_are_those_of_what_i_have_begun(ada_api, catalog):
    assert ada_api.get(f"{ME}/units/").json() == {
        "count": 0,
        "next": None,
        "previous": None,
        "results": [],
    }
    done = put(ada_api, CHAPTER, {"done": True}).json()

    listed = ada_api.get(f"{ME}/units/?page_size=200").json()
    only_done = ada_api.get(f"{ME}/units/?done=true").json()["results"]

    units = catalog.resources["goodfellow-deep-learning"].units
    assert [row["slug"] for row in listed["results"]] == [unit.slug for unit in units]
    assert only_done == [
        {name: done[name] for name in ("resource", "slug", "done", "done_at", "topics")}
    ]
    every = sum(len(resource.units) for resource in catalog.resources.values())
    assert ada_api.get(f"{ME}/units/?all=true").json()["count"] == every
    assert errors(ada_api.get(f"{ME}/units/?resource=nope")) == [("/resource", "unknown")]


def test_the_units_of_others_are_their_own(ada_api, catalog):
    unit = catalog.resources["goodfellow-deep-learning"].units[0]
    UnitProgress.objects.create(user=make_user(), unit_id=unit.id, done_at=timezone.now())

    assert ada_api.get(f"{ME}/units/").json()["count"] == 0


# --- Sessions ----------------------------------------------------------------------------------


def test_a_session_is_logged(ada, ada_api, catalog):
    body = {
        "minutes": 45,
        "topic": SGD,
        "unit": "goodfellow-deep-learning/chapter-08",
        "started_at": "2026-11-01T23:30:00+01:00",
    }

    response = post(ada_api, f"{ME}/sessions/", body)

    made = response.json()
    assert response.status_code == 201
    assert made == body | {
        "id": ada.study_sessions.get().public_id,
        "started_at": "2026-11-01T22:30:00Z",
        "day": "2026-11-01",
    }
    assert response["Location"] == f"{ME}/sessions/{made['id']}/"
    assert ada_api.get(response["Location"]).json() == made
    assert ada_api.get(f"{ME}/sessions/").json() == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [made],
    }


def test_a_session_has_just_ended_unless_said_otherwise(ada_api):
    made = post(ada_api, f"{ME}/sessions/", {"minutes": 30}).json()

    ended_at = datetime.fromisoformat(made["started_at"]) + timedelta(minutes=30)
    assert timezone.now() - ended_at < timedelta(seconds=10)
    assert (made["topic"], made["unit"]) == (None, None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"minutes": 0}, ("/minutes", "min_value")),
        ({"minutes": 1441}, ("/minutes", "max_value")),
        ({"minutes": "30"}, ("/minutes", "invalid")),
        ({"minutes": None}, ("/minutes", "null")),
        ({"topic": "nope"}, ("/topic", "unknown_topic")),
        ({"unit": "nope"}, ("/unit", "unknown_unit")),
        ({"unit": "goodfellow-deep-learning/nope"}, ("/unit", "unknown_unit")),
        ({"started_at": "2026-11-01T12:00:00"}, ("/started_at", "invalid")),
        ({"started_at": "2026-11-01"}, ("/started_at", "invalid")),
        ({"started_at": "0001-01-01T00:00:00+14:00"}, ("/started_at", "invalid")),
        ({"started_at": "2026-02-30T00:00:00Z"}, ("/started_at", "invalid")),
        ({"started_at": "2199-01-01T00:00:00Z"}, ("/started_at", "session_impossible")),
        ({"started_at": "1969-01-01T00:00:00Z"}, ("/started_at", "session_impossible")),
        ({"day": "2026-11-01"}, ("/day", "unknown_field")),
        ({"confirm": 1}, ("/confirm", "invalid")),
    ],
)
def test_a_session_that_does_not_fit_is_not_logged(ada_api, catalog, changes, expected):
    response = post(ada_api, f"{ME}/sessions/", {"minutes": 30, **changes})

    assert errors(response) == [expected]
    assert not StudySession.objects.exists()


def test_a_retired_topic_is_named_in_the_refusal(ada_api, catalog):
    Topic.objects.filter(slug=SGD).update(is_retired=True)
    forget_graph()

    response = post(ada_api, f"{ME}/sessions/", {"minutes": 30, "topic": SGD})

    assert errors(response) == [("/topic", "topic_retired")]


def test_a_doubtful_session_is_logged_once_it_is_confirmed(ada_api):
    path, body = f"{ME}/sessions/", {"minutes": 13 * 60, "started_at": "2026-11-01T06:00:00Z"}

    refused = post(ada_api, path, body)

    assert (refused.status_code, refused.json()["code"]) == (409, "session_doubtful")
    assert post(ada_api, path, body | {"confirm": True}).status_code == 201
    assert StudySession.objects.count() == 1


def test_the_same_call_with_its_key_logs_one_session(ada_api):
    path, body = f"{ME}/sessions/", {"minutes": 30}

    first = post(ada_api, path, body, **{"Idempotency-Key": "k1"})
    again = post(ada_api, path, body, **{"Idempotency-Key": '"k1"'})

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert again["Idempotency-Replayed"] == "true"
    assert again["Content-Type"] == JSON
    assert again["Cache-Control"] == "no-store"
    assert not first.has_header("Idempotency-Replayed")
    assert StudySession.objects.count() == 1
    other = post(ada_api, path, {"minutes": 31}, **{"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_session_is_corrected(ada, ada_api, catalog):
    topic = catalog.topic_by_slug[SGD]
    session = log_session(user=ada, minutes=30, topic=topic)
    path = f"{ME}/sessions/{session.public_id}/"
    before = ada_api.get(path).json()

    assert patch(ada_api, path, {"minutes": 20}).json() == before | {"minutes": 20}
    changed = patch(ada_api, path, {"topic": None, "unit": "goodfellow-deep-learning/chapter-08"})
    assert changed.json() == before | {
        "minutes": 20,
        "topic": None,
        "unit": "goodfellow-deep-learning/chapter-08",
    }
    assert errors(patch(ada_api, path, {"minutes": 0})) == [("/minutes", "min_value")]
    future = text(timezone.now() + timedelta(hours=1))
    assert errors(patch(ada_api, path, {"started_at": future})) == [
        ("/started_at", "session_impossible")
    ]


def test_correcting_a_session_keeps_a_topic_that_is_no_longer_taught(ada, ada_api, catalog):
    session = log_session(user=ada, minutes=30, topic=catalog.topic_by_slug[SGD])
    Topic.objects.filter(slug=SGD).update(is_retired=True)
    forget_graph()

    answer = patch(ada_api, f"{ME}/sessions/{session.public_id}/", {"minutes": 20}).json()

    assert (answer["minutes"], answer["topic"]) == (20, SGD)


def test_a_session_is_deleted(ada, ada_api):
    path = f"{ME}/sessions/{log_session(user=ada, minutes=30).public_id}/"

    assert ada_api.delete(path).status_code == 204
    assert [ada_api.delete(path).status_code, ada_api.get(path).status_code] == [404, 404]


def test_somebody_elses_session_is_a_404(ada_api):
    session = log_session(user=make_user(), minutes=30)
    path = f"{ME}/sessions/{session.public_id}/"

    answers = [ada_api.get(path), ada_api.delete(path), patch(ada_api, path, {"minutes": 5})]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    session.refresh_from_db()
    assert session.minutes == 30
    assert ada_api.get(f"{ME}/sessions/").json()["count"] == 0


def test_the_list_of_sessions_takes_the_same_queries_however_long(ada, ada_api, count_queries):
    def queries():
        with count_queries() as made:
            assert ada_api.get(f"{ME}/sessions/").status_code == 200
        return len(made)

    log_session(user=ada, minutes=5)
    queries()  # the first call notes that the token is used
    few = queries()
    for hours in range(1, 20):
        log_session(user=ada, minutes=5, at=timezone.now() - timedelta(hours=hours))

    assert queries() == few


# --- The timer ---------------------------------------------------------------------------------


def test_the_timer_starts_once_and_takes_another_topic(ada, ada_api, catalog):
    assert ada_api.get(f"{ME}/timer/").json() == {
        "running": False,
        "started_at": None,
        "topic": None,
        "unit": None,
    }

    started = put(ada_api, f"{ME}/timer/", {"topic": SGD}).json()
    ada.refresh_from_db()
    assert started == {
        "running": True,
        "started_at": text(ada.timer_started_at),
        "topic": SGD,
        "unit": None,
    }
    again = put(ada_api, f"{ME}/timer/", {"unit": "goodfellow-deep-learning/chapter-08"}).json()
    assert again == started | {"topic": None, "unit": "goodfellow-deep-learning/chapter-08"}
    assert ada_api.get(f"{ME}/timer/").json() == again
    assert errors(put(ada_api, f"{ME}/timer/", {"topic": "nope"})) == [("/topic", "unknown_topic")]


def test_the_timer_needs_no_body(ada_api):
    assert ada_api.put(f"{ME}/timer/").json()["running"] is True


def test_stopping_the_timer_logs_what_it_measured(ada, ada_api, catalog):
    start_timer(
        user=ada, topic=catalog.topic_by_slug[SGD], at=timezone.now() - timedelta(minutes=42)
    )

    response = ada_api.generic("POST", f"{ME}/timer/stop/")

    session = ada.study_sessions.get()
    assert response.status_code == 200
    assert response.json() == {
        "session": {
            "id": session.public_id,
            "started_at": text(session.started_at),
            "day": session.day.isoformat(),
            "minutes": 42,
            "topic": SGD,
            "unit": None,
        }
    }
    refused = ada_api.generic("POST", f"{ME}/timer/stop/")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_timer")


def test_stopping_at_once_logs_nothing(ada_api):
    ada_api.put(f"{ME}/timer/")

    assert ada_api.generic("POST", f"{ME}/timer/stop/").json() == {"session": None}
    assert not StudySession.objects.exists()


def test_a_timer_left_running_is_questioned_and_runs_on(ada, ada_api):
    start_timer(user=ada, at=timezone.now() - timedelta(hours=13))

    refused = ada_api.generic("POST", f"{ME}/timer/stop/")

    assert (refused.status_code, refused.json()["code"]) == (409, "session_doubtful")
    assert ada_api.get(f"{ME}/timer/").json()["running"] is True
    assert post(ada_api, f"{ME}/timer/stop/", {"minutes": 90}).json()["session"]["minutes"] == 90


def test_stopping_again_with_the_key_answers_again(ada, ada_api):
    start_timer(user=ada, at=timezone.now() - timedelta(minutes=42))

    answers = [post(ada_api, f"{ME}/timer/stop/", {}, **{"Idempotency-Key": "k"}) for _ in range(2)]

    assert answers[0].content == answers[1].content
    assert StudySession.objects.count() == 1


def test_discarding_the_timer_logs_nothing(ada, ada_api):
    start_timer(user=ada, at=timezone.now() - timedelta(minutes=42))

    assert [ada_api.delete(f"{ME}/timer/").status_code for _ in range(2)] == [204, 204]
    assert not StudySession.objects.exists()
    assert ada_api.get(f"{ME}/timer/").json()["running"] is False


# --- Reviews -----------------------------------------------------------------------------------


def test_a_topic_is_due_a_week_after_it_was_done(ada, ada_api, catalog):
    done_at = done_long_ago(ada, catalog)

    assert ada_api.get(f"{ME}/reviews/").json()["results"] == []
    due = ada_api.get(f"{ME}/reviews/?all=true").json()

    (row,) = due.pop("results")
    assert due == {"count": 1, "next": None, "previous": None}
    days = row.pop("intervals")
    assert row == {"slug": SGD, "due_at": text(done_at + timedelta(days=7)), "fading": []}
    assert list(days) == ["again", "hard", "good", "easy"]
    assert 1 <= days["again"] <= days["hard"] <= days["good"] <= days["easy"]


def test_no_more_are_listed_than_i_want_on_a_day(ada, ada_api, catalog):
    for slug in (SGD, "vectors", "derivatives"):
        done_long_ago(ada, catalog, slug)
    ada.reviews_per_day = 2
    ada.save()

    assert ada_api.get(f"{ME}/reviews/").json()["count"] == 2
    post(ada_api, f"{ME}/reviews/vectors/", {"grade": "good"})
    assert ada_api.get(f"{ME}/reviews/").json()["count"] == 1


def test_a_grade_says_when_the_topic_comes_back(ada, ada_api, catalog):
    done_long_ago(ada, catalog)

    response = post(ada_api, f"{ME}/reviews/{SGD}/", {"grade": "good"})

    row, answer = ada.topic_reviews.get(), ReviewAnswer.objects.get()
    assert response.status_code == 200
    assert response.json() == {
        "slug": SGD,
        "due_at": text(row.due_at),
        "reviewed_at": text(row.reviewed_at),
    }
    assert answer.grade == "good"
    post(ada_api, f"{ME}/reviews/{SGD}/", {"grade": "again"})
    assert ReviewAnswer.objects.count() == 1


def test_a_review_is_postponed(ada, ada_api, catalog):
    done_long_ago(ada, catalog)

    answer = post(ada_api, f"{ME}/reviews/{SGD}/postpone/", {"days": 3}).json()

    due_at = datetime.fromisoformat(answer["due_at"])
    assert timedelta(days=2, hours=23) < due_at - timezone.now() <= timedelta(days=3)
    assert (answer["slug"], answer["reviewed_at"]) == (SGD, None)
    assert ada_api.get(f"{ME}/reviews/?all=true").json()["count"] == 0
    assert ada_api.generic("POST", f"{ME}/reviews/{SGD}/postpone/").status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("", {"grade": "fine"}, ("/grade", "invalid_choice")),
        ("", {}, ("/grade", "required")),
        ("postpone/", {"days": 0}, ("/days", "min_value")),
        ("postpone/", {"days": 366}, ("/days", "max_value")),
    ],
)
def test_a_review_that_does_not_fit_is_refused(ada, ada_api, catalog, path, body, expected):
    done_long_ago(ada, catalog)

    assert errors(post(ada_api, f"{ME}/reviews/{SGD}/{path}", body)) == [expected]


def test_what_is_not_done_cannot_be_reviewed(ada_api, catalog):
    for path in (SGD, f"{SGD}/postpone"):
        response = post(ada_api, f"{ME}/reviews/{path}/", {} if "/" in path else {"grade": "good"})
        assert (response.status_code, response.json()["code"]) == (409, "topic_not_done")
    assert post(ada_api, f"{ME}/reviews/nope/", {"grade": "good"}).status_code == 404


# --- Notes -------------------------------------------------------------------------------------


def test_a_note_is_written_read_and_deleted(ada, ada_api, catalog):
    path = f"{ME}/notes/vectors/"
    empty = {"slug": "vectors", "body": "", "body_html": "", "updated_at": None}
    assert ada_api.get(path).json() == empty

    written = put(ada_api, path, {"body": "*Arrows*\n"}).json()

    note = TopicNote.objects.get()
    assert written == {
        "slug": "vectors",
        "body": "*Arrows*\n",
        "body_html": note.body_html,
        "updated_at": text(note.changed_at),
    }
    assert "<em>Arrows</em>" in written["body_html"]
    assert ada_api.get(path).json() == written
    assert put(ada_api, path, {"body": ""}).json() == empty
    assert not TopicNote.objects.exists()


def test_a_note_that_another_hand_has_changed_is_not_lost(ada, ada_api, catalog):
    path = f"{ME}/notes/vectors/"
    first = put(ada_api, path, {"body": "one", "based_on": None}).json()
    write_note(user=ada, topic=catalog.topic_by_slug["vectors"], body="two", is_forced=True)

    for based_on in (first["updated_at"], None):
        refused = put(ada_api, path, {"body": "three", "based_on": based_on})
        assert (refused.status_code, refused.json()["code"]) == (409, "note_changed")
    now = ada_api.get(path).json()
    assert now["body"] == "two"
    assert put(ada_api, path, {"body": "3", "based_on": now["updated_at"]}).status_code == 200
    assert put(ada_api, path, {"body": "last"}).json()["body"] == "last"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ("/body", "required")),
        ({"body": None}, ("/body", "null")),
        ({"body": "x" * 20_001}, ("/body", "max_length")),
        ({"body": "a\0"}, ("/body", "control_char")),
        ({"body": "x", "based_on": "yesterday"}, ("/based_on", "invalid")),
    ],
)
def test_a_note_that_does_not_fit_is_refused(ada_api, catalog, body, expected):
    assert errors(put(ada_api, f"{ME}/notes/vectors/", body)) == [expected]


def test_notes_are_listed_and_found_by_their_words(ada, ada_api, catalog):
    for slug, body in (("vectors", "Small *Arrows*"), ("dot-products-and-norms", "Big tables")):
        write_note(user=ada, topic=catalog.topic_by_slug[slug], body=body)
    write_note(user=make_user(), topic=catalog.topic_by_slug["vectors"], body="arrows")

    listed = ada_api.get(f"{ME}/notes/").json()
    found = ada_api.get(f"{ME}/notes/?search=arrows%20small").json()

    assert [one["slug"] for one in listed["results"]] == ["dot-products-and-norms", "vectors"]
    assert [one["body"] for one in found["results"]] == ["Small *Arrows*"]
    assert found["results"][0] == ada_api.get(f"{ME}/notes/vectors/").json()


def test_nobody_reads_the_notes_of_others(ada_api, catalog):
    write_note(user=make_user(), topic=catalog.topic_by_slug["vectors"], body="secret")

    assert "secret" not in ada_api.get(f"{ME}/notes/vectors/").content.decode()
    assert ada_api.get(f"{ME}/notes/nope/").status_code == 404


def test_days_are_those_of_my_time_zone(ada, ada_api):
    ada.time_zone = "Pacific/Kiritimati"
    ada.save()

    made = post(
        ada_api, f"{ME}/sessions/", {"minutes": 30, "started_at": "2026-11-01T12:00:00Z"}
    ).json()

    assert date.fromisoformat(made["day"]) == date(2026, 11, 2)
