"""The whole site through PgBouncer in transaction mode, with few connections for many clients."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg
import pytest

from tests.clusters import ROLE, Cluster, cluster
from tests.live.visitors import Program, Visitor
from tests.pooler import pooler
from tests.server import PATIENCE_SECONDS, Server, prepare_from_scratch, serving

SIZE = 3
PEOPLE = 6
PAGES = (
    "/", "/today/", "/roles/", "/roadmap/", "/roadmap/data-scientist/?view=map", "/topics/vectors/",
    "/library/", "/paths/", "/search/?q=matrix", "/review/", "/log/", "/groups/", "/notifications/",
    "/settings/", "/health/ready/",
)  # fmt: skip
CALLS = (
    "/topics/", "/roles/", "/me/", "/me/topics/", "/me/units/", "/me/plan/",
    "/me/gap/?role=data-scientist", "/me/sessions/", "/me/activity/",
    "/me/streak/", "/me/reviews/", "/me/export/", "/groups/",
)  # fmt: skip
# Connecting as a request does, which brings its time-outs along where it may.
CONNECT = """
from django.db import connection
from mlmath.patience import Places
with Places(1).one():
    connection.ensure_connection()
print("connected")
"""


@dataclass(frozen=True, kw_only=True)
class Pooled:
    database: Cluster
    address: str
    server: Server
    tokens: list[str]


@pytest.fixture(scope="module")
def pooled(tmp_path_factory):
    with cluster(fsync="off") as database, pooler(database, size=SIZE) as port:
        address = f"postgres://{ROLE}@127.0.0.1:{port}/postgres"
        database.sql(f"ALTER ROLE {ROLE} SET statement_timeout = '5s'")
        folder = tmp_path_factory.mktemp("var")
        settings = {"DATABASE_URL": address, "DATABASE_POOLER": "transaction"}
        prepare_from_scratch(folder, **settings)
        with serving(folder, workers=2, **settings) as server:
            script = (
                "from tests.factories import make_token, make_user\n"
                f"for number in range({PEOPLE}):\n"
                "    print(make_token(make_user(f'p{number}@example.org')).secret)"
            )
            tokens = server.manage("shell", "-v0", "-c", script).splitlines()[-PEOPLE:]
            yield Pooled(database=database, address=address, server=server, tokens=tokens)


def visit(pooled: Pooled, number: int) -> Counter[tuple[str, int]]:
    """All pages as one person, with a tick before each, by a form and by htmx in turn."""
    visitor = Visitor(pooled.server.address)
    visitor.sign_in(f"p{number}@example.org")
    seen: Counter[tuple[str, int]] = Counter()
    for turn, path in enumerate(PAGES):
        state = ("done", "todo")[turn % 2]
        headers = {"HX-Request": "true"} if turn % 3 else {}
        answer = visitor.post("/topics/vectors/mark/", {"state": state}, **headers)
        seen["tick", answer.status] += 1
        seen[path, visitor.get(path).status] += 1
    return seen


def call(pooled: Pooled, token: str) -> Counter[tuple[str, int]]:
    """All calls with one token, with a tick before each; and one that is sent twice, done once."""
    program = Program(address=pooled.server.address, token=token)
    seen: Counter[tuple[str, int]] = Counter()
    for turn, path in enumerate(CALLS):
        state = ("done", "todo")[turn % 2]
        answer = program.call("PUT", "/me/topics/derivatives/", {"state": state})
        seen["tick", answer.status] += 1
        seen[path, program.call("GET", path).status] += 1
    for _ in range(2):
        made = program.call("POST", "/me/sessions/", {"minutes": 5}, **{"Idempotency-Key": "once"})
        seen["session", made.status] += 1
    assert len(program.call("GET", "/me/sessions/").json["results"]) == 1
    return seen


def test_many_people_and_programs_share_few_connections(pooled):
    address = pooled.address.replace("postgres:", "postgresql:")
    with ExitStack() as crowd, ThreadPoolExecutor(2 * PEOPLE) as pool:
        for _ in range(50):
            # Between two transactions it keeps no server.
            crowd.enter_context(psycopg.connect(address, autocommit=True)).execute("SELECT 1")
        visits = [pool.submit(visit, pooled, number) for number in range(PEOPLE)]
        calls = [pool.submit(call, pooled, token) for token in pooled.tokens]
        seen = sum((one.result() for one in visits + calls), Counter())

    assert {what for what in seen if what[1] not in {200, 201, 302}} == set()
    assert seen["session", 201] == 2 * PEOPLE
    backends = pooled.database.sql(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    assert backends[0][0] <= SIZE


def test_the_worker_sends_mail(pooled):
    visitor = Visitor(pooled.server.address)
    visitor.get("/accounts/password/reset/")
    assert visitor.post("/accounts/password/reset/", {"email": "p0@example.org"}).status == 302

    deadline = time.monotonic() + PATIENCE_SECONDS
    while not pooled.server.mails and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "p0@example.org" in {mail["To"] for mail in pooled.server.mails}


def test_the_role_brings_the_time_limits(pooled):
    with psycopg.connect(pooled.address.replace("postgres:", "postgresql:")) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("5s",)


def test_without_the_setting_a_request_is_not_let_in(pooled, tmp_path):
    plain = Server(address="", folder=tmp_path, pid=0, settings={"DATABASE_URL": pooled.address})
    pooling = plain.settings | {"DATABASE_POOLER": "transaction"}

    with pytest.raises(AssertionError, match="unsupported startup parameter"):
        plain.manage("shell", "-v0", "-c", CONNECT)
    allowed = Server(address="", folder=tmp_path, pid=0, settings=pooling)
    assert "connected" in allowed.manage("shell", "-v0", "-c", CONNECT)
