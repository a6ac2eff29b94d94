"""What would take the delivery worker, and with it the hub, down: it must not."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.auth import Caller
from hub.channels.contract import Accepted, Duplicate, Handover
from hub.conversations import queries
from hub.conversations.values import MessageView
from hub.delivery import claims
from hub.delivery.queries import with_deliveries
from hub.delivery.service import Send
from hub.delivery.store import Delivery
from hub.messages.address import Address, AddressKind
from hub.messages.content import Draft
from hub.messages.states import DeliveryState
from tests.fixtures.desk import Desk, eventually
from tests.fixtures.next_hop import NextHop, send_through


@pytest.fixture
async def agent(desk: Desk) -> Caller:
    return await desk.user("anna", "administrator")


async def write_to(desk: Desk, agent: Caller, *addresses: str) -> MessageView:
    """A first mail to these addresses, and what is known of it once nothing is on its way."""
    to = tuple(Address(kind=AddressKind.EMAIL, value=address) for address in addresses)
    send = Send(account_id=await desk.mailbox(), draft=Draft(text="Hello", subject="News", to=to))
    sent = await desk.hub.delivery.send(send, by=agent)

    async def settled() -> MessageView:
        message = await now(desk, agent, sent)
        assert not {d.state for d in message.deliveries} & {DeliveryState.QUEUED, DeliveryState.SENDING}
        return message

    return await eventually(settled)


async def test_a_mail_to_more_people_than_there_are_places_reaches_all_of_them_and_the_worker_goes_on(
    desk: Desk, agent: Caller, next_hop: NextHop
) -> None:
    many = [f"c{n}@example.com" for n in range(40)]

    message = await write_to(desk, agent, *many)

    assert message.status is DeliveryState.ACCEPTED
    assert sorted(address for mail in next_hop.taken for address in mail.rcpt_tos) == sorted(many)
    assert (await write_to(desk, agent, "later@example.com")).status is DeliveryState.ACCEPTED


async def stop_worker() -> None:
    """As the hub does when it is told to stop."""
    (working,) = (task for task in asyncio.all_tasks() if task.get_coro().__qualname__ == "DeliveryWorker.run")
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working


async def now(desk: Desk, agent: Caller, sent: MessageView) -> MessageView:
    return (await with_deliveries(desk.db, [await queries.message(desk.db, sent.id, agent)]))[0]


async def test_a_hub_that_is_told_to_stop_learns_what_became_of_the_mail_it_is_sending(
    desk: Desk, agent: Caller, next_hop: NextHop, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, handing_over = next_hop.accept, asyncio.Event()

    async def slowly(handover: Handover) -> Accepted | Duplicate:
        handing_over.set()
        await asyncio.sleep(0.5)
        return await take(handover)

    monkeypatch.setattr(next_hop, "accept", slowly)
    send = Send(account_id=await desk.mailbox(), draft=Draft(text="Hello", to=(Address(kind=AddressKind.EMAIL, value="a@b.cd"),)))
    sent = await desk.hub.delivery.send(send, by=agent)
    await handing_over.wait()

    await stop_worker()

    assert (await now(desk, agent, sent)).status is DeliveryState.ACCEPTED
    assert len(next_hop.taken) == 1


async def test_what_a_hub_claims_while_it_is_told_to_stop_is_sent_and_does_not_end_as_unknown(
    desk: Desk, agent: Caller, next_hop: NextHop, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, claimed = claims.claim, asyncio.Event()

    async def slowly(*args: Any, **named: Any) -> list[Delivery]:
        found = await claim(*args, **named)
        if found:
            claimed.set()
            await asyncio.sleep(0.2)  # the answer to COMMIT is on its way
        return found

    monkeypatch.setattr(claims, "claim", slowly)
    send = Send(account_id=await desk.mailbox(), draft=Draft(text="Hello", to=(Address(kind=AddressKind.EMAIL, value="a@b.cd"),)))
    sent = await desk.hub.delivery.send(send, by=agent)
    await claimed.wait()

    await stop_worker()

    assert (await now(desk, agent, sent)).status is DeliveryState.ACCEPTED
    assert len(next_hop.taken) == 1


@pytest.fixture
async def babbling_server(desk: Desk) -> AsyncIterator[None]:
    """Refuses recipients with bytes that are no text: a NUL, and what no charset knows."""

    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            writer.write(b"550 5.7.1 no\x00thing \xff\xfe\r\n" if line.upper().startswith(b"RCPT") else b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    await send_through(desk, server.sockets[0].getsockname()[1])
    yield
    server.close()
    for writer in writers:
        writer.close()
        await writer.wait_closed()
    await asyncio.sleep(0.05)


@pytest.mark.usefixtures("babbling_server")
async def test_an_answer_that_no_database_stores_is_shown_as_far_as_it_can_be(desk: Desk, agent: Caller) -> None:
    message = await write_to(desk, agent, "alice@example.com")

    assert message.status is DeliveryState.FAILED
    assert "nothing" in message.status_detail

    async def recorded() -> None:
        rows = await desk.db.fetch("SELECT response FROM exchange")
        assert len(rows) == 1
        assert "5.7.1" in rows[0]["response"]

    await eventually(recorded)
