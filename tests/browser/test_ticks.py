"""Ticking in a real browser: many presses in no time, by key, with and without JavaScript."""

from playwright.sync_api import Page, Route, expect

ROADMAP = "/roadmap/data-scientist/"
MANY = ["vectors", "determinants", "bayes-theorem", "random-variables", "matrix-multiplication"]
# As fast as no hand presses, so that all but the first wait for the answers before them.
PRESS = "slugs => slugs.forEach(slug => document.getElementById(`tick-${slug}`).click())"


def state_of(page: Page, slug: str) -> str | None:
    return page.locator(f"#m-{slug}").get_attribute("data-state")


def test_presses_that_come_faster_than_the_answers_are_all_kept(page):
    page.goto(ROADMAP)

    page.evaluate(PRESS, MANY)

    for slug in MANY:
        expect(page.locator(f"#m-{slug}")).to_have_attribute("data-state", "done")
    page.goto(ROADMAP)
    assert [state_of(page, slug) for slug in MANY] == ["done"] * len(MANY)


def test_queue_is_what_keeps_fast_presses(page):
    """Without it presses are lost: the test above would see the loss."""

    def without_queue(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("this:queue all", "this:drop"))

    page.route(f"**{ROADMAP}", without_queue)
    page.goto(ROADMAP)

    page.evaluate(PRESS, MANY)

    expect(page.locator("#m-vectors")).to_have_attribute("data-state", "done")
    page.goto(ROADMAP)
    assert [state_of(page, slug) for slug in MANY].count("done") == 1


def test_tick_moves_the_numbers_keeps_the_focus_and_can_be_undone(page):
    page.goto(ROADMAP)
    line = page.locator("#roadmap-line")

    page.locator("#tick-vectors").press("Enter")

    expect(line).to_contain_text("1 done, 1 implied")
    expect(page.locator("#m-algebra-and-functions")).to_have_attribute("data-state", "implied")
    expect(page.locator("#tick-vectors")).to_be_focused()
    page.locator("#news").get_by_role("button", name="Undo").click()
    expect(line).to_contain_text("0 done")
    expect(page.locator("#m-vectors")).to_have_attribute("data-state", "todo")


def test_keys_walk_and_tick(page):
    page.goto(ROADMAP)

    page.keyboard.press("j")
    page.keyboard.press("j")
    for key, state in [("l", "learning"), ("d", "done"), ("s", "skipped"), ("r", "todo")]:
        page.keyboard.press(key)
        mark = page.locator("#m-exponentials-and-logarithms")
        expect(mark).to_have_attribute("data-state", state)
        expect(page.locator("#topic-exponentials-and-logarithms")).to_have_attribute(
            "aria-current", "true"
        )


def test_filter_narrows_while_one_types_and_a_tick_keeps_it(page):
    page.goto(ROADMAP + "?show=ready")
    page.locator("#filter-words").fill("algebra")
    expect(page.locator(".topic-row:visible")).to_have_count(1)

    page.locator("#tick-algebra-and-functions").click()

    expect(page.locator("#m-algebra-and-functions")).to_have_attribute("data-state", "done")
    page.locator("#filter-words").fill("")
    expect(page.locator("#topic-vectors")).to_be_visible()


def test_tick_and_undo_without_javascript(page_without_js):
    page = page_without_js
    page.goto(ROADMAP + "?subject=linear-algebra")

    page.locator("#tick-vectors").click()

    assert state_of(page, "vectors") == "done"
    assert page.url.endswith("#topic-vectors")
    page.get_by_role("button", name="Undo").click()
    assert state_of(page, "vectors") == "todo"
    assert page.url.endswith(ROADMAP + "?subject=linear-algebra")


def test_press_without_an_answer_says_that_it_may_not_have_counted(chromium, server):
    """On a page that nobody watches: the console complains, as it should."""
    with chromium.new_context(base_url=server.address) as context:
        page = context.new_page()
        page.goto(ROADMAP)

        page.route("**/mark/", lambda route: route.fulfill(status=503))
        page.locator("#tick-vectors").click()

        expect(page.locator("#news")).to_contain_text("may not have been saved")
        expect(page.locator("#m-vectors")).to_have_attribute("data-state", "todo")
