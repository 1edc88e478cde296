"""The finish card of Today: when, what if, by when how much, and what it says without an answer."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from catalog.models import Role
from tracker.models import StudySession, TopicProgress, UnitProgress
from tracker.templatetags.durations import duration
from tracker.views.pictures import study_squares

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def planner(ada, catalog, monkeypatch):
    """Ada as a data scientist to be, with 90 minutes on every day, on a fixed Saturday."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    ada.role = Role.objects.get(slug="data-scientist")
    ada.minutes_per_day = 90
    ada.joined_at = NOW
    ada.save()
    return ada


def study(user, day, minutes=60, **fields):
    at = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
    StudySession.objects.create(user=user, minutes=minutes, started_at=at, day=day, **fields)


def finish_in(page):
    return re.search(r'card-figure">([^<]*)', page)[1]


def page_of(browser, query=""):
    return browser.get(f"/today/{query}").content.decode()


def test_finish_gives_a_date_a_band_and_hours(planner, ada_browser):
    page = page_of(ada_browser)

    assert finish_in(page) == "6 June 2027"
    assert "likely between" in page
    assert "at the pace you set" in page
    assert 'class="band"' in page
    assert "The same in words" in page


def test_more_minutes_finish_earlier_without_javascript(planner, ada_browser):
    page = page_of(ada_browser, "?minutes_per_day=180")

    assert "with 3 h a day" in page
    assert "6 June 2027" not in page
    assert "Back to my pace" in page


def test_what_if_answers_htmx_with_the_card_alone(planner, ada_htmx):
    answer = ada_htmx.get("/today/finish/?minutes_per_day=180").content.decode()

    assert answer.lstrip().startswith('<div class="stack tight" id="finish">')
    assert "with 3 h a day" in answer


def test_what_if_without_htmx_leads_to_today(planner, ada_browser):
    answer = ada_browser.get("/today/finish/?minutes_per_day=180")

    assert answer["Location"] == "/today/?minutes_per_day=180"


def test_real_pace_is_used_once_there_is_one_and_says_why(planner, ada_browser):
    for days in range(1, 8):
        study(planner, NOW.date() - timedelta(days=days), 30)

    page = page_of(ada_browser)

    assert "at your real pace" in page
    assert "You logged time on at least 7 study days of the last 28" in page


def test_without_dates_only_hours_are_shown(planner, ada_browser):
    planner.show_dates = False
    planner.save()

    page = page_of(ada_browser, "?done_by=2027-06-01")

    assert '<p class="card-figure number">277.8 h</p>' in page
    for absent in ("6 June", 'name="done_by"', 'class="band"'):
        assert absent not in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"minutes_per_day": None}, "How much time do you have on a study day?"),
        ({"study_days_mask": 0}, "You study on no day of the week"),
        ({"minutes_per_day": 1, "study_days_mask": 1}, "more than fifty years"),
        ({"minutes_per_day": 1440}, "24 h a day is more than anybody keeps up"),
    ],
)
def test_every_missing_or_absurd_answer_gets_a_sentence(planner, ada_browser, change, sentence):
    for name, value in change.items():
        setattr(planner, name, value)
    planner.save()

    assert sentence in page_of(ada_browser)


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("2027-05-26", "To be done by 26 May 2027 you need 1 h 3"),
        ("2026-12-10", "Nobody keeps that up"),
        ("2026-11-22", "more than 24 hours on each of the 2 study days"),
        ("2026-11-21", "on the one study day"),
        ("2026-11-20", "20 November 2026 has passed."),
        ("0001-01-01", "has passed."),
        ("9999-12-31", "To be done by 31 December 9999 you need"),
        ("soon", "Give the day as 2027-06-01."),
    ],
)
def test_target_day_asks_how_much_a_day(planner, ada_browser, day, sentence):
    assert sentence in page_of(ada_browser, f"?done_by={day}")


def test_target_day_without_study_days_says_so(planner, ada_browser):
    planner.study_days = ["mon"]
    planner.save()

    assert "There is no study day until 22 November" in page_of(ada_browser, "?done_by=2026-11-22")


