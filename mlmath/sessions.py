"""Sessions in the database, read by one plain statement."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.db import connections, router
from django.utils import timezone

from mlmath.statements import rows_of


class SessionStore(DatabaseSessions):
    """Django's database sessions; only reading one is spared the way through the ORM.

    Every signed-in request reads its session, and that way costs a third of such a request.
    """

    def load(self) -> dict[str, Any]:
        connection = connections[router.db_for_read(self.model)]
        rows = rows_of(
            connection,
            "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s",
            [self.session_key, connection.ops.adapt_datetimefield_value(timezone.now())],
        )
        if not rows:
            # As in Django: a key that names no live session is never used again.
            self._session_key = None
            return {}
        ((encoded,),) = rows
        data: dict[str, Any] = self.decode(encoded)
        return data
