"""The timer and the study log: start, stop, add, correct, remove."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.factories import make_user
from tracker.models import StudySession, UnitProgress, User

AT = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


@pytest.fixture
def run_timer(ada, catalog):
    def run_timer(minutes, slug=""):
        topic = catalog.topic_by_slug[slug].id if slug else None
        started_at = timezone.now() - timedelta(minutes=minutes)
        User.objects.update(timer_started_at=started_at, timer_topic_id=topic)

    return run_timer


def log(user, *, minutes=30, at=AT, **fields):
    return StudySession.objects.create(
        user=user, minutes=minutes, started_at=at, day=at.date(), **fields
    )


def test_timer_starts_for_a_topic_and_shows_on_today(ada, ada_browser, catalog):
    answer = ada_browser.post("/timer/start/", {"topic": "vectors", "next": "/topics/vectors/"})

    assert answer["Location"] == "/topics/vectors/"
    ada.refresh_from_db()
    assert ada.timer_topic.slug == "vectors"
    page = ada_browser.get("/today/").content.decode()
    assert "Stop the timer" in page
    assert 'data-elapsed="' in page
    assert "Vectors" in ada_browser.get("/timer/stop/").content.decode()


def test_timer_starts_for_nothing_in_particular_but_for_no_unknown_topic(ada, ada_browser, catalog):
    assert ada_browser.post("/timer/start/", {"topic": "alchemy"}).status_code == 400
    assert ada_browser.post("/timer/start/")["Location"] == "/today/"

    ada.refresh_from_db()
    assert ada.timer_started_at is not None
    assert ada.timer_topic is None


def test_stopping_logs_what_the_timer_measured(ada, ada_browser, run_timer):
    run_timer(25, "vectors")

    page = ada_browser.post("/timer/stop/", {"next": "/topics/vectors/"}, follow=True)

    assert "You studied 25 min." in page.content.decode()
    assert StudySession.objects.get().minutes == 25
    assert StudySession.objects.get().topic.slug == "vectors"


def test_stopping_at_once_logs_nothing_and_says_so(ada, ada_browser, run_timer):
    run_timer(0)

    page = ada_browser.post("/timer/stop/", follow=True).content.decode()

    assert "nothing is logged" in page
    assert not StudySession.objects.exists()


def test_a_forgotten_timer_is_questioned_and_can_be_corrected_or_confirmed(
    ada, ada_browser, run_timer
):
    run_timer(13 * 60)

    page = ada_browser.post("/timer/stop/")

    assert page.status_code == 422
    assert "13 hours in one go?" in page.content.decode()
    assert "It is right as it stands" in page.content.decode()
    ada_browser.post("/timer/stop/", {"minutes": "40"})
    assert StudySession.objects.get().minutes == 40


def test_confirming_logs_the_long_session(ada, ada_browser, run_timer):
    run_timer(13 * 60)

    ada_browser.post("/timer/stop/", {"is_confirmed": "on"})

    assert StudySession.objects.get().minutes == 13 * 60


def test_a_timer_of_more_than_a_day_asks_for_the_minutes(ada, ada_browser, run_timer):
    run_timer(30 * 60)

    page = ada_browser.post("/timer/stop/")

    assert page.status_code == 422
    assert "from 1 minute to 24 hours" in page.content.decode()


def test_discarding_logs_nothing(ada, ada_browser, run_timer):
    run_timer(25)

    ada_browser.post("/timer/discard/")

    ada.refresh_from_db()
    assert ada.timer_started_at is None
    assert not StudySession.objects.exists()


def test_stopping_without_a_timer_leads_to_the_log(ada_browser, catalog):
    assert ada_browser.get("/timer/stop/")["Location"] == "/log/"
    assert ada_browser.post("/timer/stop/")["Location"] == "/log/"


def test_empty_log_says_what_to_do(ada_browser, catalog):
    assert "Nothing logged yet" in ada_browser.get("/log/").content.decode()


def test_session_by_hand_is_by_the_clock_of_the_person(ada, ada_browser, catalog):
    ada.time_zone = "Asia/Tokyo"
    ada.save()

    ada_browser.post(
        "/log/", {"minutes": "45", "day": "2026-11-20", "time": "08:30", "topic": "vectors"}
    )

    session = StudySession.objects.get()
    assert session.started_at == datetime(2026, 11, 19, 23, 30, tzinfo=UTC)
    assert str(session.day) == "2026-11-20"
    page = ada_browser.get("/log/").content.decode()
    assert "Friday, 20 November 2026" in page
    assert "08:30 · 45 min" in page


def test_session_without_a_time_has_just_ended(ada, ada_browser, catalog):
    ada_browser.post("/log/", {"minutes": "45"})

    ago = timezone.now() - StudySession.objects.get().started_at
    assert timedelta(minutes=44) < ago < timedelta(minutes=46)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"minutes": "0"}, "greater than or equal to 1"),
        ({"day": "2026-11-20"}, "Give the day and the time, or neither."),
        ({"time": "08:30"}, "Give the day and the time, or neither."),
        ({"day": "2099-01-01", "time": "08:30"}, "ends in the future"),
        ({"day": "9999-12-31", "time": "23:59"}, "ends in the future"),
        ({"day": "0001-01-01", "time": "00:00"}, "too long ago"),
        ({"topic": "alchemy"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_logged_is_refused(ada_browser, catalog, change, sentence):
    page = ada_browser.post("/log/", {"minutes": "30"} | change)

    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert not StudySession.objects.exists()


def test_overlapping_session_is_questioned_and_may_be_confirmed(ada, ada_browser, catalog):
    log(ada, minutes=60)
    typed = {"minutes": "60", "day": "2026-11-20", "time": "17:30"}

    page = ada_browser.post("/log/", typed)

    assert page.status_code == 422
    assert "This overlaps with a session of 60 minutes" in page.content.decode()
    ada_browser.post("/log/", typed | {"is_confirmed": "on"})
    assert StudySession.objects.count() == 2


def test_editing_changes_the_session_and_keeps_its_seconds(ada, ada_browser, catalog):
    session = log(ada, at=AT + timedelta(seconds=17))
    address = f"/log/{session.public_id}/"
    assert 'value="17:00"' in ada_browser.get(address).content.decode()

    ada_browser.post(
        address, {"minutes": "50", "day": "2026-11-20", "time": "17:00", "topic": "vectors"}
    )

    session.refresh_from_db()
    assert (session.minutes, session.topic.slug) == (50, "vectors")
    assert session.started_at == AT + timedelta(seconds=17)


def test_chapters_of_books_in_use_are_on_offer(ada, ada_browser, catalog):
    resource = next(one for one in catalog.resources.values() if one.units)
    UnitProgress.objects.create(user=ada, unit_id=resource.units[0].id, done_at=AT)

    ada_browser.post("/log/", {"minutes": "5", "unit": f"{resource.slug}/{resource.units[0].slug}"})

    assert StudySession.objects.get().unit_id == resource.units[0].id
    assert "By chapter" in ada_browser.get("/log/").content.decode()


def test_removing_asks_first(ada, ada_browser, catalog):
    session = log(ada)
    address = f"/log/{session.public_id}/delete/"

    assert "Remove this session?" in ada_browser.get(address).content.decode()
    assert StudySession.objects.exists()
    assert ada_browser.post(address)["Location"] == "/log/"
    assert not StudySession.objects.exists()
    assert ada_browser.post(address).status_code == 302


def test_sessions_of_others_are_not_there(ada_browser, catalog):
    session = log(make_user())

    assert ada_browser.get(f"/log/{session.public_id}/").status_code == 404
    ada_browser.post(f"/log/{session.public_id}/delete/")
    assert StudySession.objects.exists()


def test_log_has_pages(ada, ada_browser, catalog):
    for hours in range(35):
        log(ada, at=AT - timedelta(hours=hours))

    assert "Page 1 of 2" in ada_browser.get("/log/").content.decode()
    assert "Page 2 of 2" in ada_browser.get("/log/?page=99").content.decode()
    assert "Page 1 of 2" in ada_browser.get("/log/?page=x").content.decode()


@pytest.mark.parametrize("count", [1, 60])
def test_log_costs_five_queries(ada, ada_browser, catalog, count_queries, count):
    for hours in range(count):
        log(ada, at=AT - timedelta(hours=hours), topic_id=catalog.topics[hours].id)

    with count_queries() as queries:
        ada_browser.get("/log/")

    assert len(queries) == 5, queries
