"""What holds over several processes, and when one of them dies or all are started anew."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.clusters import free_port
from tests.server import PATIENCE_SECONDS, ROOT, is_killed, serving

LIMIT = 40
WORKERS = 3
ME = "/api/v1/me/"
SESSIONS = "/api/v1/me/sessions/"


def call(server, token, path, body=None, **headers):
    """(status, headers, JSON) of what comes back; no status where nothing does."""
    request = urllib.request.Request(
        f"{server.address}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers},
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.load(error)
    except (urllib.error.URLError, ConnectionError):
        return None, {}, None


def log(server, token, minutes, key):
    return call(server, token, SESSIONS, {"minutes": minutes}, **{"Idempotency-Key": key})


@pytest.fixture
def serve(database, tmp_path):
    """Serves the same database and folder, by three processes, each time it is called."""

    def run():
        return serving(
            tmp_path, workers=WORKERS, DATABASE_URL=database, API_CALLS_PER_MINUTE=str(LIMIT)
        )

    return run


def make_tokens(server, count):
    script = (
        "from tests.factories import make_token, make_user\n"
        f"print(*(make_token(make_user()).secret for _ in range({count})))"
    )
    return server.manage("shell", "-v0", "-c", script).splitlines()[-1].split()


def test_one_limit_and_one_key_hold_over_all_processes_deaths_and_starts(serve, database):
    with serve() as server:
        counted, first, second = make_tokens(server, 3)
        assert len(server.workers) == WORKERS

        _exactly_so_many_calls_get_through(server, counted)
        _a_call_whose_process_is_killed_is_done_once_when_repeated(server, first, database)
        made = log(server, second, 45, "kept")
        assert made[0] == 201
    with serve() as server:
        _the_first_answer_comes_again(server, second, made)


def _exactly_so_many_calls_get_through(server, token):
    _, headers, _ = call(server, token, ME)
    # Not over the end of the minute that has just begun.
    assert "t=60" in headers["RateLimit"]
    began = time.monotonic()
    with ThreadPoolExecutor(12) as pool:
        statuses = Counter(pool.map(lambda _: call(server, token, ME)[0], range(2 * LIMIT)))

    if time.monotonic() - began > 55:
        pytest.fail("This machine is too slow to make so few calls within a minute.")
    assert statuses == {200: LIMIT - 1, 429: LIMIT + 1}


def _a_call_whose_process_is_killed_is_done_once_when_repeated(server, token, database):
    """Somebody else holds the row that the call needs, so it stands where its key is taken already
    and its effect not yet there; then its process is killed, and all others with it."""
    killed = server.workers
    with (
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(database.replace("postgres:", "postgresql:")) as holder,
    ):
        holder.execute("SELECT 1 FROM tracker_user FOR NO KEY UPDATE")
        waiting = pool.submit(log, server, token, 30, "k1")
        _until(lambda: _waiting_for_a_lock(database), bool)
        in_use = log(server, token, 30, "k1")
        assert in_use[0] == 409
        assert in_use[2]["type"] == "/problems/idempotency-key-in-use/"
        assert in_use[1]["Retry-After"] == "1"
        for worker in killed:
            os.kill(worker, signal.SIGKILL)
        assert waiting.result()[0] is None
        holder.rollback()

        again = _until(lambda: log(server, token, 30, "k1"), lambda answer: answer[0] == 201)
        rows = holder.execute(
            "SELECT count(*) FROM tracker_studysession WHERE minutes = 30"
        ).fetchone()

    assert "Idempotency-Replayed" not in again[1]
    assert rows == (1,)
    assert not set(killed) & set(server.workers)


def _waiting_for_a_lock(database):
    with psycopg.connect(database.replace("postgres:", "postgresql:")) as watcher:
        return watcher.execute(
            "SELECT 1 FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()


def _the_first_answer_comes_again(server, token, made):
    status, headers, body = log(server, token, 45, "kept")

    assert (status, body) == (made[0], made[2])
    assert headers["Idempotency-Replayed"] == "true"
    assert headers["Location"] == made[1]["Location"]


def _until(act, is_good):
    """What `act` brings once it is good."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_good(found := act()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert is_good(found), found
    return found


def test_a_server_that_is_stopped_while_it_starts_ends_at_once(tmp_path):
    command = [sys.executable, "-m", "mlmath.serve", "--port", str(free_port()), "--workers", "1"]
    environment = os.environ | {"MLMATH_VAR": str(tmp_path), "DATABASE_URL": ""}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout.readline().startswith("mlmath is at ")
        began = time.monotonic()
        process.terminate()
        said, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert not is_killed(said=said, took=time.monotonic() - began)
    assert process.returncode == 0
