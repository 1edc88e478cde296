"""A real server and a real Chromium. Nothing here touches a database from inside the test process.

`page` has JavaScript, `page_without_js` has not; each test gets a fresh context, and fails when the
page breaks its own content policy or writes an error into the console.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
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

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 60
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


@dataclass(frozen=True, kw_only=True)
class Server:
    """mlmath as `make run` serves it, with its data in a folder of its own."""

    address: str
    folder: Path

    def manage(self, *arguments: str) -> str:
        """What a management command prints, on the database of this server."""
        return _manage(self.folder, *arguments)

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails sent so far, the oldest first."""
        return [
            message_from_bytes(raw.strip(), policy=policy.default)
            for path in sorted(
                (self.folder / "mail").glob("*"), key=lambda one: one.stat().st_mtime
            )
            for raw in re.split(rb"^-{79}\n", path.read_bytes(), flags=re.MULTILINE)
            if raw.strip()
        ]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("var")
    _manage(folder, "prepare")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlmath.serve", "--port", str(port), "--workers", "1"],
            cwd=ROOT,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        address = f"http://localhost:{port}"
        _wait_for(address, process, log)
        yield Server(address=address, folder=folder)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)
    entries = re.split(r"^(?=\d{4}-\d\d-\d\d )", log.read_text(), flags=re.MULTILINE)
    # Where somebody may not go, the log says how they came there.
    broken = [one for one in entries if "Traceback" in one and " WARNING " not in one]
    assert broken == []


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
    # Behind the slash that ends the empty host, the whole path follows with its own.
    return kept | {"MLMATH_VAR": str(folder), "EMAIL_URL": f"filemail:///{folder / 'mail'}"}


def _manage(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def _wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health/ready/", timeout=PATIENCE_SECONDS):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    pytest.fail(f"The server does not come up:\n{log.read_text()}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("MLMATH_CHROMIUM") or find_chromium(may_fetch=False)
    if path is None:
        pytest.fail(HOW_TO_GET_ONE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
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

    That the server refuses something by a 422 is no fault: this is how it answers with a reason.
    """
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "status of 422" not in message.text:
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
