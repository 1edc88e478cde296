"""Typed reading of environment variables.

Every helper returns a checked value or raises `ImproperlyConfigured` naming the variable, what
stood there and what would be right. An empty variable counts as not set.
"""

import os
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

_YES = {"1", "true", "yes", "on"}
_NO = {"0", "false", "no", "off"}

# `secrets.token_urlsafe(50)` has 67 characters; Django itself warns below 50.
MINIMUM_SECRET_LENGTH = 50
MINIMUM_SECRET_VARIETY = 5


def refuse(name: str, problem: str, hint: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} {problem}. {hint}")


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def choice(name: str, allowed: tuple[str, ...], default: str) -> str:
    value = text(name, default)
    if value not in allowed:
        raise refuse(name, f"is {value!r}", f"Use one of: {', '.join(allowed)}.")
    return value


def flag(name: str, *, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in _YES:
        return True
    if value in _NO:
        return False
    raise refuse(name, f"is {value!r}", "Use 1 or 0.")


def integer(name: str, default: int, *, at_least: int) -> int:
    value = text(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or int(value) < at_least:
        raise refuse(name, f"is {value!r}", f"Use a whole number from {at_least} up.")
    return int(value)


def words(name: str, default: list[str]) -> list[str]:
    """A comma-separated list; blanks around the items do not count."""
    return [item.strip() for item in text(name).split(",") if item.strip()] or default


def address(name: str, default: str) -> str:
    """An absolute http(s) address without path, as `https://mlmath.example`."""
    value = text(name, default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        raise refuse(name, f"is {value!r}", "Use scheme and host, as https://mlmath.example.")
    return value


def database(name: str, default: str) -> dict[str, Any]:
    """A `DATABASES` entry from `sqlite:///path` or `postgres://user:password@host:port/name`.

    Of several servers, as in `host:port,host:port`, the one that takes writes is meant.
    """
    value = text(name, default)
    scheme = value.partition(":")[0]
    if scheme not in {"sqlite", "postgres", "postgresql"}:
        raise refuse(
            name,
            f"starts with {scheme!r}",
            "Use postgres://user:password@host:5432/name or sqlite:////path/to/file.",
        )
    several = _SEVERAL_HOSTS.fullmatch(value)
    hosts = several["hosts"].split(",") if several else []
    if several:
        value = f"{several['before']}{hosts[0]}{several['after']}"
    try:
        config: dict[str, Any] = dict(environ.Env.db_url_config(value))
    except ValueError:
        raise refuse(name, "has an odd port", "Use host:5432, or host:5432,host:5432.") from None
    if not config.get("NAME"):
        raise refuse(name, "names no database", "Put its name after the last slash.")
    if config["ENGINE"] == "django.db.backends.postgresql":
        config["ENGINE"] = "mlmath.postgresql"
    if several:
        pairs = [host.partition(":") for host in hosts]
        config["HOST"] = ",".join(host for host, _, _ in pairs)
        config["PORT"] = ",".join(port or "5432" for _, _, port in pairs)
        config.setdefault("OPTIONS", {}).setdefault("target_session_attrs", "read-write")
    return config


_SEVERAL_HOSTS = re.compile(
    r"(?P<before>postgres(?:ql)?://(?:[^/?#]*@)?)(?P<hosts>[^/?#@,]+(?:,[^/?#@,]+)+)(?P<after>.*)"
)


def cache(name: str) -> dict[str, Any] | None:
    """A `CACHES` entry from `redis://host:port/0`; None when the variable is not set."""
    value = text(name)
    if not value:
        return None
    if value.partition(":")[0] not in {"redis", "rediss"}:
        raise refuse(name, "is no Redis address", "Use redis://host:6379/0, or leave it out.")
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": value,
        # A sign-in waits for it.
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }


def email(name: str) -> dict[str, Any] | None:
    """Django's `EMAIL_*` settings from `smtp+tls://user:password@host:587`; None when not set."""
    value = text(name)
    if not value:
        return None
    scheme = value.partition(":")[0]
    if scheme not in {"smtp", "smtp+tls", "smtp+ssl", "consolemail", "filemail"}:
        raise refuse(name, f"starts with {scheme!r}", "Use smtp+tls://user:password@host:587.")
    config: dict[str, Any] = dict(environ.Env.email_url_config(value))
    return config


def secret(name: str, *, kept_in: Path | None) -> str:
    """The secret key; outside production it is made once and kept in the file `kept_in`."""
    value = text(name)
    if not value and kept_in is not None:
        return _kept_secret(kept_in)
    if not value:
        raise refuse(name, "is not set", _HOW_TO_MAKE_ONE)
    return _strong(name, value)


def optional_secret(name: str) -> str:
    """A secret that may be left out; empty when it is."""
    value = text(name)
    return _strong(name, value) if value else ""


def _strong(name: str, value: str) -> str:
    is_weak = len(value) < MINIMUM_SECRET_LENGTH or len(set(value)) < MINIMUM_SECRET_VARIETY
    if is_weak or value.startswith("django-insecure-"):
        raise refuse(name, "is too weak", _HOW_TO_MAKE_ONE)
    return value


_HOW_TO_MAKE_ONE = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # "x" lets exactly one of several starting processes create the file.
        with path.open("x", encoding="utf-8") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text(encoding="utf-8").strip()
