"""The schedule of a group in the browser, with htmx and without."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import make_assignment, make_group, make_user
from tracker.models import Assignment, AssignmentProgress, Recipient, UnitProgress

TODAY = timezone.now().date()


def in_days(number: int) -> date:
    return TODAY + timedelta(days=number)


@pytest.fixture
def units(catalog):
    return catalog.resources["mml-book"].units


@pytest.fixture
def bob(db):
    return make_user(name="Bob")


@pytest.fixture
def bob_browser(bob):
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def group(ada, bob):
    return make_group("Tuesday Readers", leader=ada, members=[bob])


@pytest.fixture
def at(group):
    """An address below the group's schedule."""
    return lambda rest="": f"/groups/{group.public_id}/schedule/{rest}"


def page_of(client, address, **data):
    return client.get(address, data).content.decode()


def test_the_schedule_lists_what_is_due_by_date_and_in_the_groups_zone(
    ada_browser, group, units, at
):
    make_assignment(group, units[0].id, due_on=in_days(3), note="One exercise per section")
    make_assignment(group, units[1].id, due_on=in_days(-3))
    group.time_zone = "Asia/Kolkata"
    group.save()

    page = page_of(ada_browser, at())

    assert "Days and times are by the clock in Asia/Kolkata." in page
    assert f"{units[0].label} · {units[0].title}" in page
    assert "One exercise per section" in page
    assert "Earlier: 1 chapter" in page
    assert "to catch up" in page
    assert page.index(units[0].title) < page.index(units[1].title)


def test_an_empty_schedule_says_what_to_do(ada_browser, bob_browser, at):
    assert "Assign one chapter by hand" in page_of(ada_browser, at())
    assert "Your leaders have not assigned" in page_of(bob_browser, at())


def test_members_see_no_drafts_no_tools_and_nothing_for_others(
    ada, ada_browser, bob_browser, group, units, at
):
    make_assignment(group, units[0].id, is_draft=True)
    for_ada = make_assignment(group, units[1].id, is_for_everyone=False)
    Recipient.objects.create(assignment=for_ada, user=ada)
    make_assignment(group, units[2].id)

    theirs, ours = page_of(bob_browser, at()), page_of(ada_browser, at())

    assert units[0].title not in theirs
    assert units[1].title not in theirs
    assert "/move/" not in theirs
    assert '<span class="chip">draft</span>' in ours
    assert "For Ada Lovelace" in ours


def test_nobody_outside_opens_the_schedule(ada_browser, units):
    other = make_group(visibility="public")
    made = make_assignment(other, units[0].id)

    assert ada_browser.get(f"/groups/{other.public_id}/schedule/").status_code == 404
    address = f"/groups/{other.public_id}/schedule/{made.public_id}/mine/"
    assert ada_browser.post(address, {"state": "done"}).status_code == 404


def test_marking_done_by_a_plain_form_proposes_the_topics_and_can_be_undone(
    bob, bob_browser, group, units, at
):
    made = make_assignment(group, units[1].id, due_on=in_days(3))

    answer = bob_browser.post(at(f"{made.public_id}/mine/"), {"state": "done", "next": at()})

    assert answer.status_code == 302
    page = page_of(bob_browser, answer["Location"])
    assert f"{units[1].label} is done." in page
    assert f"{units[1].label} completes what" in page
    assert 'id="undo"' in page
    assert UnitProgress.objects.get().user == bob


def test_marking_with_htmx_swaps_the_buttons_and_says_so(bob, group, units, at):
    htmx = Client(headers={"HX-Request": "true"})
    htmx.force_login(bob)
    made = make_assignment(group, units[1].id, due_on=in_days(3))

    answer = htmx.post(at(f"{made.public_id}/mine/"), {"answer": "more_time", "next": at()})

    piece = answer.content.decode()
    assert f'id="mine-{made.public_id}" hx-swap-oob="true"' in piece
    assert "Your leaders know that you would like more time" in piece
    assert "<html" not in piece
    assert AssignmentProgress.objects.get().answer == "more_time"


