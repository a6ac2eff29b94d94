"""Signing in at a provider: the way there and back, and every lie on it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hub import clock
from hub.api import session, sign_on
from hub.api.sign_on import CALLBACK
from hub.auth import SYSTEM, Auth, Right, queries
from hub.auth.oidc import Provider
from hub.auth.values import UserChange
from hub.bus import LocalBus
from hub.db import Database
from hub.egress import AllowList, Egress
from hub.secrets import SecretKeys
from tests.fixtures.console import Client, Console, Serve
from tests.fixtures.provider import CLIENT_ID, CLIENT_SECRET, SignOnProvider

Desk = Callable[..., Awaitable[Console]]


@pytest.fixture
async def desk(serve: Serve, database: Database, sign_on_provider: SignOnProvider) -> Desk:
    """A console that trusts the provider."""

    async def start(*, match_email: bool = False, create_role: str = "") -> Console:
        trusted = Provider(
            issuer=sign_on_provider.url,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            title="Our login",
            match_email=match_email,
            create_role=create_role,
        )
        bus = LocalBus()
        auth = Auth.build(
            database,
            bus,
            keys=SecretKeys(b"k" * 32),
            provider=trusted,
            egress=Egress(AllowList.of((), loopback=True)),
            back=f"https://desk.example{CALLBACK}",
        )
        return await serve(session.api, sign_on.api, services={"auth": auth, "bus": bus})

    return start


async def leave(client: Client, path: str = "/session/oidc/oidc/start") -> str:
    """To the provider; the address it sends the browser back to, on this console."""
    started = await client.get(path)
    assert started.status == 302, await started.text()
    answered = await client("GET", started.headers["Location"])
    back = urlsplit(answered.headers["Location"])
    assert (back.netloc, back.path) == ("desk.example", CALLBACK)
    return f"{back.path.removeprefix('/api/v1')}?{back.query}"


async def come_back(client: Client, path: str) -> str:
    """Where the console sends the browser then."""
    answer = await client.get(path)
    assert answer.status == 302, await answer.text()
    return answer.headers["Location"]


async def sign_in(client: Client) -> str:
    return await come_back(client, await leave(client))


async def me(client: Client) -> str | None:
    answer = await client.get("/session")
    return (await answer.json())["user"]["name"] if answer.status == 200 else None


@pytest.mark.covers("M-35")
async def test_who_has_the_providers_verified_address_signs_in_and_is_known_from_then_on(
    desk: Desk, sign_on_provider: SignOnProvider
) -> None:
    console = await desk(match_email=True)
    user = await console.user("wang.mei", "agent")
    await console.hub.auth.users.change(SYSTEM, user.id, UserChange(email="mei@example.org"), version=user.version)
    sign_on_provider.person |= {"email": "Mei@example.org", "email_verified": True}
    browser = console.client()
    assert await (await browser.get("/session/providers")).json() == [{"id": "oidc", "title": "Our login"}]

    back = await leave(browser, "/session/oidc/oidc/start?next=/inbox/mine")
    assert await come_back(browser, back) == "/inbox/mine"

    assert await me(browser) == "wang.mei"
    entries = await audit_of(console)
    assert ("session.open", {"by": "oidc"}) in entries
    assert ("identity.add", {"issuer": sign_on_provider.url}) in entries

    sign_on_provider.person = {"sub": "u-1", "email": "other@example.org", "email_verified": True}
    again = console.client()
    assert (await sign_in(again), await me(again)) == ("/", "wang.mei")


async def audit_of(console: Console) -> list[tuple[str, Any]]:
    rows = await console.hub.db.fetch("SELECT action, detail FROM auth_audit ORDER BY n")
    return [(row["action"], row["detail"]) for row in rows]


@pytest.mark.covers("M-35")
async def test_nobody_is_let_in_by_an_address_that_is_not_verified_or_not_one_persons(
    desk: Desk, sign_on_provider: SignOnProvider
) -> None:
    console = await desk(match_email=True)
    for name in ("one", "two"):
        user = await console.user(name, "agent")
        email = UserChange(email="shared@example.org" if name == "one" else "two@example.org")
        await console.hub.auth.users.change(SYSTEM, user.id, email, version=user.version)
    refused = "/?sign_in_error=sign_on_refused"

    for verified in (False, None, "true", 1):
        sign_on_provider.person = {"sub": "u-1", "email": "two@example.org", "email_verified": verified}
        assert await sign_in(console.client()) == refused, verified
    two = await queries.user_id_by_name(console.hub.db, "two")
    user = await queries.user(console.hub.db, two)
    await console.hub.auth.users.change(SYSTEM, two, UserChange(email="shared@example.org"), version=user.version)
    sign_on_provider.person = {"sub": "u-1", "email": "shared@example.org", "email_verified": True}
    assert await sign_in(console.client()) == refused
    sign_on_provider.person = {"sub": "u-1", "email": "", "email_verified": True}
    assert await sign_in(console.client()) == refused


async def test_an_address_says_nothing_where_the_operator_did_not_allow_it(desk: Desk, sign_on_provider: SignOnProvider) -> None:
    console = await desk()
    user = await console.user("mei", "agent")
    await console.hub.auth.users.change(SYSTEM, user.id, UserChange(email="mei@example.org"), version=user.version)
    sign_on_provider.person |= {"email": "mei@example.org", "email_verified": True}
    assert await sign_in(console.client()) == "/?sign_in_error=sign_on_refused"


async def test_a_newcomer_becomes_a_user_of_the_role_that_was_set_and_of_a_free_name(
    desk: Desk, sign_on_provider: SignOnProvider
) -> None:
    console = await desk(create_role="agent")
    await console.user("mei", "administrator")
    browser = console.client()
    assert await sign_in(browser) == "/"

    shown = (await (await browser.get("/session")).json())["user"]
    assert shown["name"].startswith("mei-")
    assert shown["display_name"] == "王梅"
    assert Right.CONVERSATIONS_REPLY in shown["rights"]
    assert Right.USERS_MANAGE not in shown["rights"]

    sign_on_provider.person = {"sub": "u-2", "preferred_username": "not a name at all!", "name": ""}
    assert await sign_in(console.client()) == "/"
    sign_on_provider.person = {"sub": "u-3"}
    assert await sign_in(console.client()) == "/"
    odd = {"name": "a\x00b\u202e\n" + "长" * 300, "email": "no address\x00", "email_verified": True}
    sign_on_provider.person = {"sub": "u-4", "preferred_username": "odd"} | odd
    browser = console.client()
    assert (await sign_in(browser), await me(browser)) == ("/", "odd")


async def test_a_disabled_user_stays_out(desk: Desk, sign_on_provider: SignOnProvider) -> None:
    console = await desk(create_role="agent")
    await console.user("root", "administrator")
    browser = console.client()
    await sign_in(browser)
    name = await me(browser)
    assert name is not None
    user = await queries.user(console.hub.db, await queries.user_id_by_name(console.hub.db, name))
    await console.hub.auth.users.change(SYSTEM, user.id, UserChange(disabled=True), version=user.version)

    assert await sign_in(console.client()) == "/?sign_in_error=sign_on_refused"
    assert await me(browser) is None


FAILED = "/?sign_in_error=sign_on_failed"


@pytest.mark.covers("M-35")
async def test_a_sign_in_comes_back_once_in_its_own_browser_and_in_time(desk: Desk, sign_on_provider: SignOnProvider) -> None:
    console = await desk(create_role="agent")
    browser, other = console.client(), console.client()
    back = await leave(browser)

    assert await come_back(other, back) == FAILED, "another browser: somebody else's sign-in forced upon it"
    assert await come_back(browser, back) == "/"
    assert await come_back(browser, back) == FAILED, "replayed"

    assert await come_back(browser, "/session/oidc/oidc/callback?code=x&state=made-up") == FAILED
    assert await come_back(browser, "/session/oidc/oidc/callback?error=access_denied") == FAILED
    back = await leave(other)
    clock.set_source(lambda: datetime.now(UTC) + timedelta(minutes=11))
    try:
        assert await come_back(other, back) == FAILED, "too late"
    finally:
        clock.set_source(None)
    assert await me(other) is None


async def test_what_another_provider_says_is_not_believed(desk: Desk) -> None:
    console = await desk(create_role="agent")
    browser = console.client()
    back = await leave(browser)
    path, _, query = back.partition("?")
    forged = dict(parse_qsl(query)) | {"iss": "https://evil.example"}
    answer = await browser.get(path, params=forged)
    assert answer.headers["Location"] == FAILED
    assert await me(browser) is None


def _by_stranger(provider: SignOnProvider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers={"kid": "k1"})


def _unsigned(_: SignOnProvider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, None, algorithm="none")


def _by_client_secret(_: SignOnProvider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, CLIENT_SECRET.ljust(40, "x"), algorithm="HS256", headers={"kid": "k1"})


def _by_unknown_key(provider: SignOnProvider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, provider.key, algorithm="ES256", headers={"kid": "k2"})


def _by_key_of_its_own(_: SignOnProvider, claims: dict[str, Any]) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    shown = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return jwt.encode(claims, key, algorithm="ES256", headers={"jwk": shown, "kid": "k1"})


def _by_other_algorithm(_: SignOnProvider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, rsa.generate_private_key(65537, 2048), algorithm="RS256", headers={"kid": "k1"})


def _cut(provider: SignOnProvider, claims: dict[str, Any]) -> str:
    return provider.token(claims)[:-8]


def _no_token(_: SignOnProvider, __: dict[str, Any]) -> str:
    return "not a token"


@pytest.mark.covers("M-35")
@pytest.mark.parametrize(
    "forge",
    [_by_stranger, _unsigned, _by_client_secret, _by_unknown_key, _by_key_of_its_own, _by_other_algorithm, _cut, _no_token],
)
async def test_a_forged_token_signs_nobody_in(
    desk: Desk, sign_on_provider: SignOnProvider, forge: Callable[[SignOnProvider, dict[str, Any]], str]
) -> None:
    console = await desk(create_role="agent")
    browser = console.client()
    sign_on_provider.sign = forge
    assert await sign_in(browser) == FAILED
    assert await me(browser) is None
    sign_on_provider.sign = None
    assert await sign_in(browser) == "/", "and the same browser signs in once nothing is forged"


@pytest.mark.covers("M-35")
@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "somebody else"},
        {"aud": None},
        {"aud": [CLIENT_ID, "somebody else"]},
        {"azp": "somebody else"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"iat": 32503680000},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "nul\x00"},
    ],
    ids=lambda claims: ",".join(f"{name}={str(value)[:20]}" for name, value in claims.items()),
)
async def test_a_token_for_another_time_place_or_purpose_signs_nobody_in(
    desk: Desk, sign_on_provider: SignOnProvider, claims: dict[str, Any]
) -> None:
    console = await desk(create_role="agent")
    browser = console.client()
    sign_on_provider.claims = claims
    assert await sign_in(browser) == FAILED
    assert await me(browser) is None


async def test_a_provider_that_calls_itself_by_another_name_is_not_asked(desk: Desk, sign_on_provider: SignOnProvider) -> None:
    console = await desk(create_role="agent")
    sign_on_provider.issuer = "https://evil.example"
    answer = await console.client().get("/session/oidc/oidc/start")
    assert answer.headers["Location"] == FAILED


async def test_afterwards_the_browser_goes_to_a_page_of_the_console_only(desk: Desk) -> None:
    console = await desk(create_role="agent")
    for asked in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\tb"):
        browser = console.client()
        started = await browser.get("/session/oidc/oidc/start", params={"next": asked})
        answered = await browser("GET", started.headers["Location"])
        back = urlsplit(answered.headers["Location"])
        assert await come_back(browser, f"{back.path.removeprefix('/api/v1')}?{back.query}") == "/", asked


async def test_without_a_provider_there_is_no_such_door(console: Console) -> None:
    browser = console.client()
    assert await (await browser.get("/session/providers")).json() == []
    assert (await browser.get("/session/oidc/oidc/start")).status == 404
    assert (await browser.get("/session/oidc/oidc/callback?code=x&state=y")).status == 404
