"""The only ids that leave the server for people and what they make."""

import secrets

PUBLIC_ID_LENGTH = 20
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def new_public_id() -> str:
    """Twenty random letters and digits, about 100 bits: nobody guesses one."""
    # The alphabet has 32 letters, so that five bits of a random byte choose one of them.
    return "".join([_ALPHABET[byte & 31] for byte in secrets.token_bytes(PUBLIC_ID_LENGTH)])


def is_public_id(text: str) -> bool:
    """Whether `text` can be one at all. A database does not take every text that people send."""
    return len(text) == PUBLIC_ID_LENGTH and set(text) <= set(_ALPHABET)
