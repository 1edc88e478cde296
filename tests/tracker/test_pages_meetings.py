"""The pages of meetings: planning, moving, coming, presenting, notes."""

import html
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import make_assignment, make_group, make_meeting, make_user
from tracker.actions.meetings import answer_rsvp, change_date, create_meeting, remove_meeting
from tracker.models import Meeting, MeetingDate, Presenter, Rsvp, RsvpAnswer

TODAY = timezone.now().date()
SOON, LATER, AGO = (TODAY + timedelta(days=days) for days in (7, 14, -7))


@pytest.fixture
def emmy(db):
    return make_user("emmy@example.org", name="Emmy Noether", time_zone="America/New_York")


@pytest.fixture
def group(ada, emmy):
    return make_group(leader=ada, members=[emmy], time_zone="Europe/Berlin")


@pytest.fixture
def here(group):
    return f"/groups/{group.public_id}/meetings/"


@pytest.fixture
def meeting(group):
    return make_meeting(group, starts_on=SOON, rule="FREQ=WEEKLY", place="Library")


@pytest.fixture
def emmy_browser(emmy):
    client = Client()
    client.force_login(emmy)
    return client


def plan(**fields):
    return {
        "title": "Reading circle",
        "starts_on": SOON.isoformat(),
        "start_time": "18:30",
        "minutes": "60",
        "rrule": "weekly",
    } | fields


def text_of(response):
    return html.unescape(response.content.decode())


def test_a_group_without_meetings_says_how_to_begin(ada_browser, emmy_browser, here):
    assert "Plan the first one" in text_of(ada_browser.get(here))
    assert "Your leaders have not planned any" in text_of(emmy_browser.get(here))


WEEKDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[SOON.weekday()]


@pytest.mark.parametrize(
    ("fields", "rrule"),
    [
        ({"rrule": "once"}, ""),
        ({}, f"FREQ=WEEKLY;BYDAY={WEEKDAY}"),
        ({"rrule": "fortnightly", "count": "6"}, f"FREQ=WEEKLY;INTERVAL=2;BYDAY={WEEKDAY};COUNT=6"),
        ({"until": LATER.isoformat()}, f"FREQ=WEEKLY;BYDAY={WEEKDAY};UNTIL={LATER:%Y%m%d}"),
    ],
)
def test_a_leader_plans_a_meeting(ada_browser, here, fields, rrule):
    response = ada_browser.post(f"{here}new/", plan(**fields), follow=True)

    meeting = Meeting.objects.get()
    assert meeting.rrule == rrule
    assert response.request["PATH_INFO"] == f"{here}{meeting.public_id}/{SOON}/"
    assert "the others are told" in text_of(response)


def test_a_form_sent_twice_plans_one_meeting(ada_browser, here):
    for _ in range(2):
        response = ada_browser.post(f"{here}new/", plan(form_key="k" * 20))
        assert response.status_code == 302

    assert Meeting.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"title": " "}, "This field is required."),
        ({"starts_on": AGO.isoformat()}, "Begin today or later."),
        ({"starts_on": "soon"}, "Enter a valid date."),
        ({"link": "ftp://example.org"}, "Start the link with https:// or http://"),
        ({"until": TODAY.isoformat()}, "The last day comes before the first one."),
        ({"until": LATER.isoformat(), "count": "3"}, "not both"),
        ({"count": "105"}, "less than or equal to 104"),
        ({"rrule": "hourly"}, "Select a valid choice."),
    ],
)
def test_a_form_that_does_not_fit_comes_back(ada_browser, here, fields, sentence):
    response = ada_browser.post(f"{here}new/", plan(**fields))

    assert response.status_code == 422
    assert sentence in text_of(response)
    assert not Meeting.objects.exists()


def test_the_same_meeting_twice_is_a_sentence(ada_browser, here):
    ada_browser.post(f"{here}new/", plan())
    response = ada_browser.post(f"{here}new/", plan())

    assert response.status_code == 409
    assert "has a meeting of that name at that time already" in text_of(response)


