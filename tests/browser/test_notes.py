"""A note saves itself while one types, and two tabs lose nothing."""

from playwright.sync_api import expect


def test_a_note_saves_itself_and_keeps_the_caret(page, server, newcomer):
    newcomer.enter(page, server)
    page.goto("/topics/vectors/")

    page.locator("#note-body").press_sequentially("Length of $x$")
    expect(page.locator("#note-status")).to_have_text("saved")
    page.locator("#note-body").press_sequentially(" is a norm")

    expect(page.locator("#note-view")).to_contain_text("is a norm")
    assert page.evaluate("document.activeElement.id") == "note-body"
    page.reload()
    expect(page.locator("#note-body")).to_have_value("Length of $x$ is a norm")


def test_two_tabs_lose_nothing(page, server, newcomer):
    newcomer.enter(page, server)
    page.goto("/topics/vectors/")
    other = page.context.new_page()
    other.goto("/topics/vectors/")
    other.locator("#note-body").fill("From the other tab")
    expect(other.locator("#note-status")).to_have_text("saved")

    page.locator("#note-body").fill("Mine")

    expect(page.locator("#note-status")).to_contain_text("Not saved")
    expect(page.locator("#note-view")).to_contain_text("From the other tab")
    expect(page.locator("#note-body")).to_have_value("Mine")
