"""The review page: the switch, grading one topic after the other, postponing, and nothing to do."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tracker.actions.progress import Mark, mark_topics
from tracker.models import ReviewAnswer, Source, TopicReview, TopicState

SLUGS = ["vectors", "derivatives", "random-variables"]


@pytest.fixture
def reader(ada, catalog):
    """Ada wants two reviews a day and did three topics a month ago."""
    ada.reviews_per_day = 2
    ada.save()
    done(ada, catalog, SLUGS, days_ago=30)
    return ada


def done(user, catalog, slugs, *, days_ago):
    for place, slug in enumerate(slugs):
        mark_topics(
            user=user,
            marks=[Mark(topic=catalog.topic_by_slug[slug], state=TopicState.DONE)],
            source=Source.MANUAL,
            at=timezone.now() - timedelta(days=days_ago - place),
        )


def test_reviews_are_off_until_somebody_wants_them(ada, ada_browser, catalog):
    assert "Start reviews" in ada_browser.get("/review/").content.decode()

    ada_browser.post("/review/switch/", {"reviews_per_day": "3"})

    ada.refresh_from_db()
    assert ada.reviews_per_day == 3
    assert "Nothing to review yet" in ada_browser.get("/review/").content.decode()


@pytest.mark.parametrize("number", ["-1", "101", "many", ""])
def test_a_number_that_makes_no_sense_is_refused(ada, ada_browser, catalog, number):
    assert ada_browser.post("/review/switch/", {"reviews_per_day": number}).status_code == 422
    ada.refresh_from_db()
    assert ada.reviews_per_day == 0


def test_each_grade_says_when_the_topic_comes_back(reader, ada_browser):
    page = ada_browser.get("/review/").content.decode()

    assert ">Vectors and vector arithmetic</h2>" in page
    assert "1 more today" in page
    for grade in ("Again", "Hard", "Good", "Easy"):
        assert f"{grade} · <span" in page


def test_grading_brings_the_next_one_until_the_day_is_done(reader, ada_browser, ada_htmx):
    text = ada_htmx.post("/review/vectors/grade/", {"grade": "good"}).content.decode()
    assert 'id="review-title" tabindex="-1">Derivatives' in text
    assert "comes back in" in text

    response = ada_browser.post("/review/derivatives/grade/", {"grade": "again"})

    assert response["Location"] == "/review/"
    assert "That is all for today" in ada_browser.get("/review/").content.decode()
    assert ReviewAnswer.objects.filter(user=reader).count() == 2


def test_postponing_takes_no_answer(reader, ada_browser):
    ada_browser.post("/review/vectors/postpone/")

    assert not ReviewAnswer.objects.exists()
    due_at = TopicReview.objects.get().due_at
    assert due_at > timezone.now() + timedelta(days=6)
    assert ">Derivatives" in ada_browser.get("/review/").content.decode()


def test_when_nothing_is_due_it_says_when_something_is(ada, ada_browser, catalog):
    ada.reviews_per_day = 2
    ada.save()
    done(ada, catalog, ["vectors"], days_ago=1)

    assert "The next topic comes back on" in ada_browser.get("/review/").content.decode()


def test_a_topic_says_that_it_rests_on_others_that_fade(reader, ada_browser, catalog):
    need = catalog.topic_by_slug["vectors"].needs[0]
    TopicReview.objects.create(
        user=reader,
        topic_id=catalog.topics[need.index].id,
        stability=1.0,
        difficulty=5.0,
        reviewed_at=timezone.now() - timedelta(days=200),
        due_at=timezone.now() - timedelta(days=190),
    )

    page = ada_browser.get("/review/").content.decode()

    assert "This one rests on 1 topic that fades as well" in page
    assert f'href="/topics/{catalog.topics[need.index].slug}/"' in page


def test_what_makes_no_sense_is_refused(reader, ada_browser, ada_htmx):
    assert ada_browser.post("/review/vectors/grade/", {"grade": "great"}).status_code == 400
    assert ada_browser.post("/review/nothing/grade/", {"grade": "good"}).status_code == 404
    assert ada_htmx.post("/review/determinants/grade/", {"grade": "good"}).status_code == 422
    assert ada_browser.post("/review/determinants/postpone/").status_code == 302


@pytest.mark.parametrize("count", [1, 40])
def test_the_page_costs_five_queries(ada, ada_browser, catalog, count_queries, count):
    ada.reviews_per_day = 5
    ada.save()
    slugs = [topic.slug for topic in catalog.topics[:count]]
    done(ada, catalog, slugs, days_ago=90)

    with count_queries() as queries:
        ada_browser.get("/review/")

    assert len(queries) == 5
