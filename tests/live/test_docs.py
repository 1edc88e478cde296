"""What docs/api.md shows is what happens, and the client in docs/examples/ works."""

import base64
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from tests.server import ROOT

GUIDE = (ROOT / "docs" / "api.md").read_text()
LOCAL = "http://localhost:8000"
CLIENT = ROOT / "docs" / "examples" / "sync_ticks.py"
BREAK = "=== next ==="


def tour():
    """The commands of the first minute, each with what it prints; "…" stands for anything."""
    minute = GUIDE.partition("## The first minute")[2].partition("\n## ")[0]
    for block in re.findall(r"```console\n(.*?)```", minute, flags=re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            # A command goes on after a backslash at the end of its line.
            command, _, printed = re.fullmatch(r"((?:.*\\\n)*.*)(\n)?([\s\S]*)", step).groups()
            yield command, printed


def test_the_first_minute_goes_as_the_guide_shows(site):
    steps = list(tour())
    script = "".join(f"{command}\necho '{BREAK}'\n" for command, _ in steps)

    run = subprocess.run(
        ["/bin/bash", "-eu", "-c", script.replace(LOCAL, site.server.address)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **site.server.environment},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    printed = run.stdout.split(BREAK)[:-1]
    assert len(printed) == len(steps) == 6
    for (command, expected), actual in zip(steps, printed, strict=True):
        pattern = re.escape(expected.strip().replace(LOCAL, site.server.address))
        assert re.fullmatch(pattern.replace("…", ".*"), actual.strip()), (command, actual)


def test_the_check_of_a_signature_in_the_guide_knows_ours_from_others():
    code = GUIDE.partition("```python\n")[2].partition("```")[0]
    known: dict = {}
    exec(code, known)  # noqa: S102  # it is ours
    secret = "whsec_" + base64.b64encode(b"x" * 32).decode()
    body = '{"type": "question.asked"}'
    now = time.time()

    def headers(at):
        moment = datetime.fromtimestamp(at, UTC)
        return {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(at)),
            "webhook-signature": "v1,AAAA " + Webhook(secret).sign("msg_1", moment, body),
        }

    assert known["is_genuine"](secret, headers(now), body.encode())
    assert not known["is_genuine"](secret, headers(now), body.encode() + b" ")
    assert not known["is_genuine"](secret, headers(now - 301), body.encode())
    assert not known["is_genuine"](secret.replace("eHh4", "eXh4"), headers(now), body.encode())


# --- The example client ------------------------------------------------------------------------


@pytest.fixture
def sync(site, tmp_path):
    """Runs the client on a file of its own; returns what it prints."""

    def run():
        done = subprocess.run(
            [sys.executable, CLIENT, site.server.address, tmp_path / "ticks.txt"],
            env={"MLMATH_TOKEN": site.tokens["member"]},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    return run


@pytest.fixture
def ticks(tmp_path):
    return tmp_path / "ticks.txt"


def tick(site, topic, state=None):
    """The state of a topic on the server, after setting it if one is named."""
    request = urllib.request.Request(
        f"{site.api}/me/topics/{topic}/",
        method="PUT",
        data=json.dumps({"state": state}).encode(),
        headers={
            "Authorization": f"Bearer {site.tokens['member']}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["state"]


def state(site, topic):
    request = urllib.request.Request(
        f"{site.api}/me/topics/?all=true&page_size=200",
        headers={"Authorization": f"Bearer {site.tokens['member']}"},
    )
    with urllib.request.urlopen(request) as answer:
        return {one["slug"]: one["state"] for one in json.load(answer)["results"]}[topic]


def test_ticks_go_both_ways_and_the_server_wins_where_both_have_changed(site, sync, ticks):
    tick(site, "vectors", "done")
    tick(site, "derivatives", "todo")
    tick(site, "bayes-theorem", "todo")

    assert "down vectors done" in sync()
    assert "vectors done\n" in ticks.read_text()
    assert sync() == "0 up, 0 down\n"

    ticks.write_text(ticks.read_text().replace("\nderivatives todo", "\nderivatives learning"))
    tick(site, "vectors", "skipped")
    assert sync() == "up   derivatives learning\ndown vectors skipped\n1 up, 1 down\n"
    assert state(site, "derivatives") == "learning"

    ticks.write_text(ticks.read_text().replace("\nbayes-theorem todo", "\nbayes-theorem skipped"))
    tick(site, "bayes-theorem", "done")
    assert sync() == "down bayes-theorem done\n0 up, 1 down\n"
    assert state(site, "bayes-theorem") == "done"


def test_a_file_that_does_not_fit_changes_nothing(site, sync, ticks):
    tick(site, "vectors", "done")

    ticks.write_text("vectors known\n")
    assert sync() == (f"Line 1 of {ticks} is no topic with one of todo, learning, done, skipped.\n")
    ticks.write_text("weaving done\n")
    assert "There is no topic “weaving”" in sync()
    assert ticks.read_text() == "weaving done\n"
