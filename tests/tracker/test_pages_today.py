"""Today: what to take up next, with and without a role and a pace."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from catalog.models import Role
from tracker.models import TopicProgress
from tracker.views.today import greeting, pace_line


@pytest.fixture
def becoming(catalog, ada):
    def becoming(slug):
        ada.role = Role.objects.get(slug=slug)
        ada.save()

    return becoming


def tick(user, topics, state="done"):
    TopicProgress.objects.bulk_create(
        TopicProgress(
            user=user, topic_id=topic.id, state=state, source="manual", changed_at=user.joined_at
        )
        for topic in topics
    )


def test_today_without_a_role_offers_one_and_is_useful_all_the_same(ada_browser, catalog):
    page = ada_browser.get("/today/").content.decode()

    assert "What are you working toward?" in page
    assert "Algebra and functions refresher" in page
    assert "say how much time you have" in page


def test_today_with_role_and_pace_says_where_one_stands(ada, ada_browser, becoming):
    becoming("data-scientist")
    ada.minutes_per_day = 90
    ada.study_days = ["mon", "tue", "wed", "thu", "fri"]
    ada.save()

    page = ada_browser.get("/today/").content.decode()

    assert "Ada" in page
    assert "Your role: <strong>Data scientist</strong> · 1 h 30 min a day, 5 days a week" in page
    assert 'Ready for Data scientist: <span class="number">0 %</span>' in page
    assert "277.8 h" in page


def test_next_up_comes_with_the_best_thing_to_learn_it_from(ada, ada_browser, becoming, catalog):
    becoming("data-scientist")
    tick(ada, [catalog.topic_by_slug["algebra-and-functions"]])

    page = ada_browser.get("/today/").content.decode()

    assert page.count('class="topic-row"') == 5
    assert page.count("Learn it from") == 5
    assert "· free · exercises" in page


def test_what_is_being_learned_comes_first(ada, ada_browser, becoming, catalog):
    becoming("data-scientist")
    tick(ada, [catalog.topic_by_slug["algebra-and-functions"]])
    tick(ada, [catalog.topic_by_slug["mathematical-notation"]], "learning")

    page = ada_browser.get("/today/").content.decode()

    assert page.split('class="topic-row" id="topic-')[1].startswith("mathematical-notation")


def test_today_with_all_that_is_required_says_ready_and_goes_on(
    ada, ada_browser, becoming, catalog
):
    becoming("data-scientist")
    role = catalog.roles["data-scientist"]
    tick(ada, catalog.topics_in(role.required_mask))

    page = ada_browser.get("/today/").content.decode()

    assert "You are ready." in page
    assert "What follows is recommended, not required." in page
    assert "Nothing is left: you know all that Data scientist requires." in page
    assert 'name="minutes_per_day"' not in page


def test_today_with_nothing_left_says_so(ada, ada_browser, becoming, catalog):
    becoming("data-scientist")
    tick(ada, catalog.topics_in(catalog.roles["data-scientist"].topics_mask))

    page = ada_browser.get("/today/").content.decode()

    assert "You are ready." in page
    assert "Nothing is left to learn for Data scientist." in page


def test_today_without_a_role_and_with_nothing_left_says_so(ada, ada_browser, catalog):
    tick(ada, catalog.topics)

    assert "You know every topic of the catalog." in ada_browser.get("/today/").content.decode()


@pytest.mark.parametrize(
    ("hour", "words"),
    [
        (4, "Good evening"),
        (5, "Good morning"),
        (11, "Good morning"),
        (12, "Good afternoon"),
        (17, "Good afternoon"),
        (18, "Good evening"),
        (23, "Good evening"),
    ],
)
def test_greeting_goes_by_the_hour(hour, words):
    assert greeting(hour) == words


def test_greeting_goes_by_the_clock_of_the_person(ada, ada_browser, catalog, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 21, 22, 0, tzinfo=UTC))
    ada.time_zone = "Asia/Tokyo"
    ada.save()

    assert "Good morning, Ada" in ada_browser.get("/today/").content.decode()


@pytest.mark.parametrize(
    ("minutes", "days", "line"),
    [
        (90, ["mon", "tue", "wed", "thu", "fri"], "1 h 30 min a day, 5 days a week"),
        (60, ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "1 h a day, every day"),
        (45, ["sun"], "45 min a day, one day a week"),
        (None, ["mon"], ""),
    ],
)
def test_pace_reads_well(ada, minutes, days, line):
    ada.minutes_per_day = minutes
    ada.study_days = days

    assert pace_line(ada) == line


@pytest.mark.parametrize("ticked", [1, 50])
def test_today_costs_six_queries(ada, ada_browser, becoming, catalog, count_queries, ticked):
    becoming("data-scientist")
    tick(ada, catalog.topics[:ticked])

    with count_queries() as queries:
        ada_browser.get("/today/")

    assert len(queries) == 6, queries


def test_personal_pages_are_kept_out_of_every_cache(ada_browser, catalog):
    for path in ("/today/", "/roadmap/data-scientist/", "/topics/vectors/", "/settings/tokens/"):
        assert "no-store" in ada_browser.get(path)["Cache-Control"]
