"""Where one process holds the only connection of an account, it alone sends by it; when it is gone the next holder does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar, Literal

import pytest

from hub import clock
from hub.accounts import AccountChange, Accounts, NewAccount, RunState
from hub.accounts.supervisor import Supervisor, Timing
from hub.app.run import carry
from hub.auth import SYSTEM, Caller
from hub.bus import LocalBus
from hub.channels import catalog
from hub.channels.contract import AdapterContext, AdapterEntry, SendError, SendReceipt, Settings, Sink
from hub.conversations.values import MessageView
from hub.db import Row
from hub.delivery import claims
from hub.delivery.carriers import Carriers, Shut
from hub.delivery.compose import Composer
from hub.delivery.service import Send
from hub.delivery.worker import DeliveryWorker
from hub.ids import AccountId
from hub.messages.address import Address, AddressKind, ChannelKind
from hub.messages.capabilities import Capabilities, Feature, Level
from hub.messages.content import Draft, OutboundMessage
from hub.messages.states import DeliveryState, SendFailure
from tests.fixtures.desk import Desk, eventually
from tests.fixtures.next_hop import NextHop

QUICK = Timing(poll=0.05, lease=1.5, margin=0.5, first_retry=0.05)

ENTRY = AdapterEntry(
    channel=ChannelKind.SMS,
    provider="line",
    adapter=f"{__name__}:LineAdapter",
    settings=f"{__name__}:LineSettings",
    title_en="Line",
    title_zh="线路",
)


class Gateway:
    """The far end of the line: what it took and by whom, and whether it lets anybody in."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []  # (who sent, text)
        self.asked: list[str] = []
        self.is_open, self.answers = asyncio.Event(), asyncio.Event()
        self.is_open.set()
        self.answers.set()


class LineSettings(Settings):
    """There is nothing to set."""


class LineAdapter:
    """Sends while it is connected, and at no other time."""

    kind: ClassVar[ChannelKind] = ChannelKind.SMS
    provider: ClassVar[str] = "line"
    connection: ClassVar[Literal["exclusive", "shareable"]] = "exclusive"
    gateway: ClassVar[Gateway]

    def __init__(self, settings: LineSettings, context: AdapterContext) -> None:
        self.context, self.is_connected = context, False

    def capabilities(self) -> Capabilities:
        return Capabilities(features={Feature.TEXT: Level.FULL}, max_length=100)

    async def run(self, sink: Sink) -> None:
        if not self.gateway.is_open.is_set():
            self.context.state("retrying", "nobody answers")
            await self.gateway.is_open.wait()
        self.is_connected = True
        self.context.state("connected", "")
        try:
            await asyncio.Event().wait()
        finally:
            self.is_connected = False

    async def send(self, message: OutboundMessage) -> SendReceipt:
        if not self.is_connected:
            raise SendError(SendFailure.UNAVAILABLE, "not connected")
        self.gateway.taken.append((self.context.public_url, message.text))
        await self.gateway.answers.wait()
        if not self.is_connected:
            raise SendError(SendFailure.OUTCOME_UNKNOWN, "the connection was lost before the answer")
        return SendReceipt(provider_ids=("1",))

    async def fetch_status(self, message: OutboundMessage) -> DeliveryState | None:
        assert self.is_connected
        self.gateway.asked.append(self.context.public_url)
        return DeliveryState.ACCEPTED


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    monkeypatch.setitem(catalog._BY_PROVIDER, "line", ENTRY)
    made = Gateway()
    monkeypatch.setattr(LineAdapter, "gateway", made, raising=False)
    return made


@pytest.fixture
async def line(gateway: Gateway, desk: Desk) -> AccountId:
    """Its account. The desk's own process runs a delivery worker and no adapters."""
    return (await desk.hub.accounts.create(NewAccount(name="Line", provider="line"), by=SYSTEM)).id


@pytest.fixture
async def agent(desk: Desk) -> Caller:
    return await desk.user("anna", "administrator")


Text = Callable[[str], Awaitable[MessageView]]


@pytest.fixture
def text(desk: Desk, line: AccountId, agent: Caller) -> Text:
    """Send one; each in a conversation of its own."""

    async def send(said: str) -> MessageView:
        to = (Address(kind=AddressKind.PHONE, value=f"+8613800{len(said):06}"),)
        return await desk.hub.delivery.send(Send(account_id=line, draft=Draft(text=said, to=to)), by=agent)

    return send


@asynccontextmanager
async def process(desk: Desk, name: str) -> AsyncIterator[None]:
    """Another process beside the desk's, with adapters and a delivery worker, until the block ends."""
    bus, hub = LocalBus(), desk.hub
    lent = hub.accounts.adapters._lent
    accounts = Accounts(hub.db, keys=hub.keys, bus=bus, lent=replace(lent, public_url=name))
    supervisor = Supervisor(
        db=hub.db,
        bus=bus,
        keys=hub.keys,
        adapters=accounts.adapters,
        sink_for=hub.intake.sink_for,
        holder=name,
        timing=QUICK,
    )
    carriers, composer = Carriers(hub.db, bus, accounts.adapters), Composer(hub.db, lambda id: "")
    worker = DeliveryWorker(hub.db, carriers, composer, running=supervisor.states, alone=False)
    carrying = asyncio.create_task(carry(supervisor, worker))
    yield
    carrying.cancel()
    with suppress(asyncio.CancelledError):
        await carrying


async def rows(desk: Desk, line: AccountId) -> list[Row]:
    return await desk.db.fetch("SELECT * FROM delivery WHERE account_id = $1 ORDER BY n", line)