@pytest.mark.parametrize("data", [{}, {"state": "finished"}, {"answer": "maybe"}])
def test_a_mark_that_says_nothing_is_refused(bob_browser, group, units, at, data):
    made = make_assignment(group, units[0].id)

    assert bob_browser.post(at(f"{made.public_id}/mine/"), data).status_code == 400
    assert not AssignmentProgress.objects.exists()


def test_a_leader_removes_a_chapter_and_takes_it_back(ada_browser, group, units, at):
    made = make_assignment(group, units[0].id, due_on=in_days(3))

    answer = ada_browser.post(at(f"{made.public_id}/remove/"))

    page = page_of(ada_browser, answer["Location"])
    assert f"{units[0].label} is removed from the schedule." in page
    assert at(f"{made.public_id}/restore/") in page
    assert units[0].title not in page

    ada_browser.post(at(f"{made.public_id}/restore/"))
    assert units[0].title in page_of(ada_browser, at())


def test_moving_a_chapter_with_htmx_swaps_the_list(ada_htmx, group, units, at):
    make_assignment(group, units[0].id, due_on=in_days(3))
    second = make_assignment(group, units[1].id, due_on=in_days(5))

    answer = ada_htmx.post(at(f"{second.public_id}/move/"), {"to": "up"}).content.decode()

    assert 'id="schedule" hx-swap-oob="true"' in answer
    assert answer.index(units[1].title) < answer.index(units[0].title)
    second.refresh_from_db()
    assert second.due_on == in_days(3)


@pytest.mark.parametrize("act", ["move", "remove", "restore"])
def test_members_manage_nothing(bob_browser, group, units, at, act):
    made = make_assignment(group, units[0].id, due_on=in_days(3))

    answer = bob_browser.post(at(f"{made.public_id}/{act}/"), {"to": "up"})

    assert answer.status_code == 403
    assert Assignment.objects.get().version == 1


def test_members_know_nothing_of_what_is_removed(bob_browser, group, units, at):
    made = make_assignment(group, units[0].id, deleted_at=datetime(2026, 11, 1, tzinfo=UTC))

    assert bob_browser.post(at(f"{made.public_id}/restore/")).status_code == 404
    assert units[0].label not in page_of(bob_browser, at(), removed=made.public_id)


def test_the_schedule_costs_as_much_with_sixty_chapters_as_with_three(
    ada_browser, bob_browser, catalog, group, at, count_queries
):
    every = [unit for resource in catalog.resources.values() for unit in resource.units]
    counts = []
    for chosen in (every[:3], every[3:60]):
        for unit in chosen:
            make_assignment(group, unit.id)
        for browser in (ada_browser, bob_browser):
            with count_queries() as queries:
                browser.get(at())
            counts.append(len(queries))

    assert counts == [6, 4, 6, 4]


def plan_data(units, **changes):
    return {
        "resource": "mml-book",
        "units": [unit.slug for unit in units],
        "first_due_on": str(in_days(7)),
        "every": "days",
        "every_days": "7",
        "per_step": "1",
        "due_time": "23:59",
        "for_whom": "everyone",
    } | changes


def rows_of(units, days, **changes):
    """The rows of the preview, as a browser sends them."""
    return {
        "row": [unit.slug for unit in units],
        "keep": [unit.slug for unit in units],
        **{f"day-{unit.slug}": str(day) for unit, day in zip(units, days, strict=True)},
    } | changes


def test_the_page_for_a_plan_opens_with_the_groups_book_and_its_dates(
    ada_browser, catalog, group, units, at
):
    group.resource_id = catalog.resources["mml-book"].id
    group.save()
    make_assignment(group, units[3].id)

    page = page_of(ada_browser, at("plan/"))

    assert f'name="day-{units[0].slug}" value="{in_days(7)}"' in page
    assert f'name="day-{units[1].slug}" value="{in_days(14)}"' in page
    assert f'name="day-{units[3].slug}"' not in page
    assert f"Assigned already: {units[3].label}." in page
    assert not Assignment.objects.filter(unit=units[0].id).exists()


