"""Every page there is, opened by everybody who may, in light and dark, narrow and wide.

The addresses come from the URLconf, so a new page is in the walk from its first day. Whoever adds
one with a new kind of parameter says in EXAMPLES what to put there.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize

from tests.server import PATIENCE_SECONDS, Server

# By the last fixed part of the address before it, and the name of the parameter. What is in braces
# is only known once the people are there (tests/browser/people.py).
EXAMPLES = {
    ("answers", "answer_id"): "{answer}",
    ("confirm-email", "key"): "{confirmation}",
    ("key", "key"): "{reset}",
    ("key", "uidb36"): "{uid}",
    ("keys", "pk"): "{passkey}",
    ("export", "kind"): "csv",
    ("feeds", "token"): "{feed}",
    ("groups", "group_id"): "{group}",
    ("groups", "public_id"): "{group}",
    ("webhooks", "webhook_id"): "{webhook}",
    ("webhooks", "delivery_id"): "{delivery}",
    ("meetings", "meeting_id"): "{meeting}",
    ("meetings", "day"): "{day}",
    ("presenters", "assignment_id"): "{assignment}",
    ("members", "member_id"): "{member}",
    ("members", "person"): "{member}",
    ("requests", "person"): "{member}",
    ("invitations", "public_id"): "{invitation}",
    ("join", "code"): "{code}",
    ("library", "resource"): "mml-book",
    ("library", "slug"): "mml-book",
    ("library", "unit"): "chapter-02",
    ("log", "public_id"): "{session}",
    ("notifications", "public_id"): "{notice}",
    ("paths", "slug"): "textbook-path",
    ("problems", "slug"): "invalid-request",
    ("questions", "question_id"): "{question}",
    ("review", "slug"): "matrix-multiplication",
    ("roadmap", "slug"): "data-scientist",
    ("roles", "slug"): "data-scientist",
    ("tokens", "public_id"): "{token}",
    ("plan", "batch"): "{batch}",
    ("schedule", "assignment"): "{assignment}",
    ("shift", "batch"): "{batch}",
    ("topics", "slug"): "linear-systems-and-elimination",
    ("undo", "batch"): "{batch}",
    ("unsubscribe", "token"): "{unsubscribe}",
}
# Pages that look different when they are asked something.
QUESTIONS = {
    "catalog:library": [
        "?free=on&exercises=on",
        "?topic=vectors",
        "?q=nothing+is+called+like+this",
    ],
    "catalog:role-compare": ["?a=data-scientist&b=research-scientist"],
    "catalog:search": ["?q=matrix", "?q=nothing+is+called+like+this"],
    "tracker:group-directory": ["?q=readers", "?q=nothing+is+called+like+this"],
    "tracker:group-questions": ["?show=mine", "?q=nothing+is+called+like+this", "?show=unread"],
    "tracker:assignment-plan": ["?resource=mml-book"],
    "tracker:schedule-shift": ["?from_day=2026-01-01&days=7"],
    "tracker:gap": ["?role=research-scientist&with=deep-learning-engineer"],
    "tracker:roadmap": ["?show=ready&subject=calculus", "?view=map", "?view=map&topic=vectors"],
}
# Addresses that never end in a page of their own, and why.
NO_PAGES = {
    "account_confirm_login_code": "signing in by a mailed code is switched off",
    "api-unknown": "answers as the API does",
    "mfa_login_webauthn": "what a device has to sign, for a script",
    "socialaccount_signup": "only on the way back from another site",
    "tracker:meeting-rsvp": "buttons for htmx, which lead to the date otherwise",
    "tracker:meeting": "leads to the meeting's next date",
    "tracker:finish": "a card for htmx, which leads to Today otherwise",
    "tracker:today-next": "a card for htmx, which leads to Today otherwise",
    "tracker:roadmap-next": "a card for htmx, which leads to the roadmap otherwise",
    "robots": "lines for search engines",
    "tracker:metrics": "numbers for programs that have a token",
    "tracker:roadmap-mine": "leads to the roadmap of one's role",
}
# Drawn by Django and by Swagger UI: what axe would find there is not ours to mend.
NOT_OURS = {"admin:index", "api-docs"}
# It is in forms and on the body, and new in every answer.
TOKEN = re.compile(r"\b[A-Za-z0-9]{64}\b")
NARROW, WIDE = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=900)
SCHEMES: dict[Literal["light", "dark"], ViewportSize] = {"light": NARROW, "dark": WIDE}


@dataclass(frozen=True, kw_only=True)
class Address:
    """A place of the URLconf; `view` is empty for one without a name."""

    route: str
    view: str

    def filled(self, values: dict[str, str]) -> str:
        if not self.view:
            return f"/{self.route}"
        names = re.findall(r"<(?:\w+:)?(\w+)>", self.route)
        chosen = {name: EXAMPLES[self._before(name), name].format_map(values) for name in names}
        return reverse(self.view, kwargs=chosen)

    def _before(self, name: str) -> str:
        parts = self.route.split(f"{name}>")[0].split("/")
        return [part for part in parts if not re.search(r"[<(]", part)][-1].lstrip("^")


def addresses(resolver: URLResolver, route: str = "", namespace: str = "") -> Iterator[Address]:
    """All of the site but the API, which has tests of its own, and the pages of Django's admin."""
    for pattern in resolver.url_patterns:
        here = f"{route}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            yield Address(route=here, view=f"{namespace}{pattern.name}" if pattern.name else "")
        elif pattern.namespace == "admin":
            yield Address(route=here, view="admin:index")
        elif not (pattern.namespace or "").endswith("-api"):
            yield from addresses(
                pattern,
                here,
                f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace,
            )


