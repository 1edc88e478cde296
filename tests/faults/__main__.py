"""`make faults`: every fault and every mutant, as a table in Markdown."""

import argparse
import datetime as dt
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from mlmath.serve import cores
from tests.faults.cables import network
from tests.faults.checker import Report
from tests.faults.disk_errors import may_trace
from tests.faults.faults import FAULTS, Fault, play
from tests.faults.migrations import KILLED_AFTER, broken_by_kills
from tests.faults.sign_ins import PEOPLE, sign_ins
from tests.faults.site import Site, site, small_disks


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--only", nargs="*", metavar="ID", help="some faults, such as F1 F4")
    options = parser.parse_args()
    began = monotonic()
    # Where all is meant, so is what has no row in the table.
    ids = options.only or [*(fault.id for fault in FAULTS), "F17", "L5"]
    print(
        _HEADING.format(
            day=dt.datetime.now(dt.UTC).date(),
            machine=f"{cores()} cores, {platform.system()} {platform.machine()}, "
            f"load {os.getloadavg()[0]:.1f} at the start",
        )
    )
    chosen = [fault for fault in FAULTS if fault.id in ids]
    rows = [fault for fault in chosen if fault.needs != "disks"]
    disks = [fault for fault in chosen if fault.needs == "disks"]
    results = []
    if disks:
        with _folder() as folder, small_disks(folder) as made:
            if made is None:
                _say_not_run(disks)
            else:
                with _site(folder, disks=made) as own:
                    results += [_play(own, fault) for fault in disks]
    with _folder() as folder, _site(folder) as own, network() as has_network:
        missing = {"network": not has_network, "strace": not may_trace()}
        _say_not_run([fault for fault in rows if missing.get(fault.needs)])
        results += [_play(own, fault) for fault in rows if not missing.get(fault.needs)]
        if "F17" in ids:
            results.append(_kill_migrations(own))
        if "L5" in ids:
            results.append(_sign_in(own))
    print(f"\nIn {monotonic() - began:.0f} s.")
    sys.exit(not all(results))


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mlmath-faults-") as name:
        yield Path(name)


@contextmanager
def _site(folder: Path, disks: Path | None = None) -> Iterator[Site]:
    (folder / "var").mkdir()
    with site(folder / "var", disks=disks) as own:
        yield own


def _play(own: Site, fault: Fault) -> bool:
    """Print a row; returns whether all promises were kept and the mutant was found."""
    report = play(own, fault)
    # Who waits for ever is found out after a while only.
    caught = play(own, fault, mutant=True, is_short=fault.mutant != "no-time-outs").broken
    print(_row(fault, report, caught), flush=True)
    return not report.broken and bool(caught)


def _say_not_run(faults: list[Fault]) -> None:
    for fault in faults:
        print(f"| {fault.id} {fault.title}{' |' * 10} not run: needs {_NEEDED[fault.needs]} | |")


_NEEDED = {"disks": "root", "network": "root", "strace": "strace, and leave to trace"}


def _kill_migrations(own: Site) -> bool:
    broken = broken_by_kills(own)
    caught = broken_by_kills(own, mutant="loose-migrations")
    print(
        f"\nF17 migrations killed on their way {len(KILLED_AFTER)} times, then repeated: "
        f"{'; '.join(broken) or 'the same schema'}. "
        f"Its mutant, steps without a transaction: {'; '.join(caught) or 'NOT FOUND'}.",
        flush=True,
    )
    return not broken and bool(caught)


def _sign_in(own: Site) -> bool:
    measured = sign_ins(own)
    print(f"\nL5 {measured} Load of the machine: {os.getloadavg()[0]:.1f}.", flush=True)
    return measured.done == PEOPLE


_HEADING = """`make faults` on {day}: {machine}.

| fault | acknowledged | unknown | lost | doubled | torn | longest silence | slowest answer \
| alive within | healed after | verdict | its mutant, and what that breaks |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |"""


def _row(fault: Fault, report: Report, caught: list[str]) -> str:
    healed = "–" if report.healed is None else f"{report.healed:.1f} s"
    cells = [
        f"{fault.id} {fault.title}",
        *(report.acknowledged, report.unknown, report.lost, report.doubled, report.torn),
        *(f"{one:.1f} s" for one in (report.silence, report.slowest, report.alive_slowest)),
        healed,
        "; ".join([*(report.broken or ["kept"]), *report.remarks]),
        f"{fault.mistake}: {'; '.join(caught) or 'NOT FOUND'}",
    ]
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()
