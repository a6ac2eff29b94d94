"""Addresses on the files origin that are good for five minutes, and for nothing but what they name."""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any, Final

import msgspec

from hub import clock
from hub.errors import NotFound
from hub.secrets import SecretKeys

LIFETIME: Final = timedelta(minutes=5)
_MAC = 16  # bytes


class _Signed(msgspec.Struct, array_like=True):
    expires: int  # seconds since 1970
    kind: str
    what: dict[str, Any]


_decoder = msgspec.json.Decoder(_Signed)


def sign_path(keys: SecretKeys, kind: str, what: dict[str, Any]) -> str:
    """The path of an address for `what` (JSON-able: all its provider needs to know); the origin comes before it.

    Whoever holds it may read that one thing for five minutes, so give it only to who may.
    """
    expires = int((clock.now() + LIFETIME).timestamp())
    payload = msgspec.json.encode(_Signed(expires=expires, kind=kind, what=what))
    return "/files/" + _text(keys.mac("files", payload)[:_MAC] + payload)


def verify(keys: SecretKeys, token: str) -> tuple[str, dict[str, Any]]:
    """The kind and what is named; raises `NotFound` for a token that is forged, altered or too old: they all look alike."""
    raw = _bytes(token)
    code, payload = raw[:_MAC], raw[_MAC:]
    if not compare_digest(code, keys.mac("files", payload)[:_MAC]):
        raise NotFound("there is no such file")
    signed = _decoder.decode(payload)
    if datetime.fromtimestamp(signed.expires, UTC) <= clock.now():
        raise NotFound("there is no such file")
    return signed.kind, signed.what


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise NotFound("there is no such file") from error
