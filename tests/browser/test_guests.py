"""People who have not signed up: their ticks stay with the browser and come along."""

import re

from playwright.sync_api import expect

from tests.browser.steps import (
    counted,
    expect_done,
    expect_not_done,
    new_email,
    row,
    sign_in,
    sign_out,
    sign_up,
    tick,
)

ROADMAP = "/roadmap/data-scientist/"


def test_the_ticks_of_a_guest_come_along_at_sign_up(any_page):
    page = any_page
    page.goto(ROADMAP)
    for slug in ("probability-basics", "vectors"):
        tick(page, slug).click()
        expect_done(page, slug)
    expect(
        page.get_by_text("Your ticks are kept in this browser.").or_(
            page.get_by_text("it is kept in this browser.")
        )
    ).to_be_visible()

    sign_up(page, email=new_email())

    page.goto(ROADMAP)
    expect_done(page, "probability-basics", "vectors")
    expect(page.locator("#standing")).to_contain_text(counted("2 done"))
    expect(page.get_by_text("kept in this browser")).to_have_count(0)


def test_at_sign_in_the_own_state_of_the_account_wins(any_page, newcomer, server):
    page = any_page
    newcomer.enter(page, server)
    page.goto(ROADMAP)
    row(page, "vectors").get_by_role("button", name="Skip").click()
    expect(page.locator("#standing")).to_contain_text(counted("1 skipped"))
    sign_out(page)
    page.goto(ROADMAP)
    for slug in ("vectors", "probability-basics"):
        tick(page, slug).click()
        expect_done(page, slug)

    sign_in(page, email=newcomer.email, password=newcomer.password)
    expect(page).to_have_url(re.compile("/today/"))

    page.goto(ROADMAP)
    expect_not_done(page, "vectors")
    expect(page.locator("#standing")).to_contain_text(counted("1 skipped"))
    expect_done(page, "probability-basics")


def test_what_a_guest_ticks_is_not_left_to_the_next_one_in_this_browser(any_page):
    page = any_page
    page.goto(ROADMAP)
    tick(page, "vectors").click()
    expect_done(page, "vectors")
    sign_up(page, email=new_email())
    sign_out(page)

    page.goto(ROADMAP)

    expect_not_done(page, "vectors")
