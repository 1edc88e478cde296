"""Keeping secrets that have to be read again: encrypted with a key that is not in the database."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SealBroken(Exception):
    """It was sealed under a key that is neither the site's nor one of its former ones."""


def seal(text: str) -> str:
    """`text` as only this site can read it. Every call looks different."""
    return _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed, also under a former key (SECRET_KEY_FALLBACKS). Raises SealBroken."""
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise SealBroken from None


def is_sealed(text: str) -> bool:
    """Whether `seal` may have written it; nothing in base32 or hexadecimal looks like that."""
    return text.startswith("gAAAA")


def reseal(sealed: str) -> str:
    """The same under the site's key of today, so that former ones can go. Raises SealBroken."""
    try:
        return _keys().rotate(sealed.encode()).decode()
    except InvalidToken:
        raise SealBroken from None


def fingerprint(key: str) -> str:
    """By which one knows a key again, and cannot guess it: keys are long and random."""
    return hmac.digest(key.encode(), b"mlmath.fingerprint", "sha256").hex()[:32]


def _keys() -> MultiFernet:
    return MultiFernet(
        [
            Fernet(
                base64.urlsafe_b64encode(hashlib.sha256(f"mlmath.sealing:{key}".encode()).digest())
            )
            for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        ]
    )
