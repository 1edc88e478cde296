"""A group from its first day: three people in three browsers, and the numbers at every door."""

import csv
import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Person
from tests.browser.steps import new_email, sign_up
from tests.server import Server

BOOK, CHAPTERS = "Mathematics for Machine Learning", 12
# The first chapter is due in a week, the second a week later: both are late once these have passed.
WEEK = timedelta(days=7)
DAYS_THAT_PASS = 15


@contextmanager
def session(chromium: Browser, server: Server) -> Iterator[Page]:
    context = chromium.new_context(base_url=server.address, locale="en-GB")
    yield context.new_page()
    context.close()


@pytest.fixture
def two_newcomers(_newcomers: Iterator[Person]) -> tuple[Person, Person]:
    return next(_newcomers), next(_newcomers)


def test_a_group_from_its_first_day(page, chromium, server, two_newcomers, tmp_path):
    leader, email = page, new_email()
    with session(chromium, server) as emmy, session(chromium, server) as sofia:
        sign_up(leader, email=email, name="Grace Hopper")
        group = start_a_group(leader)
        plan_the_book(leader, group)
        link = make_a_link(leader, group)
        for one, person, name in zip(
            (emmy, sofia), two_newcomers, ("Emmy Noether", "Sofia Kovalevskaya"), strict=True
        ):
            person.enter(one, server)
            join(one, link, name)

        read_two_chapters(emmy, group)
        let_time_pass(server, group)
        ask(sofia, group)

        expect_who_is_where(leader, group)
        give_sofia_more_time(leader, group)
        answer_the_question(leader, group)
        nudge_sofia(leader, group)
        table = export(leader, group, tmp_path)

    progress = progress_by_api(server, group, email)
    members = {one["name"]: (one["done"], one["late"]) for one in progress["members"]}
    assert members == {
        "Grace Hopper": (0, 2),
        "Emmy Noether": (2, 0),
        "Sofia Kovalevskaya": (0, 1),
    }
    assert {row["Member"]: (int(row["Done"]), int(row["To catch up"])) for row in table} == members
    assert [row["Member"] for row in table] == [one["name"] for one in progress["members"]]


def start_a_group(page: Page) -> str:
    """Returns the address of the new group."""
    page.goto("/groups/")
    page.get_by_role("link", name=re.compile("^Start a")).first.click()
    page.get_by_label("Name").fill("Tuesday Readers")
    page.get_by_label("What you read").select_option(label=BOOK)
    page.get_by_role("button", name="Start the group").click()
    expect(page.get_by_role("heading", level=1, name="Tuesday Readers")).to_be_visible()
    return page.url.partition("?")[0]


def plan_the_book(page: Page, group: str) -> None:
    """Weekly, and in the third week nothing."""
    page.goto(f"{group}schedule/plan/")
    preview = page.locator("#preview")
    expect(preview).to_contain_text(f"{CHAPTERS} chapters")
    first = date.fromisoformat(page.get_by_label("First due on").input_value())
    off = first + 2 * WEEK
    page.get_by_label("Days to leave out").fill(off.isoformat())
    page.get_by_label("Days to leave out").blur()
    days = preview.locator("input[type=date]")
    expect(days.nth(2)).to_have_value((off + WEEK).isoformat())
    weeks = [number for number in range(CHAPTERS + 1) if number != 2]
    for place, number in enumerate(weeks):
        expect(days.nth(place)).to_have_value((first + number * WEEK).isoformat())
    page.get_by_role("button", name="Assign these").click()
    expect(page.locator("#schedule .assignment")).to_have_count(CHAPTERS)


def make_a_link(page: Page, group: str) -> str:
    page.goto(f"{group}members/")
    page.get_by_role("button", name="Make a link").click()
    return page.get_by_label("The link").input_value()


def join(page: Page, link: str, name: str) -> None:
    page.goto("/settings/")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Save").click()
    page.goto(link)
    expect(page.get_by_role("heading", name="Who will see what of you")).to_be_visible()
    page.get_by_role("button", name="Join the group").click()
    expect(page.get_by_role("heading", level=1, name="Tuesday Readers")).to_be_visible()


