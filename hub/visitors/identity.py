"""Who a visitor is, as his site's server signed it (RFC 7519 with HS256, RFC 7518 §3.2). Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from hub.errors import Invalid
from hub.messages.address import normal_email
from hub.visitors.errors import BadIdentity
from hub.visitors.values import Identity

LONGEST = timedelta(hours=1)
_LEEWAY = timedelta(seconds=60)  # clocks of other people's servers
_REQUIRED = ("sub", "site", "exp", "iat")


def verify(token: str, *, site: UUID, secrets: Sequence[str], now: datetime) -> Identity:
    """The identity in `token`; raises `BadIdentity`.

    The algorithm is fixed here: what the token says of it is not believed.
    """
    for secret in secrets:
        try:
            claims = jwt.decode(
                token,
                secret,
                algorithms=["HS256"],
                # Times are checked below, by our own clock.
                options={
                    "require": list(_REQUIRED),
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                    "verify_aud": False,
                },
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidTokenError as error:
            raise BadIdentity("the identity token cannot be read") from error
        return _identity(claims, site, now)
    raise BadIdentity("the identity token is not signed with this site's secret")


def _identity(claims: Mapping[str, Any], site: UUID, now: datetime) -> Identity:
    subject, issued, expires = claims["sub"], claims["iat"], claims["exp"]
    if claims["site"] != str(site):
        raise BadIdentity("the identity token is for another site")
    if not all(isinstance(at, int | float) for at in (issued, expires)) or not isinstance(subject, str):
        raise BadIdentity("the identity token cannot be read")
    stamp, leeway = now.timestamp(), _LEEWAY.total_seconds()
    if not 0 < expires - issued <= LONGEST.total_seconds():
        raise BadIdentity("an identity token is good for an hour at most")
    if stamp > expires + leeway or stamp < issued - leeway:
        raise BadIdentity("the identity token has expired")
    if not 0 < len(subject) <= 200:
        raise BadIdentity("`sub` must have 1 to 200 characters")
    return Identity(
        subject=subject, name=_text(claims, "name"), email=_email(claims), attributes=_attributes(claims.get("attrs"))
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name, "")
    return value.replace("\x00", "")[:200] if isinstance(value, str) else ""


def _email(claims: Mapping[str, Any]) -> str:
    try:
        return normal_email(_text(claims, "email"))
    except Invalid:
        return ""


def _attributes(given: Any) -> dict[str, Any]:
    """At most 50 plain values: they are shown to agents, not interpreted."""
    if not isinstance(given, Mapping):
        return {}
    plain = {str(k)[:100]: v[:500] if isinstance(v, str) else v for k, v in given.items()}
    return {k: v for k, v in list(plain.items())[:50] if isinstance(v, str | int | float | bool)}
