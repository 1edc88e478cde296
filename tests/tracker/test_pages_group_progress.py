"""The page that shows who in a group is where, and its CSV."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import make_assignment, make_group, make_user
from tracker.models import AssignmentProgress, Membership, Notice, UnitProgress

LONG_AGO, FAR_AHEAD = date(2026, 1, 6), date(2126, 1, 6)


@pytest.fixture
def units(catalog):
    return catalog.resources["mml-book"].units


@pytest.fixture
def henri(db):
    return make_user(name="Henri Poincaré")


@pytest.fixture
def group(ada, henri, units):
    """Ada leads; Henri has one chapter to catch up."""
    group = make_group("Tuesday Readers", leader=ada, members=[henri])
    make_assignment(group, units[0].id, due_on=LONG_AGO)
    make_assignment(group, units[1].id, due_on=FAR_AHEAD)
    UnitProgress.objects.create(
        user=ada, unit_id=units[0].id, done_at=datetime(2026, 1, 2, tzinfo=UTC)
    )
    return group


def browser_of(user):
    client = Client()
    client.force_login(user)
    return client


def page(client, group, query=""):
    return client.get(f"/groups/{group.public_id}/progress/{query}")


def names(response):
    """The members of the table from top to bottom."""
    return re.findall(r'class="matrix-name" title="([^"]+)"', response.context["body"])


def titles(response):
    """What the cells say, line by line."""
    lines = response.context["body"].split("</tr>")[:-1]
    return [re.findall(r'role="img" title="([^"]+)"', line) for line in lines]


def table(client, group, query=""):
    response = client.get(f"/groups/{group.public_id}/progress/csv/{query}")
    return list(csv.reader(io.StringIO(response.content.decode(), newline="")))


def test_leaders_see_who_is_behind_and_can_nudge_them(ada_browser, group):
    response = page(ada_browser, group)

    assert names(response) == ["Henri Poincaré", "Ada Lovelace"]
    assert [one.name for one in response.context["nudgeable"]] == ["Henri Poincaré"]
    assert b'data-state="late" role="img" title="late">!</span>' in response.content
    assert b"1 chapter to catch up" in response.content


def test_members_see_the_same_page_without_lateness(group, henri, ada):
    AssignmentProgress.objects.create(
        assignment=group.assignments.first(),
        user=ada,
        answer="more_time",
        changed_at=timezone.now(),
    )
    content = page(browser_of(henri), group).content.decode()

    assert "Ada Lovelace" in content
    for hidden in ("Needs a nudge", "Asked for time", "To catch up", "last active"):
        assert hidden not in content


@pytest.mark.parametrize("path", ["progress/", "progress/csv/"])
def test_somebody_outside_gets_a_404(group, path):
    outside = browser_of(make_user())

    assert outside.get(f"/groups/{group.public_id}/{path}").status_code == 404
    assert outside.get(f"/groups/{'x' * 20}/{path}").status_code == 404


def test_observers_are_told_how_many_they_do_not_see(group, henri):
    watcher = make_user()
    Membership.objects.create(group=group, user=watcher, role="observer", joined_at=timezone.now())
    Membership.objects.filter(user=henri).update(is_seen_by_observers=True)

    response = page(browser_of(watcher), group)

    assert names(response) == ["Henri Poincaré"]
    assert b"1 member is not shown" in response.content
    assert b"Nudge" not in response.content


def test_filters_narrow_the_table(ada_browser, group):
    behind = page(ada_browser, group, "?who=behind&chapters=due")

    assert names(behind) == ["Henri Poincaré"]
    assert [column.unit.number for column in behind.context["columns"]] == [1]
    assert len(names(page(ada_browser, group, "?who=x&chapters=%00"))) == 2


def test_members_cannot_filter_by_what_they_do_not_see(group, henri):
    assert len(names(page(browser_of(henri), group, "?who=behind"))) == 2


def test_a_group_without_assignments_says_so(ada_browser, ada):
    response = page(ada_browser, make_group(leader=ada))

    assert b"Nothing is assigned yet" in response.content


def test_names_are_shown_literally(ada_browser, group):
    group.memberships.create(
        user=make_user(name="<b>Eve</b>"), role="member", joined_at=timezone.now()
    )

    content = page(ada_browser, group).content.decode()

    assert "&lt;b&gt;Eve&lt;/b&gt;" in content
    assert "<b>Eve" not in content


@pytest.mark.parametrize("query", ["", "?who=behind", "?chapters=due", "?who=behind&chapters=due"])
def test_the_csv_equals_the_screen(ada_browser, group, query):
    shown = page(ada_browser, group, query)
    heading, *rows = table(ada_browser, group, query)

    assert [row[0] for row in rows] == names(shown)
    assert len(heading) == len(shown.context["columns"]) + 7
    assert [row[1:-6] for row in rows] == titles(shown)
    by_name = {row.name: row for row in shown.context["progress"].rows}
    for row in rows:
        line = by_name[row[0]]
        assert row[-6:-4] == [str(line.done), str(line.total)]
        assert row[-4:-2] == [str(line.late), str(line.behind_days)]


def test_the_csv_has_a_name_and_a_type_and_is_not_kept(ada_browser, group):
    response = ada_browser.get(f"/groups/{group.public_id}/progress/csv/")

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    day = datetime.now(UTC).date().isoformat()
    assert response["Content-Disposition"] == (
        f'attachment; filename="tuesday-readers-progress-{day}.csv"'
    )
    assert "no-store" in response["Cache-Control"]
    assert not response.content.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2", "@x"])
def test_no_name_becomes_a_formula(ada_browser, group, henri, name):
    henri.name = name
    henri.save()

    assert f"'{name}" in [row[0] for row in table(ada_browser, group)]


def test_the_csv_of_a_member_says_nothing_about_lateness(group, henri):
    heading, *rows = table(browser_of(henri), group)

    assert heading[-2:] == ["Done", "Of"]
    assert [row[:3] for row in rows] == [
        ["Ada Lovelace", "done", "not started"],
        ["Henri Poincaré", "late", "not started"],
    ]


@pytest.mark.parametrize("size", [3, 40])
def test_the_page_costs_six_queries(ada, ada_browser, units, count_queries, size):
    people = [make_user() for _ in range(size)]
    group = make_group(leader=ada, members=people)
    Membership.objects.filter(group=group).update(shares_readiness=True)
    for unit in units[: min(size, len(units))]:
        assignment = make_assignment(group, unit.id, due_on=LONG_AGO)
        AssignmentProgress.objects.create(
            assignment=assignment, user=people[0], is_reading=True, changed_at=timezone.now()
        )
        UnitProgress.objects.create(
            user=people[1], unit_id=unit.id, done_at=timezone.now() - timedelta(days=1)
        )
    page(ada_browser, group)

    with count_queries() as queries:
        page(ada_browser, group)

    assert len(queries) == 6


def nudge(client, group, person, text=""):
    return client.post(
        f"/groups/{group.public_id}/members/{person.public_id}/nudge/", {"text": text}
    )


def test_a_nudge_without_scripts_leads_back_to_the_page(ada_browser, group, henri):
    response = nudge(ada_browser, group, henri)

    assert (response.status_code, response["Location"]) == (
        302,
        f"/groups/{group.public_id}/progress/#nudges",
    )
    assert b"nudged today" in page(ada_browser, group).content


def test_a_second_press_says_the_same_and_sends_nothing(ada_htmx, group, henri):
    answers = [nudge(ada_htmx, group, henri) for _ in range(2)]

    assert [(one.status_code, b"nudged today" in one.content) for one in answers] == [
        (200, True),
        (200, True),
    ]
    assert Notice.objects.filter(user=henri).count() == 1


@pytest.mark.parametrize("text", ["x" * 201, "a\nb", "a\0b"])
def test_words_that_do_not_fit_are_refused_with_a_sentence(ada_htmx, group, henri, text):
    response = nudge(ada_htmx, group, henri, text)

    assert response.status_code == 422
    assert b"nudge-refusal" in response.content
    assert not Notice.objects.exists()


def test_members_may_not_nudge_and_nobody_outside_finds_the_way(group, henri, ada):
    assert nudge(browser_of(henri), group, ada).status_code == 403
    assert nudge(browser_of(make_user()), group, ada).status_code == 404
