"""A file encrypted as it is written, and checked piece by piece as it is read.

After a first line that names the format comes a salt, which makes of the key one for this file
alone. The rest are pieces under AES-256-GCM. The nonce of a piece counts it and says whether it is
the last, so none can be changed, moved, left out, or cut off at the end.
"""

import secrets
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mlmath.backup import BackupError

FIRST_LINE = b"mlmath encrypted backup 1\n"
PIECE = 1024 * 1024
_SALT, _TAG = 32, 16


class Encrypting:
    """A file to write to, over `file`. `close` writes the last piece and leaves `file` open."""

    def __init__(self, file: BinaryIO, key: str) -> None:
        salt = secrets.token_bytes(_SALT)
        file.write(FIRST_LINE + salt)
        self._file, self._cipher = file, _cipher(key, salt)
        self._number, self._waiting = 0, bytearray()

    def write(self, data: bytes) -> int:
        self._waiting += data
        # What could be the last piece waits.
        while len(self._waiting) > PIECE:
            self._put(bytes(self._waiting[:PIECE]), is_last=False)
            del self._waiting[:PIECE]
        return len(data)

    def close(self) -> None:
        self._put(bytes(self._waiting), is_last=True)

    def _put(self, piece: bytes, *, is_last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, is_last=is_last), piece, None))
        self._number += 1


class Decrypting:
    """A file to read from, over `file`, whose first line has been read. Raises BackupError."""

    def __init__(self, file: BinaryIO, key: str) -> None:
        self._file, self._cipher = file, _cipher(key, file.read(_SALT))
        self._number, self._ready, self._is_over = 0, bytearray(), False
        self._next = file.read(PIECE + _TAG)

    def read(self, size: int) -> bytes:
        while len(self._ready) < size and not self._is_over:
            self._get()
        data = bytes(self._ready[:size])
        del self._ready[:size]
        return data

    def _get(self) -> None:
        piece, self._next = self._next, self._file.read(PIECE + _TAG)
        self._is_over = not self._next
        try:
            nonce = _nonce(self._number, is_last=self._is_over)
            self._ready += self._cipher.decrypt(nonce, piece, None)
        except (InvalidTag, ValueError):
            if self._number:
                raise BackupError(
                    "The backup is damaged: a part of it was changed or cut."
                ) from None
            raise BackupError(
                "The backup cannot be decrypted. Either BACKUP_KEY is another one than it was made "
                "with, or the file is damaged."
            ) from None
        self._number += 1


def _cipher(key: str, salt: bytes) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"mlmath backup").derive(
        key.encode()
    )
    return AESGCM(derived)


def _nonce(number: int, *, is_last: bool) -> bytes:
    return bytes([is_last]) + number.to_bytes(11, "big")
