"""A chapter ticks the topics it covers: marked, confirmed, undone, with JavaScript and without."""

from playwright.sync_api import expect


def test_a_chapter_proposes_its_topics_and_one_press_ticks_them(any_page, server, newcomer):
    page = any_page
    newcomer.enter(page, server)
    page.goto("/library/mml-book/")
    # Its fifth chapter alone teaches some of its topics.
    page.get_by_role("button", name="Chapter 5, Vector Calculus: done").click()

    expect(page.locator("#resource-progress")).to_contain_text("1 of 12 chapters done")
    page.get_by_role("button", name="as well").click()

    expect(page.locator("#news")).to_contain_text("topics are done")
    expect(page.locator("#resource-topics .mark[data-state=done]").first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#resource-topics .mark[data-state=done]")).to_have_count(0)
    expect(page.locator("#resource-progress")).to_contain_text("1 of 12 chapters done")
