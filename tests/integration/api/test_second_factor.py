"""The second factor over HTTP: put in force, asked for, lost, taken away."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse

from hub import clock
from hub.auth import totp
from tests.fixtures.console import PASSWORD, Client, Console

Turn = Callable[[int], None]


@pytest.fixture
async def turn() -> AsyncIterator[Turn]:
    """Turn the clock on by so many seconds from a fixed time (which is the beginning of a step)."""
    moment = datetime.now(UTC).replace(second=0, microsecond=0)

    def to(seconds: int) -> None:
        clock.set_source(lambda: moment + timedelta(seconds=seconds))

    to(0)
    yield to
    clock.set_source(None)


async def ok(response: ClientResponse, status: int = 200) -> Any:
    assert response.status == status, await response.text()
    return await response.json() if status != 204 else None


async def refused(response: ClientResponse) -> tuple[int, str]:
    return response.status, (await response.json())["code"]


def code_of(secret: str, steps: int = 0) -> str:
    import base64

    return totp.code_at(base64.b32decode(secret), int(clock.now().timestamp()) // totp.STEP + steps)


async def enrolled(client: Client) -> tuple[str, list[str]]:
    """The secret and the recovery codes of a second factor now in force."""
    begun = await ok(await client.post("/me/totp"), 201)
    codes = (await ok(await client.post("/me/totp/confirm", {"code": code_of(begun["secret"])})))["recovery_codes"]
    return begun["secret"], codes


async def knock(console: Console, name: str = "li", code: str | None = None) -> ClientResponse:
    body = {"name": name, "password": PASSWORD} | ({"code": code} if code else {})
    return await console.client().post("/session", body)


@pytest.mark.covers("M-35")
async def test_a_confirmed_device_is_asked_for_from_then_on_and_each_code_is_good_once(console: Console, turn: Turn) -> None:
    li = await console.signed_in("li", "agent")
    assert await ok(await li.get("/me/totp")) == {"active": False, "recovery_codes_left": 0}
    begun = await ok(await li.post("/me/totp"), 201)
    assert begun["otpauth_url"].startswith("otpauth://totp/")
    assert re.fullmatch(r"<svg [^>]*viewBox=.*</svg>", begun["qr_svg"], re.DOTALL)
    assert "<script" not in begun["qr_svg"]
    assert (await knock(console)).status == 200, "an unconfirmed one is asked of nobody"

    assert await refused(await li.post("/me/totp/confirm", {"code": "000000"})) == (422, "totp_wrong")
    confirmed = await ok(await li.post("/me/totp/confirm", {"code": code_of(begun["secret"])}))
    assert len(confirmed["recovery_codes"]) == 10
    assert await ok(await li.get("/me/totp")) == {"active": True, "recovery_codes_left": 10}

    assert await refused(await knock(console)) == (401, "totp_needed")
    assert await refused(await knock(console, code=code_of(begun["secret"]))) == (401, "totp_wrong"), "used to confirm"
    turn(30)
    fresh = code_of(begun["secret"])
    assert (await knock(console, code=f"{fresh[:3]} {fresh[3:]}")).status == 200
    assert await refused(await knock(console, code=fresh)) == (401, "totp_wrong"), "used to sign in"
    assert await refused(await li.post("/me/totp")) == (409, "second_factor_active")


async def test_a_wrong_password_is_told_before_any_code_is_looked_at(console: Console, turn: Turn) -> None:
    li = await console.signed_in("li", "agent")
    secret, _ = await enrolled(li)
    turn(30)
    wrong = await console.client().post("/session", {"name": "li", "password": "guess", "code": code_of(secret)})
    assert await refused(wrong) == (401, "wrong_password")
    assert (await knock(console, code=code_of(secret))).status == 200, "the code was not used up"


@pytest.mark.covers("M-35")
async def test_of_two_who_come_with_one_code_at_once_one_gets_in(console: Console, turn: Turn) -> None:
    secret, _ = await enrolled(await console.signed_in("li", "agent"))
    turn(30)
    answers = await asyncio.gather(*(knock(console, code=code_of(secret)) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 401, 401, 401]


@pytest.mark.covers("M-35")
async def test_codes_cannot_be_guessed(console: Console, turn: Turn) -> None:
    secret, codes = await enrolled(await console.signed_in("li", "agent"))
    turn(30)
    for guess in range(5):
        assert await refused(await knock(console, code=f"{guess:06}")) == (401, "totp_wrong")
    for code in (code_of(secret), codes[0]):
        slowed = await knock(console, code=code)
        assert await refused(slowed) == (429, "too_many_attempts")
        assert 0 < int(slowed.headers["Retry-After"]) <= 900
    turn(930)
    assert (await knock(console, code=code_of(secret))).status == 200


@pytest.mark.covers("M-35")
async def test_a_recovery_code_signs_in_once_where_the_device_is_lost(console: Console, turn: Turn) -> None:
    li = await console.signed_in("li", "agent")
    _, codes = await enrolled(li)
    assert (await knock(console, code=codes[3].upper())).status == 200
    assert await refused(await knock(console, code=codes[3])) == (401, "totp_wrong")
    assert (await ok(await li.get("/me/totp")))["recovery_codes_left"] == 9

    fresh = await ok(await li.post("/me/totp/recovery-codes", {"password": PASSWORD}))
    assert await refused(await knock(console, code=codes[4])) == (401, "totp_wrong")
    assert (await knock(console, code=fresh["recovery_codes"][0])).status == 200


async def test_nothing_a_thief_of_the_database_could_use_is_in_it(console: Console, turn: Turn) -> None:
    import base64

    secret, codes = await enrolled(await console.signed_in("li", "agent"))
    (row,) = await console.hub.db.fetch("SELECT secret FROM auth_totp")
    assert base64.b32decode(secret) not in bytes(row["secret"])
    stored = {row["code_hash"] for row in await console.hub.db.fetch("SELECT code_hash FROM auth_recovery_code")}
    assert not stored & {*codes, *map(totp.normal, codes)}


async def test_doing_without_needs_the_password_a_few_tries_at_most(console: Console, turn: Turn) -> None:
    li = await console.signed_in("li", "agent")
    await enrolled(li)
    for path in ("/me/totp", "/me/totp"):
        wrong = await li("DELETE", f"/api/v1{path}", {"password": "guess"})
        assert await refused(wrong) == (422, "wrong_old_password")
    await ok(await li("DELETE", "/api/v1/me/totp", {"password": PASSWORD}), 204)
    assert (await knock(console)).status == 200
    gone = await li("DELETE", "/api/v1/me/totp", {"password": PASSWORD})
    assert await refused(gone) == (409, "second_factor_inactive")


@pytest.mark.covers("M-35", "P-06")
async def test_the_old_password_cannot_be_guessed_with_a_stolen_session(console: Console) -> None:
    li = await console.signed_in("li", "agent")
    change = {"old": "guess", "new": "another good one"}
    for _ in range(5):
        assert await refused(await li.post("/me/password", change)) == (422, "wrong_old_password")
    for body in (change, change | {"old": PASSWORD}):
        assert await refused(await li.post("/me/password", body)) == (429, "too_many_attempts")
    slowed = await li("DELETE", "/api/v1/me/totp", {"password": PASSWORD})
    assert await refused(slowed) == (429, "too_many_attempts"), "the same tries, whatever they are for"
    assert (await knock(console)).status == 200, "signing in is not slowed down by it"


@pytest.mark.covers("M-35", "M-36")
async def test_an_administrator_takes_a_lost_factor_away_and_an_equal_cannot(console: Console, turn: Turn) -> None:
    root, li = await console.signed_in("root", "administrator"), await console.signed_in("li", "agent")
    await enrolled(li)
    users = {user["name"]: user for user in (await ok(await root.get("/users")))["items"]}
    assert (users["li"]["second_factor"], users["root"]["second_factor"]) == (True, False)
    path = f"/users/{users['li']['id']}/totp"

    assert await refused(await li.delete(path)) == (403, "forbidden")
    await ok(await root.delete(path), 204)
    assert (await knock(console)).status == 200
    assert await refused(await root.delete(path)) == (409, "second_factor_inactive")
    assert await refused(await root.delete("/users/0197a000-0000-7000-8000-000000000000/totp")) == (404, "not_found")

    actions = [entry["action"] for entry in (await ok(await root.get("/audit")))["items"]]
    assert {"totp.add", "totp.reset"} <= {*actions}


async def test_who_manages_users_cannot_disarm_who_may_do_more(console: Console, turn: Turn) -> None:
    root = await console.signed_in("root", "administrator")
    await enrolled(root)
    role = await ok(await root.post("/roles", {"name": "clerk", "rights": ["users.manage"]}), 201)
    new = {"name": "clerk", "password": PASSWORD, "role_ids": [role["id"]]}
    await ok(await root.post("/users", new), 201)
    clerk = console.client()
    await clerk.sign_in("clerk")
    me = (await ok(await root.get("/session")))["user"]
    assert await refused(await clerk.delete(f"/users/{me['id']}/totp")) == (403, "escalation")


async def test_all_other_browsers_are_signed_out_at_once(console: Console) -> None:
    here = await console.signed_in("li", "agent")
    there = console.client()
    await there.sign_in("li")
    await ok(await here.delete("/me/sessions"), 204)
    assert (await here.get("/session")).status == 200
    assert (await there.get("/session")).status == 401
