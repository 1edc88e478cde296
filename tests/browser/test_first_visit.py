"""What a first visit costs somebody on a slow line, and whether the page stands still meanwhile.

Without a proxy, as `make run` serves it: files come compressed, pages do not.
"""

import re
import time

import pytest

from tests.browser.test_study import choose_role
from tests.server import PATIENCE_SECONDS

MOST_BYTES = 80_000
# Below 0.1 a page counts as still; ours have no reason to move at all.
MOST_SHIFT = 0.001
SHIFTS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value;
  }).observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 300);
})"""


@pytest.fixture
def received(page):
    """The bytes that came over the line, by address, with their headers."""
    sizes: dict[str, float] = {}
    addresses: dict[str, str] = {}
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    line.on(
        "Network.responseReceived",
        lambda one: addresses.update({one["requestId"]: one["response"]["url"]}),
    )
    line.on(
        "Network.loadingFinished",
        lambda one: sizes.update({addresses[one["requestId"]]: one["encodedDataLength"]}),
    )
    return sizes


def test_a_first_visit_to_today_is_light_and_stands_still(page, newcomer, server, received):
    newcomer.enter(page, server)
    choose_role(page)
    page.set_viewport_size({"width": 390, "height": 844})
    received.clear()

    page.goto("/today/", wait_until="networkidle")

    assert {"today", "htmx"} <= {
        word for address in received for word in re.findall("[a-z]+", address)
    }
    assert sum(received.values()) <= MOST_BYTES, received
    assert page.evaluate(SHIFTS) <= MOST_SHIFT

    page.set_viewport_size({"width": 1280, "height": 800})
    page.reload(wait_until="networkidle")
    assert page.evaluate(SHIFTS) <= MOST_SHIFT


def test_a_page_that_moves_is_noticed(page):
    """The positive control."""
    page.goto("/")
    page.evaluate(
        "document.body.prepend(Object.assign(document.createElement('h1'), "
        "{textContent: 'Late', id: 'late'}))"
    )

    # It moves when it is drawn, which is up to the browser.
    deadline = time.monotonic() + PATIENCE_SECONDS
    while page.evaluate(SHIFTS) <= MOST_SHIFT:
        assert time.monotonic() < deadline
