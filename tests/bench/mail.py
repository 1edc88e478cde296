"""What pages notice of ten thousand mails that leave meanwhile."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.load import Line, cpu_of, percentile, warm_up
from tests.bench.scenarios import Scenario, scenarios
from tests.bench.stage import Stage
from tests.server import ROOT

MAILS = 10_000
# What two visits minutes apart differ by is the machine's weather, and more than what mail does. So
# the worker sends for a while and is held for a while, many times; shorter for a handful of mails.
SENDING_SECONDS, HELD_SECONDS = 5.0, 2.0
# How often it is counted what has arrived, which costs time as well.
LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 1500
# In the zone where it is noon nobody's quiet hours keep the mail, and no other mail is to leave.
WRITE = """
from datetime import timedelta
from django.utils import timezone
from tracker.actions.jobs import take_slot
from tracker.actions.notices import tell
from tracker.models import NoticeKind, Outgoing, User
count, zone = %d, %r
now = timezone.now()
people = list(User.objects.order_by("pk")[:count])
User.objects.filter(pk__in=[user.pk for user in people]).update(time_zone=zone)
for one in User.objects.values_list("time_zone", flat=True).distinct():
    take_slot(name=f"morning-{one}", slot=now + timedelta(days=2))
Outgoing.objects.filter(ended_at=None).delete()
tell(people=people, kind=NoticeKind.NUDGE, key=f"bench-{now.timestamp()}",
     text="Grace thinks of you.", address="/today/", at=now - timedelta(hours=1))
"""
NOON = "Etc/GMT%+d"


@contextmanager
def mail_server(folder: Path) -> Iterator[tuple[str, Path]]:
    """The address of a mail server, and the file that names the recipients."""
    taken = folder / "taken"
    command = [sys.executable, "-m", "tests.bench.sink", str(taken)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"smtp://127.0.0.1:{process.stdout.readline().strip()}", taken
        finally:
            process.terminate()


def measure_mail(stage: Stage, taken: Path, *, count: int = MAILS) -> dict[str, Any]:
    """Today while the worker sends `count` mails and, in turns, while it is held, by one client."""
    today = next(one for one in scenarios(stage.people) if one.key == "today-group")
    share = min(1.0, count / MAILS + 0.1)

    warm_up(today, stage.watched(stage.site))
    already = _arrived(taken)
    zone = NOON % (time.gmtime().tm_hour - 12)
    stage.site.manage("shell", "-v0", "-c", WRITE % (count, zone))
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "work"],
        cwd=ROOT,
        # A query during which it is held is not slow.
        env=stage.site.environment | {"SLOW_QUERY_MS": "60000"},
    )
    begun = time.monotonic()

    def is_left() -> bool:
        assert time.monotonic() < begun + PATIENCE_SECONDS, "the mails do not leave"
        return _arrived(taken) - already < count

    held, sending = Visited(), Visited()
    try:
        # Its start is not what is measured, nor what pages notice of it.
        while _arrived(taken) == already:
            assert is_left()
            time.sleep(0.01)
        early = _arrived(taken) - already
        while is_left():
            sending.visit(stage, today, seconds=SENDING_SECONDS * share, goes_on=is_left)
            worker.send_signal(signal.SIGSTOP)
            held.visit(stage, today, seconds=HELD_SECONDS * share)
            worker.send_signal(signal.SIGCONT)
        worker_seconds = cpu_of([worker.pid])[worker.pid]
    finally:
        worker.send_signal(signal.SIGCONT)
        worker.terminate()
        worker.wait(timeout=60)
    recipients = taken.read_text().splitlines()[already:]
    assert len(set(recipients)) == len(recipients) == count, "a mail is lost, or came twice"
    return {
        "people": stage.users,
        "count": count,
        "rate": (count - early) / sending.seconds,
        "turns": [SENDING_SECONDS * share, HELD_SECONDS * share],
        "worker_ms": worker_seconds * 1000 / count,
        "held": held.told(),
        "sending": sending.told(),
    }


@dataclass(kw_only=True)
class Visited:
    """Requests of some turns, one after the other: their times in ms, the seconds of all turns, and
    the CPU seconds of the web processes."""

    times: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0

    def visit(
        self,
        stage: Stage,
        scenario: Scenario,
        *,
        seconds: float,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> None:
        line, spent = Line(stage.site.address), sum(cpu_of(stage.site.workers).values())
        begun = now = looked_at = time.monotonic()
        while now < begun + seconds:
            self.times.append(line.send(next(scenario.requests)))
            now = time.monotonic()
            if now > looked_at + LOOK_SECONDS:
                looked_at = now
                if not goes_on():
                    break
        self.seconds += time.monotonic() - begun
        self.cpu += sum(cpu_of(stage.site.workers).values()) - spent
        line.close()

    def told(self) -> dict[str, Any]:
        return {
            "ms": [percentile(self.times, percent) for percent in (50, 95, 99)],
            "web_ms": self.cpu * 1000 / len(self.times),
            "requests": len(self.times),
        }


def _arrived(taken: Path) -> int:
    return taken.read_bytes().count(b"\n") if taken.exists() else 0
