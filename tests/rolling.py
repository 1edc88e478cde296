"""`make rolling OLD=<commit>`: one release in the place of another, while people write.

The old release serves; the new one's migrations run beside it; both serve together; the new one
serves alone; the old one comes back on the new tables. Nobody may meet an error, and what they were
told is compared with the rows. Both run with the packages of this one.
"""

import argparse
import datetime as dt
import os
import platform
import re
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

from mlmath.serve import cores
from tests.balancer import balancing
from tests.clusters import cluster
from tests.faults.checker import Promise, report_on
from tests.faults.client import Answer
from tests.faults.site import DATABASE, Site, make_people
from tests.faults.writers import Journal, writing
from tests.live.visitors import Visitor
from tests.server import PATIENCE_SECONDS, ROOT, manage, prepare, running_pages

WRITERS = 6
WORKERS = 2
SECONDS_BETWEEN_LOOKS = 0.3
# More than twenty sign-ups in a minute are refused to one address.
LOOKS_BEFORE_A_SIGN_UP = 11


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What people met from `began` on, until the next stage."""

    name: str
    began: float
    answers: list[Answer] = field(default_factory=list)

    @property
    def faults(self) -> Counter[str]:
        """What nobody should have met: by status and, where it is known, by what was asked for."""
        return Counter(
            f"{one.status or 'no answer'} {one.fault}".strip()
            for one in self.answers
            if one.status is None or one.status >= 400
        )

    @property
    def p99(self) -> float:
        return statistics.quantiles([one.seconds for one in self.answers], n=100)[98]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    stages: list[Stage]
    acknowledged: int
    # How many seconds the new release took to prepare.
    prepared_in: float
    broken: list[str]


def roll(
    old: Path,
    new: Path,
    folder: Path,
    *,
    together: float = 0,
    alone: float = 3,
    pause: float = 0.1,
    is_short: bool = False,
) -> Outcome:
    """Put the release whose code is in `new` in the place of `old`, and back.

    Both serve for `together` seconds, each of them for `alone`; whoever writes rests for `pause`.
    A short one ends when the new release is prepared.
    """
    with cluster(max_connections="80") as own, balancing() as balancer, ExitStack() as servers:
        own.sql(f"CREATE DATABASE {DATABASE}")
        settings = {
            "DATABASE_URL": own.url(DATABASE),
            "SECRET_KEY": "the same for both, and as long as a real one has to be 0123456789",
            "SITE_URL": balancer.address,
            "API_CALLS_PER_MINUTE": "1000000",
        }
        running: dict[Path, ExitStack] = {}

        def start(code: Path) -> int:
            """The port of a server that is ready."""
            running[code] = servers.enter_context(ExitStack())
            context = running_pages(folder, settings, workers=WORKERS, code=code)
            return urlsplit(running[code].enter_context(context).address).port or 0

        # Both have one folder, as on one machine.
        if old == ROOT:
            prepare(folder, **settings)
        else:
            manage(folder, settings, "prepare", code=old)
        made = make_people(folder, settings, count=WRITERS + 1, runs=1, code=old)
        site = Site(cluster=own, folder=folder, settings=settings, **made)
        first = start(old)
        balancer.ports = [first]
        with (
            writing(
                site, balancer.address, people=WRITERS, pause=pause, keeps_lines=False
            ) as journal,
            arriving(balancer.address, journal),
        ):
            # Every process reads the catalog first.
            stages = [Stage(name="the old release, just started", began=monotonic())]
            sleep(alone)
            stages.append(Stage(name="the old release", began=monotonic()))
            sleep(alone)
            stages.append(Stage(name="the new one's migrations", began=monotonic()))
            manage(folder, settings, "prepare", code=new)
            prepared_in = monotonic() - stages[-1].began
            if not is_short:
                second = start(new)
                stages.append(Stage(name="both releases", began=monotonic()))
                balancer.ports = [first, second]
                sleep(together)
                stages.append(Stage(name="the new release", began=monotonic()))
                balancer.ports = [second]
                running[old].close()
                sleep(alone)
                stages.append(Stage(name="back to the old one", began=monotonic()))
                first = start(old)
                balancer.ports = [first, second]
                sleep(alone)
                balancer.ports = [first]
                running[new].close()
                sleep(alone)
        for answer in journal.answers + journal.alive:
            begun = [stage for stage in stages if stage.began <= answer.at]
            (begun or stages)[-1].answers.append(answer)
        report = report_on(site, journal, 0.0, Promise())
    broken = [
        f"{stage.name}: {times} × {fault}"
        for stage in stages
        for fault, times in stage.faults.items()
    ]
    torn = {"lost": report.lost, "doubled": report.doubled, "torn": report.torn}
    broken += [f"{amount} {name}" for name, amount in torn.items() if amount]
    return Outcome(
        stages=stages, acknowledged=report.acknowledged, prepared_in=prepared_in, broken=broken
    )


@contextmanager
def arriving(address: str, journal: Journal) -> Iterator[None]:
    """Somebody new comes all the time and reads a page with its files; some sign up."""
    is_over = threading.Event()

    def arrive() -> None:
        for number in count():
            if is_over.wait(SECONDS_BETWEEN_LOOKS):
                return
            visitor = _Newcomer(address)
            visitor.look()
            if number % LOOKS_BEFORE_A_SIGN_UP == 0:
                visitor.sign_up(f"new-{number}@example.org")
            journal.reads += visitor.answers

    thread = threading.Thread(target=arrive)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(PATIENCE_SECONDS)


class _Newcomer:
    """Somebody with a browser that has kept nothing."""

    def __init__(self, address: str) -> None:
        self.answers: list[Answer] = []
        self._visitor = Visitor(address)

    def look(self) -> None:
        page = self._ask("/topics/vectors/")
        for path in sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page))):
            self._ask(path)

    def sign_up(self, email: str) -> None:
        self._ask("/topics/vectors/mark/", {"state": "done"})
        self._ask("/accounts/signup/")
        fields = {"email": email, "password1": "a nabla walks into a bar", "name": "Emmy"}
        self._ask("/accounts/signup/", fields)
        for path in ("/start/", "/today/", "/settings/"):
            self._ask(path)

    def _ask(self, path: str, fields: dict[str, str] | None = None) -> str:
        began, status, text = monotonic(), None, ""
        fault = re.sub(r"\.[0-9a-f]{12}\.", ".*.", path)
        try:
            reply = self._visitor.get(path) if fields is None else self._visitor.post(path, fields)
            status, text = reply.status, reply.text
        except OSError as error:
            fault = f"{fault} {type(error).__name__}"
        now = monotonic()
        self.answers.append(Answer(at=now, seconds=now - began, status=status, fault=fault))
        return text


@contextmanager
def code_of(commit: str) -> Iterator[Path]:
    """The files of a commit; of this tree where none is named."""
    if not commit:
        yield ROOT
        return
    with tempfile.TemporaryDirectory(prefix="mlmath-release-") as name:
        packed, folder = Path(name) / "packed.tar", Path(name) / "code"
        command = ["git", "-C", str(ROOT), "archive", "--format=tar", f"--output={packed}", commit]
        subprocess.run(command, check=True)
        with tarfile.open(packed) as files:
            files.extractall(folder, filter="data")
        yield folder


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.rolling")
    parser.add_argument("--old", required=True, metavar="COMMIT", help="the release before")
    parser.add_argument(
        "--new", default="", metavar="COMMIT", help="this tree, where none is named"
    )
    parser.add_argument("--together", type=float, default=60, metavar="SECONDS")
    options = parser.parse_args()
    if not options.old:
        parser.error("which release was before? make rolling OLD=<commit>")
    load = os.getloadavg()[0]
    with (
        code_of(options.old) as old,
        code_of(options.new) as new,
        tempfile.TemporaryDirectory(prefix="mlmath-rolling-") as folder,
    ):
        outcome = roll(old, new, Path(folder), together=options.together, alone=10, pause=0.02)
    print(
        f"`make rolling OLD={options.old}` on {dt.datetime.now(dt.UTC).date()}: {cores()} cores, "
        f"{platform.system()} {platform.machine()}, load {load:.1f} at the start and "
        f"{os.getloadavg()[0]:.1f} at the end. The new release was prepared in "
        f"{outcome.prepared_in:.1f} s; {outcome.acknowledged} changes were acknowledged.\n\n"
        "| who serves | answers | errors | p99 | slowest |\n| --- | ---: | ---: | ---: | ---: |"
    )
    for stage in outcome.stages:
        slowest = max(one.seconds for one in stage.answers)
        print(
            f"| {stage.name} | {len(stage.answers)} | {stage.faults.total()} "
            f"| {stage.p99:.2f} s | {slowest:.2f} s |"
        )
    print(f"\n{'; '.join(outcome.broken) or 'Nothing was lost, doubled or torn.'}")
    sys.exit(bool(outcome.broken))


if __name__ == "__main__":
    main()
