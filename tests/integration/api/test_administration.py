"""Users, roles, teams, tokens and the audit log over HTTP."""

from uuid import uuid4

import pytest

from hub.auth import Right
from tests.fixtures.console import PASSWORD, Client, Console


@pytest.fixture
async def root(console: Console) -> Client:
    """An administrator's browser."""
    return await console.signed_in("root", "administrator")


async def roles_of(client: Client) -> dict[str, dict]:
    return {role["name"]: role for role in await (await client.get("/roles")).json()}


async def refused(response) -> tuple[int, str]:
    return response.status, (await response.json())["code"]


@pytest.mark.covers("P-04", "P-16")
async def test_an_administrator_adds_a_user_who_can_then_work(console: Console, root: Client) -> None:
    agent = (await roles_of(root))["agent"]["id"]
    body = {
        "name": "wang",
        "password": PASSWORD,
        "display_name": "王芳",
        "email": "W@x.cn",
        "role_ids": [agent],
        "work_number": "8001",
    }
    made = await (await root.post("/users", body)).json()

    assert (made["display_name"], made["email"], made["work_number"], made["role_ids"]) == ("王芳", "w@x.cn", "8001", [agent])
    assert "password" not in str(made)
    assert await (await root.get(f"/users/{made['id']}")).json() == made
    browser = console.client()
    await browser.sign_in("wang")
    named = await (await browser.get("/agents")).json()
    assert {"id": made["id"], "display_name": "王芳", "work_number": "8001"}.items() <= next(
        a for a in named if a["id"] == made["id"]
    ).items()
    assert await refused(await browser.get("/users")) == (403, "forbidden")


@pytest.mark.covers("P-02")
async def test_the_name_of_a_user_never_changes(root: Client, console: Console) -> None:
    user = await console.user("wang", "agent")
    assert (await root.patch(f"/users/{user.id}", {"version": 1, "name": "li"})).status == 422
    browser = console.client()
    await browser.sign_in("wang")
    assert (await browser.patch("/me", {"name": "li"})).status == 422


@pytest.mark.covers("P-09")
async def test_disabling_signs_out_at_once_and_enabling_lets_in_again(root: Client, console: Console) -> None:
    browser = await console.signed_in("wang", "agent")
    user = next(u for u in (await (await root.get("/users?q=wang")).json())["items"])

    disabled = await (await root.patch(f"/users/{user['id']}", {"version": user["version"], "disabled": True})).json()
    assert (await browser.get("/session")).status == 401
    stale = await root.patch(f"/users/{user['id']}", {"version": user["version"], "disabled": False})
    assert await refused(stale) == (409, "stale")
    assert (await root.patch(f"/users/{user['id']}", {"version": disabled["version"], "disabled": False})).status == 200
    await console.client().sign_in("wang")


@pytest.mark.covers("P-08")
async def test_there_is_no_way_to_delete_a_user(root: Client, console: Console) -> None:
    user = await console.user("wang", "agent")
    assert (await root.delete(f"/users/{user.id}")).status == 405


async def test_users_come_in_pages_without_gap_or_repeat(root: Client, console: Console) -> None:
    for n in range(7):
        await console.user(f"user{n}", "agent")
    names, cursor = [], None
    while True:
        page = await (await root.get("/users?limit=3" + (f"&cursor={cursor}" if cursor else ""))).json()
        names += [user["name"] for user in page["items"]]
        if not (cursor := page["next_cursor"]):
            break
    assert names == ["root", *(f"user{n}" for n in range(7))]
    assert await refused(await root.get("/users?cursor=nonsense")) == (422, "bad_cursor")


@pytest.mark.covers("P-10", "P-11")
async def test_a_role_of_ticked_rights_is_made_given_edited_and_deleted(root: Client, console: Console) -> None:
    role = await (await root.post("/roles", {"name": "组长", "rights": ["customers.read", "audit.read"]})).json()
    user = await console.user("wang", "agent")
    given = await root.patch(f"/users/{user.id}", {"version": 1, "role_ids": [role["id"]]})
    assert (await given.json())["role_ids"] == [role["id"]]
    browser = console.client()
    await browser.sign_in("wang")
    assert (await browser.get("/audit")).status == 200

    edited = await root.patch(f"/roles/{role['id']}", {"version": role["version"], "rights": ["customers.read"]})
    assert (await edited.json())["rights"] == ["customers.read"]
    assert (await browser.get("/audit")).status == 403
    assert (await root.patch(f"/roles/{role['id']}", {"version": 2, "rights": ["*"]})).status == 422
    assert (await root.patch(f"/roles/{role['id']}", {"version": 2, "rights": [], "name": "x"})).status == 422
    assert await refused(await root.delete(f"/roles/{role['id']}")) == (409, "role_in_use")
    await root.patch(f"/users/{user.id}", {"version": 2, "role_ids": []})
    assert (await root.delete(f"/roles/{role['id']}")).status == 204
    assert "组长" not in await roles_of(root)


