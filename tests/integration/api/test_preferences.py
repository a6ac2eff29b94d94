"""Preferences over HTTP: kept by user, never half understood, never endless."""

from typing import Any

import pytest
from aiohttp import ClientResponse

from hub.auth import SYSTEM, Right
from tests.fixtures.console import Console

DEFAULTS = {
    "density": "comfortable",
    "enter_sends": True,
    "single_keys": True,
    "shortcuts": {},
    "notifications": {},
    "quiet_hours": None,
    "alert_number": None,
    "undo_seconds": 5,
    "columns": {},
}


async def ok(response: ClientResponse) -> Any:
    assert response.status == 200, await response.text()
    return await response.json()


@pytest.mark.covers("M-19", "M-20")
async def test_what_is_chosen_stays_and_what_is_left_out_too(console: Console) -> None:
    li, wang = await console.signed_in("li", "agent"), await console.signed_in("wang", "agent")
    assert await ok(await li.get("/me/preferences")) == DEFAULTS

    chosen = {
        "shortcuts": {"close": "g c", "reply": ""},
        "notifications": {"mention": {"desktop": True, "sound": False}},
        "quiet_hours": {"from": "22:00", "to": "07:00", "timezone": "Asia/Shanghai"},
        "columns": {"list_width": 380, "pane": True},
    }
    assert await ok(await li.put("/me/preferences", chosen)) == DEFAULTS | chosen
    assert await ok(await li.put("/me/preferences", {"density": "compact", "quiet_hours": None})) == (
        DEFAULTS | chosen | {"density": "compact", "quiet_hours": None}
    )

    elsewhere = console.client()
    await elsewhere.sign_in("li")
    assert (await ok(await elsewhere.get("/me/preferences")))["density"] == "compact"
    assert await ok(await wang.get("/me/preferences")) == DEFAULTS


async def test_the_other_pages_of_the_same_user_are_told_and_nobody_else(console: Console) -> None:
    li = await console.signed_in("li", "agent")
    await ok(await li.put("/me/preferences", {"single_keys": False}))
    me = (await ok(await li.get("/session")))["user"]["id"]
    rows = await console.hub.db.fetch("SELECT data, audience FROM event_log WHERE type = 'preferences.changed'")
    assert [(row["data"]["preferences"]["single_keys"], row["audience"]) for row in rows] == [(False, {"user_id": me})]


@pytest.mark.parametrize(
    "wrong",
    [
        {"density": "tiny"},
        {"undo_seconds": 31},
        {"undo_seconds": -1},
        {"quiet_hours": {"from": "24:00", "to": "07:00", "timezone": "UTC"}},
        {"quiet_hours": {"from": "22:00", "to": "07:00", "timezone": "Mars/Olympus"}},
        {"quiet_hours": {"from": "22:00", "to": "07:00", "timezone": "../../etc/passwd"}},
        {"shortcuts": {"close": "x" * 33}},
        {"notifications": {"mention": {"desktop": True, "colour": "red"}}},
        {"columns": {"deep": {"deeper": 1}}},
        {"columns": {f"k{n}": "x" * 300 for n in range(100)}},
        {"favourite": 1},
    ],
    ids=str,
)
async def test_nonsense_is_refused_and_changes_nothing(console: Console, wrong: dict[str, Any]) -> None:
    li = await console.signed_in("li", "agent")
    refused = await li.put("/me/preferences", {"enter_sends": False} | wrong)
    assert (refused.status, (await refused.json())["code"]) == (422, "invalid")
    assert await ok(await li.get("/me/preferences")) == DEFAULTS


async def test_what_another_release_stored_is_read_as_far_as_it_is_understood(console: Console) -> None:
    li = await console.signed_in("li", "agent")
    await ok(await li.put("/me/preferences", {"enter_sends": False, "density": "compact"}))
    async with console.hub.db.unit_of_work() as work:
        stored = {"enter_sends": False, "density": "roomy", "holograms": True, "undo_seconds": "5"}
        await work.execute("UPDATE auth_preference SET value = $1", stored)
    assert await ok(await li.get("/me/preferences")) == DEFAULTS | {"enter_sends": False}


async def test_a_token_is_nobody_and_prefers_nothing(console: Console) -> None:
    _, text = await console.hub.auth.tokens.add(SYSTEM, name="ci", rights={Right.CUSTOMERS_READ})
    for answer in (await console.client(text).get("/me/preferences"), await console.client(text).put("/me/preferences", {})):
        assert (answer.status, (await answer.json())["code"]) == (403, "needs_user")
