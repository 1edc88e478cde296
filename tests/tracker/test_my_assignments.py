"""What somebody has to read in all of their groups, and where they meet it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import make_assignment, make_group, make_meeting, make_user
from tracker.models import AssignmentProgress, Recipient, UnitProgress
from tracker.summaries.my_assignments import due_soon, my_assignments, topics_of

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def units(catalog):
    return catalog.resources["mml-book"].units


def mine(user, catalog, at=NOON):
    return my_assignments(user=user, graph=catalog, at=at)


def labels(assignments):
    return [one.unit.label for one in assignments]


def in_days(days):
    return timezone.now().date() + timedelta(days=days)


def test_they_come_from_all_my_groups_by_the_date_that_holds_for_me(ada, catalog, units):
    first, second = make_group(members=[ada]), make_group("Oslo", leader=ada)
    late = make_assignment(first, units[0].id, due_on=date(2026, 11, 3))
    make_assignment(second, units[1].id, due_on=date(2026, 11, 10))
    AssignmentProgress.objects.create(
        assignment=late, user=ada, due_at=NOON + timedelta(days=2), changed_at=NOON
    )

    found = mine(ada, catalog)

    assert labels(found) == ["Chapter 2", "Chapter 1"]
    assert [one.mine.is_late for one in found] == [True, False]
    assert (found[0].group.name, found[0].due_on) == ("Oslo", date(2026, 11, 10))


def test_what_is_done_or_due_later_is_left_out_where_it_does_not_count(ada, catalog, units):
    group = make_group(members=[ada])
    for number, day in enumerate((19, 20, 28, 29)):
        make_assignment(group, units[number].id, due_on=date(2026, 11, day))
    UnitProgress.objects.create(user=ada, unit_id=units[0].id, done_at=NOON)
    open_until = datetime(2026, 11, 29, tzinfo=UTC)

    found = my_assignments(user=ada, graph=catalog, at=NOON, open_until=open_until)

    assert labels(found) == ["Chapter 2", "Chapter 3"]


def test_what_is_not_mine_to_read_is_left_out(ada, catalog, units):
    carl = make_user()
    group = make_group(members=[ada, carl])
    make_assignment(group, units[0].id, is_draft=True)
    make_assignment(group, units[1].id, deleted_at=NOON)
    for_carl = make_assignment(group, units[2].id, is_for_everyone=False)
    Recipient.objects.create(assignment=for_carl, user=carl)
    for closed in (
        make_group(members=[ada], deleted_at=NOON),
        make_group(members=[ada], archived_at=NOON),
        make_group(observers=[ada]),
        make_group(),
    ):
        make_assignment(closed, units[3].id)

    assert mine(ada, catalog) == []
    assert labels(mine(carl, catalog)) == ["Chapter 3"]


def test_soon_is_what_is_open_and_late_or_due_within_two_weeks(ada, catalog, units):
    group = make_group(members=[ada])
    for number, days in enumerate((-30, -1, 3, 13, 14, 3)):
        make_assignment(group, units[number].id, due_on=NOON.date() + timedelta(days=days))
    UnitProgress.objects.create(user=ada, unit_id=units[1].id, done_at=NOON)
    out = group.assignments.get(unit=units[5].id)
    AssignmentProgress.objects.create(assignment=out, user=ada, answer="out", changed_at=NOON)

    soon = due_soon(mine(ada, catalog), NOON)

    assert labels(soon) == ["Chapter 1", "Chapter 3", "Chapter 4"]
    assert labels(due_soon(mine(ada, catalog), NOON, read=units[1])) == [
        "Chapter 1",
        "Chapter 2",
        "Chapter 3",
        "Chapter 4",
    ]
    taught = {index for number in (0, 2, 3) for index in units[number].topics}
    assert topics_of(soon) == sum(1 << index for index in taught)


@pytest.mark.parametrize("size", [2, 10])
def test_it_costs_one_query(ada, catalog, units, count_queries, size):
    for number in range(size):
        make_assignment(make_group(members=[ada]), units[number].id)

    with count_queries() as queries:
        assert len(mine(ada, catalog)) == size

    assert len(queries) == 1


def test_today_shows_what_is_due_in_my_groups_with_the_buttons(ada, ada_browser, units):
    group = make_group("Tuesday Readers", members=[ada])
    assignment = make_assignment(group, units[1].id, due_on=in_days(3), note="One exercise each")
    make_assignment(group, units[2].id, due_on=in_days(40))

    page = ada_browser.get("/today/").content.decode()

    assert "Due in your groups" in page
    assert f'href="/groups/{group.public_id}/">Tuesday Readers</a>' in page
    assert "One exercise each" in page
    assert f'id="done-{assignment.public_id}"' in page
    assert "Chapter 3" not in page


def test_today_says_nothing_of_groups_to_somebody_without_any(ada_browser):
    assert "Due in your groups" not in ada_browser.get("/today/").content.decode()


def test_next_puts_first_what_a_group_reads_soon_on_every_page_and_in_the_api(
    ada, ada_browser, ada_htmx, ada_api, catalog
):
    ada.role_id = catalog.roles["data-scientist"].id
    ada.save()
    roadmap = "/roadmap/data-scientist/"

    def first_ones():
        pages = [
            ada_browser.get("/today/"),
            ada_browser.get(roadmap),
            ada_htmx.get("/today/next/"),
            ada_htmx.get(f"{roadmap}next/"),
        ]
        by_api = ada_api.get("/api/v1/me/plan/").json()["next"][0]["slug"]
        return {by_api, *(page.context["next_up"].topics[0].row.slug for page in pages)}

    before = first_ones()
    ready = ada_api.get("/api/v1/me/plan/").json()["next"]
    last = catalog.topic_by_slug[ready[-1]["slug"]]
    unit = catalog.covering[last.index][0]
    make_assignment(make_group(members=[ada]), unit.id, due_on=in_days(3))

    [first] = first_ones()
    assert before.isdisjoint({first, last.slug})
    assert first in {catalog.topics[index].slug for index in unit.topics}


def test_marking_on_today_without_scripts_proposes_the_topics_there(ada, ada_browser, catalog):
    unit = next(
        one for one in catalog.resources["mml-book"].units
        if any(len(catalog.covering[index]) for index in one.topics)
    )  # fmt: skip
    group = make_group(members=[ada])
    assignment = make_assignment(group, unit.id, due_on=in_days(3))

    response = ada_browser.post(
        f"/groups/{group.public_id}/schedule/{assignment.public_id}/mine/",
        {"state": "done", "next": "/today/"},
    )
    page = ada_browser.get(response["Location"]).content.decode()

    assert UnitProgress.objects.filter(user=ada, unit=unit.id).exists()
    assert f'id="mine-{assignment.public_id}"' in page
    assert f"{unit.label} is done." in page


def test_the_first_page_of_a_group_shows_what_is_due_for_me_and_where_it_is(
    ada, ada_browser, units
):
    group = make_group("Tuesday Readers", members=[ada], about_html="<p>Tea at six.</p>")
    make_assignment(group, units[0].id, due_on=in_days(-3))
    make_assignment(group, units[1].id, due_on=in_days(4))
    make_assignment(group, units[2].id, due_on=in_days(40))

    response = ada_browser.get(f"/groups/{group.public_id}/")
    page = response.content.decode()

    assert labels(response.context["due"]) == ["Chapter 1", "Chapter 2"]
    assert "1 chapter to catch up" in page
    assert page.count("0 of 2 done") == 2
    assert "Tea at six." in page


def test_far_from_any_date_it_shows_the_next_chapter(ada, ada_browser, units):
    group = make_group(members=[ada])
    for number in (0, 1):
        make_assignment(group, units[number].id, due_on=in_days(100 + number))

    response = ada_browser.get(f"/groups/{group.public_id}/")

    assert labels(response.context["due"]) == ["Chapter 1"]


def test_a_fresh_leader_is_told_the_first_steps(ada, ada_browser, units):
    group = make_group(leader=ada)
    address = f"/groups/{group.public_id}/"

    assert "First steps" in ada_browser.get(address).content.decode()

    group.memberships.create(user=make_user(), role="member", joined_at=NOON)
    make_assignment(group, units[0].id)
    assert "First steps" not in ada_browser.get(address).content.decode()


def test_members_and_observers_are_not_told_who_is_behind(ada, units):
    watcher, carl = make_user(), make_user(name="Carl")
    group = make_group(leader=ada, members=[carl], observers=[watcher])
    make_assignment(group, units[0].id, due_on=in_days(-3))

    def page(user):
        client = Client()
        client.force_login(user)
        return client.get(f"/groups/{group.public_id}/").content.decode()

    assert "To catch up" in page(ada)
    assert "To catch up" not in page(carl)
    assert "To catch up" not in page(watcher)
    assert "For you" not in page(watcher)


@pytest.mark.parametrize("size", [3, 40])
def test_the_first_page_of_a_group_costs_seven_queries(
    ada, ada_browser, units, count_queries, size
):
    people = [make_user() for _ in range(size)]
    group = make_group(leader=ada, members=people)
    for unit in units[: min(size, 12)]:
        make_assignment(group, unit.id, due_on=in_days(-3))
    make_meeting(group, starts_on=in_days(3))
    ada_browser.get(f"/groups/{group.public_id}/")

    with count_queries() as queries:
        response = ada_browser.get(f"/groups/{group.public_id}/")

    assert len(queries) == 7
    assert b"Next meeting" in response.content