def test_a_group_that_reads_nothing_yet_is_asked_for_a_book(ada_browser, at, catalog):
    assert "Which book?" in page_of(ada_browser, at("plan/"))
    assert 'name="day-' in page_of(ada_browser, at("plan/"), resource="mml-book")


def test_the_preview_follows_the_rule_and_saves_nothing(ada_browser, ada_htmx, units, at):
    data = plan_data(units[:3], skip=f"{in_days(14)}", preview="1")

    for browser in (ada_browser, ada_htmx):
        page = browser.post(at("plan/"), data).content.decode()
        assert f'name="day-{units[0].slug}" value="{in_days(7)}"' in page
        assert f'name="day-{units[1].slug}" value="{in_days(21)}"' in page
        assert f'name="day-{units[3].slug}"' not in page
    assert "<html" not in page
    assert not Assignment.objects.exists()


def test_the_dates_are_shown_before_anybody_is_chosen(ada_htmx, units, at):
    answer = ada_htmx.post(at("plan/"), plan_data(units[:2], for_whom="some"))

    assert answer.status_code == 200
    assert f'name="day-{units[0].slug}" value="{in_days(7)}"' in answer.content.decode()


def test_pressing_not_then_leaves_out_a_day_and_moves_the_rest_on(ada_htmx, units, at):
    data = plan_data(units[:2], skip="2026-01-01", skip_day=str(in_days(7)))

    piece = ada_htmx.post(at("plan/"), data).content.decode()

    assert f'name="day-{units[0].slug}" value="{in_days(14)}"' in piece
    assert f"2026-01-01, {in_days(7)}" in piece
    assert 'id="skip" hx-swap-oob="true"' in piece


def test_what_the_preview_shows_is_saved_row_by_row_and_can_be_taken_back(
    ada_browser, units, at, bob
):
    days = [in_days(7), in_days(15), in_days(21)]
    data = plan_data(units[:3], save="published", due_time="20:00")
    data |= rows_of(units[:3], days, keep=[units[0].slug, units[1].slug])

    answer = ada_browser.post(at("plan/"), data)

    assert answer.status_code == 302
    made = Assignment.objects.all()
    assert [(one.unit_id, one.due_on) for one in made] == [
        (units[0].id, days[0]),
        (units[1].id, days[1]),
    ]
    assert str(made[0].due_time) == "20:00:00"
    page = page_of(ada_browser, answer["Location"])
    assert "2 chapters assigned." in page
    undo = at(f"plan/{made[0].batch}/undo/")
    assert undo in page
    ada_browser.post(undo)
    assert not Assignment.objects.live().exists()


def test_pressing_save_twice_assigns_once(ada_browser, units, at):
    data = plan_data(units[:2], save="published", form_key="abcdefgh12345678")
    data |= rows_of(units[:2], [in_days(7), in_days(14)])

    first, second = (ada_browser.post(at("plan/"), data) for _ in range(2))

    assert first["Location"] == second["Location"]
    assert Assignment.objects.count() == 2


def test_a_plan_may_be_kept_as_drafts_and_published_later(ada_browser, bob_browser, units, at):
    data = plan_data(units[:2], save="draft") | rows_of(units[:2], [in_days(7), in_days(14)])

    ada_browser.post(at("plan/"), data)

    assert "2 drafts that only leaders see." in page_of(ada_browser, at())
    assert units[0].title not in page_of(bob_browser, at())
    page = ada_browser.post(at("publish/"), follow=True).content.decode()
    assert "2 drafts published" in page
    assert units[0].title in page_of(bob_browser, at())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"first_due_on": "2020-01-01"}, "is in the past"),
        ({"first_due_on": "9999-12-31"}, "more than 10 years away"),
        ({"first_due_on": ""}, "required"),
        ({"every": "weekdays"}, "at least one weekday"),
        ({"every_days": "0"}, "greater than or equal to 1"),
        ({"every_days": ""}, "required"),
        ({"units": []}, "at least one chapter"),
        ({"skip": "Christmas"}, "Write days as in 2026-12-24"),
        ({"skip": "2026-12-24 to 2026-12-20"}, "no stretch of at most a year"),
        ({"skip": "2026-02-30"}, "There is no such day."),
        ({"for_whom": "some"}, "at least one person"),
        ({"note": "x" * 501}, "at most 500 characters"),
    ],
)
def test_a_rule_that_cannot_be_meant_gets_a_sentence(ada_browser, units, at, change, sentence):
    days = [in_days(7), in_days(14)] if "2020" not in str(change) else [date(2020, 1, 1)] * 2
    data = plan_data(units[:2], save="published") | rows_of(units[:2], days) | change
    if "9999" in str(change):
        data |= {"save": [], "preview": "1"}

    answer = ada_browser.post(at("plan/"), data)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Assignment.objects.exists()


