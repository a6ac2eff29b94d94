"""Signing in with a browser, and what a foreign page cannot do."""

import pytest
from yarl import URL

from hub.auth import SYSTEM, Right
from tests.fixtures.console import PASSWORD, Console, Serve


async def code(response) -> tuple[int, str]:
    document = await response.json()
    assert response.content_type == "application/problem+json"
    assert document["status"] == response.status
    return response.status, document["code"]


async def test_the_first_run_makes_an_administrator_once_and_signs_them_in(console: Console) -> None:
    browser = console.client()
    assert await (await browser.get("/setup")).json() == {"needed": True, "public_url_is_secure": False}

    made = await browser.post("/setup", {"name": "root", "password": PASSWORD, "display_name": "Chief", "locale": "en"})

    assert made.status == 201
    me = (await made.json())["user"]
    assert (me["name"], me["display_name"], me["locale"], set(me["rights"])) == ("root", "Chief", "en", {*Right})
    assert (await (await browser.get("/session")).json())["user"] == me
    assert await (await browser.get("/setup")).json() == {"needed": False, "public_url_is_secure": False}
    again = await console.client().post("/setup", {"name": "mallory", "password": PASSWORD})
    assert await code(again) == (410, "setup_done")


async def test_signing_out_ends_the_session_on_the_server_too(console: Console) -> None:
    browser = await console.signed_in("li", "agent")
    cookie = browser.http.cookie_jar.filter_cookies(URL(console.base))["hub"].value

    assert (await browser.delete("/session")).status == 204

    assert await code(await browser.get("/session")) == (401, "unauthorised")
    kept = await console.client().get("/session", headers={"Cookie": f"hub={cookie}"})
    assert await code(kept) == (401, "unauthorised")


@pytest.mark.parametrize(
    ("host", "public_url", "expected"),
    [
        ("localhost:8080", "", "__Host-hub"),
        ("192.0.2.9:8080", "http://192.0.2.9:8080", "hub"),
        ("desk.example.org", "https://desk.example.org", "__Host-hub"),
    ],
)
async def test_the_cookie_is_as_strict_as_the_address_allows(serve: Serve, host: str, public_url: str, expected: str) -> None:
    console = await serve(**({"public_url": public_url} if public_url else {}))
    await console.user("li", "agent")
    answer = await console.client().post("/session", {"name": "li", "password": PASSWORD}, headers={"Host": host})

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{expected}=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
    assert ("Secure" in cookie) == (expected == "__Host-hub")
    assert "Domain" not in cookie


async def test_a_cookie_alone_changes_nothing(console: Console) -> None:
    browser = await console.signed_in("li", "agent")
    token = browser.headers.pop("X-CSRF-Token")

    assert await code(await browser.patch("/me", {"theme": "dark"})) == (403, "bad_csrf_token")
    assert await code(await browser.patch("/me", {"theme": "dark"}, headers={"X-CSRF-Token": "x" * 64})) == (
        403,
        "bad_csrf_token",
    )
    assert (await browser.get("/session")).status == 200
    changed = await browser.patch("/me", {"theme": "dark"}, headers={"X-CSRF-Token": token})
    assert (await changed.json())["theme"] == "dark"


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}],
)
async def test_a_foreign_page_neither_signs_anybody_in_nor_sets_the_hub_up(console: Console, headers: dict[str, str]) -> None:
    body = {"name": "mallory", "password": PASSWORD}
    assert await code(await console.client().post("/setup", body, headers=headers)) == (403, "foreign_origin")
    browser = await console.signed_in("li", "agent")
    assert await code(await console.client().post("/session", body, headers=headers)) == (403, "foreign_origin")
    assert await code(await browser.patch("/me", {"theme": "dark"}, headers=headers)) == (403, "foreign_origin")


async def test_our_own_page_and_programs_are_not_foreign(console: Console) -> None:
    await console.user("li", "agent")
    body = {"name": "li", "password": PASSWORD}
    for headers in ({"Origin": console.base}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost:8080"}, {}):
        assert (await console.client().post("/session", body, headers=headers)).status == 200


async def test_forged_cookies_and_tokens_are_all_told_the_same(console: Console) -> None:
    said = set()
    for headers in (
        {"Cookie": "hub=forged"},
        {"Cookie": "hub="},
        {"Cookie": b"hub=\xff\xfe".decode("latin-1")},
        {},
    ):
        said.add(await code(await console.client().get("/session", headers=headers)))
    for value in ("Bearer forged", "Bearer ", "Basic cm9vdDpyb290", "Bearer hub_" + "x" * 3000, "bearer\tx"):
        said.add(await code(await console.client().get("/users", headers={"Authorization": value})))
    assert said == {(401, "unauthorised")}


async def test_what_one_sees_of_oneself_can_be_changed_and_nothing_else(console: Console) -> None:
    browser = await console.signed_in("li", "agent")

    changed = await browser.patch("/me", {"display_name": "李四", "email": "Li@Example.org", "locale": "en", "theme": "dark"})
    assert {"display_name": "李四", "email": "li@example.org", "locale": "en", "theme": "dark"}.items() <= (
        await changed.json()
    ).items()
    for body in ({"name": "root"}, {"rights": ["*"]}, {"role_ids": []}, {"disabled": False}, {"theme": "pink"}):
        assert (await browser.patch("/me", body)).status == 422


@pytest.mark.covers("P-06")
async def test_changing_the_password_signs_the_other_browsers_out(console: Console) -> None:
    browser = await console.signed_in("li", "agent")
    other = console.client()
    await other.sign_in("li")

    wrong = await browser.post("/me/password", {"old": "guess", "new": "another good one"})
    assert await code(wrong) == (422, "wrong_old_password")
    assert (await browser.post("/me/password", {"old": PASSWORD, "new": "another good one"})).status == 204

    assert (await browser.get("/session")).status == 200
    assert (await other.get("/session")).status == 401


async def test_one_lists_and_ends_ones_own_browsers(console: Console) -> None:
    here = await console.signed_in("li", "agent")
    there = console.client()
    await there.sign_in("li")
    stranger = await console.signed_in("wang", "agent")

    sessions = await (await here.get("/me/sessions")).json()
    assert [session["current"] for session in sessions] == [False, True]
    assert await code(await stranger.delete(f"/me/sessions/{sessions[0]['id']}")) == (404, "not_found")
    assert (await here.delete(f"/me/sessions/{sessions[0]['id']}")).status == 204

    assert (await there.get("/session")).status == 401


async def test_a_token_has_no_session_and_needs_no_csrf_header(console: Console) -> None:
    _, text = await console.hub.auth.tokens.add(SYSTEM, name="ci", rights={Right.USERS_MANAGE})
    program = console.client(text)

    assert (await program.get("/users")).status == 200
    made = await program.post("/users", {"name": "new", "password": PASSWORD})
    assert made.status == 201
    assert await code(await program.get("/session")) == (403, "needs_user")
    assert await code(await program.delete("/session")) == (403, "needs_user")
    assert await code(await program.get("/audit")) == (403, "forbidden")


async def test_a_wrong_password_is_slowed_down_with_the_time_to_wait(console: Console) -> None:
    await console.user("li", "agent")
    browser = console.client()
    for _ in range(5):
        assert await code(await browser.post("/session", {"name": "li", "password": "wrong"})) == (401, "wrong_password")
    slowed = await browser.post("/session", {"name": "li", "password": PASSWORD})

    assert await code(slowed) == (429, "too_many_attempts")
    assert 0 < int(slowed.headers["Retry-After"]) <= 900
