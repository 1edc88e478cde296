"""The door stands open, with JavaScript and without."""

from playwright.sync_api import Page, expect

ROLES = [
    "Machine learning engineer",
    "Data scientist",
    "Deep learning engineer",
    "Research scientist",
]


def see_the_four_roles(page: Page) -> None:
    page.goto("/")
    for role in ROLES:
        expect(page.get_by_role("link", name=role).first).to_be_visible()


def test_the_landing_page_shows_the_four_roles(page):
    see_the_four_roles(page)


def test_the_landing_page_shows_the_four_roles_without_javascript(page_without_js):
    see_the_four_roles(page_without_js)


def test_a_breach_of_the_content_policy_is_noticed(chromium, server):
    context = chromium.new_context(base_url=server.address)
    complaints: list[str] = []
    context.on("console", lambda one: complaints.append(one.text))
    page = context.new_page()
    page.goto("/")

    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')")

    assert len([one for one in complaints if "Content Security Policy" in one]) >= 1
    context.close()
