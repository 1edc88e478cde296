"""`make test`: checks, tests on SQLite and on PostgreSQL, browser tests; ends with their counts.

Every part runs, also after one has failed. A part without a single passed test has failed.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from mlmath.serve import cores
from tests.browser.chromium import HOW_TO_GET_ONE, find_chromium
from tests.postgres import postgresql

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CORES = cores()
PARTS = ("checks", "sqlite", "postgresql", "browser")

CHECKS: dict[str, list[str | Path]] = {
    "lint": [BIN / "ruff", "check", "."],
    "format": [BIN / "ruff", "format", "--check", "."],
    "types": [BIN / "mypy"],
    "contracts": [BIN / "lint-imports"],
    "templates": [BIN / "djlint", "templates", "--lint", "--quiet"],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
    "settings": [sys.executable, "manage.py", "check", "--fail-level", "WARNING"],
}


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
    # Ends what is still running and the private database, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    started = time.monotonic()
    results: list[Result] = []
    if only in {None, "checks"}:
        results.append(run_checks())
    if only in {None, "sqlite"}:
        _say("SQLite")
        results.append(run_pytest("SQLite", "-n", str(CORES), TEST_DATABASE_URL=""))
    if only in {None, "postgresql"}:
        _say("PostgreSQL")
        with postgresql() as url:
            results.append(run_pytest("PostgreSQL", "-n", str(CORES), TEST_DATABASE_URL=url))
    if only in {None, "browser"}:
        _say("Chromium")
        results += run_browser_tests()
    _say(f"All in {time.monotonic() - started:.0f} s")
    print(*results, sep="\n", flush=True)
    sys.exit(not all(result.is_good for result in results))


def run_checks() -> Result:
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
    return Result(name="Checks", passed=len(CHECKS) - failed, failed=failed)


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
        print(run.stdout, flush=True)
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
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | dict(environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _say(words: str) -> None:
    print(f"\n== {words}", flush=True)


if __name__ == "__main__":
    main()
