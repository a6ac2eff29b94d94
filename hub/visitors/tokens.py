"""The secret by which a browser is known again: 256 random bits, of which the hub keeps only the SHA-256."""

import hashlib
import secrets
from datetime import timedelta

ROTATED_AFTER = timedelta(days=30)


def mint() -> str:
    """A new token (43 characters, RFC 4648 §5)."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is stored. A plain hash suffices: nobody can guess 256 bits."""
    return hashlib.sha256(token.encode()).hexdigest()
