"""`make test`: checks, tests on SQLite and on PostgreSQL, programs at the API, browser tests; ends
with their counts.

Every part runs, also after one has failed; each prints when it has ended. A part without a single
passed test has failed.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from mlmath.serve import cores
from tests.browser.chromium import HOW_TO_GET_ONE, find_chromium
from tests.postgres import postgresql
from tests.production import PRODUCTION

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CORES = cores()

CHECK = (sys.executable, "manage.py", "check", "--fail-level", "WARNING")
CHECKS: dict[str, list[str | Path]] = {
    "lint": [BIN / "ruff", "check", "."],
    "format": [BIN / "ruff", "format", "--check", "."],
    "types": [BIN / "mypy"],
    "contracts": [BIN / "lint-imports"],
    "templates": [BIN / "djlint", "templates", "--lint", "--quiet"],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
    "settings": [*CHECK],
    "deployment": [
        "env",
        *(f"{name}={value}" for name, value in PRODUCTION.items()),
        *CHECK,
        "--deploy",
    ],
    "security": [
        BIN / "bandit",
        "-q",
        "-ll",
        "-c",
        "pyproject.toml",
        "-r",
        "mlmath",
        "catalog",
        "tracker",
    ],
}

_stopped = threading.Event()
_running: "set[subprocess.Popen[str]]" = set()


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What came of one part; `note` says in words why there are no counts."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""
    is_excused: bool = False

    @property
    def is_good(self) -> bool:
        return self.is_excused or (self.passed > 0 and self.failed == 0)

    def __str__(self) -> str:
        if self.note:
            return f"{self.name}: {self.note}"
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.name}: {self.passed} passed, {self.failed} failed{skipped}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.run")
    parser.add_argument("--only", choices=PARTS, help="run one part")
    only = parser.parse_args().only
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    started = time.monotonic()
    parts = [PARTS[only]] if only else [run_checks, run_side_by_side]
    results = [result for run in parts for result in run()]
    _say(f"All in {time.monotonic() - started:.0f} s")
    print(*results, sep="\n", flush=True)
    sys.exit(not all(result.is_good for result in results))


def run_side_by_side() -> list[Result]:
    """The parts that keep all cores busy beside those that mostly wait for servers and pages."""
    _say("Tests, side by side; each part prints when it has ended")
    lanes = [(run_on_sqlite, run_on_postgresql), (run_programs, run_faults, run_browser_tests)]
    with ThreadPoolExecutor(len(lanes)) as pool:
        return [result for results in pool.map(_run_lane, lanes) for result in results]


def _run_lane(lane: Sequence[Callable[[], list[Result]]]) -> list[Result]:
    return [result for run in lane if not _stopped.is_set() for result in run()]


def run_on_sqlite() -> list[Result]:
    return [run_pytest("SQLite", "-n", str(CORES), TEST_DATABASE_URL="")]


def run_on_postgresql() -> list[Result]:
    with postgresql() as url:
        return [run_pytest("PostgreSQL", "-n", str(CORES), TEST_DATABASE_URL=url)]


def run_programs() -> list[Result]:
    with postgresql() as url:
        # They wait for servers more than they work, and a file's servers are its own.
        arguments = ("tests/live", "-m", "live", "-n", "2", "--dist", "loadfile")
        return [run_pytest("Programs", *arguments, TEST_DATABASE_URL=url)]


def run_faults() -> list[Result]:
    """They start a PostgreSQL of their own, to be killed."""
    return [run_pytest("Faults", "tests/faults", "-m", "faults", TEST_DATABASE_URL="")]


def run_checks() -> list[Result]:
    """All checks at once; what failed is shown in full."""
    _say("Checks")
    with ThreadPoolExecutor(CORES) as pool:
        runs = {name: pool.submit(_run_quietly, command) for name, command in CHECKS.items()}
    failed = 0
    for name, run in runs.items():
        done = run.result()
        print(f"{name}: {'fine' if done.returncode == 0 else 'FAILED'}")
        if done.returncode != 0:
            failed += 1
            print(done.stdout, flush=True)
    return [Result(name="Checks", passed=len(CHECKS) - failed, failed=failed)]


def run_browser_tests() -> list[Result]:
    """With JavaScript and without, side by side, each against a server of its own."""
    kinds = {
        "Chromium with JavaScript": "browser and not without_javascript",
        "Chromium without JavaScript": "browser and without_javascript",
    }
    chromium = find_chromium(may_fetch=True)
    if chromium is None:
        print(HOW_TO_GET_ONE)
        is_excused = os.environ.get("CI") != "true"
        return [Result(name=name, note="not run", is_excused=is_excused) for name in kinds]
    with ThreadPoolExecutor(len(kinds)) as pool:
        runs = [
            pool.submit(
                run_pytest,
                name,
                "tests/browser",
                "-m",
                kind,
                MLMATH_CHROMIUM=chromium,
                TEST_DATABASE_URL="",
            )
            for name, kind in kinds.items()
        ]
    return [run.result() for run in runs]


def run_pytest(name: str, *arguments: str, **environment: str) -> Result:
    with tempfile.TemporaryDirectory(prefix="mlmath-tests-") as directory:
        report = Path(directory) / "report.xml"
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            f"--junit-xml={report}",
            *arguments,
        ]
        run = _run_quietly(command, environment)
        _say(name, run.stdout)
        if not report.exists():
            return Result(name=name, note=f"pytest broke off with exit code {run.returncode}")
        counts = _counts(report)
    # A run may break off after its last test as well.
    failed = counts["failures"] + counts["errors"] or int(run.returncode not in {0, 5})
    passed = counts["tests"] - counts["failures"] - counts["errors"] - counts["skipped"]
    return Result(name=name, passed=passed, failed=failed, skipped=counts["skipped"])


def _counts(report: Path) -> Mapping[str, int]:
    suites = list(ET.parse(report).iter("testsuite"))  # noqa: S314  # pytest wrote it
    keys = ("tests", "failures", "errors", "skipped")
    return {key: sum(int(suite.get(key, 0)) for suite in suites) for key in keys}


def _run_quietly(
    command: list[str | Path], environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | dict(environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        _running.add(process)
        output, _ = process.communicate()
        _running.discard(process)
    return subprocess.CompletedProcess(command, process.returncode, output)


def _stop(*_: object) -> None:
    """End what is running; the lanes then end without beginning anything, and clear up."""
    _stopped.set()
    for process in list(_running):
        process.send_signal(signal.SIGINT)
    sys.exit(1)


def _say(title: str, words: str = "") -> None:
    # In one go, since parts that run side by side end at the same time.
    print(f"\n== {title}\n{words}", end="", flush=True)


PARTS: dict[str, Callable[[], list[Result]]] = {
    "checks": run_checks,
    "sqlite": run_on_sqlite,
    "postgresql": run_on_postgresql,
    "live": run_programs,
    "faults": run_faults,
    "browser": run_browser_tests,
}


if __name__ == "__main__":
    main()