async def until_states(desk: Desk, line: AccountId, *expected: str) -> list[Row]:
    async def reached() -> list[Row]:
        found = await rows(desk, line)
        assert [row["state"] for row in found] == list(expected)
        return found

    found: list[Row] = await eventually(reached)
    return found


@pytest.mark.covers("M-48")
async def test_only_the_process_that_holds_the_connection_sends_and_the_next_holder_goes_on(
    desk: Desk, line: AccountId, text: Text, agent: Caller, gateway: Gateway, next_hop: NextHop
) -> None:
    await text("a")
    await mail(desk, agent)  # stands behind it, and the desk's own worker takes it
    assert [row["state"] for row in await rows(desk, line)] == ["queued"]

    async with process(desk, "one"):
        await until_states(desk, line, "accepted")
    await text("bb")
    await mail(desk, agent)
    assert [row["state"] for row in await rows(desk, line)] == ["accepted", "queued"]
    async with process(desk, "two"):
        await until_states(desk, line, "accepted", "accepted")

    assert gateway.taken == [("one", "a"), ("two", "bb")]
    assert len(next_hop.taken) == 2


async def mail(desk: Desk, agent: Caller) -> None:
    """Send one and see it gone: the desk's worker has looked at everything that was due."""
    draft = Draft(text="Hello", to=(Address(kind=AddressKind.EMAIL, value="a@example.com"),))
    sent = await desk.hub.delivery.send(Send(account_id=await desk.mailbox(), draft=draft), by=agent)

    async def gone() -> None:
        (row,) = await desk.db.fetch("SELECT state FROM delivery WHERE message_id = $1", sent.id)
        assert row["state"] == "accepted"

    await eventually(gone)


async def test_while_the_line_is_down_nothing_is_tried_and_what_is_too_late_fails(
    desk: Desk, line: AccountId, text: Text, gateway: Gateway
) -> None:
    gateway.is_open.clear()
    await text("a")
    late = await text("bb")
    long_ago = clock.now() - timedelta(seconds=1)
    async with desk.db.unit_of_work() as work:
        await work.execute("UPDATE delivery SET give_up_at = $2 WHERE message_id = $1", late.id, long_ago)
    async with process(desk, "one"):
        waiting, given_up = await until_states(desk, line, "queued", "failed")
        assert (waiting["attempts"], given_up["attempts"], given_up["failure"]) == (0, 1, "unavailable")

        gateway.is_open.set()
        await until_states(desk, line, "accepted", "failed")

    assert gateway.taken == [("one", "a")]


async def test_a_process_that_is_told_to_stop_hears_the_answer_to_what_it_has_just_sent(
    desk: Desk, line: AccountId, text: Text, gateway: Gateway
) -> None:
    gateway.answers.clear()
    async with process(desk, "one"):
        await text("a")
        await eventually(lambda: handed_over(gateway))
        asyncio.get_running_loop().call_later(0.7, gateway.answers.set)

    assert [row["state"] for row in await rows(desk, line)] == ["accepted"]


async def handed_over(gateway: Gateway) -> None:
    assert gateway.taken


async def test_what_became_of_a_message_is_asked_by_the_holder_alone(
    desk: Desk, line: AccountId, text: Text, agent: Caller, gateway: Gateway, next_hop: NextHop
) -> None:
    await text("a")
    long_ago = clock.now() - timedelta(minutes=1)
    async with desk.db.unit_of_work() as work:
        await work.execute("UPDATE delivery SET state = 'sending', attempts = 1, fence = 1, lease_until = $1", long_ago)
    now = clock.now()

    assert await claims.expired(desk.db, now=now, shut=Shut(elsewhere=frozenset({line}))) == []
    assert await claims.expired(desk.db, now=now, shut=Shut(waiting=frozenset({line}))) == []
    assert len(await claims.expired(desk.db, now=now, shut=Shut())) == 1
    assert gateway.asked == []
    async with process(desk, "one"):
        await until_states(desk, line, "accepted")

    assert (gateway.asked, gateway.taken) == (["one"], [])


async def test_where_nobody_can_ask_for_minutes_a_lost_message_is_shown_as_unknown(
    desk: Desk, line: AccountId, text: Text, gateway: Gateway
) -> None:
    await text("a")
    gateway.is_open.clear()
    long_ago = clock.now() - timedelta(minutes=3)
    async with desk.db.unit_of_work() as work:
        await work.execute("UPDATE delivery SET state = 'sending', attempts = 1, fence = 1, lease_until = $1", long_ago)

    async with process(desk, "one"):
        await until_states(desk, line, "unknown")

    assert gateway.taken == []


async def test_an_account_that_is_off_is_nobodys_and_an_unknown_provider_stops_nothing(
    desk: Desk, line: AccountId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def carriers() -> Carriers:  # as another process has them, which was told nothing
        return Carriers(desk.db, LocalBus(), desk.hub.accounts.adapters)

    assert await carriers().shut({}) == Shut(elsewhere=frozenset({line}))
    assert await carriers().shut({line: RunState.RETRYING}) == Shut(waiting=frozenset({line}))
    assert await carriers().shut({line: RunState.CONNECTED}) == Shut()
    with monkeypatch.context() as older:
        older.delitem(catalog._BY_PROVIDER, "line")
        assert await carriers().shut({}) == Shut()
    await desk.hub.accounts.change(line, AccountChange(enabled=False), version=1, by=SYSTEM)
    assert await carriers().shut({}) == Shut()
