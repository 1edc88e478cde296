"""Study in a real browser: the timer outlives its tab, another pace is tried, history is undone."""

import re

from playwright.sync_api import expect


def choose_role(page):
    page.goto("/settings/")
    page.get_by_label("Role you are working toward").select_option("data-scientist")
    page.get_by_label("1½ hours").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def test_timer_outlives_its_tab_and_is_stopped_in_another(any_page, newcomer, server):
    newcomer.enter(any_page, server)
    any_page.goto("/today/")
    any_page.get_by_role("button", name="Start studying").click()
    expect(any_page.get_by_role("link", name="Stop the timer")).to_be_visible()
    context = any_page.context
    any_page.close()

    page = context.new_page()
    page.goto("/today/")
    page.get_by_role("link", name="Stop the timer").click()
    page.get_by_label("Minutes to log").fill("25")
    page.get_by_role("button", name="Stop and log it").click()

    expect(page.get_by_text("You studied 25 min.")).to_be_visible()
    page.goto("/log/")
    expect(page.locator(".row-note", has_text="25 min")).to_be_visible()


def test_running_timer_ticks(page, newcomer, server):
    newcomer.enter(page, server)
    page.goto("/topics/vectors/")
    page.get_by_role("button", name="Study this now").click()
    timer = page.locator("[data-elapsed]")
    expect(timer).to_have_text(re.compile(r"^0:00:\d\d$"))
    shown = timer.inner_text()

    expect(timer).not_to_have_text(shown)

    assert timer.inner_text() > shown


def test_slider_moves_the_finish(page, newcomer, server):
    newcomer.enter(page, server)
    choose_role(page)
    page.goto("/today/")
    before = page.locator("#finish .card-figure").inner_text()

    page.get_by_label("What if").fill("180")

    expect(page.locator("#finish")).to_contain_text("with 3 h a day")
    expect(page.locator("#what-if-shown")).to_have_text("3 h")
    expect(page.locator("#finish .card-figure")).not_to_have_text(before)
    expect(page.locator("#what-if-minutes")).to_have_value("180")


def test_tick_moves_the_finish(page, newcomer, server):
    newcomer.enter(page, server)
    choose_role(page)
    page.goto("/today/")
    expect(page.locator("#finish")).to_contain_text("277.8 h left")

    page.locator("#tick-algebra-and-functions").click()

    expect(page.locator("#finish")).not_to_contain_text("277.8 h left")


def test_slider_works_without_javascript(page_without_js, newcomer, server):
    page = page_without_js
    newcomer.enter(page, server)
    choose_role(page)
    page.goto("/today/")

    page.get_by_label("What if").fill("180")
    page.get_by_label("To be done by").fill("2099-06-01")
    page.get_by_role("button", name="Work it out").click()

    expect(page.locator("#finish")).to_contain_text("with 3 h a day")
    expect(page.locator("#finish")).to_contain_text("To be done by 1 June 2099 you need")


def test_tick_is_undone_from_the_history(any_page, newcomer, server):
    newcomer.enter(any_page, server)
    any_page.goto("/topics/vectors/")
    any_page.locator("#state-done").click()
    expect(any_page.locator("#state-done")).to_have_attribute("aria-pressed", "true")

    any_page.goto("/log/history/")
    any_page.get_by_role("button", name="Undo").click()

    expect(any_page.locator(".row-note", has_text="taken back")).to_be_visible()
    any_page.goto("/topics/vectors/")
    expect(any_page.locator("#state-done")).to_have_attribute("aria-pressed", "false")
