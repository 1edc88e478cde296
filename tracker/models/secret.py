"""The form of an API token's secret: `mlm_`, 32 random characters, and a checksum of six.

The checksum lets scanners and our own door tell a mistyped or invented token without a query.
"""

import hashlib
import secrets
import string
import zlib

PREFIX = "mlm_"
RANDOM_LENGTH = 32
CHECKSUM_LENGTH = 6
_ALPHABET = string.digits + string.ascii_letters


def new_secret() -> str:
    """A fresh secret with about 190 bits of chance in it."""
    chosen = "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_LENGTH))
    return PREFIX + chosen + _checksum(chosen)


def is_well_formed(secret: str) -> bool:
    body = secret.removeprefix(PREFIX)
    is_long_enough = len(body) == RANDOM_LENGTH + CHECKSUM_LENGTH
    if not (secret.startswith(PREFIX) and is_long_enough and body.isascii() and body.isalnum()):
        return False
    return secrets.compare_digest(_checksum(body[:RANDOM_LENGTH]), body[RANDOM_LENGTH:])


def digest_of(secret: str) -> str:
    """What is kept of a secret; it has so many random bits that no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _checksum(text: str) -> str:
    rest = zlib.crc32(text.encode())
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