# A link from somebody's mail ends the session of anybody else who follows it: they come last.
ALL = sorted(set(addresses(get_resolver())), key=lambda one: ("key>" in one.route, one.route))


@dataclass(frozen=True, kw_only=True)
class Walker:
    """Somebody with a window of their own, which notes what goes wrong in it."""

    name: str
    page: Page
    complaints: list[str]

    def finds(self, address: str, view: str) -> tuple[str, str]:
        """What `address` is for this person: a page, a file, a button, closed, or another. With a
        page comes its text, without the token that differs each time."""
        answer = self.page.context.request.get(address)
        assert answer.status < 500, f"{address} answers {self.name} with {answer.status}"
        if answer.status == 405:
            return "button", ""
        if answer.status in {403, 404}:
            return "closed", ""
        if not answer.headers.get("content-type", "").startswith("text/html"):
            return "file", ""
        leads_to = resolve(urlsplit(answer.url).path).view_name
        if leads_to != view:
            return f"leads to {answer.url}", ""
        return "page", TOKEN.sub("", answer.text())

    def faults(self, address: str, *, schemes: Sequence[str], is_ours: bool) -> list[str]:
        """What is wrong with the page, each with what to look at."""
        page = self.page
        self.complaints.clear()
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(NARROW)
        page.goto(address)
        found = []
        if page.title().removesuffix("mlmath").strip(" ·") == "":
            found.append("has no title")
        if is_ours and page.locator("h1").count() != 1:
            found.append(f"has {page.locator('h1').count()} h1")
        if is_ours and page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("is wider than a phone")
        for scheme, size in SCHEMES.items():
            if is_ours and scheme in schemes:
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size(size)
                found += [f"{fault} ({scheme})" for fault in violations(page)]
        found += page.evaluate("breaches")
        return [f"{address} for {self.name}: {fault}" for fault in [*found, *self.complaints]]


def violations(page: Page) -> list[str]:
    """What axe finds, with the rule and the first element that breaks it."""
    # Reading its half a megabyte takes as long as a look at the page, which may be the second.
    if page.evaluate("!window.axe"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(
        """axe.run({resultTypes: ["violations"]}).then(({violations}) =>
          violations.map(({id, nodes}) => `${id}: ${nodes[0].html.slice(0, 200)}`))"""
    )
    return found


@pytest.fixture(scope="module")
def walk(chromium: Browser, server: Server) -> Iterator[tuple[list[Walker], dict[str, str]]]:
    script = "from tests.browser import people; people.walkers()"
    made = json.loads(server.manage("shell", "-v0", "-c", script).splitlines()[-1])
    contexts = []
    walkers = []
    for name, session in {"a guest": "", **made["sessions"]}.items():
        context = chromium.new_context(
            base_url=server.address, locale="en-GB", reduced_motion="reduce"
        )
        contexts.append(context)
        if session:
            context.add_cookies([{"name": "sessionid", "value": session, "url": server.address}])
        walkers.append(a_walker(name, context))
    yield walkers, made["values"]
    for context in contexts:
        context.close()


def a_walker(name: str, context: BrowserContext) -> Walker:
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # The page about a failed sign-in at another site comes with a 401.
        if message.type in {"error", "warning"} and "status of 401" not in message.text:
            complaints.append(message.text)

    context.set_default_timeout(PATIENCE_SECONDS / 4 * 1000)
    context.on("console", listen)
    context.on("weberror", lambda one: complaints.append(str(one.error)))
    context.add_init_script(
        """window.breaches = [];
        addEventListener("securitypolicyviolation", (event) =>
          breaches.push(`breaks ${event.violatedDirective} by ${event.blockedURI}`));"""
    )
    return Walker(name=name, page=context.new_page(), complaints=complaints)


@pytest.mark.parametrize("address", ALL, ids=lambda one: one.view or one.route)
def test_page_is_fit_for_everybody_who_may_open_it(walk, address):
    walkers, values = walk
    plain = address.filled(values)
    answers = {walker.name: walker.finds(plain, address.view) for walker in walkers}
    found = {name: kind for name, (kind, _) in answers.items()}
    readers = [walker for walker in walkers if found[walker.name] == "page"]
    is_excused = address.view in NO_PAGES or not address.view
    assert bool(readers) != (is_excused or not {"button", "file"}.isdisjoint(found.values())), found

    faults: list[str] = []
    seen: set[str] = set()
    for place, walker in enumerate(readers):
        text = answers[walker.name][1]
        # Whoever comes third sees no other colours than the two before.
        schemes = list(SCHEMES)[: 2 if place < 2 else 1]
        # A browser makes the same of the same text.
        places = [] if text in seen else [plain]
        seen.add(text)
        if walker.name == "ada":
            places += [plain + question for question in QUESTIONS.get(address.view, [])]
        for one in places:
            faults += walker.faults(one, schemes=schemes, is_ours=address.view not in NOT_OURS)

    assert faults == []


def test_page_for_a_wrong_address_is_fit_as_well(walk):
    guest = walk[0][0]
    for scheme in SCHEMES:
        guest.page.emulate_media(color_scheme=scheme)
        guest.page.goto("/topics/no-such-topic/")
        assert violations(guest.page) == []


def test_walker_notices_a_breach_of_the_content_policy(walk):
    guest = walk[0][0]
    guest.page.goto("/")
    guest.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "1";
            document.body.append(script);
        }"""
    )

    guest.page.wait_for_function("breaches.length === 1")
    assert guest.page.evaluate("breaches") == ["breaks script-src-elem by inline"]


def test_walker_notices_what_axe_finds(walk):
    guest = walk[0][0]
    guest.page.goto("/")
    guest.page.evaluate("document.querySelector('main').append(document.createElement('button'))")

    assert [one.split(":")[0] for one in violations(guest.page)] == ["button-name"]
