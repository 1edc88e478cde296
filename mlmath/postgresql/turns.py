"""Taking turns over all machines, for what must not be done twice at once."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Waits while somebody else does what has this name. On SQLite there is nobody else.

    The lock belongs to a transaction, on a connection of its own: a pooler keeps no session.
    """
    if connection.vendor != "postgresql":
        yield
        return
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    holder = connection.copy()
    try:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            # What this protects may take longer than a transaction may rest, or a statement last.
            cursor.execute(
                "SELECT set_config('idle_in_transaction_session_timeout', '0', true),"
                " set_config('statement_timeout', '0', true),"
                " set_config('lock_timeout', '0', true)"
            )
            number = int.from_bytes(digest, signed=True)
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
        yield
    finally:
        holder.close()
