"""The cache that all processes share where no Redis is named: a table of the database.

Sign-in limits are counted in it, each with a handful of writes.
"""

import base64
import pickle  # nosec B403  # read back from our own table, by Django
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router
from django.utils import timezone

# After so many writes of a process it throws away what has expired.
TIDY_EVERY = 100
_NEVER = datetime.max.replace(tzinfo=UTC)

_WRITE = (
    "INSERT INTO {} AS kept (cache_key, value, expires) VALUES (%s, %s, %s)"
    " ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = excluded.expires"
)
_STATEMENTS = {
    "set": _WRITE,
    "add": f"{_WRITE} WHERE kept.expires < %s",
    "touch": "UPDATE {} SET expires = %s WHERE cache_key = %s",
    "tidy": "DELETE FROM {} WHERE expires < %s",
}


class SharedCache(DatabaseCache):
    """Django's, with one statement for each write.

    Django counts all rows before each, and from the 301st on throws away a third of them, whether
    they have expired or not: a limit was forgotten as soon as enough others were counted. Here an
    entry stays until its time is over. What the database refuses is an error: nobody gets in
    because a failed try could not be counted.
    """

    def __init__(self, table: str, params: dict[str, Any]) -> None:
        super().__init__(table, params)
        self._named = table
        self._writes = count(1)

    def _base_set(
        self, mode: str, key: str, value: object, timeout: float | None = DEFAULT_TIMEOUT
    ) -> bool:
        connection = connections[router.db_for_write(self.cache_model_class)]
        table = connection.ops.quote_name(self._named)
        statements = {name: sql.format(table) for name, sql in _STATEMENTS.items()}
        ends = self.get_backend_timeout(timeout)
        last = _NEVER if ends is None else datetime.fromtimestamp(ends, UTC)
        expires, now = (
            connection.ops.adapt_datetimefield_value(one.replace(microsecond=0))
            for one in (last, timezone.now())
        )
        if mode == "touch":
            params = [expires, key]
        else:
            text = base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode()
            params = [key, text, expires, *([now] if mode == "add" else [])]
        with connection.cursor() as cursor:
            if next(self._writes) % TIDY_EVERY == 0:
                cursor.execute(statements["tidy"], [now])
            cursor.execute(statements[mode], params)
            is_written: bool = cursor.rowcount > 0
        return is_written
