"""Two servers with a folder each behind one proxy: nobody can tell which of them answers.

Every request is a connection of its own, and every second one goes to the other server.
"""

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.authenticator import code_of
from tests.factories import PASSWORD
from tests.live.both import CALLS_PER_MINUTE, Both
from tests.live.visitors import Reply, Visitor
from tests.server import PATIENCE_SECONDS


@pytest.fixture
def visitor(both):
    return Visitor(both.balancer.address)


def state_of(visitor: Visitor, topic: str) -> str:
    page = visitor.get(f"/topics/{topic}/")
    (state,) = re.findall(r'id="state-(\w+)"[^>]*aria-pressed="true"', page.text)
    return str(state)


def mark(visitor: Visitor, topic: str, state: str, **headers: str) -> Reply:
    answer = visitor.post(f"/topics/{topic}/mark/", {"state": state}, **headers)
    assert answer.status in {200, 302}
    return answer


def link_in_mail(both: Both, address: str) -> str:
    """Where the mail to somebody leads, which a worker sends a moment later."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for mail in both.mails:
            text = mail.get_body(("plain",)).get_content()
            found = re.search(rf"{both.balancer.address}(/accounts/password/reset/\S+)", text)
            if mail["To"] == address and found:
                return found[1]
        time.sleep(0.1)
    raise AssertionError(f"No mail to {address}")


def test_every_second_request_goes_to_the_other_server(both, visitor):
    before = both.balancer.served.copy()
    for _ in range(10):
        visitor.get("/health/live/")

    assert sorted((both.balancer.served - before).values()) == [5, 5]


def test_a_guest_ticks_and_signs_up_and_keeps_the_ticks(visitor):
    visitor.get("/topics/vectors/")
    mark(visitor, "vectors", "done")
    assert [state_of(visitor, "vectors") for _ in range(2)] == ["done", "done"]

    visitor.get("/accounts/signup/")
    fields = {"email": "new@example.org", "password1": "a nabla walks into a bar", "name": "Emmy"}
    assert visitor.post("/accounts/signup/", fields).headers["Location"] == "/start/"

    assert [state_of(visitor, "vectors") for _ in range(2)] == ["done", "done"]


def test_a_tick_at_one_server_is_there_at_the_other(visitor):
    visitor.sign_in("p0@example.org")
    for turn in range(6):
        state = ("learning", "done")[turn % 2]
        mark(visitor, "vectors", state, **({"HX-Request": "true"} if turn % 3 else {}))
        assert [state_of(visitor, "vectors") for _ in range(2)] == [state, state]


def test_a_guest_signs_in_and_the_ticks_come_along(visitor):
    visitor.get("/topics/derivatives/")
    mark(visitor, "derivatives", "done")
    visitor.sign_in("p0@example.org")

    assert [state_of(visitor, "derivatives") for _ in range(2)] == ["done", "done"]


def test_pages_of_one_server_name_files_that_the_other_has(visitor):
    page = visitor.get("/")
    sheets = re.findall(r'href="(/static/[^"]+\.css)"', page.text)

    assert len(sheets) >= 2
    for sheet in sheets:
        assert [visitor.get(sheet).status for _ in range(2)] == [200, 200]


def test_a_key_that_one_server_knows_is_known_to_the_other(both):
    caller = both.program(1)
    answers = [
        caller.call("POST", "/me/sessions/", {"minutes": 25}, **{"Idempotency-Key": "k"})
        for _ in range(4)
    ]

    assert [answer.status for answer in answers] == [201] * 4
    assert len({answer.json["id"] for answer in answers}) == 1
    assert [answer.headers["Idempotency-Replayed"] for answer in answers] == [None] + ["true"] * 3


def test_both_together_let_exactly_so_many_calls_through(both):
    caller = both.program(2)
    first = caller.call("GET", "/me/")
    # Not over the end of the minute that has just begun.
    assert "t=60" in first.headers["RateLimit"]
    began = time.monotonic()
    with ThreadPoolExecutor(12) as pool:
        statuses = Counter(
            pool.map(lambda _: caller.call("GET", "/me/").status, range(2 * CALLS_PER_MINUTE))
        )

    if time.monotonic() - began > 55:
        pytest.fail("This machine is too slow to make so few calls within a minute.")
    assert statuses == {200: CALLS_PER_MINUTE - 1, 429: CALLS_PER_MINUTE + 1}


def test_wrong_passwords_are_counted_over_both(visitor: Visitor):
    def sign_in(password: str) -> Reply:
        visitor.get("/accounts/login/")
        fields = {"login": "p6@example.org", "password": password}
        return visitor.post("/accounts/login/", fields)

    for _ in range(5):
        assert "Too many" not in sign_in("wrong").text

    assert "Too many" in sign_in(PASSWORD).text


def test_the_second_step_may_be_taken_at_the_other_server(both, visitor):
    visitor.sign_in("p1@example.org")
    page = visitor.get("/accounts/2fa/totp/activate/")
    if page.status == 302:
        visitor.get(page.headers["Location"])
        visitor.post(page.headers["Location"], {"password": PASSWORD})
        page = visitor.get("/accounts/2fa/totp/activate/")
    secret = re.findall(r'value="([A-Z2-7]{32})"', page.text)[0]
    done = visitor.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    assert done.headers["Location"] == "/accounts/2fa/recovery-codes/"

    other = Visitor(both.balancer.address)
    other.get("/accounts/login/")
    first = other.post("/accounts/login/", {"login": "p1@example.org", "password": PASSWORD})
    assert first.headers["Location"] == "/accounts/2fa/authenticate/"
    other.get("/accounts/2fa/authenticate/")
    time.sleep(1)
    second = other.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert second.status == 302
    assert other.get("/settings/").status == 200


def test_a_link_that_one_server_mails_opens_at_the_other(both, visitor):
    visitor.get("/accounts/password/reset/")
    assert visitor.post("/accounts/password/reset/", {"email": "p7@example.org"}).status == 302
    link = link_in_mail(both, "p7@example.org")

    # The first request keeps the key in the session, the second shows the form.
    inner = visitor.get(link).headers["Location"]
    visitor.get(inner)
    fields = {"password1": "two norms meet at a corner", "password2": "two norms meet at a corner"}
    assert visitor.post(inner, fields).status == 302
