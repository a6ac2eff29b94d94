"""The token in a reply address: which message or conversation an answer belongs to, and proof that we made it.

16 bytes of the id and 9 of its HMAC are 25 bytes: exactly 40 base32 characters (RFC 4648 §6), with no spare bits a
forger could vary. Letter case does not matter, since mail systems change it.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from uuid import UUID

LENGTH = 40
_MAC = 9  # bytes: 72 bits, and every guess is a mail
_TOKEN = re.compile(r"[A-Za-z2-7]{40}")


def make_token(id: UUID, key: bytes) -> str:
    """40 lower-case characters, fit for the local part of an address."""
    return base64.b32encode(id.bytes + _mac(id.bytes, key)).decode().lower()


def read_token(text: str, keys: Iterable[bytes]) -> UUID | None:
    """The id in a token made with one of `keys`; None for anything else, however close."""
    if not _TOKEN.fullmatch(text):
        return None
    raw = base64.b32decode(text.upper())
    head, tail = raw[:16], raw[16:]
    matches = [hmac.compare_digest(tail, _mac(head, key)) for key in keys]
    return UUID(bytes=head) if any(matches) else None


def _mac(head: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"reply-token " + head, hashlib.sha256)[:_MAC]
