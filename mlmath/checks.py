"""What `manage.py check --deploy` asks of a public site's settings, beyond what Django asks.

What is plainly dangerous does not even start (mlmath.settings). Here is what starts and goes wrong
later: mail that leads nowhere, limits that each process counts alone, ticks that a power failure
takes back. `prepare` asks it of a public site before it does anything.
"""

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.http.request import validate_host

# Each process counts alone in these, or not at all.
_UNSHARED_CACHES = ("locmem.LocMemCache", "dummy.DummyCache", "filebased.FileBasedCache")
_MAIL_THAT_LEAVES = "django.core.mail.backends.smtp.EmailBackend"
_TIME_OUTS = ("connect_timeout", "tcp_user_timeout")
# Without these, PostgreSQL says that something is kept before it is.
_KEPT = ("fsync", "full_page_writes", "synchronous_commit")


@register(Tags.security, deploy=True)
def addresses(app_configs: object, **options: Any) -> list[CheckMessage]:
    host = urlsplit(settings.SITE_URL).hostname or ""
    found: list[CheckMessage] = []
    if not validate_host(host, settings.ALLOWED_HOSTS):
        found.append(
            Error(
                f"SITE_URL names {host}, at which this site does not answer.",
                hint="Add that host to ALLOWED_HOSTS: links in mail lead there.",
                id="mlmath.E001",
            )
        )
    if not settings.TRUSTED_PROXIES:
        found.append(
            checks.Warning(
                "TRUSTED_PROXIES is 0, so that nobody can reach the site by https.",
                hint="A proxy ends TLS in front of it. Say how many there are, usually 1.",
                id="mlmath.W001",
            )
        )
    return found


@register(Tags.caches, deploy=True)
def caches(app_configs: object, **options: Any) -> list[CheckMessage]:
    backend = settings.CACHES["default"]["BACKEND"]
    if not backend.endswith(_UNSHARED_CACHES):
        return []
    return [
        Error(
            "The processes of the site do not share a cache, so that limits do not hold.",
            hint="Leave CACHE_URL out, or name a Redis.",
            id="mlmath.E002",
        )
    ]


@register(Tags.security, deploy=True)
def mail(app_configs: object, **options: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    if "@" not in address or address.endswith("@localhost"):
        found.append(
            Error(
                "MAIL_FROM is no address that anybody could answer.",
                hint="Use such as “mlmath <mlmath@your-site.example>”.",
                id="mlmath.E003",
            )
        )
    if settings.EMAIL_BACKEND != _MAIL_THAT_LEAVES:
        # A site to try things on may mean it so.
        found.append(
            checks.Warning(
                "Mail does not leave this machine, and nobody can confirm their address.",
                hint="Use smtp+tls://user:password@host:587 as EMAIL_URL.",
                id="mlmath.W003",
            )
        )
    return found


@register(Tags.security, deploy=True)
def databases(app_configs: object, **options: Any) -> list[CheckMessage]:
    """How the settings reach the databases; asks none of them."""
    found: list[CheckMessage] = []
    for name, database in settings.DATABASES.items():
        if database["ENGINE"] == "django.db.backends.sqlite3":
            found.append(
                checks.Warning(
                    "SQLite may lose the last moments when the power fails.",
                    hint="Use PostgreSQL: postgres://user:password@host:5432/name.",
                    id="mlmath.W002",
                )
            )
        elif missing := [one for one in _TIME_OUTS if not database["OPTIONS"].get(one)]:
            found.append(
                Error(
                    f"The connection {name} waits for ever for a network that is cut.",
                    hint=f"Set {' and '.join(missing)} in its OPTIONS.",
                    id="mlmath.E004",
                )
            )
    return found


@register(Tags.database, deploy=True)
def durability(
    app_configs: object, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """Whether the server keeps what it has said is kept. Only asked with `--database`."""
    found: list[CheckMessage] = []
    for name in databases or []:
        if connections[name].vendor != "postgresql":
            continue
        with connections[name].cursor() as cursor:
            cursor.execute("SELECT name FROM pg_settings WHERE setting = 'off'")
            off = {row[0] for row in cursor.fetchall()} & set(_KEPT)
        if off:
            found.append(
                Error(
                    f"The server behind {name} runs with {', '.join(sorted(off))} off, so that a "
                    "crash takes back what people were told is kept.",
                    hint="Switch it on in postgresql.conf, or for this role.",
                    id="mlmath.E005",
                )
            )
    return found
