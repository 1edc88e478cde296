"""Reading from a replica that lags, stands still and dies, and becomes the primary in the end.

Two real servers in streaming replication. The tests run in this order: after the last one there is
no replica any more.
"""

import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

import pytest

from mlmath.replica.base import SILENCE
from tests.clusters import OURS, ROLE, Cluster, cluster, replica
from tests.live.visitors import Program, Visitor
from tests.server import PATIENCE_SECONDS, Server, prepare, running

PAIRS = 100
# Longer than the way from a write to the next page.
LAG_MILLISECONDS = 400
# Longer than a busy machine needs from one page to the next.
MAX_LAG_SECONDS = 10
STATES = ("done", "todo")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """mlmath on a primary and on a replica that is always a little behind."""

    primary: Cluster
    replica: Cluster
    server: Server
    token: str


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("var")
    with cluster(fsync="off") as primary, ExitStack() as stack:
        lag = f"{LAG_MILLISECONDS}ms"
        follower = stack.enter_context(replica(primary, recovery_min_apply_delay=lag))
        ports = ",".join(f"127.0.0.1:{one.port}" for one in (primary, follower))
        settings = {
            "DATABASE_URL": f"postgres://{ROLE}@{ports}/postgres",
            "REPLICA_URL": follower.url(),
            "REPLICA_MAX_LAG": str(MAX_LAG_SECONDS),
            "API_CALLS_PER_MINUTE": "1000000",
        }
        prepare(folder, **settings)
        server = stack.enter_context(running(folder, workers=1, port=0, **settings))
        script = (
            "from tests.factories import make_token, make_user\n"
            "print(make_token(make_user('ada@example.org')).secret)"
        )
        token = server.manage("shell", "-v0", "-c", script).splitlines()[-1]
        yield Pair(primary=primary, replica=follower, server=server, token=token)


@pytest.fixture
def ada(pair):
    visitor = Visitor(pair.server.address)
    visitor.sign_in("ada@example.org")
    return visitor


@pytest.fixture
def program(pair):
    return Program(address=pair.server.address, token=pair.token)


@pytest.fixture
def awake(ada):
    """The site has looked at the replica of late, and knows how far behind it is."""
    look_around(ada)


def look_around(visitor: Visitor, seconds: float = 2) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        visitor.get("/topics/vectors/")
        time.sleep(0.05)


def is_ever_stale(write: Callable[[str], None], read: Callable[[], str]) -> bool:
    """Whether one of many reads misses the write before it."""
    for number in range(PAIRS):
        state = STATES[number % 2]
        write(state)
        if read() != state:
            return True
    return False


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "It does not happen."
        time.sleep(0.1)


def mark(visitor: Visitor, state: str, **headers: str) -> None:
    assert visitor.post("/topics/vectors/mark/", {"state": state}, **headers).status in {200, 302}


def marked(visitor: Visitor) -> str:
    page = visitor.get("/topics/vectors/")
    assert page.status == 200
    (state,) = re.findall(r'id="state-(\w+)"[^>]*aria-pressed="true"', page.text)
    return str(state)


def test_a_browser_never_misses_what_it_has_just_written(ada):
    assert not is_ever_stale(partial(mark, ada), partial(marked, ada))
    assert not is_ever_stale(partial(mark, ada, **{"HX-Request": "true"}), partial(marked, ada))


def test_without_the_cookie_it_would(ada, awake):
    def forgetful():
        ada.forget("position")
        return marked(ada)

    assert is_ever_stale(partial(mark, ada), forgetful)


def put(program: Program, state: str) -> None:
    assert program.call("PUT", "/me/topics/derivatives/", {"state": state}).status == 200


def told(program: Program) -> str:
    rows = program.call("GET", "/me/topics/?all=true&page_size=200").json["results"]
    (state,) = [row["state"] for row in rows if row["slug"] == "derivatives"]
    return str(state)


def test_a_program_never_misses_what_it_has_just_written(program):
    assert not is_ever_stale(partial(put, program), partial(told, program))


