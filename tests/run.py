"""`make test`: checks, tests on SQLite and on PostgreSQL, programs at the API, browser tests; ends
with their counts.

Every part runs, also after one has failed; each prints when it has ended. A part without a single
passed test has failed.

Servers, browsers and clocks take part in many tests, and a machine that is busy with all of them at
once fails one of thousands now and then. The few that have failed are repeated by themselves; what
passes only then is named at the end, to be mended.
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

# More failures than these are no accident.
REPEATED = 20
ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CORES = cores()
# Who has nothing left takes from those who have: otherwise all wait for the last long tests of one.
ON_ALL_CORES = ("-n", str(CORES), "--dist", "worksteal")

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
    seconds: float = 0
    repeated: tuple[str, ...] = ()
    note: str = ""
    is_excused: bool = False

    @property
    def is_good(self) -> bool:
        return self.is_excused or (self.passed > 0 and self.failed == 0)

    def __str__(self) -> str:
        if self.note:
            return f"{self.name}: {self.note}"
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        counts = f"{self.passed} passed, {self.failed} failed{skipped}"
        return "\n".join(
            [
                f"{self.name}: {counts} in {self.seconds:.0f} s",
                *(f"  passed only when repeated: {test}" for test in self.repeated),
            ]
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.run")
    parser.add_argument("--only", choices=PARTS, help="run one part")
    only = parser.parse_args().only
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    started = time.monotonic()
    results = PARTS[only]() if only else run_side_by_side()
    _say(f"All in {time.monotonic() - started:.0f} s")
    print(*results, sep="\n", flush=True)
    sys.exit(not all(result.is_good for result in results))


def run_side_by_side() -> list[Result]:
    """The parts that keep all cores busy beside those that mostly wait for servers and pages."""
    _say("Checks and tests, side by side; each part prints when it has ended")
    lanes: list[tuple[Callable[[], list[Result]], ...]] = [
        (run_checks,),
        (run_on_sqlite, run_on_postgresql),
        (run_programs, run_faults, run_browser_tests),
    ]
    with ThreadPoolExecutor(len(lanes)) as pool:
        return [result for results in pool.map(_run_lane, lanes) for result in results]


def _run_lane(lane: Sequence[Callable[[], list[Result]]]) -> list[Result]:
    return [result for run in lane if not _stopped.is_set() for result in run()]


def run_on_sqlite() -> list[Result]:
    return [run_pytest("SQLite", *ON_ALL_CORES, TEST_DATABASE_URL="")]


def run_on_postgresql() -> list[Result]:
    with postgresql() as url:
        return [run_pytest("PostgreSQL", *ON_ALL_CORES, TEST_DATABASE_URL=url)]


def run_machine() -> list[Result]:
    """Whatever people do, in more ways than there is time for among all tests; for `make fuzz`."""
    arguments = ("tests/tracker/test_machine.py", *ON_ALL_CORES)
    with postgresql() as url:
        return [run_pytest("Machine", *arguments, TEST_DATABASE_URL=url)]


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
    began = time.monotonic()
    with ThreadPoolExecutor(CORES) as pool:
        runs = {name: pool.submit(_run_quietly, command) for name, command in CHECKS.items()}
    words, failed = "", 0
    for name, run in runs.items():
        done = run.result()
        words += f"{name}: {'fine' if done.returncode == 0 else 'FAILED'}\n"
        if done.returncode != 0:
            failed += 1
            words += f"{done.stdout}\n"
    _say("Checks", words)
    seconds = time.monotonic() - began
    return [Result(name="Checks", passed=len(CHECKS) - failed, failed=failed, seconds=seconds)]


def run_browser_tests() -> list[Result]:
    """With JavaScript and without, side by side, each against a server of its own."""
    kinds: dict[str, tuple[str, ...]] = {
        "Chromium with JavaScript": (
            *("-m", "browser and not without_javascript"),
            *("-n", "2", "--dist", "worksteal"),
        ),
        "Chromium without JavaScript": ("-m", "browser and without_javascript"),
    }
    chromium = find_chromium(may_fetch=True)
    if chromium is None:
        print(HOW_TO_GET_ONE)
        is_excused = os.environ.get("CI") != "true"
        return [Result(name=name, note="not run", is_excused=is_excused) for name in kinds]
    surroundings = {"MLMATH_CHROMIUM": chromium, "TEST_DATABASE_URL": ""}
    with ThreadPoolExecutor(len(kinds)) as pool:
        runs = [
            pool.submit(run_pytest, name, "tests/browser", *arguments, **surroundings)
            for name, arguments in kinds.items()
        ]
    return [run.result() for run in runs]


def run_pytest(name: str, *arguments: str, **environment: str) -> Result:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mlmath-tests-") as directory:
        folder = Path(directory)
        code, cases = _pytest(name, folder / "report.xml", arguments, environment)
        if cases is None:
            return Result(name=name, note=f"pytest broke off with exit code {code}")
        failed = [case for case in cases if case.has_failed]
        repeated: list[Case] | None = None
        if 0 < len(failed) <= REPEATED and not _stopped.is_set():
            again = f"{name}: what has failed, by itself"
            arguments = (*arguments, "-n", "0", "--last-failed")
            code, repeated = _pytest(again, folder / "again.xml", arguments, environment)
    mended = {case.name for case in repeated or () if case.has_passed}
    count = sum(case.name not in mended for case in failed)
    return Result(
        name=name,
        passed=sum(case.has_passed for case in cases) + len(failed) - count,
        # A run may break off after its last test as well.
        failed=count or int(code not in {0, 5}),
        skipped=sum(case.is_skipped for case in cases),
        seconds=time.monotonic() - began,
        repeated=tuple(sorted(mended)),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """How one test has ended."""

    name: str
    has_failed: bool
    is_skipped: bool

    @property
    def has_passed(self) -> bool:
        return not self.has_failed and not self.is_skipped


def _pytest(
    title: str, report: Path, arguments: Sequence[str], environment: Mapping[str, str]
) -> tuple[int, list[Case] | None]:
    """The exit code and how each test has ended; None for these if pytest has broken off."""
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        f"--junit-xml={report}",
        # Not shared with the parts beside it: it remembers what has failed.
        f"--override-ini=cache_dir={report.parent / 'cache'}",
        *arguments,
    ]
    run = _run_quietly(command, environment)
    _say(title, run.stdout)
    return run.returncode, _cases(report) if report.exists() else None


def _cases(report: Path) -> list[Case]:
    return [
        Case(
            name=f"{case.get('classname')}::{case.get('name')}",
            has_failed=case.find("failure") is not None or case.find("error") is not None,
            is_skipped=case.find("skipped") is not None,
        )
        for case in ET.parse(report).iter("testcase")  # noqa: S314  # pytest wrote it
    ]


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
    "machine": run_machine,
    "live": run_programs,
    "faults": run_faults,
    "browser": run_browser_tests,
}


if __name__ == "__main__":
    main()
