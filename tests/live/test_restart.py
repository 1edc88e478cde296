"""Restarting under load, a slow reader in the way of a migration, and how fast a server starts."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.clusters import free_port
from tests.live.both import Both
from tests.live.visitors import Visitor
from tests.server import PATIENCE_SECONDS, ROOT, Server

PEOPLE = 3
WAITING = """
SELECT 1 FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@contextmanager
def load(both: Both) -> Iterator[Counter[str]]:
    """People who look and tick all the time; what they meet, by kind, complete after the block."""
    is_over = threading.Event()
    seen: Counter[str] = Counter()

    def live(number: int) -> Counter[str]:
        visitor = Visitor(both.balancer.address)
        visitor.sign_in(f"p{number}@example.org")
        met: Counter[str] = Counter()
        while not is_over.is_set():
            for act in (
                lambda: visitor.get("/topics/vectors/").status,
                lambda: visitor.post("/topics/vectors/mark/", {"state": "done"}).status,
                lambda: visitor.get("/api/v1/topics/").status,
            ):
                try:
                    met[str(act())] += 1
                except OSError as error:
                    met[repr(error)] += 1
            time.sleep(0.1)
        return met

    with ThreadPoolExecutor(PEOPLE) as pool:
        lives = [pool.submit(live, number) for number in range(2, 2 + PEOPLE)]
        try:
            time.sleep(1)
            yield seen
            time.sleep(0.5)
        finally:
            is_over.set()
        for one in lives:
            seen.update(one.result())


def test_nobody_notices_that_one_server_after_the_other_is_restarted(both):
    with load(both) as seen:
        have_ended = [both.restart(place) for place in range(2)]

    assert set(seen) == {"200", "302"}
    assert have_ended == [True, True]


def test_a_process_that_does_not_end_by_itself_is_killed_and_the_log_says_so(both):
    os.kill(both.servers[0].workers[0], signal.SIGSTOP)

    assert not both.restart(0)


def test_nobody_notices_that_a_server_is_told_to_take_new_code(both):
    """SIGHUP starts each worker anew, the new one before the old one ends."""
    server = both.servers[0]
    former = set(server.workers)
    with load(both) as seen:
        os.kill(server.pid, signal.SIGHUP)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while former & set(server.workers) and time.monotonic() < deadline:
            time.sleep(0.1)

    assert set(seen) == {"200", "302"}
    assert len(server.workers) == len(former)
    assert not former & set(server.workers)


def test_what_a_server_has_begun_it_ends_before_it_stops(both):
    visitor = Visitor(both.servers[0].address)
    visitor.sign_in("p2@example.org")
    address = both.database.replace("postgres:", "postgresql:")
    with (
        ThreadPoolExecutor(2) as pool,
        psycopg.connect(address) as holder,
        psycopg.connect(address, autocommit=True) as watcher,
    ):
        holder.execute("SELECT 1 FROM tracker_user FOR NO KEY UPDATE")
        tick = pool.submit(visitor.post, "/topics/vectors/mark/", {"state": "done"})
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not watcher.execute(WAITING).rowcount and time.monotonic() < deadline:
            time.sleep(0.05)
        restart = pool.submit(both.restart, 0)
        # Less than a request waits for a lock.
        time.sleep(1)
        holder.rollback()

    assert tick.result().status == 302
    assert restart.result()


def test_a_migration_behind_a_slow_reader_lets_others_pass_and_comes_again(database, tmp_path):
    """Without the limit, everybody who reads the table stands behind the one who wants to alter it.

    Whoever looks at it meanwhile waits for a second, and not until the reader has ended.
    """
    site = Server(address="", folder=tmp_path, pid=0, settings={"DATABASE_URL": database})
    # A table of Django's own, because two migrations are all that it has.
    site.manage("migrate", "contenttypes")
    address = database.replace("postgres:", "postgresql:")
    waits: list[float] = []
    with (
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(address) as reader,
        # Whoever had to wait for the reader itself would wait for ever.
        psycopg.connect(address, autocommit=True, options="-c lock_timeout=20s") as other,
    ):
        reader.execute("SELECT count(*) FROM django_content_type")
        going_back = pool.submit(site.manage, "migrate", "contenttypes", "0001")
        deadline = time.monotonic() + 60
        while max(waits, default=0) < 0.3 and time.monotonic() < deadline:
            waits.append(seconds_to_read(other))
        until = time.monotonic() + 4
        while time.monotonic() < until:
            waits.append(seconds_to_read(other))
        assert not going_back.done()
        reader.rollback()
        printed = going_back.result()

    assert "A table is in use" in printed
    assert max(waits) > 0.3


def seconds_to_read(connection: "psycopg.Connection[tuple[object, ...]]") -> float:
    began = time.monotonic()
    connection.execute("SELECT count(*) FROM django_content_type")
    took = time.monotonic() - began
    time.sleep(0.02)
    return took


def test_a_server_starts_in_five_seconds(both, tmp_path):
    """Of the processor's time: what else the machine does at the moment is not its fault."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "mlmath.serve", "--port", str(port), "--workers", "1"],
        cwd=ROOT,
        env=both.servers[0].environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        status = None
        while status != 200 and time.monotonic() < deadline:
            try:
                status = Visitor(f"http://localhost:{port}").get("/roles/").status
            except OSError:
                time.sleep(0.05)
        used = cpu_seconds(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)

    assert status == 200
    assert used < 5


def cpu_seconds(pid: int) -> float:
    """What a process and its children have used of the processor."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ticks = 0
    for one in (str(pid), *children):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
