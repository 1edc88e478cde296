"""Whether what nobody waits for is being done: the worker and its clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from tracker.models import JobRun, Outgoing
from tracker.summaries.silence import is_silent

# The clock moves a slot at least every five minutes; then it may take its time.
CLOCK_STANDS_AFTER = timedelta(minutes=11)
MAIL_IS_LATE_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """How the worker is getting on. While the site is silent it rests, and nothing is late."""

    is_silent: bool
    clock_stands_since: datetime | None
    mail_waits_since: datetime | None

    @property
    def is_fine(self) -> bool:
        return self.clock_stands_since is None and self.mail_waits_since is None


def running(*, at: datetime | None = None) -> Running:
    """How it stands at that moment; a site without a worker's first tick stands since ever.

    A moment is there only where it is too long ago. Three queries at most.
    """
    at = at or timezone.now()
    if is_silent():
        return Running(is_silent=True, clock_stands_since=None, mail_waits_since=None)
    slot = JobRun.objects.order_by("-slot").values_list("slot", flat=True).first()
    moved = slot or datetime.min.replace(tzinfo=at.tzinfo)
    waiting = Outgoing.objects.filter(ended_at=None, not_before__lte=at - MAIL_IS_LATE_AFTER)
    return Running(
        is_silent=False,
        clock_stands_since=moved if at - moved > CLOCK_STANDS_AFTER else None,
        mail_waits_since=waiting.aggregate(since=Min("not_before"))["since"],
    )
