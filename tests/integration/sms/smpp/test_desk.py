"""SMPP with the whole hub behind it."""

import asyncio

import pytest

from hub.channels.sms.pace import Pace
from hub.channels.sms.smpp.adapter import SmppAdapter
from hub.delivery.errors import Refused
from tests.fixtures.desk import eventually
from tests.fixtures.smsc import SmppDesk

CUSTOMER = "+8613900000001"


async def states(smpp: SmppDesk, *expected: str) -> None:
    async def now() -> None:
        assert [row["state"] for row in await smpp.deliveries()] == list(expected)

    await eventually(now)


@pytest.mark.covers("S-01", "S-02")
async def test_a_customer_is_written_to_in_parts_and_answers_in_parts(smpp: SmppDesk) -> None:
    long = "请问您的订单号是多少？" * 20
    await smpp.send(CUSTOMER, long)
    await states(smpp, "delivered")
    await smpp.smsc.inject(CUSTOMER, "10690000", long, order=(4, 3, 1, 2))

    rows = await smpp.desk.db.fetch("SELECT direction, text, conversation_id FROM message ORDER BY n")
    assert [(row["direction"], row["text"]) for row in rows] == [("out", long), ("in", long)]
    assert len({row["conversation_id"] for row in rows}) == 1


async def test_receipts_before_the_answer_after_a_late_answer_and_of_failures_are_all_understood(smpp: SmppDesk) -> None:
    smpp.smsc.late_by, smpp.smsc.report_after = 1.5, 0.0
    for number in ("9907", "9910", "9904", "9905", "9908"):
        await smpp.send(f"+861380013{number}", "Hello")

    await states(smpp, "delivered", "delivered", "failed", "failed", "unknown")
    assert len(smpp.smsc.taken) == 5


async def test_what_waits_for_its_turn_when_the_hub_is_told_to_stop_is_sent_by_the_next_and_is_not_unknown(
    smpp: SmppDesk,
) -> None:
    adapter = (await smpp.desk.hub.carriers.get(smpp.account_id)).adapter
    assert isinstance(adapter, SmppAdapter)
    adapter._sender._pace = Pace(1)  # a second
    for number in range(8):
        await smpp.send(f"+86139000000{number:02}", "Hello")

    async def all_wait() -> None:
        assert "queued" not in [row["state"] for row in await smpp.deliveries()]

    await eventually(all_wait)
    (working,) = (task for task in asyncio.all_tasks() if task.get_coro().__qualname__ == "DeliveryWorker.run")
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working

    found = [row["state"] for row in await smpp.deliveries()]
    assert found.count("deferred") == 8 - len(smpp.smsc.taken)
    assert not {"sending", "unknown"} & set(found)


async def test_who_stops_is_not_written_to_any_more(smpp: SmppDesk) -> None:
    await smpp.smsc.inject(CUSTOMER, "10690000", "退订")

    with pytest.raises(Refused):
        await smpp.send(CUSTOMER, "Hello")
    assert await smpp.inbound() == ["退订"]
    assert "Hello" not in [one.text for one in smpp.smsc.taken]  # that it was heard may be confirmed
