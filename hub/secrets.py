"""The hub's one secret, and a key derived from it for each purpose."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Literal, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.errors import HubError
from hub.settings import BadSettings, Problem

Purpose = Literal["accounts", "reply-token", "files", "session", "second-factor"]

_VERSION = b"\x01"
_NONCE = 12  # NIST SP 800-38D §8.2.2: 96 random bits; good for 2^32 seals under one key


class BrokenSeal(HubError):
    """It was sealed under another secret, for another purpose or context, or it was altered."""

    code = "broken_seal"


@dataclass(frozen=True, slots=True)
class SecretKeys:
    """Keys derived from `secret` by HKDF-SHA-256, one a purpose: what is made for one is worthless for another."""

    secret: bytes = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the secret file; it is made, readable by its owner only, where there is none. Raises `BadSettings`."""
        return cls(read_secret(path))

    def key(self, purpose: Purpose) -> bytes:
        """The 32 bytes for one purpose."""
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"hub {purpose}".encode()).derive(self.secret)

    def seal(self, purpose: Purpose, plain: bytes, *, context: bytes = b"") -> bytes:
        """Encrypt and authenticate (AES-256-GCM); `open` must be given the same `context` (the id of its row)."""
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + AESGCM(self.key(purpose)).encrypt(nonce, plain, context)

    def open(self, purpose: Purpose, sealed: bytes, *, context: bytes = b"") -> bytes:
        """The reverse of `seal`; raises `BrokenSeal`."""
        nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        if sealed[:1] != _VERSION or len(nonce) != _NONCE:
            raise BrokenSeal("not sealed by this hub")
        try:
            return AESGCM(self.key(purpose)).decrypt(nonce, body, context)
        except InvalidTag as error:
            raise BrokenSeal("sealed under another secret, or altered") from error

    def mac(self, purpose: Purpose, message: bytes) -> bytes:
        """HMAC-SHA-256, 32 bytes. Compare with `hmac.compare_digest`."""
        code = hmac.HMAC(self.key(purpose), hashes.SHA256())
        code.update(message)
        return code.finalize()


def read_secret(path: Path) -> bytes:
    """The 32 bytes every key of the hub is derived from; made on first use, readable by the owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _create_secret(path)
    if len(secret := path.read_bytes()) < 32:
        raise BadSettings([Problem("secret_file", str(path), "holds fewer than 32 bytes")])
    return secret


def _create_secret(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(token_bytes(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # link fails where rename would replace what another process made at the same moment
    except FileExistsError:
        pass
    finally:
        draft.unlink()
