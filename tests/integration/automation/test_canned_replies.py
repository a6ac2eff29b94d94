"""Canned replies over HTTP: whose they are, who sees them, who changes them."""

from typing import Any
from uuid import UUID

import pytest

from hub.api import canned_replies, session
from hub.auth import SYSTEM, Right
from hub.auth.values import UserChange
from hub.automation import CannedReplies
from hub.db import Database
from hub.ids import UserId
from tests.fixtures.console import Client, Console, Serve
from tests.integration.conversations.conftest import Json, ok, refused

NOBODY = "0197a000-0000-7000-8000-000000000000"


@pytest.fixture
async def desk(serve: Serve, database: Database) -> Console:
    """A console with canned replies only."""
    return await serve(session.api, canned_replies.api, services={"canned": CannedReplies(database)})


async def team(desk: Console, *members: str) -> str:
    """A team of these users."""
    ids = [(await desk.hub.db.fetch_one("SELECT id FROM auth_user WHERE name = $1", name)) for name in members]
    made = await desk.hub.auth.teams.add(SYSTEM, name=f"team {members}", member_ids=[row["id"] for row in ids if row])
    return str(made.id)


async def add(client: Client, shortcut: str, status: int = 201, **more: Any) -> Json:
    made: Json = await ok(
        await client.post("/canned-replies", {"shortcut": shortcut, "title": shortcut, "text": "x"} | more), status
    )
    return made


async def shortcuts(client: Client) -> list[str]:
    return [one["shortcut"] for one in await ok(await client.get("/canned-replies"))]


@pytest.mark.covers("M-05")
async def test_everybody_sees_their_own_their_teams_and_what_is_everybodys(desk: Console) -> None:
    boss, li, wang = [
        await desk.signed_in(name, role) for name, role in (("boss", "supervisor"), ("li", "agent"), ("wang", "agent"))
    ]
    of_li = await team(desk, "li")
    await add(boss, "all", scope="everybody")
    await add(boss, "crew", scope="team", team_id=of_li)
    await add(li, "li-own")
    await add(wang, "wang-own", scope="mine")

    assert await shortcuts(li) == ["all", "crew", "li-own"]
    assert await shortcuts(wang) == ["all", "wang-own"]
    assert await shortcuts(boss) == ["all", "crew"], "who manages the shared ones sees those of all teams, and nobody's own"
    mine = {one["shortcut"]: one["may_change"] for one in await ok(await li.get("/canned-replies"))}
    assert mine == {"all": False, "crew": False, "li-own": True}


@pytest.mark.covers("M-05", "M-34")
async def test_somebody_elses_own_is_not_there_and_what_is_shared_is_changed_by_who_may(desk: Console) -> None:
    boss, li, wang = [
        await desk.signed_in(name, role) for name, role in (("boss", "supervisor"), ("li", "agent"), ("wang", "agent"))
    ]
    own, shared = await add(wang, "own"), await add(boss, "all", scope="everybody")

    for client in (li, boss):
        theirs = f"/canned-replies/{own['id']}"
        absent = await refused(await client.patch(f"/canned-replies/{NOBODY}", {"version": 1}), 404, "not_found")
        assert await refused(await client.patch(theirs, {"version": 1}), 404, "not_found") | {"request_id": ""} == absent | {
            "request_id": ""
        }
        await refused(await client.delete(theirs), 404, "not_found")
    await refused(await li.patch(f"/canned-replies/{shared['id']}", {"version": 1, "text": "mine now"}), 403, "not_yours")
    await refused(await li.delete(f"/canned-replies/{shared['id']}"), 403, "not_yours")
    for scope in ({"scope": "everybody"}, {"scope": "team", "team_id": await team(desk, "li")}):
        new = {"shortcut": "s", "title": "s", "text": "x"} | scope
        await refused(await li.post("/canned-replies", new), 403, "not_yours")
    mine = await add(li, "up")
    await refused(await li.patch(f"/canned-replies/{mine['id']}", {"version": 1, "scope": "everybody"}), 403, "not_yours")


async def test_one_is_changed_handed_on_and_deleted(desk: Console) -> None:
    boss, li = await desk.signed_in("boss", "supervisor"), await desk.signed_in("li", "agent")
    made = await add(boss, "Hello", title="Greeting", text="Hi {{customer.name}}", locale="en")
    path = f"/canned-replies/{made['id']}"
    assert (made["shortcut"], made["scope"], made["version"]) == ("hello", "mine", 1)

    changed = await ok(
        await boss.patch(path, {"version": 1, "text": "Hello {{customer.name}}", "html": "<p onclick=x>Hi</p><script>x</script>"})
    )
    assert (changed["text"], changed["html"], changed["title"]) == ("Hello {{customer.name}}", "<p>Hi</p>", "Greeting")
    await refused(await boss.patch(path, {"version": 1, "text": "late"}), 409, "stale")
    of_li = await team(desk, "li")
    handed = await ok(await boss.patch(path, {"version": 2, "scope": "team", "team_id": of_li}))
    assert (handed["scope"], handed["team_id"]) == ("team", of_li)
    assert await shortcuts(li) == ["hello"]
    shared = await ok(await boss.patch(path, {"version": 3, "scope": "everybody"}))
    assert shared["team_id"] is None
    await ok(await boss.delete(path), 204)
    await refused(await boss.delete(path), 404, "not_found")
    assert await shortcuts(li) == []


