"""A real server and a real Chromium. Nothing here touches a database from inside the test process.

`page` has JavaScript, `page_without_js` has not; each test gets a fresh context, and fails when the
page breaks its own content policy or writes an error into the console.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from tests.browser.chromium import HOW_TO_GET_ONE, find_chromium
from tests.server import PATIENCE_SECONDS, Server, serving

# The machine may be busy with the other half of the tests.
expect.set_options(timeout=PATIENCE_SECONDS / 4 * 1000)
ARGUMENTS = ["--disable-background-networking", "--disable-gpu"]
WITHOUT_JAVASCRIPT = "page_without_js"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if WITHOUT_JAVASCRIPT in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.without_javascript)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("var")) as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("MLMATH_CHROMIUM") or find_chromium(may_fetch=False)
    if path is None:
        pytest.fail(HOW_TO_GET_ONE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=ARGUMENTS, timeout=PATIENCE_SECONDS * 1000
        )
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    context = chromium.new_context(base_url=server.address, locale="en-GB")
    yield from _watched_page(context)


@pytest.fixture
def page_without_js(chromium: Browser, server: Server) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=server.address, locale="en-GB", java_script_enabled=False
    )
    yield from _watched_page(context)


def _watched_page(context: BrowserContext) -> Iterator[Page]:
    """Collects what the console complains of; a breach of the content policy is among it.

    That the server refuses something by a 409 or 422 is no fault: it answers so with a reason.
    """
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        is_refusal = re.search(r"status of (409|422)", message.text)
        if message.type in {"error", "warning"} and not is_refusal:
            complaints.append(message.text)

    context.on("weberror", lambda one: complaints.append(str(one.error)))
    context.on("console", listen)
    context.set_default_timeout(PATIENCE_SECONDS / 4 * 1000)
    yield context.new_page()
    context.close()
    assert complaints == []


@pytest.fixture(
    params=["page", pytest.param("page_without_js", marks=pytest.mark.without_javascript)]
)
def any_page(request: pytest.FixtureRequest) -> Page:
    """The same journey twice: with JavaScript and without."""
    page: Page = request.getfixturevalue(request.param)
    return page


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with an account and with a session that is open already."""

    email: str
    password: str
    session: str

    def enter(self, page: Page, server: Server) -> None:
        """Signs in without the form, whose tries are counted."""
        page.context.add_cookies(
            [{"name": "sessionid", "value": self.session, "url": server.address}]
        )


@pytest.fixture(scope="session")
def _newcomers(server: Server) -> Iterator[Person]:
    def people() -> Iterator[Person]:
        while True:
            script = "from tests.browser import people; people.sign_up()"
            made = server.manage("shell", "-v0", "-c", script)
            yield from (Person(**one) for one in json.loads(made.splitlines()[-1]))

    return people()


@pytest.fixture
def newcomer(_newcomers: Iterator[Person]) -> Person:
    """Has just signed up: no role, no pace, no ticks."""
    return next(_newcomers)
