"""OpenID Connect without the network: what is asked of a provider, and what is believed of its answers.

OpenID Connect Core 1.0 (authorization code flow), PKCE (RFC 7636), Discovery 1.0, issuer identification (RFC 9207).
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any, Final, Self
from urllib.parse import urlencode, urlsplit

import jwt
import msgspec

from hub.auth.errors import SignOnFailed
from hub.settings import Settings

SCOPES: Final = "openid email profile"
LEEWAY: Final = 60  # seconds by which the provider's clock may differ from ours

# Public keys only: a token "signed" with a shared secret, or not at all, would be signed by whoever knows the client id.
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who vouches for our users, as the operator set it up.

    `match_email`: an unknown subject is the one user with its verified e-mail address. `create_role`: an unknown one becomes a
    user with this role; empty: it does not.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    title: str
    match_email: bool
    create_role: str

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The one of the settings, if there is one."""
        if not settings.oidc_issuer:
            return None
        return cls(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            title=settings.oidc_title or urlsplit(settings.oidc_issuer).hostname or settings.oidc_issuer,
            match_email=settings.oidc_match_email,
            create_role=settings.oidc_create_role,
        )


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of itself (Discovery §3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who signed in there. `email` only where the provider has verified it."""

    issuer: str
    subject: str
    email: str
    user_name: str
    display_name: str


class _Answer(msgspec.Struct):
    id_token: str


def read_metadata(raw: bytes, provider: Provider) -> Metadata:
    """The discovery document; its issuer must be the one that was asked (Discovery §4.3). Raises `SignOnFailed`."""
    try:
        metadata = msgspec.json.decode(raw, type=Metadata)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SignOnFailed("the provider does not say how it is asked") from error
    if metadata.issuer != provider.issuer:
        raise SignOnFailed("the provider gives itself another name than it was asked under")
    return metadata


def question(provider: Provider, metadata: Metadata, *, back: str, state: str, nonce: str, verifier: str) -> str:
    """The address at the provider to which the browser is sent."""
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": back,
        "scope": SCOPES,
        "state": state,
        "nonce": nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    joint = "&" if "?" in metadata.authorization_endpoint else "?"
    return f"{metadata.authorization_endpoint}{joint}{urlencode(asked)}"


def exchange(
    provider: Provider, metadata: Metadata, *, code: str, back: str, verifier: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Form and headers that turn a code into tokens, with our own name in the way the provider wants it."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
    if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
        # RFC 6749 §2.3.1: both are form-encoded before they become a user name and a password.
        pair = urlencode({provider.client_id: provider.client_secret}).replace("=", ":", 1)
        return form, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return form | {"client_id": provider.client_id, "client_secret": provider.client_secret}, {}


def read_answer(raw: bytes) -> str:
    """The ID token in a token answer. Raises `SignOnFailed`."""
    try:
        return msgspec.json.decode(raw, type=_Answer).id_token
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SignOnFailed("the provider gave no ID token") from error


def read_id_token(token: str, keys: bytes, provider: Provider, *, nonce: str) -> Identity:
    """Who the token says it is, after every check of Core §3.1.3.7. Raises `SignOnFailed`."""
    try:
        claims = jwt.decode(
            token,
            _key(token, keys),
            algorithms=list(_ALGORITHMS),
            audience=provider.client_id,
            issuer=provider.issuer,
            leeway=LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError, AttributeError) as error:  # whatever it holds instead
        raise SignOnFailed("the provider's token cannot be believed") from error
    _require_party(claims, provider)
    if not compare_digest(str(claims.get("nonce", "")).encode(errors="replace"), nonce.encode()):
        raise SignOnFailed("the provider's token belongs to another sign-in")
    return _identity(claims)


def _key(token: str, keys: bytes) -> jwt.PyJWK:
    """The provider's public key the token names, made for the algorithm it names."""
    header = jwt.get_unverified_header(token)
    algorithm, wanted = header.get("alg"), header.get("kid")
    if algorithm not in _ALGORITHMS:
        raise SignOnFailed("the provider's token is signed in a way that proves nothing")
    try:
        known = msgspec.json.decode(keys, type=dict[str, Any])["keys"]
        fitting = [key for key in known if _fits(key, algorithm) and (wanted is None or key.get("kid") == wanted)]
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise SignOnFailed("the provider shows no keys") from error
    if len(fitting) != 1:
        raise SignOnFailed("the provider's token is signed with a key it does not show")
    return jwt.PyJWK.from_dict(fitting[0], algorithm=algorithm)


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    kind = {"R": "RSA", "P": "RSA", "E": "OKP" if algorithm == "EdDSA" else "EC"}[algorithm[0]]
    return key.get("kty") == kind and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm


def _require_party(claims: Mapping[str, Any], provider: Provider) -> None:
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else provider.client_id) != provider.client_id:
        raise SignOnFailed("the provider's token was made for somebody else")


def _identity(claims: Mapping[str, Any]) -> Identity:
    def text(name: str) -> str:
        value = claims.get(name)
        return value if isinstance(value, str) else ""

    if not 1 <= len(text("sub")) <= 255 or not text("sub").isprintable():
        raise SignOnFailed("the provider's token names nobody")
    return Identity(
        issuer=text("iss"),
        subject=text("sub"),
        email=text("email") if claims.get("email_verified") is True else "",
        user_name=text("preferred_username") or text("email").partition("@")[0],
        display_name=text("name"),
    )
