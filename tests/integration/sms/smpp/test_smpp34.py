"""The same connection held against somebody else's centre: the server of `smpp34`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import smpp34

from hub.channels.sms.smpp.adapter import SmppAdapter
from hub.channels.sms.smpp.settings import SmppSettings
from hub.messages.address import ChannelKind
from hub.messages.events import DeliveryReport, InboundMessage
from hub.messages.states import DeliveryState
from tests.fixtures.adapters import Lent, outbound
from tests.fixtures.mail import MemorySink
from tests.fixtures.operators import until
from tests.ports import free_ports

LONG = "你好，世界。" * 30


class Centre:
    """Takes what comes, reports it delivered, and lets the test write as a customer."""

    def __init__(self, port: int) -> None:
        self._server = smpp34.Server(host="127.0.0.1", port=port, system_id="SIM34")
        self.submitted: list[Any] = []
        self.session: Any = None
        self.answers: list[int] = []

    async def run(self) -> None:
        await self._server.start()
        while True:
            event = await self._server.next()
            if isinstance(event, smpp34.Esme):
                self.session = event
            elif isinstance(event, smpp34.SubmitSmEvent):
                self.submitted.append(event)
                event.accept(f"{len(self.submitted):08X}")
                await self._report(event, f"{len(self.submitted):08X}")

    async def _report(self, event: Any, id: str) -> None:
        said = f"id:{id} sub:001 dlvrd:001 submit date:2601010101 done date:2601010101 stat:DELIVRD err:000 text:x"
        await self.deliver(event.destination_addr, event.source_addr, said.encode(), esm_class=4)

    async def deliver(self, source: str, to: str, octets: bytes, **more: int) -> None:
        answer = await self.session.deliver_sm(source_addr=source, destination_addr=to, short_message=octets, **more)
        self.answers.append(answer.command_status)


@asynccontextmanager
async def connected(sink: MemorySink) -> AsyncIterator[tuple[SmppAdapter, Centre]]:
    (port,) = free_ports(1)
    centre, lent = Centre(port), Lent()
    serving = asyncio.create_task(centre.run())
    settings = SmppSettings(host="localhost", port=port, system_id="hub", password="s3cret", sender="10690000")
    adapter = SmppAdapter(settings, lent.context)
    running = asyncio.create_task(adapter.run(sink))
    await until(lambda: centre.session is not None and ("connected", "") in lent.states)
    yield adapter, centre
    for task in (running, serving):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_another_implementation_understands_us_and_we_it() -> None:
    sink = MemorySink()
    async with connected(sink) as (adapter, centre):
        receipt = await adapter.send(outbound(ChannelKind.SMS, "+8613800138000", text=LONG))
        await centre.deliver("8613900000001", "10690000", "订单呢？".encode("utf-16-be"), data_coding=8)
        await until(lambda: len(centre.answers) == 4)

    events = [event for one in sink.taken.values() for event in one.events or ()]
    assert receipt.provider_ids == ("00000001", "00000002", "00000003")
    assert [(one.source_addr, one.destination_addr, one.data_coding) for one in centre.submitted] == [
        ("10690000", "8613800138000", 8)
    ] * 3
    octets = [bytes(one.short_message) for one in centre.submitted]
    assert b"".join(one[6:] for one in octets).decode("utf-16-be") == LONG
    assert {event.provider_id for event in events if isinstance(event, DeliveryReport)} == set(receipt.provider_ids)
    assert {event.state for event in events if isinstance(event, DeliveryReport)} == {DeliveryState.DELIVERED}
    assert [event.text for event in events if isinstance(event, InboundMessage)] == ["订单呢？"]
    assert centre.answers == [0] * 4