def test_a_row_without_a_day_is_pointed_to_and_the_others_stay_as_typed(ada_browser, units, at):
    data = plan_data(units[:2], save="published")
    data |= rows_of(units[:2], ["soon", in_days(9)])

    answer = ada_browser.post(at("plan/"), data)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Give a day." in page
    assert f'name="day-{units[1].slug}" value="{in_days(9)}"' in page


def test_one_chapter_of_any_book_is_assigned_to_some(ada_browser, bob, bob_browser, units, at):
    data = {
        "unit": f"mml-book/{units[4].slug}",
        "due_on": str(in_days(5)),
        "due_time": "18:00",
        "note": "With exercises",
        "for_whom": "some",
        "members": [bob.public_id],
        "as": "published",
    }

    answer = ada_browser.post(at("new/"), data)

    made = Assignment.objects.get()
    assert answer["Location"] == at(f"#assignment-{made.public_id}")
    assert (made.due_on, made.note, made.is_draft) == (in_days(5), "With exercises", False)
    assert [one.user for one in made.recipients.all()] == [bob]
    assert units[4].title in page_of(bob_browser, at())
    assert f"mml-book/{units[4].slug}" not in page_of(ada_browser, at("new/"))


def test_a_chapter_due_in_the_past_is_refused_beside_its_day(ada_browser, units, at):
    data = {"unit": f"mml-book/{units[4].slug}", "due_on": "2020-01-01", "due_time": "18:00"}

    answer = ada_browser.post(at("new/"), data | {"for_whom": "everyone"})

    assert answer.status_code == 422
    assert "Wednesday, 1 January 2020 is in the past." in answer.content.decode()


def test_a_copy_begins_with_the_note_a_week_later(ada_browser, group, units, at):
    made = make_assignment(group, units[0].id, due_on=in_days(30), note="With exercises")

    page = page_of(ada_browser, at("new/"), copy=made.public_id)

    assert "With exercises" in page
    assert f'value="{in_days(37)}"' in page


def edit_data(made, **changes):
    return {
        "due_on": str(made.due_on),
        "due_time": "23:59",
        "note": made.note,
        "for_whom": "everyone",
        "version": str(made.version),
    } | changes


def test_an_assignment_is_edited(ada_browser, group, units, at):
    made = make_assignment(group, units[0].id, due_on=in_days(3))

    answer = ada_browser.post(
        at(f"{made.public_id}/edit/"), edit_data(made, note="New", due_on=str(in_days(4)))
    )

    assert answer.status_code == 302
    made.refresh_from_db()
    assert (made.note, made.due_on, made.version) == ("New", in_days(4), 2)


def test_of_two_leaders_the_second_sees_what_the_first_has_done_and_decides(
    ada_browser, group, units, at
):
    made = make_assignment(group, units[0].id, due_on=in_days(3))
    path = at(f"{made.public_id}/edit/")
    ada_browser.post(path, edit_data(made, note="The first"))

    answer = ada_browser.post(path, edit_data(made, note="The second"))

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Another leader has changed this meanwhile." in page
    assert "The first" in page
    assert "The second" in page
    assert 'name="version" value="2"' in page
    assert Assignment.objects.get().note == "The first"
    ada_browser.post(path, edit_data(made, note="The second", version="2"))
    assert Assignment.objects.get().note == "The second"


