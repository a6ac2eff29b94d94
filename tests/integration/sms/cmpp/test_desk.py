"""A desk whose operator speaks CMPP: the account runs, the ledger sends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from hub.accounts import NewAccount
from hub.auth import SYSTEM
from hub.delivery.service import Send
from hub.ids import AccountId, ConversationId
from hub.messages.address import Address, AddressKind
from hub.messages.content import Draft
from tests.fixtures.desk import Desk, eventually
from tests.fixtures.operators import until
from tests.integration.sms.cmpp.conftest import Line

LONG = "您好，您的订单已经发货，请注意查收。" * 9


@pytest.fixture
async def account_id(desk: Desk, line: Line) -> AsyncIterator[AccountId]:
    """An account at the gateway, signed in."""
    settings = {
        "host": "localhost",
        "port": line.gateway.port,
        "sp_id": line.gateway.sp_id,
        "shared_secret": line.gateway.secret,
        "sender": "10690000",
        "response_seconds": 1.0,
    }
    account = await desk.hub.accounts.create(NewAccount(name="Operator", provider="cmpp", settings=settings), by=SYSTEM)
    running = asyncio.create_task(desk.parts.supervisor.run())
    await until(lambda: line.gateway.signed_in == 1)
    yield account.id
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def write(desk: Desk, account_id: AccountId, number: str, text: str, conversation: ConversationId | None = None) -> None:
    draft = Draft(text=text, to=(Address(kind=AddressKind.PHONE, value=number),))
    await desk.hub.delivery.send(Send(account_id=account_id, draft=draft, conversation_id=conversation), by=SYSTEM)


async def fates(desk: Desk) -> dict[str, str]:
    rows = await desk.db.fetch("SELECT text, status FROM message WHERE direction = 'out'")
    return {row["text"]: row["status"] for row in rows}


@pytest.mark.covers("S-01", "S-02", "M-27")
async def test_a_customer_is_answered_and_answers_again(desk: Desk, line: Line, account_id: AccountId) -> None:
    await line.gateway.inject("13800138000", "10690000", "我的订单在哪里？")
    (asked,) = await desk.filed(1)

    await write(desk, account_id, "+8613800138000", LONG, asked["conversation_id"])

    async def settled() -> None:
        assert await fates(desk) == {LONG: "delivered"}

    await eventually(settled)
    await line.gateway.inject("13800138000", "10690000", "谢谢！")
    _, thanks = await desk.filed(2)
    assert thanks["text"] == "谢谢！"
    assert "".join(taken.text for taken in line.gateway.taken) == LONG


async def test_a_report_that_comes_before_the_answer_is_not_lost(desk: Desk, line: Line, account_id: AccountId) -> None:
    await write(desk, account_id, "+8613800139907", "early")

    async def settled() -> None:
        assert await fates(desk) == {"early": "delivered"}

    await eventually(settled)


async def test_what_may_have_left_is_unknown_and_what_failed_says_so(desk: Desk, line: Line, account_id: AccountId) -> None:
    await write(desk, account_id, "+8613800139908", "did it leave?")
    await write(desk, account_id, "+8613800139904", "switched off")

    async def settled() -> None:
        assert await fates(desk) == {"did it leave?": "unknown", "switched off": "failed"}

    await eventually(settled)
    assert sorted(taken.text for taken in line.gateway.taken) == ["did it leave?", "switched off"]
