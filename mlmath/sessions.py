"""Sessions in the database, read by one plain statement."""

from functools import lru_cache
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.core import signing
from django.db import connections, router
from django.utils import timezone

from mlmath.statements import rows_of


class _Sealed:
    """Leaves what a seal was around as it is."""

    def loads(self, data: bytes) -> bytes:
        return data


@lru_cache(maxsize=2048)
def _unsealed(text: Any, salt: str) -> bytes:
    """People come to several pages in a row, and the seal of one text breaks never or always."""
    data: bytes = signing.loads(text, salt=salt, serializer=_Sealed)  # type: ignore[arg-type]  # it only reads
    return data


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

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        data: dict[str, Any]
        try:
            data = self.serializer().loads(_unsealed(session_data, self.key_salt))
        except Exception:  # noqa: BLE001  # Django says what of it is worth a warning
            data = super().decode(session_data)
        return data
