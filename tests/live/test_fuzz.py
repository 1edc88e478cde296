"""Schemathesis: every call, in the ways that the schema allows and in those that it does not.

Every caller has a server and a filled database of their own, so that none is in another's way and a
run with the same seed goes the same way. `make fuzz` does it with many more examples:
FUZZ_EXAMPLES.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.api import OPERATIONS
from tests.live.conftest import OPEN, fill, made_database
from tests.live.scene import keep_scene
from tests.postgres import postgresql
from tests.server import ROOT, Server, prepare, running_pages

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "")
# Only a browser's session may do these.
BY_BROWSER = {"createMyToken", "deleteMe", "listMyTokens", "revokeMyToken"}
CALLERS = {
    "anonymous": "",
    "learner": "ada@example.org",
    "leader": "grace@example.org",
    "member": "emmy@example.org",
    "reader": "grace@example.org",
    "browser": "ada@example.org",
}
SHORT = ["--max-examples=2", "--phases=examples,fuzzing,stateful"]
LONG = [f"--max-examples={EXAMPLES}", "--phases=examples,coverage,fuzzing,stateful"]
# Every boundary of every value takes long: in a short run one caller does it for all, and the many
# values of an imported document are left out.
BOUNDARIES = ["--phases=coverage", "--exclude-operation-id=importMe"]
AS_BROWSER = [f"--include-operation-id={name}" for name in sorted(BY_BROWSER)]
# What each caller does, one after another.
RUNS: dict[str, list[list[str]]] = {caller: [LONG if EXAMPLES else SHORT] for caller in CALLERS}
RUNS["browser"] = [RUNS["browser"][0] + AS_BROWSER]
# Schemathesis leaves out where it has the schema from, unless it is asked for.
RUNS["anonymous"] += [[*RUNS["anonymous"][0], "--include-operation-id=getSchema"]]
if not EXAMPLES:
    RUNS["learner"] += [[*BOUNDARIES, "--exclude-tag=groups"]]
    RUNS["leader"] += [[*BOUNDARIES, "--include-tag=groups"]]
SAID_EVERY = 30
LONG_MILLISECONDS = 2000
TIMES_THE_USUAL = 40
# In a short run other tests keep the machine busy.
SHARE_OF_LONG = 0.001 if EXAMPLES else 0.05


@dataclass(frozen=True, kw_only=True)
class Call:
    operation: str
    phase: str
    status: int
    milliseconds: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    complaints: str
    calls: list[Call]


def fuzz(server: Server, caller: str, secret: str, options: list[str], folder: Path) -> str:
    """What a run has to complain of; nothing if it is fine."""
    headers = {
        "anonymous": [],
        "browser": [
            f"Cookie: sessionid={secret}; csrftoken={'x' * 32}",
            f"X-CSRFToken: {'x' * 32}",
        ],
    }.get(caller, [f"Authorization: Bearer {secret}"])
    done = subprocess.run(
        [
            Path(sys.executable).parent / "schemathesis",
            "run",
            f"{server.address}/api/v1/schema/",
            "--mode=all",
            "--checks=all",
            "--seed=20261121",
            "--generation-allow-x00=true",
            # The machine may be busy with much else; how long answers take is looked at below.
            "--request-timeout=30",
            "--continue-on-failure",
            "--no-color",
            *options,
            *(f"--header={header}" for header in headers),
        ],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.live.fuzz_hooks",
            "FUZZ_CALLER": CALLERS[caller],
            "FUZZ_DATABASE": server.settings["DATABASE_URL"],
            "FUZZ_REPORT": str(folder / "calls.txt"),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout


def calls_in(folder: Path) -> list[Call]:
    report = folder / "calls.txt"
    lines = report.read_text().splitlines() if report.exists() else []
    return [
        Call(operation=name, phase=phase, status=int(status), milliseconds=int(milliseconds))
        for name, phase, status, milliseconds in map(str.split, lines)
    ]


@pytest.fixture(scope="module")
def outcomes(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> dict[str, Outcome]:
    """What came of all callers, who go on at once."""
    var = tmp_path_factory.mktemp("var")
    folders = {caller: tmp_path_factory.mktemp(caller) for caller in RUNS}
    with postgresql() as url, made_database(url) as filled:
        secrets = prepare_scene(var, filled)

        def complaints(caller: str) -> str:
            with served_copy(var, folders[caller] / "var", url, filled) as server:
                found = [
                    fuzz(server, caller, secrets.get(caller, ""), options, folders[caller])
                    for options in RUNS[caller]
                ]
            assert server.faults == []
            return "\n".join(filter(None, found))

        with ThreadPoolExecutor(len(RUNS)) as pool:
            runs = {caller: pool.submit(complaints, caller) for caller in RUNS}
            if EXAMPLES:
                tell_how_it_goes(pytestconfig, runs, folders)
    return {
        caller: Outcome(complaints=run.result(), calls=calls_in(folders[caller]))
        for caller, run in runs.items()
    }


def prepare_scene(var: Path, database: str) -> dict[str, str]:
    """Fill an empty database, and take down how it is then; the secrets of the callers."""
    settings = OPEN | {"DATABASE_URL": database}
    prepare(var, **settings)
    secrets = fill(var, settings)
    keep_scene(database)
    return secrets


@contextmanager
def served_copy(var: Path, folder: Path, url: str, filled: str) -> Iterator[Server]:
    """A server on copies of its own of a folder and of a database that nobody is connected to."""
    shutil.copytree(var, folder)
    name = urllib.parse.urlsplit(filled).path.removeprefix("/")
    with made_database(url, like=name) as database:
        settings = OPEN | {"DATABASE_URL": database}
        with running_pages(folder, settings, workers=1) as server:
            yield server


def tell_how_it_goes(
    config: pytest.Config, runs: Mapping[str, "Future[str]"], folders: Mapping[str, Path]
) -> None:
    """Say how many calls each caller has made, now and then until all have ended."""
    capture = config.pluginmanager.getplugin("capturemanager")
    began = time.monotonic()
    while wait(runs.values(), timeout=SAID_EVERY).not_done:
        said = ", ".join(
            f"{caller} {len(calls_in(folders[caller]))}{' (done)' if run.done() else ''}"
            for caller, run in runs.items()
        )
        with capture.global_and_fixture_disabled():
            print(f"{(time.monotonic() - began) / 60:5.1f} min, calls: {said}", flush=True)


@pytest.mark.parametrize("caller", RUNS)
def test_whatever_is_sent_the_answer_is_as_described(caller, outcomes):
    assert not outcomes[caller].complaints, outcomes[caller].complaints
    assert len(outcomes[caller].calls) > (10 if caller == "browser" else 300)


def test_every_call_got_through_to_what_it_does(outcomes):
    """What only ever met refusals has not been tested. In a long run that holds for values which
    Schemathesis has made up, not for the examples alone."""
    through = {
        call.operation
        for outcome in outcomes.values()
        for call in outcome.calls
        if call.status < 300 and (not EXAMPLES or call.phase == "fuzzing")
    }

    assert {operation["operationId"] for _, _, operation in OPERATIONS} - through == set()


def test_hardly_an_answer_takes_long(outcomes):
    """Only checking a large document that is to be imported does."""
    took = [
        call.milliseconds
        for outcome in outcomes.values()
        for call in outcome.calls
        if call.operation != "importMe"
    ]

    # Where the machine keeps every call waiting, long is what takes longer than all the others.
    limit = max(LONG_MILLISECONDS, TIMES_THE_USUAL * statistics.median(took))
    assert sum(one > limit for one in took) <= len(took) * SHARE_OF_LONG
