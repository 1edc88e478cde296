"""Asking and answering in a group, with and without JavaScript."""

from playwright.sync_api import expect


def start_group(page, server, newcomer):
    """A group of the newcomer's own, at its questions."""
    newcomer.enter(page, server)
    page.goto("/groups/new/")
    page.locator("#id_name").fill("Tuesday Readers")
    page.locator("main form button.primary").click()
    expect(page.get_by_role("heading", name="Tuesday Readers", exact=True)).to_be_visible()
    views = page.get_by_role("navigation", name="Views of the group")
    views.get_by_role("link", name="Questions").click()


def test_a_question_is_previewed_asked_answered_accepted_and_edited(any_page, server, newcomer):
    page = any_page
    start_group(page, server, newcomer)
    page.get_by_role("link", name="Ask a question").click()
    page.get_by_label("Question in a line").fill("Why is it so?")
    page.get_by_label("In more words").fill("Since $x^2$ is\n\n```\ncode\n```\n\n**bold**.")

    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview strong")).to_have_text("bold")
    expect(page.locator("#preview pre")).to_have_text("code")
    expect(page.get_by_label("In more words")).to_have_value(
        "Since $x^2$ is\n\n```\ncode\n```\n\n**bold**."
    )
    page.get_by_role("button", name="Ask", exact=True).click()

    expect(page.get_by_role("heading", name="Why is it so?")).to_be_visible()
    page.get_by_label("Your answer").fill("Because of *that*.")
    page.get_by_role("button", name="Answer", exact=True).click()
    expect(page.locator("article em")).to_have_text("that")
    page.get_by_role("button", name="Accept the answer").click()
    expect(page.get_by_text("✓ Accepted")).to_be_visible()
    page.get_by_role("link", name="Edit my answer").click()
    page.get_by_label("Your answer").fill("Because of *this*.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("article em")).to_have_text("this")
    page.get_by_role("link", name="edited").click()
    expect(page.get_by_text("Version 1")).to_be_visible()


def test_somebody_is_mentioned_by_picking_their_name(page, server, newcomer):
    start_group(page, server, newcomer)
    page.get_by_role("link", name="Ask a question").click()
    field, picker = page.get_by_label("In more words"), page.get_by_label("Mention somebody")
    field.fill("Hello")
    name = picker.locator("option").nth(1).get_attribute("value")

    picker.select_option(index=1)

    expect(field).to_have_value(f"Hello @{name} ")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview .mention")).to_have_text(f"@{name}")


def test_two_tabs_that_edit_one_question_lose_nothing(any_page, server, newcomer):
    page = any_page
    start_group(page, server, newcomer)
    page.get_by_role("link", name="Ask a question").click()
    page.get_by_label("Question in a line").fill("Why?")
    page.get_by_label("In more words").fill("First")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_role("link", name="Edit my question").click()
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_label("In more words").fill("From the other tab")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_role("link", name="edited")).to_be_visible()

    page.get_by_label("In more words").fill("Mine")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("This has been changed meanwhile")).to_be_visible()
    expect(page.locator(".post-source")).to_have_text("From the other tab")
    expect(page.get_by_label("In more words")).to_have_value("Mine")
