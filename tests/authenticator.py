"""What an authenticator app shows."""

import base64
import hashlib
import hmac
import struct
import time

PERIOD_SECONDS = 30


def code_of(secret: str) -> str:
    """What an authenticator app shows now (RFC 6238)."""
    left = PERIOD_SECONDS - time.time() % PERIOD_SECONDS
    if left < 10:
        # A code is good for its own half minute only, and has to reach the server in it.
        time.sleep(left)
    counter = struct.pack(">Q", int(time.time()) // PERIOD_SECONDS)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[start : start + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"
