"""Queues, presence and offers over HTTP."""

from collections.abc import Awaitable
from typing import Any

import pytest
from aiohttp import ClientResponse

from hub.api import calendars, offers, presence, queues, session, wallboard
from hub.auth import Auth
from hub.bus import LocalBus
from hub.conversations.service import Conversations
from hub.crm.tickets import Tickets
from hub.db import Database
from hub.routing import Routing
from hub.routing.queues import ensure_defaults
from hub.secrets import SecretKeys
from tests.fixtures.console import Console, Serve


async def said(asking: Awaitable[ClientResponse]) -> Any:
    """The answer's JSON."""
    return await (await asking).json()


@pytest.fixture
async def desk(serve: Serve, database: Database) -> tuple[Console, Routing]:
    bus = LocalBus()
    routing = Routing.build(database, bus, Conversations(database, Tickets(database)))
    auth = Auth.build(database, bus, keys=SecretKeys(b"k" * 32), queues_of=routing.queues.of_user)
    async with database.unit_of_work() as work:
        await ensure_defaults(work)
    services: dict[str, Any] = {"routing": routing, "bus": bus, "auth": auth}
    return await serve(
        session.api, queues.api, presence.api, offers.api, calendars.api, wallboard.api, services=services
    ), routing


async def test_a_queue_is_made_edited_and_deleted_by_who_may(desk: tuple[Console, Routing]) -> None:
    console, _ = desk
    boss, agent = await console.signed_in("boss", "administrator"), await console.signed_in("li", "agent")
    me = (await said(agent.get("/session")))["user"]

    assert (await agent.post("/queues", {"name": "Sales"})).status == 403
    made = await said(boss.post("/queues", {"name": "Sales", "member_ids": [me["id"]], "weights": {"webchat": 50}}))
    assert (made["strategy"], made["waiting"], made["member_ids"]) == ("longest_idle", 0, [me["id"]])
    assert {queue["name"] for queue in (await said(agent.get("/queues")))} == {"General", "Sales"}
    assert (await said(boss.post("/queues", {"name": "sales"})))["code"] == "queue_name_taken"

    changed = await said(boss.patch(f"/queues/{made['id']}", {"version": 1, "strategy": "round_robin", "member_ids": []}))
    assert (changed["strategy"], changed["member_ids"], changed["version"]) == ("round_robin", [], 2)
    assert (await boss.patch(f"/queues/{made['id']}", {"version": 1, "name": "x"})).status == 409
    assert (await boss.delete(f"/queues/{made['id']}")).status == 204
    assert (await boss.get(f"/queues/{made['id']}")).status == 404


@pytest.mark.covers("M-20")
async def test_presence_is_chosen_and_seen(desk: tuple[Console, Routing]) -> None:
    console, _ = desk
    agent = await console.signed_in("li", "agent")

    assert (await agent.put("/me/presence", {"state": "away"})).status == 204
    assert (await agent.put("/me/presence", {"state": "king"})).status == 422
    (seen,) = await said(agent.get("/presence"))
    assert (seen["state"], seen["connected"], seen["load"], seen["capacity"]) == ("offline", False, 0, 100)


async def test_offers_that_are_not_there_or_not_mine_look_alike(desk: tuple[Console, Routing]) -> None:
    console, _ = desk
    agent = await console.signed_in("li", "agent")

    assert (await said(agent.get("/offers"))) == []
    for verb in ("accept", "refuse"):
        answer = await agent.post(f"/offers/01890000-0000-7000-8000-000000000001/{verb}", {})
        assert (answer.status, (await answer.json())["code"]) == (404, "no_such_offer")


@pytest.mark.covers("M-10")
async def test_calendars_are_made_used_and_seen_as_open_spans(desk: tuple[Console, Routing]) -> None:
    console, _ = desk
    boss, agent = await console.signed_in("boss", "administrator"), await console.signed_in("li", "agent")
    day = [{"from": "09:00", "to": "12:00"}, {"from": "14:00", "to": "00:00"}]
    body = {"name": "Office", "timezone": "Asia/Shanghai", "week": [day] * 5 + [[], []]}
    body["holidays"] = [{"date": "2026-10-01", "name": "国庆节"}]

    assert (await agent.post("/calendars", body)).status == 403
    made = await said(boss.post("/calendars", body))
    assert {name: made[name] for name in body} == body | {"holidays": [{**body["holidays"][0], "periods": []}]}  # type: ignore[dict-item]
    assert (await boss.post("/calendars", body | {"week": []})).status == 422
    assert (await boss.post("/calendars", body | {"timezone": "../../etc/passwd"})).status == 422

    queue = (await said(boss.get("/queues")))[0]
    await boss.patch(f"/queues/{queue['id']}", {"version": 1, "calendar_id": made["id"], "first_response_minutes": 30})
    spans = await said(agent.get(f"/queues/{queue['id']}/open-spans?since=2026-09-30T00:00:00Z&until=2026-10-02T08:00:00Z"))
    assert [(s["start"], s["end"]) for s in spans] == [
        ("2026-09-30T01:00:00Z", "2026-09-30T04:00:00Z"),
        ("2026-09-30T06:00:00Z", "2026-09-30T16:00:00Z"),
        ("2026-10-02T01:00:00Z", "2026-10-02T04:00:00Z"),
        ("2026-10-02T06:00:00Z", "2026-10-02T08:00:00Z"),
    ]
    changed = await said(boss.put(f"/calendars/{made['id']}", body | {"name": "Bureau", "version": 1}))
    assert (changed["name"], changed["version"]) == ("Bureau", 2)
    assert (await said(boss.delete(f"/calendars/{made['id']}")))["code"] == "calendar_in_use"


@pytest.mark.covers("M-41", "Q-09")
async def test_the_board_is_for_who_may_see_everything(desk: tuple[Console, Routing]) -> None:
    console, _ = desk
    boss, agent = await console.signed_in("boss", "supervisor"), await console.signed_in("li", "agent")

    board = await said(boss.get("/wallboard"))

    assert [tile["name"] for tile in board["queues"]] == ["General"]
    assert (await agent.get("/wallboard")).status == 403
