"""The roadmap under the hands of people: keys, search, double clicks, two tabs, the way back."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import counted, expect_done, expect_not_done, row, tick

ROADMAP = "/roadmap/data-scientist/"
FIRST = "algebra-and-functions"


def expect_pressed(page: Page, slug: str, name: str) -> None:
    button = row(page, slug).get_by_role("button", name=name, exact=True)
    expect(button).to_have_attribute("aria-pressed", "true")


def test_the_keys_leave_a_text_field_alone(page):
    page.goto(ROADMAP)
    page.locator("body").press("j")

    page.locator("body").press("/")
    expect(page.get_by_label("Search topics and books")).to_be_focused()
    page.keyboard.type("dlsr?")

    expect(page.get_by_label("Search topics and books")).to_have_value("dlsr?")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect_not_done(page, FIRST)


def test_a_question_mark_explains_the_keys(page):
    page.goto(ROADMAP)

    page.locator("body").press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_the_list_narrows_while_one_types(page):
    page.goto(ROADMAP)
    field = page.get_by_label("Filter topics")

    field.press_sequentially("eigenvalues and")
    expect(page.locator(".topic-row:visible")).to_have_count(1)
    expect(row(page, "eigenvalues-and-eigenvectors")).to_be_visible()
    expect(page.get_by_role("heading", name="Calculus", exact=True)).to_be_hidden()
    expect(page.get_by_role("status")).to_contain_text("1 match")
    tick(page, "eigenvalues-and-eigenvectors").click()
    expect_done(page, "eigenvalues-and-eigenvectors")
    expect(page.locator(".topic-row:visible")).to_have_count(1)
    field.fill("nothing is called like this")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    field.fill("")

    expect(page.locator(".topic-row:visible")).to_have_count(71)


def test_the_list_is_filtered_without_javascript(page_without_js):
    page = page_without_js
    page.goto(ROADMAP)
    page.get_by_label("Filter topics").fill("eigenvalues and")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.locator(".topic-row:visible")).to_have_count(1)

    tick(page, "eigenvalues-and-eigenvectors").click()

    expect_done(page, "eigenvalues-and-eigenvectors")
    expect(page.locator(".topic-row:visible")).to_have_count(1)


def test_a_double_click_ticks_once(any_page):
    any_page.goto(ROADMAP)

    tick(any_page, "vectors").dblclick()

    expect_done(any_page, "vectors")
    expect(any_page.locator("#standing")).to_contain_text(counted("1 done"))


def test_a_slow_double_click_ticks_once(page):
    """The answer to the first click is there before the second one."""
    page.goto(ROADMAP)
    tick(page, "vectors").click()
    expect_done(page, "vectors")

    tick(page, "vectors").dispatch_event("click", {"detail": 2})

    # What comes later is done later: the second click would have been through by then.
    tick(page, "probability-basics").click()
    expect_done(page, "probability-basics", "vectors")


def test_a_stale_tab_repeats_a_tick_without_undoing_it(any_page, newcomer, server):
    newcomer.enter(any_page, server)
    any_page.goto(ROADMAP)
    stale = any_page.context.new_page()
    stale.goto(ROADMAP)
    tick(any_page, "vectors").click()
    expect_done(any_page, "vectors")

    tick(stale, "vectors").click()

    expect_done(stale, "vectors")
    any_page.goto(ROADMAP)
    expect_done(any_page, "vectors")


def test_a_stale_tab_cannot_undo_what_another_one_has_changed_since(any_page, newcomer, server):
    newcomer.enter(any_page, server)
    any_page.goto(ROADMAP)
    tick(any_page, "vectors").click()
    expect_done(any_page, "vectors")
    other = any_page.context.new_page()
    other.goto(ROADMAP)
    row(other, "vectors").get_by_role("button", name="Learning").click()
    expect_pressed(other, "vectors", "Learning")

    any_page.get_by_role("button", name="Undo").click()

    expect(any_page.get_by_text("changed since")).to_be_visible()
    any_page.goto(ROADMAP)
    expect_pressed(any_page, "vectors", "Learning")


@pytest.mark.parametrize("visitor", ["person", "guest"])
def test_the_way_back_leads_to_the_list_as_it_is_now(any_page, newcomer, server, visitor):
    if visitor == "person":
        newcomer.enter(any_page, server)
    any_page.goto("/roadmap/")
    any_page.goto(ROADMAP)
    tick(any_page, "vectors").click()
    expect_done(any_page, "vectors")
    row(any_page, "vectors").get_by_role("link", name="Vectors and vector arithmetic").click()
    expect(any_page).to_have_url(re.compile("/topics/vectors/"))

    any_page.go_back()

    expect_done(any_page, "vectors")
    expect(any_page.locator("#standing")).to_contain_text(counted("1 done"))


def test_a_topic_marked_on_its_own_page_is_marked_on_the_way_back(any_page, newcomer, server):
    newcomer.enter(any_page, server)
    any_page.goto(ROADMAP)
    row(any_page, "vectors").get_by_role("link", name="Vectors and vector arithmetic").click()
    where_it_stands = any_page.get_by_role(
        "group", name=re.compile("^Where you stand with Vectors")
    )
    where_it_stands.get_by_role("button", name="Done").click()
    expect(where_it_stands.get_by_role("button", name="Done")).to_have_attribute(
        "aria-pressed", "true"
    )

    any_page.get_by_role("navigation", name="Sections").get_by_role("link", name="Roadmap").click()
    any_page.goto(ROADMAP)

    expect_done(any_page, "vectors")


def test_the_page_is_dark_where_people_like_it_dark(any_page):
    any_page.emulate_media(color_scheme="light")
    any_page.goto(ROADMAP)
    assert min(paper(any_page)) > 200

    any_page.emulate_media(color_scheme="dark")

    assert max(paper(any_page)) < 64


def paper(page: Page) -> list[int]:
    """Red, green and blue of what is behind everything."""
    colour = page.locator("html").evaluate("one => getComputedStyle(one).backgroundColor")
    return [int(number) for number in re.findall(r"\d+", colour)[:3]]
