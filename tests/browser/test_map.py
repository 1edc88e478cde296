"""The map of a role in Chromium: by keyboard, by pointer, and without JavaScript."""

import re

from playwright.sync_api import expect

MAP = "/roadmap/data-scientist/?view=map"


def test_the_map_is_walked_opened_and_ticked_by_keyboard(page):
    page.goto(MAP)
    page.locator("#node-algebra-and-functions").focus()

    page.keyboard.press("ArrowRight")
    there = page.evaluate("document.activeElement.dataset.slug")
    assert there != "algebra-and-functions"
    expect(page.locator(".edge[data-followed]").first).to_be_attached()
    page.keyboard.press("Enter")

    expect(page.locator(f"#node-{there}")).to_have_attribute("aria-current", "true")
    expect(page.locator("#panel h2 a")).to_have_attribute("href", f"/topics/{there}/")
    expect(page).to_have_url(re.compile(f"topic={there}$"))
    page.locator("#state-done").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#node-{there}")).to_have_attribute("data-state", "done")
    expect(page.locator("#news")).to_contain_text("is done")
    # What htmx put in place is a box of the picture, and not a link of that name without a size.
    assert page.locator(f"#node-{there}").bounding_box()["width"] > 100


def test_going_back_shows_the_topic_before(page):
    page.goto(MAP + "&topic=vectors")
    page.locator("#node-derivatives").dispatch_event("click")
    expect(page.locator("#panel h2 a")).to_have_attribute("href", "/topics/derivatives/")

    page.go_back()

    expect(page.locator("#panel h2 a")).to_have_attribute("href", "/topics/vectors/")


def test_zoom_by_buttons_and_keys(page):
    page.goto(MAP)
    width = page.locator(".map svg").bounding_box()["width"]

    page.get_by_role("button", name="Larger").click()
    assert page.locator(".map svg").bounding_box()["width"] > width
    page.locator(".map").focus()
    page.keyboard.press("0")

    assert (
        page.locator(".map svg").bounding_box()["width"]
        <= page.locator(".map").bounding_box()["width"] + 1
    )


def test_the_map_without_javascript(page_without_js):
    page = page_without_js
    page.goto(MAP)

    page.locator("#node-vectors").click()
    expect(page.locator("#panel h2 a")).to_have_attribute("href", "/topics/vectors/")
    page.locator("#state-done").click()

    expect(page.locator("#node-vectors")).to_have_attribute("data-state", "done")
    expect(page.get_by_role("button", name="Larger")).to_be_hidden()
