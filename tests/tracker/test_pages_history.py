"""History and statistics: what was done, the way to take it back, and the numbers of it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.factories import make_user
from tracker.actions.progress import Mark, mark_topics
from tracker.models import Grade, ReviewAnswer, Source, StudySession, TopicProgress, TopicState

AT = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


@pytest.fixture
def mark(ada, catalog):
    def mark(*slugs, at=AT, source=Source.MANUAL):
        marks = [
            Mark(topic=catalog.topic_by_slug[slug], state=TopicState.DONE, is_stuck=None)
            for slug in slugs
        ]
        return mark_topics(user=ada, marks=marks, source=source, with_prerequisites=False, at=at)

    return mark


def study(user, topic=None, minutes=30, at=AT):
    StudySession.objects.create(
        user=user,
        minutes=minutes,
        started_at=at,
        day=at.date(),
        topic_id=topic.id if topic else None,
    )


def page_of(browser, address):
    return browser.get(address).content.decode()


def test_empty_history_says_what_will_be_there(ada_browser, catalog):
    assert "Nothing here yet" in page_of(ada_browser, "/log/history/")


def test_history_tells_ticks_sessions_and_reviews(ada, ada_browser, catalog, mark):
    mark("vectors", "determinants", "bayes-theorem", "derivatives")
    mark("conditional-probability", source=Source.IMPORT)
    study(ada, catalog.topic_by_slug["vectors"])
    ReviewAnswer.objects.create(
        user=ada,
        topic_id=catalog.topic_by_slug["vectors"].id,
        grade=Grade.GOOD,
        at=AT,
        day=AT.date(),
    )

    page = page_of(ada_browser, "/log/history/")

    assert "4 changes" in page
    assert "and 1 more" in page
    assert "import" in page
    assert "Studied 30 min: “Vectors and vector arithmetic”" in page
    assert "Reviewed “Vectors and vector arithmetic”: good" in page
    assert "Friday, 20 November 2026" in page


def test_undo_from_history_takes_back_and_stays_there(ada, ada_browser, mark):
    batch = mark("vectors").batch

    answer = ada_browser.post(f"/undo/{batch}/", {"next": "/log/history/"})

    assert answer["Location"] == "/log/history/"
    assert not TopicProgress.objects.exists()
    assert "taken back" in page_of(ada_browser, "/log/history/")


def test_what_has_changed_since_offers_no_undo(ada_browser, mark, catalog, ada):
    first = mark("vectors").batch
    mark_topics(
        user=ada,
        marks=[
            Mark(topic=catalog.topic_by_slug["vectors"], state=TopicState.SKIPPED, is_stuck=None)
        ],
        source=Source.MANUAL,
        with_prerequisites=False,
        at=AT + timedelta(hours=1),
    )

    page = page_of(ada_browser, "/log/history/")

    assert f"/undo/{first}/" not in page
    assert page.count('action="/undo/') == 1


def test_history_has_pages_and_forgives_a_broken_address(ada, ada_browser, catalog):
    for hours in range(35):
        study(ada, at=AT - timedelta(hours=hours))

    page = page_of(ada_browser, "/log/history/")
    older = page.split('rel="next" href="')[1].split('"')[0]

    assert page.count('row-title">Studied 30 min') == 30
    assert page_of(ada_browser, f"/log/history/{older}").count("Studied 30 min") == 5
    assert page_of(ada_browser, "/log/history/?before=nonsense").count("Studied 30 min") == 30


@pytest.mark.parametrize("count", [1, 25])
def test_history_costs_six_queries(ada, ada_browser, catalog, mark, count_queries, count):
    for topic in catalog.topics[:count]:
        mark(topic.slug)
        study(ada, topic)

    with count_queries() as queries:
        ada_browser.get("/log/history/")

    assert len(queries) == 6, queries


def test_empty_statistics_say_what_to_do(ada_browser, catalog):
    assert "No study time yet" in page_of(ada_browser, "/log/statistics/")


def test_statistics_show_weeks_subjects_and_the_plan(ada, ada_browser, catalog):
    ada.minutes_per_day = 60
    ada.joined_at = timezone.now() - timedelta(weeks=20)
    ada.save()
    now = timezone.now() - timedelta(days=7)
    study(ada, catalog.topic_by_slug["vectors"], 90, now)
    study(ada, None, 30, now)

    page = page_of(ada_browser, "/log/statistics/")

    assert '<strong class="number">2 h</strong>' in page
    assert "planned" in page
    assert '<rect data-subject="linear-algebra"' in page
    assert "No single subject" in page
    assert page.count('<th scope="row">') == 12 + 1
    assert "too few to say" in page


def test_quartile_is_said_once_five_people_have_logged(ada, ada_browser, catalog):
    topic = catalog.topic_by_slug["vectors"]
    study(ada, topic, 240, timezone.now())
    for minutes in (10, 20, 30, 40):
        study(make_user(), topic, minutes, timezone.now())

    assert "among the quarter with the most time" in page_of(ada_browser, "/log/statistics/")


@pytest.mark.parametrize("count", [1, 25])
def test_statistics_cost_four_queries(ada, ada_browser, catalog, count_queries, count):
    for topic in catalog.topics[:count]:
        study(ada, topic)

    with count_queries() as queries:
        ada_browser.get("/log/statistics/")

    assert len(queries) == 4, queries
