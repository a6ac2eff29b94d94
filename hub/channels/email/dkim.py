"""DKIM signatures (RFC 6376; Ed25519 by RFC 8463) over mails of ours."""

import base64
from typing import Final

from hub.channels.contract import SendError
from hub.channels.email.settings import MailSettings
from hub.messages.states import SendFailure

_SIGNED: Final = (
    b"from",
    b"to",
    b"cc",
    b"subject",
    b"date",
    b"message-id",
    b"reply-to",
    b"in-reply-to",
    b"references",
    b"mime-version",
    b"content-type",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
)


def sign(raw: bytes, settings: MailSettings) -> bytes:
    """`raw` (CRLF lines) with a signature before it; unchanged where the mailbox has no key.

    Some 7 ms of processor time with RSA-2048: run it in a thread. Raises `SendError` for a key that cannot be used.
    """
    if not settings.signs:
        return raw
    import dkim
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        key, algorithm = _key(settings.dkim_private_key)
        signature = dkim.sign(
            raw,
            settings.dkim_selector.encode("idna"),
            settings.dkim_domain.encode("idna"),
            key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=list(_SIGNED),
            signature_algorithm=algorithm,
        )
    except (dkim.DKIMException, UnsupportedAlgorithm, ValueError, TypeError) as error:
        raise SendError(SendFailure.BAD_SETTINGS, "the DKIM key cannot be used") from error
    return bytes(signature) + raw


def _key(pem: str) -> tuple[bytes, bytes]:
    """The key as the library wants it: PEM for RSA, the bare seed in base64 for Ed25519."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

    key = load_pem_private_key(pem.strip().encode() + b"\n", password=None)
    if isinstance(key, Ed25519PrivateKey):
        return base64.b64encode(key.private_bytes_raw()), b"ed25519-sha256"
    if isinstance(key, RSAPrivateKey):
        return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()), b"rsa-sha256"
    raise ValueError("neither RSA nor Ed25519")
