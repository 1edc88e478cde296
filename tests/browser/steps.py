"""What the journeys have in common: ways in and out, and where things stand on a page."""

import json
import re
import secrets
import urllib.request
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.server import Server

PASSWORD = "a nabla walks into a bar"


def new_email() -> str:
    return f"{secrets.token_hex(6)}@example.org"


def sign_up(page: Page, *, email: str, name: str = "Emmy Noether") -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("What should we call you?").fill(name)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_role("heading", name="What are you working toward?")).to_be_visible()


def sign_in(page: Page, *, email: str, password: str = PASSWORD) -> None:
    """Presses the button of the form; what comes then depends on the account."""
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def row(page: Page, slug: str) -> Locator:
    return page.locator(f"#topic-{slug}")


def tick(page: Page, slug: str) -> Locator:
    """The box of a row that says whether the topic is done."""
    return page.locator(f"#tick-{slug}")


def expect_done(page: Page, *slugs: str) -> None:
    for slug in slugs:
        expect(tick(page, slug)).to_have_attribute("aria-pressed", "true")


def expect_not_done(page: Page, *slugs: str) -> None:
    for slug in slugs:
        expect(tick(page, slug)).to_have_attribute("aria-pressed", "false")


def counted(words: str) -> re.Pattern[str]:
    """`words` as a counter says them: "1 done" is not in "11 done"."""
    return re.compile(rf"(?<!\d){re.escape(words)}\b")


def states_by_api(server: Server, token: str) -> dict[str, str]:
    """Slug → state of the topics of the token's owner that are not to do."""
    request = urllib.request.Request(
        f"{server.address}/api/v1/me/topics/?all=true&page_size=200",
        headers={"Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request) as answer:
        topics: list[dict[str, Any]] = json.load(answer)["results"]
    return {topic["slug"]: topic["state"] for topic in topics if topic["state"] != "todo"}
