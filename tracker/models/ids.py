"""The only ids that leave the server for people and what they make."""

import secrets

PUBLIC_ID_LENGTH = 20


def new_public_id() -> str:
    """Twenty random letters and digits, about 100 bits: nobody guesses one."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    return "".join(secrets.choice(alphabet) for _ in range(PUBLIC_ID_LENGTH))
