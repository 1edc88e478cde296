"""`manage.py work`: the worker, which does what needs no one to wait for it."""

import os
import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker

from tracker.jobs.clock import tick_for_ever
from tracker.summaries.running import running

# How often it looks for a new task, in seconds.
INTERVAL = 1.0
# Nobody waits for what it does, and somebody for every page: the worker takes what cores have left.
NICENESS = 10


class Command(BaseCommand):
    help = "Sends mail and does what comes round by the clock, until it is stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--parent", type=int, help="end when this process, which has started it, is no more"
        )
        parser.add_argument(
            "--check", action="store_true", help="only say whether a worker has done its work"
        )

    def handle(self, *args: Any, parent: int | None, check: bool, **options: Any) -> None:
        """A first Ctrl-C or SIGTERM lets it end its task, which takes seconds; a second does not.

        As many as one likes may run at once.
        """
        if check:
            self._check()
            return
        os.nice(NICENESS)
        worker = Worker(
            queue_names=["default"],
            interval=INTERVAL,
            batch=False,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
            excluded_queue_names=[],
        )
        worker.configure_signals()
        threading.Thread(target=tick_for_ever, daemon=True).start()
        if parent is not None:
            threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        worker.run()

    def _check(self) -> None:
        now = running()
        if now.clock_stands_since is not None:
            raise CommandError(f"The clock stands since {now.clock_stands_since:%Y-%m-%d %H:%M}.")
        self.stdout.write("silent" if now.is_silent else "working")


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
