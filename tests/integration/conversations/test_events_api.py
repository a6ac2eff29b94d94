"""The event log as a long poll: the same truth as the socket's."""

import asyncio

import pytest

from tests.fixtures.console import Serve


async def _add_team(client, name: str) -> None:  # type: ignore[no-untyped-def]
    assert (await client.post("/teams", {"name": name})).status == 201


@pytest.mark.covers("M-37", "B-12")
async def test_a_poll_answers_what_happened_after_its_cursor_and_only_that(serve: Serve) -> None:
    console = await serve()
    client = await console.signed_in("anna", "administrator")
    start = (await (await client.get("/events")).json())["next_cursor"]
    await _add_team(client, "One")
    await _add_team(client, "Two")

    answer = await (await client.get("/events", params={"after": start})).json()

    assert [item["type"] for item in answer["items"]] == ["team.changed", "team.changed"]
    again = await (await client.get("/events", params={"after": answer["next_cursor"]})).json()
    assert again == {"items": [], "next_cursor": answer["next_cursor"]}


async def test_a_waiting_poll_answers_as_soon_as_something_happens(serve: Serve) -> None:
    console = await serve()
    client = await console.signed_in("anna", "administrator")
    start = (await (await client.get("/events")).json())["next_cursor"]

    waiting = asyncio.create_task(client.get("/events", params={"after": start, "wait": "20"}))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await _add_team(client, "Late")
    async with asyncio.timeout(5):
        answer = await (await waiting).json()
    assert [item["type"] for item in answer["items"]] == ["team.changed"]


async def test_nobody_learns_what_is_not_for_them(serve: Serve) -> None:
    console = await serve()
    administrator = await console.signed_in("anna", "administrator")
    agent = await console.signed_in("ben", "agent")
    start = (await (await agent.get("/events")).json())["next_cursor"]
    created = await administrator.post("/roles", {"name": "Auditors", "rights": ["audit.read"]})
    assert created.status == 201

    answer = await (await agent.get("/events", params={"after": start})).json()
    assert all(item["type"] != "role.changed" for item in answer["items"])


async def test_a_cursor_of_another_epoch_is_told_to_start_anew(serve: Serve) -> None:
    console = await serve()
    client = await console.signed_in("anna", "administrator")
    response = await client.get("/events", params={"after": "zz.0.1"})
    assert (response.status, (await response.json())["code"]) == (410, "resync")


async def test_a_waiting_poll_learns_nothing_more_once_its_caller_is_out(serve: Serve) -> None:
    console = await serve()
    administrator = await console.signed_in("anna", "administrator")
    leaver = await console.signed_in("ben", "agent")
    start = (await (await leaver.get("/events")).json())["next_cursor"]
    (user,) = (await (await administrator.get("/users", params={"q": "ben"})).json())["items"]

    waiting = asyncio.create_task(leaver.get("/events", params={"after": start, "wait": "20"}))
    await asyncio.sleep(0.2)
    assert (await administrator.patch(f"/users/{user['id']}", {"version": user["version"], "disabled": True})).status == 200

    async with asyncio.timeout(5):
        assert (await waiting).status == 401