async def test_nobody_raises_themselves(root: Client, console: Console) -> None:
    helper_role = await (
        await root.post("/roles", {"name": "helper", "rights": ["users.manage", "roles.manage", "tokens.manage"]})
    ).json()
    user = await console.user("helper")
    await root.patch(f"/users/{user.id}", {"version": 1, "role_ids": [helper_role["id"]]})
    helper = console.client()
    await helper.sign_in("helper")
    roles = await roles_of(helper)
    administrator = (await (await helper.get("/users?q=root")).json())["items"][0]

    for attempt in (
        helper.patch(f"/users/{user.id}", {"version": 2, "role_ids": [roles["administrator"]["id"]]}),
        helper.patch(f"/roles/{helper_role['id']}", {"version": 1, "rights": ["users.manage", "audit.read"]}),
        helper.patch(f"/roles/{roles['administrator']['id']}", {"version": 1, "rights": ["users.manage", "roles.manage"]}),
        helper.post("/roles", {"name": "more", "rights": ["audit.read"]}),
        helper.post("/tokens", {"name": "more", "scopes": ["*"]}),
        helper.post(f"/users/{administrator['id']}/password", {"password": "another good one"}),
        helper.patch(f"/users/{administrator['id']}", {"version": 1, "disabled": True}),
    ):
        assert await refused(await attempt) == (403, "escalation")


@pytest.mark.covers("P-15")
async def test_teams_are_made_filled_and_deleted(root: Client, console: Console) -> None:
    user = await console.user("wang", "agent")
    team = await (await root.post("/teams", {"name": "夜班", "member_ids": [str(user.id)]})).json()
    assert await (await root.get("/teams")).json() == [team]
    assert await refused(await root.post("/teams", {"name": "夜班"})) == (409, "name_taken")
    assert await refused(await root.post("/teams", {"name": "x", "member_ids": [str(uuid4())]})) == (404, "not_found")
    assert await refused(await root.patch(f"/teams/{team['id']}", {"version": 2**40, "name": "x"})) == (409, "stale")

    renamed = await (await root.patch(f"/teams/{team['id']}", {"version": 1, "name": "Night"})).json()
    assert (renamed["name"], renamed["member_ids"]) == ("Night", [str(user.id)])
    assert (await root.delete(f"/teams/{team['id']}")).status == 204
    assert await (await root.get("/teams")).json() == []


@pytest.mark.covers("M-37")
async def test_a_token_is_told_once_and_works_until_it_is_revoked(root: Client, console: Console) -> None:
    made = await (await root.post("/tokens", {"name": "ci", "scopes": ["users.manage"]})).json()
    program = console.client(made["token"])
    assert (await program.get("/users")).status == 200

    (listed,) = await (await root.get("/tokens")).json()
    assert (listed["scopes"], listed["hint"]) == (["users.manage"], made["token"][-4:])
    assert made["token"] not in str(listed)
    assert (await root.delete(f"/tokens/{made['id']}")).status == 204
    assert await refused(await program.get("/users")) == (401, "unauthorised")
    assert await refused(await root.post("/tokens", {"name": "x", "scopes": ["users.mange"]})) == (422, "invalid")
    assert await refused(await root.post("/tokens", {"name": "x", "scopes": []})) == (422, "invalid")
    assert await refused(await root.post("/tokens", {"name": "x", "scopes": ["*"], "expires_at": "2020-01-01T00:00:00Z"})) == (
        422,
        "invalid",
    )
    assert (await root.post("/tokens", {"name": "x", "scopes": ["*"], "expires_at": "2030-01-01T00:00:00"})).status == 422


@pytest.mark.covers("M-36")
async def test_the_audit_log_tells_who_did_what_from_where(root: Client, console: Console) -> None:
    user = await console.user("wang", "agent")
    await root.patch(f"/users/{user.id}", {"version": 1, "disabled": True})
    await console.client().post("/session", {"name": "nobody", "password": "wrong"})

    first = await (await root.get("/audit?limit=1")).json()
    assert (first["items"][0]["action"], first["items"][0]["actor"]["kind"]) == ("session.refuse", "anonymous")
    assert "nobody" not in str(first["items"][0])
    second = (await (await root.get(f"/audit?limit=1&cursor={first['next_cursor']}")).json())["items"][0]
    assert (second["action"], second["actor"]["name"], second["subject"]) == (
        "user.change",
        "root",
        {"kind": "user", "id": str(user.id)},
    )
    assert (second["detail"], second["ip"]) == ({"name": "wang", "disabled": True}, "127.0.0.1")
    earlier = await (await root.get("/audit", params={"until": first["items"][0]["at"]})).json()
    assert first["items"][0]["id"] not in [one["id"] for one in earlier["items"]]
    since = await (await root.get("/audit", params={"since": first["items"][0]["at"]})).json()
    assert [one["id"] for one in since["items"]] == [first["items"][0]["id"]]
    only = await (await root.get("/audit?action=user.change")).json()
    assert {item["action"] for item in only["items"]} == {"user.change"}
    assert (await (await root.get(f"/audit?user_id={user.id}")).json())["items"] == []


async def test_rights_are_listed_for_the_form_that_ticks_them(root: Client) -> None:
    assert await (await root.get("/rights")).json() == [str(right) for right in Right]