def test_what_is_past_keeps_its_date_when_its_note_is_edited(ada_browser, group, units, at):
    made = make_assignment(group, units[0].id, due_on=in_days(-30))

    ada_browser.post(at(f"{made.public_id}/edit/"), edit_data(made, note="Over"))

    assert Assignment.objects.get().note == "Over"


def test_one_person_gets_a_later_date_and_loses_it_again(
    ada_browser, bob, bob_browser, group, units, at
):
    made = make_assignment(group, units[0].id, due_on=in_days(3))
    path = at(f"{made.public_id}/dates/")
    data = {"member": bob.public_id, "due_on": str(in_days(9)), "due_time": "23:59"}

    page = ada_browser.post(path, data, follow=True).content.decode()

    assert "Take it away" in page
    assert "Your own date" in page_of(bob_browser, at())
    ada_browser.post(path, {"remove": bob.public_id})
    assert "Your own date" not in page_of(bob_browser, at())
    too_early = ada_browser.post(path, data | {"due_on": str(in_days(1))})
    assert too_early.status_code == 422
    assert "later than that" in too_early.content.decode()


def test_a_break_is_shown_before_it_is_inserted_and_taken_back(ada_browser, group, units, at):
    make_assignment(group, units[0].id, due_on=in_days(3))
    second = make_assignment(group, units[1].id, due_on=in_days(10))
    data = {"from_day": str(in_days(5)), "days": "14"}

    preview = page_of(ada_browser, at("shift/"), **data)
    assert "Move this date" in preview
    assert units[0].title not in preview
    second.refresh_from_db()
    assert second.due_on == in_days(10)

    answer = ada_browser.post(at("shift/"), data)
    second.refresh_from_db()
    assert second.due_on == in_days(24)
    page = page_of(ada_browser, answer["Location"])
    assert "1 date moved." in page
    undo = at(f"shift/{second.batch}/undo/")
    assert undo in page
    ada_browser.post(undo)
    second.refresh_from_db()
    assert second.due_on == in_days(10)
    again = ada_browser.post(undo, follow=True)
    assert "No date is left to go back" in again.content.decode()


@pytest.mark.parametrize("days", ["", "0", "367", "x", "9" * 30])
def test_a_break_that_cannot_be_meant_gets_a_sentence(ada_browser, group, units, at, days):
    make_assignment(group, units[0].id, due_on=in_days(3))

    assert (
        ada_browser.post(at("shift/"), {"from_day": str(in_days(1)), "days": days}).status_code
        == 422
    )
    assert ada_browser.get(at("shift/"), {"from_day": "soon", "days": days}).status_code == 422


@pytest.mark.parametrize("rest", ["new/", "plan/", "shift/", "{a}/edit/", "{a}/dates/"])
def test_the_pages_of_leaders_are_closed_to_members(bob_browser, group, units, at, rest):
    made = make_assignment(group, units[0].id)

    assert bob_browser.get(at(rest.format(a=made.public_id))).status_code == 403


@pytest.mark.parametrize("rest", ["new/", "plan/?resource=mml-book", "shift/", "{a}/edit/"])
def test_the_pages_of_leaders_cost_the_same_for_sixty_chapters(
    ada_browser, catalog, group, at, count_queries, rest
):
    every = [unit for resource in catalog.resources.values() for unit in resource.units]
    counts = []
    for chosen in (every[:3], every[3:60]):
        for unit in chosen:
            made = make_assignment(group, unit.id, due_on=in_days(9))
        with count_queries() as queries:
            ada_browser.get(at(rest.format(a=made.public_id)))
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert counts[0] <= 8


@pytest.mark.parametrize("name", ["removed", "planned", "shifted", "undo", "read"])
@pytest.mark.parametrize("value", ["", "0", "\0", "\ud800", "a b", "x" * 3_000])
def test_an_address_with_nonsense_about_what_was_done_shows_the_schedule(
    ada_browser, at, name, value
):
    query = urlencode({name: value.encode("utf-8", "surrogatepass")})

    assert ada_browser.get(f"{at()}?{query}").status_code == 200