def read_two_chapters(page: Page, group: str) -> None:
    page.goto(f"{group}schedule/")
    rows = page.locator("#schedule .assignment")
    for number in range(2):
        rows.nth(number).get_by_role("button", name="Done").click()
        done = rows.nth(number).get_by_role("button", name="Done")
        expect(done).to_have_attribute("aria-pressed", "true")


def let_time_pass(server: Server, group: str) -> None:
    """No server lets one assign what was due last week, so the dates move instead of the clock."""
    public_id = group.rstrip("/").rpartition("/")[2]
    script = f"""
from datetime import timedelta
from tracker.models import Assignment
for one in Assignment.objects.filter(group__public_id="{public_id}"):
    one.due_on -= timedelta(days={DAYS_THAT_PASS})
    one.due_at -= timedelta(days={DAYS_THAT_PASS})
    one.save()
"""
    server.manage("shell", "-v0", "-c", script)


def ask(page: Page, group: str) -> None:
    page.goto(f"{group}questions/ask/")
    page.get_by_label("Question in a line").fill("What is a basis good for?")
    page.get_by_label("In more words").fill("I am lost in chapter 2: why $n$ vectors?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("heading", name="What is a basis good for?")).to_be_visible()


def row_of(page: Page, name: str) -> Any:
    return page.locator(".matrix tbody tr").filter(has_text=name)


def expect_who_is_where(page: Page, group: str) -> None:
    page.goto(f"{group}progress/")
    expect(row_of(page, "Sofia")).to_contain_text("8 days behind")
    expect(row_of(page, "Sofia")).to_contain_text(f"0 of {CHAPTERS}")
    expect(row_of(page, "Sofia").locator("[data-state=late]")).to_have_count(2)
    expect(row_of(page, "Emmy")).not_to_contain_text("behind")
    expect(row_of(page, "Emmy")).to_contain_text(f"2 of {CHAPTERS}")
    expect(row_of(page, "Emmy").locator("[data-state=done]")).to_have_count(2)
    page.goto(f"{group}questions/?show=unread")
    expect(page.get_by_role("link", name="What is a basis good for?")).to_be_visible()


def give_sofia_more_time(page: Page, group: str) -> None:
    page.goto(f"{group}schedule/")
    earlier = page.locator("#schedule details.fold")
    if earlier.get_attribute("open") is None:
        earlier.locator("summary").click()
    page.get_by_role("link", name="Edit Chapter 1", exact=True).click()
    page.get_by_role("link", name="A later date for one person").click()
    page.get_by_label("Who").select_option(label="Sofia Kovalevskaya")
    page.get_by_label("Due on").fill((date.today() + WEEK).isoformat())  # noqa: DTZ011  # far enough
    page.get_by_role("button", name="Give this date").click()
    expect(page.locator("main")).to_contain_text("Sofia Kovalevskaya")
    page.goto(f"{group}progress/")
    expect(row_of(page, "Sofia").locator("[data-state=late]")).to_have_count(1)


def answer_the_question(page: Page, group: str) -> None:
    page.goto(f"{group}questions/")
    page.get_by_role("link", name="What is a basis good for?").click()
    page.locator("#reply textarea").fill("It says how many numbers you need.")
    page.get_by_role("button", name="Answer", exact=True).click()
    expect(page.get_by_label("Answer by Grace Hopper")).to_contain_text("how many numbers")


def nudge_sofia(page: Page, group: str) -> None:
    page.goto(f"{group}progress/")
    page.get_by_role("button", name="Nudge Sofia Kovalevskaya").click()
    expect(page.locator("#nudges")).to_contain_text("nudged today")


def export(page: Page, group: str, folder: Path) -> list[dict[str, str]]:
    page.goto(f"{group}progress/")
    with page.expect_download() as download:
        page.get_by_role("link", name="export CSV").click()
    file = folder / "progress.csv"
    download.value.save_as(file)
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def progress_by_api(server: Server, group: str, email: str) -> Any:
    secret = server.manage("create_token", email, "--scopes", "read").splitlines()[-1]
    public_id = group.rstrip("/").rpartition("/")[2]
    request = urllib.request.Request(
        f"{server.address}/api/v1/groups/{public_id}/progress/",
        headers={"Authorization": f"Bearer {secret}"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
