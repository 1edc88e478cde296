"""Putting a filled database back as it was, whatever calls have made of it since.

The rows of all tables but the catalog's are kept beside them, in a schema of their own. Only what
differs is written, in one transaction, so that it costs milliseconds and nobody sees half of it.
"""

import psycopg

# Each with the columns of its key, and all that can be written.
_TABLES = """
SELECT
    relname,
    array_agg(quote_ident(attname)) FILTER (WHERE attnum = ANY (indkey)),
    string_agg(quote_ident(attname), ', ') FILTER (WHERE attgenerated = '')
FROM pg_class
JOIN pg_index ON indrelid = pg_class.oid AND indisprimary
JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    AND relname !~ '^(catalog|auth|django_migrations|django_content_type)'
GROUP BY relname
"""
_NO_MORE_SO = (
    "DELETE FROM public.{table} now WHERE NOT EXISTS "
    "(SELECT FROM kept.{table} was WHERE {same} AND was = now);"
)
_GONE = (
    "INSERT INTO public.{table} ({columns}) SELECT {columns} FROM kept.{table} was "
    "WHERE NOT EXISTS (SELECT FROM public.{table} now WHERE {same});"
)


def keep_scene(url: str) -> None:
    """Take down how the database is now, for `restore_scene`."""
    with psycopg.connect(_address(url)) as connection:
        connection.execute("CREATE SCHEMA kept")
        tables = connection.execute(_TABLES).fetchall()
        for table, _, _ in tables:
            connection.execute(f"CREATE TABLE kept.{table} AS TABLE public.{table}")
        steps = [
            step.format(
                table=table,
                columns=columns,
                same=" AND ".join(f"was.{one} = now.{one}" for one in key),
            )
            for step in (_NO_MORE_SO, _GONE)
            for table, key, columns in tables
        ]
        # A function of the database keeps the plans of all these statements.
        connection.execute(
            "CREATE FUNCTION kept.restore() RETURNS void LANGUAGE plpgsql AS $$"
            f"BEGIN SET CONSTRAINTS ALL DEFERRED; {' '.join(steps)} END $$"
        )


class Scene:
    """A connection to a database in which `keep_scene` was called; whoever changes something there
    says so by `is_changed`."""

    def __init__(self, url: str) -> None:
        self.is_changed = True
        self._connection = psycopg.connect(_address(url), autocommit=True)

    def restore(self) -> None:
        if self.is_changed:
            self._connection.execute("SELECT kept.restore()")
            self.is_changed = False


def _address(url: str) -> str:
    # psycopg knows the other scheme only.
    return url.replace("postgres://", "postgresql://")