def test_target_of_today_after_studying_is_too_late(planner, ada_browser):
    study(planner, NOW.date())

    assert "You have studied today already." in page_of(ada_browser, "?done_by=2026-11-21")


@pytest.mark.parametrize(
    ("minutes", "sentence"),
    [
        ("0", "at least 1 minute"),
        ("1441", "no more than 1440 minutes"),
        ("much", "as a whole number"),
    ],
)
def test_minutes_that_make_no_sense_are_refused_kindly(planner, ada_browser, minutes, sentence):
    page = page_of(ada_browser, f"?minutes_per_day={minutes}")

    assert sentence in page
    assert "6 June 2027" in page


def test_shelf_shows_what_is_being_read_with_the_next_unit(planner, ada_browser, catalog):
    resource = next(one for one in catalog.resources.values() if len(one.units) > 2)
    UnitProgress.objects.create(user=planner, unit_id=resource.units[0].id, done_at=NOW)

    page = page_of(ada_browser)

    assert "Currently reading" in page
    assert f"/library/{resource.slug}/#{resource.units[1].slug}" in page
    assert f"1 of {len(resource.units)}" in page


def test_due_reviews_are_counted_up_to_the_wish_of_the_day(
    planner, ada_browser, catalog, count_queries
):
    planner.reviews_per_day = 5
    planner.save()
    TopicProgress.objects.bulk_create(
        TopicProgress(
            user=planner,
            topic_id=topic.id,
            state="done",
            source="manual",
            changed_at=NOW - timedelta(days=30),
        )
        for topic in catalog.topics[:8]
    )

    with count_queries() as queries:
        page = page_of(ada_browser)

    assert "To review today" in page
    assert "5 topics" in page
    assert page.count('class="due"') == 3
    assert len(queries) == 8, queries


def test_next_comes_again_by_what_is_read_after_a_tick(planner, ada_htmx, catalog):
    answer = ada_htmx.get("/today/next/").content.decode()

    assert 'id="next"' in answer
    assert 'hx-swap-oob="true"' in answer


def test_whoever_opens_the_piece_as_a_page_is_led_to_today(planner, ada_browser):
    response = ada_browser.get("/today/next/")

    assert (response.status_code, response["Location"]) == (302, "/today/")


def test_streak_and_calendar_count_study(planner, ada_browser):
    study(planner, NOW.date())
    study(planner, NOW.date() - timedelta(days=1), 120)

    page = page_of(ada_browser)

    assert "2 study days" in page
    assert "Study in the last 20 weeks: 3 h on 2 days" in page
    assert "Week of 16 Nov 2026" in page


def test_calendar_ends_today_and_has_levels():
    picture = study_squares({date(2026, 11, 21): 29, date(2026, 11, 20): 240}, date(2026, 11, 21))

    assert picture.squares.count("<rect") == 19 * 7 + 6
    assert picture.squares.count('data-level="1"') == 1
    assert picture.squares.count('data-level="4"') == 1
    assert picture.squares.endswith('x="267" y="71" width="11" height="11" rx="2"/>')


@pytest.mark.parametrize(("minutes", "words"), [(0, "0 min"), (45.4, "45 min"), (120, "2 h")])
def test_durations_read_well(minutes, words):
    assert duration(minutes) == words


@pytest.mark.parametrize("count", [1, 30])
def test_today_costs_the_same_with_much_study(planner, ada_browser, catalog, count_queries, count):
    units = [unit for one in catalog.resources.values() for unit in one.units][:count]
    UnitProgress.objects.bulk_create(
        UnitProgress(user=planner, unit_id=unit.id, done_at=NOW) for unit in units
    )
    for day in range(count):
        study(planner, NOW.date() - timedelta(days=day))

    with count_queries() as queries:
        ada_browser.get("/today/?minutes_per_day=60&done_by=2027-06-01")

    assert len(queries) == 6, queries
