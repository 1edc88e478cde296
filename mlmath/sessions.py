"""Sessions in the database, read by one plain statement."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.db import connections, router
from django.utils import timezone


class SessionStore(DatabaseSessions):
    """Django's database sessions; only reading one is spared the way through the ORM.

    Every signed-in request reads its session, and that way costs a third of such a request.
    """

    def load(self) -> dict[str, Any]:
        connection = connections[router.db_for_read(self.model)]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT session_data FROM django_session"
                " WHERE session_key = %s AND expire_date > %s",
                [self.session_key, connection.ops.adapt_datetimefield_value(timezone.now())],
            )
            row = cursor.fetchone()
        if row is None:
            # As in Django: a key that names no live session is never used again.
            self._session_key = None
            return {}
        data: dict[str, Any] = self.decode(row[0])
        return data
