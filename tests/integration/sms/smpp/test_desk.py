"""SMPP with the whole hub behind it."""

import pytest

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


async def test_who_stops_is_not_written_to_any_more(smpp: SmppDesk) -> None:
    await smpp.smsc.inject(CUSTOMER, "10690000", "退订")

    with pytest.raises(Refused):
        await smpp.send(CUSTOMER, "Hello")
    assert await smpp.inbound() == ["退订"]
    assert "Hello" not in [one.text for one in smpp.smsc.taken]  # that it was heard may be confirmed
