"""A client that openapi-python-client makes from the schema signs in, ticks, and leads a group."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.conftest import Site

# Runs where the generated package is, in a process of its own: nothing of it stays in this one.
JOURNEY = """
import datetime, json, sys
from mlmath_client import AuthenticatedClient
from mlmath_client.api.groups import assign_unit, list_assignments, start_group
from mlmath_client.api.me import get_me, mark_my_topic
from mlmath_client.models import (
    MarkRequest, MarkRequestState, NewAssignmentRequest, NewGroupRequest, Problem,
)

address, secret = sys.argv[1:]
due_at = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(days=7)

with AuthenticatedClient(base_url=address, token=secret) as client:
    me = get_me.sync(client=client)
    marked = mark_my_topic.sync(
        "vectors", client=client, body=MarkRequest(state=MarkRequestState.DONE)
    )
    unknown = mark_my_topic.sync(
        "no-such-topic", client=client, body=MarkRequest(state=MarkRequestState.DONE)
    )
    group = start_group.sync(client=client, body=NewGroupRequest(name="Tuesday readers"))
    wanted = NewAssignmentRequest(
        resource="goodfellow-deep-learning", unit="chapter-08", due_at=due_at
    )
    assigned = assign_unit.sync(group.id, client=client, body=wanted, idempotency_key="first")
    again = assign_unit.sync_detailed(group.id, client=client, body=wanted, idempotency_key="first")
    listed = list_assignments.sync(group.id, client=client)

print(json.dumps({
    "email": me.email,
    "state": marked.state.value,
    "unknown": [isinstance(unknown, Problem), unknown.status, unknown.type_],
    "assigned": [assigned.resource, assigned.unit, assigned.due_at == due_at],
    "again": [again.status_code, again.parsed.id == assigned.id, "".join(
        value for name, value in again.headers.items() if name.lower() == "idempotency-replayed"
    )],
    "listed": [listed.count, listed.results[0].id == assigned.id],
}))
"""


@pytest.fixture(scope="module")
def folder(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the client is, made from what the server says of itself."""
    folder = tmp_path_factory.mktemp("client")
    programs = Path(sys.executable).parent
    made = subprocess.run(
        [
            programs / "openapi-python-client",
            "generate",
            f"--url={site.api}/schema/",
            "--meta=none",
            "--output-path=mlmath_client",
        ],
        cwd=folder,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    assert "Warning" not in made.stdout + made.stderr, made.stdout + made.stderr
    return folder


def test_a_client_made_from_the_schema_ticks_and_assigns_a_chapter(site, folder):
    run = subprocess.run(
        [sys.executable, "-c", JOURNEY, site.server.address, site.tokens["learner"]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "email": "ada@example.org",
        "state": "done",
        "unknown": [True, 404, "/problems/not-found/"],
        "assigned": ["goodfellow-deep-learning", "chapter-08", True],
        "again": [201, True, "true"],
        "listed": [1, True],
    }