def test_times_are_by_the_groups_clock_and_say_what_that_is_for_me(
    ada, ada_browser, emmy_browser, group, here
):
    ada.time_zone = "Europe/Berlin"
    ada.save()
    create_meeting(
        user=ada, group=group, title="Circle", starts_on=date(2027, 3, 16),
        start_time=time(18, 30), minutes=90, at=datetime(2027, 3, 1, tzinfo=UTC),
    )  # fmt: skip

    # America is on summer time already, Europe is not.
    page = text_of(emmy_browser.get(here))
    assert "Tuesday, 16 March, 18:30–20:00" in page
    assert "(Europe/Berlin; Tuesday, 13:30 for you)" in page
    assert "for you" not in text_of(ada_browser.get(here))


def test_a_date_shows_its_agenda_its_people_and_its_place(
    ada, ada_browser, emmy, emmy_browser, group, here, meeting, catalog
):
    unit = catalog.resources["mml-book"].units[1]
    make_assignment(group, unit.id, due_on=SOON)
    answer_rsvp(user=emmy, meeting=meeting, day=SOON, answer=RsvpAnswer.YES)

    page = text_of(ada_browser.get(f"{here}{meeting.public_id}/{SOON}/"))

    assert "Chapter 2: Linear Algebra" in page
    assert "Library" in page
    assert "1 comes" in page
    assert page.index("Emmy Noether") < page.index("Not said yet")
    assert "Move this date" in page
    assert "Move this date" not in text_of(emmy_browser.get(f"{here}{meeting.public_id}/{SOON}/"))


def test_the_meeting_leads_to_its_next_date(emmy_browser, here, meeting):
    response = emmy_browser.get(f"{here}{meeting.public_id}/")

    assert response["Location"] == f"{here}{meeting.public_id}/{SOON}/"


@pytest.mark.parametrize("day", ["2026-02-30", "0000-00-00", "9999-12-31", "soon", "20261124"])
def test_a_day_without_the_meeting_is_not_found(ada_browser, here, meeting, day):
    for below in ("", "edit/", "notes/"):
        address = f"{here}{meeting.public_id}/{day}/{below}"
        assert ada_browser.get(address).status_code == 404
    for below in ("cancel/", "rsvp/"):
        address = f"{here}{meeting.public_id}/{day}/{below}"
        assert ada_browser.post(address, {"wanted": "yes", "answer": "yes"}).status_code == 404


def test_members_say_whether_they_come_with_a_form_and_with_htmx(emmy, emmy_browser, here, meeting):
    address = f"{here}{meeting.public_id}/{SOON}/rsvp/"

    response = emmy_browser.post(address, {"answer": "maybe", "next": here})
    assert (response.status_code, response["Location"]) == (302, here)
    assert Rsvp.objects.get().answer == "maybe"

    piece = emmy_browser.post(address, {"answer": "yes"}, headers={"HX-Request": "true"})
    assert text_of(piece).count("<form") == 1
    assert "1 comes" in text_of(piece)
    assert 'value="" data-answer="yes" aria-pressed="true"' in text_of(piece)

    emmy_browser.post(address, {"answer": ""})
    assert not Rsvp.objects.exists()
    assert emmy_browser.post(address, {"answer": "never"}).status_code == 400


def test_answering_to_a_cancelled_date_says_why_not(ada, emmy_browser, here, meeting):
    change_date(user=ada, meeting=meeting, day=SOON, is_cancelled=True)
    address = f"{here}{meeting.public_id}/{SOON}/rsvp/"

    page = emmy_browser.post(address, {"answer": "yes"}, follow=True)
    piece = emmy_browser.post(address, {"answer": "yes"}, headers={"HX-Request": "true"})

    assert "This date is cancelled" in text_of(page)
    assert piece.status_code == 422
    assert "This date is cancelled" in text_of(piece)