async def test_a_shortcut_is_unique_per_holder_and_language(desk: Console) -> None:
    boss, li = await desk.signed_in("boss", "supervisor"), await desk.signed_in("li", "agent")
    await add(boss, "hi", scope="everybody", locale="en")
    await add(boss, "hi", scope="everybody", locale="zh-CN")
    await add(li, "hi", locale="en")
    again = {"shortcut": "HI", "title": "x", "text": "x", "scope": "everybody", "locale": "en"}
    await refused(await boss.post("/canned-replies", again), 409, "shortcut_taken")
    other = await add(boss, "ho", scope="everybody", locale="en")
    await refused(await boss.patch(f"/canned-replies/{other['id']}", {"version": 1, "shortcut": "hi"}), 409, "shortcut_taken")


@pytest.mark.parametrize(
    "wrong",
    [
        {"shortcut": ""},
        {"shortcut": "two words"},
        {"shortcut": "a/b"},
        {"title": " "},
        {"text": ""},
        {"text": "", "html": "<script>x</script>"},
        {"scope": "team"},
        {"team_id": NOBODY},
        {"locale": "fr"},
        {"scope": "galaxy"},
    ],
    ids=str,
)
async def test_what_nobody_could_use_is_refused(desk: Console, wrong: Json) -> None:
    boss = await desk.signed_in("boss", "supervisor")
    answer = await boss.post("/canned-replies", {"shortcut": "s", "title": "s", "text": "x"} | wrong)
    assert answer.status == 422, await answer.text()
    assert await shortcuts(boss) == []


async def test_a_team_that_is_not_there_holds_nothing(desk: Console) -> None:
    boss = await desk.signed_in("boss", "supervisor")
    new = {"shortcut": "s", "title": "s", "text": "x", "scope": "team", "team_id": NOBODY}
    await refused(await boss.post("/canned-replies", new), 404, "not_found")


@pytest.mark.covers("M-05")
async def test_four_hundred_load_at_once(desk: Console) -> None:
    boss, li = await desk.signed_in("boss", "supervisor"), await desk.signed_in("li", "agent")
    for number in range(400):
        await add(boss, f"s{number:03}", scope="everybody", text="text " * 40)
    assert await shortcuts(li) == [f"s{number:03}" for number in range(400)]


@pytest.mark.covers("M-36")
async def test_what_is_done_to_the_shared_ones_is_on_record_and_ones_own_is_not(desk: Console) -> None:
    boss = await desk.signed_in("boss", "supervisor")
    await add(boss, "own")
    shared = await add(boss, "all", scope="everybody")
    await ok(await boss.patch(f"/canned-replies/{shared['id']}", {"version": 1, "text": "y"}))
    await ok(await boss.delete(f"/canned-replies/{shared['id']}"), 204)
    rows = await desk.hub.db.fetch("SELECT action FROM auth_audit WHERE subject_kind = 'canned_reply' ORDER BY n")
    assert [row["action"] for row in rows] == ["canned_reply.add", "canned_reply.change", "canned_reply.remove"]


async def test_pages_that_show_them_are_told_of_ones_own_only_oneself(desk: Console) -> None:
    boss = await desk.signed_in("boss", "supervisor")
    me = (await ok(await boss.get("/session")))["user"]["id"]
    await add(boss, "own")
    await add(boss, "all", scope="everybody")
    rows = await desk.hub.db.fetch("SELECT audience FROM event_log WHERE type = 'canned_reply.changed' ORDER BY id")
    assert [row["audience"] for row in rows] == [{"user_id": me}, {}]


async def test_a_program_uses_the_shared_ones_and_has_none_of_its_own(desk: Console) -> None:
    boss = await desk.signed_in("boss", "supervisor")
    await add(boss, "own")
    await add(boss, "all", scope="everybody")
    _, text = await desk.hub.auth.tokens.add(SYSTEM, name="bot", rights={Right.CONVERSATIONS_REPLY})
    program = desk.client(text)
    assert await shortcuts(program) == ["all"]
    await refused(await program.post("/canned-replies", {"shortcut": "s", "title": "s", "text": "x"}), 403, "needs_user")


async def test_leaving_a_team_takes_its_replies_along_at_once(desk: Console) -> None:
    boss, li = await desk.signed_in("boss", "supervisor"), await desk.signed_in("li", "agent")
    of_li = await team(desk, "li")
    await add(boss, "crew", scope="team", team_id=of_li)
    assert await shortcuts(li) == ["crew"]
    await desk.user("root", "administrator")
    me = UserId(UUID((await ok(await li.get("/session")))["user"]["id"]))
    users = desk.hub.auth.users
    await users.change(SYSTEM, me, UserChange(team_ids=()), version=1)
    assert await shortcuts(li) == []
