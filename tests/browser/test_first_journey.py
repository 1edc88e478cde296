"""The main job, end to end: sign up, choose a role, tick off topics, and find it all again."""

import re

from playwright.sync_api import Page, expect

from tests.browser.steps import (
    counted,
    expect_done,
    expect_not_done,
    new_email,
    sign_in,
    sign_out,
    sign_up,
    states_by_api,
    tick,
)

EIGEN = "eigenvalues-and-eigenvectors"
KNOWN = {
    "determinants": "Determinants",
    "vector-spaces-basis-and-rank": "Vector spaces, basis and rank",
    "derivatives": "Derivatives and differentiation rules",
    "joint-distributions": "Joint, marginal and conditional distributions",
}
RESTS_ON = [
    "algebra-and-functions", "conditional-probability", "dot-products-and-norms",
    "exponentials-and-logarithms", "inverse-and-transpose", "limits-and-continuity",
    "linear-systems-and-elimination", "matrices-and-matrix-arithmetic", "matrix-multiplication",
    "probability-basics", "probability-mass-functions", "random-variables", "rise-over-run",
    "statistical-independence", "vectors",
]  # fmt: skip


def test_the_first_journey(any_page, server):
    page, email = any_page, new_email()
    sign_up(page, email=email)
    start_as_data_scientist(page)
    open_my_roadmap(page)
    expect_before_the_tick(page)

    tick(page, EIGEN).click()
    expect_after_the_tick(page)
    page.get_by_role("button", name="Undo").click()
    expect_before_the_tick(page)
    tick(page, EIGEN).click()
    expect_after_the_tick(page)

    sign_out(page)
    sign_in(page, email=email)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Emmy")
    open_my_roadmap(page)
    expect_after_the_tick(page)

    states = states_by_api(server, make_a_token(page))
    assert states == dict.fromkeys([*KNOWN, *RESTS_ON, EIGEN], "done")
    secret = server.manage("create_token", email, "--scopes", "read").splitlines()[-1]
    assert states_by_api(server, secret) == states


def start_as_data_scientist(page: Page) -> None:
    page.get_by_role("radio", name=re.compile("^Data scientist")).check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("… and everything it rests on")).to_be_checked()
    for title in KNOWN.values():
        page.get_by_role("checkbox", name=title, exact=True).check()
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#news")).to_contain_text("19 topics are done.")
    page.get_by_label("1½ hours").check()
    page.get_by_role("button", name="Save and go to Today").click()
    expect(page.locator(".page-head")).to_contain_text("Your role: Data scientist")


def open_my_roadmap(page: Page) -> None:
    page.get_by_role("navigation", name="Sections").get_by_role("link", name="Roadmap").click()
    expect(page.get_by_role("heading", name="Data scientist roadmap")).to_be_visible()


def expect_before_the_tick(page: Page) -> None:
    expect_not_done(page, EIGEN)
    expect_done(page, *KNOWN)
    numbers, coming = page.locator("#standing"), page.locator("#next")
    expect(numbers).to_contain_text(counted("19 done"))
    expect(numbers).not_to_contain_text("implied")
    expect(numbers).to_contain_text(counted("32 % ready"))
    expect(coming).to_contain_text("Linear transformations")
    expect(coming).not_to_contain_text("Change of basis")


def expect_after_the_tick(page: Page) -> None:
    expect_done(page, EIGEN)
    numbers, coming = page.locator("#standing"), page.locator("#next")
    expect(numbers).to_contain_text(counted("20 done"))
    expect(numbers).to_contain_text(counted("1 implied"))
    expect(numbers).to_contain_text(counted("37 % ready"))
    expect(coming).not_to_contain_text("Linear transformations")
    expect(coming).to_contain_text("Change of basis")


def make_a_token(page: Page) -> str:
    page.goto("/settings/tokens/")
    page.get_by_label("What is it for?").fill("Journey")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_role("heading", name="Your new token")).to_be_visible()
    return page.locator("pre.secret").inner_text().strip()
