"""What pages notice of ten thousand mails that leave meanwhile."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.load import Line, cpu_of, percentile
from tests.bench.scenarios import scenarios
from tests.bench.stage import Stage
from tests.server import ROOT

MAILS = 10_000
# For so long pages are visited without mail, before and after; less for a handful of mails.
QUIET_SECONDS = 10.0
PATIENCE_SECONDS = 900
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
    """Today before, while and after the worker sends `count` mails, by one client."""
    today = next(one for one in scenarios(stage.people) if one.key == "today-group")
    workers = stage.site.workers

    def visit(goes_on: Callable[[], bool]) -> tuple[list[float], float]:
        line, times, spent = Line(stage.site.address), [], sum(cpu_of(workers).values())
        while goes_on():
            times.append(line.send(next(today.requests)))
        line.close()
        return times, (sum(cpu_of(workers).values()) - spent) * 1000 / len(times)

    def for_a_while() -> Callable[[], bool]:
        deadline = time.monotonic() + min(QUIET_SECONDS, count / 100 + 1)
        return lambda: time.monotonic() < deadline

    def sent() -> int:
        return taken.read_bytes().count(b"\n") if taken.exists() else 0

    visit(for_a_while())
    before, cpu_before = visit(for_a_while())
    already = sent()
    zone = NOON % (time.gmtime().tm_hour - 12)
    stage.site.manage("shell", "-v0", "-c", WRITE % (count, zone))
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "work"], cwd=ROOT, env=stage.site.environment
    )
    try:
        begun = time.monotonic()
        looked_at = found = 0.0

        def is_draining() -> bool:
            nonlocal looked_at, found
            now = time.monotonic()
            assert now < begun + PATIENCE_SECONDS, "the mails do not leave"
            # Counting them costs time as well.
            if now > looked_at + 1:
                looked_at, found = now, sent() - already
            return found < count

        during, cpu_during = visit(is_draining)
        seconds = time.monotonic() - begun
        worker_seconds = cpu_of([worker.pid])[worker.pid]
    finally:
        worker.terminate()
        worker.wait(timeout=60)
    recipients = taken.read_text().splitlines()[already:]
    assert len(set(recipients)) == len(recipients) == count, "a mail is lost, or came twice"
    after, cpu_after = visit(for_a_while())
    return {
        "people": stage.users,
        "count": count,
        "seconds": seconds,
        "rate": count / seconds,
        "worker_ms": worker_seconds * 1000 / count,
        "before": _told(before),
        "during": _told(during),
        "after": _told(after),
        "cpu_before": cpu_before,
        "cpu_during": cpu_during,
        "cpu_after": cpu_after,
    }


def _told(times: list[float]) -> list[float]:
    return [percentile(times, percent) for percent in (50, 95, 99)]
