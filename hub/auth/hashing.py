"""What is stored of a random secret."""

import hashlib


def hashed(secret: str) -> str:
    """One SHA-256, since a secret of more than 112 random bits needs no slow hash (ASVS 5.0 §6.5.2)."""
    return hashlib.sha256(secret.encode()).hexdigest()
