"""Calling addresses that people gave us, without being turned against our own network.

A name is resolved once, every address behind it is judged, and the connection goes to one that was
judged; no redirect is followed. What the other side answers is never shown to anybody.
"""

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

MAXIMUM_ADDRESS_LENGTH = 500
TOTAL_SECONDS = 5.0
_HTTPS_PORT = 443
_MOST_READ = 64 * 1024
# Letters, digits and hyphens, with a last label that no number can pass for.
_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]",
    re.ASCII | re.IGNORECASE,
)
# The special-purpose registries of IANA. Python's `is_private` and `is_global` miss some of them,
# such as NAT64 and 6to4 of 127.0.0.1.
_CLOSED = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/128", "::1/128", "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48",
        "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
        "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
]  # fmt: skip


class AddressRefused(Exception):
    """The address is none that we call; the text is a sentence for the person who gave it."""


class NoAnswer(Exception):
    """Nothing came back in time: no connection, a broken one, or one that is too slow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What the other side said: a status, and for how many seconds it wants to be left alone."""

    status: int
    retry_after: int | None


def check_outbound(url: str) -> None:
    """Raises AddressRefused, with a sentence, for an address that must not be called. Resolves it.

    A name that cannot be resolved is refused too, since nobody can judge where it leads.
    """
    host, port, _, _ = _parts(url)
    if settings.OUTBOUND_MAY_BE_LOCAL:
        return
    try:
        _judged(host, port)
    except NoAnswer:
        raise AddressRefused("This name leads nowhere. Check the address.") from None


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, seconds: float = TOTAL_SECONDS
) -> Answered:
    """Send `body` to `url` and read the status, all of it within `seconds`.

    Raises AddressRefused for an address that must not be called, judged anew at every call, and
    NoAnswer. A redirect is an answer like any other and is not followed.
    """
    host, port, target, is_secure = _parts(url)
    family, address = _judged(host, port)
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    connection.sock = socket.socket(family, socket.SOCK_STREAM)
    # Time-outs of a socket start anew with every byte; this ends a slow answer as a whole.
    alarm = threading.Timer(seconds, _end, [connection])
    alarm.daemon = True
    alarm.start()
    try:
        connection.sock.settimeout(seconds)
        connection.sock.connect(address)
        if is_secure:
            # The handshake comes after the alarm has got hold of the new socket.
            connection.sock = ssl.create_default_context().wrap_socket(
                connection.sock, server_hostname=host, do_handshake_on_connect=False
            )
            connection.sock.do_handshake()
        connection.request("POST", target, body, {**headers, "Connection": "close"})
        response = connection.getresponse()
        response.read(_MOST_READ)
        return Answered(
            status=response.status, retry_after=_seconds(response.getheader("Retry-After"))
        )
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(type(error).__name__) from error
    finally:
        alarm.cancel()
        connection.close()


def _parts(url: str) -> tuple[str, int, str, bool]:
    """Host, port, path with query, and whether it is https. Raises AddressRefused."""
    if len(url) > MAXIMUM_ADDRESS_LENGTH or not url.isascii() or re.search(r"[\s\\\x00-\x20]", url):
        raise AddressRefused("Give an address of at most 500 plain characters, without blanks.")
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        raise AddressRefused("This is no address.") from None
    is_local_fine: bool = settings.OUTBOUND_MAY_BE_LOCAL
    if split.scheme != "https" and not (is_local_fine and split.scheme == "http"):
        raise AddressRefused("The address has to start with https://.")
    if split.username is not None or split.password is not None:
        raise AddressRefused("Leave user names and passwords out of the address.")
    host = (split.hostname or "").removesuffix(".")
    if not is_local_fine:
        if port not in {None, _HTTPS_PORT}:
            raise AddressRefused("Only the usual port of https, 443, can be called.")
        if not _NAME.fullmatch(host):
            raise AddressRefused("Name a host such as hooks.example.org, not a number.")
    target = (split.path or "/") + (f"?{split.query}" if split.query else "")
    default = _HTTPS_PORT if split.scheme == "https" else http.client.HTTP_PORT
    return host, port or default, target, split.scheme == "https"


def _judged(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """An address behind `host`, after all of them have been judged: one bad one spoils them all."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAnswer("no such name") from error
    addresses = [(family, str(address[0])) for family, _, _, _, address in found]
    if not addresses:
        raise NoAnswer("no such name")
    if not settings.OUTBOUND_MAY_BE_LOCAL and any(is_closed(text) for _, text in addresses):
        raise AddressRefused("This address leads into a private network. Use a public one.")
    family, text = addresses[0]
    return family, (text, port)


def is_closed(text: str) -> bool:
    """Whether an IP address is none of the public internet."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return any(address.version == net.version and address in net for net in _CLOSED)


def _end(connection: http.client.HTTPConnection) -> None:
    with contextlib.suppress(OSError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _seconds(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else None
