"""What a centre delivers: durable before it is acknowledged, whole, and each once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from hub.channels.contract import Accepted, Duplicate, Handover
from hub.channels.sms.link import Link
from hub.channels.sms.smpp import coding, receiving
from hub.channels.sms.smpp.receiving import SmppReceiver
from hub.channels.sms.smpp.session import Session, Times
from hub.channels.sms.smpp.settings import SmppSettings
from hub.channels.sms.smpp.status import Status
from hub.channels.sms.smpp.wire import Pdu, ShortMessage, Tag
from hub.errors import Unavailable
from hub.messages.address import ChannelKind
from hub.messages.events import InboundMessage, OptOut
from tests.fixtures.adapters import Lent, outbound
from tests.fixtures.mail import MemorySink
from tests.fixtures.operators import until
from tests.integration.sms.smpp.conftest import Line

CUSTOMER, OURS = "+8613900000001", "10690000"
LONG = "长短信也要完整到达。" * 30


@pytest.mark.covers("S-02")
async def test_what_cannot_be_stored_is_not_acknowledged_and_comes_again(line: Line) -> None:
    line.sink.refuse(3, Unavailable("the database is away"))
    async with line.running():
        await line.smsc.inject(CUSTOMER, OURS, "Hello")

    assert (line.texts, line.sink.calls) == (["Hello"], 4)


@pytest.mark.parametrize("order", [(1, 2, 3, 4, 5), (5, 4, 3, 2, 1), (3, 1, 1, 5, 3, 2, 4), (2, 1, 3, 4, 5, 5, 2)])
async def test_long_messages_are_joined_however_their_parts_come(line: Line, order: tuple[int, ...]) -> None:
    async with line.running():
        for number in order:
            await line.smsc.inject(CUSTOMER, OURS, LONG, order=(number,), reference=7)

    assert line.texts == [LONG]


async def test_parts_by_optional_parameters_are_joined_too(line: Line) -> None:
    settings = SmppSettings(sender=CUSTOMER, long_messages="sar")
    bodies = coding.bodies(LONG, recipient=OURS, reference=0x1234, settings=settings)
    async with line.running():
        await asyncio.gather(*(line.smsc.deliver(body) for body in reversed(bodies)))

    assert line.texts == [LONG]


async def test_parts_outlive_the_process_that_took_them(line: Line) -> None:
    async with line.running():
        await line.smsc.inject(CUSTOMER, OURS, LONG, order=(1, 4), reference=7)
    async with line.running():
        await line.smsc.inject(CUSTOMER, OURS, LONG, order=(5, 2, 3), reference=7)

    assert line.texts == [LONG]
    assert len(line.sink.taken) == 5  # each is in the journal


class Cutting(MemorySink):
    """Loses the link in the moment in which the first message is stored."""

    line: Line

    async def accept(self, handover: Handover) -> Accepted | Duplicate:
        answer = await super().accept(handover)
        if self.calls == 1:
            self.line.smsc.cut()
            await asyncio.sleep(0)
        return answer


@pytest.mark.covers("E-01")
@pytest.mark.parametrize("restarts", [False, True])
async def test_what_was_stored_but_not_acknowledged_is_not_a_second_message(line: Line, restarts: bool) -> None:
    line.sink = Cutting()
    line.sink.line, line.lent.cursors = line, line.sink.cursors
    async with line.running():
        delivering = asyncio.create_task(line.smsc.inject(CUSTOMER, OURS, "Hello"))
        await until(lambda: line.sink.calls == 1)
        if not restarts:
            await delivering
    if restarts:
        async with line.running():
            await delivering

    assert line.texts == ["Hello"]


async def test_a_customer_may_say_the_same_twice(line: Line) -> None:
    async with line.running():
        await line.smsc.inject(CUSTOMER, OURS, "OK")
        await line.smsc.inject(CUSTOMER, OURS, "OK")
        await asyncio.sleep(2.5)  # the link was looked at since: both acknowledgements have arrived
        line.smsc.cut()
        await line.smsc.inject(CUSTOMER, OURS, "OK")

    assert line.texts == ["OK", "OK", "OK"]


@pytest.mark.covers("E-01")
@pytest.mark.parametrize("restarts", [False, True])
async def test_what_a_lost_link_left_in_doubt_hides_the_same_words_once_and_not_for_a_day(line: Line, restarts: bool) -> None:
    async with line.running():
        await line.smsc.inject(CUSTOMER, OURS, "OK")
        if not restarts:
            line.smsc.cut()  # before anybody could know whether the acknowledgement arrived
            await hear_more_of_it(line)
    if restarts:
        async with line.running():
            await hear_more_of_it(line)

    assert line.texts == ["OK", "OK"]


async def hear_more_of_it(line: Line) -> None:
    await line.smsc.inject(CUSTOMER, OURS, "OK")  # it may be the same again
    await asyncio.sleep(2.5)
    await line.smsc.inject(CUSTOMER, OURS, "OK")


async def test_some_time_after_a_link_was_lost_the_same_words_are_new(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    async with line.running():
        await line.smsc.inject(CUSTOMER, OURS, "OK")
        line.smsc.cut()
        await line.smsc.inject("+8613800138009", OURS, "the link is back")
        monkeypatch.setattr(receiving, "_COMES_AGAIN", 0.0)
        await line.smsc.inject(CUSTOMER, OURS, "OK")

    assert line.texts == ["OK", "the link is back", "OK"]


async def test_missing_parts_are_waited_for_and_then_missed() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    lent, sink = Lent(), MemorySink()
    lent.cursors = sink.cursors
    context = replace(lent.context, now=lambda: now)
    bodies = coding.bodies("a" * 400, recipient=OURS, reference=7, settings=SmppSettings(sender=CUSTOMER))

    async def tended(*, minutes: float, come: tuple[int, ...] = ()) -> list[InboundMessage]:
        nonlocal now
        receiver = SmppReceiver(SmppSettings(), context, sink)
        link = Link[Pdu](asyncio.StreamReader(), cast(asyncio.StreamWriter, None))  # nothing is said on it
        session = Session(link, never, window=1, times=Times())
        await receiver.load()
        for number in come:
            await receiver.take(session, bodies[number - 1], bodies[number - 1].encode())
        now += timedelta(minutes=minutes)
        tending = asyncio.create_task(receiver.tend())
        await asyncio.sleep(0.01)
        tending.cancel()
        await asyncio.wait([tending])
        return [event for one in sink.taken.values() for event in one.events or () if isinstance(event, InboundMessage)]

    assert await tended(come=(1, 3), minutes=14) == []
    (message,) = await tended(minutes=2)
    assert message.text == "a" * 153 + "[…]" + "a" * 94
    assert message.notices == ("parts_missing",)
    assert await tended(minutes=20) == [message]


async def never(*_: object) -> Status:
    raise AssertionError


@pytest.mark.covers("S-03")
async def test_a_word_that_stops_is_handed_over_with_its_message(line: Line) -> None:
    async with line.running():
        await line.smsc.inject(CUSTOMER, OURS, "退订")

    (handover,) = line.sink.taken.values()
    assert [type(event) for event in handover.events or ()] == [InboundMessage, OptOut]


@pytest.mark.parametrize(
    "message",
    [
        ShortMessage(source="", destination="", message=b"\0" * 5, data_coding=8),
        ShortMessage(source="\xff" * 20, destination="Bank", message=b"\xd8\0\xd8\0\xd8", data_coding=8),
        ShortMessage(source="1", destination="2", message=b"\xff", esm_class=0x40),
        ShortMessage(source="1", destination="2", message=b"\5\0\3\1\xff\xffx", esm_class=0x40),
        ShortMessage(source="1", destination="2", tlvs={Tag.MESSAGE_PAYLOAD: b"x" * 60_000}),
        ShortMessage(source="1", destination="2", message=bytes(range(254)), data_coding=4, esm_class=0x08),
        ShortMessage(source="1", destination="2", message=b"no receipt", esm_class=4),
    ],
)
async def test_strange_messages_are_stored_and_acknowledged(line: Line, message: ShortMessage) -> None:
    async with line.running():
        await line.smsc.deliver(message)

    (handover,) = line.sink.taken.values()
    assert handover.raw == message.encode()


async def test_a_flood_of_receipts_holds_up_neither_messages_nor_what_is_sent(line: Line) -> None:
    line.settings = {"response_seconds": 5.0}
    line.smsc.report_after = 0
    slow, most, now = asyncio.Semaphore(20), 0, 0

    class Slow(MemorySink):
        async def accept(self, handover: Handover) -> Accepted | Duplicate:
            nonlocal most, now
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.002)
            now -= 1
            return await super().accept(handover)

    line.sink = Slow()
    receipt = ShortMessage(source=CUSTOMER, destination=OURS, esm_class=4)
    async with slow, line.running() as adapter:
        flood = [
            asyncio.create_task(line.smsc.deliver(replace(receipt, message=f"id:{number} stat:DELIVRD".encode())))
            for number in range(2000)
        ]
        sent = await adapter.send(outbound(ChannelKind.SMS, CUSTOMER))
        await line.smsc.inject(CUSTOMER, OURS, "Hello?")
        await asyncio.wait(flood)

    assert {report.provider_id for report in line.reports} >= {str(number) for number in range(2000)} | set(sent.provider_ids)
    assert line.texts == ["Hello?"]
    assert most <= 20
