"""`manage.py migrate` on a site that is in use.

Whoever waits for a table lets nobody else pass who comes later, not even readers. So a migration
waits one second for it at most, and comes again.
"""

import time
from collections.abc import Callable
from typing import Any

from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg.errors import LockNotAvailable

from mlmath.migrating import Executor
from mlmath.postgresql.turns import one_at_a_time

LOCK_TIMEOUT = "1s"
# Together longer than any statement of the site may take.
TRIES = 30
PAUSE = 2.0


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        # Django's command knows its executor by this name only.
        migrate.MigrationExecutor = Executor  # type: ignore[attr-defined]
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        with one_at_a_time("migrate"), connection.execute_wrapper(waits_for_a_second):
            for tries_left in reversed(range(TRIES)):
                try:
                    super().handle(*args, **options)
                except OperationalError as error:
                    if not isinstance(error.__cause__, LockNotAvailable) or not tries_left:
                        raise
                else:
                    return
                self.stdout.write("A table is in use. Trying again, from there.")
                time.sleep(PAUSE)


def waits_for_a_second(
    execute: Callable[..., Any],
    sql: str,
    params: Any,
    many: bool,  # noqa: FBT001  # as Django calls it
    context: dict[str, Any],
) -> Any:
    """Limits the wait inside of transactions, and there takes away the limit on the work itself.

    What runs outside of one (CREATE INDEX CONCURRENTLY) holds up nobody while it waits.
    """
    if context["connection"].in_atomic_block:
        limits = (
            f"SELECT set_config('lock_timeout', '{LOCK_TIMEOUT}', true),"
            " set_config('statement_timeout', '0', true)"
        )
        execute(limits, None, False, context)  # noqa: FBT003
    return execute(sql, params, many, context)
