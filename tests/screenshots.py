"""`make screenshots`: pictures of the pages for docs/screenshots/, taken of a running mlmath.

Start one with the demo account first: `make demo`, then `make run` in another terminal.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import HOW_TO_GET_ONE, find_chromium

# Of the account that `make demo` makes.
EMAIL, PASSWORD = "ada@example.org", "learning by doing"
FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
WIDTHS = (390, 1280)
# Long pages go on as they began; what lies below is left out.
TALLEST = 1400
GUESTS = {
    "landing": "/",
    "roles": "/roles/",
    "role": "/roles/data-scientist/",
    "compare": "/roles/compare/?a=data-scientist&b=research-scientist",
    "library": "/library/",
    "paths": "/paths/",
    "path": "/paths/textbook-path/",
    "search": "/search/?q=matrix",
    "sign-up": "/accounts/signup/",
    "sign-in": "/accounts/login/",
    "password-reset": "/accounts/password/reset/",
    "not-found": "/nothing-here/",
}
DEMO = {
    "start": "/start/",
    "start-topics": "/start/topics/",
    "start-pace": "/start/pace/",
    "today": "/today/",
    "roadmap": "/roadmap/data-scientist/",
    "map": "/roadmap/data-scientist/?view=map&topic=linear-systems-and-elimination",
    "topic": "/topics/linear-systems-and-elimination/",
    "resource": "/library/mml-book/",
    "gap": "/gap/?role=research-scientist&with=deep-learning-engineer",
    "log": "/log/",
    "history": "/log/history/",
    "statistics": "/log/statistics/",
    "review": "/review/",
    "notes": "/notes/",
    "settings": "/settings/",
    "notifications": "/notifications/",
    "mail": "/settings/notifications/",
    "tokens": "/settings/tokens/",
    "export": "/settings/export/",
    "import": "/settings/import/",
    "delete": "/settings/delete/",
    "second-factor": "/accounts/2fa/",
    "groups": "/groups/",
}
# Below the address of the demo account's study group.
GROUP = {
    "group": "",
    "group-progress": "progress/",
    "group-schedule": "schedule/",
    "group-plan": "schedule/plan/",
    "group-questions": "questions/",
    "group-ask": "questions/ask/",
    "group-meetings": "meetings/",
    "group-meeting-new": "meetings/new/",
    "group-members": "members/",
    "group-settings": "settings/",
}
IN_THE_DARK_TOO = {
    "landing", "today", "roadmap", "map", "topic", "statistics", "group", "group-progress",
    "group-meetings",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots")
    parser.add_argument("address", nargs="?", default="http://localhost:8000")
    address = parser.parse_args().address
    path = find_chromium(may_fetch=True)
    if path is None:
        raise SystemExit(HOW_TO_GET_ONE)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
        for width in WIDTHS:
            for scheme in schemes:
                take(browser, address, width, scheme)
        browser.close()


def take(browser: Browser, address: str, width: int, scheme: Literal["light", "dark"]) -> None:
    """All pages at one width in one scheme, first as a guest, then as the demo account, then
    of its group."""
    context = browser.new_context(
        base_url=address,
        color_scheme=scheme,
        locale="en-GB",
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    take_pages(page, GUESTS, width, scheme)
    sign_in(page)
    take_pages(page, DEMO, width, scheme)
    page.goto("/groups/")
    page.get_by_role("link", name="Tuesday Readers").first.click()
    page.wait_for_load_state()
    group = page.url
    take_pages(page, {name: group + path for name, path in GROUP.items()}, width, scheme)
    context.close()


def take_pages(page: Page, pages: Mapping[str, str], width: int, scheme: str) -> None:
    for name, path in pages.items():
        if scheme == "light" or name in IN_THE_DARK_TOO:
            page.goto(path)
            shoot(page, FOLDER / f"{name}-{width}-{scheme}.jpg", width)


def sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/today/")


def shoot(page: Page, file: Path, width: int) -> None:
    height = page.evaluate("document.documentElement.scrollHeight")
    page.screenshot(
        path=file,
        type="jpeg",
        quality=55,
        full_page=True,
        clip={"x": 0, "y": 0, "width": width, "height": min(height, TALLEST)},
    )


if __name__ == "__main__":
    main()