def test_a_leader_moves_one_date(ada_browser, here, meeting):
    address = f"{here}{meeting.public_id}/{SOON}/"
    form = {
        "starts_on": LATER.isoformat(), "start_time": "19:00", "minutes": "60",
        "place": "Café", "version": "1",
    }  # fmt: skip

    response = ada_browser.post(f"{address}edit/", form, follow=True)

    page = text_of(response)
    assert response.request["PATH_INFO"] == address
    assert f"{LATER:%A}, {LATER.day} {LATER:%B %Y}, 19:00–20:00" in page
    assert "Moved from" in page
    assert "Café" in page
    form["starts_on"] = AGO.isoformat()
    response = ada_browser.post(f"{address}edit/", form | {"version": "2"})
    assert response.status_code == 422
    assert "still to come" in text_of(response)


def test_what_another_leader_has_changed_is_not_lost(ada, ada_browser, here, meeting):
    change_date(user=ada, meeting=meeting, day=LATER, is_cancelled=True)
    address = f"{here}{meeting.public_id}/"

    mine = plan(title="Circle", version="1")
    response = ada_browser.post(f"{address}edit/", mine)
    page = text_of(response)
    assert response.status_code == 409
    assert "Changed meanwhile" in page
    assert 'value="Circle"' in page
    assert 'name="version" value="2"' in page

    moved = {"starts_on": SOON, "start_time": "20:00", "minutes": "60", "version": "1"}
    response = ada_browser.post(f"{address}{SOON}/edit/", moved)
    assert response.status_code == 409
    assert 'value="20:00"' in text_of(response)

    assert ada_browser.post(f"{address}edit/", mine | {"version": "2"}).status_code == 302


def test_a_leader_cancels_a_date_and_lets_it_take_place(ada_browser, here, meeting):
    address = f"{here}{meeting.public_id}/{SOON}/"

    page = ada_browser.post(f"{address}cancel/", {"wanted": "yes"}, follow=True)
    assert "Let it take place" in text_of(page)
    page = ada_browser.post(f"{address}cancel/", {"wanted": "no"}, follow=True)
    assert "Cancel this date" in text_of(page)
    assert ada_browser.post(f"{address}cancel/").status_code == 400


def test_a_rule_that_only_programs_make_stays_as_it_is(ada_browser, group, here):
    meeting = make_meeting(group, starts_on=SOON, rule="FREQ=DAILY;INTERVAL=3")

    page = text_of(ada_browser.get(f"{here}{meeting.public_id}/edit/"))
    assert "As it is now: every three days at 18:30" in page
    ada_browser.post(
        f"{here}{meeting.public_id}/edit/", plan(title="Circle", rrule="kept", version="1")
    )

    meeting.refresh_from_db()
    assert (meeting.title, meeting.rrule) == ("Circle", "FREQ=DAILY;INTERVAL=3")


def test_a_removed_meeting_can_be_brought_back(ada_browser, here, meeting):
    page = ada_browser.post(f"{here}{meeting.public_id}/remove/", follow=True)
    assert "“Reading circle” is removed." in text_of(page)
    assert f'action="{here}{meeting.public_id}/restore/"' in text_of(page)
    assert ada_browser.get(f"{here}{meeting.public_id}/{SOON}/").status_code == 404

    page = ada_browser.post(f"{here}{meeting.public_id}/restore/", follow=True)
    assert "The meeting is back." in text_of(page)


def test_notes_are_written_afterwards_and_read_by_all(ada_browser, emmy_browser, group, here):
    meeting = make_meeting(group, starts_on=AGO)
    address = f"{here}{meeting.public_id}/{AGO}/"
    assert "Write notes" in text_of(ada_browser.get(address))

    form = {"notes": "Rank is <b>clear</b> now: $x^2$", "version": "1"}
    ada_browser.post(f"{address}notes/", form)

    page = emmy_browser.get(address).content.decode()
    assert "<p>Rank is &lt;b&gt;clear&lt;/b&gt; now: <math" in page
    assert "Write notes" not in page
    assert "Notes" in text_of(emmy_browser.get(here))
    assert ada_browser.post(f"{address}notes/", form | {"notes": "y"}).status_code == 409
    assert MeetingDate.objects.get().notes.startswith("Rank")


def test_notes_wait_for_the_meeting(ada_browser, here, meeting):
    response = ada_browser.post(
        f"{here}{meeting.public_id}/{SOON}/notes/", {"notes": "x", "version": "1"}
    )

    assert response.status_code == 409
    assert "It has not begun yet." in text_of(response)


