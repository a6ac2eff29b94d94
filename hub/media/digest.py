"""Names of blobs: SHA-256 in lower-case hex."""

import hashlib
import re
from dataclasses import dataclass

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Bytes that are stored: named by what they are, so that equal ones are kept once."""

    digest: str
    size: int


def digest_of(content: bytes) -> str:
    """The name `content` would be stored under."""
    return hashlib.sha256(content).hexdigest()


def is_digest(text: str) -> bool:
    """Whether `text` may be looked for at all: nothing else reaches a path or an object key."""
    return _DIGEST.fullmatch(text) is not None
