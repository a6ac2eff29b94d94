"""What a site's signature on its visitor's name is worth."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest

from hub.visitors.errors import BadIdentity
from hub.visitors.identity import verify

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
SITE = UUID("01890000-0000-7000-8000-000000000002")
SECRET, PREVIOUS, FOREIGN = "s" * 48, "p" * 48, "f" * 48


def _token(secret: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    claims = {
        "sub": "42",
        "site": str(SITE),
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(minutes=30)).timestamp()),
        **changes,
    }
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, secret, algorithm=algorithm)


def _verify(token: str) -> Any:
    return verify(token, site=SITE, secrets=(SECRET, PREVIOUS), now=NOW)


@pytest.mark.parametrize("secret", [SECRET, PREVIOUS])
def test_both_secrets_of_a_rotation_are_good(secret: str) -> None:
    who = _verify(_token(secret, name="Li", email="LI@a.cn", attrs={"plan": "gold", "deep": {"x": 1}}))

    assert (who.subject, who.name, who.email) == ("42", "Li", "li@a.cn")
    assert who.attributes == {"plan": "gold"}


def _unsigned() -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part({'sub': '42', 'site': str(SITE), 'iat': 1, 'exp': 2})}."


@pytest.mark.parametrize(
    "token",
    [
        _token(FOREIGN),
        _token(algorithm="HS384"),
        _unsigned(),
        "rubbish",
        "",
        _token(site="other"),
        _token(exp=int((NOW + timedelta(hours=2)).timestamp())),
        _token(iat=int((NOW - timedelta(hours=2)).timestamp()), exp=int((NOW - timedelta(hours=1.5)).timestamp())),
        _token(iat=int((NOW + timedelta(minutes=10)).timestamp())),
        _token(exp=None),
        _token(iat=None),
        _token(site=None),
        _token(sub=""),
        _token(sub="x" * 201),
    ],
)
def test_everything_else_is_refused(token: str) -> None:
    with pytest.raises(BadIdentity):
        _verify(token)
