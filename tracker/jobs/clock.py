"""When which task is due. There is no cron: each worker looks at the clock, and one acts."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import close_old_connections, connection, transaction
from django.utils import timezone
from django_tasks.base import Task, TaskResultStatus
from django_tasks_db.models import DBTaskResult

from tracker.actions.deletions import is_erasing_due
from tracker.actions.jobs import take_slot
from tracker.jobs import tasks
from tracker.summaries.mail import is_mail_waiting, is_news_waiting
from tracker.summaries.silence import silence
from tracker.summaries.webhooks import is_delivery_waiting

logger = logging.getLogger("mlmath.jobs")

# Seconds before another try where the database does not answer.
PAUSE = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A task that comes round. Time is cut into slots of `every`, and each is taken once.

    It is skipped where `is_wanted` says that there is nothing to do. What leaves the site, or
    writes what will leave it, does not come round while the site is silent.
    """

    name: str
    every: timedelta
    task: Task[Any, Any]
    is_wanted: Callable[[], bool] = lambda: True
    leaves: bool = True

    def slot(self, at: datetime) -> datetime:
        """The start of the slot in which `at` lies."""
        seconds = self.every.total_seconds()
        return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)


def _is_queued(task: Task[Any, Any]) -> bool:
    ready = DBTaskResult.objects.filter(status=TaskResultStatus.READY)
    return ready.filter(task_path=task.module_path).exists()


JOBS = (
    Job(
        name=tasks.SEND_MAIL,
        every=timedelta(seconds=1),
        task=tasks.send_mail,
        is_wanted=lambda: is_mail_waiting() and not _is_queued(tasks.send_mail),
    ),
    Job(
        name="write-news",
        every=timedelta(minutes=1),
        task=tasks.write_news,
        is_wanted=is_news_waiting,
    ),
    Job(
        name="call-webhooks",
        every=timedelta(seconds=1),
        task=tasks.call_webhooks,
        is_wanted=lambda: (
            is_delivery_waiting(at=timezone.now()) and not _is_queued(tasks.call_webhooks)
        ),
    ),
    Job(name="announce-dates", every=timedelta(minutes=5), task=tasks.announce_dates),
    Job(name="write-mornings", every=timedelta(minutes=5), task=tasks.write_mornings),
    Job(
        name="erase-accounts",
        every=timedelta(minutes=1),
        task=tasks.erase_accounts,
        is_wanted=lambda: is_erasing_due() and not _is_queued(tasks.erase_accounts),
        leaves=False,
    ),
    Job(name="note-inactive", every=timedelta(days=1), task=tasks.note_inactive),
    Job(name="tidy-up", every=timedelta(days=1), task=tasks.tidy_up, leaves=False),
)


def tick(at: datetime | None = None) -> list[str]:
    """Queue the tasks whose slot has come and that nobody else has taken; returns their jobs."""
    at, kept_back = at or timezone.now(), silence()
    hour = at.replace(minute=0, second=0, microsecond=0)
    if kept_back is not None and take_slot(name="say-silent", slot=hour):
        logger.warning("Nothing leaves: %s `manage.py resume` ends this.", kept_back)
    return [job.name for job in JOBS if not (kept_back and job.leaves) and _take(job, at)]


def _take(job: Job, at: datetime) -> bool:
    with transaction.atomic():
        is_mine = job.is_wanted() and take_slot(name=job.name, slot=job.slot(at))
        if is_mine:
            job.task.enqueue()
    return is_mine


def tick_for_ever() -> None:
    """Once a second. What goes wrong is logged and tried again after a while."""
    while True:
        close_old_connections()
        try:
            tick()
        except Exception:
            logger.exception("The clock could not queue what is due.")
            connection.close()
            time.sleep(PAUSE)
        time.sleep(1 - time.time() % 1)
