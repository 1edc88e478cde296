"""The plan, the gap, the streak and the history over REST."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from tests.factories import make_user
from tracker.actions.progress import Mark, mark_topics
from tracker.actions.sessions import log_session
from tracker.actions.units import mark_unit
from tracker.models import Activity, Grade, ReviewAnswer, Source, TopicProgress, TopicState
from tracker.summaries.gap import role_gap
from tracker.summaries.people import person_states
from tracker.summaries.plan import plan_of

pytestmark = pytest.mark.django_db
JSON = "application/json"
ME = "/api/v1/me"
SGD = "stochastic-gradient-descent"
# The ways to write a moment in the tests' own words.
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def errors(response):
    assert response.status_code == 400
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


def mark(user, catalog, *slugs, state=TopicState.DONE, at=None):
    return mark_topics(
        user=user,
        marks=[Mark(topic=catalog.topic_by_slug[slug], state=state) for slug in slugs],
        source=Source.MANUAL,
        at=at,
    )


@pytest.fixture
def scientist(ada, catalog):
    ada.role_id = catalog.roles["data-scientist"].id
    ada.minutes_per_day = 45
    ada.save()
    return ada


# --- Plan and gap ------------------------------------------------------------------------------


def test_the_plan_without_a_role_says_what_is_ready_and_why_there_are_no_dates(ada_api, catalog):
    plan = ada_api.get(f"{ME}/plan/").json()

    following = plan.pop("next")
    assert plan == {
        "role": None,
        "readiness": None,
        "subjects": [],
        "forecast": {
            "finish_early": None,
            "finish_likely": None,
            "finish_late": None,
            "hours_left": None,
            "minutes_per_day": None,
            "basis": None,
            "reason": "no_role",
        },
    }
    assert following
    assert {row["state"] for row in following} == {"todo"}


def test_the_plan_is_the_one_of_the_pages(scientist, ada_api, catalog):
    mark(scientist, catalog, "vectors")

    plan = ada_api.get(f"{ME}/plan/").json()

    own = plan_of(user=scientist, graph=catalog, at=timezone.now())
    assert list(plan) == ["role", "readiness", "subjects", "next", "forecast"]
    assert plan["role"] == "data-scientist"
    assert plan["readiness"] == {
        "percent": own.progress.readiness.percent,
        "known_hours": round(own.progress.readiness.known_hours, 1),
        "total_hours": round(own.progress.readiness.total_hours, 1),
    }
    assert plan["forecast"] == {
        "finish_early": own.forecast.finish_early.isoformat(),
        "finish_likely": own.forecast.finish_likely.isoformat(),
        "finish_late": own.forecast.finish_late.isoformat(),
        "hours_left": pytest.approx(own.forecast.hours_left, abs=0.05),
        "minutes_per_day": 45,
        "basis": "declared",
        "reason": None,
    }
    assert [row["slug"] for row in plan["next"]] == [topic.slug for topic in own.next]
    assert list(plan["next"][0]) == ["slug", "title", "subject", "state", "hours", "unit"]
    for row in plan["next"]:
        resource, _, unit = (row["unit"] or "/").partition("/")
        assert not unit or unit in {one.slug for one in catalog.resources[resource].units}
    assert [row["slug"] for row in plan["subjects"]] == [one.slug for one in own.subjects]
    assert plan["subjects"][0] == {
        "slug": own.subjects[0].slug,
        "title": own.subjects[0].title,
        "known": own.subjects[0].known,
        "learning": own.subjects[0].learning,
        "total": own.subjects[0].total,
        "known_hours": round(own.subjects[0].known_hours, 1),
        "total_hours": round(own.subjects[0].total_hours, 1),
    }


def test_more_minutes_a_day_would_not_finish_later(scientist, ada_api, catalog):
    now = ada_api.get(f"{ME}/plan/").json()["forecast"]

    what_if = ada_api.get(f"{ME}/plan/?minutes_per_day=240").json()["forecast"]

    assert what_if["minutes_per_day"] == 240
    assert what_if["finish_late"] < now["finish_early"]
    assert ada_api.get(f"{ME}/plan/").json()["forecast"] == now


def test_without_a_pace_the_plan_says_so(scientist, ada_api, catalog):
    scientist.minutes_per_day = None
    scientist.save()

    forecast = ada_api.get(f"{ME}/plan/").json()["forecast"]

    assert (forecast["reason"], forecast["basis"], forecast["finish_likely"]) == (
        "no_pace",
        None,
        None,
    )
    assert forecast["hours_left"] > 0
    what_if = ada_api.get(f"{ME}/plan/?minutes_per_day=60").json()["forecast"]
    assert what_if["finish_likely"]


@pytest.mark.parametrize("minutes", ["0", "1441", "-1", "1.5", "", "many"])
def test_nobody_studies_that_many_minutes(ada_api, minutes):
    response = ada_api.get(f"{ME}/plan/?minutes_per_day={minutes}")

    assert errors(response) == [("/minutes_per_day", "invalid")]


def test_the_plan_takes_the_same_queries_however_much_is_done(
    scientist, ada_api, catalog, count_queries
):
    def queries():
        with count_queries() as made:
            assert ada_api.get(f"{ME}/plan/").status_code == 200
        return len(made)

    queries()  # the first call notes that the token is used
    few = queries()
    mark(scientist, catalog, *(topic.slug for topic in catalog.topics[:40]))
    for hours in range(20):
        log_session(user=scientist, minutes=5, at=timezone.now() - timedelta(hours=hours))

    assert queries() == few == 6


def test_the_gap_says_what_a_role_still_wants(ada, ada_api, catalog):
    mark(ada, catalog, "vectors")

    answer = ada_api.get(f"{ME}/gap/?role=machine-learning-engineer").json()

    standing = person_states(user=ada, graph=catalog).standing(catalog)
    gap = role_gap(catalog, catalog.roles["machine-learning-engineer"], standing)
    first = gap.subjects[0]
    assert list(answer) == [
        "role",
        "readiness",
        "missing",
        "hours",
        "subjects",
        "can_start",
    ]
    assert (answer["role"], answer["missing"], answer["hours"]) == (
        "machine-learning-engineer",
        gap.missing,
        round(gap.hours, 1),
    )
    assert answer["subjects"][0] == {
        "slug": first.subject.slug,
        "title": first.subject.title,
        "hours": round(first.hours, 1),
        "topics": [topic.slug for topic in first.missing],
    }
    assert sum(len(subject["topics"]) for subject in answer["subjects"]) == gap.missing
    assert answer["can_start"] == [topic.slug for topic in gap.can_start]


def test_a_gap_is_to_a_role_that_there_is(ada_api, catalog):
    assert errors(ada_api.get(f"{ME}/gap/")) == [("/role", "required")]
    assert errors(ada_api.get(f"{ME}/gap/?role=astronaut")) == [("/role", "unknown")]


# --- Streak ------------------------------------------------------------------------------------


def test_the_streak_counts_study_days_up_to_today(ada, ada_api):
    now = timezone.now()
    for days in (1, 2, 4):
        log_session(user=ada, minutes=30, started_at=now - timedelta(days=days), at=now)

    answer = ada_api.get(f"{ME}/streak/").json()

    today = now.astimezone(UTC).date()
    assert answer == {
        "today": today.isoformat(),
        "current": 2,
        "studied_today": False,
        "days": [
            {"day": (today - timedelta(days=days)).isoformat(), "minutes": 30} for days in (4, 2, 1)
        ],
    }
    assert len(ada_api.get(f"{ME}/streak/?days=3").json()["days"]) == 2


def test_without_study_there_is_no_streak(ada_api):
    answer = ada_api.get(f"{ME}/streak/").json()

    assert (answer["current"], answer["days"]) == (0, [])
    assert errors(ada_api.get(f"{ME}/streak/?days=3661")) == [("/days", "invalid")]


# --- History -----------------------------------------------------------------------------------


def test_the_activity_shows_each_kind_newest_first(ada, ada_api, catalog):
    topic = catalog.topic_by_slug[SGD]
    mark(ada, catalog, SGD, at=NOON)
    session = log_session(user=ada, minutes=30, topic=topic, started_at=NOON + timedelta(hours=1))
    ReviewAnswer.objects.create(
        user=ada,
        topic_id=topic.id,
        grade=Grade.GOOD,
        at=NOON + timedelta(hours=2),
        day=date(2026, 11, 2),
    )

    answer = ada_api.get(f"{ME}/activity/").json()

    assert answer == {
        "next": None,
        "results": [
            {
                "kind": "review",
                "at": "2026-11-02T14:00:00Z",
                "progress": None,
                "session": None,
                "review": {
                    "day": "2026-11-02",
                    "topic": SGD,
                    "title": topic.title,
                    "grade": "good",
                },
            },
            {
                "kind": "session",
                "at": "2026-11-02T13:00:00Z",
                "progress": None,
                "session": {
                    "id": session.public_id,
                    "day": "2026-11-02",
                    "minutes": 30,
                    "topic": SGD,
                    "unit": None,
                    "title": topic.title,
                },
                "review": None,
            },
            {
                "kind": "progress",
                "at": "2026-11-02T12:00:00Z",
                "progress": {
                    "batch": Activity.objects.get().batch,
                    "undoes": None,
                    "source": "manual",
                    "can_undo": True,
                    "changes": [
                        {
                            "topic": SGD,
                            "unit": None,
                            "title": topic.title,
                            "before": "todo",
                            "after": "done",
                            "was_stuck": False,
                            "stuck": False,
                        }
                    ],
                },
                "session": None,
                "review": None,
            },
        ],
    }


def test_a_walk_by_cursor_sees_everything_once_while_more_comes(ada, ada_api, catalog):
    for hour in range(7):
        log_session(user=ada, minutes=5, started_at=NOON + timedelta(hours=hour))
    mark(ada, catalog, "vectors", at=NOON + timedelta(hours=3))
    seen, address = [], f"{ME}/activity/?page_size=3"
    while address:
        page = ada_api.get(address).json()
        seen += [row["at"] for row in page["results"]]
        log_session(user=ada, minutes=5, is_confirmed=True)
        parts = urlsplit(page["next"] or "")
        assert not page["next"] or parts.path == f"{ME}/activity/"
        address = f"{parts.path}?{parts.query}" if page["next"] else ""

    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 8


@pytest.mark.parametrize(
    ("cursor", "code"),
    [
        ("x", "unknown_cursor"),
        ("é", "unknown_cursor"),
        ("A" * 199, "unknown_cursor"),
        ("MjAyNg", "unknown_cursor"),
        ("%00", "invalid"),
    ],
)
def test_a_cursor_that_is_none_is_a_400(ada_api, cursor, code):
    assert errors(ada_api.get(f"{ME}/activity/?cursor={cursor}")) == [("/cursor", code)]


def test_a_histories_pages_have_no_numbers(ada_api):
    assert errors(ada_api.get(f"{ME}/activity/?page=2")) == [("/page", "unknown_parameter")]


def test_a_change_is_taken_back(scientist, ada_api, catalog):
    mark(scientist, catalog, "vectors", "derivatives")
    batch = Activity.objects.first().batch

    response = ada_api.post(f"{ME}/activity/{batch}/undo/", content_type=JSON)

    answer = response.json()
    assert response.status_code == 200
    assert list(answer) == ["batch", "undone", "progress"]
    assert (answer["batch"], answer["undone"]) == (batch, 2)
    assert answer["progress"]["counters"]["done"] == 0
    assert not TopicProgress.objects.exists()
    again = ada_api.post(f"{ME}/activity/{batch}/undo/", content_type=JSON).json()
    assert again == answer | {"undone": 0}
    newest = ada_api.get(f"{ME}/activity/").json()["results"][0]["progress"]
    assert newest["undoes"] == batch


def test_a_unit_is_taken_back_as_well(ada, ada_api, catalog):
    marked = mark_unit(
        user=ada, unit=catalog.resources["goodfellow-deep-learning"].units[0], is_done=True
    )

    answer = ada_api.post(f"{ME}/activity/{marked.batch}/undo/", content_type=JSON).json()

    assert answer == {"batch": marked.batch, "undone": 1, "progress": None}


def test_what_has_changed_since_is_not_undone(ada, ada_api, catalog):
    mark(ada, catalog, "vectors")
    batch = Activity.objects.get().batch
    mark(ada, catalog, "vectors", state=TopicState.LEARNING)

    response = ada_api.post(f"{ME}/activity/{batch}/undo/", content_type=JSON)

    assert (response.status_code, response.json()["code"]) == (409, "undo_outdated")


def test_the_changes_of_others_are_a_404(ada_api, catalog):
    other = make_user()
    mark(other, catalog, "vectors")

    for batch in (Activity.objects.get().batch, "x" * 20):
        response = ada_api.post(f"{ME}/activity/{batch}/undo/", content_type=JSON)
        assert response.status_code == 404
    assert ada_api.get(f"{ME}/activity/").json() == {"next": None, "results": []}
    assert TopicProgress.objects.filter(user=other).exists()
