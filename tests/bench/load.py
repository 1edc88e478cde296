"""Sending requests, and what they cost the processes that answer. Linux only."""

import http.client
import statistics
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.bench.scenarios import Request, Scenario

CLIENTS = 16
# A round ends after so many requests of a scenario, or after so many seconds.
PER_ROUND, ROUND_SECONDS, FEWEST = 40, 0.4, 5
CROWD_REQUESTS, CROWD_SECONDS = 800, 2.0
# A connection stays with one web process, and each has to have everything ready.
WARM_UP_LINES, WARM_UP_REQUESTS = 10, 4


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The processes that answer: those of a server, and those that its database forks for it."""

    address: str
    workers: list[int]
    database: psycopg.Connection | None

    def backends(self) -> list[int]:
        if self.database is None:
            return []
        rows = self.database.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return [row[0] for row in rows]


@dataclass(kw_only=True)
class Measured:
    """Times of one scenario in ms. `web` and `database` have one entry for each round: CPU time of
    one request. `database` is empty where the server is on another machine."""

    web: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    crowd_web: float = 0.0
    crowd_latencies: list[float] = field(default_factory=list)
    crowd_rate: float = 0.0
    sent_bytes: int = 0
    raw_bytes: int = 0

    @property
    def cpu(self) -> float:
        return statistics.median(self.web)

    @property
    def database_cpu(self) -> float | None:
        return statistics.median(self.database) if self.database else None


class Line:
    """One connection that is kept."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)

    def send(self, request: Request) -> float:
        """How many ms the answer took to come."""
        begun = time.perf_counter()
        self._ask(request)
        return (time.perf_counter() - begun) * 1000

    def _ask(self, request: Request) -> bytes:
        self._connection.request(
            request.method, request.path, request.body or None, dict(request.headers)
        )
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != request.status:
            raise AssertionError(
                f"{request.path}: {answer.status} {answer.headers}\n{body[:2000]!r}"
            )
        return body

    def size(self, request: Request, *, encodings: str) -> int:
        headers = {**request.headers, "Accept-Encoding": encodings}
        asked = Request(
            path=request.path,
            method=request.method,
            headers=headers,
            body=request.body,
            status=request.status,
        )
        return len(self._ask(asked))

    def close(self) -> None:
        self._connection.close()


def cpu_of(pids: Iterable[int]) -> dict[int, float]:
    """CPU seconds of each process so far, with those of its threads that have ended."""
    found = {}
    for pid in pids:
        try:
            # The clock that clock_getcpuclockid(3) names.
            found[pid] = time.clock_gettime((~pid << 3) | 2)
        except OSError:
            continue
    return found


def is_local(database: psycopg.Connection) -> bool:
    """Whether the server's processes are on this machine, to be watched."""
    pid = database.info.backend_pid
    try:
        return "postgres" in Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return False


def warm_up(scenario: Scenario, watched: Watched) -> None:
    for _ in range(WARM_UP_LINES):
        line = Line(watched.address)
        for request in islice(scenario.requests, WARM_UP_REQUESTS):
            line.send(request)
        line.close()


def measure_round(scenario: Scenario, watched: Watched, into: Measured) -> None:
    """Some requests one after the other."""
    line = Line(watched.address)
    before = _both(watched)
    deadline = time.monotonic() + ROUND_SECONDS
    taken: list[float] = []
    while len(taken) < PER_ROUND and (len(taken) < FEWEST or time.monotonic() < deadline):
        taken.append(line.send(next(scenario.requests)))
    web, database = _spent(before, _both(watched))
    line.close()
    into.web.append(web / len(taken))
    if watched.database is not None:
        into.database.append(database / len(taken))
    into.latencies += taken


def measure_crowd(scenario: Scenario, watched: Watched, into: Measured) -> None:
    """Some requests by sixteen clients at once."""
    taken: list[float] = []
    lock, deadline = threading.Lock(), time.monotonic() + CROWD_SECONDS

    def client() -> None:
        line = Line(watched.address)
        while time.monotonic() < deadline:
            with lock:
                if len(taken) >= CROWD_REQUESTS:
                    break
                request = next(scenario.requests)
            spent = line.send(request)
            with lock:
                taken.append(spent)
        line.close()

    before, begun = _both(watched), time.monotonic()
    together(client, CLIENTS)
    seconds = time.monotonic() - begun
    web, _ = _spent(before, _both(watched))
    into.crowd_web = web / len(taken)
    into.crowd_latencies = taken
    into.crowd_rate = len(taken) / seconds


def measure_size(scenario: Scenario, watched: Watched, into: Measured) -> None:
    line, request = Line(watched.address), next(scenario.requests)
    into.sent_bytes = line.size(request, encodings="gzip, deflate, br, zstd")
    # A write is not repeated: the second time it would find nothing to do.
    again = request if request.method == "GET" else next(scenario.requests)
    into.raw_bytes = line.size(again, encodings="identity")
    line.close()


def together(work: Callable[[], None], count: int) -> None:
    """Run `work` in so many threads; raises what one of them raises."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # for the thread that waits
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def percentile(times: list[float], percent: int) -> float:
    """The time within which so many of a hundred are done."""
    return sorted(times)[min(len(times) - 1, len(times) * percent // 100)]


_Both = tuple[dict[int, float], dict[int, float]]


def _both(watched: Watched) -> _Both:
    return cpu_of(watched.workers), cpu_of(watched.backends())


def _spent(before: _Both, after: _Both) -> tuple[float, float]:
    """CPU ms of the web processes and of the database's; a backend may have been born meanwhile."""
    web, database = (
        sum(now - then.get(pid, 0.0) for pid, now in later.items()) * 1000
        for then, later in zip(before, after, strict=True)
    )
    return web, database