def test_members_offer_to_present_and_leaders_choose(
    ada_browser, emmy, emmy_browser, group, here, meeting, catalog
):
    assignment = make_assignment(group, catalog.resources["mml-book"].units[1].id, due_on=SOON)
    address, back = (
        f"{here}presenters/{assignment.public_id}/",
        f"{here}{meeting.public_id}/{SOON}/",
    )

    response = emmy_browser.post(address, {"member": emmy.public_id, "next": back})
    assert response["Location"] == back
    assert "You present it" in text_of(emmy_browser.get(back))
    assert "Emmy Noether presents it" in text_of(ada_browser.get(back))

    ada_browser.post(address, {"member": ""})
    assert not Presenter.objects.exists()
    stranger = make_user()
    for wrong in ("nobody-like-this", stranger.public_id):
        assert ada_browser.post(address, {"member": wrong}).status_code == 400
    page = emmy_browser.post(address, {"member": stranger.public_id})
    assert page.status_code == 403


@pytest.mark.parametrize("below", ["", "new/"])
def test_outside_the_group_there_are_no_meetings(below, here):
    client = Client()
    client.force_login(make_user())

    assert client.get(f"{here}{below}").status_code == 404


def test_members_find_no_forms_of_leaders(emmy_browser, here, meeting):
    one = f"{here}{meeting.public_id}/"
    for address in (f"{here}new/", f"{one}edit/", f"{one}{SOON}/edit/", f"{one}{SOON}/notes/"):
        assert emmy_browser.get(address).status_code == 403
    for address in (f"{one}remove/", f"{one}restore/", f"{one}{SOON}/cancel/"):
        assert emmy_browser.post(address, {"wanted": "yes"}).status_code == 403


def test_a_removed_meeting_is_no_news_to_members(ada, emmy_browser, here, meeting):
    remove_meeting(user=ada, meeting=meeting)

    assert "is removed" not in text_of(emmy_browser.get(f"{here}?removed={meeting.public_id}"))


def test_this_week_shows_the_next_meeting(emmy_browser, group, here, meeting, count_queries):
    with count_queries() as queries:
        page = text_of(emmy_browser.get(f"/groups/{group.public_id}/"))

    assert "Next meeting" in page
    assert f"meets every {SOON:%A} at 18:30, next on {SOON.day} {SOON:%b}" in page
    assert f'hx-get="{here}{meeting.public_id}/{SOON}/rsvp/"' in page
    assert len(queries) <= 8


def test_a_page_fetches_the_buttons_of_a_date(emmy_browser, here, meeting):
    address = f"{here}{meeting.public_id}/{SOON}/rsvp/"

    piece = emmy_browser.get(address, headers={"HX-Request": "true"})
    assert text_of(piece).count("<button") == 3
    page = emmy_browser.get(address)
    assert page["Location"] == f"{here}{meeting.public_id}/{SOON}/"


@pytest.mark.parametrize("leads", [True, False])
def test_the_pages_of_meetings_cost_eight_queries_at_most(
    ada_browser, emmy_browser, emmy, group, here, meeting, catalog, count_queries, leads
):
    browser = ada_browser if leads else emmy_browser
    costs = []
    for size in (1, 12):
        for number in range(size):
            answer_rsvp(user=emmy, meeting=meeting, day=SOON, answer=RsvpAnswer.YES)
            make_meeting(group, f"Meeting {size} {number}", starts_on=SOON, rule="FREQ=DAILY")
            unit = catalog.resources["mml-book"].units[number] if size > 1 else None
            if unit:
                make_assignment(group, unit.id, due_on=SOON)
        past = make_meeting(group, f"Past {size}", starts_on=AGO)
        MeetingDate.objects.create(
            meeting=past, day=AGO, notes="x", notes_html="x", changed_at=timezone.now()
        )
        for address in (
            here,
            f"{here}{meeting.public_id}/{SOON}/",
            f"{here}{past.public_id}/{AGO}/",
        ):
            with count_queries() as queries:
                assert browser.get(address).status_code == 200
            costs.append(len(queries))

    assert costs == [5, 6, 7] * 2
