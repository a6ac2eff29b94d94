"""Whatever a provider answers, it is somebody or it is refused, and never breaks anything."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from hub.auth import oidc
from hub.auth.errors import SignOnFailed

ISSUER, CLIENT, NONCE = "https://login.example", "hub", "n" * 43
PROVIDER = oidc.Provider(issuer=ISSUER, client_id=CLIENT, client_secret="hush", title="x", match_email=True, create_role="agent")
KEY = ec.generate_private_key(ec.SECP256R1())
SHOWN = jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True) | {"kid": "k"}
RIGHT: dict[str, Any] = {"iss": ISSUER, "aud": CLIENT, "iat": 1, "exp": 2**33, "sub": "u", "nonce": NONCE}

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
names = st.sampled_from([*RIGHT, "azp", "email", "email_verified", "preferred_username", "name", "nbf"])


def judged(token: str, keys: bytes) -> oidc.Identity | None:
    try:
        return oidc.read_id_token(token, keys, PROVIDER, nonce=NONCE)
    except SignOnFailed:
        return None


def signed(claims: dict[str, Any]) -> str:
    raw = json.dumps(claims).encode("utf-8", "surrogatepass")
    return jwt.PyJWS().encode(raw, KEY, algorithm="ES256", headers={"kid": "k"})


@pytest.mark.covers("M-35")
@given(st.dictionaries(names, values, max_size=6))
def test_claims_of_any_kind(claims: dict[str, Any]) -> None:
    who = judged(signed(RIGHT | claims), json.dumps({"keys": [SHOWN]}).encode())
    if who is not None:
        assert who.issuer == ISSUER
        assert 1 <= len(who.subject) <= 255
        assert who.subject.isprintable()
        assert not who.email or claims.get("email_verified") is True
        said = RIGHT | claims
        assert said["nonce"] == NONCE
        assert said["aud"] == CLIENT or CLIENT in said["aud"]


@given(st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode()))
def test_keys_of_any_kind(keys: bytes) -> None:
    assert judged(signed(RIGHT), keys) is None


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "kid", "alg", "use", "n", "e"]), values, max_size=9), max_size=3
    )
)
def test_nearly_keys(shown: list[dict[str, Any]]) -> None:
    assert judged(signed(RIGHT), json.dumps({"keys": [SHOWN | key for key in shown]}).encode()) in (None, judged_right())


def judged_right() -> oidc.Identity | None:
    return judged(signed(RIGHT), json.dumps({"keys": [SHOWN]}).encode())


@given(
    st.text(max_size=60)
    | st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "jwk", "b64"]), values).map(
        lambda header: (
            ".".join(jwt.utils.base64url_encode(json.dumps(part).encode()).decode() for part in (header, RIGHT)) + ".AAAA"
        )
    )
)
def test_tokens_of_any_kind(token: str) -> None:
    assert judged(token, json.dumps({"keys": [SHOWN]}).encode()) is None


@given(st.binary(max_size=300) | values.map(lambda value: json.dumps(value).encode()))
def test_documents_and_answers_of_any_kind(raw: bytes) -> None:
    for read in (lambda: oidc.read_metadata(raw, PROVIDER), lambda: oidc.read_answer(raw)):
        with pytest.raises(SignOnFailed):
            read()


def test_the_right_token_is_believed() -> None:
    assert judged_right() == oidc.Identity(issuer=ISSUER, subject="u", email="", user_name="", display_name="")
