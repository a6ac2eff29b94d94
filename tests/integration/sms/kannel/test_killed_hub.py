"""The hub itself is killed while it sends by a real Kannel: nothing is sent twice, and whatever left is known in the end."""

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from tests.fixtures.desk import eventually
from tests.fixtures.kannel import PASSWORD, USER, Kannel
from tests.fixtures.program import Api, Program
from tests.integration.sms.kannel.conftest import SECRET

MESSAGES, KILLS = 80, 2


@pytest.fixture
async def account_id(program: Program, api: Api, kannel: Kannel) -> str:
    """A Kannel with its centre, and the hub's account at it."""
    settings = {
        "sender": "10690000",
        "sendsms_url": kannel.url,
        "username": USER,
        "password": PASSWORD,
        "hook_secret": SECRET,
    }
    body = {"name": "Texts", "provider": "kannel", "settings": settings, "client_key": str(uuid4())}
    account = await api.insist("POST", "/accounts", body)
    kannel.configure(hooks_url=f"{program.url}/hooks/{account['id']}", secret=SECRET)
    await kannel.start()
    await kannel.connect_centre()
    return str(account["id"])


@pytest.mark.covers("S-01")
async def test_a_killed_hub_sends_nothing_twice_and_learns_what_became_of_it(
    program: Program, api: Api, kannel: Kannel, account_id: str
) -> None:
    async def write(number: int) -> None:
        to = [{"kind": "phone", "address": f"+861390000{number:04}"}]
        body = {"account_id": account_id, "to": to, "text": f"number {number}", "client_key": str(uuid4())}
        await api.insist("POST", "/conversations", body)

    async def write_all() -> None:
        for first in range(0, MESSAGES, 8):
            await asyncio.gather(*(write(number) for number in range(first, first + 8)))

    writing = asyncio.create_task(write_all())
    for kill in range(1, KILLS + 1):
        async with asyncio.timeout(20):
            while len(kannel.got) < kill * MESSAGES // (KILLS + 1):
                await asyncio.sleep(0.005)
        program.kill()
        await program.start()
    await writing

    async def settled() -> dict[str, str]:
        sent: list[Any] = await api.all("/messages", direction="out", channel="sms")
        fates = {message["text"]: message["status"] for message in sent}
        assert len(fates) == MESSAGES
        left = Counter(fates[text] for text in taken(kannel))
        assert set(left) == {"delivered"}, left
        assert set(fates.values()) <= {"delivered", "unknown"}, Counter(fates.values())
        return fates

    fates = await eventually(settled, within=30)

    assert set(Counter(taken(kannel)).values()) == {1}
    assert {text for text, status in fates.items() if status == "delivered"} == set(taken(kannel))


def taken(kannel: Kannel) -> list[str]:
    return [line.partition("text ")[2] for line in kannel.got]
