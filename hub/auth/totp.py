"""One-time codes by time (RFC 6238: SHA-1, six digits, thirty seconds), and codes for who lost the device. Pure."""

import base64
import secrets
from datetime import datetime
from hmac import compare_digest
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP: Final = 30  # seconds
SECRET_BYTES: Final = 20  # RFC 4226 §4 R6 recommends 160 bits
RECOVERY_CODES: Final = 10
_SKEW: Final = 1  # steps to either side: the device's clock is not ours


def new_secret() -> bytes:
    """A fresh secret."""
    return secrets.token_bytes(SECRET_BYTES)


def as_text(secret: bytes) -> str:
    """The secret as people type it into a device: base32."""
    return base64.b32encode(secret).decode()


def address(secret: bytes, *, name: str, issuer: str) -> str:
    """The `otpauth:` address that devices read from a QR code."""
    return _totp(secret).get_provisioning_uri(name, issuer)


def code_at(secret: bytes, step: int) -> str:
    """The code of one step of thirty seconds since 1970."""
    return _totp(secret).generate(step * STEP).decode()


def step_of(secret: bytes, code: str, *, at: datetime, after: int) -> int | None:
    """The step whose code this is, near `at` and later than `after` (RFC 6238 §5.2: no code twice); None for a wrong one."""
    current = int(at.timestamp()) // STEP
    given = code.encode(errors="replace")
    matching = [
        step
        for step in range(current - _SKEW, current + _SKEW + 1)
        if compare_digest(code_at(secret, step).encode(), given) and step > after
    ]
    return matching[0] if matching else None


def new_recovery_codes() -> list[str]:
    """Codes that work once each. 120 random bits, so that one fast hash is enough to store them (ASVS 5.0 §6.5.2)."""
    return [_grouped(base64.b32encode(secrets.token_bytes(15)).decode().lower()) for _ in range(RECOVERY_CODES)]


def normal(code: str) -> str:
    """A code without what people type between its characters."""
    return "".join(code.split()).replace("-", "").lower()


def _grouped(text: str) -> str:
    return "-".join(text[start : start + 6] for start in range(0, len(text), 6))


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, 6, SHA1(), STEP)  # noqa: S303 - what every authenticator understands