def test_without_the_second_of_the_last_write_it_would(pair, program, awake):
    def forgetful():
        pair.primary.sql("UPDATE tracker_callcount SET wrote_at = 0")
        return told(program)

    assert is_ever_stale(partial(put, program), forgetful)


@contextmanager
def standstill(pair: Pair) -> Iterator[None]:
    """The replica takes in what the primary sends, and shows nothing of it."""
    pair.replica.sql("SELECT pg_wal_replay_pause()")
    try:
        yield
    finally:
        pair.replica.sql("SELECT pg_wal_replay_resume()")


def test_a_replica_that_is_too_far_behind_is_asked_by_nobody(pair, ada):
    phone = Visitor(pair.server.address)
    phone.sign_in("ada@example.org")
    phone.forget("position")
    mark(ada, "todo")
    look_around(phone)
    with standstill(pair):
        mark(ada, "done")
        assert marked(phone) == "todo"

        # From its standstill on it falls behind.
        until(lambda: marked(phone) == "done")


def test_a_token_that_is_revoked_is_refused_at_once(pair, program):
    with standstill(pair):
        assert program.call("GET", "/me/").status == 200
        pair.primary.sql("UPDATE tracker_apitoken SET revoked_at = now()")
        assert program.call("GET", "/me/").status == 401
        pair.primary.sql("UPDATE tracker_apitoken SET revoked_at = NULL")


def readers(pair: Pair) -> int:
    """How many connections the site has to the replica; one of a test may just be leaving."""
    query = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE backend_type = 'client backend' AND application_name <> %s"
    )
    return int(pair.replica.sql(query, OURS)[0][0])


def test_pages_go_on_when_the_replica_is_killed_and_use_it_when_it_is_back(pair, ada, program):
    is_over = threading.Event()

    def look(visitor: Visitor) -> Counter[int]:
        seen: Counter[int] = Counter()
        while not is_over.is_set():
            visitor.forget("position")
            seen[visitor.get("/topics/vectors/").status] += 1
            seen[visitor.get("/today/").status] += 1
        return seen

    def call() -> Counter[int]:
        seen: Counter[int] = Counter()
        while not is_over.is_set():
            seen[program.call("GET", "/me/topics/").status] += 1
        return seen

    pair.primary.sql("UPDATE tracker_callcount SET wrote_at = 0")
    with ThreadPoolExecutor(3) as pool:
        looks = [pool.submit(look, ada), pool.submit(look, ada), pool.submit(call)]
        try:
            until(lambda: readers(pair) > 0)
            pair.replica.signal_all(signal.SIGKILL)
            time.sleep(1)
            pair.replica.start()
            until(lambda: readers(pair) > 0)
        finally:
            is_over.set()

    assert set(sum((one.result() for one in looks), Counter())) == {200}


def test_a_page_goes_on_when_the_replica_is_frozen(pair, ada, awake):
    ada.forget("position")
    pair.replica.signal_all(signal.SIGSTOP)
    try:
        began = time.monotonic()
        pages = [ada.get("/topics/vectors/").status for _ in range(20)]
        took = time.monotonic() - began
    finally:
        pair.replica.signal_all(signal.SIGCONT)

    assert pages == [200] * 20
    # Whoever waits for it tells the others.
    assert took < 20 * SILENCE


def test_the_site_goes_on_writing_on_the_replica_once_that_is_the_primary(pair, program):
    put(program, "done")
    put(program, "todo")
    # All that the replica has received is replayed before it lets anybody write.
    position = pair.primary.sql("SELECT pg_current_wal_lsn()")[0][0]
    received = "SELECT pg_last_wal_receive_lsn() >= %s"
    until(lambda: pair.replica.sql(received, position)[0][0])

    pair.primary.signal_all(signal.SIGKILL)
    assert program.call("PUT", "/me/topics/derivatives/", {"state": "done"}).status == 503
    pair.replica.sql("SELECT pg_promote()")
    until(lambda: program.call("PUT", "/me/topics/derivatives/", {"state": "done"}).status == 200)

    assert told(program) == "done"
